"""The mapping that docs/catalog.md explains is one that works, and the page names what there is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.content.placeholders import names
from shopsync_pipeline.catalog.content.record import (
    Code,
    ContentRecord,
    Picture,
    Relation,
    RelationKind,
    Resource,
    Spec,
    Text,
)
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.mapping import load_mapping
from shopsync_pipeline.catalog.rules import REQUIREMENTS, CatalogRules, PriceRule
from shopsync_pipeline.core.quality import DEFAULTS
from shopsync_pipeline_tests.catalog.content.projecting import Outcome

PAGE = Path(__file__).parents[3] / "docs" / "catalog.md"
TEXT = PAGE.read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)

RECORD = ContentRecord(
    productid=5, mfgpartno="MP-5", manufacturer="Acme, Inc", category=("Office", "Binders"), sku="ACM5",
    texts=(Text(2, "Acme Binder"), Text(4, "Holds a lot.")),
    specs=(Spec("H", "Brand Name", 34113319, "Acme"), Spec("H", "Series", 34112816, "Durable"),
           Spec("H", "Depth", 342000014, '2 1/2"'), Spec("H", "Sheet Capacity", 342000017, "600 Sheets"),
           Spec("H", "Color", 3411122, "Red")),
    codes=(Code("UNSPSC", "44122003"), Code("UPC", "036000291452")),
    pictures=(Picture("500", "Published"), Picture("3000", "Published"), Picture("Top", "Published"),
              Picture("Rear", "Published")),
    relations=(Relation(RelationKind.ACCESSORY, 6, "ACM6"), Relation(RelationKind.UPSELL, 7, "ACM7")),
    resources=(Resource("MSDS", "https://example.com/a.pdf", ""),), family="acme durable binders",
    offer=Offer(feed="spr_bestprice", amounts={"cost_ccp3": Decimal("12.40"), "list_price": Decimal(25)}, counted=True),
)


@pytest.fixture
def rules(tmp_path: Path) -> CatalogRules:
    path = tmp_path / "catalog.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    return load_mapping(path)


def test_the_example_makes_the_product_that_the_page_promises(rules: CatalogRules) -> None:
    outcome = Outcome(RECORD, rules)
    product = outcome.product
    assert outcome.refused == []
    assert (product.title, product.vendor, product.product_type) == ("Acme Binder", "Acme", "Binders")
    assert product.tags == ("Office", "Binders", "Series: Durable")
    assert (product.handle, product.status, product.seo_title) == ("acme-binder-acm5", "ACTIVE", "Acme Binder | Acme")
    assert (product.body_html or "").startswith("<p>Holds a lot.</p><table>")
    variant = product.variants[0]
    assert (variant.price, variant.compare_at_price, variant.cost) == (
        Decimal("16.99"), Decimal("25.00"), Decimal("12.40"))
    assert outcome.origin("variants[ACM5].price")[0] == (
        "pricing standard: cost_ccp3 12.40 + 35 % = 16.74, rounded up to .49 or .99")
    assert variant.barcode == "036000291452"
    assert [image.source.split("/")[-2] for image in product.images] == ["500", "Top"]
    metafields = outcome.metafields
    assert metafields["capacity"] == "600"
    assert metafields["depth"] == '{"value":2.5,"unit":"in"}'
    assert metafields["documents"] == '["https://example.com/a.pdf"]'
    assert (metafields["accessories"], metafields["related"]) == ('["ACM6"]', '["ACM7"]')
    assert metafields["mpn"] == "MP-5"
    assert "unspsc" not in metafields
    assert [choice and choice[0] for choice in outcome.projected.choices] == ["Red", "600 Sheets"]
    assert outcome.projected.family_title is not None
    assert outcome.projected.family_title[0] == "Acme Durable Binders"


def test_the_example_says_a_price_for_ink_too(rules: CatalogRules) -> None:
    assert [rule.name for rule in rules.pricing] == ["ink", "standard"]
    assert rules.pricing[0].markup == {"*": Decimal("-0.05")}
    assert rules.feeds[0].columns["available"] == ("On hand", "* Inventory")


def test_the_example_shows_every_key_of_the_sections_that_shops_change() -> None:
    written = tomllib.loads(EXAMPLE)
    default = CatalogRules()
    for section in ("publish", "variants", "relations"):
        known = {field.name for field in fields(getattr(default, section))} - {"limit"}
        assert known <= written[section].keys()
    shown = {key for rule in written["pricing"] for key in rule}
    assert {field.name for field in fields(PriceRule)} - shown == {"step", "feeds"}


def test_the_page_names_every_placeholder_check_and_requirement() -> None:
    for placeholder in names():
        assert placeholder.removesuffix("…}") in TEXT
    for name in (*DEFAULTS, *REQUIREMENTS):
        assert f"`{name}`" in TEXT or name == "price"
