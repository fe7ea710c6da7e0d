"""Saved plans: sending order, approval, what supersedes what, how far each item got."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.planning import ordered
from shopsync_pipeline.core.rollout import Held, Hold
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.plans import ItemState, Plans, PlanState
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, item, states, stock

ITEMS = ordered([item("a"), item("b"), stock("c", 5), stock("d", 0)])
CONTENT = [one.item_id for one in ITEMS if one.lane is Lane.CONTENT]


def save(plans: Plans, items: list[PlanItem] | None = None, *, refusals: tuple[str, ...] = (),
         run_id: str | None = "run") -> str:
    return plans.save(hash_="h", inputs="i", scope="all", run_id=run_id, items=ITEMS if items is None else items,
                      summary={"catalog": 4}, refusals=refusals)


def test_a_plan_comes_back_as_it_was_saved(database: Database) -> None:
    with database.write() as connection:
        plan_id = save(Plans(connection, SHOP))
    with database.read() as connection:
        plans = Plans(connection, SHOP)
        found = plans.get(plan_id)
        assert (found.hash, found.inputs, found.scope, found.run_id, found.summary, found.refusals) == (
            "h", "i", "all", "run", {"catalog": 4}, ())
        assert (found.state, found.approved_by, found.approved_at, found.approval_reason) == (
            PlanState.READY, None, None, None)
        assert list(plans.items(plan_id)) == ITEMS
        found.require_sendable()


def test_items_are_given_by_lane_and_state_in_sending_order(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans)
        plans.mark(plan_id, [CONTENT[0]], ItemState.CONFIRMED)
        assert [one.item_id for one in plans.items(plan_id, Lane.CONTENT)] == CONTENT
        assert [one.item_id for one in plans.items(plan_id, Lane.CONTENT, ItemState.PLANNED)] == CONTENT[1:]
        assert [one.item_id for one in plans.items(plan_id, state=ItemState.CONFIRMED)] == CONTENT[:1]
        assert list(plans.items(plan_id, Lane.PRICE)) == []
        assert states(plans, plan_id, Lane.CONTENT) == {
            CONTENT[0]: ItemState.CONFIRMED, CONTENT[1]: ItemState.PLANNED}
        assert len(states(plans, plan_id)) == 4


def test_a_long_plan_keeps_its_order(database: Database) -> None:
    items = [item(f"p{number}") for number in range(1101)]
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans, items)
        assert list(plans.items(plan_id)) == items
        plans.mark(plan_id, [one.item_id for one in items], ItemState.SENT)
        assert plans.tally(plan_id) == {("content", "product_update", "sent"): 1101}


def test_a_new_plan_supersedes_those_that_were_not_sent(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        elsewhere = save(Plans(connection, OTHER))
        applying, applied = save(plans), save(plans)
        plans.set_state(applying, PlanState.APPLYING)
        plans.set_state(applied, PlanState.APPLIED)
        refused = save(plans, refusals=("too much",))
        ready = save(plans)
        last = save(plans)
        assert {one.plan_id: one.state for one in plans.recent()} == {
            applying: PlanState.APPLYING, applied: PlanState.APPLIED, refused: PlanState.SUPERSEDED,
            ready: PlanState.SUPERSEDED, last: PlanState.READY}
        assert Plans(connection, OTHER).get(elsewhere).state is PlanState.READY


def test_a_refused_plan_is_sent_only_after_a_person_approved_it(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans, refusals=("60 of 100 products would be updated.", "The catalog is empty."))
        refused = plans.get(plan_id)
        assert refused.state is PlanState.REFUSED
        with pytest.raises(PlanRefusedError) as error:
            refused.require_sendable()
        assert str(error.value) == (
            f"Plan {plan_id} may not be sent: 60 of 100 products would be updated. The catalog is empty. To send it "
            f'all the same: shopsync plan approve {plan_id} --by NAME --reason "…".')
        plans.approve(plan_id, "Ada", "a new season")
        approved = plans.get(plan_id)
        approved.require_sendable()
        assert (approved.state, approved.approved_by, approved.approval_reason) == (
            PlanState.READY, "Ada", "a new season")
        assert approved.approved_at is not None
        assert approved.refusals == refused.refusals


def test_a_plan_of_another_shop_is_unknown(database: Database) -> None:
    with database.write() as connection:
        plan_id = save(Plans(connection, OTHER))
        plans = Plans(connection, SHOP)
        with pytest.raises(PlanRefusedError, match=f"no plan {plan_id}"):
            plans.get(plan_id)
        plans.approve(plan_id, "Ada", "why not")
        assert Plans(connection, OTHER).get(plan_id).approved_by is None
        assert (plans.latest(), plans.recent(), plans.of_run("run")) == (None, [], None)


def test_plans_are_told_newest_first(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        saved = [save(plans, [], run_id=run) for run in ("r1", "r2", "r1", None)]
        assert [one.plan_id for one in plans.recent()] == saved[::-1]
        assert [one.plan_id for one in plans.recent(2)] == saved[:1:-1]
        assert getattr(plans.latest(), "plan_id", None) == saved[3]
        assert [getattr(plans.of_run(run), "plan_id", None) for run in ("r1", "r2", "r3")] == [
            saved[2], saved[1], None]


def test_items_that_were_not_applied_are_named_with_the_reason(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans)
        rows, content = [one.item_id for one in ITEMS[:2]], CONTENT
        plans.mark(plan_id, rows[:1], ItemState.STALE, "title is no longer 'old'")
        plans.mark(plan_id, content[:1], ItemState.REJECTED)
        plans.mark(plan_id, content[1:], ItemState.CONFIRMED)
        assert plans.set_aside(plan_id) == [
            (ITEMS[0].product_key, "inventory_set", "stale", "title is no longer 'old'"),
            (ITEMS[2].product_key, "product_update", "rejected", "")]
        assert plans.set_aside(plan_id, 1) == plans.set_aside(plan_id)[:1]
        assert plans.tally(plan_id) == {
            ("stock", "inventory_set", "stale"): 1, ("stock", "inventory_set", "planned"): 1,
            ("content", "product_update", "rejected"): 1, ("content", "product_update", "confirmed"): 1}


def test_marking_reaches_one_plan_only(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        first, second = save(plans), save(plans)
        plans.mark(second, [one.item_id for one in ITEMS], ItemState.CONFIRMED)
        assert set(states(plans, first).values()) == {ItemState.PLANNED}
        assert set(states(plans, second).values()) == {ItemState.CONFIRMED}


def test_a_superseded_plan_is_not_sent_any_more(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        outdated = save(plans)
        save(plans)
        with pytest.raises(PlanRefusedError, match=f"Plan {outdated} was superseded by a newer one"):
            plans.get(outdated).require_sendable()


WHY = Held(Hold.PHASE, "later")


def test_items_that_wait_are_saved_with_their_reason(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = plans.save(hash_="h", inputs="i", scope="all", run_id=None, items=ITEMS, summary={}, refusals=(),
                             held={CONTENT[0]: WHY, CONTENT[1]: WHY}, seen_local={"a": "digest"})
        assert states(plans, plan_id, Lane.CONTENT) == dict.fromkeys(CONTENT, ItemState.HELD)
        assert plans.held(plan_id) == [("phase", "later", 2, ["a", "b"])]
        assert {(one.product_key, state, note) for one, state, note in plans.items_with_state(plan_id)} == {
            ("a", ItemState.HELD, "later"), ("b", ItemState.HELD, "later"), ("c", ItemState.PLANNED, ""),
            ("d", ItemState.PLANNED, "")}
        assert plans.seen_local(plan_id, CONTENT) == {CONTENT[0]: "digest", CONTENT[1]: ""}
        assert list(plans.counts(plan_id).items()) == [
            (("stock", "medium", "inventory_set", "planned"), 2), (("content", "low", "product_update", "held"), 2)]


def test_a_halted_plan_waits_for_a_person_and_keeps_what_waited_before(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans)
        plans.mark(plan_id, [CONTENT[0]], ItemState.HELD, WHY.why)
        plans.mark(plan_id, [ITEMS[0].item_id], ItemState.CONFIRMED)
        assert plans.halt(plan_id, "too many failed") == 2
        halted = plans.get(plan_id)
        assert halted.state is PlanState.HALTED
        with pytest.raises(PlanRefusedError, match=f"shopsync plan continue {plan_id}"):
            halted.require_sendable()

        assert plans.resume(plan_id, "Ada", "looked at") == 2

        continued = plans.get(plan_id)
        continued.require_sendable()
        assert (continued.state, continued.continued_by, continued.continue_reason) == (
            PlanState.APPLYING, "Ada", "looked at")
        assert continued.continued_at is not None
        assert states(plans, plan_id)[CONTENT[0]] is ItemState.HELD
        assert sorted(states(plans, plan_id).values()) == ["confirmed", "held", "planned", "planned"]


def test_an_approval_is_for_the_content_that_it_was_given_for(database: Database) -> None:
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans, refusals=("too much",))
        plans.approve(plan_id, "Ada", "a new season")
        approved = plans.get(plan_id)
        assert (approved.approved, approved.approved_hash) == (True, "h")
        with pytest.raises(PlanRefusedError, match="too much"):
            replace(approved, hash="another").require_sendable()


def test_what_depends_on_what_is_kept(database: Database) -> None:
    first, second = item("a"), replace(item("a", "vendor"), depends_on=(item("a").item_id,))
    with database.write() as connection:
        plans = Plans(connection, SHOP)
        plan_id = save(plans, [first, second])
        assert plans.dependencies(plan_id) == 1
        assert list(plans.items(plan_id)) == [first, second]
