"""The difference becomes a plan: complete, repeatable to the byte, limited where asked, and nothing is sent."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.plans import PlanState
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.names import keys_of
from shopsync_pipeline.engine.review import one_plan, plan_changes, recent_plans
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import changes_of, items_of, planned, read_store, sync


def test_nothing_is_compared_before_the_store_was_read_completely(context: Context, shelf: Shelf) -> None:
    ingest(context)

    with pytest.raises(ShopsyncError, match="was never read completely") as error:
        diff(context)

    assert "full_sync" in str(error.value)
    assert recent_plans(context) == []


def test_everything_is_new_to_an_empty_store(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    plan = planned(context)

    assert plan.summary["products"]["create"] == 5
    assert plan.summary["operations"] == {"product_create": 5}
    # Five creations, and one read that tells what Shopify made of them.
    assert plan.summary["estimate"]["requests"] == 6
    assert plan.summary["estimate"]["points"] > 0
    assert plan.state is PlanState.READY
    assert dev_store.products() == [], "a plan sends nothing"


def test_two_diffs_of_the_same_make_the_same_plan(context: Context, shelf: Shelf) -> None:
    first = planned(context)
    again = diff(context)

    assert (again.hash, again.inputs) == (first.hash, first.inputs)
    assert items_of(context, again) == items_of(context, first)
    assert again.plan_id != first.plan_id
    assert one_plan(context, first.plan_id).state is PlanState.SUPERSEDED


def test_two_diffs_of_linked_products_make_the_same_plan(context: Context, shelf: Shelf) -> None:
    sync(context)
    shelf.change("L1", price="99.00", title="Lamp One", tags="bright")
    shelf.change("L2", stock="7")

    assert planned(context).hash == planned(context).hash


def test_another_price_makes_another_plan(context: Context, shelf: Shelf) -> None:
    first = planned(context)
    shelf.change("L1", price="11.01")

    assert planned(context).hash != first.hash


def test_only_what_changed_is_planned_each_field_with_before_and_after(context: Context, shelf: Shelf) -> None:
    sync(context)
    shelf.change("L1", price="99.00")
    shelf.change("L2", stock="7")
    shelf.change("L3", title="Lamp Three")

    plan = planned(context)

    rows = {(row.product, row.field): (row.lane, row.operation, row.before, row.after, row.why)
            for row in plan_changes(context, plan.plan_id)}
    why = "changed in the catalog"
    assert rows == {
        ("handle:lamp-1", "variants[L1].price"): ("price", "variants_update", "11.00", "99.00", why),
        ("handle:lamp-2", "variants[L2].stock[default]"): ("stock", "inventory_set", 102, 7, why),
        ("handle:lamp-3", "title"): ("content", "product_update", "Lamp 3", "Lamp Three", why),
    }
    assert [item.lane.value for item in items_of(context, plan)] == ["stock", "price", "content"]
    assert plan.summary["products"] == {"create": 0, "update": 3, "conflict": 0, "kept": 0, "accepted": 0,
                                        "in_sync": 2, "gone": 0, "retire": 0}


def test_changes_are_shown_in_pages(context: Context, shelf: Shelf) -> None:
    plan = planned(context)
    everything = plan_changes(context, plan.plan_id)

    pages = [plan_changes(context, plan.plan_id, skip=skip, most=10) for skip in range(0, len(everything), 10)]

    assert [row for page in pages for row in page] == everything
    assert all(len(page) <= 10 for page in pages)


def test_a_limited_diff_plans_the_named_products_only(context: Context, shelf: Shelf) -> None:
    sync(context)
    shelf.change("L1", price="99.00")
    shelf.change("L2", price="98.00")
    ingest(context)
    read_store(context)

    plan = diff(context, only=keys_of(context, ["L2"]))

    assert changes_of(context, plan) == {("handle:lamp-2", "variants[L2].price"): "98.00"}
    assert plan.scope == "handle:lamp-2"


def test_a_limited_diff_leaves_other_products_conflicts_open(context: Context, shelf: Shelf,
                                                             dev_store: DevStore) -> None:
    sync(context)
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})
    assert planned(context).summary["conflicts"] == 1

    diff(context, only=["handle:lamp-2"])
    full = diff(context)

    assert full.summary["conflicts"] == 1


@pytest.mark.parametrize("name", ["L4", "lamp-4", "handle:lamp-4", " L4 "])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_products_are_found_by_any_of_their_names(context: Context, shelf: Shelf, name: str) -> None:
    ingest(context)
    assert keys_of(context, [name, "L4"]) == ["handle:lamp-4"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_products_are_found_by_their_shopify_id(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    gid = next(node["id"] for node in dev_store.products() if node["handle"] == "lamp-4")

    assert keys_of(context, [gid]) == keys_of(context, [gid.rpartition("/")[2]]) == ["handle:lamp-4"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_unknown_names_are_all_told(context: Context, shelf: Shelf) -> None:
    ingest(context)
    with pytest.raises(ShopsyncError, match="The catalog has no product L9, nope"):
        keys_of(context, ["L9", "L1", "nope"])
