"""Batches: the items that one mutation carries together, where Shopify takes many products' rows in one call.

Pure and lazy: never holds more items than a window, and never splits an item over two calls: a call is all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.prices import INVENTORY_ROWS, METAFIELD_ROWS, PAGE

Batch: TypeAlias = tuple[PlanItem, ...]
"""The items that one mutation carries, all of one operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Rows that one call takes, by operation; bytes of values in one call (Shopify refuses requests above 10 MB); and
    how many items are looked at together when calls are filled."""

    stock_rows: int = INVENTORY_ROWS
    metafield_rows: int = METAFIELD_ROWS
    deleted_rows: int = PAGE
    call_bytes: int = 8_000_000
    window: int = 1000

    def rows(self, operation: Operation) -> int:
        """The rows that a call of `operation` takes; 0: one item a call."""
        return {
            Operation.INVENTORY_SET: self.stock_rows, Operation.METAFIELDS_SET: self.metafield_rows,
            Operation.METAFIELDS_DELETE: self.deleted_rows,
        }.get(operation, 0)


USUAL = Limits()


def batches(items: Iterable[PlanItem], limits: Limits = USUAL) -> Iterator[Batch]:
    """The calls that do `items`, which must not depend on each other.

    What goes alone comes out at once, in its order. What shares calls is gathered in a window for each operation, and
    its calls are filled largest item first, which leaves few of them half empty; the emptiest waits for the next one.
    """
    waiting: dict[Operation, list[PlanItem]] = {}
    for item in items:
        if not limits.rows(item.operation):
            yield (item,)
            continue
        gathered = waiting.setdefault(item.operation, [])
        gathered.append(item)
        if len(gathered) >= limits.window:
            *full, emptiest = _filled(gathered, limits)
            yield from full
            waiting[item.operation] = list(emptiest)
            if not full:  # the whole window fits one call; waiting on would hold it for good
                yield emptiest
                waiting[item.operation] = []
    for gathered in waiting.values():
        yield from _filled(gathered, limits) if gathered else ()


def _filled(items: Sequence[PlanItem], limits: Limits) -> list[Batch]:
    """Items in as few calls as first-fit decreasing finds, the emptiest last."""
    most = limits.rows(items[0].operation)
    calls: list[_Call] = []
    first_with_room = 0
    for item in sorted(items, key=lambda item: -len(item.changes)):
        rows, size = len(item.changes), _size(item)
        while first_with_room < len(calls) and calls[first_with_room].rows >= most:
            first_with_room += 1
        fitting = (call for call in calls[first_with_room:]
                   if call.rows + rows <= most and call.size + size <= limits.call_bytes)
        call = next(fitting, None)
        if call is None:
            call = _Call()
            calls.append(call)
        call.items.append(item)
        call.rows, call.size = call.rows + rows, call.size + size
    calls.sort(key=lambda call: -call.rows)
    return [tuple(call.items) for call in calls]


class _Call:
    __slots__ = ("items", "rows", "size")

    def __init__(self) -> None:
        self.items: list[PlanItem] = []
        self.rows = self.size = 0


def _size(item: PlanItem) -> int:
    """Bytes of what an item sends; a figure of stock is not worth counting."""
    if item.operation is not Operation.METAFIELDS_SET:
        return 0
    return sum(len(canonical_json(change.after).encode(errors="surrogatepass")) for change in item.changes)


def blamed(batch: Batch, fields: Iterable[str]) -> Batch:
    """The items of a refused batch that the refusal names; none where it names no row.

    `fields` are the paths of its userErrors (`metafields.3.value`, `input.quantities.17.quantity`); their numbers count
    the call's rows, which are the items' changes in order.
    """
    owners = [item for item in batch for _ in item.changes]
    found = {}
    for field in fields:
        row = next((int(part) for part in field.split(".") if part.isdecimal()), None)
        if row is not None and row < len(owners):
            found[owners[row].item_id] = owners[row]
    return tuple(item for item in batch if item.item_id in found)
