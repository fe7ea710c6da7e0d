"""The whole store by bulk queries: brought to disk, checked, and then stored part by part.

What an export says of a product may be older than what is known here: that product is read by id instead. An export
that is not whole stores nothing and proves nothing.
"""

from __future__ import annotations

import asyncio
import gc
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from shopsync_pipeline.core.links import Links
from shopsync_pipeline.db.rows import now, to_text
from shopsync_pipeline.db.snapshot import Fresh, Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.shopify.bulk.faults import BulkFault
from shopsync_pipeline.shopify.bulk.query import Export, export
from shopsync_pipeline.shopify.bulk.spool import Node
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.flat import typed
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.nodes import projected
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import count_products

SLICE = 1_000
"""Products stored in one transaction; two slices are in memory at once, and other writers wait for a transaction."""

Known = Callable[[Sequence[str]], Mapping[str, Links]]


@dataclass(slots=True)
class Exported:
    """What an export brought: products stored, and the ids of those that have to be read by id."""

    began: datetime
    count: int = 0
    again: list[str] = field(default_factory=list)


async def read_in_bulk(context: Context, client: ShopifyClient, shop: Shop, *, known: Known,
                       on_read: Callable[[int], None] | None = None) -> Exported:
    """Exports the whole store and stores it. Raises `BulkUnavailable` when no export can be started, and `BulkFault`
    for one that failed, is not whole, or is empty while the shop is not."""
    with context.database.read() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        here, last = snapshot.numbers(), snapshot.latest("full", "delta")
    # An export older than the last read would be behind on all that was read then.
    with await export(client, location_id=shop.location_id, listings=shop.listings,
                      adopt_since=last.started_at if last is not None else None) as found:
        if found.products.roots == 0 and (count := await count_products(client)):
            raise BulkFault(
                f"The bulk query for the products of {shop.domain} brought none, and the shop counts {count:,}. "
                "Nothing was removed; run this again, or set SYNC_BULK=never to read page by page."
            )

        def was_here(product_id: str) -> bool:
            number = int(product_id.rsplit("/", 1)[-1])
            place = bisect_left(here, number)
            return place < len(here) and here[place] == number

        return await store(context, found, shop.listings, known=known, was_here=was_here, on_read=on_read)


async def store(context: Context, found: Export, listings: Listings, *, known: Known,
                was_here: Callable[[str], bool],
                on_read: Callable[[int], None] | None = None) -> Exported:
    """Stores an export slice by slice, each in a transaction of its own; one is written while the next is made."""
    done = Exported(found.began)

    def write(rows: Sequence[Fresh]) -> tuple[int, list[str]]:
        with context.database.write() as connection:
            overtaken = Snapshot(connection, context.shop_id).put_export(
                rows, began=found.began, seen_at=now(), known=was_here)
        return len(rows) - len(overtaken), overtaken

    def written(work: Future[tuple[int, list[str]]]) -> None:
        count, overtaken = work.result()
        done.count += count
        done.again += overtaken
        if on_read is not None:
            on_read(done.count)

    nodes = found.nodes()
    # A commit waits for the disk, and the database's own work needs no interpreter: both go beside the reading.
    with _uncollected(), ThreadPoolExecutor(1, thread_name_prefix="snapshot") as writer:
        under_way: Future[tuple[int, list[str]]] | None = None
        while part := list(islice(nodes, SLICE)):
            whole = [node for node in part if not isinstance(node, str)]
            done.again += [node for node in part if isinstance(node, str)]
            links = known([node["id"] for node in whole])
            rows = [_fresh(node, links.get(node["id"]), listings) for node in whole]
            if under_way is not None:
                written(under_way)
            under_way = writer.submit(write, rows)
            await asyncio.sleep(0)  # so that whoever wants the reading to end is heard
        if under_way is not None:
            written(under_way)
    return done


def _fresh(node: Node, links: Links | None, listings: Listings) -> Fresh:
    product = projected(node, known=links, listings=listings)
    return Fresh(product.product_id, product.custom_id, product.handle, product.skus, typed(product.fields),
                 to_text(product.links), product.updated_at)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: what is read has no cycles, and the collector would walk it again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
