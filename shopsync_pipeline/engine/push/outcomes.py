"""Outcomes: what became of items and mutations is written down here, many together, and counted.

Every mutation's ledger row is committed before it is sent, and everything that follows from its answer in one
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.ledger import Ahead, Ledger, LedgerState, Sent, Settled
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.engine.confirm import Confirmed, confirm
from shopsync_pipeline.engine.push.work import Work, ids
from shopsync_pipeline.shopify.client import Answer
from shopsync_pipeline.shopify.errors import ShopifyError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How a mutation ended (`None`: none was sent), what was confirmed by it, and what becomes of its items."""

    settled: Settled | None
    confirmed: Sequence[Confirmed] = ()
    items: Sequence[tuple[PlanItem, ItemState, str | None]] = ()


class Outcomes:
    """Writes down outcomes of one lane. All methods return once what they say is committed."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def write_ahead(self, ahead: Ahead) -> Sent:
        """Records a mutation and its items as sent; only then may it be."""
        return await self._work.commit.write(self._write_ahead, ahead)

    def _write_ahead(self, connection: Connection, mutations: Sequence[Ahead]) -> Sequence[Sent]:
        sent = Ledger(connection, self._work.shop_id).write_ahead(mutations)
        Plans(connection, self._work.shop_id).mark(
            self._work.plan_id, [item.item_id for one in mutations for item in one.items], ItemState.SENT)
        return sent

    async def confirmed(self, sent: Sent, confirmed: Sequence[Confirmed], answer: Answer) -> None:
        """A mutation took effect, and its answer told what the store shows."""
        await self._end(_Ended(
            settled=Settled(
                ledger_id=sent.ledger_id, state=LedgerState.CONFIRMED, answer=answer.data,
                requested=answer.requested_cost, actual=answer.actual_cost,
                after={one.item.item_id: one.values for one in confirmed},
            ),
            confirmed=confirmed, items=[(item, ItemState.CONFIRMED, None) for item in sent.items],
        ))

    async def refused(self, sent: Sent, error: ShopifyError,
                      items: Sequence[tuple[PlanItem, ItemState, str | None]]) -> None:
        """Shopify refused a mutation; `items` are those of which that is the end, with what becomes of each."""
        await self._end(_Ended(items=items, settled=Settled(
            ledger_id=sent.ledger_id, state=LedgerState.REJECTED, error=str(error))))

    async def not_sent(self, sent: Sent, error: ShopifyError) -> None:
        """A mutation was not executed, for a reason that concerns the shop; its items are planned as before."""
        await self._end(_Ended(
            settled=Settled(ledger_id=sent.ledger_id, state=LedgerState.NOT_EXECUTED, error=str(error)),
            items=[(item, ItemState.PLANNED, None) for item in sent.items],
        ))

    async def unknown(self, sent: Sent, why: str) -> None:
        """Nobody knows whether a mutation took effect."""
        await self._end(_Ended(settled=Settled(ledger_id=sent.ledger_id, state=LedgerState.UNKNOWN, error=why)))

    async def rejected(self, items: Sequence[PlanItem], why: str) -> None:
        """Items that cannot be sent, or were refused for good."""
        await self._end(_Ended(settled=None, items=[(item, ItemState.REJECTED, why) for item in items]))

    async def set_aside(self, items: Sequence[tuple[PlanItem, str]]) -> None:
        """Items under which the store or the catalog changed, each with why."""
        if items:
            await self._end(_Ended(settled=None, items=[(item, ItemState.STALE, why) for item, why in items]))

    def counted(self, items: Sequence[PlanItem], state: ItemState) -> None:
        """Counts items whose end somebody else has written down."""
        self._work.tally.count(items, state)

    async def _end(self, ended: _Ended) -> None:
        await self._work.commit.write(self._write_ends, ended)
        for item, state, _ in ended.items:
            self.counted([item], state)

    def _write_ends(self, connection: Connection, ends: Sequence[_Ended]) -> Sequence[None]:
        work = self._work
        confirm(connection, work.shop_id, [one for end in ends for one in end.confirmed])
        Ledger(connection, work.shop_id).settle([end.settled for end in ends if end.settled is not None])
        plans = Plans(connection, work.shop_id)
        by_end: dict[tuple[ItemState, str | None], list[PlanItem]] = {}
        for end in ends:
            for item, state, note in end.items:
                by_end.setdefault((state, note), []).append(item)
        for (state, note), items in by_end.items():
            plans.mark(work.plan_id, ids(items), state, note)
        return [None] * len(ends)
