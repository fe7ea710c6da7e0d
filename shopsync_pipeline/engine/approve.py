"""Approve: a named person takes responsibility for a plan that broke its bounds, or for the rest of a halted one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.db.plans import Plans, PlanState, SavedPlan
from shopsync_pipeline.engine.context import Context


def approve(context: Context, plan_id: str, *, by: str, reason: str, expected_hash: str | None = None) -> SavedPlan:
    """Records the approval of a plan as it is, and returns the plan.

    With `expected_hash` the approval is for that content only. Raises `PlanRefusedError` where there is nothing to
    approve.
    """
    with _answering(context, plan_id, PlanState.REFUSED, "approve", by, reason) as (plans, plan):
        if expected_hash is not None and expected_hash != plan.hash:
            raise PlanRefusedError(
                f"Plan {plan_id} has the hash {plan.hash}, not {expected_hash}, so it is not the plan that was looked "
                "at. Look at it, then approve it with its own hash."
            )
        plans.approve(plan_id, by.strip(), reason.strip())
        return plans.get(plan_id)


def resume(context: Context, plan_id: str, *, by: str, reason: str) -> tuple[SavedPlan, int]:
    """Lets the rest of a plan go whose first part did not go well; returns the plan and how many items that frees.

    Raises `PlanRefusedError` for a plan that was not halted.
    """
    with _answering(context, plan_id, PlanState.HALTED, "continue", by, reason) as (plans, _):
        freed = plans.resume(plan_id, by.strip(), reason.strip())
        return plans.get(plan_id), freed


@contextmanager
def _answering(context: Context, plan_id: str, state: PlanState, verb: str, by: str,
               reason: str) -> Iterator[tuple[Plans, SavedPlan]]:
    """A transaction over a plan that waits for a person's word. Raises `PlanRefusedError` where none is asked for, or
    none is given."""
    if not by.strip() or not reason.strip():
        raise PlanRefusedError("An approval needs a name and a reason; both are kept with the plan.")
    with context.database.write() as connection:
        plans = Plans(connection, context.shop_id)
        plan = plans.get(plan_id)
        if plan.state is not state:
            raise PlanRefusedError(
                f"Plan {plan_id} is {plan.state.value}, so there is nothing to {verb}. Only a {state.value} plan that "
                f"no newer one has superseded can be {verb}d."
            )
        yield plans, plan
