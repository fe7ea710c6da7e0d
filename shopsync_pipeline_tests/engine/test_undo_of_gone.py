"""What was done to products that left the catalog can be taken back, and then rests as the undo left it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.hold import held_by_undo
from shopsync_pipeline.engine.resolve import resolve
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync
from shopsync_pipeline_tests.engine.undoing import edit, shown, undo

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("policy", ["draft", "archive", "zero_stock", "delete"])
def test_what_was_retired_is_back_and_stays_so(make_settings: Callable[..., Settings], shelf: Shelf,
                                               dev_store: DevStore, policy: str) -> None:
    context = Context.open(make_settings(SYNC_MAX_CATALOG_SHRINK=1, SYNC_GONE_POLICY=policy))
    sync(context)
    before = shown(dev_store)
    shelf.remove("L5")
    run = sync(context)
    assert shown(dev_store) != before

    undo(context, plan=run.plan.plan_id, stock=True)

    assert shown(dev_store) == before
    assert [(held.product_key, held.path, held.store) for held in held_by_undo(context)] == (
        [("handle:lamp-5", "product", "in the store")] if policy == "delete" else [])
    assert sync(context).mutations == 0
    edit(dev_store, "lamp-5", title="Mine")
    assert sync(context).mutations == 0
    assert shown(dev_store)["lamp-5"]["title"] == "Mine"


def test_a_product_made_anew_that_comes_back_to_the_catalog_is_compared_field_by_field(
        make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_MAX_CATALOG_SHRINK=1, SYNC_GONE_POLICY="delete"))
    sync(context)
    before = shown(dev_store)
    row = dict(shelf.rows["L5"])
    shelf.remove("L5")
    undo(context, plan=sync(context).plan.plan_id)
    shelf.rows["L5"] = row
    shelf.write()

    assert sync(context).mutations == 0

    assert shown(dev_store) == before
    shelf.change("L5", title="Brighter")
    assert sync(context).mutations == 1
    assert shown(dev_store)["lamp-5"]["title"] == "Brighter"


def test_whoever_decides_for_the_catalog_has_the_policy_carried_out_after_all(
        make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_MAX_CATALOG_SHRINK=1, SYNC_GONE_POLICY="delete"))
    sync(context)
    shelf.remove("L5")
    undo(context, plan=sync(context).plan.plan_id)
    sync(context)
    (held,) = held_by_undo(context)

    resolve(context, [held.conflict_id or ""], "etilize", by="Ada")

    assert sync(context).mutations == 1
    assert "lamp-5" not in shown(dev_store)
    assert sync(context).mutations == 0
