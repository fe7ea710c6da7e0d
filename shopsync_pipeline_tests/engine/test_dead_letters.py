"""Dead letters on the dev store: what was refused is not sent again as it was, all else is, and people decide."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline.core.dead_letters import LetterState
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Path
from shopsync_pipeline.core.overrides import Override
from shopsync_pipeline.db.dead_letters import StoredLetter
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline.db.plans import ItemState, SavedPlan
from shopsync_pipeline.engine import lane as lane_module
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.letter_decisions import (
    Chosen,
    discard,
    discard_where,
    edit,
    letter_groups,
    list_letters,
    one_letter,
    retry,
    retry_where,
)
from shopsync_pipeline.engine.overrides import list_overrides, remove_override
from shopsync_pipeline.engine.report import plan_report
from shopsync_pipeline.engine.review import plan_changes
from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost, NotSendable
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import changes_of, items_of, planned, push, sync

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ALL = Chosen(state="all")


def refuse(store: DevStore, sku: str = "L1", *, field: list[str] | None = None, root: str = "productUpdate",
           message: str = "The title is not allowed", count: int | None = None, code: str | None = None) -> None:
    store.control("refusals", {"sku": sku, "message": message, "field": field, "root": root, "count": count,
                               "code": code})


def allow(store: DevStore) -> None:
    store.control("refusals", {})


def letters(context: Context, state: str = "open", **about: str) -> list[StoredLetter]:
    return list_letters(context, Chosen(state=state, **about))


def states(context: Context) -> list[tuple[str, str, int]]:
    """(state, the refused paths, times) of all letters, the first refused first."""
    return [(row.state.value, " ".join(change.path for change in row.item.changes), row.times)
            for row in sorted(letters(context, "all"), key=lambda row: row.first_refused)]


def rows(context: Context, plan: SavedPlan) -> dict[str, str]:
    """Path → state, of every change of a plan."""
    return {row.field: row.state for row in plan_changes(context, plan.plan_id)}


def title(store: DevStore, number: int = 1) -> str:
    return str(next(node["title"] for node in store.products() if node["handle"] == f"lamp-{number}"))


def tags(store: DevStore, number: int = 1) -> list[str]:
    found: list[str] = next(node["tags"] for node in store.products() if node["handle"] == f"lamp-{number}")
    return found


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


def test_a_letter_that_is_sent_again_counts_on_or_is_resolved(context: Context, shelf: Shelf,
                                                              dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store)
    shelf.change("L1", title="New title")
    sync(context)
    (letter,) = letters(context)

    assert retry(context, [letter.letter_id], by="Ada", reason="I asked Shopify") == 1
    assert letters(context, "retrying") != []
    sync(context)
    assert states(context) == [("open", "title", 2)]
    allow(dev_store)
    sync(context)
    assert title(dev_store) == "Lamp 1", "it waits for somebody"

    retry(context, [letter.letter_id], by="Ada")
    sync(context)

    assert title(dev_store) == "New title"
    assert states(context) == [("resolved", "title", 2)]
    found, history = one_letter(context, letter.letter_id)
    assert [(action.state.value, action.by) for action in history] == [
        ("retrying", "Ada"), ("open", "shopsync"), ("retrying", "Ada"), ("resolved", "shopsync")]
    assert history[0].why == "I asked Shopify"
    assert history[-1].why.startswith("written in plan ")
    assert found.first_refused < found.last_refused
    assert sync(context).mutations == 0
    with pytest.raises(ShopsyncError, match=rf"Dead letter {letter.letter_id} is resolved \(written in plan"):
        retry(context, [letter.letter_id], by="Ada")


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


def test_an_edited_value_is_an_override_that_the_next_diff_plans(context: Context, shelf: Shelf,
                                                                 dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["title"], count=1)
    shelf.change("L1", title="Bad title")
    sync(context)
    (letter,) = letters(context)

    assert edit(context, letter.letter_id, "title", " Good title ", by="Ada", reason="a word was not allowed") == (
        "Good title")

    (override,) = list_overrides(context, "L1")
    assert (override.override.value, override.override.catalog_value) == ("Good title", "Bad title")
    assert override.source == f"dead letter {letter.letter_id}, edited by Ada: a word was not allowed"
    assert changes_of(context, planned(context)) == {("handle:lamp-1", "title"): "Good title"}
    assert states(context) == [("edited", "title", 1)]
    sync(context)
    assert title(dev_store) == "Good title"
    assert states(context) == [("resolved", "title", 1)]
    shelf.change("L1", stock="7")
    sync(context)
    assert title(dev_store) == "Good title", "it stands over imports"
    remove_override(context, "L1", "title")
    assert changes_of(context, planned(context)) == {("handle:lamp-1", "title"): "Bad title"}


@SQLITE
def test_an_edited_value_that_is_refused_too_is_a_letter_of_its_own(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["title"])
    shelf.change("L1", title="Bad title")
    sync(context)
    edit(context, letters(context)[0].letter_id, "title", "Bad too", by="Ada")
    sync(context)
    assert states(context) == [("edited", "title", 1), ("open", "title", 1)]
    assert sync(context).mutations == 0
    edit(context, letters(context)[0].letter_id, "title", "Lamp 1", by="Ada")
    assert sync(context).mutations == 0, "the store shows it already"
    assert [state for state, _, _ in states(context)] == ["resolved", "resolved"]


@SQLITE
@pytest.mark.parametrize(("field", "value", "told"), [
    ("title", "Bad title", "That is the value of title which was refused"),
    ("title", ["x"], r'\["x"\] is no value for title: it must be text'),
    ("title", "x" * 256, "title cannot have this value: title has 256 characters; Shopify takes 255"),
    ("vendor", "Acme", 'has no field "vendor"; it has title, tags'),
    ("tags", 5, "5 is no value for tags: it must be tags with commas between them"),
])
def test_a_value_that_the_field_cannot_have_is_refused_before_it_is_kept(
        context: Context, shelf: Shelf, dev_store: DevStore, field: str, value: object, told: str) -> None:
    sync(context)
    refuse(dev_store)
    shelf.change("L1", title="Bad title", tags="bright, new")
    sync(context)
    with pytest.raises(ShopsyncError, match=told):
        edit(context, letters(context)[0].letter_id, field, value, by="Ada")  # type: ignore[arg-type]
    assert list_overrides(context) == []
    assert states(context) == [("open", "title tags", 1)]


@SQLITE
def test_a_discarded_letter_is_never_planned_until_its_input_changes(context: Context, shelf: Shelf,
                                                                     dev_store: DevStore) -> None:
    sync(context)
    refuse(dev_store, field=["title"], count=1)
    shelf.change("L1", title="Bad title")
    sync(context)
    with pytest.raises(ShopsyncError, match="Discarding needs a reason"):
        discard(context, [letters(context)[0].letter_id], by="Ada", reason=" ")

    discard(context, [letters(context)[0].letter_id], by="Ada", reason="nobody needs it")

    assert sync(context).mutations == 0
    shelf.change("L1", tags="bright, new")
    plan = planned(context)
    assert rows(context, plan) == {"title": "held", "tags": "planned"}
    ((_, why, _, _),) = plan_report(context, plan.plan_id).held
    assert why.startswith("discarded, dead letter group ")
    push(context, plan)
    shelf.change("L1", title="Other title")
    sync(context)
    assert title(dev_store) == "Other title"
    assert states(context) == [("resolved", "title", 1)]


@SQLITE
def test_letters_with_one_cause_are_a_group_and_sent_again_together(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    sync(context)
    for number in (1, 2, 3):
        refuse(dev_store, f"L{number}", message=f'Title "Lamp {number}" is {number} letters too long')
        shelf.change(f"L{number}", title=f"Bad {number}")
    refuse(dev_store, "L4", root="inventorySetQuantities", message="No such location", code="INVALID_LOCATION")
    shelf.change("L4", stock="5")
    sync(context)

    large, small = letter_groups(context)

    assert large.root.text == ('product_update: Shopify refused productUpdate: the whole request: Title "…" is # '
                               "letters too long")
    assert (large.count, large.products) == (3, ("handle:lamp-1", "handle:lamp-2", "handle:lamp-3"))
    assert large.example.letter_id == letters(context, group=large.root.key)[0].letter_id
    assert (small.count, small.operation.value) == (1, "inventory_set")
    assert small.root.text.startswith("inventory_set [INVALID_LOCATION]: ")
    assert [row.product_key for row in letters(context, operation="inventory_set")] == ["handle:lamp-4"]
    assert [row.product_key for row in letters(context, product="L2")] == ["handle:lamp-2"]
    assert letters(context, cause="lost") == []
    allow(dev_store)
    assert retry_where(context, Chosen(group=large.root.key), by="Ada") == 3
    assert sync(context).items(ItemState.CONFIRMED) == 3
    assert [row.product_key for row in letters(context)] == ["handle:lamp-4"]
    assert retry_where(context, Chosen(), by="Ada", everything=True) == 1
    assert sync(context).items(ItemState.CONFIRMED) == 1
    assert letters(context) == []


@SQLITE
def test_what_was_not_said_clearly_is_a_sentence(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    for call, told in (
        (lambda: retry_where(context, Chosen(), by="Ada"), "Say which dead letters"),
        (lambda: retry_where(context, Chosen(product="L1"), by="Ada", everything=True), "Say which dead letters"),
        (lambda: retry(context, ["nope"], by="Ada"), "There is no dead letter nope"),
        (lambda: retry(context, [], by="Ada"), "Name at least one dead letter"),
        (lambda: retry(context, ["nope"], by=" "), "needs the name of who made it"),
        (lambda: list_letters(context, Chosen(state="dead")), '"dead" is no state of a dead letter'),
        (lambda: list_letters(context, Chosen(operation="sing")), '"sing" is no operation'),
        (lambda: discard_where(context, Chosen(state="resolved", cause="lost"), by="Ada", reason="x"),
         "Resolved dead letters are over"),
    ):
        with pytest.raises(ShopsyncError, match=told):
            call()


@SQLITE
def test_what_could_not_be_sent_at_all_is_told_and_tried_by_every_plan(context: Context, shelf: Shelf,
                                                                      dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", title="New title")
    plan = planned(context)
    with pytest.MonkeyPatch.context() as patch:
        def refuse_to_build(*_args: object, **_named: object) -> None:
            raise NotSendable("The category is unknown.")

        patch.setattr(lane_module, "request", refuse_to_build)
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
