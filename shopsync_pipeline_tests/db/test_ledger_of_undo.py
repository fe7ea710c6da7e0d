"""The ledger as undo and blame ask it: writes of a run, a plan or a span, oldest first, with their reasons."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.ledger import UNDO_OF, Ahead, Ledger, LedgerState, Span
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.db.schema import ledger
from shopsync_pipeline_tests.db.samples import NOON, OTHER, SHOP, after_noon, document, item, settle

TITLE = Path("title")


def sent(database: Database, *items: PlanItem, minute: int, run: str | None = "run", made_by: str | None = None,
         scope: str = "all", state: LedgerState = LedgerState.CONFIRMED) -> str:
    """A plan whose items were sent together at a minute past noon, and how that ended; returns the plan's id."""
    with database.write() as connection:
        plan_id = Plans(connection, SHOP).save(hash_="h", inputs="i", scope=scope, run_id=made_by, items=items,
                                               summary={}, refusals=())
        book = Ledger(connection, SHOP)
        mutation = book.write_ahead([Ahead(plan_id=plan_id, run_id=run, operation=items[0].operation.value,
                                    idempotency_key="k", request={}, items=tuple(items))])[0]
        settle(book, mutation, state, after={one.item_id: {TITLE: "NEW"} for one in items})
        connection.execute(update(ledger).where(ledger.c.ledger_id == mutation.ledger_id)
                           .values(sent_at=after_noon(60 * minute)))
    return plan_id


def test_which_products_a_span_wrote(database: Database) -> None:
    first = sent(database, item("b"), item("a"), minute=0, run="one")
    sent(database, item("c"), minute=1, run="two", made_by="one")
    sent(database, item("d"), minute=2, run="two")
    sent(database, item("e"), minute=2, state=LedgerState.REJECTED)

    def written(shop: str = SHOP, **span: object) -> list[str]:
        with database.read() as connection:
            return Ledger(connection, shop).products_written(Span(**span))  # type: ignore[arg-type]

    assert written(plan_id=first) == ["a", "b"]
    assert written(run_id="one") == ["a", "b", "c"], "what it sent, and what others sent of the plan that it made"
    assert written(run_id="two") == ["c", "d"]
    assert written(since=after_noon(60)) == ["c", "d"]
    assert written(since=NOON, until=after_noon(60)) == ["a", "b"]
    assert written(until=after_noon(60) + timedelta(microseconds=1)) == ["a", "b", "c"]
    assert written(OTHER) == written(run_id="nope") == []
    assert written() == ["a", "b", "c", "d"]


def test_writes_come_oldest_first_and_those_of_a_span_alone(database: Database) -> None:
    later = sent(database, item("a", before="new", after="newer"), minute=2)
    earlier = sent(database, item("a"), minute=1)
    undo = sent(database, item("a", before="newer", after="new"), minute=3, scope=f"{UNDO_OF}plan {later}")
    with database.read() as connection:
        book = Ledger(connection, SHOP)
        found = book.writes(["a", "b"])
        assert list(found) == ["a"]
        assert [(write.plan_id, write.undone) for write in found["a"]] == [
            (earlier, False), (later, False), (undo, True)]
        assert found["a"][0].before == {TITLE: "old"}
        assert found["a"][0].sent == {TITLE: "new"}
        assert found["a"][0].after == {TITLE: "NEW"}
        assert [write.plan_id for write in book.writes(["a"], Span(plan_id=later))["a"]] == [later]
        assert book.products_undone() == ["a"]


def test_a_deletion_keeps_everything_that_was_there(database: Database) -> None:
    deletion = make_item("a", "gid/a", Operation.PRODUCT_DELETE, [])
    whole = document(title="Pot", vendor="Acme")
    with database.write() as connection:
        book = Ledger(connection, SHOP)
        plan_id = Plans(connection, SHOP).save(hash_="h", inputs="i", scope="all", run_id=None, items=[deletion],
                                               summary={}, refusals=())
        (mutation,) = book.write_ahead([Ahead(
            plan_id=plan_id, run_id=None, operation="product_delete", idempotency_key="k", request={},
            items=(deletion,), whole={deletion.item_id: whole})])
        settle(book, mutation, LedgerState.CONFIRMED)
        (write,) = book.writes(["a"])["a"]
    assert (write.before, write.sent, write.after) == (whole, {"title": None, "vendor": None}, {})


@pytest.mark.parametrize("run", ["run", None])
def test_a_write_is_told_with_its_run_and_reasons(database: Database, run: str | None) -> None:
    plan_id = sent(database, item("a"), minute=0, run=run)
    with database.write() as connection:
        Plans(connection, SHOP).approve(plan_id, "Ada", "new list")
        (told,) = Ledger(connection, SHOP).told("a")
    assert (told.write.plan_id, told.run_id, told.approved_by) == (plan_id, run, "Ada")
    assert {path: change.reason.value for path, change in told.changes.items()} == {TITLE: "changed in the catalog"}
    assert told.planned_at is not None
