"""A plan on its way out: everything that may go goes, what is refused keeps its reason, and only one writer writes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.errors import PlanRefusedError, ShopBusyError
from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.db.plans import ItemState, PlanState
from shopsync_pipeline.engine.apply import finish, push_lane
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.review import plan_to_send, progress_of_run, run_outcome
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.errors import Unauthorized
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.gateway import gateway
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import conflicts_of, planned, push, read_store, sync


def stock(store: DevStore) -> dict[str, int]:
    return {str(variant["sku"]): int(variant["inventoryQuantity"])
            for node in store.products() for variant in node["variants"]["nodes"]}


def titles(store: DevStore) -> dict[str, str]:
    return {str(node["handle"]): str(node["title"]) for node in store.products()}


def mutations(store: DevStore) -> dict[str, int]:
    found: dict[str, int] = store.control("stats")["mutations"]
    return {root: count for root, count in found.items() if root != "metafieldDefinitionCreate"}


def test_a_plan_is_sent_as_it_was_made(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One", price="99.00", stock="1")
    shelf.change("L2", stock="2")

    report = sync(context)

    assert report.items(ItemState.CONFIRMED) == 4
    assert report.set_aside == []
    assert report.plan.state is PlanState.APPLIED
    assert mutations(dev_store) == {"productSet": 5, "inventorySetQuantities": 1, "productVariantsBulkUpdate": 1,
                                    "productUpdate": 1}
    assert report.mutations == 3
    assert stock(dev_store) == {"L1": 1, "L2": 2, "L3": 103, "L4": 104, "L5": 105}
    assert titles(dev_store)["lamp-1"] == "Lamp One"


def test_sending_a_plan_again_sends_nothing(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    report = sync(context)
    before = mutations(dev_store)

    again = push(context, report.plan)

    assert mutations(dev_store) == before
    assert again.tally == report.tally


def test_stock_goes_out_in_batches_of_the_configured_size(make_settings: Callable[..., Settings], shelf: Shelf,
                                                          dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_BATCH_SIZE=2))
    sync(context)
    for number in range(1, 6):
        shelf.change(f"L{number}", stock=str(number))

    sync(context)

    assert mutations(dev_store)["inventorySetQuantities"] == 3
    assert stock(dev_store) == {f"L{number}": number for number in range(1, 6)}


def test_what_shopify_would_refuse_is_not_sent_and_the_others_go(context: Context, shelf: Shelf,
                                                                dev_store: DevStore) -> None:
    shelf.change("L2", title="x" * 300)

    report = sync(context)

    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.HELD)) == (4, 1)
    assert report.mutations == 4
    assert len(dev_store.products()) == 4
    shelf.change("L2", title="A title that fits")
    assert sync(context).items(ItemState.CONFIRMED) == 1
    assert len(dev_store.products()) == 5


def test_a_handle_that_a_merchant_took_meanwhile_refuses_that_item_only(context: Context, shelf: Shelf,
                                                                        dev_store: DevStore) -> None:
    plan = planned(context)
    dev_store.graphql('mutation { productCreate(product: {title: "Mine", handle: "lamp-2"}) { product { id } } }')

    report = push(context, plan)

    ((key, _, state, why),) = report.set_aside
    assert (key, state) == ("handle:lamp-2", "rejected")
    assert "handle" in why.casefold()
    assert titles(dev_store) == {"lamp-1": "Lamp 1", "lamp-2": "Mine", "lamp-3": "Lamp 3", "lamp-4": "Lamp 4",
                                 "lamp-5": "Lamp 5"}


def test_one_bad_row_of_stock_does_not_hold_back_the_others(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    sync(context)
    for number in range(1, 6):
        shelf.change(f"L{number}", stock=str(number))
    plan = planned(context)
    dev_store.control("merchant", {"action": "order", "sku": "L3", "quantity": 3})

    report = push(context, plan)

    assert stock(dev_store) == {"L1": 1, "L2": 2, "L3": 100, "L4": 4, "L5": 5}
    ((key, _, state, why),) = report.set_aside
    assert (key, state) == ("handle:lamp-3", "stale")
    assert "no longer" in why or "CHANGE_FROM_QUANTITY_STALE" in why
    sync(context)
    assert stock(dev_store)["L3"] == 3, "the next run reads the order and sets what the feed says"


def test_an_item_under_which_the_store_changed_is_set_aside(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One")
    shelf.change("L2", title="Lamp Two")
    plan = planned(context)
    dev_store.control("merchant", {"action": "edit_product", "handle": "lamp-1", "fields": {"title": "By hand"}})
    read_store(context)

    report = push(context, plan)

    assert titles(dev_store)["lamp-1"] == "By hand"
    assert titles(dev_store)["lamp-2"] == "Lamp Two"
    ((key, _, state, why),) = report.set_aside
    assert (key, state) == ("handle:lamp-1", "stale")
    assert "title is no longer 'Lamp 1' in the store" in why


def test_an_edit_made_after_the_last_read_is_not_overwritten_unseen(make_settings: Callable[..., Settings],
                                                                   shelf: Shelf, dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_REREAD_AFTER=0))
    sync(context)
    shelf.change("L1", title="Lamp One")
    plan = planned(context)
    dev_store.control("merchant", {"action": "edit_product", "handle": "lamp-1", "fields": {"title": "By hand"}})

    report = push(context, plan)

    assert titles(dev_store)["lamp-1"] == "By hand"
    assert [state for _, _, state, _ in report.set_aside] == ["stale"]
    sync(context)
    assert [(conflict.path, conflict.faces.remote) for conflict in conflicts_of(context, ConflictState.PENDING)] == [
        ("title", "By hand")]


def test_an_item_whose_product_is_gone_is_set_aside(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One")
    plan = planned(context)
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-1"})
    read_store(context)

    report = push(context, plan)

    assert [(key, state, why) for key, _, state, why in report.set_aside] == [
        ("handle:lamp-1", "stale", "the product is no longer in the store")]
    assert report.mutations == 0


def test_a_superseded_plan_is_not_sent(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    superseded = planned(context)
    diff(context)

    with pytest.raises(PlanRefusedError, match="was superseded by a newer one"):
        push(context, superseded)

    assert mutations(dev_store) == {}


def test_the_rest_of_a_broken_off_plan_makes_nothing_twice(make_settings: Callable[..., Settings],
                                                          dev_store: DevStore, tmp_path: Path) -> None:
    Shelf(tmp_path / "export")
    seen: list[str] = []

    def door(query: str) -> int | None:
        seen.extend([query] * ("productSet(" in query))
        return 401 if "productSet(" in query and len(seen) == 3 else None

    with gateway(dev_store.url, door) as address:
        context = Context.open(make_settings(SHOPIFY_SHOP_URL=address, SYNC_MAX_CONCURRENT=1))
        broken_off = planned(context)
        with pytest.raises(Unauthorized):
            push(context, broken_off)
        sync(context)
        dev_store.control("merchant", {"action": "edit_product", "handle": "lamp-5", "fields": {"title": "By hand"}})
        report = push(context, broken_off)

    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.STALE)) == (2, 3)
    assert all("the product exists by now as gid://shopify/Product/" in why for *_, why in report.set_aside)
    assert len(dev_store.products()) == 5
    assert titles(dev_store)["lamp-5"] == "By hand"


def test_a_token_revoked_half_way_leaves_the_rest_planned(make_settings: Callable[..., Settings], dev_store: DevStore,
                                                         tmp_path: Path) -> None:
    Shelf(tmp_path / "export")
    seen: list[str] = []
    revoked = True

    def door(query: str) -> int | None:
        if "productSet(" not in query:
            return None
        seen.append(query)
        return 401 if revoked and len(seen) > 2 else None

    with gateway(dev_store.url, door) as address:
        context = Context.open(make_settings(SHOPIFY_SHOP_URL=address, SYNC_MAX_CONCURRENT=1))
        plan = planned(context)
        with pytest.raises(Unauthorized, match="check SHOPIFY_ACCESS_TOKEN"):
            push(context, plan)
        half = finish(context, plan.plan_id)
        assert (half.items(ItemState.CONFIRMED), half.items(ItemState.PLANNED)) == (2, 3)
        assert half.plan.state is PlanState.APPLYING
        assert len(dev_store.products()) == 2
        revoked = False
        report = push(context, plan)

    assert report.items(ItemState.CONFIRMED) == 5
    assert report.plan.state is PlanState.APPLIED
    assert len(dev_store.products()) == 5


def test_many_at_once_stopped_by_a_revoked_token_are_finished_without_doubles(
    make_settings: Callable[..., Settings], dev_store: DevStore, tmp_path: Path,
) -> None:
    Shelf(tmp_path / "export", products=20)
    lock, seen = threading.Lock(), [0]

    def door(query: str) -> int | None:
        with lock:
            seen[0] += "productSet(" in query
            return 401 if "productSet(" in query and seen[0] == 6 else None

    with gateway(dev_store.url, door) as address:
        context = Context.open(make_settings(SHOPIFY_SHOP_URL=address))
        plan = planned(context)
        with pytest.raises(Unauthorized):
            push(context, plan)
        report = push(context, plan)
        assert report.items(ItemState.CONFIRMED) == 20
        assert sync(context).mutations == 0

    assert sorted(node["handle"] for node in dev_store.products()) == sorted(f"lamp-{n}" for n in range(1, 21))


def test_two_pushes_at_once_are_one_push_and_one_refusal(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    plan = planned(context)
    refusals: list[str] = []

    def rival(_: Progress) -> None:
        if refusals:
            return
        other = threading.Thread(target=push_too)
        other.start()
        other.join()

    def push_too() -> None:
        with pytest.raises(ShopBusyError) as error:
            asyncio.run(push_lane(context, plan.plan_id, Lane.CREATION, run_id="second"))
        refusals.append(str(error.value))

    asyncio.run(push_lane(context, plan.plan_id, Lane.CREATION, run_id="first", on_progress=rival))

    assert "is being written to by run first" in refusals[0]
    assert "terminate that run" in refusals[0]
    assert finish(context, plan.plan_id).items(ItemState.CONFIRMED) == 5
    assert mutations(dev_store) == {"productSet": 5}


def test_the_lock_is_free_after_a_push_that_failed(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    plan = planned(context)
    dev_store.control("fault", {"kind": "http_status", "status": 401})
    with pytest.raises(Unauthorized):
        push(context, plan)

    assert push(context, plan).items(ItemState.CONFIRMED) == 5


def test_progress_is_told_and_kept(context: Context, shelf: Shelf) -> None:
    plan = planned(context)
    told: list[Progress] = []
    asyncio.run(push_lane(context, plan.plan_id, Lane.CREATION, run_id="r1", on_progress=told.append))

    assert told[-1].finished
    assert (told[-1].confirmed, told[-1].total, told[-1].failed, told[-1].set_aside) == (5, 5, 0, 0)
    assert told[-1].points > 0
    assert progress_of_run(context, "r1") == [], "this run made no plan of its own"


def test_what_a_run_did_is_found_by_its_id(context: Context, shelf: Shelf) -> None:
    sync(context)
    shelf.change("L1", price="99.00")
    planned(context)
    plan = diff(context, run_id="run-7")
    push(context, plan)

    outcome = run_outcome(context, "run-7")

    assert (outcome.plan.plan_id, outcome.mutations) == (plan.plan_id, 1)
    assert outcome.points > 0
    assert [(p.lane, p.confirmed, p.finished) for p in progress_of_run(context, "run-7")] == [("price", 1, True)]
    with pytest.raises(PlanRefusedError, match="Run run-8 made no plan"):
        run_outcome(context, "run-8")


def test_without_a_plan_there_is_nothing_to_send(context: Context) -> None:
    with pytest.raises(PlanRefusedError, match="There is no plan for"):
        plan_to_send(context, "a run")
