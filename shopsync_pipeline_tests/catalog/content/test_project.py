"""The projection of one content record, as a function of values."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.content.record import (
    NOWHERE,
    Bullet,
    Code,
    ContentRecord,
    Picture,
    Relation,
    RelationKind,
    Resource,
    Row,
    Spec,
    Text,
)
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.rules import (
    CatalogRules,
    MetafieldRule,
    PriceRule,
    ProductRules,
    PublishRules,
    RelationRules,
)
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.product import Stock, Weight
from shopsync_pipeline_tests.catalog.content.projecting import Outcome, product_of

OFFER = Offer(
    feed="feed", amounts={"price": Decimal("12.40"), "list_price": Decimal("15.00"), "cost": Decimal("8.00")},
    weight=Weight(value=Decimal("1.5"), unit="POUNDS"), barcode="036000291452", counted=True,
    stock=(Stock(location="12", available=4),),
    rows={"price": (9, 3), "list_price": (9, 3), "cost": (9, 3), "barcode": (9, 3), "weight": (9, 3), "stock": (8, 7)},
)
FULL = ContentRecord(
    productid=5, row=Row(0, 1), mfgpartno="MP-5", manufacturer="Acme, Inc", category=("Office", "Paper, White"),
    category_row=Row(0, 1), sku="ACM5", sku_row=Row(3, 2), offer=OFFER, keywords="paper white",
    texts=(Text(2, "Acme Paper", Row(1, 1)), Text(4, "Bright.", Row(1, 2))),
    specs=(Spec("General", "Brand Name", 34113319, "Acme", Row(2, 1)),
           Spec("General", "Color", 3411122, "White", Row(2, 2)),
           Spec("General", "Color", 3411122, "Ivory", Row(2, 3))),
    codes=(Code("UNSPSC", "14111507", Row(3, 1)), Code("SP Richards", "ACM5", Row(3, 2))),
    pictures=(Picture("500", "Published", Row(4, 1)), Picture("User-Manual", "Published", Row(4, 2))),
    bullets=(Bullet("Acid free", Row(5, 1)),),
    relations=(Relation(RelationKind.ACCESSORY, 6, "ACM6", Row(6, 1)),
               Relation(RelationKind.ACCESSORY, 7, None, Row(6, 2)),
               Relation(RelationKind.SIMILAR, 8, "ACM8", Row(6, 3))),
    resources=(Resource("MSDS", "https://example.com/a.pdf", "", Row(7, 1)),),
)


def title_of(*texts: tuple[int, str]) -> str:
    return product_of(ContentRecord(productid=5, mfgpartno="MP", manufacturer="Acme, Inc",
                                    texts=tuple(Text(kind, text) for kind, text in texts))).title


def test_the_title_falls_back_from_the_main_title() -> None:
    assert title_of((0, "Zero"), (1, "One"), (2, "Two")) == "Two"
    assert title_of((0, "Zero"), (1, "One")) == "Zero"
    assert title_of((1, "One"), (2, "  ")) == "One"
    assert title_of() == "Acme, Inc MP"
    assert product_of(ContentRecord(productid=5)).title == "Product 5"


def test_of_two_descriptions_of_a_type_the_last_counts() -> None:
    assert title_of((2, "Old"), (2, "New")) == "New"


def test_long_titles_end_with_a_whole_word() -> None:
    outcome = Outcome(ContentRecord(productid=5, texts=(Text(2, "word " * 100),)))
    assert len(outcome.product.title) <= 255
    assert outcome.product.title.endswith("word")
    assert outcome.counts["products.title_cut"] == 1


def test_entities_are_decoded_once_wherever_a_name_is_used() -> None:
    record = replace(FULL, texts=(Text(2, "A &amp;amp; B"),), category=("Pens &amp;amp; Ink",),
                     specs=(Spec("H", "Brand Name", 34113319, "X &amp;amp; Y"),))
    product = product_of(record, CatalogRules(product=ProductRules(seo_title=("{vendor}: {title}",))))
    assert (product.title, product.vendor, product.product_type) == ("A &amp; B", "X &amp; Y", "Pens &amp; Ink")
    assert product.tags == ("Pens &amp; Ink",)
    assert product.seo_title == "X &amp; Y: A &amp; B"


def test_the_brand_is_the_vendor_and_the_maker_a_metafield() -> None:
    outcome = Outcome(ContentRecord(
        productid=5, manufacturer="Canvas, Inc", specs=(Spec("H", "Brand Name", 34113319, "Canvas &amp; Co"),)))
    assert outcome.product.vendor == "Canvas & Co"
    assert outcome.metafields["manufacturer"] == "Canvas, Inc"


def test_one_fact_on_two_sheets_is_taken_from_the_basic_one() -> None:
    outcome = Outcome(ContentRecord(productid=5, specs=(
        Spec(None, None, 3211122, "Crimson"), Spec(None, None, 3411122, "Red"))))
    assert outcome.metafields["color"] == '["Red"]'
    assert outcome.product.body_html is None


def test_a_whole_attribute_id_means_the_same_fact_as_its_tail() -> None:
    rules = CatalogRules(product=ProductRules(vendor=("{attribute:34113319}",)))
    assert product_of(ContentRecord(productid=5, specs=(Spec(None, None, 32113319, "Acme"),)), rules).vendor == "Acme"


def test_tags_have_no_comma_no_double_and_a_limit() -> None:
    assert product_of(FULL).tags == ("Office", "Paper White")
    rules = CatalogRules(product=ProductRules(tags=("{code:TAG}", "{vendor}")))
    many = replace(FULL, codes=tuple(Code("TAG", f"tag {number % 300}") for number in range(600)))
    outcome = Outcome(many, rules)
    assert len(outcome.product.tags) == 250
    assert outcome.counts["products.tags_left_out"] == 51
    assert product_of(replace(FULL, codes=(Code("TAG", "acme"), Code("TAG", "x" * 300))), rules).tags == (
        "acme", "x" * 255)


def test_a_handle_has_the_sku_and_where_that_is_shared_the_product_id() -> None:
    assert product_of(FULL).handle == "acme-paper-acm5"
    assert product_of(replace(FULL, sku_shared=True)).handle == "acme-paper-acm5-5"
    assert product_of(replace(FULL, sku=None)).handle == "acme-paper-5"
    assert product_of(replace(FULL, sku="/-/")).handle == "acme-paper-5"


@given(title=st.text(max_size=400), sku=st.text(min_size=1, max_size=30))
def test_a_handle_is_legal_and_the_same_when_asked_alone(title: str, sku: str) -> None:
    record = replace(FULL, texts=(Text(2, title),), sku=sku, sku_shared=True)
    outcome = Outcome(record)
    handle = outcome.product.handle or ""
    assert handle == outcome.projection.handle_of(record)
    assert len(handle) <= 255
    assert handle.endswith("5")
    assert set(handle) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_the_stock_of_all_warehouses_is_one_figure_unless_the_rules_keep_them_apart() -> None:
    record = replace(FULL, offer=replace(OFFER, stock=(Stock(location="12", available=4),
                                                       Stock(location="14", available=-1))))
    assert Outcome(record).product.variants[0].stock == (Stock(available=3),)
    apart = Outcome(record, CatalogRules(stock_by_location=True))
    assert apart.product.variants[0].stock == record.offer.stock
    assert apart.origin("variants[ACM5].stock[14]") == ("feed: stock", (Row(8, 7),))


def test_status_follows_price_and_stock() -> None:
    def status(offer: Offer | None) -> tuple[str | None, dict[str, int]]:
        outcome = Outcome(ContentRecord(productid=5, offer=offer))
        return outcome.product.status, dict(outcome.counts)

    price = {"price": Decimal(1)}
    stock = (Stock(available=4),)
    assert status(None) == ("DRAFT", {"products.unpublished.no_price": 1})
    assert status(Offer(stock=stock)) == ("DRAFT", {"products.unpublished.no_price": 1})
    assert status(Offer(amounts=price)) == ("ACTIVE", {})
    assert status(Offer(amounts=price, discontinued=True)) == ("DRAFT", {"products.unpublished.discontinued": 1})
    assert status(Offer(amounts=price, discontinued=True, stock=stock)) == ("ACTIVE", {})


@pytest.mark.parametrize(("requirement", "without"), [
    ("image", replace(FULL, pictures=())), ("stock", replace(FULL, offer=replace(OFFER, stock=()))),
    ("description", replace(FULL, specs=(), bullets=(), texts=())), ("sku", replace(FULL, sku=None)),
    ("barcode", replace(FULL, offer=replace(OFFER, barcode=None))), ("category", replace(FULL, category=())),
    ("vendor", replace(FULL, specs=(), manufacturer=None)),
    ("weight", replace(FULL, offer=replace(OFFER, weight=None))),
])
def test_the_mapping_says_what_a_product_must_have_to_be_shown(requirement: str, without: ContentRecord) -> None:
    rules = CatalogRules(publish=PublishRules(requires=(requirement,), otherwise="ARCHIVED"))
    assert Outcome(FULL, rules).product.status == "ACTIVE"
    outcome = Outcome(without, rules)
    assert outcome.product.status == "ARCHIVED"
    assert outcome.counts[f"products.unpublished.no_{requirement}"] == 1
    assert outcome.origin("status")[0] == f"publish: no {requirement}"


def test_without_a_price_nothing_is_shown_whatever_the_mapping_requires() -> None:
    rules = CatalogRules(publish=PublishRules(requires=()))
    assert product_of(replace(FULL, offer=None), rules).status == "DRAFT"


def test_what_is_discontinued_is_never_oversold() -> None:
    rules = CatalogRules(publish=PublishRules(inventory_policy="CONTINUE"))
    assert product_of(FULL, rules).variants[0].inventory_policy == "CONTINUE"
    discontinued = replace(FULL, offer=replace(OFFER, discontinued=True))
    assert product_of(discontinued, rules).variants[0].inventory_policy == "DENY"


def test_a_product_without_any_number_is_named_by_its_option() -> None:
    product = product_of(ContentRecord(productid=5, texts=(Text(2, "Ünï"),)))
    assert product.variants[0].key == "Default Title"
    assert product.variants[0].sku is None
    assert product.handle == "uni-5"


def test_the_feeds_barcode_wins_and_a_wrong_one_falls_back_to_the_next() -> None:
    codes = (Code("UPC", "036000291453", Row(3, 3)), Code("GTIN", "0051000012616", Row(3, 4)))
    assert product_of(replace(FULL, codes=codes[1:])).variants[0].barcode == "036000291452"
    outcome = Outcome(replace(FULL, codes=codes, offer=replace(OFFER, barcode="036000291450")))
    # Thirteen digits with a leading zero are a UPC in a wider column: the same twelve digits whoever delivers them.
    assert outcome.product.variants[0].barcode == "051000012616"
    assert [(row, value) for row, _, value, _ in outcome.refused] == [
        (Row(9, 3), "036000291450"), (Row(3, 3), "036000291453")]
    assert outcome.origin("variants[ACM5].barcode") == ("{code:GTIN}", (Row(3, 4),))


def test_prices_are_made_by_the_first_rule_that_fits() -> None:
    rules = CatalogRules(pricing=(
        PriceRule(name="acme", vendors=("acme*",), sources=("cost",), markup={"cost": Decimal("0.5")}),
        PriceRule(name="paper", categories=("Paper*",), sources=("list_price",)), PriceRule(feeds=("other",))))
    outcome = Outcome(FULL, rules)
    assert outcome.product.variants[0].price == Decimal("12.00")
    assert outcome.origin("variants[ACM5].price") == ("pricing acme: cost 8.00 + 50 % = 12.00", (Row(9, 3),))
    assert product_of(replace(FULL, specs=(), manufacturer="B"), rules).variants[0].price == Decimal("15.00")
    unpriced = Outcome(replace(FULL, specs=(), manufacturer="B", category=()), rules)
    assert unpriced.product.variants[0].price is None
    assert unpriced.counts["products.without_pricing_rule"] == 1


def test_a_price_that_cannot_be_made_is_set_aside_with_its_row() -> None:
    outcome = Outcome(replace(FULL, offer=replace(OFFER, amounts={"price": Decimal(0)})))
    assert outcome.product.status == "DRAFT"
    (row, column, value, reason), = outcome.refused
    assert (row, column, value) == (Row(9, 3), "price", "0")
    assert "the price of product 5 cannot be made" in reason


def test_sold_by_the_piece_stock_and_weight_are_of_the_piece() -> None:
    rules = CatalogRules(pricing=(PriceRule(uom="EA"),))
    offer = replace(OFFER, uom="DZ", stock=(Stock(available=3),), weight=Weight(value=Decimal(6), unit="POUNDS"))
    variant = product_of(replace(FULL, offer=offer), rules).variants[0]
    assert variant.price == Decimal("1.03")
    assert variant.stock == (Stock(available=36),)
    assert variant.weight is not None
    assert variant.weight.value == Decimal("0.5")


def test_related_products_by_handle_or_sku() -> None:
    metafields = {"accessory": "custom.goes_with", "similar": "custom.goes_with"}
    by_sku = Outcome(FULL, CatalogRules(relations=RelationRules(metafields=metafields, value="sku")))
    assert by_sku.metafields["goes_with"] == '["ACM6","ACM8"]'
    assert by_sku.origin("metafields[custom.goes_with]") == ("relations accessory, similar", (Row(6, 1), Row(6, 3)))
    by_handle = Outcome(FULL, CatalogRules(relations=RelationRules(metafields=metafields, limit=1)),
                        related={7: "seven", 8: "eight"}.get)
    assert by_handle.metafields["goes_with"] == '["seven"]'
    assert "goes_with" not in Outcome(FULL).metafields


def test_documents_and_resources_are_metafields_if_the_mapping_asks() -> None:
    rules = CatalogRules(metafields=(
        MetafieldRule(namespace="custom", key="manual", type="url", values=("{document:User-Manual}",)),
        MetafieldRule(namespace="custom", key="safety", type="list.url", values=("{resource:msds}",))))
    outcome = Outcome(FULL, rules)
    assert outcome.metafields == {
        "manual": "https://content.etilize.com/User-Manual/5.pdf", "safety": '["https://example.com/a.pdf"]'}
    assert outcome.origin("metafields[custom.manual]")[1] == (Row(4, 2),)


def test_a_value_that_is_not_of_its_type_is_set_aside() -> None:
    rules = CatalogRules(metafields=(
        MetafieldRule(namespace="custom", key="sheets", type="list.number_integer", values=("{attribute:17}",)),
        MetafieldRule(namespace="custom", key="weight", type="weight", values=("{attribute:18}",))))
    outcome = Outcome(ContentRecord(productid=5, specs=(
        Spec(None, None, 3417, "600 Sheets", Row(2, 1)), Spec(None, None, 3417, "many", Row(2, 2)),
        Spec(None, None, 3418, "heavy", Row(2, 3)))), rules)
    assert outcome.metafields == {"sheets": "[600]"}
    assert [row[:3] for row in outcome.refused] == [
        (Row(2, 2), "displayvalue", "many"), (Row(2, 3), "displayvalue", "heavy")]
    assert outcome.reasons[1] == ('custom.weight of product 5 is "heavy": not a weight with its unit (g, kg, oz, lb); '
                                  "the value is left out")


def test_several_values_of_a_text_metafield_are_joined() -> None:
    rules = CatalogRules(metafields=(
        MetafieldRule(namespace="custom", key="colors", type="single_line_text_field", values=("{attribute:11122}",)),))
    assert Outcome(FULL, rules).metafields == {"colors": "White, Ivory"}


def test_the_whole_sheet_can_be_one_json_metafield() -> None:
    rules = CatalogRules(metafields=(MetafieldRule(namespace="custom", key="specs", type="json", values=("{specs}",)),))
    assert Outcome(FULL, rules).metafields == {
        "specs": '{"General":{"Brand Name":["Acme"],"Color":["White","Ivory"]}}'}


def test_the_origin_of_a_field_is_the_template_and_the_rows_it_read() -> None:
    outcome = Outcome(FULL)
    assert outcome.origin("title") == ("{description:2}", (Row(1, 1),))
    assert outcome.origin("vendor") == ("{attribute:113319}", (Row(2, 1),))
    assert outcome.origin("body_html") == ("{description:4}, features, specifications", (
        Row(1, 2), Row(5, 1), Row(2, 1), Row(2, 2), Row(2, 3)))
    assert outcome.origin("variants[ACM5].stock[default]") == ("feed: stock", (Row(8, 7),))
    assert outcome.origin("variants[ACM5].taxable") == ("default", (NOWHERE,))
    fallback = Outcome(replace(FULL, texts=(), specs=()))
    assert fallback.origin("title") == ("{vendor} {mpn}", (Row(0, 1),))


RULES = CatalogRules(
    product=ProductRules(seo_title=("{title}",), seo_description=("{description:4}",)),
    relations=RelationRules(metafields={"accessory": "custom.goes_with"}, value="sku"))


@given(
    has=st.fixed_dictionaries({
        "texts": st.booleans(), "specs": st.booleans(), "codes": st.booleans(), "pictures": st.booleans(),
        "bullets": st.booleans(), "relations": st.booleans(), "category": st.booleans()}),
    sku=st.sampled_from([None, "ACM5", "a].b", "Default Title"]), offer=st.sampled_from([
        None, Offer(), OFFER, replace(OFFER, amounts={}),
        replace(OFFER, weight=Weight(value=Decimal(0), unit="GRAMS"))]))
def test_every_field_of_every_product_has_an_origin_with_a_row(
    has: dict[str, bool], sku: str | None, offer: Offer | None,
) -> None:
    empty = {name: () for name, there in has.items() if not there}
    outcome = Outcome(replace(FULL, sku=sku, offer=offer, **empty), RULES)  # type: ignore[arg-type]
    assert outcome.projected.origins.keys() == flatten(outcome.product).keys()
    for origin in outcome.projected.origins.values():
        assert origin.rule
        assert origin.rows
