"""Laws of planning: the same inputs give the same bytes, what waits comes later, and every way leads back."""

from __future__ import annotations

import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import Fields, Operation, Strategy
from shopsync_pipeline.core.merge import Base, Outcome, ProductMerge, Rules, merge_product
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.planning import inputs_digest, inverse, items_for, ordered, plan_hash
from shopsync_pipeline_tests.core.samples import LAW, carried_out, changes_applied, documents, situations

Case = tuple[Fields, Fields | None, Base | None]
LANES = list(Lane)
strategies = st.sampled_from(Strategy)


def planned(key: str, case: Case, strategy: Strategy) -> tuple[ProductMerge, list[PlanItem]]:
    local, remote, base = case
    merge = merge_product(local=local, remote=remote, base=base, rules=Rules(strategy))
    return merge, items_for(key, merge, product_id=None if remote is None else key, remote=remote or {})


def in_order(items: list[PlanItem]) -> bool:
    """Whether each item comes after all that it waits for, in a lane no earlier."""
    seen: dict[str, PlanItem] = {}
    for item in items:
        for first in item.depends_on:
            if first not in seen or LANES.index(seen[first].lane) > LANES.index(item.lane):
                return False
        seen[item.item_id] = item
    return True


@LAW
@given(situations(), strategies)
def test_items_carry_each_pushed_field_once_with_its_before_and_after(case: Case, strategy: Strategy) -> None:
    merge, items = planned("p", case, strategy)
    pushed = {d.path: (d.faces.remote, d.value) for d in merge.having(Outcome.PUSH)}
    carried = [(change.path, (change.before, change.after)) for item in items for change in item.changes]
    assert dict(carried) == pushed
    assert len(carried) == len(pushed)


@LAW
@given(st.lists(situations(), min_size=1, max_size=3), strategies)
def test_what_waits_for_others_comes_after_them_in_the_same_lane_or_a_later_one(
        cases: list[Case], strategy: Strategy) -> None:
    every: list[PlanItem] = []
    for number, case in enumerate(cases):
        items = planned(f"p{number}", case, strategy)[1]
        assert in_order(items)
        every += items
    plan = ordered(every)
    assert in_order(plan)
    assert [LANES.index(item.lane) for item in plan] == sorted(LANES.index(item.lane) for item in plan)


@LAW
@given(st.dictionaries(st.sampled_from("abc"), situations(), min_size=2), strategies, st.randoms())
def test_two_plans_from_the_same_inputs_are_identical_in_whatever_order_the_products_come(
        cases: dict[str, Case], strategy: Strategy, random: Random) -> None:
    def plan(keys: list[str]) -> tuple[str, list[PlanItem]]:
        items = ordered(item for key in keys for item in planned(key, cases[key], strategy)[1])
        return plan_hash(inputs_digest(strategy.value, dict.fromkeys(keys, "digest")), items), items

    shuffled = list(cases)
    random.shuffle(shuffled)
    assert plan(list(cases)) == plan(shuffled)


@LAW
@given(st.lists(situations(), min_size=1, max_size=3), strategies)
def test_an_item_is_read_back_from_its_json_as_it_was(cases: list[Case], strategy: Strategy) -> None:
    for number, case in enumerate(cases):
        for item in planned(f"p{number}", case, strategy)[1]:
            assert PlanItem.from_json(json.loads(json.dumps(item.to_json()))) == item


@LAW
@given(situations(), strategies)
def test_an_item_and_then_its_inverse_leave_the_store_as_it_was(case: Case, strategy: Strategy) -> None:
    store = dict(case[1] or {})
    for item in planned("p", case, strategy)[1]:
        if item.operation is Operation.VARIANTS_CREATE:
            continue
        written = changes_applied(item.changes, store)
        undone = [change for back in inverse(item, created_id="p") for change in back.changes]
        assert changes_applied(undone, written) == store
        assert in_order(inverse(item, created_id="p"))


@LAW
@given(situations(), strategies)
def test_the_inverse_of_the_inverse_does_what_the_item_did(case: Case, strategy: Strategy) -> None:
    for item in planned("p", case, strategy)[1]:
        if item.operation is Operation.VARIANTS_CREATE:
            continue
        twice = [again for back in inverse(item, created_id="p") for again in inverse(back)]
        done = {(c.path, str(c.before), str(c.after)) for again in twice for c in again.changes}
        assert done == {(c.path, str(c.before), str(c.after)) for c in item.changes}
        assert {(again.product_key, again.product_id) for again in twice} == {(item.product_key, item.product_id)}
        if len(twice) == 1:
            assert (twice[0].item_id, twice[0].operation) == (item.item_id, item.operation)


@LAW
@given(situations(), strategies)
def test_sending_all_items_gives_what_was_decided(case: Case, strategy: Strategy) -> None:
    _, remote, base = case
    merge, items = planned("p", case, strategy)
    sent = dict(remote or {})
    for item in items:
        sent = changes_applied(item.changes, sent)
    assert sent == carried_out(merge, remote, base)[0]


@LAW
@given(documents(), documents(), strategies)
def test_a_plan_for_what_was_just_sent_is_empty(local: Fields, remote: Fields, strategy: Strategy) -> None:
    merge, _ = planned("p", (local, remote, None), strategy)
    shown, agreed = carried_out(merge, remote, None)
    assert planned("p", (local, shown, agreed), strategy)[1] == []
