"""Roll-out on the dev store: what waits stays in the plan with its reason, what goes first decides over the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.db.plans import ItemState, Plans, PlanState, SavedPlan
from shopsync_pipeline.engine.approve import resume
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.review import one_plan, plan_changes
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, push, sync

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Make = Callable[..., Settings]


@pytest.fixture
def walled(dev_store: DevStore) -> Iterator[DevStore]:
    """A dev store whose walls a test may move; they stand where they stood afterwards."""
    yield dev_store
    dev_store.control("settings", {"variant_wall": 50_000, "daily_variants": 1000, "plan": "standard"})


def held(context: Context, plan: SavedPlan) -> dict[tuple[str, str], str]:
    """(product, field) → why it waits."""
    return {(row.product, row.field): row.note for row in plan_changes(context, plan.plan_id) if row.state == "held"}


def going(context: Context, plan: SavedPlan) -> set[tuple[str, str]]:
    return {(row.product, row.field) for row in plan_changes(context, plan.plan_id) if row.state == "planned"}


def values(store: DevStore) -> dict[str, tuple[str, str, int]]:
    return {node["handle"]: (node["title"], node["variants"]["nodes"][0]["price"],
                             node["variants"]["nodes"][0]["inventoryQuantity"]) for node in store.products()}


def at(make_settings: Make, **given: Any) -> Context:
    return Context.open(make_settings(**given))


def test_phases_let_more_go_each_time_and_end_in_step(context: Context, make_settings: Make, shelf: Shelf,
                                                      dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One", price="12.00", stock="7")
    shelf.change("L2", price="13.00")
    shelf.rows["L6"] = {**shelf.rows["L5"], "Handle": "lamp-6", "Title": "Lamp 6", "Variant SKU": "L6"}
    shelf.write()

    low = at(make_settings, SYNC_PHASE="low")
    plan = planned(low)
    assert going(low, plan) == {("handle:lamp-1", "title")}
    assert plan.summary["held"] == {"phase": 4}
    assert plan.summary["phase"] == "low"
    assert held(low, plan)["handle:lamp-2", "variants[L2].price"] == "its risk is medium and SYNC_PHASE sends up to low"
    report = push(low, plan)
    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.HELD)) == (1, 4)
    assert values(dev_store)["lamp-1"] == ("Lamp One", "11.00", 101)

    medium = at(make_settings, SYNC_PHASE="medium")
    assert sync(medium).items(ItemState.CONFIRMED) == 3
    assert values(dev_store)["lamp-1"] == ("Lamp One", "12.00", 7)
    assert "lamp-6" not in values(dev_store)

    assert sync(context).items(ItemState.CONFIRMED) == 1
    assert "lamp-6" in values(dev_store)
    assert sync(context).mutations == 0


@SQLITE
def test_a_phase_that_was_narrowed_after_planning_holds_at_sending(context: Context, make_settings: Make, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One")
    shelf.change("L2", price="13.00")
    plan = planned(context)

    report = push(at(make_settings, SYNC_PHASE="low"), plan)

    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.HELD)) == (1, 1)
    assert values(dev_store)["lamp-2"][1] == "12.00"


@SQLITE
def test_categories_let_only_their_products_go(context: Context, make_settings: Make, shelf: Shelf,
                                               dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", price="12.00", tags="bright, lamp, pilot")
    shelf.change("L2", price="13.00")
    shelf.rows["L3"]["Type"] = "Desk lamps"
    shelf.write()

    pilot = at(make_settings, SYNC_CATEGORIES="Desk*, PILOT")
    plan = planned(pilot)

    assert {key for key, _ in going(pilot, plan)} == {"handle:lamp-1", "handle:lamp-3"}
    assert held(pilot, plan) == {("handle:lamp-2", "variants[L2].price"):
                                 'neither its product type "Lamps" nor a tag is in SYNC_CATEGORIES'}
    push(pilot, plan)
    assert values(dev_store)["lamp-2"][1] == "12.00"
    assert values(dev_store)["lamp-1"][1] == "12.00"


@SQLITE
def test_another_phase_or_category_makes_another_plan(context: Context, make_settings: Make, shelf: Shelf) -> None:
    ingest(context)
    plans = [planned(at(make_settings, **given)) for given in ({}, {"SYNC_PHASE": "low"}, {"SYNC_CATEGORIES": "x"}, {})]
    assert len({plan.hash for plan in plans}) == 3
    assert plans[0].hash == plans[3].hash


@pytest.fixture
def twenty(make_settings: Make, tmp_path: Path) -> tuple[Context, Shelf]:
    """Twenty lamps in the store; a quarter of a lane goes first."""
    shelf = Shelf(tmp_path / "export", products=20)
    sync(at(make_settings))
    return at(make_settings, SYNC_CANARY_SHARE=0.25, SYNC_MAX_UPDATED_SHARE=1), shelf


def edited(store: DevStore, number: int) -> None:
    """A merchant changes a price after the plan was made, so its item goes stale."""
    store.control("merchant", {"action": "edit_variant", "sku": f"L{number}", "fields": {"price": "3.33"}})


def test_the_first_part_decides_over_the_rest(twenty: tuple[Context, Shelf], dev_store: DevStore,
                                              make_settings: Make) -> None:
    context, shelf = twenty
    for number in range(1, 21):
        shelf.change(f"L{number}", price="21.50", title=f"Lamp no {number}")
    plan = planned(context)
    for number in range(1, 21):
        edited(dev_store, number)
    context = at(make_settings, SYNC_CANARY_SHARE=0.25, SYNC_REREAD_AFTER=0)

    with pytest.raises(PlanRefusedError, match="5 of the 5 price items that went first were not applied"):
        push(context, plan)

    halted = one_plan(context, plan.plan_id)
    assert halted.state is PlanState.HALTED
    rows = plan_changes(context, plan.plan_id)
    assert [row.state for row in rows if row.lane == "price"].count("stale") == 5
    assert [row.state for row in rows].count("held") == 35
    assert all("5 of the 5 price items" in row.note for row in rows if row.state == "held")
    with pytest.raises(PlanRefusedError, match=f"shopsync plan continue {plan.plan_id}"):
        push(context, plan)
    assert all(title.startswith("Lamp ") and "no" not in title for title, _, _ in values(dev_store).values())

    continued, freed = resume(context, plan.plan_id, by=" Ada ", reason="the shop's own sale")
    assert (freed, continued.continued_by, continued.continue_reason) == (35, "Ada", "the shop's own sale")
    report = push(context, plan)
    assert (report.items(ItemState.STALE), report.items(ItemState.CONFIRMED)) == (20, 20)
    assert report.plan.state is PlanState.APPLIED
    with pytest.raises(PlanRefusedError, match="is applied, so there is nothing to continue"):
        resume(context, plan.plan_id, by="Ada", reason="again")


@SQLITE
def test_a_first_part_that_went_well_lets_the_rest_go(twenty: tuple[Context, Shelf], dev_store: DevStore) -> None:
    context, shelf = twenty
    for number in range(1, 21):
        shelf.change(f"L{number}", price="21.50")

    report = sync(context)

    assert report.items(ItemState.CONFIRMED) == 20
    assert {price for _, price, _ in values(dev_store).values()} == {"21.50"}


@SQLITE
def test_some_failures_are_borne(twenty: tuple[Context, Shelf], dev_store: DevStore, make_settings: Make) -> None:
    context, shelf = twenty
    for number in range(1, 21):
        shelf.change(f"L{number}", price="21.50")
    plan = planned(context)
    for number in range(1, 21):
        edited(dev_store, number)

    report = push(at(make_settings, SYNC_CANARY_SHARE=0.25, SYNC_CANARY_MAX_FAILED=1, SYNC_REREAD_AFTER=0), plan)

    assert report.items(ItemState.STALE) == 20


@SQLITE
def test_a_halted_plan_is_superseded_by_the_next(twenty: tuple[Context, Shelf], dev_store: DevStore) -> None:
    context, shelf = twenty
    shelf.change("L1", price="21.50")
    plan = planned(context)
    with context.database.write() as connection:
        Plans(connection, context.shop_id).halt(plan.plan_id, "why")
    diff(context)
    assert one_plan(context, plan.plan_id).state is PlanState.SUPERSEDED
    with pytest.raises(PlanRefusedError, match="is superseded, so there is nothing to continue"):
        resume(context, plan.plan_id, by="Ada", reason="late")


def test_past_the_wall_the_days_share_goes_today_and_the_rest_waits(make_settings: Make, tmp_path: Path,
                                                                    walled: DevStore) -> None:
    shelf, dev_store = Shelf(tmp_path / "export", products=4), walled
    dev_store.control("settings", {"variant_wall": 3, "daily_variants": 2})
    context = at(make_settings, SYNC_VARIANT_WALL=3, SYNC_DAILY_VARIANTS=2)
    sync(context)
    assert len(dev_store.products()) == 4
    for number in range(5, 9):
        shelf.rows[f"L{number}"] = {**shelf.rows["L4"], "Handle": f"lamp-{number}", "Variant SKU": f"L{number}"}
    shelf.write()

    plan = planned(context)

    (wall,) = plan.summary["walls"]
    assert (wall["name"], wall["limit"], wall["fate"], wall["count"]) == ("new variants a day", 2, "sent over days", 3)
    assert wall["products"] == ["handle:lamp-6", "handle:lamp-7", "handle:lamp-8"]
    assert wall["sentence"] == ("past 3 variants the shop may make 2 a day; 4 were made today, 1 go now, 3 wait, "
                                "3 days in all")
    report = push(context, plan)
    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.REJECTED), report.items(ItemState.HELD)) == (
        1, 0, 3)
    assert sync(context).mutations == 0, "today's share is used up, and the ledger knows"

    with context.database.write() as connection:
        connection.execute(text("UPDATE ledger SET sent_at = '2026-01-01 00:00:00'"))
    dev_store.control("clock", {"advance_seconds": 86_400})
    assert sync(context).items(ItemState.CONFIRMED) == 2
    assert len(dev_store.products()) == 7


@SQLITE
def test_no_limit_on_plus_or_where_it_was_lifted(make_settings: Make, tmp_path: Path, walled: DevStore) -> None:
    Shelf(tmp_path / "export", products=4)
    assert planned(at(make_settings, SYNC_VARIANT_WALL=0, SYNC_DAILY_VARIANTS=1)).summary["held"] == {"daily_limit": 3}
    assert planned(at(make_settings, SYNC_VARIANT_WALL=0, SYNC_DAILY_VARIANTS=0)).summary["held"] == {}
    walled.control("settings", {"plan": "plus"})
    assert planned(at(make_settings, SYNC_VARIANT_WALL=0, SYNC_DAILY_VARIANTS=1)).summary["held"] == {}


@SQLITE
def test_a_first_load_that_takes_too_many_days_is_refused(make_settings: Make, tmp_path: Path,
                                                          dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", products=9)
    plan = planned(at(make_settings, SYNC_VARIANT_WALL=0, SYNC_DAILY_VARIANTS=1))
    (reason,) = plan.refusals
    assert reason.startswith("9 variants would be created, which takes 9 days at the shop's daily limit")


@SQLITE
def test_a_wall_holds_the_field_and_lets_the_rest_of_the_product_go(context: Context, shelf: Shelf,
                                                                    dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="x" * 256, tags="bright", price="12.00")

    plan = planned(context)

    assert held(context, plan) == {("handle:lamp-1", "title"): "title has 256 characters; Shopify takes 255"}
    (wall,) = plan.summary["walls"]
    assert (wall["name"], wall["products"], wall["fate"]) == ("title", ["handle:lamp-1"], "not sent")
    report = push(context, plan)
    assert (report.items(ItemState.CONFIRMED), report.items(ItemState.HELD)) == (2, 1)
    assert values(dev_store)["lamp-1"][:2] == ("Lamp 1", "12.00")


def test_what_the_catalog_changed_after_the_plan_is_set_aside_and_named(context: Context, shelf: Shelf,
                                                                        dev_store: DevStore) -> None:
    sync(context)
    for number in range(1, 6):
        shelf.change(f"L{number}", price="12.50")
    shelf.change("L4", title="Lamp Four")
    plan = planned(context)
    shelf.change("L1", price="12.75")
    shelf.change("L2", title="Another title")
    shelf.remove("L3")
    shelf.change("L4", stock="3")
    ingest(context)

    report = push(context, plan)

    assert {(key, why) for key, _, _, why in report.set_aside} == {
        ("handle:lamp-1", "the catalog's variants[L1].price changed after the plan was made; the next diff looks at it "
                          "again"),
        ("handle:lamp-3", "the product is no longer in the catalog"),
    }
    assert {handle: price for handle, (_, price, _) in values(dev_store).items()} == {
        "lamp-1": "11.00", "lamp-2": "12.50", "lamp-3": "13.00", "lamp-4": "12.50", "lamp-5": "12.50"}
    assert sync(context).items(ItemState.CONFIRMED) == 4, "the lamp that left becomes a draft"
    assert values(dev_store)["lamp-1"][1] == "12.75"


@SQLITE
def test_a_new_product_that_left_the_catalog_is_not_created(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    plan = planned(context)
    shelf.remove("L1")
    ingest(context)
    report = push(context, plan)
    assert report.items(ItemState.CONFIRMED) == 4
    assert "lamp-1" not in values(dev_store)
