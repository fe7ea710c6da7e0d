"""Pull: the store is read into the snapshot, whole, since the last read, or product by product.

Only a complete full read can show that a product is gone. A read that fails half-way keeps what it saw and proves
nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shopsync_pipeline.core.bulk import Bulk
from shopsync_pipeline.core.errors import SettingsError, in_words
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.whole_read import Measured, in_bulk
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.shops import KnownShop, remember_shop
from shopsync_pipeline.db.snapshot import Read, Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context, uses_of
from shopsync_pipeline.engine.pull_bulk import read_in_bulk
from shopsync_pipeline.shopify.bulk.faults import BulkUnavailable
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.nodes import RemoteProduct
from shopsync_pipeline.shopify.shop import Shop, describe, ensure_custom_id
from shopsync_pipeline.shopify.snapshot import (
    FoundById,
    count_products,
    existing,
    read_all,
    read_by_ids,
    read_since,
)

log = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=10)
"""How far a delta read looks back before the last read began: `updated_at` has whole seconds and the index lags."""

BATCH = 250
"""Products stored in one transaction."""

STANDARD_RATE = 100.0
"""Points per second of a shop on the smallest plan (Shopify docs, "API limits")."""

FEW = 100
"""Products that a whole read may have missed, and that are read by id then; or one in a hundred of those it met."""

OnRead = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """What a read of the store found. `points` as charged; `removed`: products that a full read no longer met."""

    snapshot_id: str
    kind: str
    products: int
    removed: int
    total: int
    points: float
    seconds: float


async def open_shop(context: Context, client: ShopifyClient) -> Shop:
    """Asks the shop about itself and remembers the answer. Raises `SettingsError` for a shop that cannot be synced as
    the settings ask."""
    uses = uses_of(context.settings)
    shop = await describe(client, context.settings.shopify_location or None, uses)
    if uses.publications and shop.listings.publications is None:
        raise SettingsError(
            f"Sales channels are to be synced (SYNC_PUBLICATIONS), but the token for {shop.domain} lacks the scopes "
            f"{', '.join(shop.missing_scopes)}. Grant them to the app and install it again, or set it to false."
        )
    known = KnownShop(
        shop_id=context.shop_id, name=shop.name, currency=shop.currency, location_id=shop.location_id,
        location_name=shop.location_name, restore_rate=client.bucket.restore_rate, bucket_size=client.bucket.maximum,
    )
    with context.database.write() as connection:
        remember_shop(connection, known)
    return shop


async def pull(context: Context, *, full: bool, on_read: OnRead | None = None) -> PullReport:
    """Reads the whole store, or what changed since the last read (whole, if there was no whole read yet)."""
    with context.database.read() as connection:
        last = Snapshot(connection, context.shop_id).latest("full", "delta")
        whole = Snapshot(connection, context.shop_id).latest("full")
    since = None if full or whole is None or last is None else last.started_at - OVERLAP
    async with context.client() as client:
        shop = await open_shop(context, client)
        if not context.settings.monitoring:
            await ensure_custom_id(client)
        known = known_links(context)
        if since is not None:
            stream = read_since(client, since, known=known, location_id=shop.location_id, listings=shop.listings)
            return await _store(context, client, shop, "delta", stream, on_read)
        if await _goes_in_bulk(context, client):
            try:
                return await _pull_in_bulk(context, client, shop, on_read)
            except BulkUnavailable as error:
                if context.settings.bulk is Bulk.ALWAYS:
                    raise
                log.warning("The store is read page by page: %s", error)
        stream = read_all(client, known=known, location_id=shop.location_id, listings=shop.listings)
        return await _store(context, client, shop, "full", stream, on_read)


async def _goes_in_bulk(context: Context, client: ShopifyClient) -> bool:
    """Whether bulk queries would end sooner, by what the last whole reads took."""
    setting = context.settings.bulk
    if setting is not Bulk.AUTO:
        return setting is Bulk.ALWAYS
    products = await count_products(client)
    with context.database.read() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        pages, bulk = (_measured(snapshot.latest("full", way=way)) for way in ("pages", "bulk"))
    bucket = client.bucket
    # An answer without costs tells no bucket: then the smallest plan's is the one to reckon with.
    rate, available = bucket.restore_rate or STANDARD_RATE, bucket.available or 0.0
    return in_bulk(products, restore_rate=rate, bucket=available, last_pages=pages, last_bulk=bulk)


def _measured(read: Read | None) -> Measured | None:
    if read is None or read.finished_at is None:
        return None
    return Measured(read.products, (read.finished_at - read.started_at).total_seconds())


async def _pull_in_bulk(context: Context, client: ShopifyClient, shop: Shop,
                        on_read: OnRead | None) -> PullReport:
    started = time.monotonic()
    with context.database.write() as connection:
        snapshot_id = Snapshot(connection, context.shop_id).start("full", way="bulk")
    count = removed = 0
    try:
        known = known_links(context)
        found = await read_in_bulk(context, client, shop, known=known, on_read=on_read)
        count = found.count
        if found.again:
            again = await read_by_ids(client, found.again, known=known, location_id=shop.location_id,
                                      listings=shop.listings)
            with context.database.write() as connection:
                removed = keep(Snapshot(connection, context.shop_id), again)
            count += len(again.products)
        removed += await _remove_unmet(context, client, shop, found.began, count)
    except BaseException as error:
        _fail(context, client, snapshot_id, count, error)
        raise
    with context.database.write() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        snapshot.date_back(snapshot_id, found.began)
        snapshot.finish(snapshot_id, products=count, points=client.bucket.spent, removed=removed)
        total = snapshot.count()
    return PullReport(snapshot_id=snapshot_id, kind="full", products=count, removed=removed, total=total,
                      points=client.bucket.spent, seconds=time.monotonic() - started)


async def _remove_unmet(context: Context, client: ShopifyClient, shop: Shop, began: datetime, met: int) -> int:
    """Removes the products that a complete read did not meet and that reading by id does not find either; returns how
    many. Those that are there after all are read by id; many of them mean that the read was not complete."""
    with context.database.read() as connection:
        unmet = Snapshot(connection, context.shop_id).unread_since(began)
    if not unmet:
        return 0
    there = await existing(client, unmet, at_most=max(FEW, met // 100))
    again = await read_by_ids(client, there, known=known_links(context), location_id=shop.location_id,
                              listings=shop.listings)
    found = {product.links.product for product in again.products}
    with context.database.write() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        snapshot.put((stored(product) for product in again.products), read=True)
        return snapshot.remove(gid for gid in unmet if gid not in found)


async def pull_products(context: Context, product_ids: Sequence[str]) -> PullReport:
    """Reads some products again by their Shopify ids; those that are gone leave the snapshot."""
    started = time.monotonic()
    async with context.client() as client:
        shop = await open_shop(context, client)
        with context.database.write() as connection:
            snapshot_id = Snapshot(connection, context.shop_id).start("by_id")
        try:
            found = await read_by_ids(client, product_ids, known=known_links(context), location_id=shop.location_id,
                                      listings=shop.listings)
        except BaseException as error:
            _fail(context, client, snapshot_id, 0, error)
            raise
        with context.database.write() as connection:
            snapshot = Snapshot(connection, context.shop_id)
            removed = keep(snapshot, found)
            snapshot.finish(snapshot_id, products=len(found.products), points=client.bucket.spent, removed=removed)
            total = snapshot.count()
    return PullReport(snapshot_id=snapshot_id, kind="by_id", products=len(found.products), removed=removed, total=total,
                      points=client.bucket.spent, seconds=time.monotonic() - started)


def keep(snapshot: Snapshot, found: FoundById) -> int:
    """Stores what was read by id, and forgets what is no longer there; returns how many those were."""
    snapshot.put((stored(product) for product in found.products), read=True)
    return snapshot.remove(found.missing)


def stored(product: RemoteProduct) -> StoredProduct:
    """A product as read from Shopify, in the form in which the snapshot keeps it."""
    return StoredProduct(
        product_id=product.links.product, custom_id=product.custom_id, handle=product.handle, skus=product.skus,
        document=product.fields, links=product.links, updated_at=product.updated_at, read_at=now(),
    )


def known_links(context: Context) -> Callable[[Sequence[str]], Mapping[str, Links]]:
    """Looks up what is remembered of the store's products by their ids, for reading them under our own names."""

    def known(product_ids: Sequence[str]) -> Mapping[str, Links]:
        with context.database.read() as connection:
            return BaseStore(connection, context.shop_id).links_by_product_id(product_ids)

    return known


async def _store(context: Context, client: ShopifyClient, shop: Shop, kind: str, stream: AsyncIterator[RemoteProduct],
                 on_read: OnRead | None) -> PullReport:
    started, instant, count, removed = time.monotonic(), now(), 0, 0
    with context.database.write() as connection:
        snapshot_id = Snapshot(connection, context.shop_id).start(kind, way="pages" if kind == "full" else None)
    try:
        batch: list[StoredProduct] = []
        async for product in stream:
            batch.append(stored(product))
            if len(batch) >= BATCH:
                count += _put(context, batch)
                if on_read is not None:
                    on_read(count)
        count += _put(context, batch)
        if kind == "full":
            removed = await _remove_unmet(context, client, shop, instant, count)
    except BaseException as error:
        _fail(context, client, snapshot_id, count, error)
        raise
    with context.database.write() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        snapshot.finish(snapshot_id, products=count, points=client.bucket.spent, removed=removed)
        total = snapshot.count()
    return PullReport(snapshot_id=snapshot_id, kind=kind, products=count, removed=removed, total=total,
                      points=client.bucket.spent, seconds=time.monotonic() - started)


def _fail(context: Context, client: ShopifyClient, snapshot_id: str, count: int, error: BaseException) -> None:
    with context.database.write() as connection:
        Snapshot(connection, context.shop_id).finish(
            snapshot_id, products=count, points=client.bucket.spent, error=in_words(error)
        )


def _put(context: Context, batch: list[StoredProduct]) -> int:
    with context.database.write() as connection:
        count = Snapshot(connection, context.shop_id).put(batch, read=True)
    batch.clear()
    return count
