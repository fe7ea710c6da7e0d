"""What search knows of products and variants: sorted ids, times and skus, running behind the records by the index lag.

It is told every committed change, keeps what it has not taken in yet in a queue, and shows rows as they were before.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import orjson

from shopsync_pipeline.devstore.persistence import Change, decode
from shopsync_pipeline.devstore.records import Product, Variant

Key = tuple[str, int]


class SearchIndex:
    """The index of one shop. `updated` holds (updated_at, id) of products in order; skus are kept in lower case."""

    def __init__(self, products: Mapping[int, Product], variants: Mapping[int, Variant]) -> None:
        """Knows everything there is at once; `products` and `variants` are the live records, by number."""
        self._products, self._variants = products, variants
        self.product_ids: list[int] = sorted(products)
        self.variant_ids: list[int] = sorted(variants)
        self.updated: list[tuple[str, int]] = sorted((row.updated_at, row.id) for row in products.values())
        self.by_sku: dict[str, tuple[int, ...]] = {}
        for variant in variants.values():
            if variant.sku:
                self._add_sku(variant.sku, variant.id)
        self._behind: dict[Key, Any] = {}
        self._queue: deque[tuple[float, Change]] = deque()
        self._waiting: Counter[Key] = Counter()

    # -- taking changes in ------------------------------------------------------------------------

    def note(self, changes: Iterable[Change], now: float, lag: float) -> None:
        """Hears of committed changes at `now` (epoch seconds), to be taken in `lag` seconds later."""
        for change in changes:
            if change.kind not in (Product.KIND, Variant.KIND) or change.before is change.after is None:
                continue
            if lag <= 0 and not self._queue:
                self._take(change)
                continue
            key = (change.kind, change.id)
            if key not in self._behind:
                self._behind[key] = _record(change.kind, change.before)
            self._waiting[key] += 1
            self._queue.append((now + lag, change))

    def ripen(self, now: float) -> None:
        """Takes in what has waited long enough."""
        while self._queue and self._queue[0][0] <= now:
            _, change = self._queue.popleft()
            self._take(change)
            key = (change.kind, change.id)
            self._waiting[key] -= 1
            if self._waiting[key]:
                self._behind[key] = _record(change.kind, change.after)
            else:
                del self._waiting[key], self._behind[key]

    def _take(self, change: Change) -> None:
        before, after = change.before, change.after
        ids = self.product_ids if change.kind == Product.KIND else self.variant_ids
        if before is None:
            insort(ids, change.id)
        elif after is None:
            _discard(ids, change.id)
        if change.kind == Product.KIND:
            self._move_time(change.id, before, after)
        else:
            was, now = (before or {}).get("sku"), (after or {}).get("sku")
            if was != now:
                self._drop_sku(was, change.id)
                self._add_sku(now, change.id)

    def _move_time(self, number: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        was = before["updated_at"] if before else None
        now = after["updated_at"] if after else None
        if was != now:
            if was is not None:
                _discard(self.updated, (was, number))
            if now is not None:
                insort(self.updated, (now, number))

    def _add_sku(self, sku: str | None, number: int) -> None:
        if sku:
            name = sku.casefold()
            self.by_sku[name] = (*self.by_sku.get(name, ()), number)

    def _drop_sku(self, sku: str | None, number: int) -> None:
        if sku:
            name = sku.casefold()
            left = tuple(held for held in self.by_sku.get(name, ()) if held != number)
            if left:
                self.by_sku[name] = left
            else:
                self.by_sku.pop(name, None)

    # -- what it shows ----------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many changes it has not taken in yet."""
        return len(self._queue)

    @property
    def products(self) -> Mapping[int, Product]:
        """The products as search knows them, by number."""
        return _Behind(self._products, self._behind, Product.KIND) if self._behind else self._products

    @property
    def variants(self) -> Mapping[int, Variant]:
        """The variants as search knows them, by number."""
        return _Behind(self._variants, self._behind, Variant.KIND) if self._behind else self._variants

    def behind(self, kind: str) -> list[int]:
        """Numbers of the records of a kind that search knows in an older state."""
        return [number for held, number in self._behind if held == kind]


class _Behind(Mapping[int, Any]):
    """Live records with the older states that search still holds laid over them."""

    def __init__(self, live: Mapping[int, Any], older: Mapping[Key, Any], kind: str) -> None:
        self._live, self._older, self._kind = live, older, kind

    def __getitem__(self, number: int) -> Any:
        key = (self._kind, number)
        if key not in self._older:
            return self._live[number]
        found = self._older[key]
        if found is None:
            raise KeyError(number)
        return found

    def __iter__(self) -> Any:
        numbers = {*self._live, *(number for kind, number in self._older if kind == self._kind)}
        return iter(sorted(number for number in numbers if self._older.get((self._kind, number), True) is not None))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Rows(Sequence[Any]):
    """Records in the order of their numbers in a list, looked up only when a page asks for them."""

    def __init__(self, numbers: list[int], records: Mapping[int, Any]) -> None:
        """`numbers` must all be in `records`."""
        self._numbers, self._records = numbers, records

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Any: ...

    @overload
    def __getitem__(self, place: slice) -> Rows: ...

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return Rows(self._numbers[place], self._records)
        return self._records[self._numbers[place]]


class TimedRows(Rows):
    """The same for a list of (time, number)."""

    def __init__(self, times: list[tuple[str, int]], records: Mapping[int, Any]) -> None:
        """Every number must be in `records`."""
        self._times, self._records = times, records

    def __len__(self) -> int:
        return len(self._times)

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return TimedRows(self._times[place], self._records)
        return self._records[self._times[place][1]]


def _record(kind: str, body: dict[str, Any] | None) -> Any:
    # Decoding takes the body apart, and the change is shown to others too: it gets its own copy.
    return None if body is None else decode(kind, orjson.loads(orjson.dumps(body)))


def _discard(rows: list[Any], row: Any) -> None:
    place = bisect_left(rows, row)
    if place < len(rows) and rows[place] == row:
        del rows[place]
