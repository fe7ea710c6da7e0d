"""Canonical forms: values that mean the same are equal, values that do not are not, and a form is its own form."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shopsync_pipeline.core.canonical import Form, canonical, canonical_json_text, form_of, same
from shopsync_pipeline.core.fields import REGISTRY, Value
from shopsync_pipeline_tests.core.samples import FIELD, LAW

HTML = [
    ("<p>A</p>", "<P>A</P>"),
    ("<p>A</p>", "  <p>\n  A\n</p>\n"),
    ("<p>a b</p>", "<p>a \n\t b</p>"),
    ("caf\u00e9 &amp; bar", "caf&eacute; &#38; bar"),
    ("caf\u00e9", "cafe\u0301"),
    ("<p>x &lt; y</p>", "<p>x &#60; y</p>"),
    ("<br>", "<br/>"), ("a<br>b", "a <BR /> b"),
    ('<img src="a" alt="b">', "<img alt='b' src=a />"),
    ('<a href="?a=1&amp;b=2">x</a>', '<a href="?a=1&b=2">x</a>'),
    ("<input disabled>", '<input disabled="">'),
    ("<p>a</p><!-- note --><p>b</p>", "<p>a</p>\n<p>b</p>"),
    ("<ul><li>a</li><li>b</li></ul>", "<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>"),
    ("plain text", " plain\ntext "),
    ("<p/>a", "<p>a"),
]
OTHER_HTML = [
    ("<p>A</p>", "<p>a</p>"), ("<p>A</p>", "<div>A</div>"), ("a<b>c</b>", "a <b>c</b>"), ("a<img>b", "a <img>b"),
    ("<pre>a  b</pre>", "<pre>a b</pre>"), ("<pre>\n\na</pre>", "<pre>a</pre>"), ("a&nbsp;b", "a b"),
    ("&lt;b&gt;", "<b>"), ('<a class="x y">a</a>', '<a class="y x">a</a>'),
    ("<script>a  b</script>", "<script>a b</script>"),
    ('<p style="white-space: pre">a  b</p>', '<p style="white-space: pre">a b</p>'), ("<p>a</p>", "<p>a"),
    ("<svg><path/><g></g></svg>", "<svg><path><g></g></svg>"), ('<a href="A">x</a>', '<a href="a">x</a>'),
]


def metafield(kind: str, value: str) -> Value:
    return {"type": kind, "value": value}


def weighing(value: str, unit: str) -> Value:
    return {"value": value, "unit": unit}


EQUAL: list[tuple[str, Any, Any]] = [
    *[("body_html", one, other) for one, other in HTML],
    ("title", "Lamp", "Lamp "), ("title", "a\r\nb", "a\nb"), ("title", "\u00fc", "u\u0308"), ("title", "a \nb", "a\nb"),
    ("tags", ["Red", "blue"], ["BLUE", "red", "Red "]), ("tags", ["stra\u00dfe"], ["STRASSE"]),
    ("handle", "clay-pot", "Clay Pot"), ("handle", "a-b", "a--b-"),
    ("variants[].barcode", "036000291452", "0036000291452"), ("variants[].barcode", "0036000291452", "00036000291452"),
    ("variants[].barcode", "0 36000 29145 2", "036000291452"),
    ("variants[].price", "12.50", "12.5"), ("variants[].price", "0.00", "0"), ("variants[].cost", "1E+2", "100"),
    ("variants[].weight", weighing("1", "POUNDS"), weighing("453.59237", "GRAMS")),
    ("variants[].weight", weighing("16", "OUNCES"), weighing("1", "POUNDS")),
    ("variants[].weight", weighing("1.50", "KILOGRAMS"), weighing("1500", "GRAMS")),
    ("metafields[]", metafield("json", '{"a": 1.0, "b": [1e2]}'), metafield("json", '{"b":[100],"a":1}')),
    ("metafields[]", metafield("dimension", '{"value": 1.50, "unit": "cm"}'),
     metafield("dimension", '{"unit":"cm","value":1.5}')),
    ("metafields[]", metafield("number_decimal", "1.50"), metafield("number_decimal", "1.5")),
    ("metafields[]", metafield("boolean", "True"), metafield("boolean", "true")),
    ("metafields[]", metafield("multi_line_text_field", "a\r\nb"), metafield("multi_line_text_field", "a\nb")),
    ("metafields[]", metafield("list.single_line_text_field", '["a", "b"]'),
     metafield("list.single_line_text_field", '["a","b"]')),
    ("images", [{"source": "x", "alt": "a "}], [{"alt": "a", "source": "x"}]),
]
DIFFERENT: list[tuple[str, Any, Any]] = [
    *[("body_html", one, other) for one, other in OTHER_HTML],
    ("title", "Lamp", "lamp"), ("title", "a b", "a  b"), ("tags", ["red"], ["red", "blue"]),
    ("handle", "clay-pot", "claypot"), ("variants[].barcode", "36000291452", "036000291452"),
    ("variants[].barcode", "12345670", "000012345670"), ("variants[].sku", "a", "A"),
    ("variants[].price", "12.50", "12.51"), ("variants[].price", "free", "0"),
    ("variants[].weight", weighing("1", "POUNDS"), weighing("454", "GRAMS")),
    ("variants[].weight", weighing("1", "STONE"), weighing("1", "stone")),
    ("metafields[]", metafield("json", '{"a": 1}'), metafield("json", '{"a": "1"}')),
    ("metafields[]", metafield("json", "[1,2]"), metafield("json", "[2,1]")),
    ("metafields[]", metafield("json", "[1]"), metafield("list.number_integer", "[1]")),
    ("metafields[]", metafield("single_line_text_field", '{"a": 1}'), metafield("single_line_text_field", '{"a":1}')),
    ("images", [{"source": "x", "alt": ""}, {"source": "y", "alt": ""}],
     [{"source": "y", "alt": ""}, {"source": "x", "alt": ""}]),
    ("options", ["Size", "Color"], ["Color", "Size"]), ("variants[].taxable", True, False),
    ("variants[].stock[]", 1, 2), ("title", "", None),
]


@pytest.mark.parametrize(("name", "one", "other"), EQUAL)
def test_values_that_mean_the_same_are_equal(name: str, one: Value, other: Value) -> None:
    assert same(FIELD[name], one, other)
    assert same(FIELD[name], other, one)


@pytest.mark.parametrize(("name", "one", "other"), DIFFERENT)
def test_values_that_differ_in_what_is_shown_are_different(name: str, one: Value, other: Value) -> None:
    assert not same(FIELD[name], one, other)
    assert not same(FIELD[name], other, one)


@pytest.mark.parametrize(("written", "one_way"), [
    ("<P CLASS='b' ID=a>x &eacute;<BR/></P>", '<p class="b" id="a">x \u00e9<br></p>'),
    ("<a title='\"&'>x", '<a title="&quot;&amp;">x'),
    ("<p a=1 a=2>", '<p a="1">'),
    ("x</br>y</img>", "x<br>y"),
])
def test_the_one_way_in_which_html_is_written(written: str, one_way: str) -> None:
    assert canonical(FIELD["body_html"], written) == one_way


def test_grams_are_exact_by_definition() -> None:
    for unit, grams in (("POUNDS", "453.59237"), ("OUNCES", "28.349523125"), ("KILOGRAMS", "1000"), ("GRAMS", "1")):
        found = canonical(FIELD["variants[].weight"], weighing("3", unit))
        assert found == weighing(f"{3 * Decimal(grams):f}", "GRAMS")


def test_absent_equals_absent_only() -> None:
    for field in REGISTRY:
        assert same(field, None, None)
        assert not same(field, None, "x")
        assert not same(field, [], None)


def test_every_field_has_a_form() -> None:
    assert {field.name: form_of(field).value for field in REGISTRY}.items() >= {
        "title": "text", "body_html": "html", "seo.title": "text", "seo.description": "text", "vendor": "text",
        "product_type": "text", "tags": "tags", "handle": "handle", "status": "exact", "options": "list",
        "images": "list", "metafields[]": "json", "variants[].options": "list", "variants[].sku": "exact",
        "variants[].barcode": "gtin", "variants[].price": "decimal", "variants[].compare_at_price": "decimal",
        "variants[].cost": "decimal", "variants[].taxable": "flag", "variants[].weight": "weight",
        "variants[].requires_shipping": "flag", "variants[].tracked": "flag", "variants[].inventory_policy": "exact",
        "variants[].image": "exact", "variants[].stock[]": "exact",
    }.items()
    assert {form.value for form in Form} >= {form_of(field).value for field in REGISTRY}


markup = st.lists(st.sampled_from([
    "<", ">", "/", "p", "<p>", "</p>", "<br/>", "<pre>", "</pre>", "<b>", "</b>", "<svg>", "<g/>", "</svg>", "<script>",
    "</script>", "<textarea>", "</textarea>", "<title>", "<!--", "-->", "<!", "<?", "<![CDATA[", "]]>", "&amp;", "&",
    "&#60;", "&nbsp;", "a", " ", "\n", "\u00e9", "e\u0301", '"', "'", "=", "<a b='c' d>", "\x00",
    "<i style='white-space:pre'>",
]), max_size=12).map("".join)
numbers = st.decimals(allow_nan=True, allow_infinity=True).map(str)
texts = st.text(max_size=12) | st.text("aA\u0301\u0345\u1fb3 \u00df\u0130-_1", max_size=8)
json_texts = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
                          lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
                          max_leaves=6).map(lambda value: json.dumps(value, indent=1))
kinds = st.sampled_from(["json", "list.x", "money", "number_decimal", "boolean", "single_line_text_field"])
values = st.one_of(
    texts, markup, numbers, json_texts, st.booleans(), st.integers(), st.lists(texts, max_size=4),
    st.builds(weighing, numbers | texts, st.sampled_from(["GRAMS", "POUNDS", "OUNCES", "KILOGRAMS", "STONE"])),
    st.builds(metafield, kinds, json_texts | numbers | texts),
    st.lists(st.fixed_dictionaries({"source": texts, "alt": texts}), max_size=3),
)


@LAW
@given(values)
@example("<p a\"b='1'>")
@example("9" * 5000)
@example("1e999999999")
def test_a_canonical_form_is_its_own_canonical_form(value: Value) -> None:
    for field in REGISTRY:
        once = canonical(field, value)
        assert canonical(field, once) == once, (field.name, value)


@LAW
@given(markup)
def test_canonical_html_is_its_own_canonical_html(text: str) -> None:
    once = canonical(FIELD["body_html"], text)
    assert canonical(FIELD["body_html"], once) == once


@LAW
@given(values, values)
def test_equality_is_symmetric_and_holds_with_the_canonical_form(one: Value, other: Value) -> None:
    for field in REGISTRY:
        assert same(field, one, other) == same(field, other, one)
        assert same(field, one, canonical(field, one))


@LAW
@given(json_texts)
def test_json_keeps_its_meaning(written: str) -> None:
    assert exactly(canonical_json_text(written)) == exactly(written)


def exactly(written: str) -> Any:
    return json.loads(written, parse_float=Decimal, parse_int=Decimal)


def test_json_nested_deeper_than_can_be_read_is_text() -> None:
    deep = "[" * 100_000
    assert canonical_json_text(deep) == deep
