"""Resolve: a person says whose value a conflict shall have. The next diff carries it out."""

from __future__ import annotations

from collections.abc import Iterable

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.merge import Side
from shopsync_pipeline.db.conflicts import Conflict, Conflicts, ConflictState
from shopsync_pipeline.engine.context import Context


def open_conflicts(context: Context, *, kept: bool = False, most: int = 1000) -> list[Conflict]:
    """Conflicts that wait for a person; with `kept` also store edits that stand as they are."""
    states = [ConflictState.PENDING, *([ConflictState.KEPT] if kept else [])]
    with context.database.read() as connection:
        return Conflicts(connection, context.shop_id).find(*states, most=most)


def resolve(context: Context, conflict_ids: Iterable[str], side: str, *, by: str) -> int:
    """Records the choice (`etilize` or `shopify`) for open conflicts; returns how many.

    The choice holds for the values that were shown; if one of them changes before the next diff, the conflict is open
    again. Raises `ShopsyncError` for another side, a missing name or an id that is not open.
    """
    if side not in [choice.value for choice in Side]:
        raise ShopsyncError(f'"{side}" is no side of a conflict; choose etilize or shopify.')
    if not by.strip():
        raise ShopsyncError("A decision needs the name of who made it.")
    with context.database.write() as connection:
        return Conflicts(connection, context.shop_id).resolve(conflict_ids, Side(side), by.strip())
