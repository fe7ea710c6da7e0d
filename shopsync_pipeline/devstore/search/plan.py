"""Which rows a query needs to look at: the narrowest of what the sorted ids, times, skus and handles can say.

It only ever leaves out rows that the query's own test would refuse; what it cannot narrow, it leaves whole.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from shopsync_pipeline.devstore.clock import normal_time
from shopsync_pipeline.devstore.records import Product, Variant
from shopsync_pipeline.devstore.search.index import SearchIndex
from shopsync_pipeline.devstore.search.syntax import And, Node, Term
from shopsync_pipeline.devstore.store import Store


def product_candidates(tree: Node | None, store: Store) -> list[int]:
    """Numbers of the products that can match, in ascending order."""
    index = store.index
    found = index.product_ids
    for term in _terms(tree):
        narrowed = _products_of(term, store, index)
        if narrowed is not None and len(narrowed) < len(found):
            found = narrowed
    return found


def earliest_update(tree: Node | None) -> str:
    """The time before which no matching product was updated, "" when the query does not say."""
    since = (term for term in _terms(tree) if term.field == "updated_at" and term.operator in (":>", ":>="))
    return max((normal_time(term.value) for term in since), default="")


def variant_candidates(tree: Node | None, store: Store) -> list[int]:
    """Numbers of the variants that can match, in ascending order."""
    index = store.index
    found = index.variant_ids
    for term in _terms(tree):
        narrowed = None
        if term.field == "id":
            narrowed = _range(index.variant_ids, term)
        elif term.field == "sku" and _exact(term):
            narrowed = sorted(index.by_sku.get(term.value.casefold(), ()))
        elif term.field == "product_id" and term.operator == ":" and (number := _number(term)) is not None:
            product = index.products.get(number)
            older = (row for row in index.behind(Variant.KIND) if _belongs(index, row, number))
            narrowed = sorted({*(product.variant_ids if product else ()), *older})
        if narrowed is not None and len(narrowed) < len(found):
            found = narrowed
    return found


def _products_of(term: Term, store: Store, index: SearchIndex) -> list[int] | None:
    match term.field:
        case "id":
            return _range(index.product_ids, term)
        case "updated_at":
            return _time_range(index, term)
        case "sku" if _exact(term):
            variants = index.variants
            owners = (variants[row].product_id for row in index.by_sku.get(term.value.casefold(), ()))
            return _known({*owners, *index.behind(Product.KIND)}, index)
        case "handle" if _exact(term):
            held = store.by_handle.get(term.value.casefold())
            return _known({*([held] if held is not None else []), *index.behind(Product.KIND)}, index)
    return None


def _known(numbers: Iterable[int], index: SearchIndex) -> list[int]:
    products = index.products
    return sorted(number for number in numbers if number in products)


def _belongs(index: SearchIndex, number: int, product: int) -> bool:
    found = index.variants.get(number)
    return found is not None and found.product_id == product


def _terms(tree: Node | None) -> Iterable[Term]:
    """The terms that every matching row must satisfy."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return (part for part in parts if isinstance(part, Term))


def _exact(term: Term) -> bool:
    return term.operator == ":" and not term.value.endswith("*")


def _number(term: Term) -> int | None:
    text = term.value.rsplit("/", 1)[-1]
    return int(text) if text.isdecimal() else None


def _range(numbers: list[int], term: Term) -> list[int] | None:
    wanted = _number(term)
    if wanted is None:
        return None
    match term.operator:
        case ":>":
            return numbers[bisect_right(numbers, wanted) :]
        case ":>=":
            return numbers[bisect_left(numbers, wanted) :]
        case ":<":
            return numbers[: bisect_left(numbers, wanted)]
        case ":<=":
            return numbers[: bisect_right(numbers, wanted)]
    return numbers[bisect_left(numbers, wanted) : bisect_right(numbers, wanted)]


def _time_range(index: SearchIndex, term: Term) -> list[int] | None:
    if term.operator not in (":>", ":>="):
        return None
    start = bisect_left(index.updated, (normal_time(term.value), 0))
    return sorted(number for _, number in index.updated[start:])
