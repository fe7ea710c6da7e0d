"""A push that ends early: by a signal, by its time, by its points. Nothing is lost, and what is left is named."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState, SavedPlan
from shopsync_pipeline.engine.apply import push, push_lane, summed_up
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.push.stop import Stop
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.end_to_end.driving import ROOT, environment
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, sync


def unknown(context: Context) -> bool:
    with context.database.read() as connection:
        return Ledger(connection, context.shop_id).has_unknown()


def left(context: Context, plan: SavedPlan) -> int:
    return summed_up(context, plan.plan_id).items(ItemState.PLANNED)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_stop_knows_its_bounds_and_what_is_used_up_of_them() -> None:
    clock = Clock()
    stop = Stop(max_seconds=60, max_points=1000, seconds=20, points=300, clock=clock)
    assert stop.why(600) is None
    assert stop.why(700) == "1000 points are spent (SYNC_MAX_POINTS is 1000)"
    stop.spend(600)
    assert stop.why(100) == "1000 points are spent (SYNC_MAX_POINTS is 1000)"
    clock.now += 40
    assert stop.why(0) == "60 s are over (SYNC_MAX_RUNTIME is 60)"
    stop.ask("somebody asked")
    stop.ask("somebody else asked, too late")
    assert stop.why(0) == "somebody asked"
    assert Stop(clock=clock).why(1e9) is None


def test_points_that_are_spent_end_a_push_and_the_next_goes_on(
        make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_MAX_POINTS=25, SYNC_MAX_CONCURRENT=1))
    plan = planned(context)
    told: list[Progress] = []

    report = asyncio.run(push(context, plan.plan_id, on_progress=told.append))

    made = len(dev_store.products())
    assert 0 < made < 5
    assert report.stopped is not None
    assert "SYNC_MAX_POINTS is 25" in report.stopped
    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.PLANNED)) == (made, 5 - made)
    assert (told[-1].stopped, told[-1].left, told[-1].finished) == (report.stopped, 5 - made, False)
    assert not unknown(context)

    for _ in range(5):
        report = asyncio.run(push(context, plan.plan_id))
    assert report.stopped is None
    assert len(dev_store.products()) == 5
    assert sync(context).mutations == 0


def test_the_lanes_of_one_run_share_its_points(make_settings: Callable[..., Settings], shelf: Shelf,
                                               dev_store: DevStore) -> None:
    unbounded = Context.open(make_settings())
    sync(unbounded)
    shelf.change("L1", price="99.00")
    shelf.change("L2", title="Lamp Two")
    plan = planned(unbounded)
    context = Context.open(make_settings(SYNC_MAX_POINTS=1))

    async def run() -> list[Progress]:
        return [await push_lane(context, plan.plan_id, lane, run_id="r") for lane in (Lane.PRICE, Lane.CONTENT)]

    price, content = asyncio.run(run())

    assert price.confirmed + content.confirmed <= 1
    assert content.stopped is not None
    assert left(context, plan) >= 1


def test_a_terminated_process_ends_what_is_in_flight_and_leaves_nothing_unknown(
        context: Context, shelf: Shelf, dev_store: DevStore, tmp_path: Path) -> None:
    plan = planned(context)
    dev_store.control("settings", {"latency_ms": 300})
    settings = context.settings.model_copy(update={"max_concurrent": 2})
    process = subprocess.Popen(
        [sys.executable, "-m", "shopsync_pipeline.cli", "plan", "apply", plan.plan_id],
        env={**os.environ, **environment(settings), "PYTHONPATH": str(ROOT)}, cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    try:
        until = time.monotonic() + 60
        while not dev_store.control("stats")["mutations"].get("productSet"):
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        dev_store.control("settings", {"latency_ms": 0})

    assert process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM), output
    assert "Stopped: SIGTERM was received" in output
    made = len(dev_store.products())
    assert 0 < made < 5
    assert f"{5 - made} items are left. To go on: shopsync plan apply {plan.plan_id}." in output
    assert not unknown(context)
    assert left(context, plan) == 5 - made
    assert asyncio.run(push(context, plan.plan_id)).items(ItemState.CONFIRMED) == 5
    assert len(dev_store.products()) == 5


def test_an_answer_that_does_not_come_in_time_is_left_unknown_and_settled_by_the_next(
        context: Context, shelf: Shelf, dev_store: DevStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopsync_pipeline.engine.push.lane.GRACE", 0.3)
    plan = planned(context)

    async def run() -> Progress:
        stop = Stop()

        async def ask_once_something_is_on_its_way() -> None:
            while not unknown(context):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.5)  # Now it has left, and its answer takes a second more.
            stop.ask("it takes too long")

        asking = asyncio.create_task(ask_once_something_is_on_its_way())
        done = await push_lane(context, plan.plan_id, Lane.CREATION, stop=stop)
        await asking
        return done

    dev_store.control("settings", {"latency_ms": 1500})
    try:
        done = asyncio.run(run())
    finally:
        dev_store.control("settings", {"latency_ms": 0})

    assert done.stopped == "it takes too long"
    assert unknown(context)
    assert asyncio.run(push(context, plan.plan_id)).items(ItemState.CONFIRMED) == 5
    assert not unknown(context)
    assert len(dev_store.products()) == 5
