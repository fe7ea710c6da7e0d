"""The state of feeds that deliver changes only: what each SKU is known to be, and what it was before each import.

Like the catalog it keeps reverse changes, so that a rollback takes prices and stock back too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from types import TracebackType
from typing import NamedTuple, Self

from sqlalchemy import Connection, delete, insert, select

from shopsync_pipeline.db.rows import chunks, from_text, to_text
from shopsync_pipeline.db.schema import catalog_feed_change, catalog_feed_row
from shopsync_pipeline.db.staged import Spool

_Sku = tuple[str, str]


class FeedRow(NamedTuple):
    """One row of a feed, as it is carried from import to import; `facts` is text that only the feed's reader knows."""

    feed: str
    sku: str
    mfgpartno: str | None
    manufacturer: str | None
    facts: str


class StagedFeeds:
    """The rows of the SKUs whose state differs from what is known, on disk until the switch. Use it in a `with`."""

    def __init__(self, known: dict[_Sku, bytes]) -> None:
        """`known`: what `FeedState.digests` gave when the reading began."""
        self._known = known
        self._seen: set[_Sku] = set()
        self._spool: Spool[tuple[_Sku, list[FeedRow]]] = Spool()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._spool.close()

    def add_all(self, rows: Iterable[FeedRow]) -> None:
        """Compares all rows that are to be known after this import; those of one feed and SKU stand together."""
        for sku, group in groupby(rows, key=_sku):
            if sku in self._seen:
                raise ValueError(f"the rows of {sku[1]} in the feed {sku[0]} do not stand together")
            self._seen.add(sku)
            stated = [FeedRow(*row) for row in group]
            if self._known.get(sku) != _digest(stated):
                self._spool.add((sku, stated))

    def changed(self) -> Iterator[tuple[_Sku, list[FeedRow]]]:
        """SKUs whose rows differ, with their new rows; no rows for those that are no longer known."""
        yield from self._spool
        for sku in sorted(self._known.keys() - self._seen):
            yield sku, []


class FeedState:
    """The feed rows of one shop, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def rows(self) -> Iterator[FeedRow]:
        """Every row that is known, in order of feed and SKU."""
        column = catalog_feed_row.c
        rows = self._connection.execute(
            select(column.feed, column.sku, column.mfgpartno, column.manufacturer, column.facts)
            .where(column.shop_id == self._shop).order_by(column.feed, column.sku, column.place)
            .execution_options(yield_per=5000))
        for row in rows:
            yield FeedRow(*row)

    def digests(self) -> dict[_Sku, bytes]:
        """(feed, SKU) → digest of its rows, for `StagedFeeds`."""
        return {sku: _digest(list(group)) for sku, group in groupby(self.rows(), key=_sku)}

    def switch(self, number: int, staged: StagedFeeds) -> int:
        """Makes what was staged the known state, and keeps under an import's number what it replaces.

        Returns how many SKUs changed. Hold the catalog's writer lock from `digests` on.
        """
        return self._set(number, staged.changed())

    def go_back(self, to: int, number: int) -> int:
        """Makes the state equal to what it was after import `to`; what that replaces is kept under `number`."""
        column = catalog_feed_change.c
        rows = self._connection.execute(
            select(column.feed, column.sku, column.before)
            .where(column.shop_id == self._shop, column.number > to).order_by(column.number)).all()
        first: dict[_Sku, str] = {}
        for feed, sku, before in rows:
            first.setdefault((feed, sku), before)
        return self._set(number, (
            ((feed, sku), [FeedRow(feed, sku, *row) for row in from_text(before)])
            for (feed, sku), before in first.items()))

    def forget(self, until: int) -> None:
        """Deletes what imports up to a number replaced."""
        self._connection.execute(delete(catalog_feed_change).where(
            catalog_feed_change.c.shop_id == self._shop, catalog_feed_change.c.number <= until))

    def _set(self, number: int, states: Iterable[tuple[_Sku, list[FeedRow]]]) -> int:
        count = 0
        for part in chunks(states):
            count += len(part)
            before = self._known([sku for sku, _ in part])
            self._connection.execute(insert(catalog_feed_change), [
                {"shop_id": self._shop, "number": number, "feed": feed, "sku": sku,
                 "before": to_text([row[2:] for row in before.get((feed, sku), [])])}
                for (feed, sku), _ in part
            ])
            for feed, named in _by_feed(before):
                self._connection.execute(delete(catalog_feed_row).where(
                    catalog_feed_row.c.shop_id == self._shop, catalog_feed_row.c.feed == feed,
                    catalog_feed_row.c.sku.in_(named)))
            fresh = [
                {"shop_id": self._shop, "place": place, **row._asdict()}
                for _, rows in part for place, row in enumerate(rows)
            ]
            if fresh:
                self._connection.execute(insert(catalog_feed_row), fresh)
        return count

    def _known(self, skus: list[_Sku]) -> dict[_Sku, list[FeedRow]]:
        column = catalog_feed_row.c
        found: dict[_Sku, list[FeedRow]] = {}
        for feed, named in _by_feed(skus):
            rows = self._connection.execute(
                select(column.feed, column.sku, column.mfgpartno, column.manufacturer, column.facts)
                .where(column.shop_id == self._shop, column.feed == feed, column.sku.in_(named)).order_by(column.place))
            for row in rows:
                found.setdefault((row.feed, row.sku), []).append(FeedRow(*row))
        return found


def _by_feed(skus: Iterable[_Sku]) -> Iterator[tuple[str, list[str]]]:
    for feed, group in groupby(sorted(skus), key=lambda sku: sku[0]):
        yield feed, [sku for _, sku in group]


def _sku(row: FeedRow) -> _Sku:
    return row[0], row[1]


def _digest(rows: list[FeedRow]) -> bytes:
    return hashlib.blake2b(to_text([row[2:] for row in rows]).encode(), digest_size=16).digest()
