"""What became of a shard's lines: from its result file where there is one, and by reading the products where not.

Takes only what Shopify says: a line without a good answer is unknown, and an unknown line is settled by reading its
product by id. Every batch of lines is one transaction, so reading a result again after a crash goes on where it ended.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shopsync_pipeline.core.faults import Todo
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.settlement import Effect
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.bulk import BulkOperations, Line, Shard
from shopsync_pipeline.db.ledger import Ledger, LedgerState, Settled
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.engine.bulk_shards import BATCH
from shopsync_pipeline.engine.confirm import Confirmed, confirm
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.dead_letters import bury_error, close_written
from shopsync_pipeline.engine.settle import STATE, as_read, effect_on, read_store
from shopsync_pipeline.shopify.answered import Written
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.bulk.faults import ResultLost
from shopsync_pipeline.shopify.bulk.lines import lines
from shopsync_pipeline.shopify.bulk.poll import BulkOperation
from shopsync_pipeline.shopify.bulk.results import ResultLine, written_by_line
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost, ShopifyError
from shopsync_pipeline.shopify.faults import fault_of
from shopsync_pipeline.shopify.nodes import RemoteProduct
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import BY_ID, read_by_ids

log = logging.getLogger(__name__)

_READ = "no answer to its line of a bulk operation; settled by reading the product"
_WHY = {Effect.NOT_DONE: "no answer to its line of a bulk operation, and its product shows no effect",
        Effect.UNTOLD: f"no answer to its line of a bulk operation, and {Effect.UNTOLD.value}"}

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


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a line ended: what it wrote (`confirmed`), or that it was not executed, with the error or the reason."""

    line: Line
    state: ItemState
    confirmed: Confirmed | None = None
    answer: Mapping[str, Any] | None = None
    why: str | None = None
    error: ShopifyError | None = None

    @property
    def note(self) -> str | None:
        """Why the item goes no further in this plan, if it does not."""
        return str(self.error or self.why) if self.state in (ItemState.REJECTED, ItemState.STALE) else None

    def settled(self) -> Settled:
        """The end of the line's ledger row."""
        state = LedgerState.REJECTED if self.error else LedgerState.NOT_EXECUTED
        after: dict[str, Mapping[Path, Value | None]] = {}
        if self.confirmed is not None:
            state = LedgerState.CONFIRMED
            after[self.line.item.item_id] = self.confirmed.values if self.confirmed.links else {}
        return Settled(ledger_id=self.line.sent.ledger_id, state=state, answer=self.answer, after=after,
                       error=str(self.error) if self.error else self.why)


class Settler:
    """Writes down what became of lines: base, snapshot, ledger and item states move together, batch by batch."""

    def __init__(self, context: Context, client: ShopifyClient, shop: Shop, on_outcome: OnOutcome) -> None:
        self._context = context
        self._client = client
        self._shop = shop
        self._on_outcome = on_outcome

    async def settle(self, shard: Shard, operation: BulkOperation) -> list[PlanItem]:
        """Settles every line of an operation that ended, however it ended; returns the items that it did not do."""
        back: list[PlanItem] = []
        url = operation.url or operation.partial_url
        if url is not None:
            try:
                async for batch in _batches(url):
                    back += await self._take(shard, batch)
            except ResultLost as error:
                log.warning("The result of bulk operation %s is lost, so its products are read instead: %s",
                            operation.id, error)
        back += await self.settle_by_reading(shard)
        with self._context.database.write() as connection:
            BulkOperations(connection, self._context.shop_id).finish(
                shard.shard_id, " ".join(filter(None, (operation.status.value, operation.error_code))))
        return back

    async def settle_by_reading(self, shard: Shard) -> list[PlanItem]:
        """Settles the lines that are still unknown by reading their products; returns the items that were not done,
        which are planned again."""
        back: list[PlanItem] = []
        after = -1
        while part := await asyncio.to_thread(self._open_lines, shard, after):
            after = part[-1].number
            store = await read_store(self._context, self._client, self._shop, [line.item for line in part])
            effects = {line.number: effect_on(line.sent.items, store) for line in part}
            await self._end(shard, [
                _Ended(line, ItemState.CONFIRMED, as_read(line.item, store.of(line.item)), why=_READ)
                if effects[line.number] is Effect.DONE
                else _Ended(line, STATE[effects[line.number]], why=_WHY[effects[line.number]]) for line in part])
            back += [line.item for line in part if effects[line.number] is Effect.NOT_DONE]
        return back

    async def abandon(self, shard: Shard, why: str) -> list[PlanItem]:
        """Plans the lines of a shard again that Shopify certainly never saw; returns their items."""
        back: list[PlanItem] = []
        while part := await asyncio.to_thread(self._open_lines, shard, -1):
            await self._end(shard, [_Ended(line, ItemState.PLANNED, why=why) for line in part])
            back += [line.item for line in part]
        with self._context.database.write() as connection:
            BulkOperations(connection, self._context.shop_id).finish(shard.shard_id, why, abandoned=True)
        return back

    def _open_lines(self, shard: Shard, after: int) -> list[Line]:
        with self._context.database.read() as connection:
            return BulkOperations(connection, self._context.shop_id).open_lines(shard.shard_id, after=after, most=BATCH)

    async def _take(self, shard: Shard, results: Sequence[ResultLine]) -> list[PlanItem]:
        """Settles the lines that results answer; returns the items that certainly were not done, and may be later."""
        answers = {result.number: result for result in results if result.number is not None}
        found, bases = await asyncio.to_thread(self._lines_and_bases, shard, list(answers))
        told: list[_Told] = []
        ends: list[_Ended] = []
        for line in found:
            result, sending = answers[line.number], _request_of(line)
            if result.answers(sending.root):
                assert result.data is not None
                agreed = bases.get(line.item.product_key)
                try:
                    shown = written_by_line(line.item, sending, result.data, agreed.links if agreed else None,
                                            self._shop.listings)
                except AnswerLost:
                    continue
                told.append(_Told(line, shown, result.data))
            elif (error := result.refusal(sending.root)) is not None and (end := _refused(line, error)) is not None:
                ends.append(end)
        read = await self._read_back([one for one in told if not one.written.complete])
        for one in told:
            item = one.line.item
            if one.written.complete:
                shown_now = Confirmed(item, one.written.fields, one.written.links)
                ends.append(_Ended(one.line, ItemState.CONFIRMED, shown_now, one.answer))
            elif item.item_id in read:
                ends.append(_Ended(one.line, ItemState.CONFIRMED, as_read(item, read[item.item_id]), one.answer))
        await self._end(shard, ends)
        return [end.line.item for end in ends if end.state is ItemState.PLANNED]

    def _lines_and_bases(self, shard: Shard, numbers: Sequence[int]) -> tuple[list[Line], dict[str, Agreed]]:
        with self._context.database.read() as connection:
            found = BulkOperations(connection, self._context.shop_id).lines(shard.shard_id, numbers)
            return found, BaseStore(connection, self._context.shop_id).get([line.item.product_key for line in found])

    async def _read_back(self, told: Sequence[_Told]) -> dict[str, RemoteProduct]:
        """Item id → its product, of lines whose answer could not tell everything."""
        if not told:
            return {}
        links = {one.written.links.product: one.written.links for one in told}
        found = await read_by_ids(self._client, links, location_id=self._shop.location_id, sizes=_READ_BACK,
                                  listings=self._shop.listings, known=_known(links))
        products = {product.links.product: product for product in found.products}
        return {one.line.item.item_id: products[product_id] for one in told
                if (product_id := one.written.links.product) in products}

    async def _end(self, shard: Shard, ends: Sequence[_Ended]) -> None:
        """Writes down how lines ended, in one transaction, and tells of it."""
        if not ends:
            return
        await asyncio.to_thread(self._write_ends, shard, ends)
        for state in (ItemState.CONFIRMED, ItemState.REJECTED, ItemState.STALE):
            items = [end.line.item for end in ends if end.state is state]
            if items:
                self._on_outcome(items, state)

    def _write_ends(self, shard: Shard, ends: Sequence[_Ended]) -> None:
        shop_id = self._context.shop_id
        with self._context.database.write() as connection:
            confirmed = [end.confirmed for end in ends if end.confirmed is not None]
            confirm(connection, shop_id, confirmed)
            close_written(connection, shop_id, shard.plan_id, [one.item for one in confirmed])
            Ledger(connection, shop_id).settle([end.settled() for end in ends])
            together: dict[tuple[ItemState, str | None], list[str]] = {}
            for end in ends:
                together.setdefault((end.state, end.note), []).append(end.line.item.item_id)
            for (state, note), item_ids in together.items():
                Plans(connection, shop_id).mark(shard.plan_id, item_ids, state, note)
            for end in ends:
                if end.state is ItemState.REJECTED and end.error is not None:
                    bury_error(connection, shop_id, shard.plan_id, end.line.item, end.error, run_id=shard.run_id)


def _refused(line: Line, error: ShopifyError) -> _Ended | None:
    """How a line ended that was answered with an error, by the table of faults; `None` where only reading tells."""
    if line.item.operation is Operation.PRODUCT_DELETE:
        return None  # It may be refused because the product is gone already.
    fault = fault_of(error)
    if not fault.certain:
        return None
    states = {Todo.DEAD_LETTER: ItemState.REJECTED, Todo.SET_ASIDE: ItemState.STALE}
    # What may go later, and what concerns more than this line, is for the direct way to meet and to deal with.
    return _Ended(line, states.get(fault.todo, ItemState.PLANNED), error=error)


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
