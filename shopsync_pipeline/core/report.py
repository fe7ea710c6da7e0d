"""The report of a plan, for the person who must say yes or no: what matters most comes first.

Values in, Markdown out; nothing here looks anything up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shopsync_pipeline.core.fields import Value

CELL = 80
"""Characters of a cell; the CSV export has whole values."""


@dataclass(frozen=True, slots=True)
class ExampleRow:
    """One change as people read it: product, field, before, after, why."""

    product: str
    field: str
    before: Value | None
    after: Value | None
    why: str


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One field that waits for a decision: product, field, what was agreed, and what each side says now."""

    product: str
    field: str
    agreed: Value | None
    catalog: Value | None
    store: Value | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """All that a report tells. `summary` is the saved plan's own; `counts` is by (lane, risk, operation, state).

    `held`: (kind, why, items, first products). `examples`: field group → first changes.
    """

    plan_id: str
    shop: str
    hash: str
    state: str
    scope: str
    created_at: datetime
    run_id: str | None
    summary: Mapping[str, Any]
    refusals: Sequence[str]
    approvals: Sequence[str]
    counts: Mapping[tuple[str, str, str, str], int]
    dependencies: int
    held: Sequence[tuple[str, str, int, Sequence[str]]] = ()
    set_aside: Sequence[tuple[str, str, str, str]] = ()
    examples: Mapping[str, Sequence[ExampleRow]] = field(default_factory=dict)
    conflicts: Sequence[ConflictRow] = ()


def markdown(report: PlanReport) -> str:
    """The report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: PlanReport) -> Iterator[str]:
    summary = report.summary
    estimate, products = summary["estimate"], summary["products"]
    yield f"# Plan {report.plan_id}"
    yield ""
    yield (f"{report.shop}, made {report.created_at:%Y-%m-%d %H:%M:%S} UTC, **{report.state}**"
           + (f", run {report.run_id}" if report.run_id else "") + f", scope: {report.scope[:200]}.")
    if summary.get("monitoring"):
        yield ""
        yield "**Monitoring: this is what would have been done; nothing of it is sent.**"
    yield ""
    yield (f"**{products['create']} to create, {products['update']} to update**, {products['in_sync']} in sync, "
           f"{summary['conflicts']} conflicts, {summary['kept']} store edits kept.")
    yield (f"About **{estimate['points']:g} points in {estimate['requests']} requests, "
           f"{duration(estimate['seconds'])}** at {estimate['restore_rate']:g} points a second.")
    yield ""
    yield from _section("Walls ahead", ("wall", "limit", "products", "what happens", "for example"), (
        (wall["name"], wall["limit"], wall["count"], f"{wall['fate']}: {wall['sentence']}", ", ".join(wall["products"]))
        for wall in summary.get("walls", ())), empty="None: the platform takes all of it.")
    yield "## Needs approval"
    yield ""
    yield from ([f"- {text(reason, None)}" for reason in report.refusals] or ["No: all bounds are kept."])
    yield from [f"- {text(line, None)}" for line in report.approvals]
    yield ""
    if report.held:
        yield from _section("Held", ("why", "items", "kind", "for example"), (
            (why, count, kind, ", ".join(keys)) for kind, why, count, keys in report.held))
    yield from _section("What goes when", ("lane", "items", "points", "requests", "time"), (
        (lane, found["items"], f"{found['points']:g}", found["requests"], duration(found["seconds"]))
        for lane, found in summary.get("lanes", {}).items()), empty="Nothing is to be sent.")
    yield from _section("Items", ("lane", "risk", "operation", "state", "items"), (
        (*key, count) for key, count in report.counts.items()), empty="There is none.")
    if report.dependencies:
        yield f"{report.dependencies} items wait for another one (table `sync_dependency`)."
        yield ""
    if report.set_aside:
        yield from _section("Not applied", ("product", "operation", "state", "why"), report.set_aside)
    for group, rows in report.examples.items():
        total = summary.get("groups", {}).get(group)
        of = f" ({len(rows)} of {total})" if total else ""
        yield from _section(f"First changes: {group}{of}", ("product", "field", "before", "after", "why"), (
            (row.product, row.field, value(row.before), value(row.after), row.why) for row in rows))
    yield from _section("Conflicts that wait", ("product", "field", "agreed before", "catalog", "store", "why"), (
        (row.product, row.field, value(row.agreed), value(row.catalog), value(row.store), row.why)
        for row in report.conflicts), empty="None.")
    yield f"Hash `{report.hash}`: an approval is for this content only."


def _section(title: str, headings: Sequence[str], rows: Iterable[Iterable[object]], *,
             empty: str = "") -> Iterator[str]:
    yield f"## {title}"
    yield ""
    body = ["| " + " | ".join(text(cell) for cell in row) + " |" for row in rows]
    if body:
        yield "| " + " | ".join(headings) + " |"
        yield "|" + " --- |" * len(headings)
        yield from body
    else:
        yield empty
    yield ""


def text(cell: object, longest: int | None = CELL) -> str:
    """A cell that Markdown shows as it is: on one line, no markup, cut to a readable length."""
    line = " ".join(str(cell).split())
    if longest is not None and len(line) > longest:
        line = line[:longest - 1] + "…"
    return line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def value(of: Value | None) -> str:
    """A field's value in a cell; absent shows as an em dash."""
    if of is None:
        return "—"
    return of if isinstance(of, str) else json.dumps(of, ensure_ascii=False)


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
