"""The order of found rows: by id as they come, by time from the sorted index, by anything else sorted on the spot."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, Final

from shopsync_pipeline.devstore.connections import Key, by_id, read_cursor
from shopsync_pipeline.devstore.records import Product
from shopsync_pipeline.devstore.search.fields import View, stock
from shopsync_pipeline.devstore.search.index import SearchIndex, TimedRows
from shopsync_pipeline.devstore.store import Store

_SORTED_BY: Final[dict[str, Callable[[Product], Any]]] = {
    "CREATED_AT": attrgetter("created_at"),
    "UPDATED_AT": attrgetter("updated_at"),
    "PRODUCT_TYPE": lambda row: row.product_type.casefold(),
    "PUBLISHED_AT": lambda row: row.published_at or "",
    "TITLE": lambda row: row.title.casefold(),
    "VENDOR": lambda row: row.vendor.casefold(),
}


def sorted_products(
    store: Store, rows: Sequence[Product], sort_key: str, *, reverse: bool
) -> tuple[Sequence[Product], Key]:
    """The rows in the order of a ProductSortKeys value (RELEVANCE is by id), with the key that cursors name."""
    index = store.index
    view = View(index.products, index.variants)
    read: Callable[[Product], Any] | None = _SORTED_BY.get(sort_key)
    if sort_key == "INVENTORY_TOTAL":
        read = lambda row: stock(row, view)  # noqa: E731 - one of seven readers of the same shape
    if read is None:
        return (rows[::-1] if reverse else rows), by_id
    value, known = read, view.products

    def key(row: Product) -> tuple[Any, int]:
        # What search does not know yet sorts by what it is now.
        return value(known.get(row.id, row)), row.id

    if sort_key == "UPDATED_AT" and not index.waiting and len(rows) == len(store.product_ids):
        return TimedRows(index.updated[::-1] if reverse else index.updated, store.products), key
    return sorted(rows, key=key, reverse=reverse), key


def window(
    numbers: list[int], records: Mapping[int, Any], wanted: Callable[[Any], bool], arguments: dict[str, Any]
) -> list[int]:
    """The matching numbers that a forward page in ascending order needs: its own, one before and one after.

    A page of a large list is filled without testing the rows behind it.
    """
    start = 0
    before: list[int] = []
    if arguments.get("after"):
        start = bisect_right(numbers, read_cursor(arguments["after"])[1])
        matching = (numbers[place] for place in range(start - 1, -1, -1) if wanted(records[numbers[place]]))
        before = list(islice(matching, 1))
    rest = (numbers[place] for place in range(start, len(numbers)) if wanted(records[numbers[place]]))
    return [*before, *islice(rest, arguments["first"] + 1)]


def timed_window(
    index: SearchIndex, wanted: Callable[[Any], bool], arguments: dict[str, Any], earliest: str
) -> list[int]:
    """The same for a page in the order of updated_at, of products changed at `earliest` or later."""
    times, records = index.updated, index.products
    start = bisect_left(times, (earliest, 0))
    before: list[int] = []
    if arguments.get("after"):
        value, number = read_cursor(arguments["after"])
        least, start = start, max(start, bisect_right(times, (str(value), number)))
        earlier = (times[place][1] for place in range(start - 1, least - 1, -1))
        before = list(islice((row for row in earlier if wanted(records[row])), 1))
    later = (times[place][1] for place in range(start, len(times)))
    return [*before, *islice((row for row in later if wanted(records[row])), arguments["first"] + 1)]
