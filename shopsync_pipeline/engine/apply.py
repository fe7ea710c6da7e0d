"""Apply: sends a plan, lane by lane, every mutation under a ledger row that was written first.

Nothing reaches the store but through here. A plan that broke its bounds and was not approved is not sent at all, and in
monitoring mode none is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.core.fields import Risk
from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.core.rollout import Held, canary
from shopsync_pipeline.db.bulk import BulkOperations
from shopsync_pipeline.db.group_commit import GroupCommit
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, Plans, PlanState, SavedPlan
from shopsync_pipeline.db.progress import progress_of
from shopsync_pipeline.db.shops import writing_to
from shopsync_pipeline.engine.bulk_lane import adopt_left
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.monitoring import require_sending
from shopsync_pipeline.engine.pull import open_shop
from shopsync_pipeline.engine.push.lane import send_lane
from shopsync_pipeline.engine.push.stop import Stop
from shopsync_pipeline.engine.push.work import OnProgress, Tally, Work
from shopsync_pipeline.engine.settle import settle_unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """How a plan ended: items by what became of them, mutations sent, points charged and seconds of all its lanes.

    `stopped` says why the push ended early, if it did; items that are still planned are then what is left.
    """

    plan: SavedPlan
    tally: Mapping[tuple[str, str, str], int]
    set_aside: Sequence[tuple[str, str, str, str]]
    mutations: int
    points: float
    seconds: float
    stopped: str | None = None

    def items(self, state: ItemState) -> int:
        """Items in one state."""
        return sum(count for (_, _, found), count in self.tally.items() if found == state.value)


async def recover(context: Context, holder: str) -> int:
    """Settles what a run that died left unknown, before anything is read or planned; returns how many mutations."""
    with context.database.read() as connection:
        if not (Ledger(connection, context.shop_id).has_unknown()
                or BulkOperations(connection, context.shop_id).unfinished()):
            return 0
    with writing_to(context.database, context.shop_id, holder):
        async with context.client() as client:
            shop = await open_shop(context, client)
            adopted = await adopt_left(context, client, shop)
            return adopted + await settle_unknown(context, client, shop)


async def push_lane(context: Context, plan_id: str, lane: Lane, *, run_id: str | None = None,
                    on_progress: OnProgress | None = None, stop: Stop | None = None) -> Progress:
    """Sends the items of one lane that are still to be sent; safe to call again after a crash.

    With SYNC_CANARY_SHARE a part of the lane goes first, and the plan is halted if too much of it was not applied.
    `stop` ends it early (SYNC_MAX_RUNTIME and SYNC_MAX_POINTS of the run, if not given); what was not sent stays
    planned, and the progress says why. Raises `PlanRefusedError` for a plan that may not be sent or was halted,
    `ShopBusyError` while another process writes to the shop, and a `ShopifyError` that concerns the shop as a whole.
    What Shopify says about single items is kept with the item.
    """
    require_sending(context)
    with context.database.write() as connection:
        plans = Plans(connection, context.shop_id)
        plan = plans.get(plan_id)
        plan.require_sendable()
        for risk, why in _beyond_phase(context).items():
            plans.hold_rest(plan_id, lane, why, risk)
        total, estimate = plans.to_send(plan_id, lane)
    progress = Progress(plan_id=plan_id, lane=lane.value, run_id=run_id, total=total, estimate=round(estimate, 1))
    if not total:
        return replace(progress, finished=True)
    stop = stop or stop_of_run(context, plan_id, run_id)
    stopped = stop.why(0.0)
    if stopped is not None:
        return replace(progress, stopped=stopped)
    with writing_to(context.database, context.shop_id, f"run {run_id}" if run_id else "shopsync"), stop.listening():
        async with context.client() as client, GroupCommit(context.database) as commit:
            shop = await open_shop(context, client)
            await adopt_left(context, client, shop)
            await settle_unknown(context, client, shop)
            with context.database.write() as connection:
                plans = Plans(connection, context.shop_id)
                plans.set_state(plan_id, PlanState.APPLYING)
                total, estimate = plans.to_send(plan_id, lane)
            tally = Tally(context, client, replace(progress, total=total), on_progress)
            work = Work(context=context, client=client, shop=shop, plan_id=plan_id, lane=lane, run_id=run_id,
                        commit=commit, tally=tally, stop=stop)
            try:
                stopped = await _send(work, plan)
            finally:
                tally.report(force=True, stopped=stopped)
            return tally.report(force=True, finished=stopped is None, stopped=stopped)


async def _send(work: Work, plan: SavedPlan) -> str | None:
    """Sends a lane, what goes first before the rest."""
    share = work.context.settings.roll_out.canary_share
    if share > 0 and plan.continued_by is None:
        first = _goes_first(work, share)
        stopped = await send_lane(work, only=first)
        if stopped is not None:
            return stopped
        _require_well(work, first)
    return await send_lane(work)


def stop_of_run(context: Context, plan_id: str, run_id: str | None) -> Stop:
    """The bounds of a run (SYNC_MAX_RUNTIME, SYNC_MAX_POINTS), with what its earlier lanes have used up of them."""
    with context.database.read() as connection:
        lanes = [one for one in progress_of(connection, plan_id) if run_id is not None and one.run_id == run_id]
    return Stop(max_seconds=context.settings.max_runtime or None, max_points=context.settings.max_points or None,
                seconds=sum(one.seconds for one in lanes), points=sum(one.points for one in lanes))


async def push(context: Context, plan_id: str, *, run_id: str | None = None,
               on_progress: OnProgress | None = None, stop: Stop | None = None) -> ApplyReport:
    """Sends a whole plan, every lane in its turn, and closes it. Raises as `push_lane` does."""
    require_sending(context)
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        plans.get(plan_id).require_sendable()
        lanes = plans.unsent(plan_id)
    stop, stopped = stop or stop_of_run(context, plan_id, None), None
    for lane in lanes:
        done = await push_lane(context, plan_id, lane, run_id=run_id, on_progress=on_progress, stop=stop)
        stop.spend(done.points)
        stopped = stopped or done.stopped
    return replace(finish(context, plan_id), stopped=stopped)


def _beyond_phase(context: Context) -> dict[Risk, Held]:
    """The risks that the roll-out of this moment does not send any more, though it may have when the plan was made."""
    roll_out = context.settings.roll_out
    return {risk: why for risk in Risk if (why := roll_out.beyond_phase(risk)) is not None}


def _goes_first(work: Work, share: float) -> set[str]:
    with work.context.database.read() as connection:
        plans = Plans(connection, work.shop_id)
        held = {item.item_id for item in plans.items(work.plan_id, work.lane, ItemState.HELD)}
        return canary([item for item in plans.items(work.plan_id, work.lane) if item.item_id not in held], share)


def _require_well(work: Work, first: set[str]) -> None:
    """Raises `PlanRefusedError`, and holds the rest of the plan, if too much of what went first was not applied."""
    plan_id, most = work.plan_id, work.context.settings.canary_max_failed
    with work.context.database.write() as connection:
        plans = Plans(connection, work.shop_id)
        states = plans.states_of(plan_id, first)
        failed = sum(state in (ItemState.REJECTED, ItemState.STALE) for state in states.values())
        if failed <= most * len(first):
            return
        why = (f"{failed} of the {len(first)} {work.lane.value} items that went first were not applied "
               f"({failed / len(first):.0%}; SYNC_CANARY_MAX_FAILED allows {most:.0%})")
        held = plans.halt(plan_id, why)
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
    return _summed_up(context, plan_id, tally)


def summed_up(context: Context, plan_id: str) -> ApplyReport:
    """How a plan stands, sent or not. Nothing is changed."""
    with context.database.read() as connection:
        tally = Plans(connection, context.shop_id).tally(plan_id)
    return _summed_up(context, plan_id, tally)


def _summed_up(context: Context, plan_id: str, tally: Mapping[tuple[str, str, str], int]) -> ApplyReport:
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        totals = Ledger(connection, context.shop_id).totals(plan_id)
        seconds = sum(lane.seconds for lane in progress_of(connection, plan_id))
        return ApplyReport(plan=plans.get(plan_id), tally=tally, set_aside=plans.set_aside(plan_id),
                           mutations=int(totals["mutations"]), points=totals["points"], seconds=seconds)
