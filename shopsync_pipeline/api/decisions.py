"""The routes of what is decided: conflicts, the rules that decide them, and the overrides that follow from them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from shopsync_pipeline.api.access import PROBLEMS, Opened
from shopsync_pipeline.api.models import (
    NO_NUL,
    About,
    Choice,
    ConflictOut,
    Decided,
    Flip,
    Id,
    OverrideOut,
    RuleExplained,
    RuleOut,
)
from shopsync_pipeline.engine.overrides import list_overrides, remove_override
from shopsync_pipeline.engine.resolve import decided_conflicts, flip, open_conflicts, resolve, resolve_where
from shopsync_pipeline.engine.rules import explain_rule, remove_rule, stored_rules

router = APIRouter(prefix="/api/v1", responses=PROBLEMS)

QueryId = Annotated[str, Query(min_length=1, max_length=1024, pattern=NO_NUL)]


@router.get("/conflicts")
def list_conflicts(context: Opened, about: Annotated[About, Depends()], kept: bool = False, decided: bool = False,
                   most: Annotated[int, Query(ge=1, le=1000)] = 100) -> list[ConflictOut]:
    """Conflicts that wait for a decision; with `kept=true` also store edits that stand as they are. With `decided=true`
    instead those that were decided and carried out."""
    rows = (decided_conflicts(context, most) if decided else
            open_conflicts(context, kept=kept, most=most, chosen=about.chosen()))
    return [ConflictOut.of(row) for row in rows]


@router.post("/conflicts/resolution")
def resolve_conflicts(context: Opened, choice: Choice) -> Decided:
    """Decides conflicts for `etilize` or `shopify`, named by id or by what they are about; the next run carries it out.
    With `always` a rule decides so from now on."""
    if choice.about is not None:
        return Decided(decided=resolve_where(context, choice.about.chosen(), choice.take, by=choice.by,
                                             always=choice.always, kept=choice.kept))
    return Decided(decided=resolve(context, choice.conflicts, choice.take, by=choice.by, always=choice.always))


@router.post("/conflicts/{conflict_id}/flip")
def flip_conflict(context: Opened, conflict_id: Id, choice: Flip) -> Decided:
    """Decides a conflict otherwise that was carried out already; the next run changes this field and no other."""
    flip(context, conflict_id, choice.take, by=choice.by)
    return Decided(decided=1)


@router.get("/rules/explanation")
def explain_one_rule(context: Opened, product: QueryId, field: QueryId) -> RuleExplained:
    """Which rule decides about a field of a product, what then holds, and why."""
    return RuleExplained.of(explain_rule(context, product, field))


@router.get("/rules")
def list_rules(context: Opened) -> list[RuleOut]:
    """The rules that people stored, in their order; they come before those of the rule file."""
    return [RuleOut.of(row) for row in stored_rules(context)]


@router.delete("/rules/{rule_id}")
def delete_rule(context: Opened, rule_id: Id) -> dict[str, Any]:
    """Removes a stored rule. What it decided stays as it is."""
    remove_rule(context, rule_id)
    return {"rule_id": rule_id, "removed": True}


@router.get("/overrides")
def show_overrides(context: Opened, product: QueryId | None = None) -> list[OverrideOut]:
    """Values of the store that stand in for the catalog's own, of all products or of one."""
    return [OverrideOut.of(row) for row in list_overrides(context, product)]


@router.delete("/overrides")
def delete_override(context: Opened, product: QueryId, field: QueryId) -> dict[str, Any]:
    """Gives a field back to the catalog; the next run writes the catalog's value."""
    remove_override(context, product, field)
    return {"product": product, "field": field, "removed": True}
