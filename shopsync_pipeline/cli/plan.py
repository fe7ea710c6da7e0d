"""`shopsync plan …`: plans as they were made, what they would do, and a person's word on them."""

from __future__ import annotations

import asyncio
import getpass
import json
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from shopsync_pipeline.cli.terminal import console, opened, told
from shopsync_pipeline.core.report import markdown, value
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.engine.apply import push, stop_of_run
from shopsync_pipeline.engine.approve import approve, resume
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.report import plan_csv, plan_json, plan_report
from shopsync_pipeline.engine.review import each_change, one_plan, recent_plans

MOST_ROWS = 200
"""Changes that are shown on the screen; files get all."""

plan_app = typer.Typer(no_args_is_help=True, help="Plans: what would be sent, what was sent.")

PlanId = Annotated[str, typer.Argument(help="A plan's id, from `shopsync plan list`.")]


@plan_app.command("list")
def plan_list() -> None:
    """The newest plans."""
    for plan in recent_plans(opened()):
        summary = plan.summary
        products, held = summary["products"], sum(summary.get("held", {}).values())
        told(f"{plan.plan_id}  {plan.created_at:%Y-%m-%d %H:%M:%S}  {plan.state.value}",
              f"    {products['create']} to create, {products['update']} to update, about "
              f"{summary['estimate']['points']:g} points" + (f", {held} items held" if held else ""),
              *["    monitoring: nothing of it is sent"] * bool(summary.get("monitoring")),
              *[f"    wall ahead: {wall['name']}, {wall['count']} products {wall['fate']}"
                for wall in summary.get("walls", ())],
              *[f"    needs approval: {reason}" for reason in plan.refusals])


@plan_app.command("show")
def plan_show(
    plan_id: PlanId,
    markdown_file: Annotated[Path | None, typer.Option("--markdown", help=(
        "Write the report to this Markdown file: walls, refusals, cost, counts, first changes, conflicts."))] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every change to this CSV file.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report to this JSON file.")] = None,
) -> None:
    """Every change of a plan: before, after and why. With files, those are written instead."""
    context = opened()
    plan = one_plan(context, plan_id)
    if markdown_file is not None:
        markdown_file.write_text(markdown(plan_report(context, plan_id)), encoding="utf-8")
        told(f"The report of plan {plan.plan_id} is in {markdown_file}.")
    if json_file is not None:
        report = json.dumps(plan_json(context, plan_id), ensure_ascii=False, indent=1)
        json_file.write_text(report + "\n", encoding="utf-8")
        told(f"The report of plan {plan.plan_id} is in {json_file}.")
    if csv is not None:
        with csv.open("w", encoding="utf-8", newline="") as out:
            count = sum(out.write(line) > 0 for line in plan_csv(context, plan_id)) - 1
        told(f"{count} changes of plan {plan.plan_id} are in {csv}.")
    if csv is None and markdown_file is None and json_file is None:
        _show(context, plan_id)


def _show(context: Context, plan_id: str) -> None:
    table = Table("lane", "operation", "state", "product", "field", "before", "after", "why")
    rows = each_change(context, plan_id)
    for row in islice(rows, MOST_ROWS):
        cells = (row.lane, row.operation, row.state, row.product, row.field, value(row.before), value(row.after),
                 row.note or row.why)
        table.add_row(*[str(cell)[:60].replace("[", "\\[") for cell in cells])
    console.print(table)
    left = sum(1 for _ in rows)
    if left:
        console.print(f"… and {left} more; --csv FILE writes them all.")


@plan_app.command("approve")
def plan_approve(
    plan_id: Annotated[str, typer.Argument(help="A refused plan's id.")],
    reason: Annotated[str, typer.Option(help="Why it may be sent; kept with the plan.")],
    by: Annotated[str, typer.Option(help="Who takes the responsibility.")] = "",
    content: Annotated[str | None, typer.Option("--hash", help="Approve only if the plan has this hash.")] = None,
) -> None:
    """Allows a plan that broke a safety bound, as it is now."""
    plan = approve(opened(), plan_id, by=by or getpass.getuser(), reason=reason, expected_hash=content)
    told(f"Plan {plan.plan_id} may be sent: shopsync plan apply {plan.plan_id}, or materialize "
          "shopify/applied_mutations.")


@plan_app.command("continue")
def plan_continue(
    plan_id: Annotated[str, typer.Argument(help="A halted plan's id.")],
    reason: Annotated[str, typer.Option(help="Why the rest may go; kept with the plan.")],
    by: Annotated[str, typer.Option(help="Who takes the responsibility.")] = "",
) -> None:
    """Lets the rest of a plan go that was halted because what went first was not applied."""
    plan, freed = resume(opened(), plan_id, by=by or getpass.getuser(), reason=reason)
    told(f"{freed} items of plan {plan.plan_id} may go: shopsync plan apply {plan.plan_id}, or materialize "
          "shopify/applied_mutations.")


@plan_app.command("apply")
def plan_apply(plan_id: PlanId) -> None:
    """Sends what is still to be sent of a plan: by the same rules as a run, under the same lock.

    Ctrl-C or SIGTERM ends it once what is in flight is through and written down; the same command goes on later.
    """
    context = opened()
    one_plan(context, plan_id)
    stop = stop_of_run(context, plan_id, None)
    with console.status("connecting") as status:
        report = asyncio.run(push(context, plan_id, stop=stop, on_progress=lambda now: status.update(now.sentence())))
    counts = ", ".join(f"{report.items(state)} {state.value}" for state in ItemState if report.items(state))
    told(f"Plan {plan_id}: {counts or 'nothing to send'}; {report.mutations} mutations, {report.points:g} points in "
          f"{report.seconds:.1f} s.",
          *[f"    {key} {operation}: {state}, {why}" for key, operation, state, why in report.set_aside])
    if report.stopped:
        told(f"Stopped: {report.stopped}; {report.items(ItemState.PLANNED)} items are left. To go on: "
             f"shopsync plan apply {plan_id}.")
    stop.pass_on()
