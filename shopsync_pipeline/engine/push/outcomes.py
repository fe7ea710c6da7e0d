"""Outcomes: what became of items and mutations is written down here, many together, and counted.

Every mutation's ledger row is committed before it is sent, and everything that follows from its answer in one
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.rollout import Held, Hold
from shopsync_pipeline.db.ledger import Ahead, Ledger, LedgerState, Sent, Settled
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.engine.confirm import Confirmed, confirm
from shopsync_pipeline.engine.dead_letters import bury, bury_error, close_written
from shopsync_pipeline.engine.push.work import Work, ids
from shopsync_pipeline.shopify.client import Answer
from shopsync_pipeline.shopify.errors import ShopifyError
from shopsync_pipeline.shopify.faults import fault_of


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one item, with a note why. An item that is rejected becomes a dead letter: `error` is what
    refused it, where something did, and `alone` whether the request carried no other item."""

    item: PlanItem
    state: ItemState
    note: str | None = None
    error: ShopifyError | None = None
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How a mutation ended (`None`: none was sent), what was confirmed by it, and what becomes of items."""

    settled: Settled | None
    confirmed: Sequence[Confirmed] = ()
    fates: Sequence[Fate] = ()


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
            confirmed=confirmed, fates=[Fate(item, ItemState.CONFIRMED) for item in sent.items],
        ))

    async def refused(self, sent: Sent, error: ShopifyError, fates: Sequence[Fate]) -> None:
        """Shopify refused a mutation; `fates` are of those items of which that is the end."""
        await self._end(_Ended(fates=fates, settled=Settled(
            ledger_id=sent.ledger_id, state=LedgerState.REJECTED, error=str(error))))

    async def hold_lane(self, sent: Sent, error: ShopifyError, why: str) -> None:
        """A wall of the platform stands before the whole lane: what it refused, and the rest, is held."""
        await self._work.commit.write(self._write_held, (sent, error, why))
        self._work.held.append(why)

    def _write_held(self, connection: Connection, walls: Sequence[tuple[Sent, ShopifyError, str]]) -> Sequence[None]:
        work, plans = self._work, Plans(connection, self._work.shop_id)
        for sent, error, why in walls:
            Ledger(connection, work.shop_id).settle([Settled(
                ledger_id=sent.ledger_id, state=LedgerState.REJECTED, error=str(error))])
            plans.mark(work.plan_id, ids(sent.items), ItemState.PLANNED)
            plans.hold_rest(work.plan_id, work.lane, Held(Hold.WALL, why))
        return [None] * len(walls)

    async def not_sent(self, sent: Sent, why: str) -> None:
        """A mutation was not executed, for a reason that concerns the shop; its items are planned as before."""
        await self._end(_Ended(
            settled=Settled(ledger_id=sent.ledger_id, state=LedgerState.NOT_EXECUTED, error=why),
            fates=[Fate(item, ItemState.PLANNED) for item in sent.items],
        ))

    async def unknown(self, sent: Sent, why: str) -> None:
        """Nobody knows whether a mutation took effect."""
        await self._end(_Ended(settled=Settled(ledger_id=sent.ledger_id, state=LedgerState.UNKNOWN, error=why)))

    async def rejected(self, items: Sequence[PlanItem], why: str, error: ShopifyError | None = None) -> None:
        """Items that cannot be sent (`error` says why), or of which each answer was lost."""
        await self._end(_Ended(settled=None, fates=[Fate(item, ItemState.REJECTED, why, error) for item in items]))

    async def set_aside(self, items: Sequence[tuple[PlanItem, str]]) -> None:
        """Items under which the store or the catalog changed, each with why."""
        if items:
            await self._end(_Ended(settled=None, fates=[Fate(item, ItemState.STALE, why) for item, why in items]))

    def counted(self, items: Sequence[PlanItem], state: ItemState) -> None:
        """Counts items whose end somebody else has written down."""
        self._work.tally.count(items, state)

    async def _end(self, ended: _Ended) -> None:
        await self._work.commit.write(self._write_ends, ended)
        for fate in ended.fates:
            self.counted([fate.item], fate.state)

    def _write_ends(self, connection: Connection, ends: Sequence[_Ended]) -> Sequence[None]:
        work = self._work
        confirmed = [one for end in ends for one in end.confirmed]
        confirm(connection, work.shop_id, confirmed)
        close_written(connection, work.shop_id, work.plan_id, [one.item for one in confirmed])
        Ledger(connection, work.shop_id).settle([end.settled for end in ends if end.settled is not None])
        plans = Plans(connection, work.shop_id)
        by_end: dict[tuple[ItemState, str | None], list[PlanItem]] = {}
        for fate in (fate for end in ends for fate in end.fates):
            by_end.setdefault((fate.state, fate.note), []).append(fate.item)
            if fate.state is ItemState.REJECTED:
                self._bury(connection, fate)
        for (state, note), items in by_end.items():
            plans.mark(work.plan_id, ids(items), state, note)
        return [None] * len(ends)

    def _bury(self, connection: Connection, fate: Fate) -> None:
        work, why = self._work, fate.note or ""
        if fate.error is None:
            bury(connection, work.shop_id, work.plan_id, fate.item, why=why, cause="lost", run_id=work.run_id)
        elif fate.alone:
            bury_error(connection, work.shop_id, work.plan_id, fate.item, fate.error, run_id=work.run_id)
        else:
            codes = fault_of(fate.error).codes
            bury(connection, work.shop_id, work.plan_id, fate.item, why=why, codes=codes, run_id=work.run_id)
