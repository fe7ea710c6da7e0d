"""inventorySetQuantities, inventoryAdjustQuantities and inventoryActivate.

A call is all or nothing: one stale or wrong row and no quantity moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.idempotency import KeyRefusedError, recall, remember, required_key
from shopsync_pipeline.devstore.ids import number_of
from shopsync_pipeline.devstore.records import AdjustmentGroup, Item, Level, StockChange
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import MAXIMUM_QUANTITY, stock_at
from shopsync_pipeline.devstore.views import LevelView

REASONS: Final = (
    "correction", "cycle_count_available", "damaged", "movement_canceled", "movement_created", "movement_received",
    "movement_updated", "other", "promotion", "quality_control", "received", "reservation_created",
    "reservation_deleted", "reservation_updated", "restock", "safety_stock", "shrinkage",
)  # fmt: skip
# Besides available an app may move these; the first lies in no building yet, so it does not count as on hand.
NOT_ON_HAND: Final = "incoming"
ADJUSTABLE: Final = ("available", "damaged", NOT_ON_HAND, "quality_control", "reserved", "safety_stock")


@mutation("inventorySetQuantities")
def inventory_set_quantities(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Sets available or on_hand to absolute figures, each compared with changeFromQuantity first."""
    return inventory_call(context, arguments, "quantities", "InventoryQuantityInput", check_set, set_quantity)


@mutation("inventoryAdjustQuantities")
def inventory_adjust_quantities(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Moves one named quantity by deltas, each compared with changeFromQuantity first."""
    return inventory_call(context, arguments, "changes", "InventoryChangeInput", _check_adjust, _adjust)


def inventory_call(
    context: Context,
    arguments: dict[str, Any],
    rows_name: str,
    row_type: str,
    check: Any,
    write: Any,
    compared: Iterable[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """One inventory mutation: every row (or every part in `compared`) says what it changes from, and the key is new.

    `check` gives the refusals of the whole input; `write` does one row and gives its changes.
    """
    given = arguments["input"]
    if any("changeFromQuantity" not in row for row in (given[rows_name] if compared is None else compared)):
        sentence = f"{row_type} must include the following argument: changeFromQuantity."
        raise PlatformError(sentence, "INVALID_FIELD_ARGUMENTS", locations=context.locations())
    key = required_key(context)
    try:
        known = recall(context, key, arguments)
    except KeyRefusedError as refused:
        return _refused([user_error(["input"], str(refused), refused.code)])
    if known is not None:
        group = context.store.groups.get(known.group_id) if known.group_id is not None else None
        return {"inventoryAdjustmentGroup": group, "userErrors": []}
    errors = check(context, given)
    if given["reason"] not in REASONS:
        sentence = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
        errors.append(user_error(["input", "reason"], sentence, "INVALID_REASON"))
    if errors:
        return _refused(errors)
    changes = [change for row in given[rows_name] for change in write(context, given.get("name", ""), row)]
    group = _group(context, given, changes) if changes else None
    remember(context, key, arguments, group.id if group else None)
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _refused(errors: list[UserError]) -> dict[str, Any]:
    return {"inventoryAdjustmentGroup": None, "userErrors": errors}


def _group(context: Context, given: dict[str, Any], changes: list[StockChange]) -> AdjustmentGroup:
    number = context.store.next_id(AdjustmentGroup.KIND)
    group = AdjustmentGroup(number, context.now, given["reason"], given.get("referenceDocumentUri"), changes)
    context.store.touch(group)
    return group


def find_row(
    context: Context, row: dict[str, Any], where: list[str]
) -> tuple[Item | None, int | None, list[UserError]]:
    """The item and location a row names, and a refusal for each that does not exist."""
    number = number_of(row["inventoryItemId"], Item.KIND)
    item = context.store.items.get(number) if number is not None else None
    place = number_of(row["locationId"], "Location")
    errors = []
    if item is None:
        sentence = "The specified inventory item could not be found."
        errors.append(user_error([*where, "inventoryItemId"], sentence, "INVALID_INVENTORY_ITEM"))
    if place not in context.store.locations:
        errors.append(
            user_error([*where, "locationId"], "The specified location could not be found.", "INVALID_LOCATION")
        )
        place = None
    return item, place, errors


def check_set(context: Context, given: dict[str, Any]) -> list[UserError]:
    """Refusals of an absolute call, row by row."""
    errors: list[UserError] = []
    if given["name"] not in ("available", "on_hand"):
        sentence = "The quantity name must be either 'available' or 'on_hand'."
        errors.append(user_error(["input", "name"], sentence, "INVALID_NAME"))
    seen = set()
    for index, row in enumerate(given["quantities"]):
        where = ["input", "quantities", str(index)]
        item, place, wrong = find_row(context, row, where)
        errors.extend(wrong)
        errors.extend(_check_quantity(given["name"], row["quantity"], [*where, "quantity"]))
        pair = (row["inventoryItemId"], row["locationId"])
        if pair in seen:
            sentence = "The combination of inventoryItemId and locationId must be unique."
            errors.append(user_error([*where, "locationId"], sentence, "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"))
        seen.add(pair)
        if item is not None and place is not None:
            errors.extend(check_stocked(context, item, place, where))
            errors.extend(check_stale(item, place, given["name"], row, where))
    return errors


def _check_quantity(name: str, quantity: int, where: list[str]) -> list[UserError]:
    if name == "on_hand" and quantity < 0:
        return [user_error(where, "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE")]
    if quantity > MAXIMUM_QUANTITY:
        return [
            user_error(where, f"The quantity can't be higher than {MAXIMUM_QUANTITY:,}.", "INVALID_QUANTITY_TOO_HIGH")
        ]
    if quantity < -MAXIMUM_QUANTITY:
        return [
            user_error(where, f"The quantity can't be lower than -{MAXIMUM_QUANTITY:,}.", "INVALID_QUANTITY_TOO_LOW")
        ]
    return []


def check_stocked(context: Context, item: Item, place: int, where: list[str]) -> list[UserError]:
    """Through 2026-07 an item must be stocked at the location first; later versions lost that code and stock it."""
    level = item.levels.get(place)
    if (level is None or not level.active) and context.version <= "2026-07":
        sentence = "The specified inventory item is not stocked at the location."
        return [user_error([*where, "locationId"], sentence, "ITEM_NOT_STOCKED_AT_LOCATION")]
    return []


def check_stale(item: Item, place: int, name: str, row: dict[str, Any], where: list[str]) -> list[UserError]:
    """A refusal when the quantity is no longer what the row thinks it is; null compares nothing."""
    expected = row["changeFromQuantity"]
    level = item.levels.get(place)
    if expected is None:
        return []
    if expected == quantity_of(level, name):
        return []
    sentence = "The changeFromQuantity argument no longer matches the persisted quantity."
    return [user_error([*where, "changeFromQuantity"], sentence, "CHANGE_FROM_QUANTITY_STALE")]


def quantity_of(level: Level | None, name: str) -> int:
    """The named quantity of a level; nothing lies where nothing is stocked."""
    if level is None:
        return 0
    if name in ("available", "on_hand"):
        return level.available if name == "available" else level.on_hand
    return (level.others or {}).get(name, 0)


def set_quantity(context: Context, name: str, row: dict[str, Any]) -> Iterable[StockChange]:
    """Brings available or on_hand to the row's figure; the other moves by as much."""
    item, place = _named(context, row)
    level = item.levels.get(place) or Level(0, 0, context.now, context.now)
    delta = row["quantity"] - (level.available if name == "available" else level.on_hand)
    return _move(context, item, place, delta)


def _check_adjust(context: Context, given: dict[str, Any]) -> list[UserError]:
    errors: list[UserError] = []
    name = given["name"]
    if name not in ADJUSTABLE:
        sentence = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
        errors.append(user_error(["input", "name"], sentence, "INVALID_QUANTITY_NAME"))
    if len({row.get("ledgerDocumentUri") for row in given["changes"]}) > 1:
        errors.append(user_error(["input", "changes"], _ONE_DOCUMENT, "MAX_ONE_LEDGER_DOCUMENT"))
    for index, row in enumerate(given["changes"]):
        where = ["input", "changes", str(index)]
        errors.extend(check_document(name, row.get("ledgerDocumentUri"), [*where, "ledgerDocumentUri"]))
        item, place, wrong = find_row(context, row, where)
        errors.extend(wrong)
        if item is not None and place is not None:
            level = item.levels.get(place)
            errors.extend(check_stocked(context, item, place, where))
            errors.extend(check_stale(item, place, name, row, where))
            errors.extend(_check_quantity("available", quantity_of(level, name) + row["delta"], [*where, "delta"]))
    return errors


_ONE_DOCUMENT: Final = (
    "All changes must have the same ledger document URI or, in the case of adjusting available, no ledger document URI."
)


def check_document(name: str, document: str | None, where: list[str]) -> list[UserError]:
    """Every quantity but available is booked against a document of the caller's own."""
    if name == "available":
        sentence = "A ledger document URI is not allowed when adjusting available."
        return [user_error(where, sentence, "INVALID_AVAILABLE_DOCUMENT")] if document else []
    if not document:
        sentence = "A ledger document URI is required except when adjusting available."
        return [user_error(where, sentence, "INVALID_QUANTITY_DOCUMENT")]
    if document.startswith("gid://shopify/"):
        sentence = "Internal (gid://shopify/) ledger documents are not allowed to be adjusted via API."
        return [user_error(where, sentence, "INTERNAL_LEDGER_DOCUMENT")]
    return []


def _adjust(context: Context, name: str, row: dict[str, Any]) -> Iterable[StockChange]:
    item, place = _named(context, row)
    if name == "available":
        return _move(context, item, place, row["delta"])
    return _move_other(context, item, place, name, row)


def _move_other(context: Context, item: Item, place: int, name: str, row: dict[str, Any]) -> list[StockChange]:
    """Moves a quantity beside available; what lies in the building moves on_hand with it."""
    stock_at(context, item, place)
    delta = row["delta"]
    if delta == 0:
        return []
    level = item.levels[place]
    level.others = {**(level.others or {}), name: quantity_of(level, name) + delta}
    names = [name] if name == NOT_ON_HAND else [name, "on_hand"]
    if "on_hand" in names:
        level.on_hand += delta
    touch_stock(context, item)
    return [StockChange(moved, delta, item.id, place, row["ledgerDocumentUri"]) for moved in names]


def _named(context: Context, row: dict[str, Any]) -> tuple[Item, int]:
    number, place = number_of(row["inventoryItemId"], Item.KIND), number_of(row["locationId"], "Location")
    assert number is not None
    assert place is not None
    return context.store.items[number], place


def _move(context: Context, item: Item, place: int, delta: int) -> list[StockChange]:
    """Moves available, and on_hand with it; a move of nothing changes nothing and is not told."""
    level = item.levels.get(place)
    if delta == 0 and level is not None and level.active:
        return []
    stock_at(context, item, place, available=(level.available if level else 0) + delta)
    touch_stock(context, item)
    return [StockChange(name, delta, item.id, place) for name in ("available", "on_hand")] if delta else []


def touch_stock(context: Context, item: Item) -> None:
    """Marks a stock change: it shows in the times of the item, its variant's product and nothing else."""
    store = context.store
    variant = store.variants[item.variant_id]
    product = store.products[variant.product_id]
    product.updated_at = context.now
    store.touch(variant)
    store.touch(product)


@mutation("inventoryActivate")
def inventory_activate(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Stocks an item at a location; what it held there before stays unless a quantity is given."""
    key = required_key(context)
    try:
        known = recall(context, key, arguments)
    except KeyRefusedError as refused:
        return {"inventoryLevel": None, "userErrors": [user_error(None, str(refused))]}
    item, place, errors = find_row(context, arguments, [])
    available, on_hand = arguments.get("available"), arguments.get("onHand")
    if available is not None and on_hand is not None:
        errors.append(user_error(["available"], "Only one of available and onHand can be given."))
    if item is not None and place is not None and known is None:
        level = item.levels.get(place)
        if level is not None and level.active and not errors:
            for name, quantity in (("available", available), ("onHand", on_hand)):
                if quantity is not None:
                    sentence = f"Not allowed to set {name} quantity when the item is already active at the location."
                    errors.append(user_error([name], sentence))
    if errors or item is None or place is None:
        return {"inventoryLevel": None, "userErrors": errors}
    if known is None:
        stock_at(context, item, place, available=available, on_hand=on_hand)
        touch_stock(context, item)
        remember(context, key, arguments, None)
    return {"inventoryLevel": LevelView(item, place, item.levels[place]), "userErrors": []}
