"""A document as a flat map: its paths, its canonical values, and what counts as absent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.documents import canonical_tags, category_id, flatten, variant_keys, variants_of, without
from shopsync_pipeline.core.fields import (
    REGISTRY,
    place,
)
from shopsync_pipeline.core.product import Image, Metafield, Product, ProductKey, Stock, Variant, VariantKey, Weight
from shopsync_pipeline_tests.core.samples import LAW, keys

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
