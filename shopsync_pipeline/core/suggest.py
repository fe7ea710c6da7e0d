"""What would be taken for a conflict that waits, and why: help for the person who decides, never a decision."""

from __future__ import annotations

from dataclasses import dataclass

from shopsync_pipeline.core.decisions import Dispute, Last, Outcome, Side
from shopsync_pipeline.core.elements import merge_elements, mergeable
from shopsync_pipeline.core.fields import Owner, place
from shopsync_pipeline.core.merge import NOTHING_SEEN, WHOLE_PRODUCT, Decision, Policy, Seen


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A side (`etilize` or `shopify`), `merge` for both where a rule with merge_fields would do it, or nothing (empty);
    and why, as a sentence."""

    take: str
    why: str


def suggest(decision: Decision, policy: Policy, seen: Seen = NOTHING_SEEN) -> Suggestion | None:
    """The suggestion for a decision that is a conflict; `None` for any other."""
    if decision.outcome is not Outcome.CONFLICT:
        return None
    if decision.dispute is Dispute.AMBIGUOUS:
        return Suggestion("", "Make it clear in the store which product this is; no side can be taken.")
    if decision.dispute is Dispute.NEEDS_REBUILD:
        return Suggestion(Side.SHOPIFY.value, "Options of an existing product cannot be written; leaving them is safe.")
    if decision.path == WHOLE_PRODUCT or decision.dispute in (Dispute.DELETED_IN_STORE, Dispute.MOVED):
        return Suggestion(Side.SHOPIFY.value, "Somebody wanted it so in the store; leaving it can be taken back.")
    field = place(decision.path).field
    faces = decision.faces
    if policy.owner is Owner.ETILIZE:
        return Suggestion(Side.ETILIZE.value, "The catalog owns this field.")
    if mergeable(field, faces.local, faces.remote, faces.base_local, faces.base_remote) and not merge_elements(
            field, local=faces.local, remote=faces.remote, base_local=faces.base_local,
            base_remote=faces.base_remote).clash:
        return Suggestion("merge", "The strategy merge_fields would keep what both sides added and removed.")
    last = seen.last(field.group)
    if last is Last.CATALOG:
        return Suggestion(Side.ETILIZE.value, f"The catalog changed last, on {seen.local[field.group]:%Y-%m-%d %H:%M}.")
    if last is Last.STORE:
        return Suggestion(Side.SHOPIFY.value, f"The store changed last, on {seen.remote[field.group]:%Y-%m-%d %H:%M}.")
    return Suggestion("", "Both own this field, and nobody saw which side changed last.")
