"""Apply: sends a plan, lane by lane, every mutation under a ledger row that was written first.

Nothing reaches the store but through here. A plan that broke its bounds and was not approved is not sent at all, and in
monitoring mode none is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.rollout import Held, canary
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, Plans, PlanState, SavedPlan
from shopsync_pipeline.db.shops import Progress, progress_of, writing_to
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.lane import LaneSender, OnProgress
from shopsync_pipeline.engine.monitoring import require_sending
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

    With SYNC_CANARY_SHARE a part of the lane goes first, and the plan is halted if too much of it was not applied.
    Raises `PlanRefusedError` for a plan that may not be sent or was halted, `ShopBusyError` while another process
    writes to the shop, and a `ShopifyError` that concerns the shop as a whole. What Shopify says about single items is
    kept with the item.
    """
    require_sending(context)
    with context.database.write() as connection:
        plans = Plans(connection, context.shop_id)
        plan = plans.get(plan_id)
        plan.require_sendable()
        states = plans.states(plan_id, lane)
        of_lane = [item for item in plans.items(plan_id, lane) if states[item.item_id] is not ItemState.HELD]
        items = [item for item in of_lane if states[item.item_id] in (ItemState.PLANNED, ItemState.SENT)]
        beyond = _beyond_phase(context, [item for item in items if states[item.item_id] is ItemState.PLANNED])
        plans.hold(plan_id, beyond)
    items = [item for item in items if item.item_id not in beyond]
    progress = Progress(plan_id=plan_id, lane=lane.value, run_id=run_id, total=len(items))
    if not items:
        return replace(progress, finished=True)
    roll_out = context.settings.roll_out
    first = canary(of_lane, roll_out.canary_share) if plan.continued_by is None else set()
    with writing_to(context.database, context.shop_id, f"run {run_id}" if run_id else "shopsync"):
        async with context.client() as client:
            shop = await open_shop(context, client)
            await settle_unknown(context, client, shop)
            with context.database.write() as connection:
                Plans(connection, context.shop_id).set_state(plan_id, PlanState.APPLYING)
                states = Plans(connection, context.shop_id).states(plan_id)
            sender = LaneSender(context, client, shop, progress, states, on_progress)
            left = [item for item in items if states[item.item_id] is ItemState.PLANNED]
            if first:
                await sender.run([item for item in left if item.item_id in first], last=False)
                _require_well(context, plan_id, lane, first, states)
            return await sender.run([item for item in left if item.item_id not in first])


async def push(context: Context, plan_id: str, *, run_id: str | None = None,
               on_progress: OnProgress | None = None) -> ApplyReport:
    """Sends a whole plan, every lane in its turn, and closes it. Raises as `push_lane` does."""
    for lane in Lane:
        await push_lane(context, plan_id, lane, run_id=run_id, on_progress=on_progress)
    return finish(context, plan_id)


def _beyond_phase(context: Context, items: Sequence[PlanItem]) -> dict[str, Held]:
    """Items that the roll-out of this moment does not send any more, though it did when they were planned."""
    roll_out = context.settings.roll_out
    return {item.item_id: why for item in items if (why := roll_out.beyond_phase(item.risk)) is not None}


def _require_well(context: Context, plan_id: str, lane: Lane, first: set[str], states: Mapping[str, ItemState]) -> None:
    """Raises `PlanRefusedError`, and holds the rest of the plan, if too much of what went first was not applied."""
    failed = sum(states[item_id] in (ItemState.REJECTED, ItemState.STALE) for item_id in first)
    most = context.settings.canary_max_failed
    if failed <= most * len(first):
        return
    why = (f"{failed} of the {len(first)} {lane.value} items that went first were not applied "
           f"({failed / len(first):.0%}; SYNC_CANARY_MAX_FAILED allows {most:.0%})")
    with context.database.write() as connection:
        held = Plans(connection, context.shop_id).halt(plan_id, why)
    raise PlanRefusedError(
        f"Plan {plan_id} is halted: {why}; {held} items wait. Look at what was not applied (shopsync plan show "
        f'{plan_id}), then let the rest go: shopsync plan continue {plan_id} --by NAME --reason "…".'
    )


def finish(context: Context, plan_id: str) -> ApplyReport:
    """Closes a plan after its last lane and says how it ended."""
    with context.database.write() as connection:
        plans = Plans(connection, context.shop_id)
        tally = plans.tally(plan_id)
        left = sum(n for (_, _, state), n in tally.items() if state in (ItemState.PLANNED.value, ItemState.SENT.value))
        if not left:
            plans.set_state(plan_id, PlanState.APPLIED)
    return summed_up(context, plan_id)


def summed_up(context: Context, plan_id: str) -> ApplyReport:
    """How a plan stands, sent or not. Nothing is changed."""
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        tally = plans.tally(plan_id)
        totals = Ledger(connection, context.shop_id).totals(plan_id)
        seconds = sum(lane.seconds for lane in progress_of(connection, plan_id))
        return ApplyReport(plan=plans.get(plan_id), tally=tally, set_aside=plans.set_aside(plan_id),
                           mutations=int(totals["mutations"]), points=totals["points"], seconds=seconds)
