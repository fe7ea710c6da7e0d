"""The push as a whole: what its parts do together, shown on the dev store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import select

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, PlanState, SavedPlan
from shopsync_pipeline.db.schema import ledger, plan_item
from shopsync_pipeline.engine.apply import push as push_whole
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.bulk_steps import states
from shopsync_pipeline_tests.engine.refusing import refuse
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import items_of, planned, push, sync
from shopsync_pipeline_tests.engine.test_lost_answers import forget, shown, stock

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def roots(store: DevStore) -> dict[str, int]:
    found: dict[str, int] = store.control("stats")["mutations"]
    return dict(found)


def held(context: Context, plan: SavedPlan) -> list[tuple[str, str]]:
    with context.database.read() as connection:
        return [(hold, note) for hold, note in connection.execute(
            select(plan_item.c.hold, plan_item.c.note).where(
                plan_item.c.plan_id == plan.plan_id, plan_item.c.state == ItemState.HELD.value))]


def unknown(context: Context) -> bool:
    with context.database.read() as connection:
        return Ledger(connection, context.shop_id).has_unknown()


@SQLITE
def test_a_wall_of_the_platform_holds_its_lane_and_lets_the_others_go(context: Context, shelf: Shelf,
                                                                      dev_store: DevStore) -> None:
    sync(context)
    rows = dict(shelf.rows)
    shelf.rows |= {f"N{number}": {**rows["L1"], "Handle": f"new-{number}", "Variant SKU": f"N{number}"}
                   for number in range(1, 5)}
    shelf.change("L2", price="99.00")
    plan = planned(context)
    dev_store.control("settings", {"variant_wall": 3, "daily_variants": 2})
    try:
        report = push(context, plan)
    finally:
        dev_store.control("settings", {"variant_wall": 50_000, "daily_variants": 1000})

    waiting = held(context, plan)
    made = [node for node in dev_store.products() if node["handle"].startswith("new-")]
    assert len(made) + len(waiting) == 4
    assert waiting
    assert {hold for hold, _ in waiting} == {"wall"}
    assert "It may go on when Shopify's day is over" in waiting[0][1]
    assert report.items(ItemState.REJECTED) == 0
    assert shown(dev_store)[1]["variants"]["nodes"][0]["price"] == "99.00"
    assert not unknown(context)
    sync(context)
    assert len(dev_store.products()) == 9
    assert sync(context).mutations == 0


@SQLITE
def test_a_key_that_shopify_does_not_want_again_is_replaced(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", stock="7")
    plan = planned(context)
    refuse(dev_store, root="inventorySetQuantities", message="The previous attempt failed", count=1,
           code="IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED")

    report = push(context, plan)

    assert report.items(ItemState.CONFIRMED) == 1
    assert stock(dev_store)["L1"] == 7
    with context.database.read() as connection:
        keys = connection.execute(select(ledger.c.idempotency_key, ledger.c.state).where(
            ledger.c.plan_id == plan.plan_id).order_by(ledger.c.sent_at)).all()
    assert [state for _, state in keys] == ["rejected", "confirmed"]
    assert len({key for key, _ in keys}) == 2


@SQLITE
def test_a_figure_that_an_order_moved_is_set_aside_and_the_other_rows_go_at_once(context: Context, shelf: Shelf,
                                                                                dev_store: DevStore) -> None:
    sync(context)
    before = roots(dev_store).get("inventorySetQuantities", 0)
    for number in range(1, 6):
        shelf.change(f"L{number}", stock=str(number))
    plan = planned(context)
    dev_store.control("merchant", {"action": "order", "sku": "L2", "quantity": 1})
    dev_store.control("merchant", {"action": "order", "sku": "L4", "quantity": 1})

    report = push(context, plan)

    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.STALE)) == (3, 2)
    sent = roots(dev_store)["inventorySetQuantities"] - before
    assert sent <= 3, "the answer names the rows, so nobody looks for them by halving"
    assert sync(context, full=False).items(ItemState.CONFIRMED) == 2, "they were read again, and decided anew"
    assert stock(dev_store) == {"L1": 1, "L2": 2, "L3": 3, "L4": 4, "L5": 5}


@SQLITE
def test_many_products_are_created_and_read_back_in_few_requests(context: Context, shelf: Shelf,
                                                                 dev_store: DevStore) -> None:
    for number in range(6, 61):
        shelf.rows[f"L{number}"] = {**shelf.rows["L1"], "Handle": f"lamp-{number}", "Title": f"Lamp {number}",
                                    "Variant SKU": f"L{number}"}
    shelf.write()
    plan = planned(context)
    before = dev_store.control("stats")

    report = push(context, plan)

    after = dev_store.control("stats")
    assert report.items(ItemState.CONFIRMED) == 60
    questions = sum(after["queries"].values()) - sum(before["queries"].values())
    assert questions < 25, "what 60 answers leave out is not asked for product by product"
    assert sync(context).mutations == 0


@SQLITE
@pytest.mark.parametrize("way", ["always", "never"])
def test_both_ways_end_in_the_same_store(make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore,
                                         way: str) -> None:
    context = Context.open(make_settings(SYNC_BULK=way, SYNC_MAX_UPDATED_SHARE=1))
    report = push(context, planned(context))
    assert report.items(ItemState.CONFIRMED) == 5
    for number in range(1, 6):
        shelf.change(f"L{number}", title=f"Lamp No {number}", price=f"2{number}.50", stock=str(number), tags="b, a")
    plan = planned(context)
    assert {item.operation for item in items_of(context, plan)} >= {
        Operation.PRODUCT_UPDATE, Operation.VARIANTS_UPDATE, Operation.INVENTORY_SET}

    report = push(context, plan)

    assert report.items(ItemState.CONFIRMED) == sum(report.tally.values())
    calls = roots(dev_store)
    assert (calls.get("bulkOperationRunMutation", 0) > 0) is (way == "always")
    assert [(node["title"], node["variants"]["nodes"][0]["price"], node["variants"]["nodes"][0]["inventoryQuantity"])
            for node in shown(dev_store)] == [(f"Lamp No {n}", f"2{n}.50", n) for n in range(1, 6)]
    assert not unknown(context)
    assert sync(context).mutations == 0


@SQLITE
def test_a_bulk_operation_is_called_off_when_the_push_has_to_stop(make_settings: Callable[..., Settings], shelf: Shelf,
                                                                  dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_BULK="always", SYNC_MAX_RUNTIME=1))
    plan = planned(context)
    dev_store.control("settings", {"bulk_start_ms": 60_000})
    try:
        report = asyncio.run(push_whole(context, plan.plan_id))
    finally:
        dev_store.control("settings", {"bulk_start_ms": 0})

    assert report.stopped is not None
    assert "SYNC_MAX_RUNTIME is 1" in report.stopped
    forever = Context.open(make_settings(SYNC_BULK="never"))
    assert asyncio.run(push_whole(forever, plan.plan_id)).items(ItemState.CONFIRMED) == 5
    assert not unknown(context)
    assert len(dev_store.products()) == 5
    assert sync(forever).mutations == 0


@SQLITE
def test_what_bulk_hands_back_late_goes_directly(make_settings: Callable[..., Settings], shelf: Shelf,
                                                 dev_store: DevStore) -> None:
    """By then all that goes directly is through, and the lane was looked through again for nothing."""
    context = Context.open(make_settings(SYNC_BULK="always", SYNC_MAX_UPDATED_SHARE=1))
    sync(context)
    for number in (1, 2, 3):
        shelf.change(f"L{number}", title=f"Lamp No {number}")
    for number in (4, 5):
        shelf.change(f"L{number}", image="https://img.example/another.jpg")
    plan = planned(context)
    dev_store.control("settings", {"bulk_start_ms": 2000})
    dev_store.control("bulk", {"action": "fail", "after": 0, "error_code": "TIMEOUT"})
    try:
        report = push(context, plan)
    finally:
        dev_store.control("settings", {"bulk_start_ms": 0})

    assert set(states(context, plan).values()) == {ItemState.CONFIRMED}
    assert report.plan.state is PlanState.APPLIED
    assert sync(context).mutations == 0


@SQLITE
def test_what_an_item_waits_for_goes_first_also_in_the_same_lane(context: Context, shelf: Shelf,
                                                                 dev_store: DevStore) -> None:
    """A variant's picture has to be a picture of its product before, and both are content."""
    sync(context)
    shelf.change("L1", image="https://img.example/another.jpg", title="Another lamp")
    plan = planned(context)

    report = push(context, plan)

    assert report.items(ItemState.CONFIRMED) == sum(report.tally.values())
    assert set(states(context, plan).values()) == {ItemState.CONFIRMED}
    once = shown(dev_store)
    assert sync(context).mutations == 0
    dev_store.control("reset", {})
    forget(context)
    sync(context)
    assert [node["title"] for node in shown(dev_store)] == [node["title"] for node in once]


@SQLITE
def test_where_requests_are_few_several_writes_travel_in_one(make_settings: Callable[..., Settings], shelf: Shelf,
                                                             dev_store: DevStore) -> None:
    for number in range(6, 31):
        shelf.rows[f"L{number}"] = {**shelf.rows["L1"], "Handle": f"lamp-{number}", "Title": f"Lamp {number}",
                                    "Variant SKU": f"L{number}"}
    shelf.write()
    context = Context.open(make_settings(SYNC_MAX_CONCURRENT=1, SYNC_MAX_UPDATED_SHARE=1))
    sync(context)
    for number in range(1, 31):
        shelf.change(f"L{number}", title=f"Lamp No {number}")
    plan = planned(context)
    refuse(dev_store, sku="L7")
    before = dev_store.control("stats")

    report = push(context, plan)

    after = dev_store.control("stats")
    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.REJECTED)) == (29, 1)
    assert after["mutations"]["productUpdate"] - before["mutations"].get("productUpdate", 0) == 30
    assert after["requests"] - before["requests"] < 30, "fewer requests than writes"
    titles = {node["handle"]: node["title"] for node in dev_store.products()}
    assert titles == {f"lamp-{n}": "Lamp 7" if n == 7 else f"Lamp No {n}" for n in range(1, 31)}
    assert not unknown(context)


@SQLITE
@pytest.mark.parametrize("fault", ["drop_before_write", "drop_after_write"])
def test_a_request_of_several_writes_that_is_lost_is_settled_write_by_write(
        make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore, fault: str) -> None:
    context = Context.open(make_settings(SYNC_MAX_CONCURRENT=1, SYNC_MAX_UPDATED_SHARE=1))
    sync(context)
    for number in range(1, 6):
        shelf.change(f"L{number}", title=f"Lamp No {number}")
    plan = planned(context)
    dev_store.control("fault", {"kind": fault, "root": "productUpdate", "count": 2})

    report = push(context, plan)

    assert report.items(ItemState.CONFIRMED) == 5
    assert [node["title"] for node in shown(dev_store)] == [f"Lamp No {n}" for n in range(1, 6)]
    assert not unknown(context)
    assert sync(context).mutations == 0
