"""The columns of a Shopify-template CSV under all the names that exporters give them.

Shopify's own export, its newer template and catalog vendors' variants differ in spelling only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_ALIASES: dict[str, tuple[str, ...]] = {
    "handle": ("handle", "url handle", "handle url handle"),
    "title": ("title",),
    "body": ("body html", "description", "body"),
    "vendor": ("vendor",),
    "type": ("type", "product type"),
    "tags": ("tags",),
    "published": ("published", "published on online store"),
    "status": ("status",),
    "sku": ("variant sku", "sku"),
    "grams": ("variant grams", "weight value grams"),
    "weight_unit": ("variant weight unit", "weight unit for display"),
    "tracker": ("variant inventory tracker", "inventory tracker"),
    "quantity": ("variant inventory qty", "inventory quantity"),
    "policy": ("variant inventory policy", "continue selling when out of stock"),
    "price": ("variant price", "price"),
    "compare_at_price": ("variant compare at price", "compare at price"),
    "cost": ("cost per item",),
    "requires_shipping": ("variant requires shipping", "requires shipping"),
    "taxable": ("variant taxable", "charge tax"),
    "barcode": ("variant barcode", "barcode"),
    "image": ("image src", "product image url"),
    "image_position": ("image position",),
    "image_alt": ("image alt text",),
    "variant_image": ("variant image", "variant image url"),
    "seo_title": ("seo title",),
    "seo_description": ("seo description",),
    **{f"option{number}_{part}": (f"option{number} {part}",) for number in (1, 2, 3) for part in ("name", "value")},
}
_FIELD_OF = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}
# `Metafield: custom.Color[list.single_line_text]` and Shopify's own `Colour (product.metafields.custom.color)`.
_VENDOR_METAFIELD = re.compile(r"Metafield:\s*(?P<namespace>[^.\s]+)\.(?P<key>.+?)\s*(?:\[(?P<type>[\w.]+)\])?\s*")
_SHOPIFY_METAFIELD = re.compile(r".*\(product\.metafields\.(?P<namespace>[^.()]+)\.(?P<key>[^()]+)\)\s*")
_TYPES = {
    "single_line_text": "single_line_text_field", "multi_line_text": "multi_line_text_field",
    "list.single_line_text": "list.single_line_text_field", "string": "single_line_text_field",
    "integer": "number_integer", "decimal": "number_decimal",
}
_NOT_KEY = re.compile(r"[^a-z0-9_-]+")
KEY_LIMIT = 64


@dataclass(frozen=True, slots=True)
class MetafieldColumn:
    """A column that holds a metafield of the product: its place, and the metafield's namespace, key and type."""

    place: int
    namespace: str
    key: str
    type: str


@dataclass(frozen=True, slots=True)
class TemplateHeader:
    """The first line: the place and the written name of each known column, and the metafield columns."""

    width: int
    places: dict[str, int]
    names: tuple[str, ...]
    metafields: tuple[MetafieldColumn, ...]


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()


def is_template_header(names: Sequence[str]) -> bool:
    """Whether these are the columns of a Shopify product CSV: a handle, a title, and an option, image or variant."""
    known = {_FIELD_OF.get(_folded(name)) for name in names}
    return {"handle", "title"} <= known and bool(known & {"option1_name", "image", "sku", "vendor", "body"})


def parse_header(names: Sequence[str]) -> TemplateHeader:
    """Finds the known columns; where two have the same meaning the first counts."""
    places: dict[str, int] = {}
    metafields: list[MetafieldColumn] = []
    taken: set[tuple[str, str]] = set()
    for place, name in enumerate(names):
        match = _VENDOR_METAFIELD.fullmatch(name.strip()) or _SHOPIFY_METAFIELD.fullmatch(name.strip())
        if match is None:
            known = _FIELD_OF.get(_folded(name))
            if known is not None:
                places.setdefault(known, place)
            continue
        written = match.groupdict().get("type") or "single_line_text"
        key = _NOT_KEY.sub("_", match["key"].lower()).strip("_")[:KEY_LIMIT]
        if len(key) >= 2 and (match["namespace"], key) not in taken:
            taken.add((match["namespace"], key))
            metafields.append(MetafieldColumn(place, match["namespace"], key, _TYPES.get(written, written)))
    return TemplateHeader(len(names), places, tuple(names), tuple(metafields))
