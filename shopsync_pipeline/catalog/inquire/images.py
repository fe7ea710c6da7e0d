"""Which rows of productimages are pictures to show, in which order: one row per picture, never a document."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shopsync_pipeline.catalog.inquire.record import Picture
from shopsync_pipeline.catalog.rules import ProjectionRules
from shopsync_pipeline.core.product import Image

_PUBLISHED = frozenset({"published", "series published", "third party published", "third party series published"})
_NAMED_SIZES = ("Original", "Main", "Large", "Thumbnail")
_ANGLES = (
    "Front", "Rear", "Left", "Right", "Top", "Bottom", "Hero-Shot", "In-Package", "Out-of-Package", "Jack-Pack",
    "Life-Style", "Zoom-Closeup", "Labeled-Images", "Line-Art", "Collections", "Finish", "Frame", "Shell", "Swatch",
)
_NUMBERED = re.compile(r"(Alternate-Image|Screenshot)(\d+)(?:-?Maximum)?", re.IGNORECASE)
_MAXIMUM = re.compile(r"-?Maximum$", re.IGNORECASE)
_WORDS = {"alternate-image": "Alternate view", "screenshot": "Screenshot"}


def images_of(productid: int, title: str, pictures: Iterable[Picture], rules: ProjectionRules) -> tuple[Image, ...]:
    """The product's images: the main picture at its largest permitted size, then angles, then numbered views."""
    types = [picture.type.strip() for picture in pictures if picture.status.strip().lower() in _PUBLISHED]
    chosen: list[tuple[str, str]] = []
    main = _main(types, rules.image_size_limit)
    if main is not None:
        chosen.append((main, ""))
    by_name: dict[str, str] = {}
    for kind in sorted(types):
        base = _MAXIMUM.sub("", kind).lower()
        if base not in by_name or kind.lower() != base:
            by_name[base] = kind
    for angle in _ANGLES:
        if angle.lower() in by_name:
            chosen.append((by_name[angle.lower()], angle.replace("-", " ")))
    numbered = [(match[1].lower(), int(match[2]), kind)
                for kind in by_name.values() if (match := _NUMBERED.fullmatch(kind))]
    chosen += [(kind, f"{_WORDS[word]} {number}") for word, number, kind in sorted(numbered)]
    return tuple(
        Image(source=f"{rules.image_host}/{kind}/{productid}.jpg", alt=f"{word} – {title}" if word else title)
        for kind, word in chosen[:rules.image_limit])


def _main(types: list[str], limit: int) -> str | None:
    sizes = sorted(int(kind) for kind in types if kind.isascii() and kind.isdigit())
    fitting = [size for size in sizes if size <= limit]
    if fitting:
        return str(fitting[-1])
    if sizes:
        return str(sizes[0])
    folded = {kind.lower(): kind for kind in types}
    return next((folded[name.lower()] for name in _NAMED_SIZES if name.lower() in folded), None)
