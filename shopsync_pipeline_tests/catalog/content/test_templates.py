"""Templates of the mapping file: what they say of a product, and where they read it."""

from __future__ import annotations

import re

import pytest

from shopsync_pipeline.catalog.content.facts import Facts
from shopsync_pipeline.catalog.content.record import NOWHERE, Bullet, Code, ContentRecord, Row, Spec, Text
from shopsync_pipeline.catalog.content.templates import Template, attributes_read, is_read
from shopsync_pipeline.catalog.feeds.offer import Offer
from shopsync_pipeline.catalog.markup import plain_lines
from shopsync_pipeline.catalog.rules import CatalogRules, MetafieldRule, ProductRules, VariantRules
from shopsync_pipeline.core.product import Stock, Weight

RECORD = ContentRecord(
    productid=5, row=Row(0, 9), mfgpartno="MP-5", manufacturer="Acme, Inc", brand="Acme", keywords="pen ink",
    category=("Office", " Pens &amp; Ink"), category_row=Row(0, 9), sku="ACM5", sku_row=Row(1, 1),
    texts=(Text(2, "Old", Row(2, 1)), Text(2, "New", Row(2, 2)), Text(20, "One", Row(2, 3)),
           Text(20, "Two", Row(2, 4))),
    specs=(Spec("H", "Color", 3211122, "Crimson", Row(3, 1)), Spec("H", "Color", 3411122, "Red", Row(3, 2)),
           Spec("H", "Color", 3411122, "Blue", Row(3, 3)), Spec("H", "Line", 3212389, "Pro", Row(3, 4))),
    codes=(Code("UPC", "036000291452", Row(4, 1)),), bullets=(Bullet("Fast", Row(5, 1)),),
    offer=Offer(feed="spr", amounts={"list_price": 3}, uom="EA", title="Pen", counted=True,  # type: ignore[dict-item]
                stock=(Stock(location="a", available=1), Stock(location="b", available=2)),
                weight=Weight(value=2, unit="POUNDS"), rows={"title": (6, 1)}),  # type: ignore[arg-type]
)


def said(source: str, record: ContentRecord = RECORD) -> list[str]:
    template = Template(source)
    wanted = frozenset(id_ for found in template.placeholders for id_ in found.ids)
    facts = Facts(record, wanted)
    facts.vendor, facts.title = ("Acme", Row(3, 9)), ("Pen &amp; Co", Row(2, 2))
    return [text for text, _ in template.each(facts)]


@pytest.mark.parametrize(("source", "texts"), [
    ("{description:2}", ["New"]), ("{description:20}", ["One", "Two"]), ("{attribute:11122}", ["Red", "Blue"]),
    ("{attribute:12389}", ["Pro"]), ("{manufacturer}", ["Acme, Inc"]), ("{brand}", ["Acme"]), ("{mpn}", ["MP-5"]),
    ("{sku}", ["ACM5"]), ("{id}", ["5"]), ("{category}", ["Pens & Ink"]), ("{category.each}", ["Office", "Pens & Ink"]),
    ("{category.path}", ["Office > Pens & Ink"]), ("{code:UPC}", ["036000291452"]), ("{code:EAN}", []),
    ("{feed:title}", ["Pen"]), ("{feed:stock}", ["3"]), ("{feed:weight}", ["2 pounds"]), ("{feed:name}", ["spr"]),
    ("{feed:stock_at}", []), ("{amount:list_price}", ["3"]), ("{amount:cost}", []), ("{keywords}", ["pen ink"]),
    ("{bullets}", ["Fast"]), ("{vendor}", ["Acme"]), ("{title}", ["Pen &amp; Co"]),
    ("{vendor} {mpn} – {{x}}", ["Acme MP-5 – {x}"]), ("{vendor} {code:EAN}", []), ("always", ["always"]),
    ("{vendor} {attribute:11122} ({id})", ["Acme Red (5)", "Acme Blue (5)"]),
    ("{attribute:11122}/{category.each}", ["Red/Office", "Blue/Office"]),
])
def test_placeholders(source: str, texts: list[str]) -> None:
    assert said(source) == texts


def test_the_basic_sheet_comes_before_the_detailed_one() -> None:
    record = ContentRecord(productid=5, specs=(Spec("H", "Color", 3211122, "Crimson"),))
    assert said("{attribute:11122}", record) == ["Crimson"]


def test_the_rows_that_were_read() -> None:
    facts = Facts(RECORD, frozenset({3411122}))
    assert Template("{attribute:11122} {mpn} {id}").each(facts) == [
        ("Red MP-5 5", (Row(3, 2), Row(0, 9))), ("Blue MP-5 5", (Row(3, 3), Row(0, 9)))]
    assert Template("{mpn} {attribute:11122}").each(facts)[1] == ("MP-5 Blue", (Row(0, 9), Row(3, 3)))
    assert Template("{feed:title}").each(facts) == [("Pen", (Row(6, 1),))]
    assert Template("always").each(facts) == [("always", (NOWHERE,))]


def test_a_template_cleans_what_it_reads() -> None:
    facts = Facts(ContentRecord(productid=5, texts=(Text(2, "<p>One</p>\n  two&nbsp;2 "),)), frozenset())
    assert Template("{description:2}").each(facts)[0][0] == "One two 2"
    assert Template("{description:2}", plain_lines).each(facts)[0][0] == "One\ntwo 2"
    assert Template("{description:2}", str.strip).each(facts)[0][0] == "<p>One</p>\n  two&nbsp;2"


@pytest.mark.parametrize(("source", "reason"), [
    ("{titel}", "there is no placeholder {titel}; did you mean {title}?"),
    ("{zzz}", "there is no placeholder {zzz}; there are {id}, {sku}"),
    ("{attribute:red}", "{attribute:…} takes an attribute's number, and red is none"),
    ("{attribute}", "{attribute:…} needs an attribute's number after the colon"),
    ("{mpn:3}", "{mpn} takes nothing after it"),
    ("{feed:price}", "a feed has no price; {feed:…} takes name, title"),
    ("a {b", "it has a single {; a brace that is text is written twice"), ("", "it is empty"), ("  ", "it is empty"),
])
def test_what_is_no_template_is_refused_with_the_way_out(source: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as refused:
        Template(source)
    assert str(refused.value).startswith(reason)


def test_what_the_rules_read_is_known_before_anything_is_read() -> None:
    rules = CatalogRules(
        product=ProductRules(title=("{attribute:1}",), vendor=(), marketing=(), tags=("{keywords}",)),
        variants=VariantRules(group_by=("{attribute:2}",), options={"Color": ("{attribute:3}",)},
                              title=("{attribute:4}",)),
        metafields=(MetafieldRule(namespace="custom", key="size", type="json", values=("{attribute:5}",)),))
    assert attributes_read(rules) == {int(f"{sheet}{tail}") for sheet in (34, 32) for tail in range(1, 6)}
    assert is_read(rules, "keywords")
    assert not is_read(rules, "resource")
