"""What became of a shard's lines: from its result file where there is one, and by reading the products where not.

Takes only what Shopify says: a line without a good answer is unknown, and an unknown line is settled by reading its
product by id. Every batch of lines is one transaction, so reading a result again after a crash goes on where it ended.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.bulk import BulkOperations, Line, Shard
from shopsync_pipeline.db.ledger import Ledger, LedgerState
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.engine.bulk_shards import BATCH
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.settle import confirm, confirm_as_read, read_products_of, took_effect_of
from shopsync_pipeline.shopify.answered import Written
from shopsync_pipeline.shopify.bulk.faults import ResultLost
from shopsync_pipeline.shopify.bulk.lines import lines
from shopsync_pipeline.shopify.bulk.poll import BulkOperation
from shopsync_pipeline.shopify.bulk.results import ResultLine, written_by_line
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost
from shopsync_pipeline.shopify.nodes import RemoteProduct
from shopsync_pipeline.shopify.requests import Request
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import BY_ID, read_by_ids

log = logging.getLogger(__name__)

_NO_EFFECT = "no answer to its line of a bulk operation, and its product shows no effect"
_READ = "no answer to its line of a bulk operation; settled by reading the product"

OnOutcome = Callable[[Sequence[PlanItem], ItemState], None]

_READ_BACK = replace(BY_ID, products=BATCH)
"""A whole batch in one question: `nodes` costs the same for one id and for 250 (52 points asked for, measured with the
dev store); should a shop count each id, the question is halved until it is allowed."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A line that was executed: what its answer says, and that answer."""

    line: Line
    written: Written
    answer: Mapping[str, Any]


class Settler:
    """Writes down what became of lines: base, snapshot, ledger and item states move together, batch by batch."""

    def __init__(self, context: Context, client: ShopifyClient, shop: Shop, on_outcome: OnOutcome) -> None:
        self._context = context
        self._client = client
        self._shop = shop
        self._on_outcome = on_outcome

    async def settle(self, shard: Shard, operation: BulkOperation) -> list[PlanItem]:
        """Settles every line of an operation that ended, however it ended; returns the items that it did not do."""
        url = operation.url or operation.partial_url
        if url is not None:
            try:
                async for batch in _batches(url):
                    await self._take(shard, batch)
            except ResultLost as error:
                log.warning("The result of bulk operation %s is lost, so its products are read instead: %s",
                            operation.id, error)
        back = await self.settle_by_reading(shard)
        with self._context.database.write() as connection:
            BulkOperations(connection, self._context.shop_id).finish(
                shard.shard_id, " ".join(filter(None, (operation.status.value, operation.error_code))))
        return back

    async def settle_by_reading(self, shard: Shard) -> list[PlanItem]:
        """Settles the lines that are still unknown by reading their products; returns the items that were not done,
        which are planned again."""
        back: list[PlanItem] = []
        after = -1
        while True:
            with self._context.database.read() as connection:
                part = BulkOperations(connection, self._context.shop_id).open_lines(shard.shard_id, after=after,
                                                                                    most=BATCH)
            if not part:
                return back
            after = part[-1].number
            store = await read_products_of(self._context, self._client, self._shop, [line.item for line in part])
            shown = {item_id: product.fields for item_id, product in store.items()}
            done = [line for line in part if took_effect_of(line.sent.items, shown)]
            numbers = {line.number for line in done}
            undone = [line for line in part if line.number not in numbers]
            self._confirm_read(shard, done, {line.item.item_id: store.get(line.item.item_id) for line in done})
            self._plan_again(shard, undone, _NO_EFFECT)
            back += [line.item for line in undone]

    def abandon(self, shard: Shard, why: str) -> list[PlanItem]:
        """Plans the lines of a shard again that Shopify certainly never saw; returns their items."""
        back: list[PlanItem] = []
        while True:
            with self._context.database.read() as connection:
                part = BulkOperations(connection, self._context.shop_id).open_lines(shard.shard_id, most=BATCH)
            if not part:
                break
            self._plan_again(shard, part, why)
            back += [line.item for line in part]
        with self._context.database.write() as connection:
            BulkOperations(connection, self._context.shop_id).finish(shard.shard_id, why, abandoned=True)
        return back

    async def _take(self, shard: Shard, results: Sequence[ResultLine]) -> None:
        answers = {result.number: result for result in results if result.number is not None}
        with self._context.database.read() as connection:
            found = BulkOperations(connection, self._context.shop_id).lines(shard.shard_id, list(answers))
            bases = BaseStore(connection, self._context.shop_id).get([line.item.product_key for line in found])
        told: list[_Told] = []
        refused: list[tuple[Line, str]] = []
        for line in found:
            result, sending = answers[line.number], _request_of(line)
            agreed = bases.get(line.item.product_key)
            if result.answers(sending.root):
                assert result.data is not None
                try:
                    shown = written_by_line(line.item, sending, result.data, agreed.links if agreed else None,
                                            self._shop.listings)
                except AnswerLost:
                    continue
                told.append(_Told(line, shown, result.data))
            # A deletion that is refused may have been done before: reading tells.
            elif line.item.operation is not Operation.PRODUCT_DELETE and (why := result.refusal(sending.root)):
                refused.append((line, str(why)))
        read = await self._read_back([one for one in told if not one.written.complete])
        self._confirm_told(shard, [one for one in told if one.written.complete])
        self._confirm_read(shard, [one.line for one in told if one.line.item.item_id in read], read,
                           {one.line.item.item_id: one.answer for one in told})
        self._reject(shard, refused)

    async def _read_back(self, told: Sequence[_Told]) -> dict[str, RemoteProduct | None]:
        """Item id → its product, of lines whose answer could not tell everything."""
        if not told:
            return {}
        links = {one.written.links.product: one.written.links for one in told}
        found = await read_by_ids(self._client, links, location_id=self._shop.location_id, sizes=_READ_BACK,
                                  listings=self._shop.listings, known=_known(links))
        products = {product.links.product: product for product in found.products}
        return {one.line.item.item_id: products[product_id] for one in told
                if (product_id := one.written.links.product) in products}

    def _confirm_told(self, shard: Shard, told: Sequence[_Told]) -> None:
        if not told:
            return
        with self._context.database.write() as connection:
            ledger = Ledger(connection, self._context.shop_id)
            for one in told:
                item = one.line.item
                confirm(connection, self._context.shop_id, item, one.written.fields, one.written.links)
                ledger.settle(one.line.sent.ledger_id, LedgerState.CONFIRMED, answer=one.answer,
                              after={item.item_id: one.written.fields})
            self._mark(Plans(connection, self._context.shop_id), shard, [one.line for one in told])
        self._on_outcome([one.line.item for one in told], ItemState.CONFIRMED)

    def _confirm_read(self, shard: Shard, done: Sequence[Line], store: Mapping[str, RemoteProduct | None],
                      answers: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        if not done:
            return
        with self._context.database.write() as connection:
            ledger = Ledger(connection, self._context.shop_id)
            for line in done:
                item_id = line.item.item_id
                after: Mapping[Path, Value | None] = confirm_as_read(connection, self._context.shop_id, line.item,
                                                                     store[item_id])
                answer = (answers or {}).get(item_id)
                ledger.settle(line.sent.ledger_id, LedgerState.CONFIRMED, answer=answer, after={item_id: after},
                              error=None if answer else _READ)
            self._mark(Plans(connection, self._context.shop_id), shard, done)
        self._on_outcome([line.item for line in done], ItemState.CONFIRMED)

    def _reject(self, shard: Shard, refused: Sequence[tuple[Line, str]]) -> None:
        if not refused:
            return
        with self._context.database.write() as connection:
            ledger, plans = Ledger(connection, self._context.shop_id), Plans(connection, self._context.shop_id)
            for line, why in refused:
                ledger.settle(line.sent.ledger_id, LedgerState.REJECTED, error=why)
                plans.mark(shard.plan_id, [line.item.item_id], ItemState.REJECTED, why)
        self._on_outcome([line.item for line, _ in refused], ItemState.REJECTED)

    def _plan_again(self, shard: Shard, undone: Sequence[Line], why: str) -> None:
        if not undone:
            return
        with self._context.database.write() as connection:
            ledger = Ledger(connection, self._context.shop_id)
            for line in undone:
                ledger.settle(line.sent.ledger_id, LedgerState.NOT_EXECUTED, error=why)
            Plans(connection, self._context.shop_id).mark(
                shard.plan_id, [line.item.item_id for line in undone], ItemState.PLANNED)

    def _mark(self, plans: Plans, shard: Shard, done: Sequence[Line]) -> None:
        plans.mark(shard.plan_id, [line.item.item_id for line in done], ItemState.CONFIRMED)


def _request_of(line: Line) -> Request:
    """The request of a line, as its ledger row has it."""
    kept = line.request
    return Request(document=kept["document"], variables=kept["variables"], cost=0.0, root=kept["root"])


def _known(links: Mapping[str, Links]) -> Callable[[Sequence[str]], Mapping[str, Links]]:
    """What is known of products that were just written, some of them made, for reading them under our own names."""
    return lambda ids: {product_id: links[product_id] for product_id in ids if product_id in links}


async def _batches(url: str) -> AsyncIterator[list[ResultLine]]:
    batch: list[ResultLine] = []
    async for raw in lines(url):
        batch.append(ResultLine.parse(raw))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
