"""What the platform does to values it is given: handles, tags, HTML, prices, file names.

Pure functions of values; where a rule was observed on a real store, the test beside it says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from urllib.parse import unquote, urlsplit

import nh3

_NOT_HANDLE: Final = re.compile(r"[^\w]+")
_TRAILING_NUMBER: Final = re.compile(r"^(.*?)(\d+)$", re.DOTALL)
_CENT: Final = Decimal("0.01")
_TAGS: Final = nh3.ALLOWED_TAGS | {"iframe", "video", "source", "font", "section"}


def handle_from(text: str) -> str:
    """The handle made of a title or a raw handle: lower case, runs of other signs become one hyphen.

    Letters of any script stay. A text without any letter or digit gives "product".
    """
    made = _NOT_HANDLE.sub("-", text.strip().lower()).strip("-")
    return made or "product"


def free_handle(wanted: str, taken: Callable[[str], bool]) -> str:
    """`wanted`, or the next free one: a trailing number counts up, otherwise "-1" and so on is added."""
    while taken(wanted):
        match = _TRAILING_NUMBER.match(wanted)
        wanted = f"{match[1]}{int(match[2]) + 1:0{len(match[2])}d}" if match else f"{wanted}-1"
    return wanted


def tags_from(given: Iterable[str]) -> list[str]:
    """Tags as the shop keeps them: trimmed, blank ones dropped, first spelling of a word kept, sorted."""
    kept: dict[str, str] = {}
    for tag in given:
        trimmed = tag.strip()
        if trimmed:
            kept.setdefault(trimmed.casefold(), trimmed)
    return sorted(kept.values(), key=lambda tag: (tag.casefold(), tag))


def clean_html(given: str) -> str:
    """Description HTML without scripts, event handlers and unknown elements; plain formatting passes unchanged."""
    return nh3.clean(
        given,
        tags=_TAGS,
        attributes={"*": {"class", "id", "style", "title", "lang", "dir"}, **_ATTRIBUTES},
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel"},
    )


_ATTRIBUTES: Final = {
    "a": {"href", "target", "name", "rel"},
    "img": {"src", "alt", "width", "height", "loading"},
    "iframe": {"src", "width", "height", "allow", "allowfullscreen", "frameborder"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "td": {"colspan", "rowspan", "width", "align", "valign"},
    "th": {"colspan", "rowspan", "width", "scope", "align"},
    "video": {"src", "controls", "width", "height", "poster"},
    "source": {"src", "type"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type"},
}


def price_from(amount: Decimal) -> Decimal:
    """A price as the shop keeps it: two decimals."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def amount_text(amount: Decimal) -> str:
    """An amount of money inside MoneyV2: at least one decimal, no trailing zeros beyond it ("12.5", "12.0")."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


def file_name_of(source: str) -> str:
    """The file name at the end of an address, safe for another address; "image.jpg" when it has none."""
    name = unquote(urlsplit(source).path.rsplit("/", 1)[-1])
    name = re.sub(r"[^\w.\-]+", "_", name).strip("._")
    if not name:
        return "image.jpg"
    return name if "." in name else f"{name}.jpg"


def mime_type_of(name: str) -> str:
    """The image type a file name speaks of."""
    kind = name.rsplit(".", 1)[-1].lower()
    return {"png": "image/png", "gif": "image/gif", "webp": "image/webp", "svg": "image/svg+xml"}.get(
        kind, "image/jpeg"
    )
