"""The steps of a sync, one call each, as the Dagster assets take them."""

from __future__ import annotations

import asyncio

from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.db.conflicts import Conflict, Conflicts, ConflictState
from shopsync_pipeline.db.plans import Plans, SavedPlan
from shopsync_pipeline.engine.apply import ApplyReport, finish, push_lane, recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.pull import PullReport, pull


def read_store(context: Context, *, full: bool = True) -> PullReport:
    """Reads the store."""
    return asyncio.run(pull(context, full=full))


def planned(context: Context, *, full: bool = True) -> SavedPlan:
    """Reads both sides and makes the plan, after settling what a run that died left open."""
    ingest(context)
    asyncio.run(recover(context, "test"))
    read_store(context, full=full)
    return diff(context)


def push(context: Context, plan: SavedPlan) -> ApplyReport:
    """Sends every lane of a plan."""
    for lane in Lane:
        asyncio.run(push_lane(context, plan.plan_id, lane, run_id="test"))
    return finish(context, plan.plan_id)


def sync(context: Context, *, full: bool = True) -> ApplyReport:
    """A whole run."""
    return push(context, planned(context, full=full))


def items_of(context: Context, plan: SavedPlan) -> list[PlanItem]:
    """A plan's items in sending order."""
    with context.database.read() as connection:
        return list(Plans(connection, context.shop_id).items(plan.plan_id))


def changes_of(context: Context, plan: SavedPlan) -> dict[tuple[str, str], object]:
    """(product key, path) → the value that the plan writes."""
    return {(item.product_key, str(change.path)): change.after
            for item in items_of(context, plan) for change in item.changes}


def conflicts_of(context: Context, *states: ConflictState) -> list[Conflict]:
    """Conflicts on record, in given states (all, if none is given)."""
    with context.database.read() as connection:
        return Conflicts(connection, context.shop_id).find(*states)
