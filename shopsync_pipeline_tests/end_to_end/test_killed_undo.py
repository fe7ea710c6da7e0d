"""An undo that is killed in the middle, and sent or planned again, ends in the same store as an undisturbed one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.hold import held_by_undo
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.end_to_end.driving import ROOT, environment, kill_after, mutations_of, sync, unknown
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.undoing import plan_of, send, shown, undo

PRODUCTS = 40


def killed_after(mutations: int, plan_id: str, settings: Settings, store: DevStore, cwd: Path) -> None:
    """Sends an undo plan in a process of its own and kills it once the store has executed so many mutations more."""
    until = mutations_of(store) + mutations
    kill_after(until, subprocess.Popen(
        [sys.executable, "-m", "shopsync_pipeline.cli", "undo", "apply", plan_id],
        env={**environment(settings), "PYTHONPATH": str(ROOT)}, cwd=cwd, stdout=subprocess.DEVNULL), store)


@pytest.mark.parametrize("again", ["sent again", "planned again"])
def test_killed_while_taking_fields_back(again: str, make_settings: Callable[..., Settings], dev_store: DevStore,
                                         tmp_path: Path) -> None:
    settings = make_settings(SYNC_MAX_CONCURRENT=4, SYNC_MAX_UPDATED_SHARE=1)
    shelf, context = Shelf(settings.export_path, products=PRODUCTS), Context.open(settings)
    sync(context)
    before = shown(dev_store)
    for number in range(1, PRODUCTS + 1):
        shelf.change(f"L{number}", title=f"Another lamp {number}", price=f"{number + 10}.90")
    run = sync(context).report.plan.plan_id
    plan = plan_of(context, plan=run)

    killed_after(11, plan.plan_id, settings, dev_store, tmp_path)
    assert shown(dev_store) != before
    if again == "sent again":
        send(context, plan)
    else:
        undo(context, plan=run)

    assert shown(dev_store) == before
    assert unknown(settings) == 0
    assert sync(context).report.mutations == 0
    assert len(held_by_undo(context)) == 2 * PRODUCTS


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_killed_while_deleting_and_while_making_anew(make_settings: Callable[..., Settings], dev_store: DevStore,
                                                     tmp_path: Path) -> None:
    settings = make_settings(SYNC_MAX_CONCURRENT=4, SYNC_MAX_UPDATED_SHARE=1, SYNC_MAX_DELETED_SHARE=1)
    Shelf(settings.export_path, products=PRODUCTS)
    context = Context.open(settings)
    run = sync(context).report.plan.plan_id
    before = shown(dev_store)
    deletion = plan_of(context, plan=run)

    killed_after(9, deletion.plan_id, settings, dev_store, tmp_path)
    assert 0 < len(dev_store.products()) < PRODUCTS
    send(context, deletion)
    assert dev_store.products() == []
    assert sync(context).report.mutations == 0

    making = plan_of(context, plan=deletion.plan_id)
    killed_after(9, making.plan_id, settings, dev_store, tmp_path)
    assert 0 < len(dev_store.products()) < PRODUCTS
    send(context, making)

    assert shown(dev_store) == before, "everything is there once, and as it was"
    assert len(dev_store.products()) == PRODUCTS
    assert unknown(settings) == 0
    assert sync(context).report.mutations == 0
