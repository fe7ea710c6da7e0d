"""Real processes, a real database and a dev store: one bucket, never overdrawn, and costs that are remembered."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from shopsync_pipeline.core.learned import TRUSTED_AFTER, Learned
from shopsync_pipeline.db.learned import learned_costs, remember_costs
from shopsync_pipeline.db.points import account_of
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.doctor import examine
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.asking import COST, ask
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned

ROOT = Path(__file__).resolve().parents[2]
ASKED = 150


def start(settings: Settings, folder: Path) -> subprocess.Popen[str]:
    """A process that asks the shop `ASKED` times."""
    return subprocess.Popen(
        [sys.executable, "-m", "shopsync_pipeline_tests.engine.asking", str(ASKED)], cwd=folder, text=True,
        stdout=subprocess.PIPE, env={
            **os.environ, "PYTHONPATH": str(ROOT), "SHOPIFY_SHOP_URL": settings.shopify_shop_url,
            "SHOPIFY_ACCESS_TOKEN": settings.shopify_access_token.get_secret_value(),
            "SHOPSYNC_DATABASE_URL": settings.database_url.get_secret_value()})


def test_two_processes_empty_one_bucket_and_are_never_refused(
        start_dev_store: Callable[..., DevStore], make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    store = start_dev_store(plan="standard", speed=10)
    settings = make_settings(SHOPIFY_SHOP_URL=store.url)
    running = [start(settings, tmp_path) for _ in range(2)]
    told = [process.communicate(timeout=120)[0].strip() for process in running]
    assert told == ["0", "0"]
    stats = store.control("stats")
    assert (stats["throttled"], stats["queries"]["shop"]) == (0, 2 * ASKED)
    assert 2 * ASKED * COST > 2 * 2000, "more than two full buckets were spent, so the limit was met"
    context = Context.open(settings)
    with context.database.read() as connection:
        account = account_of(connection, context.shop_id)
    assert (account.maximum, account.holders) == (2000, {}), "all was given back"
    assert account.spent == stats["points_spent"]


def test_what_requests_cost_is_known_to_the_next_client_and_to_the_doctor(context: Context) -> None:
    async def twice() -> tuple[float, float]:
        async with context.client() as client:
            for _ in range(TRUSTED_AFTER):
                await client.query("shop", {}, cost=3.0)
            once = client.costs.expected("shop", 3.0)
        return once, context.client().costs.expected("shop", 3.0)

    learned, remembered = asyncio.run(twice())
    assert learned == remembered > 3
    with context.database.read() as connection:
        assert set(learned_costs(connection, context.shop_id)) == {"shop"}
    told = {finding.name: finding.says for finding in asyncio.run(examine(context.settings))}
    assert "charged otherwise than estimated, by factor: shop" in told["database"]


def test_an_estimate_that_is_too_low_is_refused_once_and_then_known(
        start_dev_store: Callable[..., DevStore], make_settings: Callable[..., Settings]) -> None:
    store = start_dev_store(plan="standard", speed=10)
    context = Context.open(make_settings(SHOPIFY_SHOP_URL=store.url))

    async def many() -> tuple[float, int]:
        async with context.client() as client:
            await client.query("shop", {}, cost=1.0)
            expected = client.costs.expected("shop", 1.0)
            await asyncio.gather(*(client.query("shop", {}, cost=1.0) for _ in range(150)))
            return expected, client.bucket.throttled

    expected, throttled = asyncio.run(many())
    assert (expected > 5, throttled) == (True, 0)


def test_a_plan_is_costed_as_the_shop_charges(context: Context, shelf: Shelf) -> None:
    before = planned(context).summary["estimate"]["points"]
    with context.database.write() as connection:
        remember_costs(connection, context.shop_id, {"product_set": Learned(2.0, 2.0, 50, 150, 2.0)})
    after = diff(context).summary["estimate"]["points"]
    assert after > 1.7 * before, "all but the read of what the answers leave out"


def test_half_of_the_points_are_left_where_they_shall_be(
        start_dev_store: Callable[..., DevStore], make_settings: Callable[..., Settings]) -> None:
    store = start_dev_store(plan="standard", speed=10)
    context = Context.open(make_settings(SHOPIFY_SHOP_URL=store.url, SYNC_HEADROOM=0.5))
    assert asyncio.run(ask(context, ASKED)) == 0
    with context.database.read() as connection:
        account = account_of(connection, context.shop_id)
    assert (account.maximum, account.restore_rate) == (1000, 500)
