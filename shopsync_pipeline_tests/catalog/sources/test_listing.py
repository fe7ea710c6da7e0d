"""Listings of all forms are read to the last line; times tell that a file changed, never by guesswork that shifts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.sources.listing import Entry, Kind, UnknownLineError, of_facts, of_line, stamp

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def at(*when: int) -> int:
    """Seconds since 1970 of a time in UTC."""
    return int(datetime(*when, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(("line", "entry"), [
    ("-rw-r--r--   1 owner group   27600742 Feb 28 23:59 acct-BESTPRICE-CSVFull.csv",
     Entry("acct-BESTPRICE-CSVFull.csv", Kind.FILE, 27_600_742, at(2026, 2, 28, 23, 59))),
    ("-rw-r--r--   1 owner group   12 Nov 27 15:01 last years.csv",
     Entry("last years.csv", Kind.FILE, 12, at(2025, 11, 27, 15, 1))),
    ("-rw-r--r--   1 owner group   12 Mar  6 11:59 tomorrow there",
     Entry("tomorrow there", Kind.FILE, 12, at(2026, 3, 6, 11, 59))),
    ("-rw-r--r--   1 1001 1002 4294967296 Jan  2  2019 EN_US_SKU_D&H Canada.zip",
     Entry("EN_US_SKU_D&H Canada.zip", Kind.FILE, 4_294_967_296, at(2019, 1, 2))),
    ("drwxr-xr-x+ 2 DOMAIN\\some one Domain Users 4096 Jan  2  2019  leading space",
     Entry(" leading space", Kind.FOLDER, 4096, at(2019, 1, 2))),
    ("lrwxrwxrwx   1 ftp ftp 9 Jan  2 00:00 current.zip -> 2026/a.zip",
     Entry("current.zip", Kind.LINK, 9, at(2026, 1, 2))),
    ("-rw-r--r-- 1 ftp ftp 5 Jan 2 00:00 -> odd", Entry("-> odd", Kind.FILE, 5, at(2026, 1, 2))),
    ("prw-r--r-- 1 ftp ftp 0 Jan 2 00:00 pipe", Entry("pipe", Kind.OTHER, 0, at(2026, 1, 2))),
    ("-rw-r--r-- 1 ftp ftp 5 Feb 30 00:00 no such day", Entry("no such day", Kind.FILE, 5, None)),
    ("11-27-26  03:04PM       <DIR>          Extras", Entry("Extras", Kind.FOLDER, None, at(2026, 11, 27, 15, 4))),
    ("11-27-26  12:04AM          4294967296 PRICE.ZIP",
     Entry("PRICE.ZIP", Kind.FILE, 4_294_967_296, at(2026, 11, 27, 0, 4))),
    ("01-02-2019  12:04PM  7 two  spaces.csv", Entry("two  spaces.csv", Kind.FILE, 7, at(2019, 1, 2, 12, 4))),
    ("01-02-99  15:04  7 old.csv", Entry("old.csv", Kind.FILE, 7, at(1999, 1, 2, 15, 4))),
    ("13-45-19  12:04PM  7 no day.csv", Entry("no day.csv", Kind.FILE, 7, None)),
    ("01-02-19  12:04PM  <JUNCTION>  elsewhere", Entry("elsewhere", Kind.OTHER, None, at(2019, 1, 2, 12, 4))),
])
def test_a_line_of_list_is_read(line: str, entry: Entry) -> None:
    assert of_line(line, NOW) == entry


@pytest.mark.parametrize("line", ["total 12", "Total 0", "", "   "])
def test_lines_that_are_no_entries_are_passed_over(line: str) -> None:
    assert of_line(line, NOW) is None


@given(st.text(max_size=80))
def test_any_other_line_is_an_entry_or_an_error_and_never_passed_over(line: str) -> None:
    try:
        entry = of_line(line, NOW)
    except UnknownLineError:
        return
    if entry is None:
        assert line.strip() == "" or line.strip().lower().startswith("total ")
    else:
        assert line.endswith(entry.name) or " -> " in line


@pytest.mark.parametrize(("facts", "entry"), [
    ({"type": "file", "size": "12", "modify": "20260228235958"},
     Entry("n", Kind.FILE, 12, at(2026, 2, 28, 23, 59, 58))),
    ({"type": "FILE", "size": "12", "modify": "20260228235958.123"},
     Entry("n", Kind.FILE, 12, at(2026, 2, 28, 23, 59, 58))),
    ({"type": "dir", "modify": "20260228235958"}, Entry("n", Kind.FOLDER, None, at(2026, 2, 28, 23, 59, 58))),
    ({"type": "OS.unix=slink:/a/b", "size": "1"}, Entry("n", Kind.LINK, 1, None)),
    ({"type": "OS.unix=symlink"}, Entry("n", Kind.LINK, None, None)),
    ({"type": "OS.unix=chr-13/29"}, Entry("n", Kind.OTHER, None, None)),
    ({"size": "12"}, Entry("n", Kind.FILE, 12, None)),
    ({"type": "file", "size": "many", "modify": "20261345000000"}, Entry("n", Kind.FILE, None, None)),
    ({"type": "cdir"}, None), ({"type": "pdir"}, None),
])
def test_facts_are_read(facts: dict[str, str], entry: Entry | None) -> None:
    assert of_facts("n", facts) == entry


@given(st.text(max_size=20))
def test_a_stamp_is_a_time_or_nothing(text: str) -> None:
    assert stamp(text) is None or isinstance(stamp(text), int)


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_stamp_tells_its_second(when: datetime) -> None:
    second = when.replace(microsecond=0, tzinfo=UTC)
    assert stamp(f"{second:%Y%m%d%H%M%S}") == int(second.timestamp())
