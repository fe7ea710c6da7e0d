"""What dead letters let go of an item: which part waits, which goes alone, and that no change is lost or sent twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.dead_letters import Letter, LetterState, asked_for, part_of, set_apart
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import arrange, make_item, ordered
from shopsync_pipeline.core.rollout import Held, Hold, held_back
from shopsync_pipeline_tests.core.samples import LAW

OPEN, RETRYING, EDITED, DISCARDED = (
    LetterState.OPEN, LetterState.RETRYING, LetterState.EDITED, LetterState.DISCARDED)


def change(path: str, after: Value | None = "new", before: Value | None = "old") -> Change:
    return Change(Path(path), before, after, Reason.CATALOG_CHANGED)


def item(*paths: str, operation: Operation = Operation.PRODUCT_UPDATE, product_id: str | None = "1") -> PlanItem:
    return make_item("p", product_id, operation, [change(path) for path in paths])


def letter(sent: PlanItem, *refused: str, state: LetterState = OPEN, cause: str = "rejected") -> Letter:
    """The letter of an item of which `refused` were named; without any, of all of it."""
    part = part_of(sent, [Path(path) for path in refused])
    about = part or sent
    return Letter(item_id=about.item_id, changes=about.changes, named=part is not None, state=state, cause=cause,
                  sent=sent.changes, why="no")


def told(parts: list[tuple[PlanItem, Held | None]]) -> list[tuple[str, str]]:
    return [(" ".join(c.path for c in part.changes), "held" if held else "goes") for part, held in parts]


BOTH = item("title", "tags")


def test_the_same_content_is_held_whole_where_nothing_was_named() -> None:
    assert told(set_apart(BOTH, [letter(BOTH)])) == [("title tags", "held")]
    ((_, held),) = set_apart(BOTH, [letter(BOTH)])
    assert held == Held(Hold.DEAD_LETTER, "no")


def test_other_content_goes_although_it_contains_what_was_refused_alone() -> None:
    assert told(set_apart(BOTH, [letter(item("title"))])) == [("title tags", "goes")]


def test_what_was_named_waits_and_the_rest_goes() -> None:
    assert told(set_apart(BOTH, [letter(BOTH, "title")])) == [("tags", "goes"), ("title", "held")]


def test_once_the_rest_was_written_what_was_named_waits_alone() -> None:
    assert told(set_apart(item("title"), [letter(BOTH, "title")])) == [("title", "held")]


def test_something_new_goes_first_and_what_was_named_again_after_it() -> None:
    parts = set_apart(item("title", "tags", "vendor"), [letter(BOTH, "title")])
    assert told(parts) == [("tags vendor", "goes"), ("title", "goes")]
    (first, _), (second, _) = parts
    assert second.depends_on == (first.item_id,)


def test_another_value_of_what_was_named_goes_with_the_rest() -> None:
    other = make_item("p", "1", Operation.PRODUCT_UPDATE, [change("title", "better"), change("tags")])
    assert told(set_apart(other, [letter(BOTH, "title")])) == [("title tags", "goes")]


def test_true_is_not_one() -> None:
    sent = make_item("p", "1", Operation.VARIANTS_UPDATE, [change("variants[S].taxable", True)])
    other = make_item("p", "1", Operation.VARIANTS_UPDATE, [change("variants[S].taxable", 1)])
    assert told(set_apart(other, [letter(sent, "variants[S].taxable")])) == [("variants[S].taxable", "goes")]


@pytest.mark.parametrize(("state", "cause", "goes"), [
    (OPEN, "rejected", False), (DISCARDED, "rejected", False), (DISCARDED, "lost", False), (OPEN, "wall", False),
    (OPEN, "lost", True), (OPEN, "unsendable", True), (RETRYING, "rejected", True), (EDITED, "rejected", True),
])
def test_which_letters_hold(state: LetterState, cause: str, goes: bool) -> None:
    ((_, held),) = set_apart(BOTH, [letter(BOTH, state=state, cause=cause)])
    assert (held is None) is goes
    ((_, held),) = set_apart(item("title"), [letter(item("title"), "title", state=state, cause=cause)])
    assert (held is None) is goes


def test_what_is_tried_again_goes_apart_so_that_it_spoils_nothing() -> None:
    assert told(set_apart(BOTH, [letter(BOTH, "title", state=RETRYING)])) == [("tags", "goes"), ("title", "goes")]


def test_what_could_not_be_sent_is_tried_by_every_plan_and_spoils_nothing() -> None:
    assert told(set_apart(BOTH, [letter(BOTH, "title", cause="unsendable")])) == [("tags", "goes"), ("title", "goes")]
    assert told(set_apart(item("title"), [letter(BOTH, "title", cause="unsendable")])) == [("title", "goes")]
    assert told(set_apart(NEW, [letter(NEW, "tags", cause="unsendable")])) == [
        ("title metafields[custom.a] variants[S].price", "goes"), ("tags", "held")]


def test_what_was_discarded_waits_whatever_else_is_new() -> None:
    discarded = letter(BOTH, "title", state=DISCARDED)
    assert told(set_apart(item("title", "vendor"), [discarded])) == [("vendor", "goes"), ("title", "held")]


def test_two_letters_hold_a_part_each_and_do_not_count_as_new_to_each_other() -> None:
    letters = [letter(item("title"), "title"), letter(item("tags"), "tags")]
    assert told(set_apart(item("title", "tags"), letters)) == [("title", "held"), ("tags", "held")]


def test_a_rest_that_was_refused_itself_waits_too() -> None:
    assert told(set_apart(BOTH, [letter(BOTH, "title"), letter(item("tags"))])) == [
        ("tags", "held"), ("title", "held")]


NEW = item("title", "tags", "metafields[custom.a]", "variants[S].price", operation=Operation.PRODUCT_CREATE,
           product_id=None)


def test_a_product_is_made_without_a_field_that_may_come_later() -> None:
    created = letter(NEW, "metafields[custom.a]")
    assert told(set_apart(NEW, [created])) == [
        ("title tags variants[S].price", "goes"), ("metafields[custom.a]", "held")]
    (rest, _), (part, _) = set_apart(NEW, [created])
    assert (rest.operation, part.operation) == (Operation.PRODUCT_CREATE, Operation.PRODUCT_UPDATE)
    update = item("metafields[custom.a]", "vendor", product_id="9")
    assert told(set_apart(update, [created])) == [("vendor", "goes"), ("metafields[custom.a]", "goes")]
    assert told(set_apart(item("metafields[custom.a]"), [created])) == [("metafields[custom.a]", "held")]


@pytest.mark.parametrize("path", ["title", "variants[S].price"])
def test_a_product_waits_whole_for_a_field_without_which_it_is_not_made(path: str) -> None:
    assert part_of(NEW, [Path(path)]) is None
    assert part_of(NEW, [Path(path), Path("tags")]) is None
    assert [row for _, row in told(set_apart(NEW, [letter(NEW, path)]))] == ["held"]


def test_a_creation_that_is_tried_again_goes_whole() -> None:
    assert told(set_apart(NEW, [letter(NEW, "tags", state=RETRYING)])) == [
        ("title tags metafields[custom.a] variants[S].price", "goes")]


def test_new_variants_are_refused_as_whole_variants() -> None:
    made = item("variants[S].price", "variants[S].sku", "variants[T].price", operation=Operation.VARIANTS_CREATE)
    assert told(set_apart(made, [letter(made, "variants[S].price")])) == [
        ("variants[T].price", "goes"), ("variants[S].price variants[S].sku", "held")]


def test_a_deletion_has_no_parts() -> None:
    gone = item("title", "tags", operation=Operation.PRODUCT_DELETE)
    assert part_of(gone, [Path("title")]) is None


def test_stock_waits_only_for_the_part_that_turns_tracking_on() -> None:
    update = item("variants[S].tracked", "variants[S].barcode", operation=Operation.VARIANTS_UPDATE)
    items = ordered(arrange([update, item("variants[S].stock[default]", operation=Operation.INVENTORY_SET)]))
    for refused, stock in (("variants[S].barcode", "goes"), ("variants[S].tracked", "waits")):
        letters = [letter(update, refused)]
        kept, held = held_back(items, lambda _: None, lambda _, __: None, lambda one, of=letters: set_apart(one, of))
        assert {one.operation.value: held[one.item_id].hold.value if one.item_id in held else "goes"
                for one in kept if one.operation is Operation.INVENTORY_SET} == {"inventory_set": stock}
        assert sum(one.item_id not in held for one in kept) == (2 if stock == "goes" else 1)


def test_a_publication_waits_for_a_creation_that_is_held() -> None:
    made = make_item("p", None, Operation.PRODUCT_CREATE, [change("title")])
    public = make_item("p", None, Operation.PUBLISH, [change("publications[Web]", True, None)])
    items = [made, replace(public, depends_on=(made.item_id,))]
    kept, held = held_back(items, lambda _: None, lambda _, __: None, lambda one: set_apart(one, [letter(made)]))
    assert [held[one.item_id].hold for one in kept] == [Hold.DEAD_LETTER, Hold.WAITS]


def test_a_letter_is_asked_for_while_its_content_is_planned() -> None:
    whole, named = letter(BOTH), letter(BOTH, "title")
    assert asked_for(whole, [BOTH])
    assert not asked_for(whole, [item("title")])
    assert asked_for(named, [item("title", "vendor")])
    assert not asked_for(named, [item("tags")])
    assert not asked_for(named, [])
    better = make_item("p", "1", Operation.PRODUCT_UPDATE, [change("title", "better")])
    assert not asked_for(named, [better])
    assert asked_for(letter(BOTH, "title", state=EDITED), [better])


PATHS = {
    Operation.PRODUCT_UPDATE: ["title", "tags", "vendor", "metafields[custom.a]"],
    Operation.VARIANTS_UPDATE: ["variants[S].price", "variants[S].barcode", "variants[T].price"],
    Operation.VARIANTS_CREATE: ["variants[S].price", "variants[S].sku", "variants[T].price"],
    Operation.PRODUCT_CREATE: ["title", "tags", "metafields[custom.a]", "variants[S].price"],
    Operation.INVENTORY_SET: ["variants[S].stock[default]", "variants[T].stock[default]"],
    Operation.PRODUCT_DELETE: ["title", "tags"],
}


@st.composite
def items(draw: st.DrawFn, operation: Operation) -> PlanItem:
    paths = draw(st.lists(st.sampled_from(PATHS[operation]), min_size=1, unique=True))
    return make_item("p", None if operation is Operation.PRODUCT_CREATE else "1", operation,
                     [change(path, draw(st.sampled_from(["x", "y"]))) for path in paths])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[PlanItem, list[Letter]]:
    """An item, and letters about items like it, some of them about this very one."""
    operation = draw(st.sampled_from(list(PATHS)))
    one = draw(items(operation))
    letters = []
    for _ in range(draw(st.integers(0, 3))):
        sent = one if draw(st.booleans()) else draw(items(operation))
        named = draw(st.lists(st.sampled_from([c.path for c in sent.changes]), unique=True))
        letters.append(letter(sent, *named, state=draw(st.sampled_from([OPEN, RETRYING, EDITED, DISCARDED])),
                              cause=draw(st.sampled_from(["rejected", "lost"]))))
    # A content has one letter.
    return one, list({letter.item_id: letter for letter in letters}.values())


def contents(parts: list[PlanItem]) -> Counter[str]:
    return Counter(repr(change) for part in parts for change in part.changes)


@LAW
@given(worlds())
def test_no_change_is_lost_and_none_is_sent_twice(world: tuple[PlanItem, list[Letter]]) -> None:
    one, letters = world
    parts = [part for part, _ in set_apart(one, letters)]
    assert contents(parts) == contents([one])
    assert len({part.item_id for part in parts}) == len(parts)
    assert all(part.product_key == "p" and part.product_id == one.product_id for part in parts)


@LAW
@given(worlds())
def test_no_change_without_a_letter_waits(world: tuple[PlanItem, list[Letter]]) -> None:
    one, letters = world
    accused = {repr(change) for letter in letters for change in letter.changes}
    for part, held in set_apart(one, letters):
        if held is not None:
            assert accused >= set(contents([part]))


@LAW
@given(worlds())
def test_the_content_of_a_letter_that_holds_is_never_sent_as_it_was(world: tuple[PlanItem, list[Letter]]) -> None:
    """But for a named part, which goes again after a rest that was not sent with it, and what another letter wants to
    go again."""
    one, letters = world
    again = {repr(change) for letter in letters if letter.state is RETRYING for change in letter.changes}
    for part, held in set_apart(one, letters):
        if held is None and not part.depends_on and not set(contents([part])) <= again:
            assert part.item_id not in {letter.item_id for letter in letters if letter.holds}


@LAW
@given(worlds())
def test_looking_twice_changes_nothing(world: tuple[PlanItem, list[Letter]]) -> None:
    one, letters = world
    once = set_apart(one, letters)
    for part, held in once:
        if held is not None and part.operation is one.operation:
            ((again, still),) = set_apart(part, letters)
            assert (again.item_id, still is not None) == (part.item_id, True)
