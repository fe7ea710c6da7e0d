"""Committed changes as events: which topics a commit concerns, each resource once, with the body to send.

A change of a variant, of its stock or of a metafield is a change of the product too: there is no topic for variants.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from shopsync_pipeline.devstore.bulk.records import RUNNING
from shopsync_pipeline.devstore.persistence import Change
from shopsync_pipeline.devstore.records import Product, Variant, gid
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.webhooks import payloads
from shopsync_pipeline.devstore.webhooks.payloads import Payload

_VARIANT: Final = "gid://shopify/ProductVariant/"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `resource` names what it happened to; `owner` is a gid that can hold metafields."""

    topic: str
    resource: str
    payload: Payload
    owner: str | None = None


def events_of(store: Store, changes: list[Change], wanted: Collection[str]) -> list[Event]:
    """The events of one commit on the wanted topics, in no order that a receiver could rely on."""
    found = []
    for topic, resource, make, owner in _noted(store, changes):
        if topic in wanted:
            found.append(Event(topic, resource, make(), owner))
    return found


_Noted = tuple[str, str, Callable[[], Payload], str | None]


def _noted(store: Store, changes: list[Change]) -> Iterator[_Noted]:
    yield from _products(store, changes)
    for change in changes:
        match change.kind:
            case "ProductVariant":
                yield from _inventory(store, change)
            case "Location":
                yield from _location(store, change)
            case "Collection":
                yield from _collection(store, change)
            case "BulkOperation":
                yield from _bulk(store, change)


def _products(store: Store, changes: list[Change]) -> Iterator[_Noted]:
    topics: dict[int, str] = {}
    for change in changes:
        if change.before == change.after:
            continue
        if change.kind == Product.KIND and change.before is None:
            topics[change.id] = "PRODUCTS_CREATE"
        elif change.kind == Product.KIND and change.after is None:
            topics[change.id] = "PRODUCTS_DELETE"
        else:
            number = _product_of(store, change)
            if number is not None:
                topics.setdefault(number, "PRODUCTS_UPDATE")
    for number, topic in topics.items():
        resource = gid(Product.KIND, number)
        product = store.products.get(number)
        if topic == "PRODUCTS_DELETE":
            yield topic, resource, lambda number=number: payloads.deleted_payload(number), None  # type: ignore[misc]
        elif product is not None:
            yield topic, resource, lambda product=product: payloads.product_payload(store, product), resource  # type: ignore[misc]


def _product_of(store: Store, change: Change) -> int | None:
    if change.product_id is not None:
        return change.product_id
    owner = str((change.after or change.before or {}).get("owner", "")) if change.kind == "Metafield" else ""
    variant = store.variants.get(int(owner.removeprefix(_VARIANT))) if owner.startswith(_VARIANT) else None
    return variant.product_id if variant is not None else None


def _inventory(store: Store, change: Change) -> Iterator[_Noted]:
    before, after = (change.before or {}).get("item"), (change.after or {}).get("item")
    number = int((after or before or {})["id"])
    resource = gid("InventoryItem", number)
    variant = store.variants.get(change.id)
    if variant is None or after is None:
        yield "INVENTORY_ITEMS_DELETE", resource, lambda: payloads.deleted_item_payload(number), None
        return
    if before is None:
        yield "INVENTORY_ITEMS_CREATE", resource, lambda: payloads.item_payload(variant), None
    elif _item_facts(change.before) != _item_facts(change.after):
        yield "INVENTORY_ITEMS_UPDATE", resource, lambda: payloads.item_payload(variant), None
    yield from _levels(variant, number, (before or {}).get("levels", {}), after["levels"])


def _item_facts(variant: dict[str, Any] | None) -> dict[str, Any]:
    """What inventory_items/update speaks of: the item without its stock and its time, and the sku."""
    assert variant is not None
    facts = {name: value for name, value in variant["item"].items() if name not in ("levels", "updated_at")}
    return {**facts, "sku": variant["sku"]}


def _levels(variant: Variant, item_id: int, before: dict[str, Any], after: dict[str, Any]) -> Iterator[_Noted]:
    for place in dict.fromkeys([*before, *after]):
        old, new = before.get(place), after.get(place)
        location_id = int(place)
        resource = f"{gid('InventoryLevel', location_id)}?inventory_item_id={item_id}"
        was, stocked = bool(old and old["active"]), bool(new and new["active"])
        level = variant.item.levels.get(location_id)
        if was and not stocked:
            gone = payloads.disconnected_payload(item_id, location_id)
            yield "INVENTORY_LEVELS_DISCONNECT", resource, lambda gone=gone: gone, None  # type: ignore[misc]
        if not stocked or level is None:
            continue
        body = payloads.level_payload(item_id, location_id, level)
        if not was:
            yield "INVENTORY_LEVELS_CONNECT", resource, lambda body=body: body, None  # type: ignore[misc]
        if (old or {"available": 0})["available"] != level.available:
            yield "INVENTORY_LEVELS_UPDATE", resource, lambda body=body: body, None  # type: ignore[misc]


def _location(store: Store, change: Change) -> Iterator[_Noted]:
    resource = gid("Location", change.id)
    location = store.locations.get(change.id)
    if change.after is None or location is None:
        yield "LOCATIONS_DELETE", resource, lambda: payloads.deleted_payload(change.id), None
        return
    was = None if change.before is None else bool(change.before["active"])
    if was is None:
        topic = "LOCATIONS_CREATE"
    elif was != location.active:
        topic = "LOCATIONS_ACTIVATE" if location.active else "LOCATIONS_DEACTIVATE"
    elif change.before != change.after:
        topic = "LOCATIONS_UPDATE"
    else:
        return
    yield topic, resource, lambda: payloads.location_payload(location), None


def _collection(store: Store, change: Change) -> Iterator[_Noted]:
    resource = gid("Collection", change.id)
    collection = store.collections.get(change.id)
    if change.after is None or collection is None:
        yield "COLLECTIONS_DELETE", resource, lambda: payloads.deleted_payload(change.id), None
    elif change.before != change.after:
        topic = "COLLECTIONS_CREATE" if change.before is None else "COLLECTIONS_UPDATE"
        yield topic, resource, lambda: payloads.collection_payload(collection), resource


def _bulk(store: Store, change: Change) -> Iterator[_Noted]:
    record = store.bulk_operations.get(change.id)
    if record is None or change.before is None or change.before["status"] not in RUNNING or record.status in RUNNING:
        return
    yield "BULK_OPERATIONS_FINISH", gid(record.KIND, record.id), lambda: payloads.bulk_payload(record), None
