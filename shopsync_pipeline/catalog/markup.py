"""Catalog text becomes shop text: entities decoded once, markup escaped or sanitised once, titles cut at a word.

Nothing that leaves `fragment` or `body` can run in a shopper's browser.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby

import nh3

_TAGS = {
    "b", "br", "em", "h3", "h4", "i", "li", "ol", "p", "strong", "sub", "sup", "table", "tbody", "td", "th", "tr", "ul",
}
_ATTRIBUTES: dict[str, set[str]] = {"th": {"colspan", "scope"}, "td": {"colspan"}}
_PAGE_ATTRIBUTES = {**{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"class", "title", "lang"}}
_DROPPED_WITH_TEXT = {"script", "style", "iframe", "object", "title", "noscript"}
_MARKUP = re.compile(
    r"</?(?:b|br|em|i|li|ol|p|strong|sub|sup|ul|table|tr|td|div|span|font|script|style|a|h[1-6])\b[^<>]*/?>",
    re.IGNORECASE)
_WHITE = re.compile(r"\s+")
_NOT_HANDLE = re.compile(r"[^a-z0-9]+")
_PARAGRAPHS = re.compile(r"(?:\r?\n){2,}")


def sanitised(markup: str) -> str:
    """HTML with only harmless formatting left in it."""
    return nh3.clean(markup, tags=_TAGS, attributes=_ATTRIBUTES, clean_content_tags=_DROPPED_WITH_TEXT, link_rel=None)


def sanitised_page(markup: str) -> str:
    """HTML that somebody wrote for a shop: links, pictures and classes stay, whatever could run goes."""
    return nh3.clean(markup, attributes=_PAGE_ATTRIBUTES, clean_content_tags=_DROPPED_WITH_TEXT, link_rel=None)


def plain_text(source: str) -> str:
    """One line of text without markup and entities: for titles, names, tags and metafields."""
    text = source
    if "<" in text and _MARKUP.search(text):
        text = _MARKUP.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return _WHITE.sub(" ", text).strip()


def fragment(source: str) -> str:
    """Catalog text as HTML: what already is markup stays markup, plain text is decoded and escaped once."""
    if "<" in source and _MARKUP.search(source):
        return source
    text = html.unescape(source) if "&" in source else source
    return html.escape(text.strip(), quote=False)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of `text`, ending with a whole word where there is one."""
    if len(text) <= limit:
        return text
    head = text[:limit + 1]
    at_word = head.rpartition(" ")[0].rstrip(" ,;:-–/&(")
    return at_word or text[:limit]


def slug(*parts: str, limit: int = 255) -> str:
    """A handle: ASCII letters, digits and single hyphens. The last part is kept whole when the text is too long."""
    words = [_ascii_words(part) for part in parts]
    last = words[-1][:limit]
    head = "-".join(word for word in words[:-1] if word)
    room = limit - len(last) - (1 if last else 0)
    head = head[:max(room, 0)].strip("-")
    return "-".join(word for word in (head, last) if word)


def _ascii_words(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    return _NOT_HANDLE.sub("-", decomposed.encode("ascii", "ignore").decode().lower()).strip("-")


def body(*, paragraphs: Sequence[str], bullets: Sequence[str], specs: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """The description: paragraphs, a list of features, and one table of specifications with a row per header.

    `specs` are (header, name, values) in order; rows of one header stand together. The result is sanitised; it is
    empty when there is nothing to say.
    """
    parts: list[str] = []
    for paragraph in paragraphs:
        text = fragment(paragraph)
        if text.lstrip().lower().startswith(("<p", "<ul", "<ol", "<table", "<div", "<h")):
            parts.append(text)
        else:
            parts.extend(f"<p>{piece.strip()}</p>" for piece in _PARAGRAPHS.split(text) if piece.strip())
    if bullets:
        parts.append("<ul>" + "".join(f"<li>{fragment(bullet)}</li>" for bullet in bullets) + "</ul>")
    table: list[str] = []
    for header, rows in groupby(specs, key=lambda spec: spec[0]):
        if header:
            table.append(f'<tr><th colspan="2">{fragment(header)}</th></tr>')
        for _, name, values in rows:
            value = fragment(values[0]) if len(values) == 1 else "<br>".join(map(fragment, values))
            table.append(f"<tr><td>{fragment(name)}</td><td>{value}</td></tr>")
    if table:
        parts.append("<table><tbody>" + "".join(table) + "</tbody></table>")
    return sanitised("".join(parts)) if parts else ""
