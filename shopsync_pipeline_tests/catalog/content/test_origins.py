"""The text in which origins are kept."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.content.origins import DEFAULT, Origin, decode, encode
from shopsync_pipeline.catalog.content.record import Row

ROWS = st.lists(st.builds(Row, st.integers(0, 2), st.integers(1, 20)), min_size=1, max_size=30)


def test_an_origin_is_its_rule_and_its_rows_and_neighbours_are_one_item() -> None:
    text = encode({"title": Origin("{description:2}", (Row(1, 7),)), "taxable": DEFAULT,
                   "body_html": Origin("table", (Row(2, 5), Row(2, 4), Row(1, 9), Row(2, 6), Row(2, 8)))}, [-1, 4, 3])
    assert json.loads(text) == {
        "title": ["{description:2}", [4, 7]], "taxable": ["default"],
        "body_html": ["table", [4, 9], [3, 4, 6], [3, 8]]}


def test_rows_of_files_that_the_delivery_does_not_have_are_not_kept() -> None:
    assert json.loads(encode({"price": Origin("feed", (Row(0, 7),))}, [-1])) == {"price": ["feed"]}
    assert decode('{"price": ["feed"]}') == {"price": Origin("feed")}


@given(st.dictionaries(st.text(min_size=1), st.tuples(st.text(min_size=1), ROWS), max_size=4))
def test_what_was_written_is_read_again_row_by_row(origins: dict[str, tuple[str, list[Row]]]) -> None:
    read = decode(encode({path: Origin(rule, tuple(rows)) for path, (rule, rows) in origins.items()}, range(3)))
    assert {path: (rule, list(rows)) for path, (rule, rows) in read.items()} == {
        path: (rule, sorted(set(rows))) for path, (rule, rows) in origins.items()}
