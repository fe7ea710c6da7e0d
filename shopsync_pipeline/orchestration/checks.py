"""Asset checks: true statements about the catalog and the plan. The one on bounds blocks the push.

The data-quality checks are one row each of `core.quality.CHECKS` and have the names that the mapping file's `[quality]`
uses. They block no run: a check that is to block is said so there, and then the import itself is refused.
"""

from collections.abc import Iterator

import dagster as dg

from shopsync_pipeline.core.quality import CHECKS, Severity, Verdict
from shopsync_pipeline.engine.health import health_of
from shopsync_pipeline.engine.ingest import quarantined_rows
from shopsync_pipeline.engine.quality import quality
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
    passed = plan.approved or not plan.refusals
    verdict = f"approved by {plan.approved_by}: {plan.approval_reason}" if plan.approved else "all bounds kept"
    return dg.AssetCheckResult(
        passed=passed,
        # What is only monitored is not sent, so there is nothing to block; people still see it.
        severity=dg.AssetCheckSeverity.WARN if opened.settings.monitoring else dg.AssetCheckSeverity.ERROR,
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
        rows = [row for kind in ("row", "value") for row in quarantined_rows(opened, None, MOST_ROWS, kind=kind)]
    return dg.AssetCheckResult(
        passed=not rows,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"first": markdown_table(
            ("file", "line", "column", "value", "reason"),
            [(row.file, row.line, row.column, row.value, row.reason) for row in rows],
        )},
    )


@dg.asset_check(asset=DIFF)
def the_shop_is_served(shopsync: dg.ResourceParam[Shopsync]) -> dg.AssetCheckResult:
    """The shop takes requests: it is not paused by Shopify, nor left alone after faults in a row."""
    with shopsync.opened() as opened:
        found = health_of(opened)
    return dg.AssetCheckResult(passed=found.serves, severity=dg.AssetCheckSeverity.ERROR, description=found.says)


_SEVERITIES = {Severity.WARN: dg.AssetCheckSeverity.WARN, Severity.ERROR: dg.AssetCheckSeverity.ERROR}


@dg.multi_asset_check(
    name="catalog_quality", can_subset=True,
    specs=[dg.AssetCheckSpec(check.name, asset=LOCAL_CATALOG, description=check.description) for check in CHECKS],
)
def catalog_quality(context: dg.AssetCheckExecutionContext,
                    shopsync: dg.ResourceParam[Shopsync]) -> Iterator[dg.AssetCheckResult]:
    """What the last import found, held to the thresholds. One step: the import itself looked at the products."""
    with shopsync.opened() as opened:
        found = quality(opened, opened.catalog_rules().quality)
    for key in sorted(context.selected_asset_check_keys, key=lambda key: key.name):
        verdict = found.verdicts.get(key.name) if found else None
        if found is None:
            yield _unseen(key, True, "there is no catalog yet")
        elif verdict is None:
            yield _unseen(key, False, "the catalog was imported before this check was made; the next new delivery is "
                                      "looked at")
        else:
            yield _result(key, verdict, found.import_id)


def _unseen(key: dg.AssetCheckKey, passed: bool, why: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(asset_key=key.asset_key, check_name=key.name, passed=passed, description=why,
                               severity=dg.AssetCheckSeverity.WARN)


def _result(key: dg.AssetCheckKey, verdict: Verdict, import_id: str) -> dg.AssetCheckResult:
    finding, threshold = verdict.finding, verdict.threshold
    limits = {"warns_above": threshold.warn, "fails_above": threshold.fail}
    return dg.AssetCheckResult(
        asset_key=key.asset_key, check_name=key.name, passed=verdict.severity is None,
        # A check that passed has a severity too; people see it only when it fails.
        severity=_SEVERITIES[verdict.severity or Severity.WARN], description=verdict.sentence,
        metadata={
            "count": finding.count, "of": finding.total, "share": finding.share, "import": import_id,
            **{name: share for name, share in limits.items() if share is not None},
            "examples": markdown_table(
                ("product or file", "field", "value", "what is wrong"),
                [(one.product, one.field, one.value, one.sentence) for one in finding.examples]),
        },
    )


default_checks = [changes_are_within_bounds, no_conflict_waits, all_rows_were_used, the_shop_is_served, catalog_quality]
