"""Global ids: taking them apart and finding what they name.

An id that is not one raises the platform's error; an id of nothing is simply not found.
"""

from __future__ import annotations

import re
from typing import Any, Final

from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.records import Location, Product, Variant, gid
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.views import LevelView

_GID: Final = re.compile(r"gid://shopify/(\w+)/(\d+)(?:\?.*)?")
# Recorded: nodes answers null for an id of the right shape whose last part is no number.
_NAMES_NOTHING: Final = re.compile(r"gid://shopify/\w+/[\w-]+")
_LEVEL: Final = re.compile(r"gid://shopify/InventoryLevel/(\d+)\?inventory_item_id=(\d+)")


def number_of(text: str, kind: str) -> int | None:
    """The number in a gid of `kind`, or None when it is a gid of something else; a bare number is accepted."""
    if text.isdigit():
        return int(text)
    match = _GID.fullmatch(text)
    return int(match[2]) if match and match[1] == kind else None


def read_id(text: str, kind: str) -> int:
    """The number in a gid of `kind`; raises the platform's "invalid id" for anything else."""
    number = number_of(text, kind)
    if number is None:
        raise PlatformError(f"Invalid global id '{text}'" if "://" not in text else "invalid id", "RESOURCE_NOT_FOUND")
    return number


def find_product(store: Store, text: str) -> Product | None:
    """The product a gid names."""
    number = number_of(text, "Product")
    return store.products.get(number) if number is not None else None


def find_variant(store: Store, text: str) -> Variant | None:
    """The variant a gid names."""
    number = number_of(text, "ProductVariant")
    return store.variants.get(number) if number is not None else None


def find_location(store: Store, text: str) -> Location | None:
    """The location a gid names."""
    number = number_of(text, "Location")
    return store.locations.get(number) if number is not None else None


def level_gid(location_id: int, item_id: int) -> str:
    """The gid of a stock level; its number belongs to the location, its query names the item."""
    return f"{gid('InventoryLevel', location_id)}?inventory_item_id={item_id}"


def find_node(store: Store, text: str) -> Any:
    """Whatever a gid names, or None; raises for a text that is no gid."""
    match = _GID.fullmatch(text)
    if match is None:
        if _NAMES_NOTHING.fullmatch(text):
            return None
        raise PlatformError(f"Invalid global id '{text}'", "RESOURCE_NOT_FOUND")
    kind, number = match[1], int(match[2])
    if kind == "InventoryLevel":
        return find_level(store, text)
    held: dict[str, dict[int, Any]] = {
        "Product": store.products,
        "ProductVariant": store.variants,
        "InventoryItem": store.items,
        "Location": store.locations,
        "Publication": store.publications,
        "Collection": store.collections,
        "PriceList": store.price_lists,
        "Metafield": store.metafields_by_id,
        "MetafieldDefinition": store.definitions,
        "MediaImage": store.files,
        "InventoryAdjustmentGroup": store.groups,
        "BulkOperation": store.bulk_operations,
        "WebhookSubscription": store.subscriptions,
        "ProductSetOperation": store.operations,
        "ProductDeleteOperation": store.operations,
    }
    return held.get(kind, {}).get(number)


def find_level(store: Store, text: str) -> Any:
    """The stock level a gid names."""
    match = _LEVEL.fullmatch(text)
    if match is None:
        return None
    location_id, item_id = int(match[1]), int(match[2])
    item = store.items.get(item_id)
    level = item.levels.get(location_id) if item else None
    return LevelView(item, location_id, level) if item and level else None
