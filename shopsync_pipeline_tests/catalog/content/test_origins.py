"""The text in which origins are kept."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.content.origins import DEFAULT, Origin, encode
from shopsync_pipeline.catalog.content.record import Row

ROWS = st.lists(st.builds(Row, st.integers(0, 2), st.integers(1, 20)), min_size=1, max_size=30)


def test_an_origin_is_its_rule_and_its_rows_and_neighbours_are_one_item() -> None:
    text = encode({"title": Origin("{description:2}", (Row(1, 7),)), "taxable": DEFAULT,
                   "body_html": Origin("table", (Row(2, 5), Row(2, 4), Row(1, 9), Row(2, 6), Row(2, 8)))})
    assert json.loads(text) == {
        "title": ["{description:2}", [1, 7]], "taxable": ["default", [-1, 0]],
        "body_html": ["table", [1, 9], [2, 4, 6], [2, 8]]}


@given(ROWS)
def test_the_text_holds_exactly_the_rows(rows: list[Row]) -> None:
    (rule, *items), = json.loads(encode({"body_html": Origin("r", tuple(rows))})).values()
    assert rule == "r"
    held = [(file, line) for file, first, *last in items for line in range(first, (last or [first])[0] + 1)]
    assert sorted(set(rows)) == sorted(held)
