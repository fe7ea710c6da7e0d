"""The ledger: a row before a mutation goes out, the truth about it afterwards, and blame."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Path
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.ledger import Ahead, Ledger, LedgerState, Sent
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, item, settle, stock

ITEMS = [stock("a", 5), stock("b", 0), item("c"), item("d", "seo.title", None, "new"), item("e", "vendor", "old", None)]
TITLE = Path("title")


def planned(database: Database, shop: str = SHOP) -> str:
    with database.write() as connection:
        return Plans(connection, shop).save(hash_="h", inputs="i", scope="all", run_id=None, items=ITEMS, summary={},
                                            refusals=())


def send(ledger: Ledger, plan_id: str, *items: PlanItem) -> Sent:
    return ledger.write_ahead([Ahead(plan_id=plan_id, run_id="run", operation=items[0].operation.value,
                              idempotency_key=f"key-{items[0].item_id}",
                              request={"document": "mutation"}, items=tuple(items))])[0]


def test_a_mutation_stands_in_the_ledger_before_its_answer(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        sent = send(Ledger(connection, SHOP), plan_id, *ITEMS[:2])
    with database.read() as connection:
        assert list(Ledger(connection, SHOP).unknown()) == [sent]
        assert list(Ledger(connection, OTHER).unknown()) == []
    assert sent.items == tuple(ITEMS[:2])


def test_what_is_unknown_after_a_crash_is_told_oldest_first(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        first, second, third = (send(ledger, plan_id, *items) for items in (ITEMS[:2], ITEMS[2:3], ITEMS[3:4]))
        settle(ledger, second, LedgerState.CONFIRMED)
        assert list(ledger.unknown()) == [first, third]


@pytest.mark.parametrize("state", [LedgerState.CONFIRMED, LedgerState.REJECTED, LedgerState.NOT_EXECUTED])
def test_a_settled_mutation_is_unknown_no_more(database: Database, state: LedgerState) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        settle(ledger, send(ledger, plan_id, ITEMS[2]), state)
        assert list(ledger.unknown()) == []
        assert [entry.state for entry in ledger.history(["c"])] == [state]


def test_the_ledger_explains_a_value(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        sent = send(ledger, plan_id, ITEMS[2])
        (entry,) = ledger.history(["c"])
        assert (entry.state, entry.after, entry.actual_points) == (LedgerState.SENT, None, None)
        settle(ledger, sent, LedgerState.CONFIRMED, answer={"ok": True}, requested=12.0, actual=10.0,
               after={ITEMS[2].item_id: {TITLE: "NEW"}})
        (entry,) = ledger.history(["c"])
    assert (entry.plan_id, entry.run_id, entry.product_key, entry.operation) == (plan_id, "run", "c", "product_update")
    assert (entry.before, entry.sent, entry.after) == ({TITLE: "old"}, {TITLE: "new"}, {TITLE: "NEW"})
    assert (entry.state, entry.error, entry.actual_points, entry.sent_at) == (
        LedgerState.CONFIRMED, None, 10.0, sent.sent_at)


def test_absent_values_are_kept_as_such(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        send(ledger, plan_id, ITEMS[3])
        cleared = send(ledger, plan_id, ITEMS[4])
        settle(ledger, cleared, LedgerState.CONFIRMED, after={ITEMS[4].item_id: {Path("vendor"): None}})
        found = {entry.product_key: (entry.before, entry.sent, entry.after) for entry in ledger.history(["d", "e"])}
    assert found == {
        "d": ({"seo.title": None}, {"seo.title": "new"}, None),
        "e": ({"vendor": "old"}, {"vendor": None}, {"vendor": None}),
    }


def test_a_refusal_is_kept_with_its_text(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        settle(ledger, send(ledger, plan_id, ITEMS[2]), LedgerState.REJECTED, error="Title is too long")
        (entry,) = ledger.history(["c"])
        assert (entry.state, entry.error) == (LedgerState.REJECTED, "Title is too long")


def test_each_item_of_a_batch_has_its_own_after(database: Database) -> None:
    plan_id, at = planned(database), Path("variants[A].stock[default]")
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        sent = send(ledger, plan_id, *ITEMS[:2])
        settle(ledger, sent, LedgerState.CONFIRMED, after={ITEMS[0].item_id: {at: 5}, ITEMS[1].item_id: {at: 0}})
        assert {entry.product_key: (entry.ledger_id, entry.after) for entry in ledger.history(["a", "b"])} == {
            "a": (sent.ledger_id, {at: 5}), "b": (sent.ledger_id, {at: 0})}


def test_history_is_told_newest_first_and_ends_where_asked_however_many_products(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        sent = [send(ledger, plan_id, ITEMS[number]).ledger_id for number in (2, 3, 2, 4)]
        Ledger(connection, OTHER).write_ahead([Ahead(plan_id="p", run_id=None, operation="o", idempotency_key="k",
                                                     request={}, items=(ITEMS[2],))])
        many = ["c", *(f"unknown-{number}" for number in range(600)), "d", "e"]
        assert [entry.ledger_id for entry in ledger.history(many)] == sent[::-1]
        assert [entry.ledger_id for entry in ledger.history(many, most=2)] == sent[:1:-1]
        assert [entry.ledger_id for entry in ledger.history(["c"])] == [sent[2], sent[0]]
        assert ledger.history([]) == []


def test_totals_of_a_plan(database: Database) -> None:
    plan_id = planned(database)
    with database.write() as connection:
        ledger = Ledger(connection, SHOP)
        assert ledger.totals(plan_id) == {"mutations": 0, "confirmed": 0, "points": 0.0}
        settle(ledger, send(ledger, plan_id, *ITEMS[:2]), LedgerState.CONFIRMED, actual=10.0)
        settle(ledger, send(ledger, plan_id, ITEMS[2]), LedgerState.REJECTED, actual=10.5)
        send(ledger, plan_id, ITEMS[3])
        send(ledger, "another plan", ITEMS[4])
        assert ledger.totals(plan_id) == {"mutations": 3, "confirmed": 1, "points": 20.5}
