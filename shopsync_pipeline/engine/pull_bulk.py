"""The whole store by bulk queries: brought to disk, checked, and then stored part by part.

What an export says of a product may be older than what is known here: that product is read by id instead. An export
that is not whole stores nothing and proves nothing.
"""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from shopsync_pipeline.core.links import Links
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.shopify.bulk.faults import BulkFault
from shopsync_pipeline.shopify.bulk.query import Export, export
from shopsync_pipeline.shopify.bulk.spool import Node
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.nodes import remote_product
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import count_products

SLICE = 2_000
"""Products stored in one transaction: a commit waits for the disk, and other writers wait for a transaction."""

Known = Callable[[Sequence[str]], Mapping[str, Links]]


@dataclass(slots=True)
class Exported:
    """What an export brought: products stored, and the ids of those that have to be read by id."""

    began: datetime
    count: int = 0
    again: list[str] = field(default_factory=list)


async def read_in_bulk(context: Context, client: ShopifyClient, shop: Shop, *, known: Known,
                       expected_products: int | None = None,
                       on_read: Callable[[int], None] | None = None) -> Exported:
    """Exports the whole store and stores it. Raises `BulkUnavailable` when no export can be started, and `BulkFault`
    for one that failed, is not whole, or is empty while the shop is not."""
    with context.database.read() as connection:
        here = Snapshot(connection, context.shop_id).numbers()
    with await export(client, location_id=shop.location_id, listings=shop.listings,
                      expected_objects=expected_products) as found:
        if found.products.roots == 0 and (count := await count_products(client)):
            raise BulkFault(
                f"The bulk query for the products of {shop.domain} brought none, and the shop counts {count:,}. "
                "Nothing was removed; run this again, or set SYNC_BULK=never to read page by page."
            )

        def was_here(product_id: str) -> bool:
            number = int(product_id.rsplit("/", 1)[-1])
            place = bisect_left(here, number)
            return place < len(here) and here[place] == number

        return store(context, found, shop.listings, known=known, was_here=was_here, on_read=on_read)


def store(context: Context, found: Export, listings: Listings, *, known: Known, was_here: Callable[[str], bool],
          on_read: Callable[[int], None] | None = None) -> Exported:
    """Stores an export slice by slice, each in a transaction of its own."""
    done = Exported(found.began)
    for part in _slices(found.nodes()):
        with _uncollected():
            nodes: list[Node] = []
            for node in part:
                if isinstance(node, str):
                    done.again.append(node)
                else:
                    nodes.append(node)
            links = known([node["id"] for node in nodes])
            rows = [_stored(node, links.get(node["id"]), listings, found.began) for node in nodes]
            with context.database.write() as connection:
                overtaken = Snapshot(connection, context.shop_id).put_export(
                    rows, began=found.began, seen_at=now(), known=was_here)
        done.again += overtaken
        done.count += len(rows) - len(overtaken)
        if on_read is not None:
            on_read(done.count)
    return done


def _stored(node: Node, links: Links | None, listings: Listings, read_at: datetime) -> StoredProduct:
    product = remote_product(node, known=links, listings=listings)
    return StoredProduct(
        product_id=product.links.product, custom_id=product.custom_id, handle=product.handle, skus=product.skus,
        document=product.fields, links=product.links, updated_at=product.updated_at, read_at=read_at,
    )


def _slices(nodes: Iterator[Node | str]) -> Iterable[list[Node | str]]:
    while True:
        with _uncollected():
            part = list(islice(nodes, SLICE))
        if not part:
            return
        yield part


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: a slice is some hundred thousand values that all stay, and have no cycles."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
