"""The search query of lists: which rows it selects, in which order, and a warning for every field it does not know.

As on the platform, a term with an unknown field is dropped, so all rows come back, and only `extensions.search` tells.
Rows are chosen by what the search index knows of them, which may lag, and shown as they are now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from shopsync_pipeline.devstore.clock import normal_time
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.records import Product, Variant
from shopsync_pipeline.devstore.search.debug import parsed
from shopsync_pipeline.devstore.search.fields import ITEM_FIELDS, PRODUCT_FIELDS, VARIANT_FIELDS, Value, View
from shopsync_pipeline.devstore.search.index import Rows
from shopsync_pipeline.devstore.search.order import timed_window, window
from shopsync_pipeline.devstore.search.plan import earliest_update, product_candidates, variant_candidates
from shopsync_pipeline.devstore.search.syntax import And, Node, Not, Or, Term, parse_query

Predicate = Callable[[Any], bool]


_NUMBERS: Final = {
    "id", "product_id", "variant_id", "inventory_total", "inventory_quantity", "collection_id", "publication_ids",
}  # fmt: skip
_TIMES: Final = {"created_at", "updated_at", "published_at"}
_WORDS: Final = {"title"}  # matched by word, not as a whole


def select_products(
    context: Context, text: str | None, root: str, page: dict[str, Any] | None = None
) -> Sequence[Product]:
    """The products a query selects, by id; one that was deleted and is still known to search is left out.

    `page` may hold the arguments of a forward page by id or updated_at: rows that it does not need are then left out.
    """
    store = context.store
    if not _asked(text):
        return Rows(store.product_ids, store.products)
    numbers = _matching_products(context, text, root, page)
    return Rows([number for number in numbers if number in store.products], store.products)


def count_products(context: Context, text: str | None, root: str) -> int:
    """How many products search knows that the query selects."""
    index = context.store.index
    return len(_matching_products(context, text, root) if _asked(text) else index.product_ids)


def _matching_products(context: Context, text: str | None, root: str, page: dict[str, Any] | None = None) -> list[int]:
    index = context.store.index
    tree, predicate = _read(context, text, PRODUCT_FIELDS, ("title", "vendor", "product_type", "tag", "sku"), root)
    if predicate is not None and page is not None and page.get("sortKey") == "UPDATED_AT" and _is_forward(page):
        return timed_window(index, predicate, page, earliest_update(tree))
    numbers = product_candidates(tree, context.store)
    return numbers if predicate is None else _passing(numbers, index.products, predicate, page)


def select_variants(
    context: Context, text: str | None, root: str, page: dict[str, Any] | None = None
) -> Sequence[Variant]:
    """The variants a query selects, by id; `page` as for products."""
    store = context.store
    if not _asked(text):
        return Rows(list(store.variants), store.variants)  # new numbers only ever grow: this order is by id
    numbers = _matching_variants(context, text, root, page)
    return Rows([number for number in numbers if number in store.variants], store.variants)


def count_variants(context: Context, text: str | None, root: str) -> int:
    """How many variants search knows that the query selects."""
    index = context.store.index
    return len(_matching_variants(context, text, root) if _asked(text) else index.variant_ids)


def _matching_variants(context: Context, text: str | None, root: str, page: dict[str, Any] | None = None) -> list[int]:
    index = context.store.index
    tree, predicate = _read(context, text, VARIANT_FIELDS, ("title", "sku", "barcode"), root)
    numbers = variant_candidates(tree, context.store)
    return numbers if predicate is None else _passing(numbers, index.variants, predicate, page)


def select_items(context: Context, text: str | None) -> list[Any]:
    """The inventory items a query selects."""
    rows = list(context.store.items.values())
    if not _asked(text):
        return rows
    _, predicate = _read(context, text, ITEM_FIELDS, ("sku",), "inventoryItems")
    return rows if predicate is None else [row for row in rows if predicate(row)]


def filtered(
    context: Context, rows: Iterable[Any], text: str | None, fields: dict[str, Any], default: Sequence[str], root: str
) -> list[Any]:
    """The rows of a small list that a query selects by the given fields, looked at one by one."""
    if not _asked(text):
        return list(rows)
    _, predicate = _read(context, text, fields, default, root)
    return [row for row in rows if predicate is None or predicate(row)]


def _asked(text: str | None) -> bool:
    return bool(text and text.strip())


def _is_forward(page: dict[str, Any]) -> bool:
    return (page.get("first") or 0) > 0 and not page.get("before") and page.get("last") is None


def _passing(
    numbers: list[int], records: Mapping[int, Any], predicate: Predicate, page: dict[str, Any] | None
) -> list[int]:
    if page is not None and _is_forward(page):
        return window(numbers, records, predicate, page)
    return [number for number in numbers if predicate(records[number])]


def _read(
    context: Context, text: str | None, fields: dict[str, Value], default: Sequence[str], root: str
) -> tuple[Node | None, Predicate | None]:
    """The meaning and the test of a query; what search had to say about it is noted for `extensions.search`."""
    assert text is not None
    index = context.store.index
    tree = parse_query(text)
    warnings: list[dict[str, str]] = []
    view = View(index.products, index.variants)
    predicate = _predicate(tree, fields, default, view, warnings) if tree else None
    if warnings or context.search_debug:
        note: dict[str, Any] = {"path": [root], "query": text}
        if context.search_debug and tree is not None:
            note["parsed"] = parsed(tree)
        context.search.append({**note, **({"warnings": warnings} if warnings else {})})
    return tree, predicate


def _predicate(
    node: Node, fields: dict[str, Value], default: Sequence[str], store: View, warnings: list[dict[str, str]]
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
    term: Term, fields: dict[str, Value], default: Sequence[str], store: View, warnings: list[dict[str, str]]
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


def _compare(name: str, read: Value, term: Term, store: View, *, words: bool = False) -> Predicate:
    wanted: Any = term.value.rsplit("/", 1)[-1] if name in _NUMBERS else term.value.casefold()
    if name in _NUMBERS:
        try:
            wanted = int(wanted)
        except ValueError:
            return lambda _row: False
    elif name in _TIMES:
        wanted = normal_time(term.value)
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
