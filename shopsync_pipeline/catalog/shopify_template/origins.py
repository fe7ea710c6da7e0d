"""Where each field of a template product came from: a column and row, or the feed and its pricing rule."""

from __future__ import annotations

from collections.abc import Sequence

from shopsync_pipeline.catalog.content.origins import DEFAULT, Origin, Origins
from shopsync_pipeline.catalog.content.record import Row
from shopsync_pipeline.catalog.pricing import Priced
from shopsync_pipeline.catalog.shopify_template.rows import TemplateRow
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.fields import place
from shopsync_pipeline.core.product import Product, Variant

_COLUMNS = {
    "title": "title", "handle": "handle", "body_html": "body", "vendor": "vendor", "product_type": "type",
    "tags": "tags", "seo.title": "seo_title", "seo.description": "seo_description", "options": "option1_name",
    "images": "image", "variants[].options": "option1_value", "variants[].sku": "sku", "variants[].barcode": "barcode",
    "variants[].price": "price", "variants[].compare_at_price": "compare_at_price", "variants[].cost": "cost",
    "variants[].weight": "grams", "variants[].taxable": "taxable",
    "variants[].requires_shipping": "requires_shipping", "variants[].tracked": "tracker",
    "variants[].inventory_policy": "policy", "variants[].image": "variant_image", "variants[].stock[]": "quantity",
}
_FROM_FEED = {"variants[].barcode": "barcode", "variants[].weight": "weight", "variants[].stock[]": "stock",
              "variants[].tracked": "stock"}
_PRICES = {"variants[].price": "price", "variants[].compare_at_price": "compare_at_price", "variants[].cost": "cost"}


def origins_of(
    product: Product, rows: Sequence[TemplateRow], variants: Sequence[tuple[TemplateRow, Variant, Priced | None]],
) -> Origins:
    """The origin of every field of a product made of `rows`; `variants` have their row and what the feed said."""
    by_key = {str(variant.key): (row, priced) for row, variant, priced in variants}
    origins: Origins = {}
    for path in flatten(product):
        where = place(path)
        name = where.field.name
        if where.variant is not None:
            row, priced = by_key[where.variant]
            origins[path] = _of_feed(name, row, priced) or _of_column(name, row)
        elif name == "images":
            found = [row for row in rows if row.get("image") or row.get("variant_image")]
            origins[path] = Origin(_column("images", rows[0]), tuple(Row(row.index, row.line) for row in found))
        elif name == "status":
            column = "published" if not rows[0].get("status") else "status"
            origins[path] = Origin(f"column {rows[0].names.get(column, column)}, prices of all variants",
                                   (Row(rows[0].index, rows[0].line),))
        elif name == "metafields[]":
            origins[path] = Origin(f"column of metafield {where.item}", (Row(rows[0].index, rows[0].line),))
        else:
            origins[path] = _of_column(name, rows[0])
    return origins


def _of_feed(name: str, row: TemplateRow, priced: Priced | None) -> Origin | None:
    """The origin of a field that a feed gave; `None` where it did not."""
    if row.offer is None:
        return None
    if name in _PRICES:
        if priced is None or getattr(priced, _PRICES[name]) is None:
            return None
        places = row.offer.rows
        found = places.get(priced.source) or places.get("price")
        return Origin(f"pricing: {priced.reason}", (Row(*found) if found else Row(),))
    fact = _FROM_FEED.get(name)
    if fact is None or fact not in row.offer.rows:
        return None
    return Origin(f"feed: {fact}", (Row(*row.offer.rows[fact]),))


def _of_column(name: str, row: TemplateRow) -> Origin:
    if not row.get(_COLUMNS[name]) and name not in ("title", "handle"):
        return DEFAULT
    return Origin(_column(name, row), (Row(row.index, row.line),))


def _column(name: str, row: TemplateRow) -> str:
    meaning = _COLUMNS[name]
    return f"column {row.names.get(meaning, meaning)}"
