"""A process that dies at any step of a bulk push: the next one adopts what it left, and the store ends up the same."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.db.bulk import ShardState
from shopsync_pipeline.db.plans import ItemState, SavedPlan
from shopsync_pipeline.engine import bulk_lane, bulk_results, bulk_shards
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.bulk.lines import lines
from shopsync_pipeline_tests.conftest import ROOT, DevStore
from shopsync_pipeline_tests.engine.bulk_steps import adopt, by_bulk, shards, states, unsettled
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, push, sync
from shopsync_pipeline_tests.engine.test_lost_answers import forget, shown

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

START, UPLOAD, WAIT_FOR = bulk_lane.start, bulk_lane.upload, bulk_lane.wait_for


class Died(BaseException):
    """The process is gone: nothing of ours handles it."""


async def dead(*_args: Any, **_options: Any) -> Any:
    raise Died


def dead_after(step: Callable[..., Any]) -> Callable[..., Any]:
    async def run(*args: Any, **options: Any) -> Any:
        await step(*args, **options)
        raise Died

    return run


async def dead_while_reading(url: str) -> AsyncIterator[bytes]:
    count = 0
    async for line in lines(url):
        if count == 14:
            raise Died
        count += 1
        yield line


async def dead_at_the_end_of_reading(url: str) -> AsyncIterator[bytes]:
    async for line in lines(url):
        yield line
    raise Died


STEPS = {
    "while the file is written": (bulk_shards.ShardWriter, "rest", lambda _self: (_ for _ in ()).throw(Died())),
    "before the upload": (bulk_lane, "upload", dead),
    "after the upload": (bulk_lane, "upload", dead_after(UPLOAD)),
    "before the start arrived": (bulk_lane, "start", dead),
    "after the start, before its id is recorded": (bulk_lane, "start", dead_after(START)),
    "while it runs": (bulk_lane, "wait_for", dead),
    "when it has ended": (bulk_lane, "wait_for", dead_after(WAIT_FOR)),
    "while the result is read": (bulk_results, "lines", dead_while_reading),
    "at the end of the result": (bulk_results, "lines", dead_at_the_end_of_reading),
}


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two shards of fifteen lines, settled five at a time; an operation that is not there is soon given up."""
    monkeypatch.setattr(bulk_shards, "lines_per_shard", lambda n: max(1, -(-n // 2)))
    monkeypatch.setattr(bulk_shards, "BATCH", 5)
    monkeypatch.setattr(bulk_results, "BATCH", 5)
    monkeypatch.setattr(bulk_lane, "FIND_PAUSES", (0.0, 0.3))


def die(context: Context, plan: SavedPlan, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(*STEPS[step])
        with pytest.raises((BaseExceptionGroup, Died)) as died:
            by_bulk(context, plan)
        assert isinstance(died.value, Died) or died.value.subgroup(Died) is not None


@pytest.mark.parametrize("step", STEPS)
def test_creations_of_a_process_that_died(context: Context, tmp_path: Path, dev_store: DevStore,
                                          monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    die(context, plan, monkeypatch, step)
    left = [one for one in shards(context, plan) if one.state not in (ShardState.DONE, ShardState.ABANDONED)]
    assert left

    adopted, outcome = adopt(context, plan)

    assert adopted == len(left)
    assert unsettled(context) == 0
    assert outcome.count(ItemState.CONFIRMED) <= len(dev_store.products())
    assert set(states(context, plan).values()) <= {ItemState.CONFIRMED, ItemState.PLANNED}
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    assert adopt(context, plan)[0] == 0, "nothing is left to adopt"
    disturbed = shown(dev_store)
    assert len(disturbed) == 30, "no duplicates"
    assert sync(context).mutations == 0
    dev_store.control("reset", {})
    forget(context)
    sync(context)
    assert shown(dev_store) == disturbed


@pytest.mark.parametrize("step", ["after the start, before its id is recorded", "while it runs",
                                  "while the result is read"])
def test_updates_of_a_process_that_died(make_settings: Callable[..., Settings], tmp_path: Path, dev_store: DevStore,
                                        monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE="1"))
    shelf = Shelf(tmp_path / "export", 30)
    sync(context)
    for number in range(1, 31):
        shelf.rows[f"L{number}"]["Title"] = f"Lamp No {number}"
    shelf.write()
    plan = planned(context)
    die(context, plan, monkeypatch, step)

    adopt(context, plan)

    assert unsettled(context) == 0
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    assert sorted(node["title"] for node in dev_store.products()) == sorted(f"Lamp No {n}" for n in range(1, 31))
    assert sync(context).mutations == 0


def test_an_operation_that_still_runs_is_waited_for(context: Context, tmp_path: Path, dev_store: DevStore,
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    dev_store.control("settings", {"bulk_start_ms": 1500})
    monkeypatch.setattr(bulk_shards, "lines_per_shard", lambda n: n)
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    die(context, plan, monkeypatch, "while it runs")
    assert dev_store.products() == []

    adopted, outcome = adopt(context, plan)

    assert (adopted, outcome.count(ItemState.CONFIRMED)) == (1, 30)
    assert len(dev_store.products()) == 30
    assert sync(context).mutations == 0


def test_a_result_that_has_expired_is_made_up_for_by_reading(context: Context, tmp_path: Path, dev_store: DevStore,
                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    die(context, plan, monkeypatch, "when it has ended")
    dev_store.control("clock", {"advance_seconds": 8 * 24 * 3600})

    _, outcome = adopt(context, plan)

    assert outcome.count(ItemState.CONFIRMED) == len(dev_store.products())
    assert unsettled(context) == 0
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    assert len(dev_store.products()) == 30
    assert sync(context).mutations == 0


@pytest.mark.parametrize("fault", ["drop_before_write", "drop_after_write"])
def test_an_answer_to_the_start_that_is_lost(context: Context, tmp_path: Path, dev_store: DevStore,
                                             fault: str) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    dev_store.control("fault", {"kind": fault, "root": "bulkOperationRunMutation"})

    outcome = by_bulk(context, plan)

    expected = 15 if fault == "drop_before_write" else 0
    assert (len(outcome.direct), outcome.count(ItemState.CONFIRMED)) == (expected, 30 - expected)
    assert unsettled(context) == 0
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    assert len(dev_store.products()) == 30


def test_an_upload_that_fails_hands_everything_back(context: Context, tmp_path: Path, dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    dev_store.control("fault", {"kind": "drop_after_write", "root": "stagedUploadsCreate", "count": 50})

    outcome = by_bulk(context, plan)
    dev_store.control("fault", {})

    assert (len(outcome.direct), outcome.told) == (30, {})
    assert set(states(context, plan).values()) == {ItemState.PLANNED}
    assert {one.state for one in shards(context, plan)} == {ShardState.ABANDONED}
    assert push(context, plan).items(ItemState.CONFIRMED) == 30


def test_other_operations_in_progress_are_waited_for(context: Context, tmp_path: Path, dev_store: DevStore,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_lane, "_FIRST_PAUSE", 0.1)
    refused = fill_all_places(context, dev_store)
    Shelf(tmp_path / "export", 30)
    plan = planned(context)
    calls = {"starts": 0}

    async def start_and_free(*args: Any) -> str:
        calls["starts"] += 1
        if calls["starts"] == 4:
            dev_store.control("bulk", {"action": "release"})
        return await START(*args)

    monkeypatch.setattr(bulk_lane, "start", start_and_free)
    outcome = by_bulk(context, plan)

    assert refused == 5
    assert calls["starts"] >= 4
    assert (outcome.direct, outcome.count(ItemState.CONFIRMED)) == ([], 30)
    assert max(one.attempt for one in shards(context, plan)) >= 2


def test_without_room_the_items_go_directly(context: Context, tmp_path: Path, dev_store: DevStore,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_lane, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(bulk_lane, "ROOM_PATIENCE", 0.3)
    fill_all_places(context, dev_store)
    Shelf(tmp_path / "export", 30)
    plan = planned(context)

    outcome = by_bulk(context, plan)

    assert (len(outcome.direct), outcome.told) == (30, {})
    assert push(context, plan).items(ItemState.CONFIRMED) == 30
    dev_store.control("bulk", {"action": "release"})


def fill_all_places(context: Context, dev_store: DevStore) -> int:
    """Has five operations of another process stand still in the shop; returns how many."""
    for _ in range(5):
        dev_store.control("bulk", {"action": "stall"})

    async def occupy() -> int:
        async with context.client() as client:
            for number in range(5):
                file = io.BytesIO(b'{"input": {"id": "gid://shopify/Product/1"}}\n')
                path = await UPLOAD(client, file, f"{number}.jsonl")
                await START(client, "product_delete", f"other{number}", path)
            while sum(row["status"] == "RUNNING" for row in dev_store.control("bulk")["operations"]) < 5:
                await asyncio.sleep(0.02)
        return 5

    return asyncio.run(occupy())


CHILD = """
import asyncio, sys
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.engine.bulk_steps import by_bulk
from shopsync_pipeline.db.plans import Plans
context = Context.open(Settings(_env_file=None))
with context.database.read() as connection:
    plan = Plans(connection, context.shop_id).latest()
print("begins", flush=True)
by_bulk(context, plan)
"""


@pytest.mark.parametrize("after", [0.2, 0.6, 1.0])
def test_a_process_that_is_killed_outright(context: Context, tmp_path: Path, dev_store: DevStore,
                                           make_settings: Callable[..., Settings], after: float) -> None:
    dev_store.control("settings", {"bulk_start_ms": 200, "bulk_lines_per_second": 60})
    Shelf(tmp_path / "export", 60)
    plan = planned(context)
    settings = make_settings()
    given = {"SHOPIFY_SHOP_URL": dev_store.url,
             "SHOPIFY_ACCESS_TOKEN": settings.shopify_access_token.get_secret_value(),
             "SHOPSYNC_DATABASE_URL": settings.database_url.get_secret_value()}
    with subprocess.Popen([sys.executable, "-c", CHILD], env={**os.environ, **given, "PYTHONPATH": str(ROOT)}, cwd=ROOT,
                          stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begins\n"
        time.sleep(after)
        child.send_signal(signal.SIGKILL)

    adopt(context, plan)

    assert unsettled(context) == 0
    assert push(context, plan).items(ItemState.CONFIRMED) == 60
    assert len(dev_store.products()) == 60
    assert sync(context).mutations == 0
