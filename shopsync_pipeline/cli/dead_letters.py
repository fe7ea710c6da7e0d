"""`shopsync dead-letters`: what Shopify refused, one by one or by root cause, and what to do about it."""

from __future__ import annotations

import getpass
import json
from datetime import datetime
from typing import Annotated

import typer

from shopsync_pipeline.cli.terminal import opened, told
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Value
from shopsync_pipeline.db.dead_letters import StoredLetter
from shopsync_pipeline.engine.letter_decisions import (
    Chosen,
    discard,
    discard_where,
    edit,
    letter_groups,
    list_letters,
    one_letter,
    retry,
    retry_where,
)
from shopsync_pipeline.orchestration.metadata import shown

dead_letters_app = typer.Typer(no_args_is_help=True, help="What Shopify refused, and what to do about it.")

NEXT_RUN = "The next run carries it out."

StateOption = Annotated[str, typer.Option("--state", help=(
    "Only this state: open, retrying, edited, discarded, resolved, or all."))]
CauseOption = Annotated[str, typer.Option("--cause", help="Only this cause: rejected, unsendable, lost …")]
ProductOption = Annotated[str, typer.Option("--product", help=(
    "Only this product: SKU, handle, Etilize id, product key or Shopify id."))]
OperationOption = Annotated[str, typer.Option("--operation", help="Only this operation: product_update …")]
GroupOption = Annotated[str, typer.Option("--group", help="Only this root cause, by its key in `groups`.")]
AllOption = Annotated[bool, typer.Option("--all", help="All that are open.")]
ByOption = Annotated[str, typer.Option(help="Who decides.")]
LetterArgument = Annotated[str, typer.Argument(help="An id from `shopsync dead-letters list`.")]
LettersArgument = Annotated[list[str] | None, typer.Argument(help="Ids from `shopsync dead-letters list`.")]


@dead_letters_app.command("list")
def letters_list(
    state: StateOption = "open", cause: CauseOption = "", product: ProductOption = "", operation: OperationOption = "",
    group: GroupOption = "",
    most: Annotated[int, typer.Option(min=1, max=100_000, help="How many at the most.")] = 100,
    skip: Annotated[int, typer.Option(min=0, help="How many to leave out before them.")] = 0,
) -> None:
    """Dead letters, the last refused first; those that wait, unless another state is asked for."""
    chosen = Chosen(state=state, cause=cause, product=product, operation=operation, group=group)
    rows = list_letters(opened(), chosen, most=most, skip=skip)
    for row in rows:
        told(f"{row.letter_id}  {row.state.value}  {row.product_key}  {row.operation.value}  {_paths(row)}",
             f"    refused {_times(row.times)}, last {_at(row.last_refused)}, group {row.root.key}: {row.why}")
    if not rows:
        told("There is no such dead letter.")


@dead_letters_app.command("show")
def letters_show(letter_id: LetterArgument) -> None:
    """One dead letter: what was sent, what was refused of it, Shopify's answer, and what was done about it."""
    row, history = one_letter(opened(), letter_id)
    told(f"{row.letter_id}  {row.state.value}  {row.product_key}  {row.operation.value}",
         f"    {row.why}",
         f"    refused {_times(row.times)}, first {_at(row.first_refused)}, last {_at(row.last_refused)}, in plan "
         f"{row.plan_id}" + (f", run {row.run_id}" if row.run_id else ""),
         f"    cause {row.cause}" + (f", codes {', '.join(row.codes)}" if row.codes else "")
         + f", group {row.root.key}: {row.root.text}",
         "    Shopify named what it refused; the rest of the product is sent without it." if row.named else
         "    It is not known which of these fields was the reason.")
    refused = {change.path for change in row.item.changes}
    for change in row.sent.changes:
        told(f"    {'refused' if change.path in refused else 'sent with it'}: {change.path}: {shown(change.before)} → "
             f"{shown(change.after)} ({change.reason.value})")
    for action in history:
        told(f"    {_at(action.at)} {action.state.value} by {action.by}: {action.why}")


@dead_letters_app.command("groups")
def letters_groups(state: StateOption = "open", cause: CauseOption = "", product: ProductOption = "",
                   operation: OperationOption = "") -> None:
    """Dead letters by root cause, the most frequent first, each with an example."""
    rows = letter_groups(opened(), Chosen(state=state, cause=cause, product=product, operation=operation))
    for row in rows:
        more = ", …" if len(row.products) < row.count and len(row.products) > 1 else ""
        told(f"{row.root.key}  {row.count}  {row.root.text}",
             f"    {', '.join(row.products)}{more}; newest {_at(row.last_refused)}",
             f"    for example {row.example.letter_id}: {_paths(row.example)}: {row.example.why}")
    if not rows:
        told("There is no such dead letter.")


@dead_letters_app.command("retry")
def letters_retry(
    letter_ids: LettersArgument = None, group: GroupOption = "", product: ProductOption = "",
    operation: OperationOption = "", cause: CauseOption = "", state: StateOption = "open",
    everything: AllOption = False, by: ByOption = "",
    reason: Annotated[str, typer.Option(help="Why it should be taken now.")] = "",
) -> None:
    """Has the next plan send them again as they are: by id, by what they have in common, or all."""
    chosen = Chosen(state=state, cause=cause, product=product, operation=operation, group=group)
    _one_way(letter_ids, chosen, everything)
    who = by or getpass.getuser()
    count = (retry(opened(), letter_ids, by=who, reason=reason) if letter_ids else
             retry_where(opened(), chosen, by=who, reason=reason, everything=everything))
    told(f"{count} will be sent again. {NEXT_RUN}" if count else "There is no such dead letter.")


@dead_letters_app.command("discard")
def letters_discard(
    reason: Annotated[str, typer.Option(help="Why it is not to be sent.")],
    letter_ids: LettersArgument = None, group: GroupOption = "", product: ProductOption = "",
    operation: OperationOption = "", cause: CauseOption = "", state: StateOption = "open",
    everything: AllOption = False, by: ByOption = "",
) -> None:
    """Has no plan send them again until their input changes: by id, by what they have in common, or all."""
    chosen = Chosen(state=state, cause=cause, product=product, operation=operation, group=group)
    _one_way(letter_ids, chosen, everything)
    who = by or getpass.getuser()
    count = (discard(opened(), letter_ids, by=who, reason=reason) if letter_ids else
             discard_where(opened(), chosen, by=who, reason=reason, everything=everything))
    told(f"{count} discarded; each is planned again once its input changes." if count else
         "There is no such dead letter.")


@dead_letters_app.command("edit")
def letters_edit(
    letter_id: LetterArgument,
    field: Annotated[str, typer.Argument(help="A field of it, as `show` writes it; price, where that is clear.")],
    value: Annotated[str | None, typer.Argument(help="The new value; leave it out with --clear.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The value is JSON.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="The field shall have no value.")] = False,
    by: ByOption = "", reason: Annotated[str, typer.Option(help="Why this value.")] = "",
) -> None:
    """Gives a field another value, which the next run sends; it stands as an override until the catalog changes."""
    if (value is None) != clear:
        raise ShopsyncError("Give a value, or --clear to leave the field without one.")
    given: Value | None = value
    if as_json and value is not None:
        try:
            given = json.loads(value)
        except ValueError:
            raise ShopsyncError(f"{value[:200]} is not JSON; leave --json out to give text.") from None
    kept = edit(opened(), letter_id, field, given, by=by or getpass.getuser(), reason=reason)
    told(f"{field} will be {shown(kept)}. {NEXT_RUN} `shopsync overrides list` shows the value, and removes it.")


def _one_way(letter_ids: list[str] | None, chosen: Chosen, everything: bool) -> None:
    if bool(letter_ids) + chosen.says_which + everything != 1:
        raise ShopsyncError("Name dead letters by id, or say what they have in common, or --all: one of these.")


def _paths(row: StoredLetter) -> str:
    paths = [str(change.path) for change in row.item.changes]
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
