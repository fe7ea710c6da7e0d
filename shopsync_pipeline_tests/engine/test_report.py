"""The report of a plan: what matters first, the same figures in each form, every change in the CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from shopsync_pipeline.core.report import markdown
from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.report import plan_csv, plan_json, plan_report
from shopsync_pipeline.engine.review import one_plan, plan_changes
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import items_of, planned, push, sync


@pytest.fixture
def eventful(make_settings: Callable[..., Settings], tmp_path: Path, dev_store: DevStore) -> tuple[Context, str]:
    """A plan with prices, stock and titles, a wall, a conflict and a broken bound."""
    shelf = Shelf(tmp_path / "export", products=20)
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE=0.1))
    sync(context)
    for number in range(1, 9):
        shelf.change(f"L{number}", price="12.50", stock="5", title=f"Lamp | {number}")
    shelf.change("L9", title="x" * 256)
    shelf.rows["L21"] = {**shelf.rows["L20"], "Handle": "lamp-21", "Variant SKU": "L21"}
    shelf.write()
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L10", "fields": {"price": "1.00"}})
    return context, planned(context).plan_id


def test_walls_come_first_then_what_needs_approval(eventful: tuple[Context, str]) -> None:
    context, plan_id = eventful
    told = markdown(plan_report(context, plan_id))
    headings = [line for line in told.splitlines() if line.startswith("#")]
    assert headings[:6] == [f"# Plan {plan_id}", "## Walls ahead", "## Needs approval", "## Held", "## What goes when",
                            "## Items"]
    assert headings[-1] == "## Conflicts that wait"
    assert ("| title | 255 | 1 | not sent: what is beyond 255 is not sent; the rest of the product is | handle:lamp-9 |"
            in told)
    assert "- 8 of 20 linked products (40%) would be updated; the bound is 10% (SYNC_MAX_UPDATED_SHARE)" in told
    assert "**1 to create, 9 to update**, " in told
    assert "| title has 256 characters; Shopify takes 255 | 1 | wall | handle:lamp-9 |" in told
    assert "| price | medium | variants_update | planned | 8 |" in told
    assert "## First changes: pricing (5 of 8)" in told
    assert "| handle:lamp-1 | variants[L1].price | 11.00 | 12.50 | changed in the catalog |" in told
    assert "| handle:lamp-1 | title | Lamp 1 | Lamp \\| 1 | changed in the catalog |" in told
    assert "| handle:lamp-10 | variants[L10].price | 20.00 | 20.00 | 1.00 | edited in the store |" in told
    assert "## First changes: product_create" in told


def test_the_lanes_add_up_to_the_plan(eventful: tuple[Context, str]) -> None:
    context, plan_id = eventful
    summary = plan_report(context, plan_id).summary
    lanes = summary["lanes"]
    assert list(lanes) == ["stock", "price", "content", "creation"]
    assert {lane: found["items"] for lane, found in lanes.items()} == {
        "stock": 8, "price": 8, "content": 8, "creation": 1}
    assert lanes["stock"]["requests"] == 1
    for name in ("points", "requests"):
        assert sum(found[name] for found in lanes.values()) == pytest.approx(summary["estimate"][name], abs=0.3)
    assert summary["groups"] == {"content": 8, "inventory": 8, "pricing": 8}
    assert summary["risks"] == {"high": 1, "low": 8, "medium": 16}


def test_an_approval_and_what_became_of_it_are_in_the_report(eventful: tuple[Context, str]) -> None:
    context, plan_id = eventful
    approve(context, plan_id, by="Ada", reason="new prices")
    push(context, one_plan(context, plan_id))
    told = markdown(plan_report(context, plan_id))
    assert "**applied**" in told
    assert "approved by Ada, " in told
    assert " UTC: new prices" in told
    assert "| price | medium | variants_update | confirmed | 8 |" in told


def test_the_csv_has_every_change_with_whole_values(eventful: tuple[Context, str]) -> None:
    context, plan_id = eventful
    rows = list(csv.DictReader(io.StringIO("".join(plan_csv(context, plan_id)))))
    changes = plan_changes(context, plan_id)
    assert [(row["product"], row["field"]) for row in rows] == [(one.product, one.field) for one in changes]
    (long,) = [row for row in rows if row["product"] == "handle:lamp-9"]
    assert (long["after"], long["state"], long["note"]) == ("x" * 256, "held",
                                                            "title has 256 characters; Shopify takes 255")
    stock = [row for row in rows if row["lane"] == "stock"]
    assert [(row["before"], row["after"]) for row in stock] == [(str(100 + n), "5") for n in range(1, 9)]
    created = {row["field"]: row["after"] for row in rows if row["operation"] == "product_create"}
    assert json.loads(created["options"]) == ["Title"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_json_has_the_same_figures(eventful: tuple[Context, str]) -> None:
    context, plan_id = eventful
    told = json.loads(json.dumps(plan_json(context, plan_id)))
    assert told["plan_id"] == plan_id
    assert told["summary"]["products"]["update"] == 9
    assert told["refusals"][0].startswith("8 of 20")
    assert {"lane": "price", "risk": "medium", "operation": "variants_update", "state": "planned", "items": 8} \
        in told["counts"]
    assert told["held"] == [{"hold": "wall", "why": "title has 256 characters; Shopify takes 255", "items": 1,
                             "products": ["handle:lamp-9"]}]
    assert told["conflicts"][0]["product"] == "handle:lamp-10"


def test_dependencies_can_be_asked_by_sql(context: Context, shelf: Shelf) -> None:
    shelf.rows["L1"]["Variant Inventory Tracker"] = ""
    shelf.write()
    sync(context)
    shelf.rows["L1"]["Variant Inventory Tracker"] = "shopify"
    shelf.change("L1", stock="9")

    plan = planned(context)

    waiting = {item.item_id: item for item in items_of(context, plan) if item.depends_on}
    with context.database.read() as connection:
        rows = connection.execute(text(
            "SELECT a.operation, b.operation FROM sync_dependency d "
            "JOIN plan_item a ON a.plan_id = d.plan_id AND a.item_id = d.item_id "
            "JOIN plan_item b ON b.plan_id = d.plan_id AND b.item_id = d.depends_on WHERE d.plan_id = :plan"),
            {"plan": plan.plan_id}).all()
    assert rows == [("inventory_set", "variants_update")]
    assert len(waiting) == 1
    assert "1 items wait for another one (table `sync_dependency`)." in markdown(plan_report(context, plan.plan_id))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_empty_plan_has_a_report_too(context: Context, shelf: Shelf) -> None:
    sync(context)
    told = markdown(plan_report(context, planned(context).plan_id))
    assert "None: the platform takes all of it." in told
    assert "No: all bounds are kept." in told
    assert "Nothing is to be sent." in told
