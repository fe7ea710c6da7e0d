"""inventoryBulkToggleActivation: at which locations an item is stocked, for one item and many locations at once."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import number_of
from shopsync_pipeline.devstore.operations.inventory_writes import touch_stock
from shopsync_pipeline.devstore.records import Item, Level
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import stock_at
from shopsync_pipeline.devstore.views import LevelView


@mutation("inventoryBulkToggleActivation")
def bulk_toggle(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Stocks and unstocks an item; all rows or none. What is unstocked keeps its figures for a later return."""
    number = number_of(arguments["inventoryItemId"], Item.KIND)
    item = context.store.items.get(number) if number is not None else None
    if item is None:
        sentence = "The inventory item was not found."
        return _refused(None, [user_error(["inventoryItemId"], sentence, "INVENTORY_ITEM_NOT_FOUND")])
    rows = arguments["inventoryItemUpdates"]
    errors = [error for index, row in enumerate(rows) for error in _check(context, item, row, index)]
    places = {number_of(row["locationId"], "Location"): bool(row["activate"]) for row in rows}
    left = {place for place, level in item.levels.items() if level.active}
    for place, activate in places.items():
        if place is not None:
            (left.add if activate else left.discard)(place)
    if not errors and not left:
        sentence = "Cannot unstock an inventory item from the only location at which it is stocked."
        where = ["inventoryItemUpdates", str(len(rows) - 1), "locationId"]
        errors.append(user_error(where, sentence, "CANNOT_DEACTIVATE_FROM_ONLY_LOCATION"))
    if errors:
        return _refused(item, errors)
    levels = []
    for place, activate in places.items():
        assert place is not None
        if activate:
            stock_at(context, item, place)
        elif place in item.levels:
            item.levels[place].active = False
            item.levels[place].updated_at = context.now
        if place in item.levels:
            levels.append(LevelView(item, place, item.levels[place]))
    touch_stock(context, item)
    return {"inventoryItem": item, "inventoryLevels": levels, "userErrors": []}


def _refused(item: Item | None, errors: list[UserError]) -> dict[str, Any]:
    return {"inventoryItem": item, "inventoryLevels": None, "userErrors": errors}


def _check(context: Context, item: Item, row: dict[str, Any], index: int) -> list[UserError]:
    where = ["inventoryItemUpdates", str(index), "locationId"]
    place = number_of(row["locationId"], "Location")
    if place is None or place not in context.store.locations:
        return [user_error(where, "The location was not found.", "LOCATION_NOT_FOUND")]
    level = item.levels.get(place)
    if row["activate"] or level is None:
        return []
    start = "Cannot unstock this inventory item from this location because it has"
    return [
        user_error(where, f"{start} {word} quantities.", code) for word, code, quantity in _bound(level) if quantity > 0
    ]


def _bound(level: Level) -> list[tuple[str, str, int]]:
    """What keeps an item at a location, in the platform's words."""
    others = level.others or {}
    incoming = others.get("incoming", 0)
    unavailable = sum(others.values()) - incoming
    committed = level.on_hand - level.available - unavailable
    return [
        ("committed", "COMMITTED_INVENTORY_AT_LOCATION", committed),
        ("incoming", "INCOMING_INVENTORY_AT_LOCATION", incoming),
        ("unavailable", "RESERVED_INVENTORY_AT_LOCATION", unavailable),
    ]
