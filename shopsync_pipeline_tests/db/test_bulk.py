"""Bulk operations on record: how far each shard got, and which of its lines are still open."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.bulk import BulkSpeed
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.bulk import BulkOperations, Shard, ShardState
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.ledger import Ahead, Ledger, LedgerState, Settled
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline_tests.db.samples import NOON, OTHER, SHOP, after_noon, item

ITEMS = [item(key) for key in "abcde"]


def prepared(database: Database, shop: str = SHOP, items: list[PlanItem] = ITEMS) -> tuple[str, list[str]]:
    """A shard of five lines, written in two batches: its id, and the ids of its ledger rows."""
    with database.write() as connection:
        plan_id = Plans(connection, shop).save(hash_="h", inputs="i", scope="all", run_id=None, items=items,
                                               summary={}, refusals=())
        bulk, ledger = BulkOperations(connection, shop), Ledger(connection, shop)
        shard_id = bulk.prepare(plan_id=plan_id, run_id="run", operation=Operation.PRODUCT_UPDATE, document="d",
                                at_once=2)
        sent = ledger.write_ahead([
            Ahead(plan_id=plan_id, run_id="run", operation="product_update", idempotency_key=one.item_id,
                  request={"variables": {"n": number}}, items=(one,)) for number, one in enumerate(items)])
        bulk.add_lines(shard_id, 0, sent[:2])
        bulk.add_lines(shard_id, 2, sent[2:])
    return shard_id, [row.ledger_id for row in sent]


def shard(database: Database, shard_id: str) -> Shard:
    with database.read() as connection:
        return BulkOperations(connection, SHOP).get(shard_id)


def test_every_step_is_on_record(database: Database) -> None:
    shard_id, _ = prepared(database)
    assert (shard(database, shard_id).state, shard(database, shard_id).attempt) == (ShardState.PREPARING, 0)
    steps = [
        lambda bulk: bulk.written(shard_id, lines=5, size=900, sha256="f" * 64, first_item="a", last_item="e"),
        lambda bulk: bulk.starting(shard_id, "tmp/1"),
        lambda bulk: bulk.not_started(shard_id),
        lambda bulk: bulk.starting(shard_id, "tmp/2"),
        lambda bulk: bulk.running(shard_id, "gid/1"),
        lambda bulk: bulk.finish(shard_id, "COMPLETED"),
    ]
    seen = []
    for step in steps:
        with database.write() as connection:
            step(BulkOperations(connection, SHOP))
        found = shard(database, shard_id)
        seen.append((found.state, found.attempt, found.staged_path, found.operation_id))
    assert seen == [
        (ShardState.PREPARING, 0, None, None), (ShardState.STARTING, 1, "tmp/1", None),
        (ShardState.PREPARING, 1, "tmp/1", None), (ShardState.STARTING, 2, "tmp/2", None),
        (ShardState.RUNNING, 2, "tmp/2", "gid/1"), (ShardState.DONE, 2, "tmp/2", "gid/1"),
    ]
    assert (found.lines, found.sha256, found.outcome, found.operation, found.at_once) == (
        5, "f" * 64, "COMPLETED", Operation.PRODUCT_UPDATE, 2)
    assert found.starting_at is not None


def test_what_is_neither_done_nor_abandoned_is_unfinished_oldest_first(database: Database) -> None:
    first, second, third, fourth = (prepared(database, items=[item(key)])[0] for key in "abcd")
    prepared(database, OTHER, [item("z")])
    with database.write() as connection:
        bulk = BulkOperations(connection, SHOP)
        bulk.finish(second, "no room", abandoned=True)
        bulk.starting(third, "tmp/3")
        bulk.running(fourth, "gid/4")
        assert [(one.shard_id, one.state) for one in bulk.unfinished()] == [
            (first, ShardState.PREPARING), (third, ShardState.STARTING), (fourth, ShardState.RUNNING)]
        bulk.finish(fourth, "COMPLETED")
        assert fourth not in {one.shard_id for one in bulk.unfinished()}
        plan_id = bulk.get(second).plan_id
        assert [(one.shard_id, one.outcome) for one in bulk.of_plan(plan_id)] == [(second, "no room")]
        with pytest.raises(KeyError):
            BulkOperations(connection, OTHER).get(first)


@pytest.mark.parametrize("state", [LedgerState.CONFIRMED, LedgerState.REJECTED, LedgerState.NOT_EXECUTED])
def test_a_settled_line_is_open_no_more(database: Database, state: LedgerState) -> None:
    shard_id, rows = prepared(database)
    with database.write() as connection:
        bulk = BulkOperations(connection, SHOP)
        Ledger(connection, SHOP).settle([Settled(ledger_id=rows[1], state=state)])
        assert [line.number for line in bulk.open_lines(shard_id)] == [0, 2, 3, 4]
        assert [line.number for line in bulk.open_lines(shard_id, after=0, most=2)] == [2, 3]
        assert [line.number for line in bulk.lines(shard_id, [3, 1, 0, 99])] == [0, 3]
        assert bulk.count_open(shard_id) == 4


def test_a_line_knows_its_item_and_its_request(database: Database) -> None:
    shard_id, rows = prepared(database)
    with database.read() as connection:
        (line,) = BulkOperations(connection, SHOP).lines(shard_id, [3])
    assert (line.item, line.sent.ledger_id, line.request) == (ITEMS[3], rows[3], {"variables": {"n": 3}})
    assert line.sent.idempotency_key == ITEMS[3].item_id


def test_speed_is_remembered_by_shop_and_document(database: Database) -> None:
    first = BulkSpeed(start_seconds=10, items_per_second=20, at=NOON)
    later = BulkSpeed(start_seconds=11, items_per_second=21, at=after_noon(60))
    with database.write() as connection:
        bulk = BulkOperations(connection, SHOP)
        assert bulk.speed("d") is None
        bulk.remember_speed("d", first)
        assert (bulk.speed("d"), bulk.speed("other")) == (first, None)
        assert BulkOperations(connection, OTHER).speed("d") is None
        bulk.remember_speed("d", later)
        assert bulk.speed("d") == later
