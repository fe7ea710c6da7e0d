"""productVariantsBulkCreate, productVariantsBulkUpdate and productVariantsBulkDelete: many variants of one product.

All rows or none, except that an update may be told to keep its good rows (allowPartialUpdates).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_location, find_product, find_variant, number_of
from shopsync_pipeline.devstore.records import Product, Variant, gid
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values import metafield_rows, options
from shopsync_pipeline.devstore.values.media_rows import check_file, make_file
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import (
    DEFAULT_OPTION,
    DEFAULT_VALUE,
    check_amounts,
    check_stock,
    make_variant,
    open_stock,
    remove_variant,
    renumber,
    stock_at,
    write_variant,
)

_MISSING = user_error(["productId"], "Product does not exist", "PRODUCT_DOES_NOT_EXIST")
# A row refused for one of these reasons makes the payload answer null variants; for any other, as they stand.
_STRUCTURAL = {
    "PRODUCT_VARIANT_ID_MISSING",
    "PRODUCT_VARIANT_DOES_NOT_EXIST",
    "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE",
    "OPTION_DOES_NOT_EXIST",
}


@dataclass(slots=True)
class _Row:
    given: dict[str, Any]
    values: list[str]
    metafields: list[metafield_rows.MetafieldRow]
    variant: Variant | None = None


@mutation("productVariantsBulkCreate")
def bulk_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Adds variants; a product's only default variant goes away unless the strategy keeps it."""
    product = find_product(context.store, arguments["productId"])
    if product is None:
        return {"product": None, "productVariants": [], "userErrors": [_MISSING]}
    taken = {tuple(variant.values) for variant in context.store.variants_of(product)}
    standalone = _standalone(context, product, arguments.get("strategy") or "DEFAULT")
    if standalone is not None:
        taken.discard(tuple(standalone.values))
    rows: list[_Row] = []
    errors: list[UserError] = []
    for index, given in enumerate(arguments["variants"]):
        row, wrong = _check_new(context, product, given, ["variants", str(index)], taken)
        errors.extend(wrong)
        if row is not None:
            rows.append(row)
    if errors:
        return {"product": None, "productVariants": [], "userErrors": errors}
    if standalone is not None and rows:
        remove_variant(context, product, standalone)
    made = []
    for row in rows:
        for option, value in zip(product.options, row.values, strict=True):
            options.add_value(context, option, value)
        variant = make_variant(context, product, row.values)
        open_stock(context, variant, row.given.get("inventoryQuantities") or [])
        _write(context, product, variant, row)
        made.append(variant)
    if standalone is not None:
        for option in product.options:
            option.values = [value for value in option.values if value.name != DEFAULT_VALUE]
    _finish(context, product)
    return {"product": product, "productVariants": made, "userErrors": []}


def _standalone(context: Context, product: Product, strategy: str) -> Variant | None:
    """The one default variant that new ones replace, if the strategy lets them."""
    variants = context.store.variants_of(product)
    if len(variants) != 1 or strategy == "PRESERVE_STANDALONE_VARIANT":
        return None
    default = [option.name for option in product.options] == [DEFAULT_OPTION] and variants[0].values == [DEFAULT_VALUE]
    return variants[0] if default or strategy == "REMOVE_STANDALONE_VARIANT" else None


def _check_new(
    context: Context, product: Product, given: dict[str, Any], where: list[str], taken: set[tuple[str, ...]]
) -> tuple[_Row | None, list[UserError]]:
    values, errors = options.read_values(product.options, given, where, "INVALID_INPUT")
    if errors:
        return None, errors
    title = " / ".join(values)
    if tuple(values) in taken:
        sentence = f"The variant '{title}' already exists. Please change at least one option value."
        errors.append(user_error(where, sentence, "VARIANT_ALREADY_EXISTS"))
    taken.add(tuple(values))
    errors += check_amounts(given, where, productset=False)
    stock = given.get("inventoryQuantities") or []
    errors += check_stock(context, stock, [*where, "inventoryQuantities"], title, productset=False)
    row, wrong = _check_rest(context, given, None, values, where)
    return row, errors + wrong


@mutation("productVariantsBulkUpdate")
def bulk_update(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Changes variants by id."""
    product = find_product(context.store, arguments["productId"])
    if product is None:
        return {"product": None, "productVariants": None, "userErrors": [_MISSING]}
    rows: list[_Row] = []
    errors: list[UserError] = []
    named: list[Variant] = []
    taken = {tuple(variant.values): variant.id for variant in context.store.variants_of(product)}
    for index, given in enumerate(arguments["variants"]):
        row, wrong = _check_change(context, product, given, ["variants", str(index)], taken)
        errors.extend(wrong)
        if row is not None and row.variant is not None:
            named.append(row.variant)
            if not wrong:
                rows.append(row)
    partial = bool(arguments.get("allowPartialUpdates"))
    if errors and not partial:
        shown = None if any(error["code"] in _STRUCTURAL for error in errors) else named
        return {"product": product, "productVariants": shown, "userErrors": errors}
    for row in rows:
        assert row.variant is not None
        row.variant.values = row.values
        for option, value in zip(product.options, row.values, strict=True):
            options.add_value(context, option, value)
        _write(context, product, row.variant, row)
    if rows:
        _finish(context, product)
    return {"product": product, "productVariants": named, "userErrors": errors}


def _check_change(
    context: Context, product: Product, given: dict[str, Any], where: list[str], taken: dict[tuple[str, ...], int]
) -> tuple[_Row | None, list[UserError]]:
    if not given.get("id"):
        return None, [
            user_error([*where, "id"], "Product variant is missing ID attribute", "PRODUCT_VARIANT_ID_MISSING")
        ]
    variant = find_variant(context.store, given["id"])
    if variant is None or variant.product_id != product.id:
        return None, [user_error([*where, "id"], "Product variant does not exist", "PRODUCT_VARIANT_DOES_NOT_EXIST")]
    if given.get("inventoryQuantities"):
        sentence = (
            "Inventory quantities can only be provided during create. To update inventory for existing variants, "
            "use inventoryAdjustQuantities."
        )
        code = "NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE"
        return None, [user_error([*where, "inventoryQuantities"], sentence, code)]
    values = variant.values
    errors: list[UserError] = []
    if given.get("optionValues"):
        values, errors = options.read_values(
            product.options, given, where, "OPTION_DOES_NOT_EXIST", present=variant.values
        )
        if errors:
            return None, errors
        if taken.get(tuple(values), variant.id) != variant.id:
            sentence = f"The variant '{' / '.join(values)}' already exists. Please change at least one option value."
            errors.append(user_error(where, sentence, "VARIANT_ALREADY_EXISTS"))
    errors += check_amounts(given, where, productset=False)
    for index, adjustment in enumerate(given.get("quantityAdjustments") or []):
        errors += _check_adjustment(context, variant, adjustment, [*where, "quantityAdjustments", str(index)])
    row, wrong = _check_rest(context, given, variant, values, where)
    return row, errors + wrong


def _check_adjustment(context: Context, variant: Variant, given: dict[str, Any], where: list[str]) -> list[UserError]:
    location = find_location(context.store, given["locationId"])
    level = variant.item.levels.get(location.id) if location else None
    if level is None:
        return [user_error([*where, "locationId"], "The variant is not stocked at the location.", "INVALID_INPUT")]
    expected = given.get("changeFromQuantity")
    if expected is not None and expected != level.available:
        return [
            user_error([*where, "changeFromQuantity"], "The quantity has changed since it was read.", "INVALID_INPUT")
        ]
    return []


def _check_rest(
    context: Context, given: dict[str, Any], variant: Variant | None, values: list[str], where: list[str]
) -> tuple[_Row, list[UserError]]:
    errors: list[UserError] = []
    owner = gid(Variant.KIND, variant.id) if variant else None
    metafields, wrong = metafield_rows.check_rows(
        context, given.get("metafields") or [], owner, "PRODUCTVARIANT", [*where, "metafields"], code="INVALID_INPUT"
    )
    errors += wrong
    if given.get("mediaId"):
        errors += check_file(context, {"id": given["mediaId"]}, [*where, "mediaId"], "INVALID_INPUT")
    for source in given.get("mediaSrc") or []:
        errors += check_file(context, {"originalSource": source}, [*where, "mediaSrc"], "INVALID_INPUT")
    return _Row(given, values, metafields, variant), errors


def _write(context: Context, product: Product, variant: Variant, row: _Row) -> None:
    write_variant(context, variant, row.given)
    for adjustment in row.given.get("quantityAdjustments") or []:
        location = find_location(context.store, adjustment["locationId"])
        assert location is not None
        change = adjustment.get("adjustment") or 0
        stock_at(context, variant.item, location.id, available=variant.item.levels[location.id].available + change)
    media = [make_file(context, source, None).id for source in row.given.get("mediaSrc") or []]
    if row.given.get("mediaId"):
        number = number_of(row.given["mediaId"], "MediaImage")
        assert number is not None
        media.append(number)
    if media:
        variant.media_ids = media[:1]
        product.media_ids = list(dict.fromkeys([*product.media_ids, *media]))
    metafield_rows.write_rows(context, gid(Variant.KIND, variant.id), row.metafields)


def _finish(context: Context, product: Product) -> None:
    renumber(context, product)
    product.updated_at = context.now
    context.store.touch(product)


@mutation("productVariantsBulkDelete")
def bulk_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Deletes variants, all or none, and never the last one."""
    product = find_product(context.store, arguments["productId"])
    if product is None:
        return {"product": None, "userErrors": [_MISSING]}
    errors = []
    doomed: list[Variant] = []
    for index, text in enumerate(arguments["variantsIds"]):
        variant = find_variant(context.store, text)
        if variant is None or variant.product_id != product.id:
            sentence = "At least one variant does not belong to the product"
            code = "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT"
            errors.append(user_error(["variantsIds", str(index)], sentence, code))
        elif variant not in doomed:
            doomed.append(variant)
    if not errors and doomed and len(doomed) == len(product.variant_ids):
        errors.append(
            user_error(["variantsIds"], "Cannot delete the last variant of a product", "CANNOT_DELETE_LAST_VARIANT")
        )
    if errors:
        return {"product": None, "userErrors": errors}
    for variant in doomed:
        remove_variant(context, product, variant)
    if doomed:
        _finish(context, product)
    return {"product": product, "userErrors": []}
