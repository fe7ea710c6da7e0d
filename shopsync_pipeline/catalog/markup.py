"""Catalog text becomes shop text: entities decoded once, markup escaped or sanitised once, titles cut at a word.

Nothing that leaves `fragment`, `sanitised` or `sanitised_page` can run in a shopper's browser.
"""

from __future__ import annotations

import html
import re
import unicodedata

import nh3

_TAGS = {
    "b", "br", "em", "h3", "h4", "i", "li", "ol", "p", "strong", "sub", "sup", "table", "tbody", "td", "th", "tr", "ul",
}
_ATTRIBUTES: dict[str, set[str]] = {"th": {"colspan", "scope"}, "td": {"colspan"}}
_PAGE_ATTRIBUTES = {**{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"class", "title", "lang"}}
_DROPPED_WITH_TEXT = {"script", "style", "iframe", "object", "title", "noscript"}
# Made once: setting a cleaner up costs more than cleaning a paragraph with it.
_CLEANER = nh3.Cleaner(tags=_TAGS, attributes=_ATTRIBUTES, clean_content_tags=_DROPPED_WITH_TEXT, link_rel=None)
_PAGE_CLEANER = nh3.Cleaner(attributes=_PAGE_ATTRIBUTES, clean_content_tags=_DROPPED_WITH_TEXT, link_rel=None)
_MARKUP = re.compile(
    r"</?(?:b|br|em|i|li|ol|p|strong|sub|sup|ul|table|tr|td|div|span|font|script|style|a|h[1-6])\b[^<>]*/?>",
    re.IGNORECASE)
_WHITE = re.compile(r"\s+")
# What neither HTML nor every database takes: NUL and its like, of which no catalog text means anything.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HANDLE_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}


def sanitised(markup: str) -> str:
    """HTML with only harmless formatting left in it."""
    return _CLEANER.clean(markup)


def sanitised_page(markup: str) -> str:
    """HTML that somebody wrote for a shop: links, pictures and classes stay, whatever could run goes."""
    return _PAGE_CLEANER.clean(markup)


def is_markup(source: str) -> bool:
    """Whether a text is HTML, as some values of a catalog are, and not text that has a `<` in it."""
    return "<" in source and _MARKUP.search(source) is not None


def plain_text(source: str) -> str:
    """One line of text without markup and entities: for titles, names, tags and metafields."""
    # Most values of a catalog are one line of plain letters, and this is asked of every one of them.
    if source.isprintable() and "<" not in source and "&" not in source and "  " not in source:
        return source.strip()
    return _WHITE.sub(" ", _decoded(source)).strip()


def plain_lines(source: str) -> str:
    """Text without markup and entities whose line breaks stay."""
    lines = (_WHITE.sub(" ", line).strip() for line in _decoded(source).splitlines())
    return "\n".join(line for line in lines if line)


def _decoded(source: str) -> str:
    text = source
    if is_markup(text):
        text = _MARKUP.sub(" ", text)
    if "&" in text:
        text = html.unescape(text)
    return _CONTROL.sub("", text)


def fragment(source: str) -> str:
    """Catalog text as harmless HTML: markup is sanitised, plain text is decoded and escaped once."""
    if source.isprintable() and "<" not in source and "&" not in source and ">" not in source:
        return source.strip()
    if is_markup(source):
        return sanitised(_CONTROL.sub("", source)).strip()
    text = html.unescape(source) if "&" in source else source
    return escaped(_CONTROL.sub("", text).strip())


def escaped(text: str) -> str:
    """Plain text, already decoded, as HTML that shows it."""
    return html.escape(text, quote=False)


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
    last = words[-1][:limit].strip("-")
    head = "-".join(word for word in words[:-1] if word)
    room = limit - len(last) - (1 if last else 0)
    head = head[:max(room, 0)].strip("-")
    return "-".join(word for word in (head, last) if word)


def _ascii_words(text: str) -> str:
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
        text = decomposed.encode("ascii", "ignore").decode()
    return "-".join(text.lower().translate(_HANDLE_WORDS).split())
