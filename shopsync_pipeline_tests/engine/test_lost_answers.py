"""An answer that never came: the product is read, and the store ends up as if nothing had happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.ledger import Ahead, Ledger, LedgerState
from shopsync_pipeline.db.plans import ItemState, Plans, SavedPlan
from shopsync_pipeline.db.schema import metadata
from shopsync_pipeline.engine.apply import recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import items_of, planned, push, sync

IDS = {"id", "url"}


def without_ids(value: Any) -> Any:
    """A store's answer without what differs between two stores of the same content."""
    if isinstance(value, dict):
        return {name: without_ids(part) for name, part in value.items() if name not in IDS}
    return [without_ids(part) for part in value] if isinstance(value, list) else value


def shown(store: DevStore) -> Any:
    return sorted((without_ids(node) for node in store.products()), key=lambda node: node["handle"])


def edit_everything(shelf: Shelf) -> None:
    shelf.change("L1", title="Lamp One")
    shelf.change("L2", price="99.00")
    for number in range(1, 6):
        shelf.change(f"L{number}", stock=str(number))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("root", ["productSet", "productUpdate", "productVariantsBulkUpdate", "inventorySetQuantities"])
@pytest.mark.parametrize("fault", ["drop_before_write", "drop_after_write"])
def test_a_lost_answer_leaves_the_store_as_an_undisturbed_run_does(context: Context, shelf: Shelf, dev_store: DevStore,
                                                                   fault: str, root: str) -> None:
    creating = root == "productSet"
    if not creating:
        sync(context)
        edit_everything(shelf)
    dev_store.control("fault", {"kind": fault, "root": root})

    report = sync(context)

    assert dev_store.control("stats")["open_faults"] == [], "the fault was met"
    assert report.items(ItemState.CONFIRMED) == sum(report.tally.values())
    if not creating:
        assert [node["variants"]["nodes"][0]["inventoryQuantity"] for node in shown(dev_store)] == [1, 2, 3, 4, 5]
        assert shown(dev_store)[0]["title"] == "Lamp One"
        assert shown(dev_store)[1]["variants"]["nodes"][0]["price"] == "99.00"
    disturbed = shown(dev_store)
    assert sync(context).mutations == 0
    dev_store.control("reset", {})
    forget(context)
    sync(context)
    assert shown(dev_store) == disturbed


def forget(context: Context) -> None:
    """Empties our database, so that the same delivery meets an empty store once more."""
    with context.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def died_after_writing_ahead(context: Context, plan: SavedPlan, items: list[PlanItem]) -> None:
    """What a process leaves behind that was killed between its ledger row and its request."""
    with context.database.write() as connection:
        Ledger(connection, context.shop_id).write_ahead([Ahead(
            plan_id=plan.plan_id, run_id="dead", operation=items[0].operation.value, idempotency_key="never-sent",
            request={}, items=tuple(items))])[0]
        Plans(connection, context.shop_id).mark(plan.plan_id, [item.item_id for item in items], ItemState.SENT)


def ledger_states(context: Context, plan: SavedPlan, keys: list[str]) -> list[LedgerState]:
    with context.database.read() as connection:
        return [entry.state for entry in Ledger(connection, context.shop_id).history(keys)
                if entry.plan_id == plan.plan_id]


def test_a_creation_that_never_left_is_sent_after_all(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    plan = planned(context)
    died_after_writing_ahead(context, plan, items_of(context, plan)[:1])

    assert asyncio.run(recover(context, "the next run")) == 1

    assert ledger_states(context, plan, ["handle:lamp-1"]) == [LedgerState.NOT_EXECUTED]
    assert push(context, plan).items(ItemState.CONFIRMED) == 5
    assert len(dev_store.products()) == 5
    assert asyncio.run(recover(context, "the next run")) == 0


def stock(store: DevStore) -> dict[str, int]:
    return {str(variant["sku"]): int(variant["inventoryQuantity"])
            for node in store.products() for variant in node["variants"]["nodes"]}


def planned_stock(context: Context, shelf: Shelf, *skus: str) -> SavedPlan:
    sync(context)
    for sku in skus:
        shelf.change(sku, stock=sku[1:])
    return planned(context)


def test_stock_that_never_left_is_sent_although_a_customer_bought_meanwhile(context: Context, shelf: Shelf,
                                                                            dev_store: DevStore) -> None:
    plan = planned_stock(context, shelf, "L1", "L2", "L3", "L4", "L5")
    died_after_writing_ahead(context, plan, items_of(context, plan))
    dev_store.control("merchant", {"action": "order", "sku": "L3", "quantity": 3})

    sync(context)

    assert ledger_states(context, plan, ["handle:lamp-3"]) == [LedgerState.NOT_EXECUTED]
    assert stock(dev_store) == {"L1": 1, "L2": 2, "L3": 3, "L4": 4, "L5": 5}


def test_a_single_figure_that_an_order_moved_proves_nothing(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    plan = planned_stock(context, shelf, "L3")
    died_after_writing_ahead(context, plan, items_of(context, plan))
    dev_store.control("merchant", {"action": "order", "sku": "L3", "quantity": 3})

    sync(context)

    assert stock(dev_store)["L3"] == 3


def test_stock_that_did_arrive_is_not_taken_back_from_a_customer(context: Context, shelf: Shelf,
                                                                 dev_store: DevStore) -> None:
    """Two of three figures arrived as sent and the third was sold from: the order stays counted."""
    plan = planned_stock(context, shelf, "L2", "L3", "L4")
    died_after_writing_ahead(context, plan, items_of(context, plan))
    for sku, available in (("L2", 2), ("L3", 3), ("L4", 4)):
        dev_store.control("merchant", {"action": "set_stock", "sku": sku, "available": available})
    dev_store.control("merchant", {"action": "order", "sku": "L3", "quantity": 1})

    report = sync(context)

    assert report.mutations == 0
    assert stock(dev_store)["L3"] == 2
