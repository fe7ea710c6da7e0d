"""Catalog text as shop text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog.markup import (
    cut,
    fragment,
    is_markup,
    plain_lines,
    plain_text,
    sanitised,
    sanitised_page,
    slug,
)


def test_entities_are_decoded_once_in_plain_text() -> None:
    assert plain_text("Binder, 2&quot; &amp; 3&quot;  A&eacute;ro ") == 'Binder, 2" & 3" Aéro'
    assert plain_text("a &amp;lt; b") == "a &lt; b"
    assert plain_text("<p>One<br/>two</p>") == "One two"
    assert plain_text("5 < 6 and 7 > 2") == "5 < 6 and 7 > 2"


def test_lines_stay_where_they_are_wanted() -> None:
    assert plain_lines("One &amp; two\r\n\r\n  three  four\x00 ") == "One & two\nthree four"


def test_a_fragment_is_escaped_or_sanitised_once() -> None:
    assert fragment('Hook & Loop &amp; more <5 lb, 15.9" ') == 'Hook &amp; Loop &amp; more &lt;5 lb, 15.9"'
    assert fragment("&lt;b&gt;") == "&lt;b&gt;"
    assert fragment("<p onclick='x()'>Hi<script>alert(1)</script></p>") == "<p>Hi</p>"
    assert fragment("<img src=x onerror=alert(1)>") == "&lt;img src=x onerror=alert(1)&gt;"


def test_what_is_markup() -> None:
    assert [is_markup(text) for text in ("a <b>c</b>", "x<BR/>y", "5 < 6", "a <best> b", "<unknown>")] == [
        True, True, False, False, False]


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


@given(st.text())
def test_plain_text_is_one_line_without_control_signs(text: str) -> None:
    found = plain_text(text)
    assert found == " ".join(found.split())
    assert not set(found) & {chr(code) for code in range(32)}
