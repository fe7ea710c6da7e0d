"""productCreate, productUpdate and productDelete."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore import deferred
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product
from shopsync_pipeline.devstore.operations.collections import check_collections, join_collections, leave_collections
from shopsync_pipeline.devstore.operations.product_reads import find_by_identifier
from shopsync_pipeline.devstore.records import Product, gid
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values import metafield_rows, options, product_fields
from shopsync_pipeline.devstore.values.media_rows import check_file, take_file
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error
from shopsync_pipeline.devstore.values.variant_fields import DEFAULT_VALUE, make_variant, open_stock, renumber

_MISSING = "Product does not exist"
_BUSY = "Another operation already in progress. Please wait until current one is finished."


@mutation("productCreate")
def product_create(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Makes a product with the first variant of its options, unpublished."""
    given = arguments.get("product") or {}
    fields, errors = product_fields.check(context, given, None, productset=False)
    given_options = given.get("productOptions") or []
    errors += options.check_options(given_options, ["productOptions"])
    rows, wrong = _metafields(context, given, None)
    errors += wrong
    media = arguments.get("media") or []
    errors += _media_errors(context, media)
    joined = given.get("collectionsToJoin") or []
    errors += check_collections(context, joined, ["collectionsToJoin"])
    if errors:
        return {"product": None, "userErrors": errors}
    product = product_fields.make(context, fields)
    product.options = (
        options.read_options(context, given_options, None) if given_options else options.default_options(context)
    )
    for option in product.options:
        if not option.values:
            options.add_value(context, option, DEFAULT_VALUE)
    variant = make_variant(context, product, [option.values[0].name for option in product.options])
    open_stock(context, variant, [])
    renumber(context, product)
    metafield_rows.write_rows(context, gid(Product.KIND, product.id), rows)
    join_collections(context, product, joined)
    product.media_ids = [take_file(context, row).id for row in media]
    return {"product": product, "userErrors": []}


@mutation("productUpdate")
def product_update(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Changes the product fields that the input gives and nothing else; new media are added at the end."""
    given = arguments.get("product") or {}
    product = _target(context, arguments.get("identifier"), given)
    if product is None:
        return {"product": None, "userErrors": [user_error(["id"], _MISSING)]}
    fields, errors = product_fields.check(context, given, product, productset=False)
    rows, wrong = _metafields(context, given, product)
    errors += wrong
    media = arguments.get("media") or []
    errors += _media_errors(context, media)
    joined, left = given.get("collectionsToJoin") or [], given.get("collectionsToLeave") or []
    errors += check_collections(context, joined, ["collectionsToJoin"])
    errors += check_collections(context, left, ["collectionsToLeave"])
    if errors:
        return {"product": product, "userErrors": errors}
    product_fields.write(context, product, fields)
    metafield_rows.write_rows(context, gid(Product.KIND, product.id), rows)
    join_collections(context, product, joined)
    leave_collections(context, product, left)
    product.media_ids += [take_file(context, row).id for row in media]
    return {"product": product, "userErrors": []}


@mutation("productDelete")
def product_delete(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Deletes a product with its variants and metafields; asynchronously it stays readable until that is done."""
    product = find_product(context.store, arguments["input"]["id"])
    if product is None:
        return {"deletedProductId": None, "userErrors": [user_error(["id"], _MISSING)]}
    if deferred.is_being_deleted(context.store, product.id):
        return {"deletedProductId": None, "userErrors": [user_error(None, _BUSY)]}
    if arguments.get("synchronous", True):
        delete_product(context, product)
        return {"deletedProductId": gid(Product.KIND, product.id), "userErrors": []}
    asked = {"input": arguments["input"]}
    operation = deferred.defer(context, "ProductDeleteOperation", product.id, asked)
    return {"deletedProductId": None, "productDeleteOperation": deferred.view(operation, "CREATED"), "userErrors": []}


@deferred.worker("ProductDeleteOperation", "productDelete", input="ProductDeleteInput")
def delete_later(context: Context, arguments: dict[str, Any]) -> tuple[int | None, list[UserError]]:
    """What an asynchronous productDelete does when its time has come."""
    product = find_product(context.store, arguments["input"]["id"])
    if product is None:
        return None, [user_error(["id"], _MISSING)]
    delete_product(context, product)
    return product.id, []


def delete_product(context: Context, product: Product) -> None:
    """Removes a product and everything that belongs to it alone; files stay in the shop."""
    store = context.store
    for variant in store.variants_of(product):
        store.drop_owner(variant.KIND, variant.id)
        store.remove(variant)
    store.drop_owner(Product.KIND, product.id)
    store.remove(product)


def _target(context: Context, identifier: dict[str, Any] | None, given: dict[str, Any]) -> Product | None:
    if identifier is not None:
        return find_by_identifier(context, identifier)
    return find_product(context.store, given.get("id") or "")


def _metafields(
    context: Context, given: dict[str, Any], product: Product | None
) -> tuple[list[metafield_rows.MetafieldRow], list[UserError]]:
    owner = gid(Product.KIND, product.id) if product else None
    return metafield_rows.check_rows(
        context, given.get("metafields") or [], owner, "PRODUCT", ["metafields"], code="INVALID_METAFIELD"
    )


def _media_errors(context: Context, media: list[dict[str, Any]]) -> list[UserError]:
    return [
        error
        for index, row in enumerate(media)
        for error in check_file(context, row, ["media", str(index)], "INVALID_INPUT")
    ]
