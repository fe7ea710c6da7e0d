"""A product's options and the option values of its variants: read from input, matched to what is there, added to.

Nothing here writes; a caller gets options and values to put in place once everything else is found good.
"""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.records import Option, OptionValue, Product, gid
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import DEFAULT_OPTION, DEFAULT_VALUE

MAXIMUM_OPTIONS: Final = 3


def default_options(context: Context) -> list[Option]:
    """The options of a product that was given none: Title with its one value."""
    return read_options(context, [{"name": DEFAULT_OPTION, "values": [{"name": DEFAULT_VALUE}]}], None)


def check_options(given: list[dict[str, Any]], where: list[str]) -> list[UserError]:
    """Refusals for too many options, unnamed or repeated ones, and repeated values."""
    errors: list[UserError] = []
    if len(given) > MAXIMUM_OPTIONS:
        errors.append(
            user_error(where, f"Can only specify a maximum of {MAXIMUM_OPTIONS} options", "OPTIONS_OVER_LIMIT")
        )
    seen: set[str] = set()
    for index, row in enumerate(given):
        name = (row.get("name") or "").strip()
        place = [*where, str(index)]
        if not name and not row.get("id"):
            errors.append(user_error([*place, "name"], "Option name can't be blank", "INVALID_INPUT"))
        elif name.casefold() in seen:
            errors.append(user_error(place, f"Duplicated option name '{name}'", "DUPLICATED_OPTION_NAME"))
        seen.add(name.casefold())
        values = [(value.get("name") or "").strip() for value in row.get("values") or []]
        repeated = {value for value in values if values.count(value) > 1}
        errors.extend(
            user_error([*place, "values"], f"Duplicated option value '{value}'", "DUPLICATED_OPTION_VALUE")
            for value in sorted(repeated)
        )
    return errors


def read_options(context: Context, given: list[dict[str, Any]], product: Product | None) -> list[Option]:
    """The options an input lists, in order; those the product already has, by id or name, keep their ids."""
    present = product.options if product else []
    rows = sorted(enumerate(given), key=lambda pair: (pair[1].get("position") or pair[0] + 1, pair[0]))
    return [_option(context, row, present) for _, row in rows]


def _option(context: Context, row: dict[str, Any], present: list[Option]) -> Option:
    name = (row.get("name") or "").strip()
    found = next((option for option in present if row.get("id") == gid(Option.KIND, option.id)), None)
    found = found or next((option for option in present if name and option.name == name), None)
    held = {value.name: value for value in found.values} if found else {}
    by_id = {gid(OptionValue.KIND, value.id): value for value in held.values()}
    values = []
    for value_row in row.get("values") or []:
        value = by_id.get(value_row.get("id") or "") or held.get((value_row.get("name") or "").strip())
        shown = (value_row.get("name") or "").strip() or (value.name if value else "")
        number = value.id if value else context.store.next_id(OptionValue.KIND)
        values.append(OptionValue(number, shown, has_variants=False))
    if found is not None and row.get("values") is None:
        values = [OptionValue(value.id, value.name, has_variants=False) for value in found.values]
    return Option(
        found.id if found else context.store.next_id(Option.KIND), name or (found.name if found else ""), values
    )


def add_value(context: Context, option: Option, name: str) -> None:
    """Gives the option a value by this name, unless it has it."""
    if all(value.name != name for value in option.values):
        option.values.append(OptionValue(context.store.next_id(OptionValue.KIND), name))


def read_values(
    options: list[Option], row: dict[str, Any], where: list[str], code: str, *, present: list[str] | None = None
) -> tuple[list[str], list[UserError]]:
    """The option values a variant row names, in the order of the options; `present` fills what a change leaves out."""
    chosen: dict[int, str] = {}
    names = [entry.get("optionName") for entry in row.get("optionValues") or [] if entry.get("optionName")]
    for name in names:
        if names.count(name) > 1:
            return [], [user_error([*where, "optionValues"], f"Duplicated option name '{name}'", "INVALID_INPUT")]
    for index, entry in enumerate(row.get("optionValues") or []):
        option = _named(options, entry)
        if option is None:
            return [], [user_error([*where, "optionValues", str(index)], "Option does not exist", code)]
        value = (entry.get("name") or "").strip()
        if entry.get("id"):
            held = next((one.name for one in option.values if gid(one.KIND, one.id) == entry["id"]), None)
            if held is None:
                return [], [user_error([*where, "optionValues", str(index)], "Option value does not exist", code)]
            value = held
        if not value:
            return [], [
                user_error([*where, "optionValues", str(index), "name"], "Option value can't be blank", "INVALID_INPUT")
            ]
        chosen[option.id] = value
    missing = [option.name for option in options if option.id not in chosen]
    if missing and present is None:
        sentence = f"You need to add option values for {', '.join(missing)}"
        return [], [user_error(where, sentence, "NEED_TO_ADD_OPTION_VALUES")]
    return [chosen.get(option.id) or (present or [])[place] for place, option in enumerate(options)], []


def _named(options: list[Option], entry: dict[str, Any]) -> Option | None:
    for option in options:
        if entry.get("optionId") == gid(Option.KIND, option.id) or entry.get("optionName") == option.name:
            return option
    # A product with one option needs no name beside the value.
    named = entry.get("optionId") or entry.get("optionName")
    return options[0] if len(options) == 1 and not named else None
