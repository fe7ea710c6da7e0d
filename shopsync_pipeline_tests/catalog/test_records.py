"""Delimited text in the dialects of real exports, and what one broken row may cost."""

from __future__ import annotations

import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shopsync_pipeline.catalog.records import MAX_RECORD_LINES, Dialect, Rejected, read_batches, restore

MYSQL = Dialect(backslash=True)


def records(text: str, width: int = 3, dialect: Dialect = MYSQL) -> tuple[list[tuple[int, list[str]]], list[Rejected]]:
    rows: list[tuple[int, list[str]]] = []
    rejected: list[Rejected] = []
    for batch in read_batches(io.StringIO(text, newline=""), dialect, frozenset({width})):
        for line, row in zip(batch.lines, batch.rows, strict=True):
            rows.append((line, [restore(value) for value in row] if batch.escaped else row))
        rejected.extend(batch.rejected)
    return rows, rejected


def test_quoted_and_bare_fields_with_crlf_and_a_trailing_empty_record() -> None:
    assert records('1,"a, b",x\r\n2,"c",y\r\n\r\n') == ([(1, ["1", "a, b", "x"]), (2, ["2", "c", "y"])], [])


def test_backslash_escapes_of_mysql() -> None:
    rows, _ = records('1,"15.9\\" x 3\\\\4",\\N\r\n2,a\\,b,"x\\ny\\tz"\r\n')
    assert rows == [(1, ["1", '15.9" x 3\\4', ""]), (2, ["2", "a,b", "x\ny\tz"])]


def test_null_is_a_whole_field_only() -> None:
    assert records("1,\\N,a\\Nb\r\n")[0] == [(1, ["1", "", "aNb"])]


def test_doubled_quotes_and_literal_backslashes_of_the_other_dialects() -> None:
    assert records('1,"15.9"" x",C:\\new\r\n', dialect=Dialect())[0] == [(1, ["1", '15.9" x', "C:\\new"])]


def test_line_ends_within_quotes_belong_to_the_value() -> None:
    rows, rejected = records('1,"two\r\nlines\n\nfour",x\r\n2,b,y\r\n')
    assert rows == [(1, ["1", "two\r\nlines\n\nfour", "x"]), (5, ["2", "b", "y"])]
    assert rejected == []


def test_a_line_end_behind_a_backslash_belongs_to_the_value() -> None:
    rows, _ = records("1,a\\\nb,x\r\n2,b,y\r\n")
    assert rows == [(1, ["1", "a\nb", "x"]), (3, ["2", "b", "y"])]


def test_an_inch_mark_that_breaks_the_quotes_costs_one_row() -> None:
    rows, rejected = records('1,"ok",x\r\n2,"15.9"",x\r\n3,"fine",x\r\n4,"also",x\r\n')
    assert [row[0] for row in rows] == [1, 3, 4]
    assert [(row.line, row.text) for row in rejected] == [(2, '2,"15.9"",x')]


def test_a_quote_within_quotes_is_a_character_where_no_delimiter_follows() -> None:
    assert records('1,"15.9" x 12" cut",x\r\n') == ([(1, ["1", '15.9" x 12" cut', "x"])], [])


def test_wrong_widths_are_rejected_with_the_numbers() -> None:
    _, rejected = records("1,a\r\n2,b,y\r\n3,c,d,e\r\n")
    assert [(row.line, row.reason) for row in rejected] == [
        (1, "2 fields where 3 are expected"), (3, "4 fields where 3 are expected")]


def test_an_unclosed_quote_is_given_up_after_so_many_lines() -> None:
    text = '1,"open,x\r\n' + "words\r\n" * (MAX_RECORD_LINES + 50) + "2,b,y\r\n"
    rows, rejected = records(text)
    assert [row for _, row in rows] == [["2", "b", "y"]]
    assert len(rejected) == MAX_RECORD_LINES + 51


MARKS = ['"', "\\", ",", "\n", "\r", "é", "x", '""']
GOOD = [f'{number},"value {number}",x' for number in range(6)]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.sampled_from(MARKS)), max_size=6))
@example([(0, 2, '"'), (3, 4, "\\")])
def test_no_mutation_raises_and_every_line_is_accounted_for(mutations: list[tuple[int, int, str]]) -> None:
    lines = list(GOOD)
    for line, place, inserted in mutations:
        lines[line] = lines[line][:place] + inserted + lines[line][place:]
    text = "\r\n".join(lines) + "\r\n"
    rows, rejected = records(text)
    starts = [line for line, _ in rows] + [row.line for row in rejected]
    assert len(starts) == len(set(starts))
    untouched = set(range(6)) - {line for line, _, _ in mutations}
    found = {row[0] for _, row in rows}
    swallowed = sum(1 for line in untouched if str(line) not in found)
    assert swallowed == 0 or any(mark in ('"', '""', "\\") for _, _, mark in mutations)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.booleans())
def test_any_text_is_read_without_an_error(text: str, backslash: bool) -> None:
    rows, rejected = records(text, 2, Dialect(backslash=backslash))
    assert len(rows) + len(rejected) <= text.count("\n") + text.count("\r") + 1
