"""productOptionsDelete, productOptionsReorder, productVariantsBulkReorder: what goes, and the order of the rest."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_variant
from shopsync_pipeline.devstore.records import Option, OptionValue, Product, gid
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.option_changes import (
    drop_places,
    finish,
    move_values,
    named_product,
    refusal,
    sort_variants,
)
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error


@mutation("productOptionsDelete")
def options_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Deletes options; whether variants that become alike may go decides the strategy."""
    product, errors = named_product(context, arguments)
    if product is None:
        return {"deletedOptionsIds": None, "product": None, "userErrors": errors}
    places: set[int] = set()
    by_id = {gid(Option.KIND, option.id): place for place, option in enumerate(product.options)}
    for index, text in enumerate(arguments["options"]):
        if text in by_id:
            places.add(by_id[text])
        else:
            errors.append(refusal(["options", str(index)], "OPTION_DOES_NOT_EXIST"))
    strategy = arguments.get("strategy") or "DEFAULT"
    if not errors and strategy == "DEFAULT":
        errors = [
            refusal(["options", str(index)], "CANNOT_DELETE_OPTION_WITH_MULTIPLE_VALUES")
            for index, text in enumerate(arguments["options"])
            if len(product.options[by_id[text]].values) > 1
        ]
    if not errors and strategy == "NON_DESTRUCTIVE" and _would_collide(context, product, places):
        errors.append(refusal(["options"], "CANNOT_USE_NON_DESTRUCTIVE_STRATEGY"))
    if errors:
        return {"deletedOptionsIds": None, "product": product, "userErrors": errors}
    drop_places(context, product, places)
    finish(context, product)
    return {"deletedOptionsIds": arguments["options"], "product": product, "userErrors": []}


def _would_collide(context: Context, product: Product, places: set[int]) -> bool:
    variants = context.store.variants_of(product)
    left = {tuple(name for place, name in enumerate(row.values) if place not in places) for row in variants}
    return len(left) < len(variants)


@mutation("productOptionsReorder")
def options_reorder(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Puts all options, and the values of those that list them, in the given order, and the variants after them."""
    product, errors = named_product(context, arguments)
    if product is None:
        return {"product": None, "userErrors": errors}
    given = arguments["options"]
    order, errors = _order(given, [(gid(Option.KIND, row.id), row.name) for row in product.options], ["options"], "")
    values: dict[int, list[int]] = {}
    if not errors:
        for index, (row, place) in enumerate(zip(given, order, strict=True)):
            if row.get("values") is None:
                continue
            held = [(gid(OptionValue.KIND, value.id), value.name) for value in product.options[place].values]
            values[place], wrong = _order(row["values"], held, ["options", str(index), "values"], "VALUE")
            errors += wrong
    if errors:
        return {"product": product, "userErrors": errors}
    for place, wanted in values.items():
        option = product.options[place]
        option.values = [option.values[number] for number in wanted]
    move_values(context, product, order)
    sort_variants(context, product)
    finish(context, product)
    return {"product": product, "userErrors": []}


def _order(
    given: list[dict[str, Any]], held: list[tuple[str, str]], where: list[str], kind: str
) -> tuple[list[int], list[UserError]]:
    """The present places in the wanted order; every one of `held` (id, name) must be named once, all the same way."""
    value = kind == "VALUE"
    keys = [(row.get("id"), row.get("name")) for row in given]
    if any((number is None) == (name is None) for number, name in keys):
        return [], [refusal(where, "NO_KEY_ON_REORDER")]
    by_id = keys[0][0] is not None if keys else True
    if any((number is not None) != by_id for number, _ in keys):
        return [], [refusal(where, "MIXING_ID_AND_NAME_KEYS_IS_NOT_ALLOWED")]
    known: dict[Any, int] = {entry[0] if by_id else entry[1]: place for place, entry in enumerate(held)}
    order: list[int] = []
    unknown = {
        (False, True): "OPTION_ID_DOES_NOT_EXIST",
        (False, False): "OPTION_NAME_DOES_NOT_EXIST",
        (True, True): "OPTION_VALUE_ID_DOES_NOT_EXIST",
        (True, False): "OPTION_VALUE_DOES_NOT_EXIST",
    }[(value, by_id)]
    for index, (number, name) in enumerate(keys):
        place = known.get(number if by_id else name)
        if place is None:
            return [], [refusal([*where, str(index)], unknown)]
        if place in order:
            return [], [refusal([*where, str(index)], "DUPLICATED_OPTION_VALUE" if value else "DUPLICATED_OPTION_NAME")]
        order.append(place)
    if len(order) < len(held):
        return [], [refusal(where, "MISSING_OPTION_VALUE" if value else "MISSING_OPTION_NAME")]
    return order, []


@mutation("productVariantsBulkReorder")
def variants_reorder(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Moves the named variants to positions counted from 1, one after the other; the rest closes up."""
    product, errors = named_product(context, arguments)
    if product is None:
        return {"product": None, "userErrors": errors}
    seen: set[str] = set()
    for index, row in enumerate(arguments["positions"]):
        where = ["positions", str(index)]
        variant = find_variant(context.store, row["id"])
        if variant is None or variant.product_id != product.id:
            errors.append(user_error([*where, "id"], "Variant does not exist", "MISSING_VARIANT"))
        elif row["id"] in seen:
            errors.append(user_error([*where, "id"], "Variant id is duplicated", "DUPLICATED_VARIANT_ID"))
        if row["position"] < 1:
            errors.append(user_error([*where, "position"], "Position must be 1 or more", "INVALID_POSITION"))
        seen.add(row["id"])
    if errors:
        return {"product": product, "userErrors": errors}
    for row in sorted(arguments["positions"], key=lambda row: row["position"]):
        variant = find_variant(context.store, row["id"])
        assert variant is not None
        product.variant_ids.remove(variant.id)
        product.variant_ids.insert(row["position"] - 1, variant.id)
    finish(context, product)
    return {"product": product, "userErrors": []}
