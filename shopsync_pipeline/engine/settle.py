"""Settle: what became of mutations whose answer nobody saw: their products are read by id, the ledger told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.settlement import Effect, effect_of, name_images, shown
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.ledger import Ledger, LedgerState, Sent, Settled
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.confirm import Confirmed, confirm
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.dead_letters import close_written
from shopsync_pipeline.engine.pull import known_links
from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.nodes import RemoteProduct
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import read_by_custom_ids, read_by_ids

TOGETHER = 100
"""Mutations that are settled by one round of reading."""

LANDS_WITHIN = 10.0
"""Seconds in which a request that was sent may still be executed: Shopify's gateway ends it after about 10."""

_MAKES = frozenset({Operation.PRODUCT_CREATE, Operation.VARIANTS_CREATE, Operation.MEDIA_SET})
"""What makes something: done twice, it is there twice, or there under another id than we know."""

STATE = {Effect.DONE: ItemState.CONFIRMED, Effect.NOT_DONE: ItemState.PLANNED, Effect.UNTOLD: ItemState.STALE}
"""What becomes of an item whose answer was lost."""

_READ = "the answer was lost; settled by reading the product"
_WHY = {Effect.DONE: _READ, Effect.NOT_DONE: _READ,
        Effect.UNTOLD: f"the answer was lost, and {Effect.UNTOLD.value}; the next diff looks at it again"}


async def settle_unknown(context: Context, client: ShopifyClient, shop: Shop) -> int:
    """Settles every mutation of the shop whose outcome is not known (its process died); returns how many there were."""
    count = 0
    while True:
        with context.database.read() as connection:
            unknown = Ledger(connection, context.shop_id).unknown(TOGETHER)
        if not unknown:
            return count
        await settle(context, client, shop, unknown)
        count += len(unknown)


async def settle(context: Context, client: ShopifyClient, shop: Shop, mutations: Sequence[Sent], *,
                 answers: Mapping[str, Answer] | None = None) -> dict[str, Effect]:
    """Finds out which mutations took effect and writes the consequences down; returns it by ledger id.

    An item that was not executed is planned again and may be sent once more. One of which that cannot be told is set
    aside: the next diff decides between what the catalog says and what the store shows. `answers`: ledger id → the
    mutation's own answer, where there was one that did not tell everything.
    """
    told = answers or {}
    while True:
        store = await read_store(context, client, shop, [item for sent in mutations for item in sent.items])
        effects = {sent.ledger_id: Effect.DONE if sent.ledger_id in told else effect_on(sent.items, store)
                   for sent in mutations}
        seconds = max((_still_on_its_way(sent) for sent in mutations
                       if effects[sent.ledger_id] is not Effect.DONE), default=0.0)
        if seconds <= 0:
            break
        await asyncio.sleep(seconds)
    with context.database.write() as connection:
        ledger, plans = Ledger(connection, context.shop_id), Plans(connection, context.shop_id)
        for sent in mutations:
            effect, answer = effects[sent.ledger_id], told.get(sent.ledger_id)
            done = effect is Effect.DONE
            confirmed = [as_read(item, store.of(item)) for item in sent.items] if done else []
            confirm(connection, context.shop_id, confirmed)
            close_written(connection, context.shop_id, sent.plan_id, [one.item for one in confirmed])
            ledger.settle([Settled(
                ledger_id=sent.ledger_id, state=LedgerState.CONFIRMED if done else LedgerState.NOT_EXECUTED,
                error=None if answer else _WHY[effect],
                answer=answer.data if answer else None, requested=answer.requested_cost if answer else None,
                actual=answer.actual_cost if answer else None,
                after={one.item.item_id: one.values if one.links else {} for one in confirmed},
            )])
            plans.mark(sent.plan_id, [item.item_id for item in sent.items], STATE[effect],
                       None if effect is not Effect.UNTOLD else _WHY[effect])
    return effects


def _still_on_its_way(sent: Sent) -> float:
    """Seconds for which a mutation that must not be made twice may still arrive, so that its absence proves nothing."""
    if not any(item.operation in _MAKES for item in sent.items):
        return 0.0
    return LANDS_WITHIN - (now() - sent.sent_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Store:
    """What the store shows of some items' products."""

    by_key: Mapping[str, RemoteProduct]
    by_id: Mapping[str, RemoteProduct]
    made: Mapping[str, str]

    def of(self, item: PlanItem) -> RemoteProduct | None:
        """The product of an item, `None` where there is none."""
        if item.operation is Operation.PRODUCT_CREATE:
            return self.by_key.get(item.product_key)
        # What followed on a creation was planned before the product had an id.
        return self.by_id.get(item.product_id or self.made.get(item.product_key, ""))


async def read_store(context: Context, client: ShopifyClient, shop: Shop, items: Sequence[PlanItem]) -> Store:
    """What the store shows now of the products of items."""
    where, listings, known = shop.location_id, shop.listings, known_links(context)
    with context.database.read() as connection:
        bases = BaseStore(connection, context.shop_id).get(dict.fromkeys(item.product_key for item in items))
    made = {key: agreed.links.product for key, agreed in bases.items()}
    created = dict.fromkeys(item.product_key for item in items if item.operation is Operation.PRODUCT_CREATE)
    others = dict.fromkeys(item.product_id or made.get(item.product_key, "") for item in items
                           if item.operation is not Operation.PRODUCT_CREATE)
    by_key = (await read_by_custom_ids(client, created, known=known, location_id=where, listings=listings)
              if created else {})
    by_id = await read_by_ids(client, filter(None, others), known=known, location_id=where, listings=listings)
    return Store({key: product for key, product in by_key.items() if product is not None},
                  {product.links.product: product for product in by_id.products}, made)


def effect_on(items: Sequence[PlanItem], store: Store) -> Effect:
    """What became of the mutation that carried `items`.

    A mutation is all or nothing, so its items speak for each other; but if one of them shows a third value, somebody
    has been at it, and none is sent again unseen. Stock that shows a third figure says nothing: an order moved it.
    Where no row tells, it counts as not executed, because stock may be sent again without harm.
    """
    shown_now = [(item, product.fields if (product := store.of(item)) else None) for item in items]
    if items[0].operation is not Operation.INVENTORY_SET:
        told = {effect_of(item, now) for item, now in shown_now}
        return next(effect for effect in (Effect.DONE, Effect.UNTOLD, Effect.NOT_DONE) if effect in told)
    rows = [(change, (now or {}).get(change.path)) for item, now in shown_now for change in item.changes]
    arrived = sum(figure == change.after for change, figure in rows)
    return Effect.DONE if arrived > sum(figure == change.before for change, figure in rows) else Effect.NOT_DONE


def as_read(item: PlanItem, product: RemoteProduct | None) -> Confirmed:
    """An item that took effect, as its product was read after it; `None`: the product is gone."""
    if product is None:
        return Confirmed(item, {change.path: None for change in item.changes}, None)
    fields, links = product.fields, product.links
    pictures = next((change.after for change in item.changes if change.path == "images"), None)
    if isinstance(pictures, list):
        sources = [str(picture["source"]) for picture in pictures if isinstance(picture, dict)]
        fields, links = name_images(sources, fields, links)
    return Confirmed(item, shown(item, fields), links)
