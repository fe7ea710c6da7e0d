"""Pages of a list: first/after and last/before over any ordered rows, with cursors the client cannot confuse.

A cursor names the id and the sort value of a row, so it stays good when rows around it come and go.
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore.errors import PlatformError

MAXIMUM_PAGE: Final = 250
# An argument no document can give, its name being reserved: a bulk export reads the whole list at once.
EVERY_ROW: Final = "__everyRow"
Key = Callable[[Any], tuple[Any, int]]


def by_id(row: Any) -> tuple[Any, int]:
    """The order of rows that have a number: the number."""
    return (row.id, row.id)


def by_place(rows: Sequence[Any]) -> Key:
    """The order of rows whose place is their only order, such as a product's media."""
    places = {row.id: place for place, row in enumerate(rows)}
    return lambda row: (places[row.id], row.id)


class Page:
    """One page of a connection; edges and cursors are made only when they are selected."""

    __slots__ = ("_key", "has_next", "has_previous", "nodes")

    def __init__(self, nodes: Sequence[Any], key: Key, *, has_next: bool, has_previous: bool) -> None:
        """`nodes` are the rows of this page in answer order."""
        self.nodes = nodes
        self._key = key
        self.has_next = has_next
        self.has_previous = has_previous

    @property
    def edges(self) -> list[dict[str, Any]]:
        """Each node with its cursor."""
        return [{"node": node, "cursor": cursor_of(self._key(node))} for node in self.nodes]

    @property
    def pageInfo(self) -> dict[str, Any]:  # noqa: N802 - the field's name in the API
        """Where this page stands in the whole list."""
        return {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
            "startCursor": cursor_of(self._key(self.nodes[0])) if self.nodes else None,
            "endCursor": cursor_of(self._key(self.nodes[-1])) if self.nodes else None,
        }


def cursor_of(key: tuple[Any, int]) -> str:
    """The opaque text of a place in a list."""
    return base64.b64encode(orjson.dumps({"last_id": key[1], "last_value": key[0]})).decode()


def read_cursor(text: str) -> tuple[Any, int]:
    """The place a cursor names; raises the platform's error for a text that is not one."""
    try:
        found = orjson.loads(base64.b64decode(text, validate=True))
        return found["last_value"], int(found["last_id"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise PlatformError(f"Invalid cursor for current pagination sort: {text}.", "BAD_REQUEST") from error


def page(rows: Sequence[Any], arguments: dict[str, Any], key: Key = by_id, *, descending: bool = False) -> Page:
    """The asked page of `rows`, which are already in answer order by `key` (from high to low when `descending`)."""
    if EVERY_ROW in arguments:
        return Page(rows, key, has_next=False, has_previous=False)
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise PlatformError("you must provide one of first or last", "BAD_REQUEST")
    for size in (first, last):
        if size is not None and not 0 < size <= MAXIMUM_PAGE:
            raise PlatformError(f"page size {size} is outside 1 to {MAXIMUM_PAGE}", "BAD_REQUEST")
    start, end = 0, len(rows)
    if arguments.get("after"):
        start = _place(rows, read_cursor(arguments["after"]), key, after=True, descending=descending)
    if arguments.get("before"):
        end = max(start, _place(rows, read_cursor(arguments["before"]), key, after=False, descending=descending))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    return Page(rows[start:end], key, has_next=end < len(rows), has_previous=start > 0)


def _place(rows: Sequence[Any], wanted: tuple[Any, int], key: Key, *, after: bool, descending: bool) -> int:
    try:
        if descending:
            # Seen from the end the rows ascend, and "after" a row means before it.
            backwards = rows[::-1]
            found = bisect_left(backwards, wanted, key=key) if after else bisect_right(backwards, wanted, key=key)
            return len(rows) - found
        return bisect_right(rows, wanted, key=key) if after else bisect_left(rows, wanted, key=key)
    except TypeError as error:
        raise PlatformError("Invalid cursor for current pagination sort.", "BAD_REQUEST") from error
