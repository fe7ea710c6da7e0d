"""Collections: reads, and how products join and leave them from their own side.

The merchant makes collections; apps find them and put products in. Membership is written on the product.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.ids import number_of, read_id
from shopsync_pipeline.devstore.records import Collection, Product, gid
from shopsync_pipeline.devstore.registry import attributes, field, query
from shopsync_pipeline.devstore.search.find import filtered
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

_FIELDS: Final[dict[str, Any]] = {
    "id": lambda row, _view: row.id,
    "handle": lambda row, _view: row.handle,
    "title": lambda row, _view: row.title,
    "updated_at": lambda row, _view: row.updated_at,
    "collection_type": lambda _row, _view: "custom",
}
_SORTED_BY: Final[dict[str, Callable[[Collection], Any]]] = {
    "TITLE": lambda row: row.title.casefold(),
    "UPDATED_AT": lambda row: row.updated_at,
}
_MAXIMUM_COUNT: Final = 10_000


@query("collection")
def collection(_source: Any, context: Context, arguments: dict[str, Any]) -> Collection | None:
    """The collection with this id."""
    return context.store.collections.get(read_id(arguments["id"], Collection.KIND))


@query("collectionByIdentifier")
def collection_by_identifier(_source: Any, context: Context, arguments: dict[str, Any]) -> Collection | None:
    """The collection with this id or handle."""
    identifier = arguments["identifier"]
    if "id" in identifier:
        return find_collection(context, identifier["id"])
    if "handle" in identifier:
        rows = context.store.collections.values()
        return next((row for row in rows if row.handle == identifier["handle"]), None)
    raise PlatformError("Metafield definition of type 'id' is required when using custom ids.", "NOT_FOUND")


def find_collection(context: Context, text: str) -> Collection | None:
    """The collection a gid names."""
    number = number_of(text, Collection.KIND)
    return context.store.collections.get(number) if number is not None else None


@query("collections")
def collections(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of the collections the query selects."""
    rows = filtered(context, _all(context), arguments.get("query"), _FIELDS, ("title",), "collections")
    return _page(rows, arguments)


@query("collectionsCount")
def collections_count(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """How many collections the query selects; over the limit the count says AT_LEAST."""
    rows = filtered(context, _all(context), arguments.get("query"), _FIELDS, ("title",), "collectionsCount")
    limit = arguments.get("limit") or _MAXIMUM_COUNT
    return {"count": min(len(rows), limit), "precision": "AT_LEAST" if len(rows) > limit else "EXACT"}


def _all(context: Context) -> list[Collection]:
    return sorted(context.store.collections.values(), key=lambda row: row.id)


def _page(rows: list[Collection], arguments: dict[str, Any]) -> Any:
    reverse = bool(arguments.get("reverse"))
    read = _SORTED_BY.get(arguments.get("sortKey") or "ID", attrgetter("id"))

    def key(row: Collection) -> tuple[Any, int]:
        return read(row), row.id

    return page(sorted(rows, key=key, reverse=reverse), arguments, key, descending=reverse)


attributes("Collection", descriptionHtml="description_html", updatedAt="updated_at")


@field("Collection", "id")
def collection_id(source: Collection, _context: Context, _arguments: dict[str, Any]) -> str:
    """The collection's gid."""
    return gid(Collection.KIND, source.id)


@field("Collection", "legacyResourceId")
def collection_number(source: Collection, _context: Context, _arguments: dict[str, Any]) -> str:
    """The collection's number as text."""
    return str(source.id)


@field("Collection", "sortOrder")
def sort_order(_source: Collection, _context: Context, _arguments: dict[str, Any]) -> str:
    """Products stand in the order they were made."""
    return "CREATED"


@field("Collection", "templateSuffix")
def template_suffix(_source: Collection, _context: Context, _arguments: dict[str, Any]) -> None:
    """No collection has a template of its own."""


@field("Collection", "products")
def products_in(source: Collection, context: Context, arguments: dict[str, Any]) -> Any:
    """The products in it, by id."""
    reverse = bool(arguments.get("reverse"))
    numbers = sorted(context.store.members.get(source.id, ()), reverse=reverse)
    return page([context.store.products[number] for number in numbers], arguments, descending=reverse)


@field("Collection", "productsCount")
def products_count(source: Collection, context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """How many products are in it."""
    return {"count": len(context.store.members.get(source.id, ())), "precision": "EXACT"}


@field("Collection", "hasProduct")
def has_product(source: Collection, context: Context, arguments: dict[str, Any]) -> bool:
    """Whether a product is in it."""
    return number_of(arguments["id"], Product.KIND) in context.store.members.get(source.id, ())


@field("Product", "collections")
def collections_of(source: Product, context: Context, arguments: dict[str, Any]) -> Any:
    """The collections the product is in."""
    return _page([context.store.collections[number] for number in source.collection_ids], arguments)


@field("Product", "inCollection")
def in_collection(source: Product, _context: Context, arguments: dict[str, Any]) -> bool:
    """Whether the product is in one collection."""
    return number_of(arguments["id"], Collection.KIND) in source.collection_ids


# -- membership -------------------------------------------------------------------------------------


def check_collections(context: Context, given: list[str], where: list[str], code: str | None = None) -> list[UserError]:
    """A refusal for each id that is no collection of the shop."""
    return [
        user_error([*where, str(index)], "Collection does not exist", code)
        for index, text in enumerate(given)
        if find_collection(context, text) is None
    ]


def join_collections(context: Context, product: Product, given: list[str]) -> None:
    """Puts the product into collections that have been checked; it may be in them already."""
    numbers = _numbers(given)
    _put(context, product, [*product.collection_ids, *(row for row in numbers if row not in product.collection_ids)])


def leave_collections(context: Context, product: Product, given: list[str]) -> None:
    """Takes the product out of collections that have been checked; it need not be in them."""
    numbers = _numbers(given)
    _put(context, product, [row for row in product.collection_ids if row not in numbers])


def replace_collections(context: Context, product: Product, given: list[str]) -> None:
    """Leaves the product in exactly the given collections."""
    _put(context, product, list(dict.fromkeys(_numbers(given))))


def _numbers(given: list[str]) -> list[int]:
    found = (number_of(text, Collection.KIND) for text in given)
    return [number for number in found if number is not None]


def _put(context: Context, product: Product, numbers: list[int]) -> None:
    store = context.store
    changed = set(numbers) ^ set(product.collection_ids)
    if not changed:
        return
    store.place_in_collections(product, numbers)
    product.updated_at = context.now
    store.touch(product)
    for number in changed:
        store.collections[number].updated_at = context.now
        store.touch(store.collections[number])
