"""Report: a saved plan for people and for other programs, as Markdown, as JSON, and each change as a row of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from shopsync_pipeline.core.fields import Operation, place
from shopsync_pipeline.core.report import ConflictRow, ExampleRow, PlanReport
from shopsync_pipeline.db.conflicts import Conflicts, ConflictState
from shopsync_pipeline.db.plans import Plans, SavedPlan
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.review import ChangeRow, each_change

EXAMPLES = 5
"""Changes that a report shows of each field group."""

CONFLICTS = 25

LOOKED_AT = 20_000
"""Items that are looked through for examples; in a longer plan the later ones are in the CSV only."""


def plan_report(context: Context, plan_id: str) -> PlanReport:
    """All that people want to know of a plan. Raises `PlanRefusedError` for an id that this shop does not have."""
    with context.database.read() as connection:
        plans = Plans(connection, context.shop_id)
        plan = plans.get(plan_id)
        waiting = Conflicts(connection, context.shop_id).find(ConflictState.PENDING, most=CONFLICTS)
        return PlanReport(
            plan_id=plan.plan_id, shop=context.shop_id, hash=plan.hash, state=plan.state.value, scope=plan.scope,
            created_at=plan.created_at, run_id=plan.run_id, summary=plan.summary, refusals=plan.refusals,
            approvals=_approvals(plan), counts=plans.counts(plan_id), dependencies=plans.dependencies(plan_id),
            held=plans.held(plan_id), set_aside=plans.set_aside(plan_id), examples=_examples(plans, plan),
            conflicts=[
                ConflictRow(row.product_key, row.path, row.faces.base_remote, row.faces.local, row.faces.remote,
                            row.dispute) for row in waiting],
        )


def _approvals(plan: SavedPlan) -> list[str]:
    found = []
    if plan.approved_by is not None:
        found.append(f"approved by {plan.approved_by}, {plan.approved_at:%Y-%m-%d %H:%M:%S} UTC: "
                     f"{plan.approval_reason}")
    if plan.continued_by is not None:
        found.append(f"continued by {plan.continued_by}, {plan.continued_at:%Y-%m-%d %H:%M:%S} UTC: "
                     f"{plan.continue_reason}")
    return found


def _examples(plans: Plans, plan: SavedPlan) -> dict[str, list[ExampleRow]]:
    """The first changes of each field group of existing products, and the first creations and deletions."""
    wanted = {group: min(EXAMPLES, count) for group, count in plan.summary.get("groups", {}).items()}
    found: dict[str, list[ExampleRow]] = {}
    for looked_at, item in enumerate(plans.items(plan.plan_id)):
        whole = item.operation in (Operation.PRODUCT_CREATE, Operation.PRODUCT_DELETE)
        if whole:
            rows = found.setdefault(item.operation.value, [])
            if len(rows) < EXAMPLES and item.changes:
                first = next((c for c in item.changes if c.path == "title"), item.changes[0])
                rows.append(ExampleRow(item.product_key, first.path, first.before, first.after, first.reason.value))
        else:
            for change in item.changes:
                rows = found.setdefault(place(change.path).field.group.value, [])
                if len(rows) < EXAMPLES:
                    rows.append(ExampleRow(item.product_key, change.path, change.before, change.after,
                                           change.reason.value))
        if looked_at >= LOOKED_AT and all(len(found.get(group, ())) >= count for group, count in wanted.items()):
            break
    return dict(sorted((group, rows) for group, rows in found.items() if rows))


def plan_json(context: Context, plan_id: str) -> dict[str, Any]:
    """The report as a JSON object: the plan with its counts and examples; its changes are in `plan_csv`."""
    report = plan_report(context, plan_id)
    told = asdict(report)
    told["created_at"] = report.created_at.isoformat()
    told["refusals"] = list(report.refusals)
    told["counts"] = [{"lane": lane, "risk": risk, "operation": operation, "state": state, "items": count}
                      for (lane, risk, operation, state), count in report.counts.items()]
    told["held"] = [{"hold": hold, "why": why, "items": count, "products": list(keys)}
                    for hold, why, count, keys in report.held]
    told["set_aside"] = [{"product": key, "operation": operation, "state": state, "why": why}
                         for key, operation, state, why in report.set_aside]
    return told


def plan_csv(context: Context, plan_id: str) -> Iterator[str]:
    """Every change of a plan as lines of CSV, the header first; values that are no text are JSON.

    Rows are read while they are asked for, so a plan of any length takes little memory.
    """
    yield _line([field.name for field in fields(ChangeRow)])
    for row in each_change(context, plan_id):
        yield _line([_text(getattr(row, field.name)) for field in fields(ChangeRow)])


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else to_text(value)


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
