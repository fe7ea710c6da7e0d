"""tagsAdd and tagsRemove."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product
from shopsync_pipeline.devstore.records import Product
from shopsync_pipeline.devstore.registry import mutation
from shopsync_pipeline.devstore.values.normalise import tags_from
from shopsync_pipeline.devstore.values.product_fields import check_tags
from shopsync_pipeline.devstore.values.user_errors import user_error


@mutation("tagsAdd")
def tags_add(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Adds tags that the product does not have, whatever their case."""
    product = find_product(context.store, arguments["id"])
    if product is None:
        return {"node": None, "userErrors": [user_error(["id"], "Product does not exist")]}
    return _take(context, product, tags_from([*product.tags, *arguments["tags"]]))


@mutation("tagsRemove")
def tags_remove(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Removes tags, whatever their case."""
    product = find_product(context.store, arguments["id"])
    if product is None:
        return {"node": None, "userErrors": [user_error(["id"], "Product does not exist")]}
    gone = {tag.strip().casefold() for tag in arguments["tags"]}
    return _take(context, product, [tag for tag in product.tags if tag.casefold() not in gone])


def _take(context: Context, product: Product, tags: list[str]) -> dict[str, Any]:
    errors = check_tags(tags, ["tags"])
    if errors:
        return {"node": product, "userErrors": errors}
    if tags != product.tags:
        product.tags = tags
        product.updated_at = context.now
        context.store.touch(product)
    return {"node": product, "userErrors": []}
