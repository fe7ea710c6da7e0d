"""Changes of a product's options once they are found good: new combinations, moved and renamed values, lost options.

Codes and words of the refusals are the platform's; a code stands for one sentence in all mutations of options.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product
from shopsync_pipeline.devstore.records import Option, OptionValue, Product, Variant
from shopsync_pipeline.devstore.values import options
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import (
    DEFAULT_OPTION,
    DEFAULT_VALUE,
    make_variant,
    open_stock,
    remove_variant,
    renumber,
)

MAXIMUM_VARIANTS: Final = 2_048
MAXIMUM_NAME: Final = 255
# Variants are titled by their values with this between them, so no name may hold it.
SEPARATOR: Final = " / "
_WORDS: Final = {
    "PRODUCT_DOES_NOT_EXIST": "Product does not exist",
    "OPTION_DOES_NOT_EXIST": "Option does not exist",
    "OPTION_NAME_MISSING": "Each option must have a name specified.",
    "OPTION_NAME_TOO_LONG": "Option name is too long.",
    "OPTION_VALUE_NAME_TOO_LONG": "Option value name is too long.",
    "INVALID_NAME": "The name provided is not valid.",
    "INVALID_POSITION": "The option position provided is not valid.",
    "OPTION_ALREADY_EXISTS": "Option already exists.",
    "DUPLICATED_OPTION_NAME": "Duplicated option name.",
    "DUPLICATED_OPTION_VALUE": "Duplicated option value.",
    "OPTION_VALUES_MISSING": "Each option must have at least one option value specified.",
    "OPTION_POSITION_MISSING": "If specified, position field must be present in all option inputs.",
    "POSITION_OUT_OF_BOUNDS": "Position must be between 1 and the maximum number of options per product.",
    "OPTIONS_OVER_LIMIT": f"Can only specify a maximum of {options.MAXIMUM_OPTIONS} options",
    "TOO_MANY_VARIANTS_CREATED": f"The number of variants would exceed the limit of {MAXIMUM_VARIANTS}.",
    "OPTION_VALUE_ALREADY_EXISTS": "Option value already exists.",
    "OPTION_VALUE_DOES_NOT_EXIST": "Option value does not exist.",
    "OPTION_VALUE_HAS_VARIANTS": "Option value with variants linked cannot be deleted.",
    "OPTION_VALUE_CONFLICTING_OPERATION": "Performing conflicting actions on an option value.",
    "CANNOT_DELETE_ALL_OPTION_VALUES_IN_OPTION": "Deleting all option values of an option is not allowed.",
    "CANNOT_LEAVE_OPTIONS_WITHOUT_VARIANTS": (
        "An option cannot be left only with option values that are not linked to any variant."
    ),
    "CANNOT_DELETE_OPTION_WITH_MULTIPLE_VALUES": "Can't delete option with multiple values.",
    "CANNOT_USE_NON_DESTRUCTIVE_STRATEGY": "Cannot delete options without deleting variants.",
    "OPTION_ID_DOES_NOT_EXIST": "Option id does not exist.",
    "OPTION_NAME_DOES_NOT_EXIST": "Option name does not exist.",
    "OPTION_VALUE_ID_DOES_NOT_EXIST": "Option value id does not exist.",
    "MISSING_OPTION_NAME": "Missing option name.",
    "MISSING_OPTION_VALUE": "Missing option value.",
    "NO_KEY_ON_REORDER": "On reorder, this key cannot be used.",
    "MIXING_ID_AND_NAME_KEYS_IS_NOT_ALLOWED": (
        "Cannot specify different options or option values using mixed id and name reference key."
    ),
}


def refusal(where: list[str], code: str) -> UserError:
    """One refusal in the platform's words."""
    return user_error(where, _WORDS[code], code)


def named_product(context: Context, arguments: dict[str, Any]) -> tuple[Product | None, list[UserError]]:
    """The product of a call, or the refusal for one that is not there."""
    product = find_product(context.store, arguments["productId"])
    return product, [] if product else [refusal(["productId"], "PRODUCT_DOES_NOT_EXIST")]


def name_problem(name: str, *, value: bool) -> str | None:
    """The code that refuses the name of an option or of a value, None for a good one."""
    if not name or SEPARATOR in name:
        return "INVALID_NAME"
    if len(name) > MAXIMUM_NAME:
        return "OPTION_VALUE_NAME_TOO_LONG" if value else "OPTION_NAME_TOO_LONG"
    return None


def is_standalone(context: Context, product: Product) -> bool:
    """Whether the product was never given options: its one option and variant are only there for form's sake."""
    variants = context.store.variants_of(product)
    names = [option.name for option in product.options]
    return names == [DEFAULT_OPTION] and len(variants) == 1 and variants[0].values == [DEFAULT_VALUE]


def add_combinations(context: Context, product: Product, wanted: Iterable[tuple[list[str], Variant]]) -> None:
    """Makes the variants of combinations that are not there yet, each priced like the variant it stems from."""
    taken = {tuple(variant.values) for variant in context.store.variants_of(product)}
    for values, model in wanted:
        if tuple(values) in taken:
            continue
        taken.add(tuple(values))
        variant = make_variant(context, product, values)
        variant.price, variant.compare_at_price = model.price, model.compare_at_price
        variant.taxable, variant.inventory_policy = model.taxable, model.inventory_policy
        variant.item.tracked, variant.item.requires_shipping = model.item.tracked, model.item.requires_shipping
        variant.item.weight, variant.item.weight_unit = model.item.weight, model.item.weight_unit
        open_stock(context, variant, [])


def move_values(context: Context, product: Product, order: list[int]) -> None:
    """Puts the options, and the values of every variant with them, in the order of their present places."""
    product.options = [product.options[place] for place in order]
    for variant in context.store.variants_of(product):
        variant.values = [variant.values[place] for place in order]
        context.store.touch(variant)


def rename_value(context: Context, product: Product, place: int, value: OptionValue, name: str) -> None:
    """Gives a value another name, on every variant that has it."""
    for variant in context.store.variants_of(product):
        if variant.values[place] == value.name:
            variant.values = [*variant.values[:place], name, *variant.values[place + 1 :]]
            variant.updated_at = context.now
            context.store.touch(variant)
    value.name = name


def drop_places(context: Context, product: Product, places: set[int]) -> None:
    """Takes options away; of variants that become alike the one of lowest position stays."""
    kept = [place for place in range(len(product.options)) if place not in places]
    seen: set[tuple[str, ...]] = set()
    for variant in context.store.variants_of(product):
        values = [variant.values[place] for place in kept]
        if tuple(values) in seen:
            remove_variant(context, product, variant)
            continue
        seen.add(tuple(values))
        variant.values = values
        context.store.touch(variant)
    product.options = [product.options[place] for place in kept]
    if not kept:
        product.options = options.default_options(context)
        for variant in context.store.variants_of(product):
            variant.values = [DEFAULT_VALUE]


def sort_variants(context: Context, product: Product) -> None:
    """Puts the variants in the order of the options' values."""
    ranks = [{value.name: rank for rank, value in enumerate(option.values)} for option in product.options]

    def rank(variant: Variant) -> list[int]:
        return [ranks[place][name] for place, name in enumerate(variant.values)]

    product.variant_ids = [variant.id for variant in sorted(context.store.variants_of(product), key=rank)]


def finish(context: Context, product: Product) -> None:
    """Renumbers what was moved and marks the product changed."""
    renumber(context, product)
    product.updated_at = context.now
    context.store.touch(product)


def repeated(names: list[str]) -> bool:
    """Whether a name stands in the list twice."""
    return len(set(names)) < len(names)


def find_option(product: Product, test: Callable[[Option], bool]) -> int | None:
    """The place of the first option that passes."""
    return next((place for place, option in enumerate(product.options) if test(option)), None)
