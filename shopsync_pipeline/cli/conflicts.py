"""`shopsync conflicts`: fields on which catalog and store differ, and deciding them by id or by what they are about."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from shopsync_pipeline.cli.terminal import console, opened, told
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.engine.resolve import Chosen, decided_conflicts, flip, open_conflicts, resolve, resolve_where
from shopsync_pipeline.orchestration.metadata import shown

conflicts_app = typer.Typer(no_args_is_help=True, help="Fields on which catalog and store differ.")

FieldOption = Annotated[str, typer.Option("--field", help="Only this field: a name or path, * for any text.")]
GroupOption = Annotated[str, typer.Option("--group", help="Only fields of this group: content, pricing, media …")]
VendorOption = Annotated[str, typer.Option("--vendor", help="Only products of this vendor.")]
DisputeOption = Annotated[str, typer.Option("--dispute", help="Only this reason, as the list writes it.")]


@conflicts_app.command("list")
def conflicts_list(
    kept: Annotated[bool, typer.Option("--kept", help="Also store edits that stand as they are.")] = False,
    decided: Annotated[bool, typer.Option("--decided", help="Those that were decided and carried out.")] = False,
    field: FieldOption = "", group: GroupOption = "", vendor: VendorOption = "", dispute: DisputeOption = "",
) -> None:
    """Conflicts that wait for a decision."""
    chosen = Chosen(field=field, group=group, vendor=vendor, dispute=dispute)
    context = opened()
    rows = decided_conflicts(context) if decided else open_conflicts(context, kept=kept, chosen=chosen)
    for row in rows:
        told(f"{row.conflict_id}  {row.state.value}  {row.product_key}  {row.path}",
              f"    catalog {shown(row.faces.local)}, store {shown(row.faces.remote)}, agreed before "
              f"{shown(row.faces.base_remote)}: {row.dispute}",
              *([f"    decided by {row.resolved_by or row.strategy}" + (f", rule {row.rule}" if row.rule else "")]
                if decided else []),
              *([f"    suggested: {row.suggestion.take or 'neither side'}. {row.suggestion.why}"]
                if row.suggestion and not decided else []))
    if not rows:
        told("No conflict was decided." if decided else "No conflict waits.")


@conflicts_app.command("resolve")
def conflicts_resolve(
    take: Annotated[str, typer.Option(help="Whose value the field shall have: etilize or shopify.")],
    conflict_ids: Annotated[list[str] | None, typer.Argument(help="Ids from `shopsync conflicts list`.")] = None,
    field: FieldOption = "", group: GroupOption = "", vendor: VendorOption = "", dispute: DisputeOption = "",
    kept: Annotated[bool, typer.Option("--kept", help="Also store edits that stand, where no id is given.")] = False,
    always: Annotated[bool, typer.Option("--always", help="Store a rule that decides so from now on.")] = False,
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Decides conflicts, named by id or by what they are about; the next run carries it out."""
    who = by or getpass.getuser()
    chosen = Chosen(field=field, group=group, vendor=vendor, dispute=dispute)
    if conflict_ids and chosen:
        raise ShopsyncError("Name conflicts by id or say what they are about, not both.")
    count = (resolve(opened(), conflict_ids, take, by=who, always=always) if conflict_ids else
             resolve_where(opened(), chosen, take, by=who, always=always, kept=kept))
    rule = " A rule decides so from now on: shopsync rules list." if always else ""
    console.print(f"{count} decided for {take}. The next run carries it out.{rule}")


@conflicts_app.command("flip")
def conflicts_flip(
    conflict_id: Annotated[str, typer.Argument(help="An id from `shopsync conflicts list --decided`.")],
    take: Annotated[str, typer.Option(help="Whose value the field shall have after all: etilize or shopify.")],
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
) -> None:
    """Decides a conflict otherwise that was carried out already; the next run changes this field and no other."""
    flip(opened(), conflict_id, take, by=by or getpass.getuser())
    console.print(f"Decided for {take} after all. The next run carries it out.")
