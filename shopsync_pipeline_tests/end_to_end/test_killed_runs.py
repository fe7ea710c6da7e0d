"""A run that is killed in the middle of a push, and launched again, ends in the same store as an undisturbed one."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.catalog import write_sample_export
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.devstore.conftest import start as start_store
from shopsync_pipeline_tests.devstore.conftest import stop
from shopsync_pipeline_tests.end_to_end.driving import ROOT, environment, kill_after, mutations_of, start, sync, unknown

PRODUCTS = 40


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What a store shows after the first delivery, and after the second, when nothing is killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_sample_export(folder / "export", products=PRODUCTS)
    url = f"sqlite:///{folder / 'undisturbed.db'}"
    Database(url).upgrade()
    process, address = start_store(folder / "store.db", "--token", TOKEN, "--speed", "50")
    try:
        store = DevStore(address)
        context = Context.open(Settings.model_validate({
            "SHOPIFY_SHOP_URL": address, "SHOPIFY_ACCESS_TOKEN": TOKEN, "SHOPSYNC_DATABASE_URL": url,
            "SHOPSYNC_EXPORT_PATH": folder / "export", "SYNC_MAX_UPDATED_SHARE": 1}))
        sync(context)
        created = _contents(store)
        _change_prices_and_stock(folder / "export")
        sync(context)
        yield created, _contents(store)
    finally:
        stop(process)


@pytest.mark.parametrize("after", [1, 13, 30])
def test_killed_while_creating(after: int, make_settings: Callable[..., Settings], dev_store: DevStore,
                               undisturbed: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path) -> None:
    settings = make_settings(SYNC_MAX_CONCURRENT=4)
    write_sample_export(settings.export_path, products=PRODUCTS)

    kill_after(after, start(settings, tmp_path), dev_store)
    assert 0 < len(dev_store.products()) < PRODUCTS
    done = sync(Context.open(settings))

    assert done.report.set_aside == []
    assert _contents(dev_store) == undisturbed[0]
    assert unknown(settings) == 0
    assert sync(Context.open(settings)).report.mutations == 0


@pytest.mark.parametrize("after", [1, 9])
def test_killed_while_updating(after: int, make_settings: Callable[..., Settings], dev_store: DevStore,
                               undisturbed: tuple[dict[str, Any], dict[str, Any]], tmp_path: Path) -> None:
    settings = make_settings(SYNC_MAX_CONCURRENT=4, SYNC_BATCH_SIZE=5, SYNC_MAX_UPDATED_SHARE=1)
    write_sample_export(settings.export_path, products=PRODUCTS)
    sync(Context.open(settings))
    created = mutations_of(dev_store)
    _change_prices_and_stock(settings.export_path)

    kill_after(created + after, start(settings, tmp_path), dev_store)
    done = sync(Context.open(settings))

    assert done.report.set_aside == []
    assert _contents(dev_store) == undisturbed[1]
    assert unknown(settings) == 0


def test_killed_dagster_run_is_launched_again(make_settings: Callable[..., Settings], dev_store: DevStore,
                                              undisturbed: tuple[dict[str, Any], dict[str, Any]],
                                              tmp_path: Path) -> None:
    settings = make_settings(SYNC_MAX_CONCURRENT=4)
    write_sample_export(settings.export_path, products=PRODUCTS)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "shopsync_pipeline.definitions", "-j"]
    env = {**environment(settings), "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(tmp_path)}

    def execute() -> subprocess.Popen[bytes]:
        return subprocess.Popen([*command, "full_sync"], env=env, cwd=tmp_path, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    kill_after(11, execute(), dev_store)
    assert 0 < len(dev_store.products()) < PRODUCTS
    assert execute().wait(120) == 0

    assert _contents(dev_store) == undisturbed[0]
    assert unknown(settings) == 0


def _contents(store: DevStore) -> dict[str, Any]:
    """Everything in a store by custom id, without its ids and the addresses of its pictures; no custom id twice."""
    found: dict[str, Any] = {}
    for node in store.products():
        (key,) = [row["value"] for row in node["metafields"]["nodes"] if row["namespace"] == "shopsync"]
        assert key not in found, f"{key} is in the store twice"
        found[key] = _without_ids(node)
    return found


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_ids(inner) for name, inner in value.items() if name not in {"id", "image"}}
    return [_without_ids(inner) for inner in value] if isinstance(value, list) else value



def _change_prices_and_stock(export: Path) -> None:
    (feed,) = export.glob("*.csv")
    with feed.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for place, row in enumerate(rows):
        if place % 2 == 0 and row["Price"].replace(",", "").replace(".", "").isdigit():
            row["Price"] = str(Decimal(row["Price"].replace(",", "")) + 1)
        if place % 3 == 0 and row["Qty"].isdigit():
            row["Qty"] = str(int(row["Qty"]) + 5)
    with feed.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
