"""Catalog text as typed metafield values. The dev store, which knows nothing of us, says what Shopify would take."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.content.metafield_values import LIST_PREFIX, TYPES, list_text, value_reader
from shopsync_pipeline.devstore.values.metafield_types import is_type, problem


@pytest.mark.parametrize(("kind", "text", "value"), [
    ("single_line_text_field", " A &amp; B\n c", "A & B c"), ("multi_line_text_field", "A\r\n\r\n  B ", "A\nB"),
    ("number_integer", "600 Sheets", "600"), ("number_integer", "1,200", "1200"), ("number_integer", "-3", "-3"),
    ("number_decimal", '15.90"', "15.9"), ("number_decimal", "+12", "12"), ("boolean", "Yes", "true"),
    ("boolean", "0", "false"),
    ("date", "2026-02-28", "2026-02-28"), ("date", "2026-02-28 00:00:00", "2026-02-28"),
    ("date", "20260228", "2026-02-28"),
    ("url", "https://example.com/a b.pdf?x=1", "https://example.com/a%20b.pdf?x=1"), ("json", '{ "a": 1 }', '{"a":1}'),
    ("weight", "2.40 lb", '{"value":2.4,"unit":"lb"}'), ("weight", "1 1/2 Pounds", '{"value":1.5,"unit":"lb"}'),
    ("dimension", '8-1/2"', '{"value":8.5,"unit":"in"}'), ("dimension", "11/2 in", '{"value":5.5,"unit":"in"}'),
    ("dimension", "1/4 in.", '{"value":0.25,"unit":"in"}'),
    ("dimension", "3 mm", '{"value":3,"unit":"mm"}'), ("dimension", "15.9&quot;", '{"value":15.9,"unit":"in"}'),
    ("volume", "12 fl oz", '{"value":12,"unit":"us_fl_oz"}'), ("volume", ".5 Liter", '{"value":0.5,"unit":"l"}'),
])
def test_values_of_each_type(kind: str, text: str, value: str) -> None:
    assert value_reader(kind)(text) == value
    assert problem(kind, value) is None


@pytest.mark.parametrize(("kind", "text", "reason"), [
    ("number_integer", "2 x 4", "not one number"), ("number_integer", "10 - 12", "not one number"),
    ("number_integer", "2.5", "not a whole number"), ("number_integer", "9" * 17, "not a decimal number"),
    ("number_decimal", "99999999999999", "beyond"), ("number_decimal", "some", "not one number"),
    ("boolean", "maybe", "neither true nor false"), ("date", "12/31/2026", "not a date written as"),
    ("date", "2026-02-30", "not a day"), ("url", "www.example.com", "not an address"),
    ("url", "javascript:x", "not an"),
    ("url", "https://[", "not an address"), ("json", "{", "not JSON"), ("weight", "2.4", "not a weight with its unit"),
    ("weight", "2 in", "not a weight"), ("dimension", '8" x 11"', "not a dimension"),
    ("dimension", "1/0 in", "not a dim"),
    ("volume", "gallon", "not a volume"),
])
def test_what_is_not_of_the_type_is_refused_with_a_reason(kind: str, text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        value_reader(kind)(text)


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_one_of_the_platform(kind: str) -> None:
    assert is_type(kind)


NUMBERS = st.one_of(st.integers().map(str), st.decimals(allow_nan=False).map(str), st.floats().map(str))
TEXTS = st.one_of(
    st.text(max_size=30), NUMBERS,
    st.tuples(NUMBERS, st.sampled_from([" lb", '"', "in", " fl oz", "kg", "'"])).map("".join),
    st.dates().map(str), st.sampled_from(["yes", "{}", "[1]", "http://a.b/c", "1/2 in", "1-1/2 ft"]))


@pytest.mark.parametrize("kind", TYPES)
@given(items=st.lists(TEXTS, min_size=1, max_size=5))
def test_whatever_is_read_the_platform_takes_and_nothing_else_is_raised(kind: str, items: list[str]) -> None:
    read = []
    for text in items:
        with suppress(ValueError):
            read.append(value_reader(kind)(text))
    read = [value for value in read if value]
    if read and kind.startswith(LIST_PREFIX):
        assert problem(kind, list_text(kind, read)) is None
    elif read:
        assert problem(kind, read[0]) is None


def test_a_list_has_no_more_items_than_the_platform_takes() -> None:
    assert problem("list.number_integer", list_text("list.number_integer", [str(n) for n in range(200)])) is None
