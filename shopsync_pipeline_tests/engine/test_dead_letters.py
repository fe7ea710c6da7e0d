"""Dead letters on the dev store: what was refused is not sent again as it was, all else is, and people decide."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline.core.dead_letters import LetterState
from shopsync_pipeline.core.fields import Path
from shopsync_pipeline.core.overrides import Override
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline.db.plans import ItemState, SavedPlan
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.letter_decisions import (
    Chosen,
    edit,
    one_letter,
    retry_where,
)
from shopsync_pipeline.engine.push import sender as sender_module
from shopsync_pipeline.engine.report import plan_report
from shopsync_pipeline.engine.review import plan_changes
from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost, NotSendable
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.refusing import allow, letters, refuse, rows, states, tags, title
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import items_of, planned, push, sync

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_refused_item_is_buried_with_the_answer_and_not_sent_again(context: Context, shelf: Shelf,
                                                                     dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store)
    shelf.change("L1", title="Bad title")
    shelf.change("L2", title="Good title")

    plan = planned(context)
    assert push(context, plan).items(ItemState.REJECTED) == 1

    (letter,) = letters(context)
    assert (letter.product_key, letter.operation.value, letter.state, letter.cause, letter.times) == (
        "handle:lamp-1", "product_update", LetterState.OPEN, "rejected", 1)
    assert letter.why == ("Shopify refused productUpdate: the whole request: The title is not allowed. Nothing was "
                          "changed by it.")
    assert letter.item in items_of(context, plan)
    assert (letter.sent, letter.named, letter.plan_id, letter.run_id) == (letter.item, False, plan.plan_id, "test")
    assert title(dev_store, 2) == "Good title"

    before = dev_store.control("stats")["mutations"]
    again = planned(context)
    assert rows(context, again) == {"title": "held"}
    assert again.summary["held"] == {"dead_letter": 1}
    ((kind, why, count, products),) = plan_report(context, again.plan_id).held
    assert (kind, count, products) == ("dead_letter", 1, ["handle:lamp-1"])
    assert why.startswith(f"refused before, dead letter group {letter.root.key}: product_update: Shopify refused")
    assert push(context, again).mutations == 0
    assert planned(context).hash == planned(context).hash
    assert dev_store.control("stats")["mutations"] == before
    assert states(context) == [("open", "title", 1)]


@SQLITE
def test_another_input_is_planned_and_closes_the_letter(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, count=1)
    shelf.change("L1", title="Bad title")
    sync(context)
    shelf.change("L1", title="Better title")

    plan = planned(context)

    assert rows(context, plan) == {"title": "planned"}
    assert states(context) == [("resolved", "title", 1)]
    (letter,) = letters(context, "all")
    assert one_letter(context, letter.letter_id)[1][-1].why == (
        f"superseded: its input has changed, and plan {plan.plan_id} has other content")
    push(context, plan)
    assert title(dev_store) == "Better title"


@SQLITE
def test_an_input_that_goes_back_closes_the_letter(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, count=1)
    shelf.change("L1", title="Bad title")
    sync(context)
    shelf.change("L1", title="Lamp 1")

    assert sync(context).mutations == 0

    assert states(context) == [("resolved", "title", 1)]
    shelf.change("L1", title="Bad title")
    assert sync(context).mutations == 1, "a closed letter holds nothing"


@SQLITE
def test_what_shopify_names_waits_and_the_rest_of_the_product_goes(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["product", "title"], count=1)
    shelf.change("L1", title="Bad title", tags="bright, new")
    sync(context)
    assert states(context) == [("open", "title", 1)]
    (letter,) = letters(context)
    assert letter.named
    assert [change.path for change in letter.sent.changes] == ["title", "tags"]
    assert tags(dev_store) == ["bright", "lamp"], "all or nothing"

    plan = planned(context)
    assert rows(context, plan) == {"title": "held", "tags": "planned"}
    push(context, plan)
    assert (tags(dev_store), title(dev_store)) == (["bright", "new"], "Lamp 1")
    assert rows(context, planned(context)) == {"title": "held"}
    assert states(context) == [("open", "title", 1)]


def test_another_change_goes_at_once_and_the_refused_one_is_tried_again_alone(context: Context, shelf: Shelf,
                                                                              dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["title"], count=1)
    shelf.change("L1", title="Bad title")
    sync(context)
    shelf.change("L1", tags="bright, new")

    plan = planned(context)
    first, second = items_of(context, plan)
    assert [[change.path for change in item.changes] for item in (first, second)] == [["tags"], ["title"]]
    assert second.depends_on == (first.item_id,)
    push(context, plan)

    assert (tags(dev_store), title(dev_store)) == (["bright", "new"], "Bad title")
    assert states(context) == [("resolved", "title", 1)]
    assert sync(context).mutations == 0


@SQLITE
def test_a_refused_change_that_is_tried_again_in_vain_is_held_again(context: Context, shelf: Shelf,
                                                                    dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["title"], count=1)
    shelf.change("L1", title="Bad title")
    sync(context)
    shelf.change("L1", tags="bright, new")

    push_and_refuse_second(dev_store, context, planned(context))

    assert (tags(dev_store), title(dev_store)) == (["bright", "new"], "Lamp 1")
    assert states(context) == [("open", "title", 2)]
    assert rows(context, planned(context)) == {"title": "held"}


def push_and_refuse_second(store: DevStore, context: Context, plan: SavedPlan) -> None:
    """Sends a plan of two items on lamp 1, of which the store refuses the second."""
    first, second = items_of(context, plan)
    assert second.depends_on == (first.item_id,)
    sent = 0
    real = ShopifyClient.mutate

    async def mutate(self: ShopifyClient, *given: Any, **named: Any) -> Answer:
        nonlocal sent
        sent += 1
        if sent == 2:
            refuse(store, field=["title"])
        return await real(self, *given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShopifyClient, "mutate", mutate)
        push(context, plan)
    assert sent == 2
    allow(store)


@SQLITE
def test_one_refused_variant_value_does_not_block_the_price(context: Context, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["variants", "0", "barcode"], root="productVariantsBulkUpdate", code="INVALID_INPUT",
           message="Barcode is taken", count=1)
    shelf.rows["L1"]["Variant Barcode"] = "4006381333931"
    shelf.change("L1", price="11.50")
    sync(context)
    assert states(context) == [("open", "variants[L1].barcode", 1)]

    assert sync(context).items(ItemState.CONFIRMED) == 1

    (node,) = next(node for node in dev_store.products() if node["handle"] == "lamp-1")["variants"]["nodes"]
    assert (node["price"], node["barcode"]) == ("11.50", None)
    assert letters(context)[0].codes == ("INVALID_INPUT",)


@SQLITE
def test_a_new_product_is_made_without_the_field_that_was_refused(context: Context, shelf: Shelf,
                                                                  dev_store: DevStore) -> None:
    refuse(dev_store, field=["input", "tags"], root="productSet", message="Tag is reserved", count=1)
    sync(context)
    assert states(context) == [("open", "tags", 1)]
    assert "lamp-1" not in {node["handle"] for node in dev_store.products()}

    plan = planned(context)
    assert {(row.operation, row.state) for row in plan_changes(context, plan.plan_id) if row.field == "tags"} == {
        ("product_update", "held")}
    push(context, plan)

    assert (title(dev_store), tags(dev_store)) == ("Lamp 1", [])
    assert rows(context, planned(context)) == {"tags": "held"}
    retry_where(context, Chosen(product="L1"), by="Ada")
    sync(context)
    assert tags(dev_store) == ["bright", "lamp"]
    assert states(context) == [("resolved", "tags", 1)]


@SQLITE
def test_a_new_product_without_which_nothing_goes_waits_whole(context: Context, shelf: Shelf,
                                                              dev_store: DevStore) -> None:
    refuse(dev_store, field=["input", "title"], root="productSet", message="Title is bad")
    sync(context)
    assert sync(context).mutations == 0
    (letter,) = letters(context)
    assert (letter.named, letter.operation.value) == (False, "product_create")


@SQLITE
def test_what_could_not_be_sent_at_all_is_told_and_tried_by_every_plan(context: Context, shelf: Shelf,
                                                                      dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="New title")
    plan = planned(context)
    with pytest.MonkeyPatch.context() as patch:
        def refuse_to_build(*_args: object, **_named: object) -> None:
            raise NotSendable("The category is unknown.")

        patch.setattr(sender_module, "request", refuse_to_build)
        push(context, plan)
    (letter,) = letters(context)
    assert (letter.cause, letter.why) == ("unsendable", "The category is unknown.")
    sync(context)
    assert title(dev_store) == "New title"
    assert states(context) == [("resolved", "title", 1)]


@SQLITE
def test_answers_that_keep_getting_lost_are_on_record_and_hold_nothing(context: Context, shelf: Shelf,
                                                                      dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="New title")
    plan = planned(context)

    async def lose(*_given: object, **_named: object) -> None:
        raise AnswerLost("The answer was lost.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ShopifyClient, "mutate", lose)
        push(context, plan)
    (letter,) = letters(context, cause="lost")
    assert letter.why == "sent 3 times; each answer was lost and nothing took effect"
    sync(context)
    assert title(dev_store) == "New title"
    assert states(context) == [("resolved", "title", 1)]


@SQLITE
def test_a_category_that_is_none_does_not_keep_back_the_title(context: Context, shelf: Shelf,
                                                              dev_store: DevStore) -> None:
    sync(context)
    with context.database.write() as connection:
        wrong = Override("Lamps", None)
        Overrides(connection, context.shop_id).put({("handle:lamp-1", Path("category")): (wrong, "test")})
    shelf.change("L1", title="New title")

    sync(context)
    (letter,) = letters(context)
    assert (letter.cause, [change.path for change in letter.item.changes]) == ("unsendable", ["category"])
    assert title(dev_store) == "Lamp 1"

    sync(context)
    assert title(dev_store) == "New title"
    assert states(context) == [("open", "category", 2)]
    edit(context, letter.letter_id, "category", "el-2-2", by="Ada")
    sync(context)
    assert states(context) == [("resolved", "category", 2)]
    assert sync(context).mutations == 0
