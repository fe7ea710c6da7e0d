"""Undo, over a real store: what was written is taken back, what people did since stays, and syncs keep to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from shopsync_pipeline.core.errors import PlanRefusedError, ShopsyncError
from shopsync_pipeline.db.plans import ItemState, PlanState
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.hold import held_by_undo
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.resolve import resolve
from shopsync_pipeline.engine.undo import sentences
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import changes_of, planned, push, sync
from shopsync_pipeline_tests.engine.undoing import edit, plan_of, send, shown, undo


def change_much(shelf: Shelf) -> None:
    shelf.change("L1", title="Lamp One", price="49.00", tags="bright, lamp, new")
    shelf.change("L2", image="https://img.example/other.jpg", stock="7")
    shelf.rows["L3"]["Body (HTML)"] = "<p>Brighter</p>"
    shelf.change("L3", price="48.00")


def test_an_ordinary_run_is_taken_back_and_stock_is_not(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    before = shown(dev_store)
    change_much(shelf)
    run = sync(context)
    assert shown(dev_store) != before

    plan = plan_of(context, plan=run.plan.plan_id)
    assert shown(dev_store) != before, "a plan sends nothing"
    assert plan.scope == f"undo of plan {run.plan.plan_id}"
    assert plan.summary["estimate"]["points"] > 0
    assert plan.summary["products"]["update"] == 3
    report = send(context, plan)

    assert report.set_aside == []
    after = shown(dev_store)
    assert after["lamp-2"]["variants"]["nodes"][0].pop("inventoryQuantity") == 7
    assert before["lamp-2"]["variants"]["nodes"][0].pop("inventoryQuantity") == 102
    assert after == before
    assert sentences(context, report.plan) == [
        "1 not taken back: stock is taken back only when that is asked for, because orders move it"]


def test_the_next_sync_does_not_send_again_what_was_undone_until_the_catalog_changes(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    change_much(shelf)
    undo(context, plan=sync(context).plan.plan_id)
    undone = shown(dev_store)

    assert sync(context).mutations == 0
    assert sync(context).mutations == 0
    assert shown(dev_store) == undone
    assert {one.path: (one.catalog, one.store) for one in held_by_undo(context)
            if one.product_key == "handle:lamp-1"} == {
        "title": ("Lamp One", "Lamp 1"), "variants[L1].price": ("49.00", "11.00"),
        "tags": (["bright", "lamp", "new"], ["bright", "lamp"]),
    }

    shelf.change("L1", title="Lamp the First")
    plan = planned(context)
    assert changes_of(context, plan) == {("handle:lamp-1", "title"): "Lamp the First"}
    push(context, plan)
    assert {one.path for one in held_by_undo(context) if one.product_key == "handle:lamp-1"} == {
        "variants[L1].price", "tags"}


def test_an_edit_of_what_was_undone_is_a_store_edit_like_any_other(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One")
    undo(context, plan=sync(context).plan.plan_id)
    edit(dev_store, "lamp-1", title="By hand")

    plan = planned(context)

    assert (plan.summary["kept"], plan.summary["products"]["update"]) == (1, 0)
    assert held_by_undo(context) == []


@pytest.mark.parametrize("strategy", ["etilize_priority", "manual_review", "shopify_priority"])
def test_under_no_strategy_is_anything_sent_again(make_settings: Callable[..., Settings], shelf: Shelf,
                                                  dev_store: DevStore, strategy: str) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION=strategy))
    first = sync(context)
    change_much(shelf)
    undo(context, plan=sync(context).plan.plan_id)
    assert sync(context).mutations == 0
    undo(context, plan=first.plan.plan_id, products=("L5",))
    assert sorted(shown(dev_store)) == ["lamp-1", "lamp-2", "lamp-3", "lamp-4"]
    assert sync(context).mutations == 0
    assert sync(context).mutations == 0


def test_edits_made_since_are_named_and_left_alone(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    change_much(shelf)
    run = sync(context)
    edit(dev_store, "lamp-1", title="By hand")

    plan = plan_of(context, plan=run.plan.plan_id)
    report = send(context, plan)

    assert report.set_aside == []
    assert plan.summary["undo"]["clashes"] == [{
        "product": "handle:lamp-1", "field": "title", "before": "Lamp 1", "wrote": "Lamp One", "now": "By hand",
        "why": "edited in the store since"}]
    assert ("handle:lamp-1 title is left alone: edited in the store since; shopsync wrote 'Lamp One', the store now "
            "shows 'By hand'") in sentences(context, plan)
    assert shown(dev_store)["lamp-1"]["title"] == "By hand"
    assert shown(dev_store)["lamp-1"]["variants"]["nodes"][0]["price"] == "11.00"

    forced = undo(context, plan=run.plan.plan_id, forced=("title",))
    assert forced.mutations == 1
    assert shown(dev_store)["lamp-1"]["title"] == "Lamp 1"


def test_an_edit_between_plan_and_push_is_not_overwritten(make_settings: Callable[..., Settings], shelf: Shelf,
                                                          dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_REREAD_AFTER=0))
    first = sync(context)
    shelf.change("L1", title="Lamp One")
    run = sync(context)
    plan = plan_of(context, plan=run.plan.plan_id)
    edit(dev_store, "lamp-1", title="By hand")
    assert [state for _, _, state, _ in send(context, plan).set_aside] == ["stale"]

    plan = plan_of(context, plan=first.plan.plan_id, products=("lamp-2",))
    assert plan.summary["products"]["delete"] == 1
    edit(dev_store, "lamp-2", tags=["bright", "lamp", "staff pick"])
    ((_, operation, state, why),) = send(context, plan).set_aside
    assert (operation, state) == ("product_delete", "stale")
    assert why == "tags was changed in the store since, so the product is not deleted"
    assert shown(dev_store)["lamp-1"]["title"] == "By hand"
    assert "lamp-2" in shown(dev_store)


def test_an_undo_is_undone_like_any_plan(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    change_much(shelf)
    run = sync(context)
    changed = shown(dev_store)
    first = undo(context, plan=run.plan.plan_id)
    assert shown(dev_store) != changed

    undo(context, plan=first.plan.plan_id)

    assert shown(dev_store) == changed
    assert held_by_undo(context) == []
    assert sync(context).mutations == 0
    again = undo(context, plan=run.plan.plan_id)
    assert again.items(ItemState.CONFIRMED) == first.items(ItemState.CONFIRMED)
    assert undo(context, plan=run.plan.plan_id).mutations == 0, "what is taken back already is not taken back twice"


def test_one_field_of_a_run_or_of_a_product(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    change_much(shelf)
    run = sync(context)

    undo(context, plan=run.plan.plan_id, fields=("price",))
    prices = {handle: node["variants"]["nodes"][0]["price"] for handle, node in shown(dev_store).items()}
    assert (prices["lamp-1"], prices["lamp-3"]) == ("11.00", "13.00")
    assert shown(dev_store)["lamp-1"]["title"] == "Lamp One"

    plan = plan_of(context, products=("L1",), fields=("title",))
    assert plan.scope == "undo of the last write to handle:lamp-1, only title"
    send(context, plan)
    assert shown(dev_store)["lamp-1"]["title"] == "Lamp 1"
    assert "new" in shown(dev_store)["lamp-1"]["tags"]
    assert shown(dev_store)["lamp-3"]["descriptionHtml"] == "<p>Brighter</p>"


def test_several_writes_in_a_span_of_time_go_back_to_before_the_first(context: Context, shelf: Shelf,
                                                                     dev_store: DevStore) -> None:
    sync(context)
    before = shown(dev_store)
    since = now()
    for price in ("50.00", "54.00"):
        shelf.change("L1", price=price, title=f"Lamp at {price}")
        shelf.change("L2", tags=f"bright, {price}")
        sync(context)
    until = now()
    shelf.change("L2", tags="bright, later")
    later = sync(context)

    plan = plan_of(context, since=since, until=until)
    send(context, plan)

    assert shown(dev_store)["lamp-1"] == before["lamp-1"]
    assert shown(dev_store)["lamp-2"]["tags"] == ["bright", "later"]
    (clash,) = plan.summary["undo"]["clashes"]
    assert (clash["product"], clash["field"], clash["why"]) == (
        "handle:lamp-2", "tags", f"written again by plan {later.plan.plan_id}")
    assert plan_of(context, since=since, until=until + timedelta(hours=1)).summary["products"]["update"] == 1


def test_stock_is_taken_back_where_that_is_asked_and_neither_feed_nor_orders_have_spoken(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    for number in range(1, 4):
        shelf.change(f"L{number}", stock=str(number))
    run = sync(context)
    dev_store.control("merchant", {"action": "order", "sku": "L2", "quantity": 1})
    shelf.change("L3", stock="33")
    ingest(context)

    plan = plan_of(context, plan=run.plan.plan_id, stock=True)
    send(context, plan)

    stock = {handle: node["variants"]["nodes"][0]["inventoryQuantity"] for handle, node in shown(dev_store).items()}
    assert (stock["lamp-1"], stock["lamp-2"], stock["lamp-3"]) == (101, 1, 3)
    assert [one["product"] for one in plan.summary["undo"]["clashes"]] == ["handle:lamp-2"]
    assert plan.summary["undo"]["left_counts"] == {"the feed has given another figure since": 1}


def test_new_products_are_deleted_or_if_somebody_changed_them_taken_out_of_sale(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    run = sync(context)
    edit(dev_store, "lamp-1", title="By hand")
    dev_store.control("merchant", {"action": "order", "sku": "L2", "quantity": 1})
    dev_store.control("merchant", {"action": "set_metafield", "handle": "lamp-3", "metafield": {
        "namespace": "custom", "key": "care", "type": "single_line_text_field", "value": "Dust it"}})
    edit(dev_store, "lamp-4", status="ARCHIVED", title="Mine")

    plan = plan_of(context, plan=run.plan.plan_id)
    assert {one["product"]: one["fate"] for one in plan.summary["undo"]["products"]} == {
        "handle:lamp-1": "set to draft", "handle:lamp-2": "set to draft", "handle:lamp-3": "set to draft",
        "handle:lamp-5": "deleted"}
    send(context, plan)

    assert {handle: node["status"] for handle, node in shown(dev_store).items()} == {
        "lamp-1": "DRAFT", "lamp-2": "DRAFT", "lamp-3": "DRAFT", "lamp-4": "ARCHIVED"}
    assert sync(context).mutations == 0, "what was deleted is not made again, what is a draft stays one"
    assert ("handle:lamp-5", "product") in {(one.product_key, one.path) for one in held_by_undo(context)}


def test_a_deleted_product_is_made_anew_with_its_content_and_its_new_id_is_told(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    run = sync(context)
    before = shown(dev_store)
    ids = {node["handle"]: node["id"] for node in dev_store.products()}
    deletion = undo(context, plan=run.plan.plan_id)
    assert dev_store.products() == []
    assert sync(context).mutations == 0

    plan = plan_of(context, plan=deletion.plan.plan_id)
    assert "it was deleted by what is undone, and gets a new Shopify id" in sentences(context, plan)[0]
    report = send(context, plan)

    assert report.set_aside == []
    assert shown(dev_store) == before
    new = {node["handle"]: node["id"] for node in dev_store.products()}
    assert sentences(context, plan)[0].endswith(f"{new['lamp-1']} (it was {ids['lamp-1']})")
    assert held_by_undo(context) == []
    assert sync(context).mutations == 0
    shelf.change("L1", title="Lamp One")
    assert sync(context).mutations == 1
    assert shown(dev_store)["lamp-1"]["title"] == "Lamp One"


def test_what_was_made_anew_by_somebody_else_is_left_alone(context: Context, shelf: Shelf,
                                                           dev_store: DevStore) -> None:
    run = sync(context)
    deletion = undo(context, plan=run.plan.plan_id, products=("L1",))
    dev_store.graphql('''mutation { productCreate(product: {title: "Back", handle: "lamp-1", metafields: [
        {namespace: "shopsync", key: "source_id", type: "id", value: "handle:lamp-1"}]}) { product { id } } }''')

    plan = plan_of(context, plan=deletion.plan.plan_id)

    (clash,) = plan.summary["undo"]["clashes"]
    assert clash["why"].startswith("it was deleted, and is in the store again as gid://shopify/Product/")
    assert plan.summary["operations"] == {}


def test_a_product_that_a_merchant_deleted_is_a_clash(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One")
    run = sync(context)
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-1"})

    plan = plan_of(context, plan=run.plan.plan_id)

    assert [one["why"] for one in plan.summary["undo"]["clashes"]] == ["the product was deleted in the store since"]


def test_an_undo_beyond_the_bounds_needs_approval_like_any_plan(make_settings: Callable[..., Settings],
                                                                dev_store: DevStore, shelf: Shelf) -> None:
    large = Shelf(shelf.file.parent, products=20)
    context = Context.open(make_settings())
    run = sync(context)
    plan = plan_of(context, plan=run.plan.plan_id)

    assert plan.state is PlanState.REFUSED
    assert [refusal.split(";")[0] for refusal in plan.refusals] == ["20 of 20 linked products (100%) would be deleted"]
    with pytest.raises(PlanRefusedError, match="may not be sent"):
        send(context, plan)
    assert len(dev_store.products()) == len(large.rows) == 20
    approve(context, plan.plan_id, by="Ada", reason="the wrong shop")
    send(context, plan)
    assert dev_store.products() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", ["drop_before_write", "drop_after_write"])
@pytest.mark.parametrize("root", ["productDelete", "productSet"])
def test_a_lost_answer_leaves_an_undo_as_an_undisturbed_one(context: Context, shelf: Shelf, dev_store: DevStore,
                                                           root: str, fault: str) -> None:
    run = sync(context)
    before = shown(dev_store)
    plan = plan_of(context, plan=run.plan.plan_id)
    if root == "productSet":
        plan = plan_of(context, plan=send(context, plan).plan.plan_id)
    dev_store.control("fault", {"kind": fault, "root": root})

    report = send(context, plan)

    assert dev_store.control("stats")["open_faults"] == [], "the fault was met"
    assert report.items(ItemState.CONFIRMED) == 5
    assert shown(dev_store) == ({} if root == "productDelete" else before)
    assert sync(context).mutations == 0


def test_a_decision_ends_the_hold_on_a_product_that_an_undo_deleted(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    undo(context, plan=sync(context).plan.plan_id, products=("L1",))
    (hold,) = held_by_undo(context)
    assert hold.conflict_id is not None
    sync(context)

    resolve(context, [hold.conflict_id], "etilize", by="Ada")
    sync(context)

    assert "lamp-1" in shown(dev_store)
    assert held_by_undo(context) == []


def test_a_product_that_the_catalog_no_longer_has_is_taken_back_too(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    run = sync(context)
    before = shown(dev_store)
    shelf.remove("L1")
    ingest(context)
    deletion = undo(context, plan=run.plan.plan_id, products=("handle:lamp-1",))
    assert "lamp-1" not in shown(dev_store)
    assert held_by_undo(context) == [], "the catalog does not ask for it"

    undo(context, plan=deletion.plan.plan_id)

    assert shown(dev_store) == before
    assert sync(context).mutations == 0


@pytest.mark.parametrize(("asked", "told"), [
    ({}, "Name what to undo"),
    ({"plan": "p", "run": "r"}, "Name either a run or a plan to undo"),
    ({"plan": "nope"}, "There is nothing to undo: the ledger has no write that took effect of plan nope"),
    ({"products": ("nope",)}, "No product is called nope"),
])
def test_what_cannot_be_undone_is_a_sentence(context: Context, shelf: Shelf, asked: dict[str, object],
                                             told: str) -> None:
    with pytest.raises(ShopsyncError, match=told):
        plan_of(context, **asked)


def test_a_plan_that_is_no_undo_is_not_sent_as_one(context: Context, shelf: Shelf) -> None:
    with pytest.raises(PlanRefusedError, match="is no undo but a plan for all"):
        send(context, planned(context))
