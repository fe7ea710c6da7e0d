"""publishablePublish and publishableUnpublish, and what a product shows of its publications."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product, number_of
from shopsync_pipeline.devstore.records import Product
from shopsync_pipeline.devstore.registry import field, mutation
from shopsync_pipeline.devstore.user_errors import UserError, user_error


@mutation("publishablePublish")
def publishable_publish(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Shows a product on the named publications, now or from a date."""
    product, numbers, errors = _read(context, arguments)
    if errors or product is None:
        return {"publishable": product, "userErrors": errors}
    for number, row in zip(numbers, arguments["input"], strict=True):
        product.publications[number] = row.get("publishDate") or context.now
    _changed(context, product)
    return {"publishable": product, "userErrors": []}


@mutation("publishableUnpublish")
def publishable_unpublish(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Takes a product off the named publications."""
    product, numbers, errors = _read(context, arguments)
    if errors or product is None:
        return {"publishable": product, "userErrors": errors}
    for number in numbers:
        product.publications.pop(number, None)
    _changed(context, product)
    return {"publishable": product, "userErrors": []}


def _read(context: Context, arguments: dict[str, Any]) -> tuple[Product | None, list[int], list[UserError]]:
    product = find_product(context.store, arguments["id"])
    if product is None:
        return None, [], [user_error(["id"], "Resource does not exist")]
    numbers, errors = [], []
    for index, row in enumerate(arguments["input"]):
        number = number_of(row.get("publicationId") or "", "Publication")
        if number is None or number not in context.store.publications:
            errors.append(
                user_error(["input", str(index), "publicationId"], "Publication does not exist or is not publishable")
            )
        else:
            numbers.append(number)
    return product, numbers, errors


def _changed(context: Context, product: Product) -> None:
    product.published_at = min(product.publications.values(), default=None)
    product.updated_at = context.now
    context.store.touch(product)


@field("Product", "publishedOnPublication")
def published_on_publication(source: Product, _context: Context, arguments: dict[str, Any]) -> bool:
    """Whether customers of one publication see the product."""
    return source.status == "ACTIVE" and number_of(arguments["publicationId"], "Publication") in source.publications


@field("Product", "resourcePublicationsV2")
def resource_publications(source: Product, context: Context, arguments: dict[str, Any]) -> Any:
    """The publications the product is on."""
    rows = [
        {"number": number, "isPublished": date <= context.now, "publishDate": date,
         "publication": context.store.publications[number]}
        for number, date in sorted(source.publications.items())
        if not arguments.get("onlyPublished", True) or date <= context.now
    ]  # fmt: skip
    return page(rows, arguments, lambda row: (row["number"], row["number"]))
