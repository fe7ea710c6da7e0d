"""The bulk way of a push: the store and our books end up as if every item had been sent directly."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.core.bulk import BulkSpeed
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.db.bulk import BulkOperations, ShardState
from shopsync_pipeline.db.dead_letters import DeadLetters
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.engine import bulk_lane, bulk_shards
from shopsync_pipeline.engine.bulk_lane import BulkSender
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import open_shop
from shopsync_pipeline.shopify.errors import Unauthorized
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.bulk_steps import Outcome, by_bulk, shards, states, unsettled
from shopsync_pipeline_tests.engine.gateway import gateway
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import items_of, planned, push, sync
from shopsync_pipeline_tests.engine.test_lost_answers import forget, shown

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_three_hundred_creations(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", 300)
    plan = planned(context)

    outcome = by_bulk(context, plan)

    assert (outcome.direct, outcome.count(ItemState.CONFIRMED)) == ([], 300)
    assert set(states(context, plan).values()) == {ItemState.CONFIRMED}
    assert unsettled(context) == 0
    assert [(one.state, one.outcome, one.lines) for one in shards(context, plan)] == [
        (ShardState.DONE, "COMPLETED", 100)] * 3
    calls = dev_store.control("stats")["mutations"]
    assert (calls.get("productSet"), calls["bulkOperationRunMutation"]) == (None, 3)
    created = shown(dev_store)
    assert len(created) == 300
    assert sync(context).mutations == 0, "the base has what the store shows"
    dev_store.control("reset", {})
    forget(context)
    sync(context)
    assert shown(dev_store) == created, "the direct way makes the same"


def change_all(shelf: Shelf) -> None:
    for number in range(1, len(shelf.rows) + 1):
        shelf.rows[f"L{number}"] |= {"Title": f"Lamp No {number}", "Tags": "B, a,  b ",
                                     "Variant Price": f"{20 + number}.5", "Variant Inventory Qty": str(number)}
    shelf.write()


@SQLITE
def test_updates_of_every_kind(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    shelf = Shelf(tmp_path / "export", 40)
    sync(context)
    change_all(shelf)
    shelf.change("L1", image="https://img.example/other.jpg")
    plan = planned(context)
    operations = {item.operation for item in items_of(context, plan)}
    assert operations == {Operation.PRODUCT_UPDATE, Operation.VARIANTS_UPDATE, Operation.INVENTORY_SET,
                          Operation.MEDIA_SET}

    outcome = by_bulk(context, plan)

    assert outcome.direct == []
    assert set(outcome.told.values()) == {ItemState.CONFIRMED}
    assert {one.document for one in shards(context, plan)} == {"bulk_product_update", "variants_update", "media_set",
                                                               "inventory_set"}
    product = next(node for node in dev_store.products() if node["handle"] == "lamp-7")
    assert (product["title"], product["tags"]) == ("Lamp No 7", ["a", "B"])
    assert [(row["price"], row["inventoryQuantity"]) for row in product["variants"]["nodes"]] == [("27.50", 7)]
    assert sync(context).mutations == 0


@SQLITE
def test_what_shopify_rewrites_is_what_the_base_keeps(context: Context, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "export", 3)
    sync(context)
    shelf.rows["L2"]["Body (HTML)"] = "<p>Bright<script>alert(1)</script></p>"
    shelf.write()
    plan = planned(context)
    (item,) = items_of(context, plan)

    by_bulk(context, plan)

    with context.database.read() as connection:
        (entry,) = (one for one in Ledger(connection, context.shop_id).history([item.product_key])
                    if one.plan_id == plan.plan_id)
    assert "script" in str(entry.sent) or "script" not in str(item.after())
    assert "script" not in str(entry.after)
    assert sync(context).mutations == 0


@SQLITE
def test_a_product_is_in_one_wave_at_a_time(context: Context, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "export", 10)
    sync(context)
    change_all(shelf)
    items = items_of(context, planned(context))
    waves = bulk_shards.Waves(items)
    found = [list(waves.wave(number)) for number in range(len(waves.sizes))]
    assert len(found) > 1
    for wave, counts in zip(found, waves.sizes, strict=True):
        keys = [item.product_key for item in wave]
        assert len(keys) == len(set(keys))
        assert Counter(item.operation for item in wave) == counts
    assert sorted(item.item_id for wave in found for item in wave) == sorted(item.item_id for item in items)


@SQLITE
def test_a_refused_line_is_rejected_and_the_others_go_on(context: Context, tmp_path: Path,
                                                         dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    for sku in ("L3", "L17"):
        dev_store.control("refusals", {"sku": sku, "message": f"{sku} is not welcome", "code": "INVALID",
                                       "root": "productSet", "count": 1})

    outcome = by_bulk(context, plan)

    assert (outcome.count(ItemState.CONFIRMED), outcome.count(ItemState.REJECTED)) == (28, 2)
    assert outcome.direct == []
    assert unsettled(context) == 0
    assert len(dev_store.products()) == 28
    with context.database.read() as connection:
        (entry,) = Ledger(connection, context.shop_id).history(["handle:lamp-3"])
        letters = DeadLetters(connection, context.shop_id).active(None)
    assert (entry.state, "L3 is not welcome" in str(entry.error)) == ("rejected", True)
    assert sorted(letters) == ["handle:lamp-17", "handle:lamp-3"]
    assert push(context, plan).items(ItemState.REJECTED) == 2


@SQLITE
def test_a_wall_of_the_platform_is_left_for_the_direct_way_to_meet(context: Context, tmp_path: Path,
                                                                  dev_store: DevStore) -> None:
    dev_store.control("settings", {"variant_wall": 0, "daily_variants": 10})
    Shelf(tmp_path / "export", 30)
    plan = planned(context)

    outcome = by_bulk(context, plan)

    assert (outcome.count(ItemState.CONFIRMED), len(outcome.direct), len(outcome.told)) == (10, 20, 10)
    assert unsettled(context) == 0
    with context.database.read() as connection:
        assert DeadLetters(connection, context.shop_id).active(None) == {}


@SQLITE
def test_what_waits_for_a_refused_item_is_handed_back(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    shelf = Shelf(tmp_path / "export", 2)
    for sku in shelf.rows:
        shelf.rows[sku]["Variant Inventory Tracker"] = ""
    shelf.write()
    sync(context)
    for sku in shelf.rows:
        shelf.rows[sku]["Variant Inventory Tracker"] = "shopify"
    shelf.write()
    plan = planned(context)
    waiting = [item for item in items_of(context, plan) if item.depends_on]
    assert len(waiting) == 2
    dev_store.control("refusals", {"sku": "L1", "message": "no", "root": "productVariantsBulkUpdate", "count": 1})

    outcome = by_bulk(context, plan)

    assert [item.item_id for item in outcome.direct] == [waiting[0].item_id]
    assert (outcome.count(ItemState.CONFIRMED), outcome.count(ItemState.REJECTED)) == (2, 1)


@SQLITE
@pytest.mark.parametrize(("after", "partial"), [(0, 0), (9, 9)])
def test_a_failed_operation_leaves_what_it_did_and_hands_the_rest_back(context: Context, tmp_path: Path, after: int,
                                                                       partial: int, dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    dev_store.control("bulk", {"action": "fail", "after": after, "error_code": "TIMEOUT"})

    outcome = by_bulk(context, plan)

    assert (outcome.count(ItemState.CONFIRMED), len(outcome.direct)) == (partial, 30 - partial)
    assert [one.outcome for one in shards(context, plan)] == ["FAILED TIMEOUT"]
    assert unsettled(context) == 0
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    assert len(dev_store.products()) == 30
    assert sync(context).mutations == 0


@SQLITE
def test_a_canceled_operation_too(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    dev_store.control("bulk", {"action": "cancel", "after": 4})

    outcome = by_bulk(context, plan)

    assert (outcome.count(ItemState.CONFIRMED), len(outcome.direct)) == (4, 26)
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    assert len(dev_store.products()) == 30


@SQLITE
def test_an_operation_that_stands_still_is_called_off(context: Context, tmp_path: Path, dev_store: DevStore,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_lane, "PATIENCE", 1.0)
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    dev_store.control("bulk", {"action": "stall", "after": 12})

    outcome = by_bulk(context, plan)

    assert (outcome.count(ItemState.CONFIRMED), len(outcome.direct)) == (12, 18)
    assert [one.outcome for one in shards(context, plan)] == ["CANCELED"]


@SQLITE
def test_a_document_that_is_refused_ends_the_use_of_bulk(context: Context, tmp_path: Path,
                                                         monkeypatch: pytest.MonkeyPatch,
                                                         caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(bulk_lane, "start", spoiled_start)
    Shelf(tmp_path / "export", 30)
    plan = planned(context)

    outcome = by_bulk(context, plan)

    assert (outcome.told, len(outcome.direct), outcome.usable) == ({}, 30, False)
    assert set(states(context, plan).values()) == {ItemState.PLANNED}
    assert "SYNC_BULK=never" in caplog.text
    assert push(context, plan).items(ItemState.CONFIRMED) == 30


async def spoiled_start(client: Any, name: str, mark: str, path: str) -> str:
    """Starts a document with two roots, which Shopify takes for no operation."""
    answer = await client.mutate("bulk_run_mutation", {
        "mutation": "mutation { a: productDelete(input: {id: 1}) { deletedProductId } "
                    "b: productDelete(input: {id: 2}) { deletedProductId } }", "stagedUploadPath": path}, cost=10)
    raise AssertionError(answer)


@SQLITE
def test_with_bulk_switched_off_everything_goes_directly(context: Context, tmp_path: Path, make_settings: Any) -> None:
    Shelf(tmp_path / "export", 5)
    plan = planned(context)
    outcome = by_bulk(Context.open(make_settings(SYNC_BULK="never")), plan)
    assert (len(outcome.direct), outcome.told) == (5, {})


@SQLITE
def test_speed_is_measured_and_remembered(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    dev_store.control("settings", {"bulk_start_ms": 600, "bulk_lines_per_second": 60})
    Shelf(tmp_path / "export", 100)

    by_bulk(context, planned(context))

    with context.database.read() as connection:
        speed = BulkOperations(connection, context.shop_id).speed("bulk_product_set")
    assert speed is not None
    assert 0.3 < speed.start_seconds < 3
    assert 20 < speed.items_per_second < 120


@SQLITE
def test_a_token_that_is_revoked_ends_the_run_and_loses_nothing(context: Context, tmp_path: Path, dev_store: DevStore,
                                                                make_settings: Any) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    with gateway(dev_store.url, lambda document: 401 if "bulkOperationRunMutation" in document else None) as door:
        # The same shop by another door: its rows are kept under the shop's own name.
        shut = Context(make_settings(SHOPIFY_SHOP_URL=door), context.database, context.shop_id)
        with pytest.raises(Unauthorized):
            by_bulk(shut, plan)

    assert unsettled(context) == 0
    assert set(states(context, plan).values()) == {ItemState.PLANNED}
    assert [one.state for one in shards(context, plan)] == [ShardState.ABANDONED]
    assert push(context, plan).items(ItemState.CONFIRMED) == 30


@SQLITE
def test_the_share_follows_the_remembered_speed(context: Context, make_settings: Any) -> None:
    def shares(of: Context, *speeds: BulkSpeed) -> tuple[int, int]:
        async def ask() -> tuple[int, int]:
            with of.database.write() as connection:
                for speed in speeds:
                    BulkOperations(connection, of.shop_id).remember_speed("bulk_product_set", speed)
            async with of.client() as client:
                shop = await open_shop(of, client)
                sender = BulkSender(of, client, shop, "plan", None, on_outcome=lambda _items, _state: None)
                return (sender.share(Operation.PRODUCT_CREATE, 100_000, 30),
                        sender.share(Operation.PRODUCT_UPDATE, 10, 10))
        return asyncio.run(ask())

    careful, few = shares(context)
    at = datetime.now(UTC)
    fast, _ = shares(context, BulkSpeed(start_seconds=5, items_per_second=5000, at=at))
    slow, _ = shares(context, BulkSpeed(start_seconds=5, items_per_second=0.1, at=at))
    assert 0 < slow < careful < fast < 100_000
    assert few == 0, "what the bucket holds goes at once"
    assert shares(Context.open(make_settings(SYNC_BULK="always"))) == (100_000, 10)
    assert shares(Context.open(make_settings(SYNC_BULK="never"))) == (0, 0)


@SQLITE
def test_a_sender_calls_its_operations_off(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    dev_store.control("settings", {"bulk_lines_per_second": 20})
    Shelf(tmp_path / "export", 150)
    plan = planned(context)
    outcome = Outcome()

    async def run() -> None:
        async with context.client() as client:
            shop = await open_shop(context, client)
            sender = BulkSender(context, client, shop, plan.plan_id, "test", on_outcome=outcome.note)
            sending = asyncio.create_task(sender.run(items_of(context, plan)))
            while not any(row["status"] == "RUNNING" for row in dev_store.control("bulk")["operations"]):
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            await sender.cancel()
            outcome.direct = await sending

    asyncio.run(run())

    assert [one.outcome for one in shards(context, plan)] == ["CANCELED"]
    assert outcome.count(ItemState.CONFIRMED) == len(dev_store.products()) == 150 - len(outcome.direct)
    assert outcome.direct
    assert unsettled(context) == 0
