"""Settle: what became of mutations whose answer nobody saw: the product is read by id, the ledger told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import PlanItem, Reason
from shopsync_pipeline.core.settlement import name_images, shown, took_effect
from shopsync_pipeline.core.undo import undoes
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.ledger import Ledger, LedgerState, Sent
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct, apply_written
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.hold import hold_deleted, hold_recreated
from shopsync_pipeline.engine.look import put_face
from shopsync_pipeline.engine.pull import known_links
from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.nodes import RemoteProduct
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import read_by_custom_ids, read_by_ids


async def settle_unknown(context: Context, client: ShopifyClient, shop: Shop) -> int:
    """Settles every mutation of the shop that is still `sent` (its process died); returns how many there were."""
    with context.database.read() as connection:
        unknown = list(Ledger(connection, context.shop_id).unknown())
    for sent in unknown:
        await settle(context, client, shop, sent)
    return len(unknown)


async def settle(context: Context, client: ShopifyClient, shop: Shop, sent: Sent, *,
                 answer: Answer | None = None) -> bool:
    """Finds out whether one mutation took effect and writes the consequences down; tells which it was.

    An item that was not executed is planned again and may be sent once more. `answer` is the mutation's own, where
    there was one that did not tell everything.
    """
    store = await read_products_of(context, client, shop, sent.items)
    executed = took_effect_of(sent.items, {item_id: product.fields for item_id, product in store.items()})
    with context.database.write() as connection:
        after: dict[str, Mapping[Path, Value | None]] = {}
        if executed:
            for item in sent.items:
                after[item.item_id] = confirm_as_read(connection, context.shop_id, item, store.get(item.item_id))
        Ledger(connection, context.shop_id).settle(
            sent.ledger_id, LedgerState.CONFIRMED if executed else LedgerState.NOT_EXECUTED, after=after,
            error=None if answer else "the answer was lost; settled by reading the product",
            answer=answer.data if answer else None, requested=answer.requested_cost if answer else None,
            actual=answer.actual_cost if answer else None,
        )
        Plans(connection, context.shop_id).mark(
            sent.plan_id, [item.item_id for item in sent.items],
            ItemState.CONFIRMED if executed else ItemState.PLANNED,
        )
    return executed


def took_effect_of(items: Sequence[PlanItem], now: Mapping[str, Mapping[Path, Value]]) -> bool:
    """Whether the mutation that carried `items` took effect; `now` is what the store shows, by item id.

    A mutation is all or nothing, so its items speak for each other. Stock that shows a third figure says nothing: an
    order moved it. Where no row tells, it counts as not executed, because stock may be sent again without harm.
    """
    if items[0].operation is not Operation.INVENTORY_SET:
        return any(took_effect(item, now.get(item.item_id)) for item in items)
    rows = [(change, now.get(item.item_id, {}).get(change.path)) for item in items for change in item.changes]
    arrived = sum(figure == change.after for change, figure in rows)
    return arrived > sum(figure == change.before for change, figure in rows)


async def read_products_of(context: Context, client: ShopifyClient, shop: Shop,
                           items: Sequence[PlanItem]) -> dict[str, RemoteProduct]:
    """Item id → its product as the store shows it now, of those that are there; one item of each product at most."""
    where, listings = shop.location_id, shop.listings
    known = known_links(context)
    created = {item.product_key: item.item_id for item in items if item.operation is Operation.PRODUCT_CREATE}
    with context.database.read() as connection:
        # What followed on a creation was planned before the product had an id.
        made = BaseStore(connection, context.shop_id).get([item.product_key for item in items])
    ids = {item.item_id: item.product_id or made[item.product_key].links.product for item in items
           if item.item_id not in created.values() and (item.product_id or item.product_key in made)}
    others = {product_id: item_id for item_id, product_id in ids.items()}
    found: dict[str, RemoteProduct] = {}
    if created:
        by_key = await read_by_custom_ids(client, list(created), known=known, location_id=where, listings=listings)
        found.update({created[key]: product for key, product in by_key.items() if product is not None})
    if others:
        by_id = await read_by_ids(client, list(others), known=known, location_id=where, listings=listings)
        found.update({others[product.links.product]: product for product in by_id.products})
    return found


def confirm_as_read(connection: Connection, shop_id: str, item: PlanItem,
                    product: RemoteProduct | None) -> dict[Path, Value | None]:
    """Writes down that `item` took effect as the product shows it, which it also returns; `None`: it is gone."""
    if product is None:
        confirm(connection, shop_id, item, {change.path: None for change in item.changes}, None)
        return {}
    fields, links = product.fields, product.links
    pictures = next((change.after for change in item.changes if change.path == "images"), None)
    if isinstance(pictures, list):
        sources = [str(picture["source"]) for picture in pictures if isinstance(picture, dict)]
        fields, links = name_images(sources, fields, links)
    values = shown(item, fields)
    confirm(connection, shop_id, item, values, links)
    return values


def confirm(connection: Connection, shop_id: str, item: PlanItem, values: Mapping[Path, Value | None],
            links: Links | None) -> None:
    """Writes down that `item` took effect: base and snapshot move on to what was sent and what Shopify answered.

    `values` is the answer per field; `links` are all ids of the product, `None` once it is deleted. What an undo wrote
    is agreed on without forgetting what the catalog said: its value counts as seen, and is sent again when it changes.
    """
    base, snapshot = BaseStore(connection, shop_id), Snapshot(connection, shop_id)
    if links is None or item.operation is Operation.PRODUCT_DELETE:
        if not (undoes(item) and hold_deleted(connection, shop_id, item.product_key)):
            base.remove([item.product_key])
        if item.product_id is not None:
            snapshot.remove([item.product_id])
        return
    creating = item.operation is Operation.PRODUCT_CREATE
    if creating and undoes(item):
        hold_recreated(connection, shop_id, item.product_key)
    before = base.get([item.product_key]).get(item.product_key) if undoes(item) or not creating else None
    local = dict(before.local) if before else {}
    remote = dict(before.remote) if before and not creating else {}
    for change in item.changes:
        if before is None or change.reason is not Reason.UNDONE:
            put_face(local, change.path, change.said)
        put_face(remote, change.path, values.get(change.path))
    # No `seen` digests: the next diff looks once more, and that is what proves the product in sync.
    base.put([Agreed(product_key=item.product_key, local=local, remote=remote, links=links)])
    instant = now()
    stored = next(iter(snapshot.products([links.product])), None) or StoredProduct(
        product_id=links.product, custom_id=item.product_key, handle="", skus=(), document={}, links=links,
        updated_at=instant, read_at=instant,
    )
    snapshot.put([apply_written(stored, values, links, instant)])
