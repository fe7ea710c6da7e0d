"""productOptionsCreate and productOptionUpdate: all of a call or nothing of it."""

from __future__ import annotations

from itertools import product as combinations
from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.records import Option, OptionValue, Product, gid
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.option_changes import (
    MAXIMUM_VARIANTS,
    add_combinations,
    find_option,
    finish,
    is_standalone,
    move_values,
    name_problem,
    named_product,
    refusal,
    rename_value,
    repeated,
)
from shopsync_pipeline.devstore.values.options import MAXIMUM_OPTIONS
from shopsync_pipeline.devstore.values.user_errors import UserError
from shopsync_pipeline.devstore.values.variant_fields import remove_variant


@mutation("productOptionsCreate")
def options_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Adds options; variants get their first values, and with CREATE every combination becomes a variant."""
    product, errors = named_product(context, arguments)
    if product is None:
        return {"product": None, "userErrors": errors}
    given = arguments["options"]
    alone = is_standalone(context, product)
    errors = _check_new(product, given, alone=alone)
    create = arguments.get("variantStrategy") == "CREATE"
    if not errors and create:
        total = len(product.variant_ids)
        for row in given:
            total *= len(row["values"])
        if total > MAXIMUM_VARIANTS:
            errors.append(refusal(["options"], "TOO_MANY_VARIANTS_CREATED"))
    if errors:
        return {"product": product, "userErrors": errors}
    made = [_make_option(context, row) for row in given]
    bases = context.store.variants_of(product)
    if alone:
        product.options = []
    for variant in bases:
        variant.values = [*([] if alone else variant.values), *(option.values[0].name for option in made)]
        variant.updated_at = context.now
        context.store.touch(variant)
    product.options = [*product.options, *made]
    if create:
        held = len(product.options) - len(made)
        names = [[value.name for value in option.values] for option in made]
        wanted = [([*base.values[:held], *rest], base) for base in bases for rest in combinations(*names)]
        add_combinations(context, product, wanted)
    _place_new(context, product, given, made)
    finish(context, product)
    return {"product": product, "userErrors": []}


def _check_new(product: Product, given: list[dict[str, Any]], *, alone: bool) -> list[UserError]:
    errors: list[UserError] = []
    present = [] if alone else [option.name.casefold() for option in product.options]
    if len(present) + len(given) > MAXIMUM_OPTIONS:
        return [refusal(["options"], "OPTIONS_OVER_LIMIT")]
    positions = [row.get("position") for row in given]
    seen: set[str] = set()
    for index, row in enumerate(given):
        where = ["options", str(index)]
        name = (row.get("name") or "").strip()
        code = name_problem(name, value=False) if name else "OPTION_NAME_MISSING"
        if code is None and name.casefold() in present:
            code = "OPTION_ALREADY_EXISTS"
        if code is None and name.casefold() in seen:
            code = "DUPLICATED_OPTION_NAME"
        seen.add(name.casefold())
        if code is not None:
            errors.append(refusal([*where, "name"] if name else where, code))
        if any(positions) and not all(positions):
            errors.append(refusal([*where, "position"], "OPTION_POSITION_MISSING"))
        elif row.get("position") is not None and not 1 <= row["position"] <= MAXIMUM_OPTIONS:
            errors.append(refusal([*where, "position"], "POSITION_OUT_OF_BOUNDS"))
        values = [(value.get("name") or "").strip() for value in row.get("values") or []]
        if not values:
            errors.append(refusal([*where, "values"], "OPTION_VALUES_MISSING"))
        elif repeated(values):
            errors.append(refusal([*where, "values"], "DUPLICATED_OPTION_VALUE"))
        errors.extend(_check_values(values, [*where, "values"]))
    return errors


def _check_values(names: list[str], where: list[str]) -> list[UserError]:
    wrong = ((index, name_problem(name, value=True)) for index, name in enumerate(names))
    return [refusal([*where, str(index), "name"], code) for index, code in wrong if code is not None]


def _make_option(context: Context, row: dict[str, Any]) -> Option:
    store = context.store
    values = [OptionValue(store.next_id(OptionValue.KIND), value["name"].strip()) for value in row["values"]]
    return Option(store.next_id(Option.KIND), row["name"].strip(), values)


def _place_new(context: Context, product: Product, given: list[dict[str, Any]], made: list[Option]) -> None:
    """Moves the new options from the end to the positions that were asked for."""
    if not any(row.get("position") for row in given):
        return
    order = [place for place, option in enumerate(product.options) if option not in made]
    for row, option in sorted(zip(given, made, strict=True), key=lambda pair: pair[0]["position"]):
        order.insert(row["position"] - 1, product.options.index(option))
    move_values(context, product, order)


@mutation("productOptionUpdate")
def option_update(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Renames or moves an option, and adds, renames or deletes its values; MANAGE makes and deletes variants too."""
    product, errors = named_product(context, arguments)
    if product is None:
        return {"product": None, "userErrors": errors}
    given = arguments["option"]
    place = find_option(product, lambda option: gid(Option.KIND, option.id) == given["id"])
    if place is None:
        return {"product": product, "userErrors": [refusal(["option"], "OPTION_DOES_NOT_EXIST")]}
    manage = arguments.get("variantStrategy") == "MANAGE"
    errors = _check_option(product, place, given) + _check_value_changes(context, product, place, arguments, manage)
    if errors:
        return {"product": product, "userErrors": errors}
    option = product.options[place]
    if given.get("name"):
        option.name = given["name"].strip()
    by_id = {gid(OptionValue.KIND, value.id): value for value in option.values}
    for row in arguments.get("optionValuesToUpdate") or []:
        if row.get("name"):
            rename_value(context, product, place, by_id[row["id"]], row["name"].strip())
    doomed = {by_id[text].name for text in arguments.get("optionValuesToDelete") or []}
    for variant in context.store.variants_of(product):
        if variant.values[place] in doomed:
            remove_variant(context, product, variant)
    option.values = [value for value in option.values if value.name not in doomed]
    _add_values(context, product, place, arguments.get("optionValuesToAdd") or [], manage=manage)
    if given.get("position"):
        order = [other for other in range(len(product.options)) if other != place]
        order.insert(given["position"] - 1, place)
        move_values(context, product, order)
    finish(context, product)
    return {"product": product, "userErrors": []}


def _check_option(product: Product, place: int, given: dict[str, Any]) -> list[UserError]:
    errors: list[UserError] = []
    if given.get("name") is not None:
        name = given["name"].strip()
        others = {option.name.casefold() for other, option in enumerate(product.options) if other != place}
        code = name_problem(name, value=False) or ("OPTION_ALREADY_EXISTS" if name.casefold() in others else None)
        if code is not None:
            errors.append(refusal(["option", "name"], code))
    if given.get("position") is not None and not 1 <= given["position"] <= len(product.options):
        errors.append(refusal(["option", "position"], "INVALID_POSITION"))
    return errors


def _check_value_changes(
    context: Context, product: Product, place: int, arguments: dict[str, Any], manage: bool
) -> list[UserError]:
    option = product.options[place]
    by_id = {gid(OptionValue.KIND, value.id): value for value in option.values}
    added = [(row.get("name") or "").strip() for row in arguments.get("optionValuesToAdd") or []]
    changed = arguments.get("optionValuesToUpdate") or []
    doomed = arguments.get("optionValuesToDelete") or []
    errors = _check_values(added, ["optionValuesToAdd"])
    for index, row in enumerate(changed):
        where = ["optionValuesToUpdate", str(index)]
        if row["id"] not in by_id:
            errors.append(refusal(where, "OPTION_VALUE_DOES_NOT_EXIST"))
        elif row["id"] in doomed:
            errors.append(refusal(where, "OPTION_VALUE_CONFLICTING_OPERATION"))
        if row.get("name") is not None and (code := name_problem(row["name"].strip(), value=True)):
            errors.append(refusal([*where, "name"], code))
    for index, text in enumerate(doomed):
        where = ["optionValuesToDelete", str(index)]
        if text not in by_id:
            errors.append(refusal(where, "OPTION_VALUE_DOES_NOT_EXIST"))
        elif by_id[text].has_variants and not manage:
            errors.append(refusal(where, "OPTION_VALUE_HAS_VARIANTS"))
    if errors:
        return errors
    renamed = {row["id"]: row["name"].strip() for row in changed if row.get("name")}
    left = [renamed.get(text, value.name) for text, value in by_id.items() if text not in doomed]
    if repeated(left):
        errors.append(refusal(["optionValuesToUpdate"], "DUPLICATED_OPTION_VALUE"))
    if repeated([*left, *added]):
        errors.append(refusal(["optionValuesToAdd"], "OPTION_VALUE_ALREADY_EXISTS"))
    names = {by_id[text].name for text in doomed}
    variants = context.store.variants_of(product)
    if doomed and not left:
        errors.append(refusal(["optionValuesToDelete"], "CANNOT_DELETE_ALL_OPTION_VALUES_IN_OPTION"))
    elif doomed and all(variant.values[place] in names for variant in variants):
        errors.append(refusal(["optionValuesToDelete"], "CANNOT_LEAVE_OPTIONS_WITHOUT_VARIANTS"))
    combined = len({(*row.values[:place], *row.values[place + 1 :]) for row in variants})
    if manage and len(variants) + combined * len(added) > MAXIMUM_VARIANTS:
        errors.append(refusal(["optionValuesToAdd"], "TOO_MANY_VARIANTS_CREATED"))
    return errors


def _add_values(context: Context, product: Product, place: int, rows: list[dict[str, Any]], *, manage: bool) -> None:
    bases = context.store.variants_of(product)
    for row in rows:
        name = row["name"].strip()
        product.options[place].values.append(OptionValue(context.store.next_id(OptionValue.KIND), name))
        if manage:
            wanted = [([*base.values[:place], name, *base.values[place + 1 :]], base) for base in bases]
            add_combinations(context, product, wanted)
