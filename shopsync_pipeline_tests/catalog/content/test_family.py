"""Products that are variants of one another."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.content.family import combine, family_key
from shopsync_pipeline.catalog.content.project import Projected
from shopsync_pipeline.catalog.content.record import ContentRecord, Picture, Row, Spec, Text
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.rules import CatalogRules, ImageRules, VariantRules
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.product import Product
from shopsync_pipeline_tests.catalog.content.projecting import Outcome

RULES = CatalogRules(variants=VariantRules(
    group_by=("{attribute:112816}",),
    options={"Color": ("{attribute:11122}",), "Size": ("{attribute:9}", "{code:SIZE}")},
    title=("{vendor} {attribute:112816}",)))


def record(id_: int, color: str | None, size: str | None, *, price: str | None = "5",
           sku: str | None = "") -> ContentRecord:
    specs = [Spec("H", "Brand Name", 34113319, "Acme", Row(2, id_)),
             Spec("H", "Series", 34112816, "Durable", Row(2, id_))]
    specs += [Spec("H", "Color", 3411122, color, Row(2, 100 + id_))] if color else []
    specs += [Spec("H", "Size", 349, size, Row(2, 200 + id_))] if size else []
    return ContentRecord(
        productid=id_, row=Row(0, id_), mfgpartno=f"MP{id_}", texts=(Text(2, f"Binder {id_}", Row(1, id_)),),
        category=("Office", "Binders" if id_ < 9 else "Folders"), specs=tuple(specs), family="Durable",
        sku=f"SKU{id_}" if sku == "" else sku,
        pictures=(Picture("500", "Published", Row(4, id_)), Picture("Top", "Published")),
        offer=Offer(amounts={"price": Decimal(price)}, rows={"price": (9, id_)}) if price else None)


def combined(*records: ContentRecord, rules: CatalogRules = RULES) -> tuple[list[Projected], Counter[str]]:
    counts: Counter[str] = Counter()
    return combine([Outcome(one, rules).projected for one in records], rules, counts), counts


def only(*records: ContentRecord, rules: CatalogRules = RULES) -> Product:
    (found,), _ = combined(*records, rules=rules)
    return found.product


def test_members_become_variants_of_one_product() -> None:
    product = only(record(3, "Red", "L"), record(4, "Blue", "L"), record(9, "Blue", "S"))
    assert (product.key, product.handle, product.title) == ("family:durable", "durable", "Acme Durable")
    assert product.options == ("Color", "Size")
    assert product.status == "ACTIVE"
    assert [(variant.key, variant.options, variant.image) for variant in product.variants] == [
        ("SKU3", ("Red", "L"), "https://content.etilize.com/500/3.jpg"),
        ("SKU4", ("Blue", "L"), "https://content.etilize.com/500/4.jpg"),
        ("SKU9", ("Blue", "S"), "https://content.etilize.com/500/9.jpg")]
    assert product.tags == ("Office", "Binders", "Folders")
    assert [image.source.split("/")[-1] for image in product.images] == ["3.jpg"] * 2 + ["4.jpg"] * 2 + ["9.jpg"] * 2
    assert product.vendor == "Acme"
    assert "Binder" not in (product.body_html or "")


def test_metafields_of_the_whole_are_those_on_which_members_agree_and_lists_of_all() -> None:
    product = only(record(3, "Red", "L"), record(4, "Blue", "L"), record(5, "Blue", "M"))
    assert {metafield.key: metafield.value for metafield in product.metafields} == {
        "color": '["Red","Blue"]', "product_series": "Durable"}


def test_without_a_title_rule_the_first_members_title_is_the_title() -> None:
    rules = replace(RULES, variants=replace(RULES.variants, title=()))
    assert only(record(3, "Red", "L"), record(4, "Blue", "L"), rules=rules).title == "Binder 3"


def test_the_key_stays_while_members_come_and_go() -> None:
    members = [record(3, "Red", "L"), record(4, "Blue", "L"), record(5, "Blue", "M")]
    keys = {only(*some).key for some in (members, members[1:], members[:1])}
    assert keys == {"family:durable"}


@given(st.lists(st.text(min_size=1, max_size=20), min_size=2, max_size=6,
                unique_by=lambda text: " ".join(text.casefold().split())))
def test_families_of_different_names_have_different_keys(names: list[str]) -> None:
    assert len({family_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(("members", "reason"), [
    ((record(3, "Red", "L"), record(4, None, "L")), "without_option_value"),
    ((record(3, "Red", "L"), record(4, "red", "l")), "equal_options"),
])
def test_a_family_that_cannot_be_told_apart_stays_separate_and_says_why(
    members: tuple[ContentRecord, ...], reason: str,
) -> None:
    found, counts = combined(*members)
    assert [one.product.key for one in found] == [f"etilize:{one.productid}" for one in members]
    assert counts == {f"families.separate.{reason}": 1, "families.separate.products": 2}


def test_more_variants_than_the_shop_takes_stay_separate() -> None:
    first = Outcome(record(3, "Red", "L"), RULES).projected
    members = [replace(first, choices=((f"Color {number}", ()), ("L", ()))) for number in range(2049)]
    counts: Counter[str] = Counter()
    assert combine(members, RULES, counts) == members
    assert counts["families.separate.too_many_variants"] == 1


def test_a_member_that_may_not_be_shown_is_no_variant_of_a_product_that_is() -> None:
    found, counts = combined(record(3, "Red", "L"), record(4, "Blue", "L", price=None))
    assert [(one.product.key, one.product.status) for one in found] == [
        ("family:durable", "ACTIVE"), ("etilize:4", "DRAFT")]
    assert counts["families.members_not_shown"] == 1
    drafts, _ = combined(record(3, "Red", "L", price=None), record(4, "Blue", "L", price=None))
    assert [(one.product.key, one.product.status, len(one.product.variants)) for one in drafts] == [
        ("family:durable", "DRAFT", 2)]


def test_variants_without_a_sku_are_named_by_their_options() -> None:
    product = only(record(3, "Red", "L", sku=None), record(4, "Blue", "L", sku="X"), record(5, "Blue", "S", sku="X"))
    assert [variant.key for variant in product.variants] == ["Red / L", "Blue / L", "Blue / S"]


def test_every_variant_keeps_its_picture_when_there_are_too_many() -> None:
    rules = replace(RULES, images=ImageRules(limit=3))
    product = only(record(3, "Red", "L"), record(4, "Blue", "L"), record(5, "Blue", "S"), rules=rules)
    assert [image.source.split("/")[-2:] for image in product.images] == [["500", "3.jpg"], ["500", "4.jpg"],
                                                                          ["500", "5.jpg"]]
    assert all(variant.image for variant in product.variants)


@given(st.lists(st.tuples(st.sampled_from(["Red", "Blue", "Green"]), st.sampled_from(["S", "L"])), min_size=1,
                max_size=6,
                unique=True), st.booleans())
def test_every_field_of_the_whole_has_an_origin(options: list[tuple[str, str]], skus: bool) -> None:
    records = [record(place, *values, sku="" if skus else "same") for place, values in enumerate(options, 3)]
    (found,), _ = combined(*records)
    assert found.origins.keys() == flatten(found.product).keys()
    assert all(origin.rows for origin in found.origins.values())


def test_an_origin_of_the_whole_names_the_rows_of_every_member() -> None:
    (found,), _ = combined(record(3, "Red", "L"), record(4, "Blue", "L"))
    assert found.origins["variants[SKU4].options"].rows == (Row(2, 104), Row(2, 204))
    assert found.origins["variants[SKU4].price"].rows == (Row(9, 4),)
    assert found.origins["metafields[custom.color]"].rows == (Row(2, 103), Row(2, 104))
