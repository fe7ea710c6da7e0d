"""Blame, over a real store: each field's value is traced to a write of ours, an edit there, or a decision."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.blame import Blame, Who
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.engine.blame import blame, in_a_sentence
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.resolve import open_conflicts, resolve
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import push, read_store, sync
from shopsync_pipeline_tests.engine.undoing import edit, undo


def one(context: Context, name: str, field: str) -> Blame:
    (found,) = blame(context, name, field)
    return found


def test_every_field_of_a_new_product_was_set_by_the_run_that_made_it(context: Context, shelf: Shelf) -> None:
    run = sync(context)
    read_store(context)

    found = {entry.path: entry for entry in blame(context, "L1")}

    title = found["title"].by  # type: ignore[index]
    assert (title.who, title.before, title.after, title.sent) == (Who.SHOPSYNC, None, "Lamp 1", "Lamp 1")
    assert (title.run_id, title.plan_id, title.reason) == ("test", run.plan.plan_id, "new in the catalog")
    assert title.item_id
    with context.database.read() as connection:
        current = Imports(connection, context.shop_id).current()
    assert current is not None
    assert title.import_id == current.import_id
    assert in_a_sentence(title).startswith("shopsync on ")
    assert run.plan.plan_id in in_a_sentence(title)
    assert all(entry.by.who is Who.SHOPSYNC for path, entry in found.items() if path in (
        "title", "body_html", "tags", "status", "images", "variants[L1].price", "variants[L1].stock[default]"))


def test_an_edit_in_the_store_lies_between_two_reads(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    run = sync(context)
    read_store(context)
    edit(dev_store, "lamp-1", title="By hand", productType="Light")
    read_store(context)

    title = one(context, "handle:lamp-1", "title")

    assert (title.value, title.by.who, title.by.before) == ("By hand", Who.STORE, "Lamp 1")
    assert title.by.at is not None
    assert title.by.not_before is not None
    assert title.by.not_before < title.by.at
    assert [(event.who, event.plan_id) for event in title.history] == [
        (Who.SHOPSYNC, run.plan.plan_id), (Who.STORE, None)]
    assert in_a_sentence(title.by).startswith("changed in the store (by a person, an app or Shopify) after ")
    assert one(context, "L1", "vendor").by.who is Who.SHOPSYNC


def test_a_change_of_the_catalog_is_told_with_its_own_import(context: Context, shelf: Shelf) -> None:
    sync(context)
    shelf.change("L1", price="99.00")
    run = sync(context)

    price = one(context, "L1", "price")

    assert (price.path, price.value) == ("variants[L1].price", "99.00")
    assert (price.by.plan_id, price.by.reason, price.by.before) == (
        run.plan.plan_id, "changed in the catalog", "11.00")
    assert [event.after for event in price.history] == ["11.00", "99.00"]
    assert len({event.import_id for event in price.history}) == 2


def test_what_was_there_at_first_contact(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    dev_store.graphql('''mutation { productCreate(product: {title: "Lamp 1", handle: "lamp-1", vendor: "Acme",
        templateSuffix: "x", seo: {title: "Their own"}}) { product { id } } }''')
    sync(context)

    assert one(context, "lamp-1", "vendor").by.who is Who.FIRST_CONTACT
    assert one(context, "lamp-1", "seo.title").by.who is Who.STORE_ALONE


@pytest.mark.parametrize(("take", "who", "value"), [
    ("etilize", Who.SHOPSYNC, "11.00"), ("shopify", Who.REVIEW, "1.00")])
def test_a_decision_names_who_made_it(context: Context, shelf: Shelf, dev_store: DevStore, take: str, who: Who,
                                      value: str) -> None:
    sync(context)
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})
    sync(context)
    (conflict,) = open_conflicts(context)
    resolve(context, [conflict.conflict_id], take, by="Ada")
    push(context, diff(context))

    price = one(context, "L1", "price")

    assert (price.value, price.by.who, price.by.decided_by) == (value, who, "Ada")
    assert "Ada" in in_a_sentence(price.by)


def test_what_was_undone_says_so_and_that_it_is_held(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="Lamp One")
    report = undo(context, plan=sync(context).plan.plan_id)

    title = one(context, "L1", "title")
    assert (title.value, title.by.who, title.by.reason) == ("Lamp 1", Who.UNDO, "undone")
    assert title.by.plan_id == title.held_by == report.plan.plan_id

    shelf.change("L1", title="Lamp the First")
    ingest(context)
    assert one(context, "L1", "title").held_by is None


def test_a_deleted_product_still_tells_its_story(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    deletion = undo(context, plan=sync(context).plan.plan_id, products=("L1",))
    title = one(context, "handle:lamp-1", "title")
    assert (title.value, title.by.who, title.by.plan_id) == (None, Who.UNDO, deletion.plan.plan_id)


@pytest.mark.parametrize(("name", "field", "told"), [
    ("nope", None, "No product is called nope"),
    ("L1", "colour", "handle:lamp-1 has no field colour in the store. It has: title"),
])
def test_what_is_not_there_is_a_sentence(context: Context, shelf: Shelf, name: str, field: str | None,
                                         told: str) -> None:
    sync(context)
    with pytest.raises(ShopsyncError, match=told):
        blame(context, name, field)


def test_a_product_that_was_never_in_the_store(context: Context, shelf: Shelf) -> None:
    ingest(context)
    with pytest.raises(ShopsyncError, match="handle:lamp-1 is not linked to a product of the store"):
        blame(context, "L1")
