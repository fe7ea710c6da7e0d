"""The registry, the paths, the flat map of a document and its digests."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import (
    DIGEST_WIDTH,
    REGISTRY,
    Drift,
    Group,
    Operation,
    Owner,
    Path,
    Strategy,
    Value,
    canonical_json,
    canonical_tags,
    category_id,
    differing_groups,
    digests,
    flatten,
    metafield_path,
    place,
    stock_path,
    variant_keys,
    variant_path,
    variants_of,
    without,
)
from shopsync_pipeline.core.product import Image, Metafield, Product, ProductKey, Stock, Variant, VariantKey, Weight
from shopsync_pipeline_tests.core.samples import FIELD, LAW, documents, keys

PLANT = Product(
    key=ProductKey("handle:clay-plant-pot"), title="Clay Plant Pot", handle="clay-plant-pot", body_html="<p>Clay</p>",
    vendor="Acme", product_type="Pots", tags=("Planter", " garden ", "planter"), status="ACTIVE",
    seo_title="Pot", seo_description="A pot.", options=("Size",),
    variants=(
        Variant(key=VariantKey("P-2"), sku="P-2", options=("Large",), barcode="123", price=Decimal("24.9"),
                compare_at_price=Decimal(30), cost=Decimal("9.999"),
                weight=Weight(value=Decimal("1.50"), unit="POUNDS"), taxable=False, requires_shipping=True,
                tracked=True, inventory_policy="DENY", image="pot.jpg", country_of_origin="it", hs_code="6914.90",
                stock=(Stock(available=0), Stock(location="north", available=-2))),
        Variant(key=VariantKey("P-1"), options=("Small",)),
    ),
    metafields=(Metafield(namespace="custom", key="b", type="t", value="2"),
                Metafield(namespace="custom", key="a", type="t", value="1")),
    images=(Image(source="pot.jpg", alt="Pot"),),
    category="gid://shopify/TaxonomyCategory/hg-10-2", template_suffix="pots", collections=("pots", "garden"),
    publications=("Point of Sale", "Online Store", "Online Store"),
)


def test_a_document_becomes_a_flat_map_of_canonical_values() -> None:
    assert flatten(PLANT) == {
        "title": "Clay Plant Pot", "handle": "clay-plant-pot", "body_html": "<p>Clay</p>", "vendor": "Acme",
        "product_type": "Pots", "status": "ACTIVE", "seo.title": "Pot", "seo.description": "A pot.",
        "tags": ["garden", "Planter"], "options": ["Size"], "images": [{"source": "pot.jpg", "alt": "Pot"}],
        "metafields[custom.a]": {"type": "t", "value": "1"}, "metafields[custom.b]": {"type": "t", "value": "2"},
        "variants[P-2].options": ["Large"], "variants[P-2].sku": "P-2", "variants[P-2].barcode": "123",
        "variants[P-2].taxable": False, "variants[P-2].requires_shipping": True, "variants[P-2].tracked": True,
        "variants[P-2].inventory_policy": "DENY", "variants[P-2].image": "pot.jpg", "variants[P-2].price": "24.90",
        "variants[P-2].compare_at_price": "30.00", "variants[P-2].cost": "10.00",
        "variants[P-2].weight": {"value": "1.5", "unit": "POUNDS"}, "variants[P-2].stock[default]": 0,
        "variants[P-2].country_of_origin": "IT", "variants[P-2].hs_code": "691490", "category": "hg-10-2",
        "template_suffix": "pots", "collections[garden]": True, "collections[pots]": True,
        "publications[Online Store]": True, "publications[Point of Sale]": True,
        "variants[P-2].stock[north]": -2, "variants[P-1].options": ["Small"],
    }


def test_variants_keep_the_order_of_the_document() -> None:
    assert list(variants_of(flatten(PLANT))) == list(variant_keys(flatten(PLANT))) == ["P-2", "P-1"]


@pytest.mark.parametrize("absent", [
    {"body_html": ""}, {"vendor": None}, {"category": ""}, {"category": "gid://shopify/TaxonomyCategory/na"},
    {"template_suffix": ""}, {"collections": ()}, {"publications": ()},
    {"tags": ()}, {"tags": (" ", "")}, {"images": ()}, {"seo_title": ""},
    {"variants": (Variant(key=VariantKey("V"), options=(), sku="", country_of_origin="", hs_code="",
                          weight=Weight(value=Decimal(0), unit="GRAMS")),)},
], ids=str)
def test_empty_values_and_zero_weight_count_as_absent(absent: dict[str, Any]) -> None:
    bare = Product(key=ProductKey("k"), title="Pot")
    assert flatten(Product(key=ProductKey("k"), title="Pot", **absent)) == flatten(bare) == {
        "title": "Pot", "options": ["Title"]}


def test_every_path_of_a_full_document_has_a_field_and_every_field_occurs() -> None:
    assert {place(path).field.name for path in flatten(PLANT)} == {field.name for field in REGISTRY}


def test_the_registry_names_each_field_once() -> None:
    assert len(FIELD) == len(REGISTRY)


def test_each_field_says_what_it_is_and_in_which_form_it_is_compared() -> None:
    forms = {"text", "html", "decimal", "weight", "tags", "handle", "gtin", "json", "list", "flag", "exact"}
    assert {field.canonical for field in REGISTRY} == forms
    assert all(field.says for field in REGISTRY)
    form = {field.name: field.canonical for field in REGISTRY}
    names = ("body_html", "variants[].barcode", "variants[].cost", "variants[].weight", "tags")
    assert [form[name] for name in names] == ["html", "gtin", "decimal", "weight", "tags"]
    assert [name for name, found in form.items() if found == "flag"] == [
        "collections[]", "publications[]", "variants[].taxable", "variants[].requires_shipping", "variants[].tracked"]


def test_a_shop_can_do_without_some_fields() -> None:
    whole = flatten(PLANT)
    assert without(whole, ()) == whole
    assert without(whole, ("collections[]",)) == {
        path: value for path, value in whole.items() if path not in ("collections[garden]", "collections[pots]")}
    assert set(whole) - set(without(whole, ("collections[]", "publications[]"))) == {
        "collections[garden]", "collections[pots]", "publications[Online Store]", "publications[Point of Sale]"}


@pytest.mark.parametrize(("given", "bare"), [
    ("gid://shopify/TaxonomyCategory/el-2-2", "el-2-2"), (" el-2-2 ", "el-2-2"), ("na", None), ("", None), (None, None),
])
def test_a_category_is_known_by_its_bare_id(given: str | None, bare: str | None) -> None:
    assert category_id(given) == bare


def test_each_field_has_a_writer_but_the_options_of_a_product() -> None:
    assert [field.name for field in REGISTRY if field.writer is None] == ["options"]


def test_stock_alone_departs_from_the_shop_wide_rules() -> None:
    assert [field.name for field in REGISTRY if field.strategy or field.drift] == ["variants[].stock[]"]
    stock = FIELD["variants[].stock[]"]
    assert (stock.owner, stock.strategy, stock.drift, stock.writer) == (
        Owner.ETILIZE, Strategy.ETILIZE_PRIORITY, Drift.ACCEPT, Operation.INVENTORY_SET)


@pytest.mark.parametrize(("path", "name", "variant", "item"), [
    ("title", "title", None, None),
    ("seo.title", "seo.title", None, None),
    ("metafields[custom.brand]", "metafields[]", None, "custom.brand"),
    ("collections[lamps]", "collections[]", None, "lamps"),
    ("publications[Buy [now]].]", "publications[]", None, "Buy [now]]."),
    ("variants[SKU-1].price", "variants[].price", "SKU-1", None),
    ("variants[a].b].price", "variants[].price", "a].b", None),
    ("variants[a[0]].sku", "variants[].sku", "a[0]", None),
    ("variants[].sku", "variants[].sku", "", None),
    ("variants[SKU-1].stock[default]", "variants[].stock[]", "SKU-1", "default"),
    ("variants[S[1]].stock[[x]]", "variants[].stock[]", "S[1]", "[x]"),
])
def test_a_path_comes_apart(path: str, name: str, variant: str | None, item: str | None) -> None:
    where = place(Path(path))
    assert (where.field.name, where.variant, where.item) == (name, variant, item)


@pytest.mark.parametrize("path", ["", "nothing", "variants[a].nothing", "title[a]", "variants[a].price[b]"])
def test_a_path_of_no_field_raises(path: str) -> None:
    with pytest.raises(KeyError):
        place(Path(path))


@LAW
@given(keys, keys, st.sampled_from([field for field in REGISTRY if field.is_variant and not field.name.endswith("[]")]))
def test_any_key_survives_being_put_into_a_path(one: str, other: str, field: Any) -> None:
    at = place(variant_path(one, field.attribute))
    assert (at.field, at.variant, at.item) == (field, one, None)
    at = place(stock_path(one, other))
    assert (at.field.name, at.variant, at.item) == ("variants[].stock[]", one, other)
    at = place(metafield_path(one, other))
    assert (at.field.name, at.variant, at.item) == ("metafields[]", None, f"{one}.{other}")


@LAW
@given(st.lists(keys, min_size=1, max_size=4, unique=True), st.lists(keys, max_size=3, unique=True))
def test_a_flat_map_tells_every_variant_and_place_apart(variants: list[str], locations: list[str]) -> None:
    product = Product(key=ProductKey("k"), title="Pot", variants=tuple(
        Variant(key=VariantKey(key), options=(f"option {number}",), price=Decimal(number),
                stock=tuple(Stock(location=name, available=number * 10 + row) for row, name in enumerate(locations)))
        for number, key in enumerate(variants)
    ))
    assert variants_of(flatten(product)) == {
        key: {"options": [f"option {number}"], "price": f"{number}.00",
              **{f"stock[{name}]": number * 10 + row for row, name in enumerate(locations)}}
        for number, key in enumerate(variants)
    }
    assert list(variant_keys(flatten(product))) == variants


@pytest.mark.parametrize(("tags", "canonical"), [
    ((), []), (("b", "a"), ["a", "b"]), ((" Red", "red ", "RED"), ["Red"]), (("STRASSE", "straße"), ["STRASSE"]),
    (("", "  "), []), (("B", "a"), ["a", "B"]),
])
def test_tags_are_a_set_without_regard_to_case(tags: tuple[str, ...], canonical: list[str]) -> None:
    assert canonical_tags(tags) == canonical


@LAW
@given(st.lists(st.text(alphabet="aAbBß \t", max_size=3) | st.text(max_size=3)))
def test_canonical_tags_are_their_own_canonical_tags(tags: list[str]) -> None:
    once = [str(tag) for tag in canonical_tags(tags)]
    assert canonical_tags(once) == once
    assert canonical_tags(list(reversed(once))) == once


def test_canonical_json_is_one_text_for_equal_values() -> None:
    assert canonical_json({"b": [1, "é"], "a": None}) == canonical_json({"a": None, "b": [1, "é"]})
    assert canonical_json({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'


@LAW
@given(documents(), documents())
def test_digests_are_equal_exactly_where_documents_are(one: dict[Path, Value], other: dict[Path, Value]) -> None:
    assert (digests(one) == digests(other)) == (one == other)
    assert digests(dict(reversed(one.items()))) == digests(one)


@LAW
@given(documents(), documents())
def test_differing_groups_names_the_groups_that_differ(one: dict[Path, Value], other: dict[Path, Value]) -> None:
    changed = {path for path in {*one, *other} if one.get(path) != other.get(path)}
    names = {path: (path[path.rindex("].") + 2:] if path.startswith("variants[") else path) for path in changed}
    groups = {_GROUP[name.partition("[")[0]] if not names[path].startswith("options") else "identity"
              for path, name in names.items()}
    assert {group.value for group in differing_groups(digests(one), digests(other))} == groups


_GROUP = {"title": "content", "seo.title": "seo", "tags": "taxonomy", "images": "media", "metafields": "content",
          "price": "pricing", "barcode": "identity", "tracked": "inventory", "image": "media", "stock": "inventory",
          "options": "identity"}


@given(key=st.text("ab].[ /", min_size=1, max_size=6).filter(lambda text: "]." not in text),
       item=st.text("ab].[ /", min_size=1, max_size=6).filter(lambda text: "]." not in text))
def test_a_value_counts_to_the_digest_of_its_fields_group(key: str, item: str) -> None:
    for field in REGISTRY:
        path = Path(field.name.replace("variants[]", f"variants[{key}]").removesuffix("[]"))
        path = Path(f"{path}[{item}]") if field.name.endswith("[]") else path
        assert differing_groups(digests({}), digests({path: "x"})) == (place(path).field.group,)


def test_a_packed_digest_has_one_part_a_group_in_order() -> None:
    empty = digests({})
    assert len(empty) == DIGEST_WIDTH * len(Group)
    assert differing_groups(empty, digests({Path("title"): "x"})) == (Group.CONTENT,)
    assert digests({Path("title"): "x"})[DIGEST_WIDTH:] == empty[DIGEST_WIDTH:]


@pytest.mark.parametrize(("path", "one", "other"), [
    ("title", "1", "2"), ("variants[A].stock[default]", 0, 1), ("variants[A].taxable", False, True),
    ("options", ["a", "b"], ["b", "a"]), ("options", ["ab"], ["a", "b"]), ("title", "\u00e9", "e\u0301"),
])
def test_small_differences_have_other_digests(path: str, one: Value, other: Value) -> None:
    assert digests({Path(path): one}) != digests({Path(path): other})
