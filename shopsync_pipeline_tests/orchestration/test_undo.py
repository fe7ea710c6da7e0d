"""The job that takes something back: a plan first, then, by its id, the push; never past the bounds."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.review import recent_plans
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.undoing import edit, shown
from shopsync_pipeline_tests.orchestration.conftest import ControlRoom
from shopsync_pipeline_tests.orchestration.test_jobs import failures

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def observed(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """What the run's first observation shows."""
    event = next(event for event in result.all_events if event.event_type_value == "ASSET_OBSERVATION")
    data: Any = event.event_specific_data
    return {name: value.value for name, value in data.asset_observation.metadata.items()}


def test_a_run_is_taken_back_in_two_runs(room: ControlRoom, shelf: Shelf, dev_store: DevStore) -> None:
    room.run("full_sync")
    before = shown(dev_store)
    shelf.change("L1", title="Lamp One", price="49.00")
    shelf.change("L2", title="Lamp Two")
    run = room.run("full_sync")
    edit(dev_store, "lamp-2", title="By hand")

    first = room.run("undo_run", {"run": run.run_id})

    assert first.success
    assert shown(dev_store)["lamp-1"]["title"] == "Lamp One", "the first run sends nothing"
    plan = recent_plans(room.context)[0]
    tags = room.instance.get_run_by_id(first.run_id)
    assert tags is not None
    assert tags.tags["shopsync/plan"] == plan.plan_id
    told = observed(first)
    assert told["scope"] == f"undo of run {run.run_id}"
    assert "| handle:lamp-2 | title | Lamp Two | By hand | edited in the store since |" in told["left_alone"]
    assert "| handle:lamp-1 | title | Lamp One | Lamp 1 | undone |" in told["first_changes"]

    second = room.run("undo_run", {"send": plan.plan_id})

    assert second.success
    assert shown(dev_store)["lamp-1"] == before["lamp-1"]
    assert shown(dev_store)["lamp-2"]["title"] == "By hand"
    again = room.run("full_sync")
    assert room.metadata(again, "shopify", "applied_mutations")["mutations"] == 0


@SQLITE
def test_beyond_the_bounds_it_is_not_sent_by_any_job_until_it_is_approved(room: ControlRoom,
                                                                         dev_store: DevStore) -> None:
    run = room.run("full_sync")
    assert room.run("undo_run", {"run": run.run_id}).success, "a plan can be looked at"
    plan = recent_plans(room.context)[0]
    apply = room.defs().resolve_implicit_global_asset_job_def().get_subset(
        asset_selection={dg.AssetKey(["shopify", "applied_mutations"])})

    refused = room.run("undo_run", {"send": plan.plan_id})
    alone = apply.execute_in_process(instance=room.instance, raise_on_error=False)

    assert not refused.success
    assert "may not be sent: 20 of 20 linked products (100%)" in failures(refused)["choose_undo"]
    assert not alone.success
    assert len(dev_store.products()) == 20
    approve(room.context, plan.plan_id, by="Ada", reason="the wrong shop")
    assert room.run("undo_run", {"send": plan.plan_id}).success
    assert dev_store.products() == []


@SQLITE
@pytest.mark.parametrize(("config", "told"), [
    ({}, "Name what to undo"), ({"run": "nope"}, "There is nothing to undo"), ({"send": "nope"}, "has no plan nope"),
    ({"since": "yesterday"}, "yesterday is no time"),
])
def test_what_cannot_be_undone_fails_with_a_sentence(room: ControlRoom, config: dict[str, str], told: str) -> None:
    result = room.run("undo_run", config)
    assert not result.success
    assert told in failures(result)["choose_undo"]
