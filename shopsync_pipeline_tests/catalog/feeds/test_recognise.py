"""Which format a file is in: told by content, in one order, whatever the file is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.feeds.recognise import FORMATS, recognise_feed, systems_of
from shopsync_pipeline.catalog.rules import CatalogRules, FeedRule
from shopsync_pipeline_tests.catalog.feeds.samples import (
    BESTPRICE_HEADER,
    bestprice,
    dandh,
    ingram,
    legacy,
    stock,
    synnex,
)

SAMPLES = {
    "spr_bestprice": bestprice({}), "spr_stock": stock(("A", "A", "EA", (1,))), "spr_legacy": legacy("P", {}),
    "synnex": synnex({}), "ingram": ingram({}), "dandh": dandh({}), "generic": b"sku,price\r\nA,1\r\n",
}


def named(head: str, name: str = "x.txt", *rules: FeedRule) -> str | None:
    found = recognise_feed(Member(name, Path()), head, CatalogRules(feeds=rules))
    return found.name if found else None


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_is_claimed_by_itself_alone(name: str) -> None:
    head = SAMPLES[name].decode()
    # BESTPRICE's header names usual columns too; the order of the formats settles it.
    claims = [format_.name for format_ in FORMATS if format_.recognise(Member("x", Path()), head)]
    assert claims[0] == name
    assert named(head, "ITEMLIST.ap") == name


def test_a_bestprice_header_wins_over_usual_names() -> None:
    assert named(BESTPRICE_HEADER.replace("Column6", "sku").replace("Column7", "price")) == "spr_bestprice"


@pytest.mark.parametrize("head", [
    "", "\r\n", "11,7,1,MPN,3,0,0.5,a,b,c\r\n", "a|b|c\r\n", "H0 only\r\n", "~" * 70, "," * 103, "," * 26, "|" * 16,
    '"' * 200_000, "I,A,B" + "," * 44, "P" + "," * 36, "\x00\x01\x02", "Handle,Title\r\n"])
def test_what_is_no_feed_is_none(head: str) -> None:
    assert named(head) is None


def test_a_rule_without_columns_renames_and_keeps_the_systems_of_its_format() -> None:
    rules = CatalogRules(feeds=(FeedRule(name="west", files=("west/*",), complete=True),))
    found = recognise_feed(Member("west/PRICE.TXT", Path()), SAMPLES["ingram"].decode(), rules)
    assert found is not None
    assert (found.name, found.complete) == ("west", True)
    assert systems_of(found, rules) == ("Ingram Micro USA",)
    other = recognise_feed(Member("east/PRICE.TXT", Path()), SAMPLES["ingram"].decode(), rules)
    assert other is not None
    assert (other.name, other.complete) == ("ingram", False)


def test_the_systems_of_a_format_are_the_shops_to_say() -> None:
    rules = CatalogRules(feed_systems={"ingram": ("Ingram Micro Canada",)})
    found = recognise_feed(Member("PRICE.TXT", Path()), SAMPLES["ingram"].decode(), rules)
    assert found is not None
    assert systems_of(found, rules) == ("Ingram Micro Canada",)
