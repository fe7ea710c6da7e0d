"""Resolve: a person says whose value a conflict shall have. The next diff carries it out."""

from __future__ import annotations

from collections.abc import Iterable

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.merge import Dispute, Side
from shopsync_pipeline.db.conflicts import Conflict, Conflicts, ConflictState
from shopsync_pipeline.engine.context import Context


def open_conflicts(context: Context, *, kept: bool = False, most: int = 1000) -> list[Conflict]:
    """Conflicts that wait for a person; with `kept` also, after them, store edits that stand as they are."""
    with context.database.read() as connection:
        conflicts = Conflicts(connection, context.shop_id)
        waiting = conflicts.find(ConflictState.PENDING, most=most)
        standing = conflicts.find(ConflictState.KEPT, most=most - len(waiting)) if kept else []
    return [*waiting, *standing]


def resolve(context: Context, conflict_ids: Iterable[str], side: str, *, by: str) -> int:
    """Records the choice (`etilize` or `shopify`) for open conflicts; returns how many.

    The choice holds for the values that were shown; if one of them changes before the next diff, the conflict is open
    again. Raises `ShopsyncError` for another side, a missing name, an id that is not open, or a choice that no diff
    could carry out.
    """
    if side not in [choice.value for choice in Side]:
        raise ShopsyncError(f'"{side}" is no side of a conflict; choose etilize or shopify.')
    if not by.strip():
        raise ShopsyncError("A decision needs the name of who made it.")
    chosen = list(conflict_ids)
    with context.database.write() as connection:
        conflicts = Conflicts(connection, context.shop_id)
        for conflict in conflicts.find(ConflictState.PENDING, most=1_000_000):
            if conflict.conflict_id in chosen:
                _require_feasible(conflict, Side(side))
        return conflicts.resolve(chosen, Side(side), by.strip())


def _require_feasible(conflict: Conflict, side: Side) -> None:
    """Raises `ShopsyncError` with the way out where choosing a side would change nothing."""
    if conflict.dispute == Dispute.AMBIGUOUS:
        candidates = conflict.faces.remote if isinstance(conflict.faces.remote, list) else []
        raise ShopsyncError(
            f"{conflict.product_key} cannot be decided for a side: more than one product could be this one "
            f"({', '.join(map(str, candidates))}), or one product several of the catalog. Delete the spare products in "
            "the store or give them other SKUs; the next complete read finds out."
        )
    if conflict.dispute == Dispute.NEEDS_REBUILD and side is Side.ETILIZE:
        raise ShopsyncError(
            f"The options of {conflict.product_key} cannot be changed while the product exists. Delete the product in "
            "the store and then decide its deletion for etilize, which makes it anew; or take shopify to leave its "
            "options as they are."
        )
