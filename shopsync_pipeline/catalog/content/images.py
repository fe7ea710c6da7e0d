"""Which rows of productimages are pictures to show, in which order: one image per picture, never a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from shopsync_pipeline.catalog.content.record import ContentRecord, Picture, RefuseValue, Row
from shopsync_pipeline.catalog.rules import ImageRules
from shopsync_pipeline.core.product import Image

_PUBLISHED = frozenset({"published", "series published", "third party published", "third party series published"})
_NAMED_SIZES = ("Original", "Main", "Large", "Thumbnail")
_NUMBERED = re.compile(r"(Alternate-Image|Screenshot)(\d{1,6})(?:-?Maximum)?", re.IGNORECASE)
_MAXIMUM = re.compile(r"-?Maximum$", re.IGNORECASE)
_WORDS = {"alternate-image": "Alternate view", "screenshot": "Screenshot"}
_PAGES = frozenset({"html", "tour"})
_ADDRESS = re.compile(r"https?://[^\s/\"'<>]+(?:/[^\s\"'<>]*)?", re.IGNORECASE)


def is_published(picture: Picture) -> bool:
    """Whether the picture or document may be shown."""
    return picture.status.strip().lower() in _PUBLISHED


def document_address(host: str, kind: str, productid: int) -> str:
    """The address of a document: brochures and manuals are PDF files, tours and HTML pages are folders."""
    name = kind.strip()
    page = name.lower() in _PAGES
    return f"{host.rstrip('/')}/{name}/{productid}" + ("/index.html" if page else ".pdf")


class Gallery:
    """The images of products by one set of rules. The choice depends on the kinds of pictures only, and few products
    have a set of kinds of their own, so it is remembered."""

    def __init__(self, rules: ImageRules, refuse: RefuseValue) -> None:
        """Rules as in the mapping file. Addresses that are none go to `refuse`."""
        self._rules = rules
        self._refuse = refuse
        self._host = rules.host.rstrip("/")
        self._choose = lru_cache(maxsize=8192)(self._chosen)

    def of(self, record: ContentRecord, title: str) -> tuple[tuple[Image, ...], tuple[Row, ...]]:
        """The images, main picture first, and the row of each."""
        pictures = record.pictures
        if not pictures:
            return (), ()
        chosen = self._choose(tuple([(picture.type, picture.status) for picture in pictures]))
        host, number = self._host, record.productid
        found: dict[str, tuple[Image, Row]] = {}
        for place, word, kind, ending in chosen:
            picture = pictures[place]
            if picture.address is None:
                source = f"{host}/{kind}/{number}{ending}"
            elif _ADDRESS.fullmatch(source := picture.address.strip()) is None:
                self._refuse(picture.row, "url", source,
                             f'a picture of product {number} is at "{source}": not an address of the web; the picture '
                             "is left out")
                continue
            if source not in found:
                found[source] = Image(source=source, alt=f"{word} – {title}" if word else title), picture.row
        if not found:
            return (), ()
        images, rows = zip(*found.values(), strict=True)
        return images[:self._rules.limit], rows[:self._rules.limit]

    def _chosen(self, pictures: Sequence[tuple[str, str]]) -> list[tuple[int, str, str, str]]:
        """(place among the pictures, what is seen, kind, ending of the file's name) of each picture to show."""
        kinds = {kind.strip(): place for place, (kind, status) in enumerate(pictures)
                 if status.strip().lower() in _PUBLISHED}
        chosen: list[tuple[str, str]] = []
        main = _main(kinds, self._rules.size_limit)
        if main is not None:
            chosen.append((main, ""))
        by_name: dict[str, str] = {}
        for kind in sorted(kinds):
            base = _MAXIMUM.sub("", kind).lower()
            if base not in by_name or kind.lower() != base:
                by_name[base] = kind
        for angle in self._rules.angles:
            if angle.lower() in by_name and by_name[angle.lower()] != main:
                chosen.append((by_name[angle.lower()], angle.replace("-", " ")))
        numbered = [(match[1].lower(), int(match[2]), kind)
                    for kind in by_name.values() if (match := _NUMBERED.fullmatch(kind))]
        chosen += [(kind, f"{_WORDS[word]} {number}") for word, number, kind in sorted(numbered)]
        return [(kinds[kind], word, kind, ".gif" if kind.lower() == "animated-gif" else ".jpg")
                for kind, word in chosen]


def _main(kinds: dict[str, int], limit: int) -> str | None:
    sizes = sorted((int(kind), kind) for kind in kinds if kind.isascii() and kind.isdigit() and len(kind) < 7)
    fitting = [kind for size, kind in sizes if size <= limit]
    if fitting:
        return fitting[-1]
    if sizes:
        return sizes[0][1]
    folded = {kind.lower(): kind for kind in kinds}
    return next((folded[name.lower()] for name in _NAMED_SIZES if name.lower() in folded), None)
