"""Given values: what a person may type for a field, and what it becomes; the rest is refused in a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import REGISTRY, Path, Value
from shopsync_pipeline.core.given_values import given_value
from shopsync_pipeline_tests.core.samples import LAW

NUMBER = {"type": "number_integer", "value": "1"}


@pytest.mark.parametrize(("path", "typed", "becomes"), [
    ("title", " Pot ", "Pot"), ("title", "", None), ("title", None, None), ("tags", "b, a,,A", ["a", "b"]),
    ("tags", ["b", "a"], ["a", "b"]), ("status", "draft", "DRAFT"), ("category", "el-2-2", "el-2-2"),
    ("category", "gid://shopify/TaxonomyCategory/el-2", "el-2"), ("category", "na", None),
    ("variants[S].price", "12.5", "12.50"), ("variants[S].price", 12.5, "12.50"), ("variants[S].price", 0, "0.00"),
    ("variants[S].weight", "2.50 kilograms", {"value": "2.5", "unit": "KILOGRAMS"}),
    ("variants[S].weight", {"value": "2.50", "unit": "POUNDS"}, {"value": "2.5", "unit": "POUNDS"}),
    ("variants[S].weight", "0 GRAMS", None), ("variants[S].taxable", "False", False),
    ("variants[S].taxable", True, True), ("collections[sale]", "true", True), ("collections[sale]", "false", None),
    ("variants[S].country_of_origin", "de", "DE"), ("variants[S].hs_code", "8471.30", "847130"),
    ("variants[S].inventory_policy", "continue", "CONTINUE"), ("variants[S].barcode", "4006381333931", "4006381333931"),
])
def test_what_is_typed_becomes_the_fields_own_value(path: str, typed: Value | None, becomes: Value | None) -> None:
    assert given_value(Path(path), typed) == becomes


@pytest.mark.parametrize(("typed", "example", "becomes"), [
    ("7", NUMBER, {"type": "number_integer", "value": "7"}),
    (7, NUMBER, {"type": "number_integer", "value": "7"}),
    ({"type": "json", "value": "{}"}, NUMBER, {"type": "json", "value": "{}"}),
    ("red", {"type": "single_line_text_field", "value": "x"}, {"type": "single_line_text_field", "value": "red"}),
    ('["a"]', {"type": "list.color", "value": "x"}, {"type": "list.color", "value": '["a"]'}),
])
def test_a_metafield_keeps_its_type_unless_it_gets_another(typed: Value, example: Value, becomes: Value) -> None:
    assert given_value(Path("metafields[custom.a]"), typed, example) == becomes


@pytest.mark.parametrize(("path", "typed", "example", "why"), [
    ("variants[S].price", "12,50", None, 'no value for variants[S].price: it must be an amount such as 12.50'),
    ("variants[S].price", "-1", None, "not below zero"), ("variants[S].price", "NaN", None, "must be an amount"),
    ("variants[S].price", True, None, "must be an amount"), ("variants[S].price", "1e99", None, "must be an amount"),
    ("variants[S].weight", "2.5", None, "a number and a unit"), ("variants[S].weight", "2 stone", None, "units are"),
    ("variants[S].taxable", "maybe", None, "true or false"), ("variants[S].taxable", 1, None, "true or false"),
    ("status", "hidden", None, "ACTIVE, DRAFT, ARCHIVED, UNLISTED"), ("category", "Lamps", None, "taxonomy"),
    ("variants[S].country_of_origin", "Germany", None, "two letters"), ("variants[S].hs_code", "12", None, "digits"),
    ("title", 5, None, "it must be text"), ("title", "a\x00", None, "without NUL"),
    ("title", "a\ud800", None, "halves of characters"), ("title", "x" * 256, None, "Shopify takes 255"),
    ("tags", [1], None, "tags with commas"), ("metafields[custom.a]", "x", NUMBER, "it must be a number"),
    ("metafields[custom.a]", "1.5", NUMBER, "it must be a number"),
    ("metafields[custom.a]", "{", {"type": "json", "value": "{}"}, "it must be JSON"),
    ("metafields[custom.a]", "{}", {"type": "list.color", "value": "[]"}, "a JSON list"),
    ("metafields[custom.a]", "yes", {"type": "boolean", "value": "true"}, "true or false"),
    ("metafields[custom.a]", "x", None, 'or {"type": …, "value": …}'),
    ("images", "x", None, "cannot be given another value here"), ("options", "x", None, "correct the catalog"),
    ("variants[S].stock[default]", 5, None, "correct the feed"),
])
def test_what_is_no_value_of_the_field_is_a_sentence(path: str, typed: Value, example: Value | None, why: str) -> None:
    with pytest.raises(ShopsyncError) as refused:
        given_value(Path(path), typed, example)
    assert why in str(refused.value)
    str(refused.value).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5)
PATHS = [field.name.replace("variants[]", "variants[S]").replace("[]", "[x.y]") for field in REGISTRY]


@LAW
@given(st.sampled_from(PATHS), json_values | st.from_regex(r"[0-9.]{1,8}( GRAMS)?", fullmatch=True),
       st.none() | st.just(NUMBER))
def test_anything_typed_is_a_value_or_a_sentence_and_a_value_stays_itself(path: str, typed: Value,
                                                                         example: Value | None) -> None:
    try:
        value = given_value(Path(path), typed, example)
    except ShopsyncError as refused:
        str(refused).encode()
        return
    canonical_json(value).encode()
    assert given_value(Path(path), value, example) == value
