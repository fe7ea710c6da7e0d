"""Loading a member: what DuckDB reads quickly is what careful reading gives, to the line number.

The careful reader of `records` is the yardstick: it goes record by record through the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shopsync_pipeline.catalog import loading
from shopsync_pipeline.catalog import segments as cutting
from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.segments import Segment
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline.catalog.tables import Column, Kind, Table

TABLE = Table("fact", ((Column("id", Kind.ID), Column("words"), Column("shown", Kind.FLAG, "true"),
                        Column("place", Kind.INT)),))
MYSQL, DOUBLED = Dialect(backslash=True), Dialect()

careful_only = False


@pytest.fixture(autouse=True, scope="module")
def _either_way() -> Iterator[None]:
    """Lets a test switch the quick way off."""
    real = cutting.segments

    def made(*arguments: Any) -> Iterator[Segment]:
        for segment in real(*arguments):
            yield replace(segment, prepared=None) if careful_only else segment

    loading.segments = made
    yield
    loading.segments = real


class Loaded:
    """What a table and an account hold after one member was loaded."""

    stage: Stage

    def __init__(self, folder: Path, data: bytes, dialect: Dialect, *, careful: bool = False, encoding: str = "utf-8",
                 segment_bytes: int = cutting.SEGMENT_BYTES) -> None:
        global careful_only
        path = folder / "EN_US_B_fact.csv"
        path.write_bytes(data)
        account = Account()
        size, cutting.SEGMENT_BYTES = cutting.SEGMENT_BYTES, segment_bytes
        careful_only = careful
        self.stage.execute("DROP TABLE IF EXISTS fact")
        self.stage.create(TABLE)
        try:
            loading.load(self.stage, TABLE, Member(path.name, path), encoding, dialect, account)
        finally:
            careful_only = False
            cutting.SEGMENT_BYTES = size
        self.rows = self.stage.execute(
            "SELECT line, id, lines(words), shown, place FROM fact ORDER BY line, id").fetchall()
        self.refused = sorted((row.line, row.column, row.value, row.reason) for row in account.quarantine)
        self.counts = dict(account.counts)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for members, and one stage for all tests: making one takes longer than a test."""
    Loaded.stage = Stage(Account())
    yield tmp_path_factory.mktemp("members")
    Loaded.stage.close()


def test_rows_keep_their_lines_through_line_ends_in_quotes_and_broken_rows(folder: Path) -> None:
    found = Loaded(folder, (
        b'1,"one",1,5\r\n2,"two\r\n\r\nlines",1,6\r\n3,too few\r\n4,"four",0,7\r\n5,"un"quoted",1,8\r\n6,six,1,x\r\n'
        b'y,seven,1,1\r\n8,eight,1,2\r\n\r\n'), DOUBLED)
    assert found.rows == [
        (1, 1, "one", True, 5), (2, 2, "two\n\nlines", True, 6), (6, 4, "four", False, 7),
        (7, 5, 'un"quoted', True, 8), (8, 6, "six", True, 0), (10, 8, "eight", True, 2)]
    assert [(line, column) for line, column, _, _ in found.refused] == [(5, ""), (8, "place"), (9, "id")]
    assert found.counts["fact.read"] == found.counts["fact.used"] + found.counts["fact.quarantined"] == 8


def test_backslashes_protect_quotes_separators_and_line_ends(folder: Path) -> None:
    found = Loaded(folder, (
        b'1,"15.9\\" wide \\\\",1,5\n2,\\N,\\N,\\N\n3,"a\\nb\\tc\\0d\\Ze",1,1\n4,a\\,b,1,2\n5,"C:\\\\N\\\\",1,3\n'),
        MYSQL)
    assert found.rows == [
        (1, 1, '15.9" wide \\', True, 5), (2, 2, None, True, 0), (3, 3, "a\nb\tcde", True, 1), (4, 4, "a,b", True, 2),
        (5, 5, "C:\\N\\", True, 3)]


def test_a_header_a_mark_and_old_windows_text_are_read(folder: Path) -> None:
    found = Loaded(folder, "\ufeffid,words,shown,place\r\n1,caf\u00e9,1,5\r\n".encode(), DOUBLED)
    assert found.rows == [(2, 1, "café", True, 5)]
    assert found.counts["fact.headers"] == 1
    assert Loaded(folder, b"1,caf\xe9,1,5\r\n", DOUBLED, encoding="cp1252").rows == [(1, 1, "café", True, 5)]


def test_an_empty_member_has_no_rows(folder: Path) -> None:
    for data in (b"", b"\r\n", b"\n\n"):
        assert Loaded(folder, data, DOUBLED).rows == []


def test_a_file_larger_than_a_segment_is_read_in_whole_records(folder: Path) -> None:
    data = b"".join(b'%d,"word %d\r\n3 of them",1,%d\r\n' % (n, n, n % 90) for n in range(1, 2001))
    found = Loaded(folder, data, DOUBLED, segment_bytes=4096)
    assert len(found.rows) == 2000
    assert found.rows[-1] == (3999, 2000, "word 2000\n3 of them", True, 20)
    assert found.refused == []


PIECES = st.sampled_from([
    '"', '""', ",", "\n", "\r\n", "\r", "\\", '\\"', "\\\\", "\\N", "\\n", "\\\n", "a", "é", " ", "15.9", "1,", "x",
    "\t", "\x00", "\x1c", "\x1d", "\x1e", "\x1f", "NULL", "\ufeff"])
CELL = st.one_of(st.text(st.sampled_from('ab é15"\\,\n'), max_size=6), st.just("yes"))
QUOTED = CELL.map(lambda text: '"' + text.replace('"', '""') + '"')
ROW = st.one_of(
    st.builds(lambda number, words, flag, place: f"{number},{words},{flag},{place}", st.integers(-3, 10**12),
              st.one_of(QUOTED, QUOTED, st.just("plain")), st.sampled_from(["1", "0", "", "x"]),
              st.sampled_from(["4", "", "no"])),
    st.lists(PIECES, max_size=8).map("".join),
)
FILE = st.lists(st.tuples(ROW, st.sampled_from(["\n", "\r\n"])).map("".join), max_size=12).map("".join)


@settings(max_examples=150, deadline=None)
@given(text=FILE, backslash=st.booleans())
@example(text='1,"a\n2,"b",1,1\n3,"c",1,1\n', backslash=False)
@example(text='0,"yes",1,4\n\\N\n', backslash=True)
@example(text='0,"yes",1,4\n,,1,1,\n2,b,1,\n3,"x,\ny",1,""\n', backslash=False)
@example(text='1,"a",1,1\n\n\n2,"b",1,1', backslash=True)
@example(text='1,a""b,1,1\n1,15.9",1,1\n1,"15.9"",1,1\n1,"x",1,1\n', backslash=False)
def test_the_quick_way_gives_what_the_careful_way_gives(folder: Path, text: str, backslash: bool) -> None:
    dialect = Dialect(backslash=backslash)
    data = text.encode()
    quick, careful = Loaded(folder, data, dialect), Loaded(folder, data, dialect, careful=True)
    assert quick.rows == careful.rows
    assert quick.refused == careful.refused, data
    assert quick.counts == careful.counts
