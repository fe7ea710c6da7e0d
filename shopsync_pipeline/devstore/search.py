"""The search query of lists: which rows it selects, in which order, and a warning for every field it does not know.

As on the platform, a term with an unknown field is dropped, so all rows come back, and only `extensions.search` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final

from shopsync_pipeline.devstore.connections import Key, by_id
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.records import Product, Variant
from shopsync_pipeline.devstore.search_syntax import And, Node, Not, Or, Term, parse_query
from shopsync_pipeline.devstore.store import Store

Predicate = Callable[[Any], bool]
_Value = Callable[[Any, Store], Any]


def _number(text: str) -> str:
    return text.rsplit("/", 1)[-1]


def _skus(product: Product, store: Store) -> list[str]:
    return [store.variants[number].sku or "" for number in product.variant_ids]


def _barcodes(product: Product, store: Store) -> list[str]:
    return [store.variants[number].barcode or "" for number in product.variant_ids]


def _stock(product: Product, store: Store) -> int:
    return sum(_variant_stock(store.variants[number], store) for number in product.variant_ids)


def _variant_stock(variant: Variant, _store: Store) -> int:
    return sum(level.available for level in variant.item.levels.values()) if variant.item.tracked else 0


PRODUCT_FIELDS: Final[dict[str, _Value]] = {
    "id": lambda row, _store: row.id,
    "handle": lambda row, _store: row.handle,
    "title": lambda row, _store: row.title,
    "status": lambda row, _store: row.status,
    "vendor": lambda row, _store: row.vendor,
    "product_type": lambda row, _store: row.product_type,
    "tag": lambda row, _store: row.tags,
    "created_at": lambda row, _store: row.created_at,
    "updated_at": lambda row, _store: row.updated_at,
    "sku": _skus,
    "barcode": _barcodes,
    "inventory_total": _stock,
    "variant_id": lambda row, _store: row.variant_ids,
}
VARIANT_FIELDS: Final[dict[str, _Value]] = {
    "id": lambda row, _store: row.id,
    "sku": lambda row, _store: row.sku or "",
    "barcode": lambda row, _store: row.barcode or "",
    "title": lambda row, _store: row.title,
    "product_id": lambda row, _store: row.product_id,
    "updated_at": lambda row, _store: row.updated_at,
    "inventory_quantity": _variant_stock,
    "vendor": lambda row, store: store.products[row.product_id].vendor,
    "product_type": lambda row, store: store.products[row.product_id].product_type,
    "product_status": lambda row, store: store.products[row.product_id].status,
    "tag": lambda row, store: store.products[row.product_id].tags,
}
ITEM_FIELDS: Final[dict[str, _Value]] = {
    "id": lambda row, _store: row.id,
    "sku": lambda row, store: store.variants[row.variant_id].sku or "",
    "created_at": lambda row, _store: row.created_at,
    "updated_at": lambda row, _store: row.updated_at,
}
_NUMBERS: Final = {"id", "product_id", "variant_id", "inventory_total", "inventory_quantity"}
_TIMES: Final = {"created_at", "updated_at"}
_WORDS: Final = {"title"}  # matched by word, not as a whole


def select_products(context: Context, text: str | None, root: str) -> list[Product]:
    """The products a query selects, by id."""
    store = context.store
    everything = [store.products[number] for number in store.product_ids]
    return _select(context, everything, text, PRODUCT_FIELDS, ("title", "vendor", "product_type", "tag", "sku"), root)


def select_variants(context: Context, text: str | None, root: str) -> list[Variant]:
    """The variants a query selects."""
    return _select(
        context, list(context.store.variants.values()), text, VARIANT_FIELDS, ("title", "sku", "barcode"), root
    )


def select_items(context: Context, text: str | None) -> list[Any]:
    """The inventory items a query selects."""
    return _select(context, list(context.store.items.values()), text, ITEM_FIELDS, ("sku",), "inventoryItems")


def _select(
    context: Context, rows: list[Any], text: str | None, fields: dict[str, _Value], default: Sequence[str], root: str
) -> list[Any]:
    if not text or not text.strip():
        return rows
    tree = parse_query(text)
    warnings: list[dict[str, str]] = []
    predicate = _predicate(tree, fields, default, context.store, warnings) if tree else None
    if warnings:
        context.search.append({"path": [root], "query": text, "warnings": warnings})
    return rows if predicate is None else [row for row in rows if predicate(row)]


def _predicate(
    node: Node, fields: dict[str, _Value], default: Sequence[str], store: Store, warnings: list[dict[str, str]]
) -> Predicate | None:
    """The test of one part of a query; None when it was dropped because its field is unknown."""
    match node:
        case Term():
            return _term(node, fields, default, store, warnings)
        case Not(inner):
            test = _predicate(inner, fields, default, store, warnings)
            return None if test is None else lambda row: not test(row)
        case And(parts) | Or(parts):
            tests = [test for part in parts if (test := _predicate(part, fields, default, store, warnings)) is not None]
            if not tests:
                return None
            if isinstance(node, And):
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)


def _term(
    term: Term, fields: dict[str, _Value], default: Sequence[str], store: Store, warnings: list[dict[str, str]]
) -> Predicate | None:
    if term.field is None:
        tests = [_compare(name, fields[name], Term(name, ":", term.value), store, words=True) for name in default]
        return lambda row: any(test(row) for test in tests)
    if term.field == "tag_not" and "tag" in fields:
        test = _compare("tag", fields["tag"], Term("tag", ":", term.value), store)
        return lambda row: not test(row)
    read = fields.get(term.field)
    if read is None:
        warnings.append(
            {"field": term.field, "message": "Invalid search field for this query.", "code": "invalid_field"}
        )
        return None
    return _compare(term.field, read, term, store, words=term.field in _WORDS)


def _compare(name: str, read: _Value, term: Term, store: Store, *, words: bool = False) -> Predicate:
    wanted: Any = _number(term.value) if name in _NUMBERS else term.value.casefold()
    if name in _NUMBERS:
        try:
            wanted = int(wanted)
        except ValueError:
            return lambda _row: False
    elif name in _TIMES:
        wanted = term.value if "T" in term.value else f"{term.value}T00:00:00Z"
    test = _test(term.operator, wanted, whole_day=name in _TIMES and "T" not in term.value, words=words)

    def matches(row: Any) -> bool:
        value = read(row, store)
        if isinstance(value, list):
            return any(test(item.casefold() if isinstance(item, str) else item) for item in value)
        return test(value.casefold() if isinstance(value, str) and name not in _TIMES else value)

    return matches


def _test(operator: str, wanted: Any, *, whole_day: bool, words: bool) -> Predicate:
    match operator:
        case ":>":
            return lambda value: value > wanted
        case ":>=":
            return lambda value: value >= wanted
        case ":<":
            return lambda value: value < wanted
        case ":<=":
            return lambda value: value <= wanted
    if isinstance(wanted, str) and wanted == "*":
        return bool
    if isinstance(wanted, str) and wanted.endswith("*"):
        start = wanted[:-1]
        if words:
            return lambda value: any(word.startswith(start) for word in [*value.split(), value])
        return lambda value: value.startswith(start)
    if whole_day:
        return lambda value: value[:10] == wanted[:10]
    if words:
        return lambda value: value == wanted or wanted in value.split() or (" " in wanted and wanted in value)
    return lambda value: value == wanted


_SORTED_BY: Final[dict[str, Callable[[Product], Any]]] = {
    "CREATED_AT": attrgetter("created_at"),
    "UPDATED_AT": attrgetter("updated_at"),
    "PRODUCT_TYPE": lambda row: row.product_type.casefold(),
    "PUBLISHED_AT": lambda row: row.published_at or "",
    "TITLE": lambda row: row.title.casefold(),
    "VENDOR": lambda row: row.vendor.casefold(),
}


def sorted_products(store: Store, rows: list[Product], sort_key: str, *, reverse: bool) -> tuple[list[Product], Key]:
    """The rows in the order of a ProductSortKeys value (RELEVANCE is by id), with the key that cursors name."""
    read: Callable[[Product], Any] | None = _SORTED_BY.get(sort_key)
    if sort_key == "INVENTORY_TOTAL":
        read = lambda row: _stock(row, store)  # noqa: E731 - one of seven readers of the same shape
    if read is None:
        return (rows[::-1] if reverse else rows), by_id
    value = read

    def key(row: Product) -> tuple[Any, int]:
        return value(row), row.id

    return sorted(rows, key=key, reverse=reverse), key
