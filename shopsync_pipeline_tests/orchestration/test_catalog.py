"""The catalog's assets: what people read of an import on its page, and why one failed."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from shopsync_pipeline.engine.imports import approve_import, recent_imports
from shopsync_pipeline.engine.review import recent_plans
from shopsync_pipeline.engine.rollback import roll_back
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.orchestration.conftest import ControlRoom

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def catalog(room: ControlRoom) -> dict[str, Any]:
    """The metadata of the local catalog after a run that must succeed."""
    result = room.run("full_sync")
    assert result.success
    return room.metadata(result, "etilize", "local_catalog")


def why_failed(result: dg.ExecuteInProcessResult, step: str) -> str:
    (event,) = [event for event in result.all_events
                if event.event_type_value == "STEP_FAILURE" and event.step_key == step]
    data: Any = event.event_specific_data
    return str(data.user_failure_data.description)


def test_an_import_shows_its_files_and_what_changed_in_which_group(room: ControlRoom, shelf: Shelf) -> None:
    first = catalog(room)
    assert (first["changed_by_group"], first["approved_refusals"], first["notices"]) == ("none", "none", "none")
    assert "| shop.csv | shopify_template | utf-8 | 21 |" in first["files"]
    shelf.change("L1", price="99.00", title="Lamp One")
    second = catalog(room)
    assert (second["changed"], second["unchanged_delivery"]) == (1, False)
    assert "| content | 1 |" in second["changed_by_group"]
    assert "| pricing | 1 |" in second["changed_by_group"]
    assert second["import"] == recent_imports(room.context)[0].import_id


def test_a_refused_delivery_fails_with_its_figures_and_an_approved_one_shows_them(room: ControlRoom,
                                                                                  shelf: Shelf) -> None:
    catalog(room)
    for number in range(1, 9):
        shelf.remove(f"L{number}")

    refused = room.run("full_sync")

    assert not refused.success
    told = why_failed(refused, "etilize__local_catalog")
    assert "has 12 products that can be sold, the last one had 20: 40% less" in told
    newest = recent_imports(room.context)[0]
    assert f"shopsync catalog approve {newest.import_id}" in told
    approve_import(room.context, newest.import_id, by="Ada", reason="eight lamps fewer")
    taken = room.run("full_sync")
    shown = room.metadata(taken, "etilize", "local_catalog")
    assert shown["approved_refusals"].startswith("approved by Ada:\n\n- The delivery has 12 products")
    assert not taken.success, "what that takes out of sale has to be approved as well"
    assert any(refusal.startswith("8 of 20 linked products (40%) would be taken out of sale")
               for refusal in recent_plans(room.context)[0].refusals)


def test_after_a_rollback_runs_go_on_with_what_the_catalog_was(room: ControlRoom, shelf: Shelf) -> None:
    catalog(room)
    good = recent_imports(room.context)[0].import_id
    shelf.change("L1", price="15.00")
    catalog(room)
    roll_back(room.context, good, by="Ada", reason="wrong price")

    shown = catalog(room)

    assert shown["unchanged_delivery"] is True
    assert "by Ada: wrong price" in shown["notices"]


def test_a_delivery_that_is_not_recognised_is_on_record(room: ControlRoom, shelf: Shelf) -> None:
    shelf.file.write_text("no export\n", encoding="utf-8")
    result = room.run("full_sync")
    assert not result.success
    (failed,) = recent_imports(room.context)
    assert failed.state == "failed"
    assert failed.error == why_failed(result, "etilize__export")
