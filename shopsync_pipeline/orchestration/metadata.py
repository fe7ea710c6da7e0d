"""What people see on an asset's page: tables, figures and plots made from the reports of the use cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from shopsync_pipeline.core.fields import Value
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import first_changes
from shopsync_pipeline.db.plans import SavedPlan

MOST_ROWS = 25


def markdown_table(headings: Sequence[str], rows: Iterable[Iterable[object]]) -> dg.MarkdownMetadataValue:
    """A table that Dagster renders. Cells are made safe for Markdown and cut to a readable length."""
    body = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    if not body:
        return dg.MetadataValue.md("none")
    return dg.MetadataValue.md("\n".join(["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings), *body]))


def _cell(value: object) -> str:
    text = " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")
    return text if len(text) <= 80 else text[:77] + "…"


def shown(value: Value | None) -> str:
    """A field's value in a table cell; absent shows as an em dash."""
    if value is None:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def counts(values: Mapping[str, int]) -> dg.MarkdownMetadataValue:
    """A two-column table of names and numbers, largest first."""
    rows = sorted(values.items(), key=lambda row: (-row[1], row[0]))
    return markdown_table(("what", "count"), rows)


def changes_table(items: Sequence[PlanItem]) -> dg.MarkdownMetadataValue:
    """The first changes of a plan as before and after."""
    rows = [
        (item.lane.value, item.operation.value, item.product_key, change.path, shown(change.before),
         shown(change.after), change.reason.value)
        for item, change in first_changes(items, MOST_ROWS)
    ]
    return markdown_table(("lane", "operation", "product", "field", "before", "after", "why"), rows)


def plan_metadata(plan: SavedPlan, items: Sequence[PlanItem]) -> dict[str, dg.MetadataValue]:
    """Everything that an operator wants to read of a plan before it is sent."""
    summary, estimate = plan.summary, plan.summary["estimate"]
    products = summary["products"]
    return {
        "walls_ahead": markdown_table(
            ("wall", "limit", "products", "what happens", "for example"),
            [(wall["name"], wall["limit"], wall["count"], f"{wall['fate']}: {wall['sentence']}",
              ", ".join(wall["products"])) for wall in summary["walls"]]),
        "needs_approval": dg.MetadataValue.text(" ".join(plan.refusals) or "no"),
        "monitoring": dg.MetadataValue.bool(summary["monitoring"]),
        "phase": dg.MetadataValue.text(summary["phase"]),
        "held": counts(summary["held"]),
        "lanes": markdown_table(
            ("lane", "items", "points", "requests", "seconds"),
            [(lane, *(found[name] for name in ("items", "points", "requests", "seconds")))
             for lane, found in summary["lanes"].items()]),
        "products": counts(products),
        "first_changes": changes_table(items),
        "create": dg.MetadataValue.int(products["create"]),
        "update": dg.MetadataValue.int(products["update"]),
        "in_sync": dg.MetadataValue.int(products["in_sync"]),
        "conflicts": dg.MetadataValue.int(summary["conflicts"]),
        "store_edits_kept": dg.MetadataValue.int(summary["kept"]),
        "estimated_points": dg.MetadataValue.float(float(estimate["points"])),
        "estimated_requests": dg.MetadataValue.int(estimate["requests"]),
        "estimated_seconds": dg.MetadataValue.float(float(estimate["seconds"])),
        "fields_of_existing_products": counts(summary["fields"]),
        "plan": dg.MetadataValue.text(plan.plan_id),
        "plan_hash": dg.MetadataValue.text(plan.hash),
    }
