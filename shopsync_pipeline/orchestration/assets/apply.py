"""The push: one op per lane, each sending its part of the plan under the shop's writer lock."""

import asyncio
import time

import dagster as dg

from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.engine.apply import finish, push_lane, stop_of_run, summed_up
from shopsync_pipeline.engine.monitoring import NOTHING_SENT
from shopsync_pipeline.engine.review import plan_to_send
from shopsync_pipeline.orchestration.keys import APPLIED, APPLY_GROUP, DIFF, OWNERS, PROGRESS_TAG, WRITER_POOL
from shopsync_pipeline.orchestration.metadata import MOST_ROWS, markdown_table
from shopsync_pipeline.orchestration.resources import Shopsync

SHOW_EVERY = 2.0
"""Seconds between two signs of progress in Dagster; each costs tens of milliseconds."""


@dg.op(ins={"diff": dg.In(dg.Nothing)}, pool=WRITER_POOL, out=dg.Out(str))
def choose_plan(context: dg.OpExecutionContext, shopsync: dg.ResourceParam[Shopsync]) -> str:
    """The newest plan. Fails with the reasons where it broke a bound and nobody approved it.

    In monitoring mode a run that made a plan goes on to record it; a run that would send an earlier one fails.
    """
    with shopsync.opened() as opened:
        plan = plan_to_send(opened, context.run_id)
        monitoring = opened.settings.monitoring
    products, estimate = plan.summary["products"], plan.summary["estimate"]
    context.log.info(
        f"plan {plan.plan_id}: {products['create']} to create, {products['update']} to update, about "
        f"{estimate['points']:.0f} points in {estimate['requests']} requests"
        + (f"; {NOTHING_SENT}" if monitoring else "")
    )
    return plan.plan_id


def _lane_op(lane: Lane) -> dg.OpDefinition:
    @dg.op(name=f"push_{lane.value}", pool=WRITER_POOL, out=dg.Out(str),
           description=f"Sends the {lane.value} lane of the plan, as fast as the shop's points allow.")
    def push(context: dg.OpExecutionContext, shopsync: dg.ResourceParam[Shopsync], plan_id: str) -> str:
        show = _Shown(context)
        with shopsync.opened() as opened:
            if opened.settings.monitoring:
                return plan_id
            stop = stop_of_run(opened, plan_id, context.run_id)
            done = asyncio.run(push_lane(opened, plan_id, lane, run_id=context.run_id, on_progress=show, stop=stop))
        if done.stopped:
            context.log.warning(done.sentence())
        elif done.total:
            context.log.info(f"{done.sentence()}, in {done.seconds:g} s")
        # A run that is being terminated ends here, now that everything is written down.
        stop.pass_on()
        return plan_id

    return push


class _Shown:
    """Passes progress on to the run's tags and the asset's observations, at most every `SHOW_EVERY` seconds."""

    def __init__(self, context: dg.OpExecutionContext) -> None:
        self._context = context
        self._at = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        if time.monotonic() - self._at < SHOW_EVERY:
            return
        self._at = time.monotonic()
        self._context.instance.add_run_tags(self._context.run_id, {PROGRESS_TAG: progress.sentence()})
        share, left = progress.share, progress.seconds_left
        self._context.log_event(dg.AssetObservation(APPLIED, metadata={
            "lane": progress.lane, "decided": progress.decided, "of": progress.total, "points": progress.points,
            "points_per_second": round(progress.rate, 1), "throttled": progress.throttled,
            **({} if share is None else {"share_of_the_limit": round(share, 3)}),
            **({} if left is None else {"seconds_left": round(left, 1)}),
        }))


@dg.op(out=dg.Out(dg.Nothing))
def close_plan(context: dg.OpExecutionContext, shopsync: dg.ResourceParam[Shopsync], plan_id: str) -> None:
    """Sums the plan up and shows what was not applied, by name and reason."""
    with shopsync.opened() as opened:
        monitoring = opened.settings.monitoring
        report = summed_up(opened, plan_id) if monitoring else finish(opened, plan_id)
    context.add_output_metadata({
        "plan": plan_id,
        "monitoring": monitoring,
        "sent": NOTHING_SENT if monitoring else "yes",
        "would_send": report.items(ItemState.PLANNED) if monitoring else 0,
        "left": 0 if monitoring else report.items(ItemState.PLANNED),
        "held": report.items(ItemState.HELD),
        "confirmed": report.items(ItemState.CONFIRMED),
        "rejected": report.items(ItemState.REJECTED),
        "set_aside": report.items(ItemState.STALE),
        "mutations": report.mutations,
        "points": round(report.points, 1),
        "seconds": round(report.seconds, 2),
        "estimated_points": float(report.plan.summary["estimate"]["points"]),
        "items": markdown_table(("lane", "operation", "state", "items"),
                                [(*key, count) for key, count in sorted(report.tally.items())]),
        "not_applied": markdown_table(("product", "operation", "state", "why"), report.set_aside[:MOST_ROWS]),
    })
    left = report.items(ItemState.PLANNED)
    ended = (f"monitoring: {left} not sent" if monitoring
             else f"{report.items(ItemState.CONFIRMED)} confirmed" + (f", {left} left" if left else ""))
    context.instance.add_run_tags(context.run_id, {PROGRESS_TAG: ended})
    if left and not monitoring:
        context.log.warning(f"{left} items were not sent; materialize shopify/applied_mutations to go on with them")
    if report.items(ItemState.REJECTED):
        context.log.warning(
            f"{report.items(ItemState.REJECTED)} items were refused by Shopify; the asset's page says which and why"
        )


LANE_OPS = {lane: _lane_op(lane) for lane in Lane}


@dg.graph_asset(
    key=APPLIED, ins={"diff": dg.AssetIn(DIFF, dagster_type=dg.Nothing)}, group_name=APPLY_GROUP, kinds={"shopify"},
    owners=OWNERS,
)
def applied_mutations(diff):  # type: ignore[no-untyped-def]
    """The plan, sent: stock first, then prices, content, new products, sales channels, removals. Every write has its
    ledger row."""
    plan_id = choose_plan(diff)
    for op in LANE_OPS.values():
        plan_id = op(plan_id)
    return close_plan(plan_id)
