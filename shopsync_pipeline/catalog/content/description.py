"""The description of a product as HTML: marketing text, a list of features, and one table of specifications.

Only text that came with markup is sanitised, piece by piece; the tags around it are our own. So no product pays for
parsing a table that we have just written, and nothing is escaped twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from shopsync_pipeline.catalog.content.placeholders import FEATURES
from shopsync_pipeline.catalog.content.record import ContentRecord, Row, Spec
from shopsync_pipeline.catalog.markup import escaped, fragment, is_markup, plain_text

_BLOCK = re.compile(r"<(?:p|ul|ol|li|table|h3|h4)[ >]")
_PARAGRAPHS = re.compile(r"(?:\r?\n[ \t]*){2,}")
_ROW_END = "</td></tr>"
"""Ends the row before: every row of the table is written with it, and the first loses it again."""


def description(
    marketing: Iterable[tuple[str, Sequence[Row]]], record: ContentRecord, *, hidden: frozenset[int], bullets: bool,
    spec_table: bool,
) -> tuple[str, list[Row]]:
    """The HTML, and the rows that are in it; empty text when there is nothing to say.

    `marketing`: texts with their rows. `hidden`: whole ids of attributes that the table leaves out.
    """
    parts: list[str] = []
    rows: list[Row] = []
    seen: set[str] = set()
    for text, from_rows in marketing:
        if text not in seen:
            seen.add(text)
            parts += _paragraphs(text)
            rows += from_rows
    if bullets:
        items = _bullets(record, rows)
        if items:
            parts.append(f"<ul>{''.join(items)}</ul>")
    if spec_table:
        if record.specs_html:
            parts += _paragraphs(record.specs_html)
            rows.append(record.row)
        else:
            _table(record.specs, hidden, parts, rows)
    return "".join(parts), rows


def _paragraphs(text: str) -> list[str]:
    if is_markup(text):
        html = fragment(text)
        return [html if not html or _BLOCK.search(html) else f"<p>{html}</p>"]
    pieces = _PARAGRAPHS.split(text) if "\n" in text else (text,)
    return [f"<p>{html}</p>" for piece in pieces if (html := fragment(piece))]


def _bullets(record: ContentRecord, rows: list[Row]) -> list[str]:
    texts = {bullet.text.strip(): bullet.row for bullet in reversed(record.bullets)}
    ordered = dict.fromkeys(bullet.text.strip() for bullet in record.bullets)
    for feature in record.texts:
        if feature.type in FEATURES:
            text = feature.text.strip()
            if text not in texts:
                ordered[text] = None
                texts[text] = feature.row
    items: list[str] = []
    for text in ordered:
        html = fragment(text)
        if "<li" in html or "<p" in html:
            # A bullet that brings a bullet's or a paragraph's own tags: its words are the item.
            html = escaped(plain_text(text))
        if html:
            items.append(f"<li>{html}</li>")
            rows.append(texts[text])
    return items


def _table(specs: Iterable[Spec], hidden: frozenset[int], parts: list[str], rows: list[Row]) -> None:
    """One row per attribute, its values one below the other, under a row per header. The hot loop of the projection."""
    cell, label, read = _cell, _label, rows.append
    out: list[str] = []
    write = out.append
    shown_header: str | None = ""
    last: int | None = None
    last_name = ""
    first = ""
    more: list[str] = []
    for header, name, attribute, value, row in specs:
        if attribute == last and name == last_name and header == shown_header:
            html = cell(value)
            if html and html != first and html not in more:
                more = [*more, html]
                write(f"<br>{html}")
                read(row)
            continue
        if not name or attribute in hidden:
            continue
        html = cell(value)
        if not html:
            continue
        if header == shown_header:
            write(label(name) + html)
        else:
            shown_header = header
            write(f"{_header(header)}{label(name).removeprefix(_ROW_END)}{html}" if header else label(name) + html)
        last, last_name, first = attribute, name, html
        if more:
            more = []
        read(row)
    if out:
        parts.append(f"<table><tbody>{''.join(out).removeprefix(_ROW_END)}{_ROW_END}</tbody></table>")


_cell = lru_cache(maxsize=1 << 15)(fragment)


@lru_cache(maxsize=1 << 14)
def _label(name: str) -> str:
    return f"{_ROW_END}<tr><td>{fragment(name)}</td><td>"


@lru_cache(maxsize=1 << 12)
def _header(header: str) -> str:
    return f'{_ROW_END}<tr><th colspan="2">{fragment(header)}</th></tr>'
