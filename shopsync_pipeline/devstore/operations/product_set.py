"""productSet: makes a product look like the input. Lists that are present replace, absent fields stay.

A variant row without an id is a new variant, and a variant that no row names is deleted, so rows without ids churn ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from shopsync_pipeline.devstore import deferred
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product, find_variant
from shopsync_pipeline.devstore.operations.collections import check_collections, replace_collections
from shopsync_pipeline.devstore.operations.metafield_reads import namespace_of
from shopsync_pipeline.devstore.operations.product_reads import find_by_identifier
from shopsync_pipeline.devstore.records import Option, Product, Variant, gid
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values import metafield_rows, options, product_fields
from shopsync_pipeline.devstore.values.media_rows import check_file, take_file
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import (
    DEFAULT_VALUE,
    check_amounts,
    check_stock,
    make_variant,
    open_stock,
    remove_variant,
    renumber,
    write_variant,
)

_MISSING = "Product does not exist"


@dataclass(slots=True)
class _VariantRow:
    given: dict[str, Any]
    variant: Variant | None
    values: list[str]
    metafields: list[metafield_rows.MetafieldRow]


@dataclass(slots=True)
class _Wanted:
    """Everything the input asks for, found good."""

    fields: product_fields.ProductFields
    options: list[Option] | None = None
    variants: list[_VariantRow] | None = None
    metafields: list[metafield_rows.MetafieldRow] | None = None
    errors: list[UserError] = field(default_factory=list)


@mutation("productSet")
def product_set(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Makes or changes a product, at once or (`synchronous: false`) by an operation to be asked after later."""
    if arguments.get("synchronous", True):
        product, user_errors = _set(context, arguments.get("identifier"), arguments["input"])
        return {"product": product if not user_errors or product else None, "userErrors": user_errors}
    asked = {"identifier": arguments.get("identifier"), "input": arguments["input"]}
    operation = deferred.defer(context, "ProductSetOperation", None, asked)
    return {"product": None, "productSetOperation": deferred.view(operation, "CREATED"), "userErrors": []}


@deferred.worker(
    "ProductSetOperation", "productSet", identifier="ProductSetIdentifiers", input="ProductSetInput"
)
def set_later(context: Context, arguments: dict[str, Any]) -> tuple[int | None, list[UserError]]:
    """What an asynchronous productSet does when its time has come."""
    product, errors = _set(context, arguments.get("identifier"), arguments["input"])
    return None if errors or product is None else product.id, errors


def _set(
    context: Context, identifier: dict[str, Any] | None, given: dict[str, Any]
) -> tuple[Product | None, list[UserError]]:
    existing, errors = _find(context, identifier, given)
    if errors:
        return None, errors
    given = _with_custom_id(identifier, given, existing)
    wanted = _check(context, given, existing)
    if wanted.errors:
        return existing, wanted.errors
    product = existing or product_fields.make(context, wanted.fields)
    product_fields.write(context, product, wanted.fields if existing else product_fields.ProductFields())
    _write_media(context, product, given, wanted)
    _write_variants(context, product, wanted)
    owner = gid(Product.KIND, product.id)
    if given.get("collections") is not None:
        replace_collections(context, product, given["collections"])
    if wanted.metafields is not None:
        metafield_rows.write_rows(context, owner, wanted.metafields, replace=not _only_custom_id(identifier, given))
    return product, []


def _find(
    context: Context, identifier: dict[str, Any] | None, given: dict[str, Any]
) -> tuple[Product | None, list[UserError]]:
    """The product to change; None with no errors means that a new one is to be made."""
    if identifier is None:
        if given.get("id") is None:
            return None, []
        product = find_product(context.store, given["id"])
        return product, [] if product else [user_error(["input", "id"], _MISSING, "PRODUCT_DOES_NOT_EXIST")]
    if given.get("id") is not None:
        return None, [user_error(["input"], "The id field is not allowed if identifier is provided.", "ID_NOT_ALLOWED")]
    if "id" in identifier:
        product = find_product(context.store, identifier["id"])
        return product, [] if product else [user_error(["identifier", "id"], _MISSING, "PRODUCT_DOES_NOT_EXIST")]
    if "handle" in identifier:
        if given.get("handle") is None:
            sentence = "The input handle must be provided when the identifier is a handle."
            return None, [user_error(["input", "handle"], sentence, "MISSING_FIELD_REQUIRED")]
        if given["handle"] != identifier["handle"]:
            sentence = "The input handle must match the identifier handle."
            return None, [user_error(["input", "handle"], sentence, "INPUT_MISMATCH")]
        return context.store.product_by_handle(identifier["handle"]), []
    product = find_by_identifier(context, identifier)
    custom = identifier["customId"]
    named = [
        row for row in given.get("metafields") or []
        if (namespace_of(row.get("namespace")), row.get("key")) == (custom.get("namespace"), custom["key"])
    ]  # fmt: skip
    if given.get("metafields") is not None and not any(row.get("value") == custom["value"] for row in named):
        sentence = "The metafields in the input must hold the value of the identifier."
        return None, [user_error(["input", "metafields"], sentence, "METAFIELD_MISMATCH")]
    return product, []


def _only_custom_id(identifier: dict[str, Any] | None, given: dict[str, Any]) -> bool:
    return bool(identifier and "customId" in identifier and given.get("_custom_id_added"))


def _with_custom_id(
    identifier: dict[str, Any] | None, given: dict[str, Any], existing: Product | None
) -> dict[str, Any]:
    """An upsert by custom id stores that id itself when the input lists no metafields."""
    if identifier is None or "customId" not in identifier or given.get("metafields") is not None or existing:
        return given
    custom = identifier["customId"]
    row = {"namespace": custom.get("namespace"), "key": custom["key"], "value": custom["value"]}
    return {**given, "metafields": [row], "_custom_id_added": True}


def _check(context: Context, given: dict[str, Any], existing: Product | None) -> _Wanted:
    fields, errors = product_fields.check(context, given, existing, productset=True)
    wanted = _Wanted(fields, errors=errors)
    given_options, given_variants = given.get("productOptions"), given.get("variants")
    if given_options is not None and given_variants is None:
        sentence = "Variants input is required when updating product options"
        errors.append(user_error(["input", "variants"], sentence, "VARIANTS_INPUT_MISSING"))
    elif given_variants is not None and given_options is None and existing is not None:
        sentence = "Product options input is required when updating variants"
        errors.append(user_error(["input", "productOptions"], sentence, "PRODUCT_OPTIONS_INPUT_MISSING"))
    elif given_variants is not None:
        _check_variants(context, given_options or [], given_variants, given, existing, wanted)
    errors.extend(check_collections(context, given.get("collections") or [], ["input", "collections"], "INVALID_INPUT"))
    files = given.get("files")
    for index, row in enumerate(files or []):
        errors.extend(check_file(context, row, ["input", "files", str(index)], "INVALID_INPUT"))
    if given.get("metafields") is not None:
        owner = gid(Product.KIND, existing.id) if existing else None
        wanted.metafields, wrong = metafield_rows.check_rows(
            context, given["metafields"], owner, "PRODUCT", ["input", "metafields"], code="INVALID_METAFIELD"
        )
        errors.extend(wrong)
    return wanted


def _check_variants(
    context: Context,
    given_options: list[dict[str, Any]],
    rows: list[dict[str, Any]],
    given: dict[str, Any],
    existing: Product | None,
    wanted: _Wanted,
) -> None:
    errors = wanted.errors
    errors.extend(options.check_options(given_options, ["input", "productOptions"]))
    if not rows:
        errors.append(user_error(["input", "variants"], "At least one variant is required", "VARIANTS_INPUT_MISSING"))
    if errors:
        return
    shape = (
        options.read_options(context, given_options, existing) if given_options else options.default_options(context)
    )
    wanted.options = shape
    wanted.variants = []
    seen: set[tuple[str, ...]] = set()
    ordered = sorted(enumerate(rows), key=lambda pair: (pair[1].get("position") or pair[0] + 1, pair[0]))
    for index, row in ordered:
        where = ["input", "variants", str(index)]
        variant = find_variant(context.store, row["id"]) if row.get("id") else None
        if row.get("id") and (variant is None or existing is None or variant.product_id != existing.id):
            sentence = "Product variant does not exist"
            errors.append(user_error([*where, "id"], sentence, "PRODUCT_VARIANT_DOES_NOT_EXIST"))
            continue
        values, wrong = options.read_values(shape, row, where, "OPTION_DOES_NOT_EXIST")
        if wrong:
            errors.extend(wrong)
            continue
        title = " / ".join(values)
        if tuple(values) in seen:
            sentence = f"The variant '{title}' already exists. Please change at least one option value."
            errors.append(user_error(where, sentence, "INVALID_VARIANT"))
        seen.add(tuple(values))
        errors.extend(check_amounts(row, where, productset=True))
        stock = row.get("inventoryQuantities") or []
        errors.extend(check_stock(context, stock, [*where, "inventoryQuantities"], title, productset=True))
        _check_variant_file(row, given.get("files"), where, errors)
        owner = gid(Variant.KIND, variant.id) if variant else None
        metafields, bad = metafield_rows.check_rows(
            context,
            row.get("metafields") or [],
            owner,
            "PRODUCTVARIANT",
            [*where, "metafields"],
            code="INVALID_METAFIELD",
        )
        errors.extend(bad)
        wanted.variants.append(_VariantRow(row, variant, values, metafields))


def _check_variant_file(
    row: dict[str, Any], files: list[dict[str, Any]] | None, where: list[str], errors: list[UserError]
) -> None:
    file = row.get("file")
    if file is not None and not any(_same_file(file, one) for one in files or []):
        sentence = "The file of a variant must also be in the files of the product."
        errors.append(user_error([*where, "file"], sentence, "INVALID_INPUT"))


def _same_file(one: dict[str, Any], other: dict[str, Any]) -> bool:
    name = "id" if one.get("id") else "originalSource"
    return one.get(name) is not None and one.get(name) == other.get(name)


def _write_media(context: Context, product: Product, given: dict[str, Any], wanted: _Wanted) -> None:
    """Replaces the media when the input lists files, and ties variants to the files they name."""
    if given.get("files") is None:
        return
    taken = [(row, take_file(context, row).id) for row in given["files"]]
    product.media_ids = list(dict.fromkeys(number for _, number in taken))
    kept = set(product.media_ids)
    for variant in context.store.variants_of(product):
        if not kept.issuperset(variant.media_ids):
            variant.media_ids = [number for number in variant.media_ids if number in kept]
            context.store.touch(variant)
    for row in wanted.variants or []:
        file = row.given.get("file")
        if file is not None:
            row.given = {**row.given, "_media": next(number for one, number in taken if _same_file(file, one))}


def _write_variants(context: Context, product: Product, wanted: _Wanted) -> None:
    store = context.store
    if wanted.variants is None:
        if not product.options:
            product.options = options.default_options(context)
            variant = make_variant(context, product, [DEFAULT_VALUE])
            open_stock(context, variant, [])
            renumber(context, product)
        return
    assert wanted.options is not None
    kept = {row.variant.id for row in wanted.variants if row.variant}
    for variant in store.variants_of(product):
        if variant.id not in kept:
            remove_variant(context, product, variant)
    product.options = wanted.options
    order = []
    for row in wanted.variants:
        new = row.variant is None
        variant = row.variant or make_variant(context, product, row.values)
        variant.values = row.values
        for option, value in zip(product.options, row.values, strict=True):
            options.add_value(context, option, value)
        stock = row.given.get("inventoryQuantities")
        if new or stock:
            open_stock(context, variant, stock or [])
        if "_media" in row.given:
            variant.media_ids = [row.given["_media"]]
        write_variant(context, variant, row.given)
        if row.given.get("metafields") is not None:
            owner = gid(Variant.KIND, variant.id)
            metafield_rows.write_rows(context, owner, row.metafields, replace=True)
        order.append(variant.id)
    product.variant_ids = order
    renumber(context, product)
