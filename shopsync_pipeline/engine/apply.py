"""Apply: sends a plan, lane by lane, every mutation under a ledger row that was written first.

Nothing reaches the store but through here. A plan that broke its bounds and was not approved is not sent at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, Plans, PlanState, SavedPlan
from shopsync_pipeline.db.shops import Progress, progress_of, writing_to
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.lane import LaneSender, OnProgress
from shopsync_pipeline.engine.pull import open_shop
from shopsync_pipeline.engine.settle import settle_unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """How a plan ended: items by what became of them, mutations sent, points charged and seconds of all its lanes."""

    plan: SavedPlan
    tally: Mapping[tuple[str, str, str], int]
    set_aside: Sequence[tuple[str, str, str, str]]
    mutations: int
    points: float
    seconds: float

    def items(self, state: ItemState) -> int:
        """Items in one state."""
        return sum(count for (_, _, found), count in self.tally.items() if found == state.value)


async def recover(context: Context, holder: str) -> int:
    """Settles what a run that died left unknown, before anything is read or planned; returns how many mutations."""
    with context.database.read() as connection:
        if not any(True for _ in Ledger(connection, context.shop_id).unknown()):
            return 0
    with writing_to(context.database, context.shop_id, holder):
        async with context.client() as client:
            shop = await open_shop(context, client)
            return await settle_unknown(context, client, shop)


async def push_lane(context: Context, plan_id: str, lane: Lane, *, run_id: str | None = None,
                    on_progress: OnProgress | None = None) -> Progress:
    """Sends the items of one lane that are still to be sent; safe to call again after a crash.

    Raises `PlanRefusedError` for a plan that may not be sent, `ShopBusyError` while another process writes to the shop,
    and a `ShopifyError` that concerns the shop as a whole. What Shopify says about single items is kept with the item.
    """
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        plans.get(plan_id).require_sendable()
        states = plans.states(plan_id, lane)
        items = [item for item in plans.items(plan_id, lane)
                 if states[item.item_id] in (ItemState.PLANNED, ItemState.SENT)]
    progress = Progress(plan_id=plan_id, lane=lane.value, run_id=run_id, total=len(items))
    if not items:
        return replace(progress, finished=True)
    with writing_to(context.database, context.shop_id, f"run {run_id}" if run_id else "shopsync"):
        async with context.client() as client:
            shop = await open_shop(context, client)
            await settle_unknown(context, client, shop)
            with context.database.write() as connection:
                Plans(connection, context.shop_id).set_state(plan_id, PlanState.APPLYING)
                states = Plans(connection, context.shop_id).states(plan_id)
            sender = LaneSender(context, client, shop, progress, states, on_progress)
            return await sender.run([item for item in items if states[item.item_id] is ItemState.PLANNED])


def finish(context: Context, plan_id: str) -> ApplyReport:
    """Closes a plan after its last lane and says how it ended."""
    with context.database.write() as connection:
        plans = Plans(connection, context.shop_id)
        tally = plans.tally(plan_id)
        left = sum(n for (_, _, state), n in tally.items() if state in (ItemState.PLANNED.value, ItemState.SENT.value))
        if not left:
            plans.set_state(plan_id, PlanState.APPLIED)
        totals = Ledger(connection, context.shop_id).totals(plan_id)
        seconds = sum(lane.seconds for lane in progress_of(connection, plan_id))
        return ApplyReport(plan=plans.get(plan_id), tally=tally, set_aside=plans.set_aside(plan_id),
                           mutations=int(totals["mutations"]), points=totals["points"], seconds=seconds)
