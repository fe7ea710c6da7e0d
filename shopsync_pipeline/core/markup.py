"""The canonical text of HTML: two descriptions that a browser shows alike have the same text.

For comparing only, never for writing: what is sent to the store is what the catalog says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
                  "track", "wbr"})
"""Tags without content: they are never closed, and a slash at their end says nothing."""

_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "col", "colgroup", "dd", "details",
    "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "head", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup",
    "option", "p", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})
"""Tags at whose borders a line begins or ends, so that white space next to them is not shown."""

_KEEPS_SPACE = frozenset({"pre", "textarea", "listing", "xmp", "plaintext"})
_RAW = frozenset({"script", "style"})
_FOREIGN = frozenset({"svg", "math"})
_SPACE = re.compile(r"[ \t\n\r\f]+")
_NO_MARKUP = re.compile(r"[^<&>]*")


@lru_cache(maxsize=256)  # One field's four values are compared with one another, so each is asked for several times.
def canonical_html(text: str) -> str:
    """HTML with tags and attribute names in small letters, attributes sorted, entities as plain characters, no
    comments, void tags without a slash, and white space only where a browser shows it.

    Idempotent. What the parser cannot make sense of stays as it is, so that doubt means "different".
    """
    if _NO_MARKUP.fullmatch(text):
        return _SPACE.sub(" ", text).strip(" ")
    parser = _Canonical()
    parser.feed(text)
    parser.close()
    return parser.finished()


class _Canonical(HTMLParser):
    """Writes what it reads, each thing in one spelling. Text waits until the next tag, because white space is judged by
    what stands on both sides of it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._text: list[str] = []
        self._at_border = True
        self._keeping: list[str] = []
        self._raw = False
        self._foreign = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # The slash closes a tag in SVG and MathML only; anywhere else a browser does not see it.
        self._open(tag, attrs, "/" if self._foreign else "", closed=bool(self._foreign))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID and tag != "br":
            return  # A browser drops it.
        self._flush(border=tag in _BREAKS)
        self._raw = False
        if self._keeping and tag == self._keeping[-1]:
            self._keeping.pop()
        if tag in _FOREIGN and self._foreign:
            self._foreign -= 1
        self._out.append("<br>" if tag == "br" else f"</{tag}>")
        self._at_border = tag in _BREAKS

    def handle_data(self, data: str) -> None:
        if self._raw:
            self._out.append(data)
        else:
            self._text.append(data)

    def unknown_decl(self, data: str) -> None:
        """A CDATA section or the like: a comment to a browser."""

    def finished(self) -> str:
        """Everything that was read, in canonical spelling."""
        self._flush(border=True)
        return "".join(self._out)

    def _open(self, tag: str, attrs: Iterable[tuple[str, str | None]], slash: str, *, closed: bool = False) -> None:
        self._flush(border=tag in _BREAKS)
        first: dict[str, str] = {}
        for name, value in attrs:
            first.setdefault(name, value or "")
        written = "".join(f' {name}="{escape(value)}"' for name, value in sorted(first.items()))
        self._out.append(f"<{tag}{written}{slash}>")
        self._at_border = tag in _BREAKS
        self._raw = tag in _RAW
        if closed or tag in VOID:
            return
        if tag in _FOREIGN:
            self._foreign += 1
        keeps = tag in _KEEPS_SPACE or "white-space" in first.get("style", "").lower()
        if tag == self._keeping[-1] if self._keeping else keeps:
            self._keeping.append(tag)

    def _flush(self, *, border: bool) -> None:
        """Writes the text that waits. `border`: no text of the same line follows."""
        text = "".join(self._text)
        self._text.clear()
        if not text:
            return
        if not self._keeping:
            text = _SPACE.sub(" ", text)
            if self._at_border:
                text = text.lstrip(" ")
            if border:
                text = text.rstrip(" ")
        self._out.append(escape(text, quote=False))
        self._at_border = self._at_border and not text
