"""The jobs as Dagster runs them, on the dev store: what they send, what people read about it, and how they fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest

from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.resolve import open_conflicts
from shopsync_pipeline.engine.review import recent_plans
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.orchestration.conftest import ControlRoom

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def mutations(store: DevStore) -> dict[str, int]:
    found: dict[str, int] = store.control("stats")["mutations"]
    return {root: count for root, count in found.items() if root != "metafieldDefinitionCreate"}


def prices(store: DevStore) -> dict[str, str]:
    return {node["handle"]: node["variants"]["nodes"][0]["price"] for node in store.products()}


def failures(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Step → what people read about its failure."""
    found = {}
    for event in result.all_events:
        if event.event_type_value == "STEP_FAILURE":
            data: Any = event.event_specific_data
            assert data.user_failure_data is not None, data.error
            found[str(event.step_key)] = str(data.user_failure_data.description)
    return found


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, str | None]]:
    return {check.check_name: (check.passed, check.description) for check in result.get_asset_check_evaluations()}


def test_a_full_sync_fills_the_store_and_tells_what_it_did(room: ControlRoom, dev_store: DevStore) -> None:
    result = room.run("full_sync")

    assert result.success
    assert len(dev_store.products()) == 20
    assert mutations(dev_store) == {"productSet": 20}
    export = room.metadata(result, "etilize", "export")
    assert export["shape"] == "shopify_template"
    assert "shop.csv" in export["files"]
    catalog = room.metadata(result, "etilize", "local_catalog")
    assert (catalog["dagster/row_count"], catalog["new"], catalog["quarantined_rows"]) == (20, 20, 0)
    snapshot = room.metadata(result, "shopify", "snapshot")
    assert (snapshot["reading"], snapshot["dagster/row_count"]) == ("full", 0)
    assert snapshot["points"] > 0
    diff = room.metadata(result, "sync", "diff")
    assert (diff["create"], diff["update"], diff["in_sync"], diff["conflicts"]) == (20, 0, 0, 0)
    assert diff["estimated_points"] > 0
    assert diff["estimated_requests"] == 21, "20 creations, and one read of what their answers leave out"
    assert "| creation | product_create | handle:lamp-1 | title | — | Lamp 1 | new in the catalog |" \
        in diff["first_changes"]
    applied = room.metadata(result, "shopify", "applied_mutations")
    assert (applied["confirmed"], applied["rejected"], applied["set_aside"], applied["mutations"]) == (20, 0, 0, 20)
    assert applied["points"] <= applied["estimated_points"] * 1.1
    assert "| creation | product_create | confirmed | 20 |" in applied["items"]
    assert all(name in catalog and name in snapshot for name in ("seconds",))


def test_the_run_carries_its_plan_and_how_it_ended(room: ControlRoom) -> None:
    result = room.run("full_sync")

    run = room.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["shopsync/plan"] == recent_plans(room.context)[0].plan_id
    assert run.tags["shopsync/progress"] == "20 confirmed"
    assert recent_plans(room.context)[0].run_id == result.run_id


@pytest.mark.parametrize("job", ["full_sync", "incremental_sync"])
def test_a_second_run_sends_nothing(room: ControlRoom, dev_store: DevStore, job: str) -> None:
    room.run("full_sync")
    before = mutations(dev_store)

    result = room.run(job)

    assert result.success
    assert mutations(dev_store) == before
    assert room.metadata(result, "sync", "diff")["in_sync"] == 20
    assert room.metadata(result, "etilize", "local_catalog")["unchanged_delivery"] is True


@SQLITE
def test_an_incremental_run_sends_what_changed(room: ControlRoom, shelf: Shelf, dev_store: DevStore) -> None:
    room.run("full_sync")
    shelf.change("L1", price="99.00")
    dev_store.control("merchant", {"action": "edit_product", "handle": "lamp-2", "fields": {"title": "Staff pick"}})

    result = room.run("incremental_sync")

    assert room.metadata(result, "shopify", "snapshot")["reading"] == "delta"
    diff = room.metadata(result, "sync", "diff")
    assert (diff["update"], diff["store_edits_kept"]) == (1, 1)
    assert "| kept | handle:lamp-2 | title | Lamp 2 | Lamp 2 | Staff pick |" in diff["first_conflicts"]
    assert prices(dev_store)["lamp-1"] == "99.00"


@SQLITE
def test_named_products_only_are_synced(room: ControlRoom, shelf: Shelf, dev_store: DevStore) -> None:
    room.run("full_sync")
    shelf.change("L1", price="99.00")
    shelf.change("L2", price="98.00")

    result = room.run("sync_products", {"products": ["L2"]})

    assert result.success
    assert room.metadata(result, "shopify", "snapshot")["reading"] == "by_id"
    assert room.metadata(result, "shopify", "snapshot")["products_read"] == 1
    assert (prices(dev_store)["lamp-1"], prices(dev_store)["lamp-2"]) == ("11.00", "98.00")


@SQLITE
def test_an_unknown_product_fails_by_name_and_sends_nothing(room: ControlRoom, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    room.run("full_sync")
    shelf.change("L1", price="99.00")

    result = room.run("sync_products", {"products": ["L1", "L99"]})

    assert not result.success
    assert "The catalog has no product L99." in failures(result)["sync__diff"]
    assert prices(dev_store)["lamp-1"] == "11.00"


def test_a_plan_beyond_its_bounds_blocks_the_push_until_it_is_approved(room: ControlRoom, shelf: Shelf,
                                                                       dev_store: DevStore) -> None:
    room.run("full_sync")
    before = mutations(dev_store)
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")

    result = room.run("full_sync")

    assert not result.success
    passed, told = verdicts(result)["changes_are_within_bounds"]
    assert not passed
    assert told is not None
    assert "5 of 20 linked products (25%) would be updated" in told
    assert mutations(dev_store) == before
    assert not [event for event in result.all_events if str(event.step_key).startswith("shopify__applied_mutations")
                and event.event_type_value == "STEP_START"]

    plan = recent_plans(room.context)[0]
    approve(room.context, plan.plan_id, by="Ada", reason="new price list")
    apply = room.defs().resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey(["shopify", "applied_mutations"])})
    sent = apply.execute_in_process(instance=room.instance)

    assert sent.success
    assert list(prices(dev_store).values()).count("99.00") == 5


@SQLITE
def test_the_push_alone_refuses_what_nobody_approved(room: ControlRoom, shelf: Shelf, dev_store: DevStore) -> None:
    room.run("full_sync")
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")
    room.run("full_sync")
    before = mutations(dev_store)
    apply = room.defs().resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey(["shopify", "applied_mutations"])})

    result = apply.execute_in_process(instance=room.instance, raise_on_error=False)

    assert not result.success
    (told,) = failures(result).values()
    assert "may not be sent: 5 of 20" in told
    assert "shopsync plan approve" in told
    assert mutations(dev_store) == before


@SQLITE
@pytest.mark.parametrize(("break_it", "step", "told"), [
    (lambda room, shelf, store: shelf.file.unlink(), "etilize__export", "holds no export"),
    (lambda room, shelf, store: store.control("fault", {"kind": "http_status", "status": 401, "count": 9}),
     "shopify__snapshot", "check SHOPIFY_ACCESS_TOKEN"),
])
def test_an_error_of_ours_is_one_sentence_and_no_retry(
    room: ControlRoom, shelf: Shelf, dev_store: DevStore,
    break_it: Callable[[ControlRoom, Shelf, DevStore], object], step: str, told: str,
) -> None:
    break_it(room, shelf, dev_store)

    result = room.run("full_sync")
    dev_store.control("fault", {})

    assert not result.success
    assert told in failures(result)[step]
    assert not [event for event in result.all_events if "RETRY" in event.event_type_value]
    assert dev_store.products() == []


@SQLITE
def test_a_database_without_tables_is_told_with_the_command(room: ControlRoom, make_settings: Callable[..., Settings],
                                                            tmp_path: Any) -> None:
    room.settings = make_settings(SHOPSYNC_DATABASE_URL=f"sqlite:///{tmp_path}/fresh.db")

    result = room.run("full_sync")

    assert "shopsync db upgrade" in failures(result)["etilize__export"]


@SQLITE
def test_items_that_were_refused_are_shown_and_do_not_fail_the_run(room: ControlRoom, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    shelf.change("L3", image="no address")

    result = room.run("full_sync")

    assert result.success
    applied = room.metadata(result, "shopify", "applied_mutations")
    assert (applied["confirmed"], applied["rejected"]) == (19, 1)
    assert "| handle:lamp-3 | product_create | rejected | Shopify refused productSet" in applied["not_applied"]


@SQLITE
def test_conflicts_that_wait_are_a_warning(room: ControlRoom, shelf: Shelf, dev_store: DevStore) -> None:
    room.run("full_sync")
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})

    result = room.run("incremental_sync")

    assert result.success
    passed, told = verdicts(result)["no_conflict_waits"]
    assert not passed
    assert told == "1 conflict waits: shopsync conflicts list, then shopsync conflicts resolve"
    assert len(open_conflicts(room.context)) == 1
    assert prices(dev_store)["lamp-1"] == "1.00"


@SQLITE
def test_rows_in_quarantine_are_a_warning(room: ControlRoom, shelf: Shelf) -> None:
    shelf.change("L1", price="cheap")
    result = room.run("full_sync")
    assert result.success
    (check,) = [check for check in result.get_asset_check_evaluations() if check.check_name == "all_rows_were_used"]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert "cheap" in str(check.metadata["first"].value)


@SQLITE
def test_checks_can_be_run_before_there_is_anything(room: ControlRoom) -> None:
    checks = room.defs().resolve_implicit_global_asset_job_def().get_subset(
        asset_check_selection=set(room.defs().resolve_asset_graph().asset_check_keys), asset_selection=set())
    result = checks.execute_in_process(instance=room.instance, raise_on_error=False)
    found = verdicts(result)
    assert {"changes_are_within_bounds", "no_conflict_waits", "all_rows_were_used", "duplicate_sku"} <= set(found)
    assert all(passed for passed, _ in found.values())
