"""`shopsync catalog`: the imports, what they changed, what they could not use, and going back."""

from __future__ import annotations

import csv
import getpass
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from shopsync_pipeline.cli.terminal import opened, told
from shopsync_pipeline.core.fields import Group
from shopsync_pipeline.db.history import ChangeKind
from shopsync_pipeline.db.imports import Import, ImportKind, Switch
from shopsync_pipeline.engine.changes import Change, changes, compare
from shopsync_pipeline.engine.explain import explain
from shopsync_pipeline.engine.imports import (
    approve_import,
    one_import,
    quarantine_kinds,
    quarantined_rows,
    recent_imports,
)
from shopsync_pipeline.engine.rollback import roll_back
from shopsync_pipeline.orchestration.metadata import shown

catalog_app = typer.Typer(no_args_is_help=True, help="The local catalog: its imports, what they changed, going back.")

MOST_LINES = 20
MOST_VALUE = 60

ImportId = Annotated[str, typer.Argument(help="An import's id, from `shopsync catalog imports`.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the import.")]
By = Annotated[str, typer.Option(help="Who takes the responsibility.")]


class QuarantineKind(StrEnum):
    """What of a row could not be used."""

    ROW = "row"
    VALUE = "value"
    UNMATCHED = "unmatched"


@catalog_app.command("imports")
def imports_list(most: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = MOST_LINES) -> None:
    """The last imports: state, figures, and why one was refused."""
    found = recent_imports(opened(), most)
    for one in found:
        told(*_import_lines(one))
    if not found:
        told("There was no import yet.")


def _import_lines(one: Import) -> Iterable[str]:
    files = f"  {len(one.files)} {'file' if len(one.files) == 1 else 'files'}" if one.files else ""
    yield f"{one.import_id}  {one.started_at:%Y-%m-%d %H:%M:%S}  {one.state.value}  {one.source}{files}"
    if one.kind is ImportKind.ROLLBACK:
        yield f"    rollback to {one.restores} by {one.approved_by}: {one.approval_reason}"
    elif one.approved_by is not None:
        yield f"    approved by {one.approved_by}: {one.approval_reason}"
    if one.switch is not None:
        yield f"    {one.switch.products} products: {_figures(one.switch)}"
    if one.counts.get("quarantined"):
        yield f"    {one.counts['quarantined']} quarantined"
    if one.rolled_back_by is not None:
        yield f"    rolled back by {one.rolled_back_by}: {one.rollback_reason}"
    for refusal in one.refusals:
        yield f"    refused: {refusal}"
    if one.error and not one.refusals:
        yield f"    {one.error}"
    for notice in one.notices:
        yield f"    note: {notice}"


def _figures(switch: Switch) -> str:
    groups = ", ".join(f"{name} {count}" for name, count in switch.groups.items())
    return (f"{switch.appeared} appeared, {switch.changed} changed{f' ({groups})' if groups else ''}, "
            f"{switch.vanished} vanished, {switch.unchanged} as before")


@catalog_app.command("changes")
def changes_list(
    import_id: ImportId,
    kind: Annotated[ChangeKind | None, typer.Option(help="Only products that appeared, changed or vanished.")] = None,
    group: Annotated[Group | None, typer.Option(help="Only products that changed in this group of fields.")] = None,
    skip: Annotated[int, typer.Option(min=0, help="Leave out this many products.")] = 0,
    most: Annotated[int, typer.Option(min=1, help="How many products.")] = MOST_LINES,
) -> None:
    """What an import changed, product by product."""
    context = opened()
    found = changes(context, import_id, kind=kind, group=group, skip=skip, most=most)
    switch = one_import(context, import_id).switch
    told(_figures(switch) if switch is not None else "What it changed was not recorded.")
    told(*_change_lines(found))
    if len(found) == most:
        told(f"… there may be more: --skip {skip + most}")


def _change_lines(found: Iterable[Change]) -> Iterable[str]:
    for change in found:
        yield f"  {change.kind.value}  {change.product_key}"
        for field in change.fields:
            yield f"      {field.path}: {_value(shown(field.before))} → {_value(shown(field.after))}"


def _value(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= MOST_VALUE else flat[: MOST_VALUE - 1] + "…"


@catalog_app.command("compare")
def compare_two(
    import_a: ImportId,
    import_b: Annotated[str | None, typer.Argument(help="Another import's id; else the present catalog.")] = None,
) -> None:
    """How the catalogs after two imports differ: figures, and examples for each group of fields."""
    found = compare(opened(), import_a, import_b)
    for word, one in (("from", found.older), ("to  ", found.newer)):
        told(f"{word} {one.import_id}  {one.started_at:%Y-%m-%d %H:%M:%S}  {one.products} products")
    told(_figures(found.switch))
    for name, examples in found.examples.items():
        told(f"{name}, for example:", *_change_lines(examples))


@catalog_app.command("approve")
def approve(import_id: ImportId, reason: Reason, by: By = "") -> None:
    """Allows the delivery of an import that was refused or rolled back."""
    found = approve_import(opened(), import_id, by=by or getpass.getuser(), reason=reason)
    told(f"The delivery of import {found.import_id} is taken when it is read next. Materialize etilize/local_catalog, "
         "or run the job incremental_sync.")


@catalog_app.command("rollback")
def rollback(import_id: ImportId, reason: Reason, by: By = "") -> None:
    """Makes the catalog what it was after an import; the deliveries since are not taken again."""
    done = roll_back(opened(), import_id, by=by or getpass.getuser(), reason=reason)
    told(f"The catalog is what it was after import {import_id} of {done.restored.started_at:%Y-%m-%d %H:%M:%S}: "
         f"{_figures(done.switch)}.",
         f"This is import {done.import_id}. The next run brings the store in line with it.")


@catalog_app.command("quarantine")
def quarantine(
    import_id: Annotated[str | None, typer.Argument(help="An import's id; without it, the current one.")] = None,
    kind: Annotated[QuarantineKind | None, typer.Option(help="Only rows, values or unmatched rows of feeds.")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write all of them to this CSV file instead.")] = None,
) -> None:
    """What of a delivery could not be used: file, line, column, value and reason."""
    context = opened()
    wanted = kind.value if kind is not None else None
    total = sum(count for name, count in quarantine_kinds(context, import_id).items() if wanted in (None, name))
    rows = quarantined_rows(context, import_id, None if csv_file is not None else MOST_LINES, kind=wanted)
    if csv_file is not None:
        with csv_file.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("kind", "file", "line", "column", "value", "reason"))
            writer.writerows((row.kind, row.file, row.line, row.column, row.value, row.reason) for row in rows)
        told(f"{len(rows)} quarantined rows are in {csv_file}.")
        return
    for row in rows:
        told(f"{row.kind}  {row.file}, line {row.line}{f', {row.column}' if row.column else ''}: {_value(row.value)}",
             f"    {row.reason}")
    if total > len(rows):
        told(f"… and {total - len(rows)} more; --csv FILE writes them all.")
    if not total:
        told("Nothing is in quarantine.")


@catalog_app.command("explain")
def explain_product(
    name: Annotated[str, typer.Argument(metavar="SKU", help="A SKU, handle, Etilize id or product key.")],
    field: Annotated[str | None, typer.Argument(help="A field (title, price, variants[A1].price); without it, all.")]
    = None,
) -> None:
    """Where each field of a product came from: rule, file, table and line."""
    found = explain(opened(), name, field)
    first = found[0]
    told(f"{first.product_key}, read in import {first.import_id} of {first.imported_at:%Y-%m-%d %H:%M:%S}")
    for path, rows in groupby(found, key=lambda row: row.path):
        origins = list(rows)
        told(f"{path} = {_value(shown(origins[0].value))}", f"    by {origins[0].rule}")
        told(*(f"    from {row.table}, line {_ranges(row.lines)} of {row.file}" for row in origins if row.file))


def _ranges(lines: Sequence[int]) -> str:
    """Line numbers, runs of them as one: `4, 61–80`."""
    runs: list[tuple[int, int]] = []
    for line in sorted(lines):
        if runs and line == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], line)
        else:
            runs.append((line, line))
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
