"""The job that takes something back: first a plan to look at, then, by its id, the push through the same lanes."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from shopsync_pipeline.core.undo import Wish
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.review import first_items, one_plan
from shopsync_pipeline.engine.undo import Asked, plan_undo, require_undo, sentences
from shopsync_pipeline.orchestration.assets.apply import LANE_OPS, close_plan
from shopsync_pipeline.orchestration.keys import APPLIED, PLAN_TAG, WRITER_POOL
from shopsync_pipeline.orchestration.metadata import MOST_ROWS, markdown_table, plan_metadata, shown
from shopsync_pipeline.orchestration.resources import Shopsync

UNDO_OP = "choose_undo"


class UndoConfig(dg.Config):
    """What is taken back. Without `send` the run makes a plan, shows it and sends nothing."""

    run: str = Field("", description="Take back what this run wrote")
    plan: str = Field("", description="Take back what this plan wrote")
    since: str = Field("", description="Take back what was written from this instant on (2026-03-01T14:30, in UTC)")
    until: str = Field("", description="… and before this one")
    products: list[str] = Field([], description=(
        "Only to these products: SKUs, handles, product keys or ids. Alone: the last write to each"))
    fields: list[str] = Field([], description="Only these fields: paths, or their beginnings or last parts")
    force_fields: list[str] = Field([], description="Take these back even where they were edited in the store since")
    stock: bool = Field(False, description="Stock too, where neither the feed nor an order has moved it")
    send: str = Field("", description="Send this undo plan, which an earlier run made")

    def asked(self) -> Asked:
        """The same for the use case."""
        return Asked(run=self.run or None, plan=self.plan or None, since=_instant(self.since),
                     until=_instant(self.until), products=tuple(self.products),
                     wish=Wish(fields=tuple(self.fields), forced=tuple(self.force_fields), stock=self.stock))


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise dg.Failure(f"{text} is no time; write it like 2026-03-01T14:30.", allow_retries=False) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dg.op(name=UNDO_OP, pool=WRITER_POOL, out={"plan_id": dg.Out(str, is_required=False)})
def choose_undo(context: dg.OpExecutionContext, config: UndoConfig,
                shopsync: dg.ResourceParam[Shopsync]) -> Iterator[dg.Output[str]]:
    """Makes the undo plan and shows it, or takes the one that is to be sent. Fails where that needs approval."""
    with shopsync.opened() as opened:
        if config.send:
            plan = require_undo(one_plan(opened, config.send))
            plan.require_sendable()
        else:
            plan = asyncio.run(plan_undo(opened, config.asked(), run_id=context.run_id))
        _show(context, opened, plan)
    context.instance.add_run_tags(context.run_id, {PLAN_TAG: plan.plan_id})
    if config.send:
        yield dg.Output(plan.plan_id, "plan_id")


def _show(context: dg.OpExecutionContext, opened: Context, plan: SavedPlan) -> None:
    undo, told = plan.summary["undo"], sentences(opened, plan)
    for sentence in told[:MOST_ROWS]:
        context.log.info(sentence)
    clashes = [(one["product"], one["field"], shown(one["wrote"]), shown(one["now"]), one["why"])
               for one in undo["clashes"][:MOST_ROWS]]
    context.log_event(dg.AssetObservation(APPLIED, metadata={
        "scope": plan.scope,
        "needs_approval": " ".join(plan.refusals) or "no",
        "left_alone": markdown_table(("product", "field", "shopsync wrote", "store shows", "why"), clashes),
        "told": markdown_table(("what to know",), [(sentence,) for sentence in told[:MOST_ROWS]]),
        **plan_metadata(plan, first_items(opened, plan.plan_id, MOST_ROWS)),
    }))


@dg.config_mapping
def _asked(config: UndoConfig) -> dict[str, Any]:
    return {"ops": {UNDO_OP: {"config": config.model_dump()}}}


@dg.job(name="undo_run", config=_asked, description=(
    "Takes back what a run, a plan or a span of time wrote. The first run makes the plan and shows it; approve that "
    'where it is needed, then launch again with {"send": "<plan id>"}.'))
def undo_run() -> None:
    """One op chooses the plan; the lanes are those of every push."""
    plan_id = choose_undo()
    for op in LANE_OPS.values():
        plan_id = op(plan_id)
    close_plan(plan_id)
