"""`shopsync undo` and `shopsync blame`: taking back what was written, and who wrote it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from shopsync_pipeline.cli.terminal import opened, told
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.undo import Wish
from shopsync_pipeline.db.plans import ItemState, SavedPlan
from shopsync_pipeline.engine.blame import blame as blame_of
from shopsync_pipeline.engine.blame import in_a_sentence
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.hold import held_by_undo
from shopsync_pipeline.engine.review import one_plan, plan_changes
from shopsync_pipeline.engine.undo import Asked, plan_undo, send_undo, sentences
from shopsync_pipeline.orchestration.metadata import shown

undo_app = typer.Typer(no_args_is_help=True, help="Takes back what was written to the store, by a plan of its own.")

MOST_CHANGES = 40

Products = Annotated[list[str] | None, typer.Option(
    "--product", help="Only this product: SKU, handle, product key or id. Can be given again.")]
Fields = Annotated[list[str] | None, typer.Option(
    "--field", help="Only this field: a path, or its beginning or last part (price). Can be given again.")]
Forced = Annotated[list[str] | None, typer.Option(
    "--force-fields", help="Take this field back even where it was edited in the store since. Can be given again.")]
Stock = Annotated[bool, typer.Option("--stock", help="Stock too, where neither the feed nor an order has moved it.")]
Send = Annotated[bool, typer.Option("--apply", help="Send the plan at once, unless it needs approval.")]


def instant(text: str) -> datetime:
    """An instant as people write it; without a time zone it is UTC. Raises `ShopsyncError` for what is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ShopsyncError(f"{text} is no time; write it like 2026-03-01T14:30 or 2026-03-01T14:30+01:00.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


@undo_app.command("run")
def undo_run(
    run_id: Annotated[str, typer.Argument(help="The id of a Dagster run that wrote to the store.")],
    product: Products = None, field: Fields = None, force_fields: Forced = None, stock: Stock = False,
    send: Send = False,
) -> None:
    """Plans to take back what a run wrote."""
    _plan(Asked(run=run_id, products=tuple(product or ()), wish=_wish(field, force_fields, stock)), send)


@undo_app.command("plan")
def undo_plan(
    plan_id: Annotated[str, typer.Argument(help="A plan's id, from `shopsync plan list`; of an undo too.")],
    product: Products = None, field: Fields = None, force_fields: Forced = None, stock: Stock = False,
    send: Send = False,
) -> None:
    """Plans to take back what a plan wrote. Undoing an undo restores what it took back."""
    _plan(Asked(plan=plan_id, products=tuple(product or ()), wish=_wish(field, force_fields, stock)), send)


@undo_app.command("product")
def undo_product(
    products: Annotated[list[str], typer.Argument(help="SKUs, handles, product keys or ids.")],
    field: Fields = None, force_fields: Forced = None, stock: Stock = False, send: Send = False,
) -> None:
    """Plans to take back the last write to products (of a field, with --field)."""
    _plan(Asked(products=tuple(products), wish=_wish(field, force_fields, stock)), send)


@undo_app.command("range")
def undo_range(
    since: Annotated[str, typer.Option(help="From this instant on, like 2026-03-01T14:30; UTC without a zone.")],
    until: Annotated[str, typer.Option(help="Before this instant; until now if not given.")] = "",
    product: Products = None, field: Fields = None, force_fields: Forced = None, stock: Stock = False,
    send: Send = False,
) -> None:
    """Plans to take back everything that was written in a span of time: to before the first write of each field."""
    _plan(Asked(since=instant(since), until=instant(until) if until else None, products=tuple(product or ()),
                wish=_wish(field, force_fields, stock)), send)


@undo_app.command("apply")
def undo_apply(plan_id: Annotated[str, typer.Argument(help="An undo plan's id.")]) -> None:
    """Sends an undo plan; safe to repeat after a crash."""
    _send(opened(), plan_id)


@undo_app.command("held")
def undo_held() -> None:
    """What is not sent because it was undone, until the catalog's value changes."""
    rows = held_by_undo(opened())
    for row in rows:
        by = f"plan {row.plan_id}" if row.plan_id else f"decision {row.conflict_id}: the product stays deleted"
        told(f"{row.product_key} {row.path}: kept, undone ({by})",
             f"    catalog {shown(row.catalog)}, store {shown(row.store)}")
    if not rows:
        told("Nothing is held back by an undo.")


def blame(
    product: Annotated[str, typer.Argument(help="SKU, handle, product key or id.")],
    field: Annotated[str | None, typer.Argument(help="A path, or its beginning or last part; all if none.")] = None,
    history: Annotated[bool, typer.Option("--history", help="Everything that happened to the field.")] = False,
) -> None:
    """Who set the values that the store shows of a product, when and why; as of the last read of the store."""
    for found in blame_of(opened(), product, field):
        told(f"{found.product_key} {found.path} = {shown(found.value)}", f"    {in_a_sentence(found.by)}")
        if found.held_by:
            told(f"    kept, undone: the catalog's value is not sent until it changes (plan {found.held_by})")
        for event in reversed(found.history) if history else ():
            told(f"      {shown(event.before)} -> {shown(event.after)}: {in_a_sentence(event)}")


def _wish(fields: list[str] | None, forced: list[str] | None, stock: bool) -> Wish:
    return Wish(fields=tuple(fields or ()), forced=tuple(forced or ()), stock=stock)


def _plan(asked: Asked, send: bool) -> None:
    context = opened()
    plan = asyncio.run(plan_undo(context, asked))
    _show(context, plan)
    if send and plan.summary["operations"]:
        _send(context, plan.plan_id)


def _show(context: Context, plan: SavedPlan) -> None:
    rows = plan_changes(context, plan.plan_id, most=MOST_CHANGES + 1)
    estimate, products = plan.summary["estimate"], plan.summary["products"]
    told(f"Plan {plan.plan_id}, {plan.scope}: {products['update']} products to change, {products['delete']} to delete, "
         f"{products['create']} to make anew, about {estimate['points']:g} points in {estimate['requests']} requests.")
    told(*[f"  {row.product} {row.field}: {shown(row.before)} -> {shown(row.after)}" for row in rows[:MOST_CHANGES]])
    if len(rows) > MOST_CHANGES:
        told(f"  … `shopsync plan show {plan.plan_id}` shows them all.")
    told(*sentences(context, plan), *[f"Needs approval: {reason}" for reason in plan.refusals])
    if not plan.summary["operations"]:
        told("There is nothing to send.")
    elif plan.refusals:
        told(f'To send it: shopsync plan approve {plan.plan_id} --reason "…", then shopsync undo apply {plan.plan_id}.')
    else:
        told(f"To send it: shopsync undo apply {plan.plan_id}")


def _send(context: Context, plan_id: str) -> None:
    report = asyncio.run(send_undo(context, plan_id))
    told(f"{report.items(ItemState.CONFIRMED)} of {sum(report.tally.values())} items took effect, in "
         f"{report.mutations} mutations for {report.points:g} points.",
         *[f"  {key} {operation} {state}: {why}" for key, operation, state, why in report.set_aside],
         *sentences(context, one_plan(context, plan_id)))
