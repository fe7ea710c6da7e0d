"""Pull: the store is read into the snapshot, whole, since the last read, or product by product.

Only a complete full read can show that a product is gone. A read that fails half-way keeps what it saw and proves
nothing.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shopsync_pipeline.core.errors import SettingsError, in_words
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.shops import KnownShop, remember_shop
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context, uses_of
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.nodes import RemoteProduct
from shopsync_pipeline.shopify.shop import Shop, describe, ensure_custom_id
from shopsync_pipeline.shopify.snapshot import FoundById, read_all, read_by_ids, read_since

OVERLAP = timedelta(minutes=10)
"""How far a delta read looks back before the last read began: `updated_at` has whole seconds and the index lags."""

BATCH = 250
"""Products stored in one transaction."""

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
        if since is None:
            stream = read_all(client, known=known, location_id=shop.location_id, listings=shop.listings)
        else:
            stream = read_since(client, since, known=known, location_id=shop.location_id, listings=shop.listings)
        return await _store(context, client, "full" if since is None else "delta", stream, on_read)


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


async def _store(context: Context, client: ShopifyClient, kind: str, stream: AsyncIterator[RemoteProduct],
                 on_read: OnRead | None) -> PullReport:
    started, instant, count, removed = time.monotonic(), now(), 0, 0
    with context.database.write() as connection:
        snapshot_id = Snapshot(connection, context.shop_id).start(kind)
    try:
        batch: list[StoredProduct] = []
        async for product in stream:
            batch.append(stored(product))
            if len(batch) >= BATCH:
                count += _put(context, batch)
                if on_read is not None:
                    on_read(count)
        count += _put(context, batch)
    except BaseException as error:
        _fail(context, client, snapshot_id, count, error)
        raise
    with context.database.write() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        if kind == "full":
            removed = snapshot.remove_unread_since(instant)
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
