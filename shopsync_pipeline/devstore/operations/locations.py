"""Opening, closing and deleting locations; a location with stock closes only when the stock has somewhere to go.

Since 2026-04 activating and deactivating need an idempotency key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.idempotency import KeyRefusedError, recall, remember, required_key
from shopsync_pipeline.devstore.ids import find_location
from shopsync_pipeline.devstore.operations.inventory_writes import touch_stock
from shopsync_pipeline.devstore.records import Item, Level, Location
from shopsync_pipeline.devstore.registry import field, mutation
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

_NOT_FOUND = "Location not found."


@mutation("locationAdd")
def location_add(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Opens a location; names are unique in a shop. A new one is no origin of shipping rates."""
    store, given = context.store, arguments["input"]
    name = given["name"].strip()
    errors: list[UserError] = []
    if not name:
        errors.append(user_error(["input", "name"], "Add a location name", "BLANK"))
    elif any(held.name.casefold() == name.casefold() for held in store.locations.values()):
        errors.append(user_error(["input", "name"], "You already have a location with this name", "TAKEN"))
    if errors:
        return {"location": None, "userErrors": errors}
    made = Location(store.next_id(Location.KIND), name, context.now, context.now)
    made.fulfills_orders = given.get("fulfillsOnlineOrders") is not False
    made.ships = False
    made.address = dict(given["address"])
    store.touch(made)
    return {"location": made, "userErrors": []}


@mutation("locationActivate")
def location_activate(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Opens a closed location again."""

    def activate(location: Location) -> list[UserError]:
        if not location.active:
            location.active, location.updated_at = True, context.now
            context.store.touch(location)
        return []

    return _keyed(context, arguments, "locationActivateUserErrors", activate)


@mutation("locationDeactivate")
def location_deactivate(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Closes a location, moving its stock to the destination when one is named."""

    def deactivate(location: Location) -> list[UserError]:
        wanted = arguments.get("destinationLocationId")
        destination = find_location(context.store, wanted) if wanted else None
        errors = _cannot_close(context, location, destination, asked=wanted is not None)
        if errors or not location.active:
            return errors
        if destination is not None:
            _relocate(context, location, destination)
        location.active, location.updated_at = False, context.now
        context.store.touch(location)
        return []

    return _keyed(context, arguments, "locationDeactivateUserErrors", deactivate)


@mutation("locationDelete")
def location_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Deletes a location that is closed and empty."""
    location = find_location(context.store, arguments["locationId"])
    where = ["locationId"]
    if location is None:
        errors = [user_error(where, _NOT_FOUND, "LOCATION_NOT_FOUND")]
    elif location.active:
        sentence = "The location cannot be deleted while it is active."
        errors = [user_error(where, sentence, "LOCATION_IS_ACTIVE")]
    elif _stocked(context, location):
        sentence = "The location cannot be deleted while it has inventory."
        errors = [user_error(where, sentence, "LOCATION_HAS_INVENTORY")]
    else:
        for item, _level in list(_levels(context, location)):
            del item.levels[location.id]
            context.store.touch(context.store.variants[item.variant_id])
        context.store.remove(location)
        return {"deletedLocationId": arguments["locationId"], "locationDeleteUserErrors": []}
    return {"deletedLocationId": None, "locationDeleteUserErrors": errors}


def _keyed(
    context: Context, arguments: dict[str, Any], errors_name: str, change: Callable[[Location], list[UserError]]
) -> dict[str, Any]:
    """Does `change` once for a key; the payload shows the location as it is now."""
    key = required_key(context)
    location = find_location(context.store, arguments["locationId"])
    try:
        known = recall(context, key, arguments)
    except KeyRefusedError as refused:
        return {"location": location, errors_name: [user_error(None, str(refused), refused.code)]}
    if location is None:
        return {"location": None, errors_name: [user_error(["locationId"], _NOT_FOUND, "LOCATION_NOT_FOUND")]}
    errors = change(location) if known is None else []
    if known is None and not errors:
        remember(context, key, arguments, None)
    return {"location": location, errors_name: errors}


def _cannot_close(
    context: Context, location: Location, destination: Location | None, *, asked: bool
) -> list[UserError]:
    store = context.store
    if asked and (destination is None or not destination.active):
        sentence = "Location could not be deactivated because the destination location is not found or is not active."
        return [user_error(["destinationLocationId"], sentence, "DESTINATION_LOCATION_NOT_FOUND_OR_INACTIVE")]
    if destination is location:
        sentence = "Location could not be deactivated because the destination is the location itself."
        return [user_error(["destinationLocationId"], sentence, "DESTINATION_LOCATION_IS_THE_SAME_LOCATION")]
    others = [one for one in store.locations.values() if one is not location]
    if location.fulfills_orders and not any(one.active and one.fulfills_orders for one in others):
        sentence = "At least one location must fulfill online orders."
        return [user_error(["locationId"], sentence, "CANNOT_DISABLE_ONLINE_ORDER_FULFILLMENT")]
    if destination is None and _stocked(context, location):
        sentence = "Location could not be deactivated because it has active inventory."
        return [user_error(["locationId"], sentence, "HAS_ACTIVE_INVENTORY_ERROR")]
    return []


def _levels(context: Context, location: Location) -> Iterator[tuple[Item, Level]]:
    for item in context.store.items.values():
        level = item.levels.get(location.id)
        if level is not None:
            yield item, level


def _stocked(context: Context, location: Location) -> bool:
    return any(
        level.available or level.on_hand or any((level.others or {}).values())
        for _, level in _levels(context, location)
    )


def _relocate(context: Context, location: Location, destination: Location) -> None:
    """Moves every quantity of every item; what the destination did not stock, it stocks from now on."""
    for item, level in list(_levels(context, location)):
        there = item.levels.setdefault(destination.id, Level(0, 0, context.now, context.now))
        there.available += level.available
        there.on_hand += level.on_hand
        if level.others:
            held = there.others or {}
            there.others = {name: held.get(name, 0) + level.others.get(name, 0) for name in {**held, **level.others}}
        there.active, there.updated_at = True, context.now
        level.available = level.on_hand = 0
        level.others, level.active, level.updated_at = None, False, context.now
        touch_stock(context, item)


@field("Location", "activatable", "deactivatable")
def location_can_change(_source: Location, _context: Context, _arguments: dict[str, Any]) -> bool:
    """No plan limits the locations of a dev store, so any may be opened and closed."""
    return True


@field("Location", "deletable")
def location_can_go(source: Location, context: Context, _arguments: dict[str, Any]) -> bool:
    """A closed and empty location can be deleted."""
    return not source.active and not _stocked(context, source)


@field("Location", "hasActiveInventory")
def location_has_stock(source: Location, context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether any quantity lies here."""
    return _stocked(context, source)


@field("Location", "hasUnfulfilledOrders", "isFulfillmentService")
def location_never(_source: Location, _context: Context, _arguments: dict[str, Any]) -> bool:
    """The dev store keeps no orders, and its locations are the merchant's own."""
    return False
