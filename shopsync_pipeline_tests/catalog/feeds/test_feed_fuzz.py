"""Mutated feeds of every format: nothing raises, and every line that went in is used, quarantined or a header."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopsync_pipeline.catalog.feeds.matching import match_feeds
from shopsync_pipeline.catalog.feeds.offer import offer_of
from shopsync_pipeline.catalog.feeds.offers import feed_state, stage_feeds
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline_tests.catalog.feeds.samples import (
    NOVEXCO_HEADER,
    Read,
    bestprice,
    dandh,
    file,
    ingram,
    legacy,
    stock,
    synnex,
    workbook,
)

SKUS = ("A1", "A2", "A3")
# Without quotes, so that a line end is always the end of a row, which the count of lines rests on; quotes come below.
SAMPLES: dict[str, bytes] = {
    "spr_bestprice": bestprice(*({2: sku, 4: "Binder", 52: sku, 69: sku} for sku in SKUS)),
    "spr_stock": stock(*((sku, "A", "EA", (5, 0, 7)) for sku in SKUS)),
    "spr_legacy": legacy("I", *({2: sku, 3: sku, 4: "Binder", 7: "EA", 32: "000999"} for sku in SKUS)),
    "spr_legacy_price": legacy("P", *({2: sku, 3: sku, 7: "01012026", 11: "000999"} for sku in SKUS)),
    "synnex": synnex(*({5: sku} for sku in SKUS), header="1~HDR~260114~260114~C~~~~~"),
    "ingram": ingram(*({2: sku} for sku in SKUS), {1: "D", 2: "A3"}),
    "dandh": dandh(*({5: sku, 3: "Y", 4: "01/31/26"} for sku in SKUS)),
    "generic": b"sku,mpn,price,qty,upc,weight,status,stock date\r\n" + b"".join(
        f"{sku},M{sku},1.50,3,036000291452,1.5,A,2026-01-14\r\n".encode() for sku in SKUS),
    "generic;": b"sku;price;qty\r\n" + b"".join(f"{sku};1,50;3\r\n".encode() for sku in SKUS),
}
MARKS = [b",", b";", b"|", b"~", b"\t", b"-", b".", b"x", b"9" * 30, b"\r\n", b"\n", b"\xff", b"\x00", b"\x1f", b"\xc3",
         b"\xe2\x80\xa8", b"\\", b"'", b" " * 40, b"\x1a", b"=", b"NaN", b"1e9"]

Mutation = Callable[[bytes, int, bytes], bytes]
MUTATIONS: dict[str, Mutation] = {
    "insert": lambda line, at, mark: line[:at] + mark + line[at:],
    "replace": lambda line, at, mark: line[:at] + mark + line[at + len(mark):],
    "cut": lambda line, at, mark: line[:at],
    "cut the front": lambda line, at, mark: line[at:],
    "double": lambda line, at, mark: line + line,
    "swap delimiters": lambda line, at, mark: line.translate(bytes.maketrans(b",;|~", b"|~,;")),
}
CHANGES = st.lists(
    st.tuples(st.sampled_from(sorted(MUTATIONS)), st.integers(0, 8), st.integers(0, 700), st.sampled_from(MARKS)),
    min_size=1, max_size=5)


def mutated(content: bytes, changes: list[tuple[str, int, int, bytes]]) -> bytes:
    """The content with good lines ahead of the mutated ones, as in any feed that is a feed at all."""
    good = content.split(b"\r\n")[:-1]
    lines = [*good]
    for name, number, at, mark in changes:
        number %= len(lines)
        lines[number] = MUTATIONS[name](lines[number], at % (len(lines[number]) + 1), mark)
    return b"\r\n".join([*good, *lines, b""])


def encoding_of(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def lines_in(content: bytes) -> int:
    """Lines that hold anything, without the characters that are never text."""
    text = content.translate(None, bytes([0, 28, 29, 30, 31])).decode(encoding_of(content), errors="replace")
    return sum(bool(line.strip()) for line in re.split("\r\n|\r|\n", text))


def read(content: bytes) -> Read:
    with tempfile.TemporaryDirectory() as folder:
        return Read(file(Path(folder), content), encoding=encoding_of(content))


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=60, deadline=None)
@given(changes=CHANGES)
def test_every_line_is_accounted_for(name: str, changes: list[tuple[str, int, int, bytes]]) -> None:
    content = mutated(SAMPLES[name], changes)
    found = read(content)
    counts = found.account.counts
    rows_in = lines_in(content) - counts["feed.headers"] - name.startswith("generic")
    assert counts["feed.used"] + counts["feed.quarantined"] == counts["feed.read"] == rows_in
    assert sum(row.action != "restart" for row in found.rows) == counts["feed.used"]
    assert sum(row.kind == "row" for row in found.account.quarantine) == counts["feed.quarantined"]
    assert sum(row.kind == "value" for row in found.account.quarantine) == counts["values.quarantined"]
    assert all(row.sku and orjson.dumps(row.facts) for row in found.rows if row.action == "set")


@pytest.mark.parametrize("name", ["spr_bestprice", "spr_legacy", "ingram", "generic"])
@settings(max_examples=40, deadline=None)
@given(changes=CHANGES, quotes=st.lists(st.integers(0, 2000), min_size=1, max_size=4))
def test_quotes_may_join_lines_and_lose_none_of_the_good_ones_before(
    name: str, changes: list[tuple[str, int, int, bytes]], quotes: list[int],
) -> None:
    content = mutated(SAMPLES[name], changes)
    start = len(SAMPLES[name])
    for place in quotes:
        place = start + place % (len(content) - start)
        content = content[:place] + b'"' + content[place:]
    found = read(content)
    counts = found.account.counts
    assert counts["feed.read"] == counts["feed.used"] + counts["feed.quarantined"]
    assert [row.sku for row in found.rows[:3]] == list(SKUS)


CELLS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=8))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(CELLS, max_size=len(NOVEXCO_HEADER)), max_size=6))
def test_every_row_of_a_workbook_is_accounted_for(rows: list[list[str | float | None]]) -> None:
    found = read(workbook({"Prices": [NOVEXCO_HEADER, *rows]}))
    filled = sum(any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in row) for row in rows)
    assert found.account.counts["feed.used"] + found.account.counts["feed.quarantined"] == filled


@settings(max_examples=12, deadline=None)
@given(changes=CHANGES)
def test_mutated_feeds_are_staged_matched_and_merged(changes: list[tuple[str, int, int, bytes]]) -> None:
    account = Account()
    stage = Stage(account)
    try:
        with tempfile.TemporaryDirectory() as folder:
            contents = {name: mutated(content, changes) for name, content in SAMPLES.items()}
            members = [(encoding_of(content), file(Path(folder), content, name)) for name, content in contents.items()]
            stage.execute("CREATE TABLE code AS SELECT 1 AS ord, 0 AS tier, '' AS system, 'A1' AS sku, 0 AS line")
            stage_feeds(stage, members, CatalogRules(), account)
            match_feeds(stage, CatalogRules(), account)
        rows = [facts for (facts,) in stage.execute("SELECT facts FROM offer").fetchall()]
        assert offer_of(rows).amounts
        assert {row.feed for row in feed_state(stage)} <= {"ingram"}
        counts = account.counts
        assert counts["feed.matched"] + counts["feed.unmatched"] == counts["feed.rows"]
        assert counts["feed.rows"] <= counts["feed.used"]
    finally:
        stage.close()
