"""The plain fields of a variant and its inventory item: checked first, written after, by every mutation with variants.

Rows come as the API gives them; the two dialects differ in where the sku stands and how stock is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_location
from shopsync_pipeline.devstore.records import Item, Level, Product, Variant
from shopsync_pipeline.devstore.values.normalise import price_from
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

MAXIMUM_AMOUNT: Final = Decimal(10) ** 18
MAXIMUM_QUANTITY: Final = 1_000_000_000
DEFAULT_OPTION: Final = "Title"
DEFAULT_VALUE: Final = "Default Title"


def check_amounts(row: dict[str, Any], where: list[str], *, productset: bool) -> list[UserError]:
    """Refusals for prices and costs outside 0 to 10^18, in the platform's order."""
    errors: list[UserError] = []
    compare = row.get("compareAtPrice")
    if compare is not None:
        if compare >= MAXIMUM_AMOUNT:
            errors.append(
                user_error([*where, "compareAtPrice"], f"must be less than {MAXIMUM_AMOUNT}", "INVALID_INPUT")
            )
        elif compare < 0:
            errors.append(
                user_error([*where, "compareAtPrice"], "must be greater than or equal to 0", "GREATER_THAN_OR_EQUAL_TO")
            )
    price = row.get("price")
    if price is not None:
        if price < 0:
            sentence = "Price must be greater than or equal to 0"
            errors.append(
                user_error([*where, "price"], sentence, "INVALID_VARIANT" if productset else "GREATER_THAN_OR_EQUAL_TO")
            )
        elif price >= MAXIMUM_AMOUNT:
            sentence = f"Price must be less than {MAXIMUM_AMOUNT}"
            errors.append(user_error([*where, "price"], sentence, "INVALID_VARIANT" if productset else "INVALID_INPUT"))
    cost = (row.get("inventoryItem") or {}).get("cost")
    if cost is not None and not 0 <= cost < MAXIMUM_AMOUNT:
        low = cost < 0
        sentence = "must be greater than or equal to 0" if low else f"must be less than {MAXIMUM_AMOUNT}"
        if not productset:
            errors.append(user_error(where, sentence))
        code = "INVALID_VARIANT" if productset else "GREATER_THAN_OR_EQUAL_TO" if low else "INVALID_INPUT"
        errors.append(user_error([*where, "inventoryItem", "cost"], f"Cost per item {sentence}", code))
    return errors


def check_stock(
    context: Context, rows: Iterable[dict[str, Any]], where: list[str], title: str, *, productset: bool
) -> list[UserError]:
    """Refusals for opening stock at a place that is not one, under a wrong name, or beyond a thousand million."""
    errors: list[UserError] = []
    for index, row in enumerate(rows):
        place = [*where, str(index)] if productset else where
        if find_location(context.store, row["locationId"]) is None:
            sentence = f"Quantity for {title} couldn't be set because the location was deleted."
            code = "INVALID_INPUT" if productset else "TRACKED_VARIANT_LOCATION_NOT_FOUND"
            errors.append(user_error(place, sentence, code))
        if productset and row["name"] not in ("available", "on_hand"):
            sentence = "The quantity name must be either 'available' or 'on_hand'."
            errors.append(user_error([*place, "name"], sentence, "INVALID_INPUT"))
        if abs(row["quantity"] if productset else row["availableQuantity"]) > MAXIMUM_QUANTITY:
            errors.append(user_error(place, "Quantity is out of range.", "INVALID_INPUT"))
    return errors


def make_variant(context: Context, product: Product, values: list[str]) -> Variant:
    """A new variant at the end of the product, priced 0.00, not yet stocked anywhere."""
    store, now = context.store, context.now
    number = store.next_id(Variant.KIND)
    item = Item(store.next_id(Item.KIND), number, now, now)
    variant = Variant(number, product.id, values, Decimal("0.00"), now, now, item)
    product.variant_ids.append(number)
    variant.position = len(product.variant_ids)
    store.touch(variant)
    return variant


def write_variant(context: Context, variant: Variant, row: dict[str, Any]) -> None:
    """Puts the plain fields that the row gives into the variant and its item."""
    if row.get("price") is not None:
        variant.price = price_from(row["price"])
    if "compareAtPrice" in row:
        given = row["compareAtPrice"]
        variant.compare_at_price = None if given is None else price_from(given)
    for name, attribute in (("sku", "sku"), ("barcode", "barcode"), ("taxCode", "tax_code")):
        if name in row:
            setattr(variant, attribute, (row[name] or "").strip() or None if name == "sku" else row[name])
    for name, attribute in (("taxable", "taxable"), ("inventoryPolicy", "inventory_policy")):
        if row.get(name) is not None:
            setattr(variant, attribute, row[name])
    if row.get("inventoryItem") is not None:
        _write_item(context, variant, row["inventoryItem"])
    variant.updated_at = context.now
    context.store.touch(variant)


def _write_item(context: Context, variant: Variant, given: dict[str, Any]) -> None:
    item = variant.item
    if "sku" in given:
        variant.sku = (given["sku"] or "").strip() or None
    if "cost" in given:
        item.cost = None if given["cost"] is None else price_from(given["cost"])
    for name, attribute in (("tracked", "tracked"), ("requiresShipping", "requires_shipping")):
        if given.get(name) is not None:
            setattr(item, attribute, given[name])
    for name, attribute in (("countryCodeOfOrigin", "country"), ("provinceCodeOfOrigin", "province")):
        if name in given:
            setattr(item, attribute, given[name])
    if "harmonizedSystemCode" in given:
        code = given["harmonizedSystemCode"]
        item.harmonized_code = code.replace(".", "").replace(" ", "") if code else None
    weight = (given.get("measurement") or {}).get("weight")
    if weight is not None:
        item.weight, item.weight_unit = float(weight["value"]), weight["unit"]
    item.updated_at = context.now


def stock_at(
    context: Context, item: Item, location_id: int, *, available: int | None = None, on_hand: int | None = None
) -> None:
    """Sets stock at a location, stocking the item there first; what is committed to orders stays committed."""
    level = item.levels.get(location_id)
    if level is None:
        level = item.levels[location_id] = Level(0, 0, context.now, context.now)
    level.active = True
    committed = level.on_hand - level.available
    if available is not None:
        level.available, level.on_hand = available, available + committed
    elif on_hand is not None:
        level.available, level.on_hand = on_hand - committed, on_hand
    level.updated_at = context.now
    item.updated_at = context.now


def open_stock(context: Context, variant: Variant, rows: list[dict[str, Any]]) -> None:
    """Opening stock of a new variant: the rows given, or none at the shop's primary location."""
    if not rows:
        stock_at(context, variant.item, min(context.store.locations), available=0)
    for row in rows:
        location = find_location(context.store, row["locationId"])
        assert location is not None
        quantity = row.get("quantity", row.get("availableQuantity"))
        if row.get("name") == "on_hand":
            stock_at(context, variant.item, location.id, on_hand=quantity)
        else:
            stock_at(context, variant.item, location.id, available=quantity)


def renumber(context: Context, product: Product) -> None:
    """Gives the variants of a product their positions, and its option values their `has_variants`."""
    store = context.store
    used: list[set[str]] = [set() for _ in product.options]
    for position, number in enumerate(product.variant_ids, 1):
        variant = store.variants[number]
        if variant.position != position:
            variant.position = position
            store.touch(variant)
        for names, name in zip(used, variant.values, strict=True):
            names.add(name)
    for option, names in zip(product.options, used, strict=True):
        for value in option.values:
            value.has_variants = value.name in names


def remove_variant(context: Context, product: Product, variant: Variant) -> None:
    """Deletes a variant with its metafields; the caller renumbers."""
    product.variant_ids.remove(variant.id)
    context.store.drop_owner(Variant.KIND, variant.id)
    context.store.remove(variant)
