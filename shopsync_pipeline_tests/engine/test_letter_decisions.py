"""What people do about dead letters: send again, edit, discard, one by one or by root cause; the next run obeys."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.plans import ItemState
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
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.refusing import allow, letters, refuse, rows, states, title
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import changes_of, planned, push, sync

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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
    refuse(dev_store, "L4", root="inventorySetQuantities", message="That is too much", code="INVALID_QUANTITY_TOO_HIGH")
    shelf.change("L4", stock="5")
    sync(context)

    large, small = letter_groups(context)

    assert large.root.text == ('product_update: Shopify refused productUpdate: the whole request: Title "…" is # '
                               "letters too long")
    assert (large.count, large.products) == (3, ("handle:lamp-1", "handle:lamp-2", "handle:lamp-3"))
    assert large.example.letter_id == letters(context, group=large.root.key)[0].letter_id
    assert (small.count, small.operation.value) == (1, "inventory_set")
    assert small.root.text.startswith("inventory_set [INVALID_QUANTITY_TOO_HIGH]: ")
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
