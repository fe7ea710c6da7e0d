"""The projection of one inQuire product, as a function of values."""

from __future__ import annotations

from decimal import Decimal

from shopsync_pipeline.catalog import ProjectionRules
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.inquire.project import project
from shopsync_pipeline.catalog.inquire.record import Code, InquireProduct, Spec
from shopsync_pipeline.core.product import Product, Stock

Refused = list[tuple[str, int, str, str, str]]


def projected(source: InquireProduct) -> tuple[Product, Refused]:
    refused: Refused = []
    return project(source, ProjectionRules(), lambda *row: refused.append(row)), refused


def title_of(*texts: tuple[int, str]) -> str:
    return projected(InquireProduct(productid=5, mfgpartno="MP", manufacturer="Acme, Inc", texts=texts))[0].title


def test_the_title_falls_back_from_the_main_title() -> None:
    assert title_of((0, "Zero"), (1, "One"), (2, "Two")) == "Two"
    assert title_of((0, "Zero"), (1, "One")) == "Zero"
    assert title_of((1, "One"), (2, "  ")) == "One"
    assert title_of() == "Acme, Inc MP"
    assert projected(InquireProduct(productid=5))[0].title == "Product 5"


def test_long_titles_end_with_a_whole_word() -> None:
    title = title_of((2, "word " * 100))
    assert len(title) <= 255
    assert title.endswith("word")


def test_the_brand_is_the_vendor_and_the_maker_a_metafield() -> None:
    product, _ = projected(InquireProduct(
        productid=5, manufacturer="Canvas, Inc", specs=(Spec("H", "Brand Name", 34113319, "Canvas &amp; Co"),)))
    assert product.vendor == "Canvas & Co"
    assert {m.key: m.value for m in product.metafields}["manufacturer"] == "Canvas, Inc"


def test_one_fact_on_two_sheets_is_taken_from_the_basic_one() -> None:
    product, _ = projected(InquireProduct(productid=5, specs=(
        Spec(None, None, 3211122, "Crimson"), Spec(None, None, 3411122, "Red"))))
    assert {m.key: (m.type, m.value) for m in product.metafields}["color"] == ("list.single_line_text_field", '["Red"]')
    assert product.body_html is None


def test_marketing_text_leads_and_is_not_repeated_in_the_table() -> None:
    product, _ = projected(InquireProduct(productid=5, texts=((1, "Full"),), specs=(
        Spec("H", "Marketing Information", 341452, "<p>Great</p>"), Spec("H", "Size", 349999, "L"))))
    assert product.body_html == ('<p>Great</p><table><tbody><tr><th colspan="2">H</th></tr>'
                                 "<tr><td>Size</td><td>L</td></tr></tbody></table>")


def test_features_of_the_description_types_join_the_bullets() -> None:
    product, _ = projected(InquireProduct(productid=5, texts=((20, "A"), (21, "B")), bullets=("B", "C")))
    assert product.body_html == "<ul><li>B</li><li>C</li><li>A</li></ul>"


def test_status_follows_price_and_stock() -> None:
    def status(offer: Offer | None) -> str | None:
        return projected(InquireProduct(productid=5, offer=offer))[0].status

    assert status(None) == "DRAFT"
    assert status(Offer(stock=(Stock(available=4),))) == "DRAFT"
    assert status(Offer(amounts={"price": Decimal(1)})) == "ACTIVE"
    assert status(Offer(amounts={"price": Decimal(1)}, discontinued=True)) == "DRAFT"
    assert status(Offer(amounts={"price": Decimal(1)}, discontinued=True, stock=(Stock(available=4),))) == "ACTIVE"


def test_a_product_without_any_number_is_named_by_its_option() -> None:
    product, _ = projected(InquireProduct(productid=5, texts=((2, "Ünï"),)))
    assert product.variants[0].key == "Default Title"
    assert product.variants[0].sku is None
    assert product.handle == "uni-5"


def test_a_barcode_falls_back_to_the_next_system() -> None:
    product, refused = projected(InquireProduct(productid=5, codes=(
        Code("UPC", "036000291453", "f", 3), Code("GTIN", "0036000291452", "f", 4))))
    assert product.variants[0].barcode == "0036000291452"
    assert [(file, line, value) for file, line, _, value, _ in refused] == [("f", 3, "036000291453")]
