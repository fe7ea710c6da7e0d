"""Both sides changed the same field: it is recorded with all values, waits or is decided, and is carried out later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.resolve import open_conflicts, resolve
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import changes_of, conflicts_of, planned, push, sync


def title(store: DevStore, handle: str = "lamp-1") -> str:
    return next(str(node["title"]) for node in store.products() if node["handle"] == handle)


def price(store: DevStore, handle: str = "lamp-1") -> str:
    return next(str(node["variants"]["nodes"][0]["price"]) for node in store.products() if node["handle"] == handle)


def edit_title(store: DevStore, text: str, handle: str = "lamp-1") -> None:
    store.control("merchant", {"action": "edit_product", "handle": handle, "fields": {"title": text}})


def disputed(context: Context, shelf: Shelf, store: DevStore) -> str:
    """Both sides change the title of lamp 1 after a first sync; returns the conflict's id."""
    sync(context)
    shelf.change("L1", title="Catalog lamp")
    edit_title(store, "Merchant lamp")
    plan = planned(context)
    assert changes_of(context, plan) == {}
    (conflict,) = open_conflicts(context)
    return conflict.conflict_id


def test_a_conflict_is_recorded_with_all_values_and_nothing_is_planned(context: Context, shelf: Shelf,
                                                                       dev_store: DevStore) -> None:
    disputed(context, shelf, dev_store)

    (conflict,) = open_conflicts(context)
    assert (conflict.product_key, conflict.path, conflict.dispute) == ("handle:lamp-1", "title", "both sides changed")
    faces = conflict.faces
    assert (faces.base_remote, faces.local, faces.remote) == ("Lamp 1", "Catalog lamp", "Merchant lamp")
    assert push(context, planned(context)).mutations == 0
    assert title(dev_store) == "Merchant lamp"
    assert len(conflicts_of(context)) == 1, "meeting it again makes no second one"


def test_a_conflict_decided_for_the_catalog_is_pushed(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    assert resolve(context, [disputed(context, shelf, dev_store)], "etilize", by="Ada") == 1

    report = sync(context)

    assert report.mutations == 1
    assert title(dev_store) == "Catalog lamp"
    assert sync(context).mutations == 0
    assert [(one.state, one.resolved_by) for one in conflicts_of(context)] == [(ConflictState.SETTLED, "Ada")]


def test_a_conflict_decided_for_the_store_is_remembered(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    resolve(context, [disputed(context, shelf, dev_store)], "shopify", by="Ada")

    assert sync(context).mutations == 0
    assert sync(context).plan.summary["conflicts"] == 0
    assert title(dev_store) == "Merchant lamp"
    shelf.change("L1", title="Next season's lamp")
    assert sync(context).mutations == 1
    assert title(dev_store) == "Next season's lamp", "a later change of the catalog alone is no conflict"


def test_a_decision_holds_for_the_values_that_were_shown_only(context: Context, shelf: Shelf,
                                                              dev_store: DevStore) -> None:
    resolve(context, [disputed(context, shelf, dev_store)], "etilize", by="Ada")
    edit_title(dev_store, "Merchant lamp, second thoughts")

    report = sync(context)

    assert report.mutations == 0
    assert title(dev_store) == "Merchant lamp, second thoughts"
    (conflict,) = open_conflicts(context)
    assert conflict.faces.remote == "Merchant lamp, second thoughts"
    assert conflict.state is ConflictState.PENDING


def test_a_conflict_that_went_away_by_itself_is_superseded(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    disputed(context, shelf, dev_store)
    edit_title(dev_store, "Catalog lamp")

    assert sync(context).mutations == 0

    assert open_conflicts(context) == []
    assert [one.state for one in conflicts_of(context)] == [ConflictState.SUPERSEDED]


def test_a_decision_can_be_changed_before_it_is_carried_out(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    conflict = disputed(context, shelf, dev_store)
    resolve(context, [conflict], "etilize", by="Ada")
    resolve(context, [conflict], "shopify", by="Grace")

    assert sync(context).mutations == 0
    assert title(dev_store) == "Merchant lamp"


def test_a_decision_for_the_store_is_carried_out_by_the_diff_and_then_no_longer_open(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    conflict = disputed(context, shelf, dev_store)
    resolve(context, [conflict], "shopify", by="Ada")
    planned(context)
    with pytest.raises(ShopsyncError, match="It may have been decided"):
        resolve(context, [conflict], "etilize", by="Grace")
    assert [(one.state, one.resolved_by) for one in conflicts_of(context)] == [(ConflictState.SETTLED, "Ada")]


def test_an_edit_of_a_shared_field_stands_until_someone_puts_it_back(context: Context, shelf: Shelf,
                                                                     dev_store: DevStore) -> None:
    sync(context)
    edit_title(dev_store, "Merchant lamp")
    assert sync(context).mutations == 0
    assert title(dev_store) == "Merchant lamp"
    assert open_conflicts(context) == []
    (kept,) = open_conflicts(context, kept=True)
    assert kept.state is ConflictState.KEPT

    resolve(context, [kept.conflict_id], "etilize", by="Ada")

    assert sync(context).mutations == 1
    assert title(dev_store) == "Lamp 1"


def test_an_edited_price_is_never_put_back_unseen(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})

    assert sync(context).mutations == 0

    (conflict,) = open_conflicts(context)
    assert (conflict.path, conflict.dispute) == ("variants[L1].price", "edited in the store")
    resolve(context, [conflict.conflict_id], "etilize", by="Ada")
    assert sync(context).mutations == 1
    assert price(dev_store) == "11.00"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("strategy", "shown", "mutations"), [
    ("etilize_priority", "Catalog lamp", 1), ("shopify_priority", "Merchant lamp", 0)])
def test_a_strategy_decides_and_its_decision_is_on_record(
    make_settings: Callable[..., Settings], shelf: Shelf, dev_store: DevStore, strategy: str, shown: str,
    mutations: int,
) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION=strategy))
    sync(context)
    shelf.change("L1", title="Catalog lamp")
    edit_title(dev_store, "Merchant lamp")

    report = sync(context)

    assert report.mutations == mutations
    assert title(dev_store) == shown
    (conflict,) = conflicts_of(context)
    assert (conflict.state, conflict.strategy) == (ConflictState.AUTO_RESOLVED, strategy)
    assert (conflict.faces.local, conflict.faces.remote) == ("Catalog lamp", "Merchant lamp")
    assert sync(context).mutations == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_auto_resolve_every_conflict_waits(make_settings: Callable[..., Settings], shelf: Shelf,
                                                   dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION="etilize_priority", SYNC_AUTO_RESOLVE=False))
    disputed(context, shelf, dev_store)
    assert title(dev_store) == "Merchant lamp"


def test_a_product_deleted_in_the_store_comes_back_only_if_asked_for(context: Context, shelf: Shelf,
                                                                     dev_store: DevStore) -> None:
    sync(context)
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-1"})
    assert sync(context).mutations == 0
    (conflict,) = open_conflicts(context)
    assert (conflict.path, conflict.dispute) == ("product", "deleted in the store")

    resolve(context, [conflict.conflict_id], "etilize", by="Ada")

    assert sync(context).mutations == 1
    assert sorted(node["handle"] for node in dev_store.products()) == [f"lamp-{n}" for n in range(1, 6)]
    assert sync(context).mutations == 0


def test_a_product_that_shall_come_back_is_planned_until_it_does_and_deleted_again_it_waits_again(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    for _ in range(2):
        dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-1"})
        assert sync(context).mutations == 0
        (conflict,) = open_conflicts(context)
        resolve(context, [conflict.conflict_id], "etilize", by="Ada")
        assert changes_of(context, planned(context)) == changes_of(context, planned(context)) != {}
        assert sync(context).mutations == 1
        assert conflicts_of(context, ConflictState.RESOLVED) == []


def test_a_product_deleted_in_the_store_stays_away_if_that_is_accepted(context: Context, shelf: Shelf,
                                                                       dev_store: DevStore) -> None:
    sync(context)
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-1"})
    sync(context)
    (conflict,) = open_conflicts(context)

    resolve(context, [conflict.conflict_id], "shopify", by="Ada")

    for _ in range(3):
        shelf.change("L1", price=shelf.rows["L1"]["Variant Price"].replace("1", "2"))
        assert sync(context).mutations == 0
    assert open_conflicts(context) == []
    assert len(dev_store.products()) == 4


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("side", "by", "told"), [
    ("distributor", "Ada", '"distributor" is no side of a conflict; choose etilize or shopify'),
    ("etilize", "  ", "A decision needs the name of who made it"),
])
def test_a_decision_that_makes_no_sense_is_refused(context: Context, shelf: Shelf, dev_store: DevStore, side: str,
                                                   by: str, told: str) -> None:
    conflict = disputed(context, shelf, dev_store)
    with pytest.raises(ShopsyncError, match=told):
        resolve(context, [conflict], side, by=by)
    assert [one.state for one in open_conflicts(context)] == [ConflictState.PENDING]


def test_one_unknown_id_among_good_ones_decides_nothing(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    conflict = disputed(context, shelf, dev_store)
    with pytest.raises(ShopsyncError, match="There is no open conflict nobody-knows-me"):
        resolve(context, [conflict, "nobody-knows-me"], "etilize", by="Ada")
    assert [one.state for one in open_conflicts(context)] == [ConflictState.PENDING]


def test_changed_options_of_a_product_cannot_be_pushed_and_say_so(context: Context, shelf: Shelf,
                                                                  dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", option="Colour", value="Red")
    assert sync(context).mutations == 0
    (conflict,) = open_conflicts(context)
    assert conflict.path == "options"

    with pytest.raises(ShopsyncError, match="options of handle:lamp-1"):
        resolve(context, [conflict.conflict_id], "etilize", by="Ada")

    resolve(context, [conflict.conflict_id], "shopify", by="Ada")
    sync(context)
    assert open_conflicts(context) == []
