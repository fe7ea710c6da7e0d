"""Reads of inventory items and their stock levels."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.ids import find_level, level_gid, number_of, read_id
from shopsync_pipeline.devstore.records import AdjustmentGroup, Item, Location, StockChange, Variant, gid
from shopsync_pipeline.devstore.registry import attributes, field, query
from shopsync_pipeline.devstore.search.find import select_items
from shopsync_pipeline.devstore.values.normalise import amount_text
from shopsync_pipeline.devstore.views import LevelView

QUANTITY_NAMES = (
    "available", "on_hand", "committed", "incoming", "reserved", "damaged", "quality_control", "safety_stock",
)  # fmt: skip


@query("inventoryItem")
def inventory_item(_source: Any, context: Context, arguments: dict[str, Any]) -> Item | None:
    """The inventory item with this id."""
    return context.store.items.get(read_id(arguments["id"], "InventoryItem"))


@query("inventoryItems")
def inventory_items(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of the items the query selects, by id."""
    reverse = bool(arguments.get("reverse"))
    rows = sorted(select_items(context, arguments.get("query")), key=lambda row: row.id, reverse=reverse)
    return page(rows, arguments, descending=reverse)


@query("inventoryLevel")
def inventory_level_by_id(_source: Any, context: Context, arguments: dict[str, Any]) -> LevelView | None:
    """The stock level with this id."""
    found: LevelView | None = find_level(context.store, arguments["id"])
    return found


attributes(
    "InventoryItem",
    requiresShipping="requires_shipping",
    countryCodeOfOrigin="country",
    provinceCodeOfOrigin="province",
    harmonizedSystemCode="harmonized_code",
    createdAt="created_at",
    updatedAt="updated_at",
)


@field("InventoryItem", "id")
def item_id(source: Item, _context: Context, _arguments: dict[str, Any]) -> str:
    """The item's gid."""
    return f"gid://shopify/InventoryItem/{source.id}"


@field("InventoryItem", "legacyResourceId")
def item_number(source: Item, _context: Context, _arguments: dict[str, Any]) -> str:
    """The number as text."""
    return str(source.id)


@field("InventoryItem", "sku")
def item_sku(source: Item, context: Context, _arguments: dict[str, Any]) -> str | None:
    """The variant's sku, which the platform keeps on the item."""
    return context.store.variants[source.variant_id].sku


@field("InventoryItem", "variant")
def item_variant(source: Item, context: Context, _arguments: dict[str, Any]) -> Variant:
    """The variant the item belongs to."""
    return context.store.variants[source.variant_id]


@field("InventoryItem", "unitCost")
def unit_cost(source: Item, context: Context, _arguments: dict[str, Any]) -> dict[str, str] | None:
    """What one costs the merchant, in the shop's currency."""
    if source.cost is None:
        return None
    return {"amount": amount_text(source.cost), "currencyCode": context.config.currency}


@field("InventoryItem", "measurement")
def measurement(source: Item, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The item's weight."""
    weight = {"value": source.weight, "unit": source.weight_unit}
    return {"id": gid("InventoryItemMeasurement", source.id), "weight": weight}


@field("InventoryItem", "inventoryLevel")
def inventory_level(source: Item, _context: Context, arguments: dict[str, Any]) -> LevelView | None:
    """The stock at one location, when the item is stocked there."""
    number = number_of(arguments["locationId"], "Location")
    level = source.levels.get(number) if number is not None else None
    if number is None or level is None or not (level.active or arguments.get("includeInactive")):
        return None
    return LevelView(source, number, level)


@field("InventoryItem", "inventoryLevels")
def inventory_levels(source: Item, _context: Context, arguments: dict[str, Any]) -> Any:
    """The stock at every location the item is stocked at."""
    rows = [
        LevelView(source, number, level)
        for number, level in sorted(source.levels.items())
        if level.active or arguments.get("includeInactive")
    ]
    return page(rows, arguments, lambda row: (row.location_id, row.location_id))


@field("InventoryLevel", "id")
def level_id(source: LevelView, _context: Context, _arguments: dict[str, Any]) -> str:
    """The level's gid."""
    return level_gid(source.location_id, source.item.id)


@field("InventoryLevel", "location")
def level_location(source: LevelView, context: Context, _arguments: dict[str, Any]) -> Location:
    """Where the stock is."""
    return context.store.locations[source.location_id]


attributes("InventoryLevel", createdAt="level.created_at", updatedAt="level.updated_at", isActive="level.active")


@field("InventoryLevel", "quantities")
def quantities(source: LevelView, _context: Context, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """The named quantities, in the order asked; only available has a time of its own."""
    level = source.level
    others = level.others or {}
    held = sum(quantity for name, quantity in others.items() if name != "incoming")
    committed = level.on_hand - level.available - held
    known = {**others, "available": level.available, "on_hand": level.on_hand, "committed": committed}
    found = []
    for name in arguments["names"]:
        if name not in QUANTITY_NAMES:
            raise PlatformError(
                f"The specified quantity name is invalid. Valid values are: {', '.join(sorted(QUANTITY_NAMES))}.",
                "BAD_REQUEST",
            )
        found.append(
            {
                "id": f"{gid('InventoryQuantity', source.item.id)}?name={name}&location_id={source.location_id}",
                "name": name,
                "quantity": known.get(name, 0),
                "updatedAt": level.updated_at if name == "available" else None,
            }
        )
    return found


attributes("InventoryAdjustmentGroup", createdAt="created_at", referenceDocumentUri="reference")


@field("InventoryAdjustmentGroup", "id")
def group_id(source: AdjustmentGroup, _context: Context, _arguments: dict[str, Any]) -> str:
    """The group's gid."""
    return gid("InventoryAdjustmentGroup", source.id)


@field("InventoryAdjustmentGroup", "changes")
def group_changes(source: AdjustmentGroup, _context: Context, arguments: dict[str, Any]) -> list[StockChange]:
    """The changes, all or of the named items, locations and quantities."""
    names = arguments.get("quantityNames")
    items = arguments.get("inventoryItemIds")
    places = arguments.get("locationIds")
    return [
        change
        for change in source.changes
        if (names is None or change.name in names)
        and (items is None or gid("InventoryItem", change.item_id) in items)
        and (places is None or gid("Location", change.location_id) in places)
    ]


@field("InventoryChange", "item")
def change_item(source: StockChange, context: Context, _arguments: dict[str, Any]) -> Item | None:
    """Whose stock changed."""
    return context.store.items.get(source.item_id)


@field("InventoryChange", "location")
def change_location(source: StockChange, context: Context, _arguments: dict[str, Any]) -> Location | None:
    """Where it changed."""
    return context.store.locations.get(source.location_id)


attributes("InventoryChange", ledgerDocumentUri="document")


@field("InventoryChange", "quantityAfterChange")
def change_unknown(_source: StockChange, _context: Context, _arguments: dict[str, Any]) -> None:
    """The platform answers null here too."""
