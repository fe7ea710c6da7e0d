"""publishablePublish and publishableUnpublish, and what a product shows of its publications."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.clock import normal_time
from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_product, number_of
from shopsync_pipeline.devstore.operations.collections import find_collection
from shopsync_pipeline.devstore.records import Collection, Product
from shopsync_pipeline.devstore.registry import field, mutation
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error


@mutation("publishablePublish")
def publishable_publish(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Shows a product or collection on the named publications, now or from a date."""
    found, numbers, errors = _read(context, arguments)
    if errors or found is None:
        return {"publishable": found, "userErrors": errors}
    for number, row in zip(numbers, arguments["input"], strict=True):
        found.publications[number] = normal_time(row.get("publishDate") or context.now)
    _changed(context, found)
    return {"publishable": found, "userErrors": []}


@mutation("publishableUnpublish")
def publishable_unpublish(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Takes a product or collection off the named publications."""
    found, numbers, errors = _read(context, arguments)
    if errors or found is None:
        return {"publishable": found, "userErrors": errors}
    for number in numbers:
        found.publications.pop(number, None)
    _changed(context, found)
    return {"publishable": found, "userErrors": []}


def _read(
    context: Context, arguments: dict[str, Any]
) -> tuple[Product | Collection | None, list[int], list[UserError]]:
    found = find_product(context.store, arguments["id"]) or find_collection(context, arguments["id"])
    if found is None:
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
    return found, numbers, errors


def _changed(context: Context, found: Product | Collection) -> None:
    if isinstance(found, Product):
        found.published_at = min(found.publications.values(), default=None)
    found.updated_at = context.now
    context.store.touch(found)


@field("Product", "publishedOnPublication")
@field("Collection", "publishedOnPublication")
def published_on_publication(source: Product | Collection, context: Context, arguments: dict[str, Any]) -> bool:
    """Whether customers of one publication see it now: published by now and, for a product, active."""
    number = number_of(arguments["publicationId"], "Publication")
    date = source.publications.get(number) if number is not None else None
    shown = not isinstance(source, Product) or source.status == "ACTIVE"
    return shown and date is not None and date <= context.now


@field("Product", "resourcePublicationsV2")
@field("Collection", "resourcePublicationsV2")
def resource_publications(source: Product | Collection, context: Context, arguments: dict[str, Any]) -> Any:
    """The publications it is on."""
    rows = [
        {"number": number, "isPublished": date <= context.now, "publishDate": date,
         "publication": context.store.publications[number]}
        for number, date in sorted(source.publications.items())
        if not arguments.get("onlyPublished", True) or date <= context.now
    ]  # fmt: skip
    return page(rows, arguments, lambda row: (row["number"], row["number"]))
