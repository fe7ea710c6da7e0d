"""One lane on its way out: which items may still go, how they are put into mutations, and what each answer means.

Every mutation's ledger row is committed before it is sent. An item under which the store has changed, or that Shopify
refuses, is set aside with its reason; the rest goes on.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.merge import OPTIONS
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.ledger import Ledger, LedgerState, Sent
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.shops import Progress, put_progress, still_writing
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.fitness import unfit
from shopsync_pipeline.engine.reread import reread
from shopsync_pipeline.engine.settle import confirm, settle
from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost, GraphQLFault, NotSendable, ShopifyError, UserErrors
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.writes import Request, inventory_request, inventory_written, request, written

SENDS = 3
"""How often one mutation is sent at the most, when its answers keep getting lost and reading shows no effect."""

REPORT_EVERY = 1.0
"""Seconds between two reports of progress."""

REREAD = 1000
"""Items that are looked at again together, just before they are sent."""

BEAT_EVERY = 10.0
"""Seconds between two signs of life of the shop's writer; well below `db.shops.SILENT_AFTER`."""

OnProgress = Callable[[Progress], None]

Batch = tuple[PlanItem, ...]
"""The items that one mutation carries: one, or many rows of stock."""


class LaneSender:
    """Sends one lane of one plan. `states` holds the state of every item of the plan and is kept current."""

    def __init__(self, context: Context, client: ShopifyClient, shop: Shop, progress: Progress,
                 states: dict[str, ItemState], on_progress: OnProgress | None) -> None:
        self._context = context
        self._client = client
        self._shop = shop
        self._progress = progress
        self._states = states
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._reported = 0.0

    async def run(self, items: Sequence[PlanItem], *, last: bool = True) -> Progress:
        """Sends all items, those that depend on others in a later wave. `last`: nothing of the lane comes after them.

        Raises the first `ShopifyError` that concerns the shop as a whole; what was not sent then stays planned.
        """
        waiting = list(items)
        beating = asyncio.create_task(self._beat())
        try:
            while waiting:
                undecided = {item.item_id for item in waiting}
                wave = [item for item in waiting if not undecided & set(item.depends_on)]
                waiting = [item for item in waiting if undecided & set(item.depends_on)]
                for part in chunks(wave, REREAD):
                    await reread(self._context, self._client, self._shop, part)
                    batches = _batches(part, self._context.settings.batch_size)
                    async with asyncio.TaskGroup() as group:
                        for _ in range(self._context.settings.max_concurrent):
                            group.create_task(self._work(batches))
        except* ShopifyError as failures:
            raise _first(failures) from None
        finally:
            beating.cancel()
            self._report(force=True)
        self._progress = replace(self._progress, finished=last)
        self._report(force=True)
        return self._progress

    async def _beat(self) -> None:
        """Tells other hosts that this one still writes, also while all requests wait for points."""
        while True:
            await asyncio.sleep(BEAT_EVERY)
            with self._context.database.write() as connection:
                still_writing(connection, self._context.shop_id)

    async def _work(self, batches: Iterator[Batch]) -> None:
        for batch in batches:
            ready = self._ready(batch)
            if ready:
                await self._send(ready)
            self._report()

    def _ready(self, batch: Batch) -> Batch:
        """The items that may go; the others are set aside with their reason."""
        with self._context.database.read() as connection:
            why = unfit(connection, self._context.shop_id, self._progress.plan_id, batch, self._states)
        for item in batch:
            if item.item_id in why:
                self._mark([item], ItemState.STALE, why[item.item_id])
        return tuple(item for item in batch if item.item_id not in why)

    async def _send(self, batch: Batch) -> None:
        for _ in range(SENDS):
            try:
                links = self._links(batch)
                key, sending = self._request(batch, links)
            except NotSendable as error:
                self._mark(batch, ItemState.REJECTED, str(error))
                return
            sent = self._write_ahead(batch, key, sending)
            try:
                answer = await self._client.mutate(
                    sending.document, sending.variables, cost=sending.cost, repeatable=sending.repeatable
                )
            except AnswerLost:
                if await settle(self._context, self._client, self._shop, sent):
                    self._count(batch, ItemState.CONFIRMED)
                    return
            except (UserErrors, GraphQLFault) as error:
                await self._refused(batch, sent, error)
                return
            except ShopifyError as error:
                self._settle_unsent(batch, sent, error)
                raise
            else:
                await self._confirm(batch, sent, sending, answer, links)
                return
        self._mark(batch, ItemState.REJECTED, f"sent {SENDS} times; each answer was lost and nothing took effect")

    def _links(self, batch: Batch) -> dict[str, Links]:
        with self._context.database.read() as connection:
            bases = BaseStore(connection, self._context.shop_id).get([item.product_key for item in batch])
        return {key: agreed.links for key, agreed in bases.items()}

    def _request(self, batch: Batch, links: Mapping[str, Links]) -> tuple[str, Request]:
        # The plan is part of the key: the same change may be due again in a later plan, and is then executed again.
        named = ",".join([self._progress.plan_id, *(item.item_id for item in batch)])
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"shopsync:{named}"))
        first = batch[0]
        if first.operation is Operation.INVENTORY_SET:
            return key, inventory_request(batch, links, location_id=self._shop.location_id, idempotency_key=key)
        return key, request(first, links.get(first.product_key), location_id=self._shop.location_id,
                            options=self._option_names(first), listings=self._shop.listings)

    def _option_names(self, item: PlanItem) -> list[str]:
        """The product's option names as the store shows them, under which variants name their option values."""
        if item.product_id is None:
            return []
        with self._context.database.read() as connection:
            for product in Snapshot(connection, self._context.shop_id).products([item.product_id]):
                names = product.document.get(OPTIONS, [])
                return [str(name) for name in names] if isinstance(names, list) else []
        return []

    def _write_ahead(self, batch: Batch, key: str, sending: Request) -> Sent:
        with self._context.database.write() as connection:
            sent = Ledger(connection, self._context.shop_id).write_ahead(
                plan_id=self._progress.plan_id, run_id=self._progress.run_id, operation=batch[0].operation.value,
                idempotency_key=key, request={"document": sending.document, "variables": sending.variables},
                items=batch, whole=self._about_to_go(connection, batch),
            )
            Plans(connection, self._context.shop_id).mark(sent.plan_id, _ids(batch), ItemState.SENT)
        return sent

    def _about_to_go(self, connection: Connection, batch: Batch) -> dict[str, Mapping[Path, Value]]:
        """Everything that products which are about to be deleted show, by item id: an undo makes them anew from it."""
        going = {item.product_id: item.item_id for item in batch
                 if item.operation is Operation.PRODUCT_DELETE and item.product_id is not None}
        snapshot = Snapshot(connection, self._context.shop_id)
        return {going[product.product_id]: product.document for product in snapshot.products(going)}

    async def _confirm(self, batch: Batch, sent: Sent, sending: Request, answer: Answer,
                       links: Mapping[str, Links]) -> None:
        after: dict[str, Mapping[Path, Value | None]] = {}
        known = dict(links)
        if batch[0].operation is Operation.INVENTORY_SET:
            after.update(inventory_written(batch, answer.data))
        else:
            item = batch[0]
            result = written(item, sending, answer.data, links.get(item.product_key), self._shop.listings)
            if not result.complete:
                # The answer had no room for all variants or pictures; reading the product by id shows the rest.
                await settle(self._context, self._client, self._shop, sent, answer=answer)
                self._count(batch, ItemState.CONFIRMED)
                return
            after[item.item_id], known[item.product_key] = result.fields, result.links
        with self._context.database.write() as connection:
            for item in batch:
                confirm(connection, self._context.shop_id, item, after[item.item_id], known[item.product_key])
            Ledger(connection, self._context.shop_id).settle(
                sent.ledger_id, LedgerState.CONFIRMED, answer=answer.data, requested=answer.requested_cost,
                actual=answer.actual_cost, after=after,
            )
            Plans(connection, self._context.shop_id).mark(sent.plan_id, _ids(batch), ItemState.CONFIRMED)
        self._count(batch, ItemState.CONFIRMED)

    async def _refused(self, batch: Batch, sent: Sent, error: ShopifyError) -> None:
        """One bad row refuses a whole batch of stock; halving finds it, and the others still go."""
        # A deletion that was sent twice, because its first answer was lost, is refused the second time: it is gone.
        if batch[0].operation is Operation.PRODUCT_DELETE and await settle(
                self._context, self._client, self._shop, sent):
            self._count(batch, ItemState.CONFIRMED)
            return
        with self._context.database.write() as connection:
            Ledger(connection, self._context.shop_id).settle(sent.ledger_id, LedgerState.REJECTED, error=str(error))
        if len(batch) == 1:
            self._mark(batch, ItemState.REJECTED, str(error))
            return
        middle = len(batch) // 2
        await self._send(batch[:middle])
        await self._send(batch[middle:])

    def _settle_unsent(self, batch: Batch, sent: Sent, error: ShopifyError) -> None:
        with self._context.database.write() as connection:
            Ledger(connection, self._context.shop_id).settle(
                sent.ledger_id, LedgerState.NOT_EXECUTED, error=str(error)
            )
            Plans(connection, self._context.shop_id).mark(sent.plan_id, _ids(batch), ItemState.PLANNED)

    def _mark(self, items: Sequence[PlanItem], state: ItemState, note: str) -> None:
        with self._context.database.write() as connection:
            Plans(connection, self._context.shop_id).mark(self._progress.plan_id, _ids(items), state, note)
        self._count(items, state)

    def _count(self, items: Sequence[PlanItem], state: ItemState) -> None:
        self._states.update(dict.fromkeys(_ids(items), state))
        self._progress = replace(
            self._progress,
            confirmed=self._progress.confirmed + len(items) * (state is ItemState.CONFIRMED),
            failed=self._progress.failed + len(items) * (state is ItemState.REJECTED),
            set_aside=self._progress.set_aside + len(items) * (state is ItemState.STALE),
        )

    def _report(self, *, force: bool = False) -> None:
        instant = time.monotonic()
        if not force and instant - self._reported < REPORT_EVERY:
            return
        self._reported = instant
        self._progress = replace(self._progress, points=round(self._client.bucket.spent, 1),
                                 throttled=self._client.bucket.throttled, seconds=round(instant - self._started, 2))
        with self._context.database.write() as connection:
            put_progress(connection, self._context.shop_id, self._progress)
        if self._on_progress is not None:
            self._on_progress(self._progress)


def _ids(items: Sequence[PlanItem]) -> list[str]:
    return [item.item_id for item in items]


def _first(failures: BaseExceptionGroup[ShopifyError]) -> ShopifyError:
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ShopifyError)
    return error


def _batches(items: Sequence[PlanItem], rows: int) -> Iterator[Batch]:
    """One mutation each: stock in batches of up to `rows` rows, everything else alone."""
    stock: list[PlanItem] = []
    for item in items:
        if item.operation is not Operation.INVENTORY_SET:
            yield (item,)
            continue
        if stock and sum(len(one.changes) for one in stock) + len(item.changes) > rows:
            yield tuple(stock)
            stock = []
        stock.append(item)
    if stock:
        yield tuple(stock)
