"""Two processes that begin to write to one shop at once: one writes, the other leaves with a sentence.

They share the shop's points too: nothing that either sends is refused for lack of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.core.errors import PlanRefusedError, ShopBusyError
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.engine.apply import push
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.pull import pull
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.crashes.arena import Arena, arena, disagreements, left_open
from shopsync_pipeline_tests.crashes.server import ROOT, ForkServer
from shopsync_pipeline_tests.crashes.trial import Court, differences

SLOW = {"latency_ms": 40}
"""Two syncs of a few dozen requests overlap."""

HELD = {"latency_ms": 5000}
"""A push whose first mutation is out goes on for a minute, unless the store is let go before."""

BUSY = "is being written to by"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A store with a day's work ahead."""
    with arena(tmp_path_factory.mktemp("two")) as made:
        yield made


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[ForkServer, ForkServer]]:
    """Two, so that two syncs can run at once."""
    with ForkServer() as one, ForkServer() as other:
        yield one, other


@pytest.fixture(scope="module")
def expected(shop: Arena, servers: tuple[ForkServer, ForkServer]) -> dict[str, Any]:
    """What the store shows after that work."""
    return Court(shop, servers[0], {}).undisturbed()[1]


def planned(shop: Arena) -> tuple[Path, Context, SavedPlan]:
    """The database, its context, and the plan for the day."""
    database = shop.begin()
    context = Context.open(Settings(**shop.environment(database)))
    asyncio.run(pull(context, full=True))
    return database, context, diff(context)


def apply_by_cli(shop: Arena, database: Path, plan: SavedPlan) -> subprocess.Popen[str]:
    """`shopsync plan apply`, in a process of its own."""
    settings = {name: str(value) for name, value in shop.environment(database).items() if name != "_env_file"}
    return subprocess.Popen([sys.executable, "-m", "shopsync_pipeline.cli", "plan", "apply", plan.plan_id],
                            env={**os.environ, **settings, "PYTHONPATH": str(ROOT)}, cwd=shop.folder, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_until_sent(database: Path) -> None:
    """Until somebody has a mutation on its way."""
    until = time.monotonic() + 60
    with sqlite3.connect(database) as connection:
        while not connection.execute("SELECT count(*) FROM ledger WHERE state = 'sent'").fetchone()[0]:
            assert time.monotonic() < until, "nobody sends anything"
            time.sleep(0.01)


def throttled(shop: Arena) -> int:
    return int(shop.store.control("stats")["throttled"])


def check(shop: Arena, database: Path, expected: dict[str, Any]) -> None:
    """The store is right, and everybody knows it."""
    assert list(differences(expected, shop.contents())) == []
    assert left_open(database) == {}
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM writer_lock").fetchone() == (0,)


def test_the_engine_leaves_while_the_command_line_writes(shop: Arena, expected: dict[str, Any]) -> None:
    database, context, plan = planned(shop)
    shop.store.control("settings", SLOW)
    before = throttled(shop)
    first = apply_by_cli(shop, database, plan)
    try:
        wait_until_sent(database)
        shop.store.control("settings", HELD)
        with pytest.raises(ShopBusyError, match=rf"{BUSY} .*process {first.pid}.*Wait for it to end"):
            asyncio.run(push(context, plan.plan_id, run_id="second"))
        assert first.poll() is None, "the first still wrote when the second left"
        shop.store.control("settings", SLOW)
        out, error = first.communicate(timeout=120)
    finally:
        first.kill()
    assert first.returncode == 0, error
    assert f"Plan {plan.plan_id}" in out
    check(shop, database, expected)
    assert throttled(shop) == before


def test_the_command_line_leaves_while_the_engine_writes(shop: Arena, expected: dict[str, Any]) -> None:
    database, context, plan = planned(shop)
    shop.store.control("settings", SLOW)
    before = throttled(shop)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(lambda: asyncio.run(push(context, plan.plan_id, run_id="first")))
        wait_until_sent(database)
        shop.store.control("settings", HELD)
        second = apply_by_cli(shop, database, plan)
        _, error = second.communicate(timeout=120)
        assert not first.done(), "the first still wrote when the second left"
        shop.store.control("settings", SLOW)
        report = first.result(timeout=120)
    assert second.returncode == 1
    assert error.startswith(f"shopsync: {shop.store.url.removeprefix('http://')} {BUSY} run first (process "), error
    assert "Traceback" not in error
    assert report.set_aside == []
    check(shop, database, expected)
    assert throttled(shop) == before


def run(server: ForkServer, shop: Arena, database: Path, result: str) -> dict[str, Any]:
    """A whole sync in a process of its own."""
    path = shop.folder / result
    status = server.run(settings=shop.environment(database), result=path, instant=None, hasty=False, arrives="")
    assert status == 0
    told: dict[str, Any] = json.loads(path.read_text())
    return told


@pytest.mark.parametrize("head_start", [0.0, 0.15, 0.4])
def test_two_whole_syncs_at_once(head_start: float, shop: Arena, expected: dict[str, Any],
                                 servers: tuple[ForkServer, ForkServer]) -> None:
    database = shop.begin()
    shop.store.control("settings", SLOW)
    before = throttled(shop)

    def begin(number: int) -> dict[str, Any]:
        time.sleep(head_start * number)
        return run(servers[number], shop, database, f"writer-{number}.json")

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(begin, (0, 1)))

    left = [one["error"] for one in told if one["error"]]
    for error in left:
        kind, _, sentence = error.partition(": ")
        assert kind in (ShopBusyError.__name__, PlanRefusedError.__name__), error
        assert BUSY in sentence or "was superseded by a newer one" in sentence, error
    assert len(left) < 2, f"both left: {left}"
    assert throttled(shop) == before, "the shop's points were overdrawn"
    shop.store.control("settings", {"latency_ms": 0})
    assert run(servers[0], shop, database, "last.json")["error"] is None
    check(shop, database, expected)
    assert disagreements(database, shop.store) == []


DRAIN = "mutation Drain {" + " ".join(
    f'd{n}: productDelete(input: {{id: "gid://shopify/Product/1"}}) {{ deletedProductId }}' for n in range(95)) + "}"
"""Ten points a row, which a refused mutation keeps: 950 of the 2,000 of a Standard shop."""

READ = """
import asyncio
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import pull
from shopsync_pipeline.settings import load
for _ in range(4):
    asyncio.run(pull(Context.open(load()), full=True))
"""


def test_two_processes_that_read_an_almost_empty_shop_overdraw_nothing(shop: Arena) -> None:
    database = shop.begin()
    settings = {name: str(value) for name, value in shop.environment(database).items() if name != "_env_file"}
    shop.store.control("settings", {"plan": "standard", "speed": 10, "latency_ms": 20})
    try:
        for _ in range(2):
            shop.store.graphql(DRAIN)
        before = throttled(shop)
        readers = [subprocess.Popen([sys.executable, "-c", READ], cwd=shop.folder,
                                    env={**os.environ, **settings, "PYTHONPATH": str(ROOT)}) for _ in range(2)]
        assert [reader.wait(120) for reader in readers] == [0, 0]
        assert throttled(shop) == before
    finally:
        shop.store.control("settings", {"plan": "plus", "speed": 200, "latency_ms": 0})
