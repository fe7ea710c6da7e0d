"""inventorySetOnHandQuantities and inventoryMoveQuantities: the on-hand figure alone, and stock between two states.

Both are all or nothing and compare with changeFromQuantity, like the other inventory calls.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import number_of
from shopsync_pipeline.devstore.operations.inventory_writes import (
    ADJUSTABLE,
    NOT_ON_HAND,
    check_document,
    check_set,
    check_stale,
    find_row,
    inventory_call,
    quantity_of,
    set_quantity,
    touch_stock,
)
from shopsync_pipeline.devstore.records import Item, Level, StockChange
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import stock_at

_ENDS: Final = ("from", "to")
# The platform lets one move reach two thousand million.
_MAXIMUM_MOVE: Final = 2_000_000_000
_MAXIMUM_DOCUMENTS: Final = 2


@mutation("inventorySetOnHandQuantities")
def inventory_set_on_hand_quantities(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Sets on_hand, and available by as much; the platform deprecates it in favour of inventorySetQuantities."""

    def check(context: Context, given: dict[str, Any]) -> list[UserError]:
        errors = check_set(context, {"name": "on_hand", "quantities": given["setQuantities"]})
        for error in errors:
            error["field"] = ["setQuantities" if step == "quantities" else step for step in error["field"]]
        return errors

    def write(context: Context, _name: str, row: dict[str, Any]) -> Iterable[StockChange]:
        return set_quantity(context, "on_hand", row)

    return inventory_call(context, arguments, "setQuantities", "InventorySetQuantityInput", check, write)


@mutation("inventoryMoveQuantities")
def inventory_move_quantities(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Moves stock of an item from one state to another at one location: available to damaged, incoming to available."""
    ends = [row[end] for row in arguments["input"]["changes"] for end in _ENDS]
    return inventory_call(
        context, arguments, "changes", "InventoryMoveQuantityTerminalInput", _check_moves, _move, compared=ends
    )


def _check_moves(context: Context, given: dict[str, Any]) -> list[UserError]:
    errors: list[UserError] = []
    documents = {row[end].get("ledgerDocumentUri") for row in given["changes"] for end in _ENDS} - {None}
    if len(documents) > _MAXIMUM_DOCUMENTS:
        sentence = f"Only a maximum of {_MAXIMUM_DOCUMENTS} ledger document URIs across all changes is allowed."
        errors.append(user_error(["input", "changes"], sentence, "MAXIMUM_LEDGER_DOCUMENT_URIS"))
    for index, row in enumerate(given["changes"]):
        errors.extend(_check_move(context, row, ["input", "changes", str(index)]))
    return errors


def _check_move(context: Context, row: dict[str, Any], where: list[str]) -> list[UserError]:
    errors: list[UserError] = []
    named = {"inventoryItemId": row["inventoryItemId"]}
    for end in _ENDS:
        item, place, wrong = find_row(context, {**named, "locationId": row[end]["locationId"]}, where)
        for error in wrong:
            missing_item = error["field"][-1] == "inventoryItemId"
            if missing_item and end == _ENDS[1]:
                continue  # told once, with the first end
            errors.append(error if missing_item else {**error, "field": [*where, end, "locationId"]})
        errors.extend(_check_end(row[end], item, place, [*where, end]))
    if row["from"]["locationId"] != row["to"]["locationId"]:
        sentence = "The quantities can't be moved between different locations."
        errors.append(user_error(where, sentence, "DIFFERENT_LOCATIONS"))
    if row["from"]["name"] == row["to"]["name"]:
        sentence = "The quantity names for each change can't be the same."
        errors.append(user_error(where, sentence, "SAME_QUANTITY_NAME"))
    if row["quantity"] < 0:
        errors.append(user_error([*where, "quantity"], "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE"))
    elif row["quantity"] > _MAXIMUM_MOVE:
        sentence = f"The quantity can't be higher than {_MAXIMUM_MOVE:,}."
        errors.append(user_error([*where, "quantity"], sentence, "INVALID_QUANTITY_TOO_HIGH"))
    return errors


def _check_end(end: dict[str, Any], item: Item | None, place: int | None, where: list[str]) -> list[UserError]:
    if end["name"] not in ADJUSTABLE:
        sentence = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
        return [user_error([*where, "name"], sentence, "INVALID_QUANTITY_NAME")]
    errors = check_document(end["name"], end.get("ledgerDocumentUri"), [*where, "ledgerDocumentUri"])
    if item is not None and place is not None:
        errors.extend(check_stale(item, place, end["name"], end, where))
    return errors


def _move(context: Context, _name: str, row: dict[str, Any]) -> Iterable[StockChange]:
    """Takes from one state and puts into the other; on_hand follows what comes into or leaves the building."""
    number, place = number_of(row["inventoryItemId"], Item.KIND), number_of(row["from"]["locationId"], "Location")
    assert number is not None
    assert place is not None
    item, quantity = context.store.items[number], row["quantity"]
    if quantity == 0:
        return []
    stock_at(context, item, place)
    level = item.levels[place]
    changes = []
    for end, delta in ((row["from"], -quantity), (row["to"], quantity)):
        _shift(level, end["name"], delta)
        changes.append(StockChange(end["name"], delta, item.id, place, end.get("ledgerDocumentUri")))
    entered = quantity * ((row["from"]["name"] == NOT_ON_HAND) - (row["to"]["name"] == NOT_ON_HAND))
    if entered:
        level.on_hand += entered
        changes.append(StockChange("on_hand", entered, item.id, place))
    level.updated_at = context.now
    touch_stock(context, item)
    return changes


def _shift(level: Level, name: str, delta: int) -> None:
    if name == "available":
        level.available += delta
    else:
        level.others = {**(level.others or {}), name: quantity_of(level, name) + delta}
