"""What would be taken for a conflict, as help for the person who decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shopsync_pipeline.core.fields import Drift, Group, Owner, Path, Strategy, Value
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Decision, Dispute, Faces, Outcome, Policy, Seen
from shopsync_pipeline.core.suggest import suggest

SHARED = Policy(Owner.SHARED, Strategy.MANUAL_REVIEW, Drift.KEEP)
ETILIZE = Policy(Owner.ETILIZE, Strategy.MANUAL_REVIEW, Drift.RESTORE)
EARLY, LATE = datetime(2026, 1, 1, 8, 30, tzinfo=UTC), datetime(2026, 1, 2, 9, 15, tzinfo=UTC)


def seen(local: datetime, remote: datetime) -> Seen:
    return Seen(dict.fromkeys(Group, local), dict.fromkeys(Group, remote))


def conflict(path: str, dispute: Dispute = Dispute.BOTH_CHANGED, local: Value = "l", remote: Value = "r") -> Decision:
    return Decision(Path(path), Outcome.CONFLICT, Faces(local=local, remote=remote), None, dispute)


@pytest.mark.parametrize(("decision", "policy", "times", "take", "why"), [
    (conflict("title"), SHARED, Seen(), "", "nobody saw which side changed last"),
    (conflict("title"), SHARED, seen(EARLY, EARLY), "", "nobody saw which side changed last"),
    (conflict("title"), SHARED, seen(LATE, EARLY), "etilize", "The catalog changed last, on 2026-01-02 09:15."),
    (conflict("title"), SHARED, seen(EARLY, LATE), "shopify", "The store changed last, on 2026-01-02 09:15."),
    (conflict("title"), ETILIZE, seen(EARLY, LATE), "etilize", "The catalog owns this field."),
    (conflict("tags", local=["a"], remote=["b"]), SHARED, Seen(), "merge", "merge_fields would keep what both sides"),
    (conflict("options", Dispute.NEEDS_REBUILD), ETILIZE, Seen(), "shopify", "leaving them is safe"),
    (conflict(WHOLE_PRODUCT, Dispute.AMBIGUOUS), SHARED, Seen(), "", "no side can be taken"),
    (conflict(WHOLE_PRODUCT, Dispute.DELETED_IN_STORE), SHARED, Seen(), "shopify", "can be taken back"),
    (conflict("variants[A].options", Dispute.MOVED), ETILIZE, Seen(), "shopify", "can be taken back"),
])
def test_what_is_suggested(decision: Decision, policy: Policy, times: Seen, take: str, why: str) -> None:
    found = suggest(decision, policy, times)
    assert found is not None
    assert found.take == take
    assert why in found.why


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if outcome is not Outcome.CONFLICT])
def test_nothing_is_suggested_for_what_does_not_wait(outcome: Outcome) -> None:
    assert suggest(Decision(Path("title"), outcome, Faces(local="l", remote="r")), SHARED) is None
