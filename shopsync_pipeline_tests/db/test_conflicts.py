"""Conflicts on record: what a diff opens, what a person decides, and what closes a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Operation, Path, Strategy
from shopsync_pipeline.core.merge import WHOLE_PRODUCT, Decision, Dispute, Faces, Outcome, Resolution, Side
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.core.suggest import Suggestion
from shopsync_pipeline.db.conflicts import Conflict, Conflicts, ConflictState
from shopsync_pipeline.db.database import Database
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

TITLE = Path("title")
FACES = Faces(local="l", remote="r", base_local="x", base_remote="X!")
PENDING = Decision(TITLE, Outcome.CONFLICT, FACES, None, Dispute.BOTH_CHANGED, Strategy.MANUAL_REVIEW)
KEPT = Decision(TITLE, Outcome.KEPT, FACES, None, Dispute.STORE_EDIT)
REVIEWED = Decision(TITLE, Outcome.PUSH, FACES, Reason.REVIEWED, Dispute.BOTH_CHANGED)
BY_STRATEGY = Decision(TITLE, Outcome.PUSH, FACES, Reason.CATALOG_WON, Dispute.BOTH_CHANGED, Strategy.ETILIZE_PRIORITY)
UNDISPUTED = Decision(TITLE, Outcome.PUSH, FACES, Reason.CATALOG_CHANGED)
MOVED_ON = Decision(TITLE, Outcome.CONFLICT, Faces(local="newer", remote="r"), None, Dispute.BOTH_CHANGED)


def record(database: Database, decisions: dict[str, list[Decision]], looked_at: set[str] | None = None) -> None:
    with database.write() as connection:
        Conflicts(connection, SHOP).record(decisions, "plan", looked_at)


def found(database: Database, *states: ConflictState) -> list[Conflict]:
    with database.read() as connection:
        return Conflicts(connection, SHOP).find(*states)


def states(database: Database) -> list[tuple[str, str]]:
    return sorted((one.product_key, one.state.value) for one in found(database))


def resolve(database: Database, side: Side, *ids: str) -> int:
    with database.write() as connection:
        return Conflicts(connection, SHOP).resolve(ids, side, "Ada")


@pytest.mark.parametrize(("decision", "state"), [
    (PENDING, ConflictState.PENDING), (KEPT, ConflictState.KEPT), (REVIEWED, ConflictState.RESOLVED),
    (BY_STRATEGY, ConflictState.AUTO_RESOLVED), (UNDISPUTED, None),
], ids=lambda value: getattr(value, "value", None))
def test_a_decision_is_kept_on_record_if_it_was_a_dispute(database: Database, decision: Decision,
                                                          state: ConflictState | None) -> None:
    record(database, {"a": [decision]})
    assert [one.state for one in found(database)] == ([] if state is None else [state])


def test_a_conflict_shows_both_values_and_why_they_differ(database: Database) -> None:
    record(database, {"a": [PENDING]})
    (one,) = found(database)
    assert (one.product_key, one.path, one.state, one.faces) == ("a", TITLE, ConflictState.PENDING, FACES)
    assert (one.dispute, one.strategy) == ("both sides changed", "manual_review")
    assert (one.resolution, one.resolved_by) == (None, None)
    assert one.first_seen == one.last_seen


def test_a_conflict_seen_again_stays_one_conflict(database: Database) -> None:
    record(database, {"a": [PENDING]})
    (before,) = found(database)
    record(database, {"a": [PENDING]})
    (after,) = found(database)
    assert (after.conflict_id, after.first_seen) == (before.conflict_id, before.first_seen)
    assert after.last_seen > before.last_seen


def test_a_conflict_about_other_values_is_another_one(database: Database) -> None:
    record(database, {"a": [PENDING]})
    record(database, {"a": [MOVED_ON]})
    assert states(database) == [("a", "pending"), ("a", "superseded")]
    assert [one.faces.local for one in found(database, ConflictState.PENDING)] == ["newer"]


@pytest.mark.parametrize(("looked_at", "closed"), [
    (None, True), ({"a"}, True), ({"b"}, False), (set(), False),
], ids=["all", "this product", "another product", "nothing"])
def test_a_conflict_that_went_away_is_closed_where_it_was_looked_for(database: Database, looked_at: set[str] | None,
                                                                     closed: bool) -> None:
    record(database, {"a": [PENDING]})
    record(database, {}, looked_at)
    assert states(database) == [("a", "superseded" if closed else "pending")]


def test_a_choice_is_handed_to_the_next_diff(database: Database) -> None:
    record(database, {"a": [PENDING], "b": [KEPT], "c": [PENDING]})
    ids = {one.product_key: one.conflict_id for one in found(database)}
    assert resolve(database, Side.ETILIZE, ids["a"]) == 1
    assert resolve(database, Side.SHOPIFY, ids["b"], ids["b"]) == 1
    with database.read() as connection:
        assert Conflicts(connection, SHOP).resolutions() == {
            "a": {TITLE: Resolution(Side.ETILIZE, "l", "r")}, "b": {TITLE: Resolution(Side.SHOPIFY, "l", "r")}}
        assert Conflicts(connection, OTHER).resolutions() == {}
    resolved = {one.product_key: (one.resolution, one.resolved_by) for one in found(database, ConflictState.RESOLVED)}
    assert resolved == {"a": (Side.ETILIZE, "Ada"), "b": (Side.SHOPIFY, "Ada")}


def test_a_choice_can_be_changed_until_it_is_carried_out(database: Database) -> None:
    record(database, {"a": [PENDING]})
    (one,) = found(database)
    resolve(database, Side.ETILIZE, one.conflict_id)
    resolve(database, Side.SHOPIFY, one.conflict_id)
    with database.read() as connection:
        assert Conflicts(connection, SHOP).resolutions()["a"][TITLE].side is Side.SHOPIFY


def pushing(key: str, path: Path, reason: Reason) -> PlanItem:
    return make_item(key, "1", Operation.PRODUCT_UPDATE, [Change(path, "r", "l", reason)])


@pytest.mark.parametrize(("side", "item", "state"), [
    (Side.ETILIZE, pushing("a", TITLE, Reason.REVIEWED), "settled"),
    (Side.SHOPIFY, pushing("a", TITLE, Reason.REVIEWED), "resolved"),
    (Side.ETILIZE, pushing("b", TITLE, Reason.REVIEWED), "resolved"),
    (Side.ETILIZE, pushing("a", Path("vendor"), Reason.REVIEWED), "resolved"),
    (Side.ETILIZE, pushing("a", TITLE, Reason.UNDONE), "resolved"),
], ids=["its push", "decided otherwise meanwhile", "another product", "another field", "an undo"])
def test_a_choice_for_the_catalog_is_settled_by_the_write_that_carries_it_out(database: Database, side: Side,
                                                                            item: PlanItem, state: str) -> None:
    record(database, {"a": [PENDING]})
    resolve(database, side, found(database)[0].conflict_id)
    with database.write() as connection:
        Conflicts(connection, OTHER).carried_out([item])
        assert Conflicts(connection, SHOP).find()[0].state == "resolved"
        Conflicts(connection, SHOP).carried_out([item])
    assert states(database) == [("a", state)]


def test_a_choice_for_the_store_is_settled_by_the_diff_but_that_a_product_stays_away_is_remembered(
        database: Database) -> None:
    away = replace(PENDING, path=WHOLE_PRODUCT)
    record(database, {"a": [PENDING], "b": [away]})
    resolve(database, Side.SHOPIFY, *(one.conflict_id for one in found(database)))
    record(database, {"a": [replace(REVIEWED, outcome=Outcome.ACCEPTED)],
                      "b": [replace(away, outcome=Outcome.ACCEPTED, strategy=None)]})
    assert states(database) == [("a", "settled"), ("b", "resolved")]


def test_a_choice_outlives_a_base_that_moves_under_it(database: Database) -> None:
    record(database, {"a": [PENDING]})
    resolve(database, Side.ETILIZE, found(database)[0].conflict_id)
    record(database, {"a": [replace(REVIEWED, faces=replace(FACES, base_remote="moved"))]})
    (one,) = found(database)
    assert (one.state, one.resolution, one.resolved_by) == (ConflictState.RESOLVED, Side.ETILIZE, "Ada")


def test_a_choice_is_settled_once_its_conflict_is_gone(database: Database) -> None:
    record(database, {"a": [PENDING]})
    resolve(database, Side.ETILIZE, found(database)[0].conflict_id)
    record(database, {"a": [REVIEWED]})
    assert states(database) == [("a", "resolved")]
    record(database, {})
    assert states(database) == [("a", "settled")]
    with database.read() as connection:
        assert Conflicts(connection, SHOP).resolutions() == {}


def test_a_choice_that_could_not_be_carried_out_is_asked_again(database: Database) -> None:
    record(database, {"a": [PENDING]})
    resolve(database, Side.ETILIZE, found(database)[0].conflict_id)
    record(database, {"a": [PENDING]})
    assert states(database) == [("a", "pending")]


def test_a_choice_for_values_that_moved_on_is_superseded(database: Database) -> None:
    record(database, {"a": [PENDING]})
    resolve(database, Side.ETILIZE, found(database)[0].conflict_id)
    record(database, {"a": [MOVED_ON]})
    assert states(database) == [("a", "pending"), ("a", "superseded")]


def test_a_pending_conflict_that_a_strategy_decides_now_is_closed_and_the_decision_recorded(database: Database) -> None:
    record(database, {"a": [PENDING]})
    record(database, {"a": [BY_STRATEGY]})
    assert states(database) == [("a", "auto_resolved"), ("a", "superseded")]


def test_what_a_strategy_decides_again_is_no_new_row(database: Database) -> None:
    record(database, {"a": [BY_STRATEGY]})
    record(database, {"a": [BY_STRATEGY]})
    assert states(database) == [("a", "auto_resolved")]


def unknown(_: str) -> tuple[str, ...]:
    return ("no-such-id",)


def one_of_two(conflict_id: str) -> tuple[str, ...]:
    return conflict_id, "no-such-id"


@pytest.mark.parametrize("ids", [unknown, one_of_two])
def test_only_open_conflicts_can_be_decided(database: Database, ids: Callable[[str], tuple[str, ...]]) -> None:
    record(database, {"a": [PENDING]})
    (one,) = found(database)
    with pytest.raises(ShopsyncError, match="There is no open conflict no-such-id"):
        resolve(database, Side.ETILIZE, *ids(one.conflict_id))
    assert states(database) == [("a", "pending")]


def test_a_closed_conflict_and_one_of_another_shop_cannot_be_decided(database: Database) -> None:
    record(database, {"a": [PENDING]})
    (one,) = found(database)
    with database.write() as connection, pytest.raises(ShopsyncError, match=one.conflict_id):
        Conflicts(connection, OTHER).resolve([one.conflict_id], Side.ETILIZE, "Ada")
    record(database, {})
    with pytest.raises(ShopsyncError, match=one.conflict_id):
        resolve(database, Side.ETILIZE, one.conflict_id)


def test_conflicts_are_found_by_state_and_product_in_order(database: Database) -> None:
    vendor = Decision(Path("vendor"), Outcome.KEPT, FACES, None, Dispute.STORE_EDIT)
    record(database, {"b": [vendor, PENDING], "a": [KEPT]})
    assert [(one.product_key, one.path) for one in found(database)] == [
        ("a", "title"), ("b", "title"), ("b", "vendor")]
    assert [one.product_key for one in found(database, ConflictState.KEPT)] == ["a", "b"]
    with database.read() as connection:
        conflicts = Conflicts(connection, SHOP)
        assert [one.path for one in conflicts.find(product_key="b")] == ["title", "vendor"]
        assert len(conflicts.find(most=2)) == 2
        assert conflicts.counts() == {"pending": 1, "kept": 2}
        assert Conflicts(connection, OTHER).counts() == {}


def test_a_conflict_remembers_its_rule_and_what_was_suggested(database: Database) -> None:
    with database.write() as connection:
        conflicts = Conflicts(connection, SHOP)
        conflicts.record({"a": [replace(PENDING, rule="Acme")]}, "plan", None,
                         {("a", TITLE): Suggestion("etilize", "The catalog owns this field.")})
        (one,) = conflicts.find()
        assert (one.rule, one.suggestion) == ("Acme", Suggestion("etilize", "The catalog owns this field."))
        conflicts.record({"a": [PENDING]}, "plan", None)
        (again,) = conflicts.find()
        assert (again.conflict_id, again.rule, again.suggestion) == (one.conflict_id, "", None)


def test_a_decided_conflict_can_be_decided_again(database: Database) -> None:
    record(database, {"a": [BY_STRATEGY]})
    (one,) = found(database)
    now = Faces(local="l", remote="newer")
    with database.write() as connection:
        conflicts = Conflicts(connection, SHOP)
        conflicts.decide_again(one.conflict_id, Side.SHOPIFY, "Ada", now, ConflictState.RESOLVED)
        again = conflicts.get(one.conflict_id)
        assert (again.state, again.resolution, again.resolved_by, again.faces) == (
            ConflictState.RESOLVED, Side.SHOPIFY, "Ada", now)
        assert conflicts.resolutions() == {"a": {TITLE: Resolution(Side.SHOPIFY, "l", "newer", again=True)}}
        with pytest.raises(ShopsyncError, match="There is no conflict nope"):
            conflicts.get("nope")
        with pytest.raises(ShopsyncError, match=f"There is no conflict {one.conflict_id}"):
            Conflicts(connection, OTHER).get(one.conflict_id)
