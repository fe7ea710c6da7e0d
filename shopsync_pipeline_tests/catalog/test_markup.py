"""Catalog text as shop text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.markup import body, cut, plain_text, sanitised, sanitised_page, slug


def test_entities_are_decoded_once_in_plain_text() -> None:
    assert plain_text("Binder, 2&quot; &amp; 3&quot;  A&eacute;ro ") == 'Binder, 2" & 3" Aéro'
    assert plain_text("a &amp;lt; b") == "a &lt; b"
    assert plain_text("<p>One<br/>two</p>") == "One two"
    assert plain_text("5 < 6 and 7 > 2") == "5 < 6 and 7 > 2"


def test_text_is_escaped_exactly_once_in_html() -> None:
    html = body(paragraphs=["Hook & Loop &amp; more <5 lb"], bullets=[], specs=[("H", 'Size "A"', ['15.9"', "a<b"])])
    assert "<p>Hook &amp; Loop &amp; more &lt;5 lb</p>" in html
    assert "&amp;amp;" not in html
    assert '<td>15.9"<br>a&lt;b</td>' in html


def test_markup_of_the_catalog_stays_and_scripts_go() -> None:
    source = "<p onclick='x()'>Hi<script>alert(1)</script></p><ul><li>a</li></ul>"
    html = body(paragraphs=[source], bullets=["b"], specs=[])
    assert html == "<p>Hi</p><ul><li>a</li></ul><ul><li>b</li></ul>"


def test_the_spec_table_has_a_row_per_header() -> None:
    html = body(paragraphs=[], bullets=[], specs=[("A", "x", ["1"]), ("A", "y", ["2"]), ("B", "z", ["3"])])
    assert html.count("<th") == 2
    assert html.index("A</th>") < html.index("<td>y</td>") < html.index("B</th>")
    assert body(paragraphs=[], bullets=[], specs=[]) == ""


def test_a_shop_page_keeps_its_links_and_pictures() -> None:
    page = '<div class="x"><a href="https://example.com/">l</a><img src="https://example.com/a.png"></div>'
    assert sanitised_page(page) == page
    assert "javascript" not in sanitised_page('<a href="javascript:x()">l</a>')


@given(st.text())
def test_sanitising_twice_changes_nothing(text: str) -> None:
    once = sanitised(text)
    assert sanitised(once) == once
    assert "<script" not in once.lower()


def test_titles_are_cut_at_a_word() -> None:
    assert cut("one two three", 9) == "one two"
    assert cut("one two", 7) == "one two"
    assert cut("onetwothree", 5) == "onetw"


def test_handles_are_ascii_and_keep_the_sku() -> None:
    assert slug('Café Crème, 15.9" – Größe', "AB/12") == "cafe-creme-15-9-grosse-ab-12"
    long = slug("word " * 100, "SKU-1")
    assert len(long) <= 255
    assert long.endswith("-sku-1")


@given(st.text(), st.text())
def test_every_handle_is_legal(title: str, sku: str) -> None:
    handle = slug(title, sku)
    assert len(handle) <= 255
    assert not handle.startswith("-")
    assert set(handle) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
