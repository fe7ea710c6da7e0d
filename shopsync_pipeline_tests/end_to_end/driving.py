"""Runs whole syncs: in this process through the use cases, or in a process of its own that can be killed.

As a script it does one sync of what its environment names, like a run worker: `python -m …driving`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.plans import SavedPlan
from shopsync_pipeline.db.schema import ledger
from shopsync_pipeline.engine.apply import ApplyReport
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings, load
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.steps import planned, push

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Synced:
    """One sync: what was planned, and what became of it."""

    plan: SavedPlan
    report: ApplyReport


def sync(context: Context, *, full: bool = True) -> Synced:
    """The same steps as the Dagster jobs, in their order."""
    plan = planned(context, full=full)
    return Synced(plan, push(context, plan))


def unknown(settings: Settings) -> int:
    """How many mutations nobody knows the end of."""
    with Database(settings.database_url.get_secret_value()).read() as connection:
        return connection.execute(
            select(func.count()).select_from(ledger).where(ledger.c.state.in_(["sent", "unknown"]))).scalar_one()


def environment(settings: Settings) -> Mapping[str, str]:
    """The settings as environment variables for another process."""
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "SHOPIFY_SHOP_URL": settings.shopify_shop_url,
        "SHOPIFY_ACCESS_TOKEN": settings.shopify_access_token.get_secret_value(),
        "SHOPSYNC_DATABASE_URL": settings.database_url.get_secret_value(),
        "SHOPSYNC_EXPORT_PATH": str(settings.export_path),
        "SYNC_MAX_CONCURRENT": str(settings.max_concurrent),
        "SYNC_CONFLICT_RESOLUTION": settings.conflict_resolution.value,
        "SYNC_MAX_UPDATED_SHARE": str(settings.max_updated_share),
    }


def start(settings: Settings, cwd: Path) -> subprocess.Popen[bytes]:
    """Starts one sync as a process of its own."""
    command = [sys.executable, "-m", "shopsync_pipeline_tests.end_to_end.driving"]
    return subprocess.Popen(command, env={**environment(settings), "PYTHONPATH": str(ROOT)}, cwd=cwd)


def kill_after(mutations: int, process: subprocess.Popen[bytes], store: DevStore) -> None:
    """Kills a process as soon as the store has executed so many mutations; fails if it ends before."""
    store.control("settings", {"latency_ms": 25})
    try:
        until = time.monotonic() + 60
        while mutations_of(store) < mutations:
            assert process.poll() is None, f"the run ended with {process.returncode} before it could be killed"
            assert time.monotonic() < until, "the run sends nothing"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    finally:
        process.kill()
        store.control("settings", {"latency_ms": 0})


def mutations_of(store: DevStore) -> int:
    """Mutations that write products, prices or stock; the set-up of the custom id is none of them."""
    counted: dict[str, int] = store.control("stats")["mutations"]
    return sum(count for root, count in counted.items() if root != "metafieldDefinitionCreate")


if __name__ == "__main__":
    sync(Context.open(load()))
