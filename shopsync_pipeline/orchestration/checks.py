"""Asset checks: true statements about the catalog and the plan. The one on bounds blocks the push."""

import dagster as dg

from shopsync_pipeline.engine.ingest import quarantined_rows
from shopsync_pipeline.engine.resolve import open_conflicts
from shopsync_pipeline.engine.review import plan_of
from shopsync_pipeline.orchestration.keys import DIFF, LOCAL_CATALOG
from shopsync_pipeline.orchestration.metadata import MOST_ROWS, markdown_table
from shopsync_pipeline.orchestration.resources import Shopsync


@dg.asset_check(asset=DIFF, blocking=True)
def changes_are_within_bounds(context: dg.AssetCheckExecutionContext,
                              shopsync: dg.ResourceParam[Shopsync]) -> dg.AssetCheckResult:
    """The plan changes no more than the safety bounds allow, or a person approved it."""
    with shopsync.opened() as opened:
        plan = plan_of(opened, context.run.run_id)
    if plan is None:
        return dg.AssetCheckResult(passed=True, description="there is no plan yet")
    approved = plan.approved_by is not None
    passed = approved or not plan.refusals
    verdict = f"approved by {plan.approved_by}: {plan.approval_reason}" if approved else "all bounds kept"
    return dg.AssetCheckResult(
        passed=passed,
        description=verdict if passed else " ".join(plan.refusals),
        metadata={"plan": plan.plan_id, "updates": plan.summary["products"]["update"],
                  "linked": plan.summary["linked"]},
    )


@dg.asset_check(asset=DIFF)
def no_conflict_waits(shopsync: dg.ResourceParam[Shopsync]) -> dg.AssetCheckResult:
    """Nobody has to decide anything."""
    with shopsync.opened() as opened:
        waiting = open_conflicts(opened)
    return dg.AssetCheckResult(
        passed=not waiting,
        severity=dg.AssetCheckSeverity.WARN,
        description="nothing to decide" if not waiting else (
            f"{len(waiting)} {'conflict waits' if len(waiting) == 1 else 'conflicts wait'}: shopsync conflicts list, "
            "then shopsync conflicts resolve"),
        metadata={"waiting": len(waiting), "first": markdown_table(
            ("product", "field", "why"),
            [(conflict.product_key, conflict.path, conflict.dispute) for conflict in waiting[:MOST_ROWS]],
        )},
    )


@dg.asset_check(asset=LOCAL_CATALOG)
def all_rows_were_used(shopsync: dg.ResourceParam[Shopsync]) -> dg.AssetCheckResult:
    """No row of the delivery had to be put into quarantine."""
    with shopsync.opened() as opened:
        rows = quarantined_rows(opened, None, MOST_ROWS)
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"first": markdown_table(
            ("file", "line", "column", "value", "reason"),
            [(row.file, row.line, row.column, row.value, row.reason) for row in rows],
        )},
    )


default_checks = [changes_are_within_bounds, no_conflict_waits, all_rows_were_used]
