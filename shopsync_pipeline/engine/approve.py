"""Approve: a named person takes responsibility for a plan that broke its bounds."""

from __future__ import annotations

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.db.plans import Plans, PlanState, SavedPlan
from shopsync_pipeline.engine.context import Context


def approve(context: Context, plan_id: str, *, by: str, reason: str) -> SavedPlan:
    """Records the approval and returns the plan. Raises `PlanRefusedError` where there is nothing to approve."""
    if not by.strip() or not reason.strip():
        raise PlanRefusedError("An approval needs a name and a reason; both are kept with the plan.")
    with context.database.write() as connection:
        plans = Plans(connection, context.shop_id)
        plan = plans.get(plan_id)
        if plan.state is not PlanState.REFUSED:
            raise PlanRefusedError(
                f"Plan {plan_id} is {plan.state.value}, so there is nothing to approve. Only a refused plan that no "
                "newer one has superseded can be approved."
            )
        plans.approve(plan_id, by.strip(), reason.strip())
        return plans.get(plan_id)
