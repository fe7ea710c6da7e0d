"""Products that left the catalog: what the policy says is done once, and undone by nobody but the feed or a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.resolve import open_conflicts
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import items_of, planned, sync

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GENEROUS = {"SYNC_MAX_CATALOG_SHRINK": 1}


def lamp(store: DevStore, number: int = 5) -> dict[str, Any] | None:
    return next((node for node in store.products() if node["handle"] == f"lamp-{number}"), None)


def status(store: DevStore) -> str:
    node = lamp(store)
    assert node is not None
    return str(node["status"])


@pytest.mark.parametrize(("policy", "shown"), [(None, "DRAFT"), ("draft", "DRAFT"), ("archive", "ARCHIVED"),
                                               ("keep", "ACTIVE"), ("zero_stock", "ACTIVE")])
def test_what_left_the_catalog_is_treated_as_the_policy_says_and_then_rests(
        make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore, policy: str | None,
        shown: str) -> None:
    context = Context.open(make_settings(**GENEROUS, **({"SYNC_GONE_POLICY": policy} if policy else {})))
    sync(context)
    shelf.remove("L5")

    report = sync(context)

    mutations = 0 if policy == "keep" else 1
    assert report.mutations == mutations
    assert (report.plan.summary["products"]["gone"], report.plan.summary["products"]["retire"]) == (1, mutations)
    assert report.plan.summary["products"]["in_sync"] == 4
    assert status(dev_store) == shown
    node = lamp(dev_store)
    assert node is not None
    assert node["variants"]["nodes"][0]["inventoryQuantity"] == (0 if policy == "zero_stock" else 105)
    assert sync(context).mutations == 0
    assert len(dev_store.products()) == 5


def test_a_product_is_deleted_only_where_the_operator_asked_for_it(
        make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore) -> None:
    context = Context.open(make_settings(**GENEROUS, SYNC_GONE_POLICY="delete"))
    sync(context)
    shelf.remove("L5")

    plan = planned(context)

    (item,) = items_of(context, plan)
    assert (item.operation.value, item.risk.value) == ("product_delete", "high")
    assert {change.reason.value for change in item.changes} == {"gone from the catalog"}
    assert sync(context).mutations == 1
    assert lamp(dev_store) is None
    assert sync(context).mutations == 0


def test_a_product_that_comes_back_is_on_sale_again(make_settings: Callable[..., Settings], shelf: Shelf,
                                                    dev_store: DevStore) -> None:
    context = Context.open(make_settings(**GENEROUS))
    sync(context)
    row = shelf.rows["L5"]
    shelf.remove("L5")
    sync(context)
    shelf.rows["L5"] = row
    shelf.write()

    assert sync(context).mutations == 1

    assert status(dev_store) == "ACTIVE"
    assert sync(context).mutations == 0


def test_who_puts_a_gone_product_back_on_sale_has_the_last_word(make_settings: Callable[..., Settings], shelf: Shelf,
                                                                dev_store: DevStore) -> None:
    context = Context.open(make_settings(**GENEROUS))
    sync(context)
    shelf.remove("L5")
    sync(context)
    dev_store.control("merchant", {"action": "edit_product", "handle": "lamp-5", "fields": {"status": "ACTIVE"}})

    for _ in range(2):
        assert sync(context).mutations == 0

    assert status(dev_store) == "ACTIVE"


def test_what_is_gone_from_both_sides_is_forgotten(make_settings: Callable[..., Settings], shelf: Shelf,
                                                   dev_store: DevStore) -> None:
    context = Context.open(make_settings(**GENEROUS))
    sync(context)
    shelf.remove("L5")
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-5"})

    report = sync(context)

    assert (report.mutations, report.plan.summary["linked"]) == (0, 4)
    assert open_conflicts(context) == []
