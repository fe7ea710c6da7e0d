"""What each search field reads of a product, a variant or an inventory item.

Readers get the row and a View of the records it refers to; a list means that any of its values may match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shopsync_pipeline.devstore.records import Product, Variant


@dataclass(frozen=True, slots=True)
class View:
    """The records that the fields of other records refer to, as search knows them."""

    products: Mapping[int, Product]
    variants: Mapping[int, Variant]


Value = Callable[[Any, View], Any]


def _skus(product: Product, store: View) -> list[str]:
    return [store.variants[number].sku or "" for number in product.variant_ids]


def _barcodes(product: Product, store: View) -> list[str]:
    return [store.variants[number].barcode or "" for number in product.variant_ids]


def stock(product: Product, store: View) -> int:
    return sum(_variant_stock(store.variants[number], store) for number in product.variant_ids)


def _out_somewhere(product: Product, store: View) -> str:
    variants = (store.variants[number] for number in product.variant_ids)
    levels = [level for variant in variants if variant.item.tracked for level in variant.item.levels.values()]
    return "true" if any(level.active and level.available <= 0 for level in levels) else "false"


def _variant_stock(variant: Variant, _store: View) -> int:
    return sum(level.available for level in variant.item.levels.values()) if variant.item.tracked else 0


PRODUCT_FIELDS: Final[dict[str, Value]] = {
    "id": lambda row, _store: row.id,
    "handle": lambda row, _store: row.handle,
    "title": lambda row, _store: row.title,
    "status": lambda row, _store: row.status,
    "vendor": lambda row, _store: row.vendor,
    "product_type": lambda row, _store: row.product_type,
    "tag": lambda row, _store: row.tags,
    "created_at": lambda row, _store: row.created_at,
    "updated_at": lambda row, _store: row.updated_at,
    "sku": _skus,
    "barcode": _barcodes,
    "published_at": lambda row, _store: row.published_at or "",
    "category_id": lambda row, _store: (row.category or "").rsplit("/", 1)[-1],
    "collection_id": lambda row, _store: row.collection_ids,
    "publication_ids": lambda row, _store: list(row.publications),
    "inventory_total": stock,
    "out_of_stock_somewhere": _out_somewhere,
    "variant_id": lambda row, _store: row.variant_ids,
}
VARIANT_FIELDS: Final[dict[str, Value]] = {
    "id": lambda row, _store: row.id,
    "sku": lambda row, _store: row.sku or "",
    "barcode": lambda row, _store: row.barcode or "",
    "title": lambda row, _store: row.title,
    "product_id": lambda row, _store: row.product_id,
    "updated_at": lambda row, _store: row.updated_at,
    "inventory_quantity": _variant_stock,
    "vendor": lambda row, store: store.products[row.product_id].vendor,
    "product_type": lambda row, store: store.products[row.product_id].product_type,
    "product_status": lambda row, store: store.products[row.product_id].status,
    "tag": lambda row, store: store.products[row.product_id].tags,
}
ITEM_FIELDS: Final[dict[str, Value]] = {
    "id": lambda row, _store: row.id,
    "sku": lambda row, store: store.variants[row.variant_id].sku or "",
    "created_at": lambda row, _store: row.created_at,
    "updated_at": lambda row, _store: row.updated_at,
}
