"""Review: plans as people and pages look at them, and the one that may be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, Plans, SavedPlan
from shopsync_pipeline.db.progress import progress_of
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.monitoring import require_sending


def plan_of(context: Context, run_id: str) -> SavedPlan | None:
    """The plan that a run made; for a run that made none, the newest there is."""
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        return plans.of_run(run_id) or plans.latest()


def plan_to_send(context: Context, run_id: str) -> SavedPlan:
    """The plan that a run shall send: its own, or the newest.

    In monitoring mode it is the run's own, which the run then only records. Raises `PlanRefusedError` where there is
    none, it needs approval, or a newer one has superseded it.
    """
    plan = plan_of(context, run_id)
    if plan is None:
        raise PlanRefusedError(f"There is no plan for {context.shop_id} yet. Materialize sync/diff first.")
    if plan.run_id != run_id:
        require_sending(context)
    if not context.settings.monitoring:
        plan.require_sendable()
    return plan


def recent_plans(context: Context, most: int = 20) -> list[SavedPlan]:
    """The newest plans, newest first."""
    with context.database.read() as connection:
        return Plans(connection, context.shop_id).recent(most)


def one_plan(context: Context, plan_id: str) -> SavedPlan:
    """A plan by id. Raises `PlanRefusedError` for an id that this shop does not have."""
    with context.database.read() as connection:
        return Plans(connection, context.shop_id).get(plan_id)


def first_items(context: Context, plan_id: str, most: int) -> list[PlanItem]:
    """The first items of a plan in sending order."""
    with context.database.read() as connection:
        return list(islice(Plans(connection, context.shop_id).items(plan_id), most))


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What one run did: its plan, mutations sent, points charged, and the items that were not applied."""

    plan: SavedPlan
    mutations: int
    points: float
    set_aside: Sequence[tuple[str, str, str, str]]


def run_outcome(context: Context, run_id: str) -> RunOutcome:
    """What a run did. Raises `PlanRefusedError` for a run that made no plan."""
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        plan = plans.of_run(run_id)
        if plan is None:
            raise PlanRefusedError(f"Run {run_id} made no plan.")
        totals = Ledger(connection, context.shop_id).totals(plan.plan_id)
        return RunOutcome(plan, int(totals["mutations"]), totals["points"], plans.set_aside(plan.plan_id))


def written_values(context: Context, plan_id: str) -> list[tuple[str, Path, Value | None, Value | None]]:
    """(product key, path, before, after) of every field of existing products that a plan wrote."""
    with context.database.read() as connection:
        items = Plans(connection, context.shop_id).items(plan_id, state=ItemState.CONFIRMED)
        return [(item.product_key, change.path, change.before, change.after)
                for item in items if item.operation is not Operation.PRODUCT_CREATE for change in item.changes]


def documents(context: Context) -> Iterator[tuple[str, dict[Path, Value]]]:
    """Every product of the catalog as a flat map, in order of key."""
    with context.database.read() as connection:
        yield from Catalog(connection, context.shop_id).all_documents()


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One field that a plan writes, as people look at it. `None` before or after stands for absent; `note` says why an
    item waits or was not applied."""

    lane: str
    operation: str
    risk: str
    state: str
    product: str
    field: str
    before: Value | None
    after: Value | None
    why: str
    note: str


def plan_changes(context: Context, plan_id: str, *, skip: int = 0, most: int | None = None) -> list[ChangeRow]:
    """The changes of a plan in sending order, field by field: `most` of them (all, if not given) after `skip`."""
    return list(islice(each_change(context, plan_id), skip, None if most is None else skip + most))


def each_change(context: Context, plan_id: str) -> Iterator[ChangeRow]:
    """The changes of a plan in sending order, read while they are asked for."""
    with context.database.read() as connection:
        for item, state, note in Plans(connection, context.shop_id).items_with_state(plan_id):
            for change in item.changes:
                yield ChangeRow(item.lane.value, item.operation.value, item.risk.value, state.value, item.product_key,
                                change.path, change.before, change.after, change.reason.value, note)


def progress_of_run(context: Context, run_id: str) -> list[Progress]:
    """How far each lane of a run's plan has got; empty before it has a plan."""
    with context.database.read() as connection:
        plan = Plans(connection, context.shop_id).of_run(run_id)
        return progress_of(connection, plan.plan_id) if plan else []
