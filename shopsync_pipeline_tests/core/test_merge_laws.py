"""Laws of the merge: it has an answer for everything, never overwrites an unseen edit, and comes to rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.fields import REGISTRY, Field, Fields, Group, Owner, Path, Strategy, Value, place
from shopsync_pipeline.core.merge import (
    WHOLE_PRODUCT,
    Base,
    Outcome,
    ProductMerge,
    Resolution,
    Rules,
    Seen,
    Side,
    Situation,
    merge_field,
    merge_product,
)
from shopsync_pipeline_tests.core.samples import LAW, carried_out, documents, reviews, rewritten, situations

Verdict = tuple[str, str | None, str | None]
VALUES = (None, "x", "y", "z")
AT = Path("title")


def story(local: Value | None, remote: Value | None, base_local: Value | None, base_remote: Value | None) -> str:
    """What happened to a field since it was last agreed on, told from its four values alone."""
    if (base_local, base_remote) == (None, None):
        if local is None:
            return "not ours"
        return "gap" if remote is None else "same" if local == remote else "first contact"
    moved = (local != base_local, remote != base_remote)
    if moved == (False, False):
        return "quiet"
    if local == remote:
        return "same"
    return {(True, False): "catalog", (False, True): "store", (True, True): "both"}[moved]


def by_judge(dispute: str, judge: str, owner: str, last: str, *, restoring: str) -> Verdict:
    """A dispute and who decides it: a person for a side, or the strategy. Text has no elements, so it goes to its
    owner; what was seen to change last wins, if that was seen."""
    if judge == "merge_fields":
        judge = "etilize_priority" if owner == "etilize" else "manual_review"
    if judge == "timestamp_based":
        if last == "catalog":
            return "push", "conflict: the catalog changed last", dispute
        judge = "shopify_priority" if last == "store" else "manual_review"
    return {
        "etilize": ("push", "conflict: decided by review", dispute),
        "shopify": ("accepted", None, dispute),
        "etilize_priority": ("push", restoring, dispute),
        "shopify_priority": ("accepted", None, dispute),
        "manual_review": ("conflict", None, dispute),
    }[judge]


def expected(of: Field, shop_wide: str, values: tuple[Value | None, ...], choice: Side | None, last: str, *,
             again: bool) -> Verdict:
    """The verdict as the docstrings of `Owner`, `Drift`, `Strategy`, `Field` and `Resolution` promise it."""
    happened = story(*values)
    owner = of.owner.value
    ours_to_write = owner not in ("locked", "app") and of.writer not in (None, "inventory_set")
    if happened == "quiet" and choice == "etilize" and again and values[0] != values[1] and ours_to_write:
        return "push", "conflict: decided by review", "decided before, and now otherwise"
    if happened in ("not ours", "quiet"):
        return "in sync", None, None
    if happened == "same":
        return "agreed", None, None
    if owner == "locked":
        return "kept", None, None
    if owner == "app":
        return "accepted", None, None
    if values[0] is None and of.writer == "inventory_set":
        return "gone from the catalog", None, None
    if of.writer is None:
        return "accepted" if choice == "shopify" else "conflict", None, "the options of an existing product changed"
    if happened == "gap":
        return "push", "new in the catalog", None
    drift = of.drift.value if of.drift else {"etilize": "restore", "shared": "keep"}.get(of.owner.value, "accept")
    if happened == "store" and drift == "accept":
        return "accepted", None, None
    if happened == "store" and drift == "keep" and choice is None:
        return "kept", None, "edited in the store"
    if of.owner.value == "merchant":
        return "accepted", None, None
    if happened == "catalog":
        return "push", "changed in the catalog", None
    judge = choice.value if choice else of.strategy.value if of.strategy else shop_wide
    if happened == "store":
        return by_judge("edited in the store", judge, owner, last, restoring="restored: the catalog owns this field")
    dispute = {"both": "both sides changed", "first contact": "both sides had a value before the first sync"}[happened]
    if happened == "first contact" and of.group == "media" and judge not in ("etilize", "etilize_priority"):
        return "accepted", None, dispute
    return by_judge(dispute, judge, owner, last, restoring="conflict: the catalog has priority")


EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
SEEN = {
    "unknown": Seen(), "tie": Seen(dict.fromkeys(Group, EARLY), dict.fromkeys(Group, EARLY)),
    "catalog only": Seen(dict.fromkeys(Group, LATE), {}), "store only": Seen({}, dict.fromkeys(Group, LATE)),
    "catalog": Seen(dict.fromkeys(Group, LATE), dict.fromkeys(Group, EARLY)),
    "store": Seen(dict.fromkeys(Group, EARLY), dict.fromkeys(Group, LATE)),
}


def choices(local: Value | None, remote: Value | None) -> list[tuple[dict[Path, Resolution], Side | None]]:
    """No review, a review of these values for each side, at first and taking back another, and reviews of values of
    another day."""
    return [({}, None), *(({AT: Resolution(side, local, remote, again)}, side) for side in Side
                          for again in (False, True)),
            ({AT: Resolution(Side.ETILIZE, "another day", remote, True)}, None),
            ({AT: Resolution(Side.SHOPIFY, local, "another day")}, None)]


def check_all_values(of: Field, strategy: Strategy, last: str = "unknown") -> int:
    """Compares the merge with the oracle on every combination of four values and a review; returns how many."""
    policy, count = Rules(strategy).of().of(AT, of), 0
    for local, remote, base_local, base_remote in product(VALUES, repeat=4):
        base = Base({} if base_local is None else {AT: base_local}, {} if base_remote is None else {AT: base_remote})
        for chosen, side in choices(local, remote):
            made = merge_field(AT, of, local, remote, base, policy, chosen, SEEN[last])
            found = (made.outcome.value, made.reason and made.reason.value, made.dispute and made.dispute.value)
            values = (local, remote, base_local, base_remote)
            again = any(choice.again for choice in chosen.values())
            assert found == expected(of, strategy.value, values, side, last, again=again), (of.name, values, chosen)
            faces = made.faces
            assert (faces.local, faces.remote, faces.base_local, faces.base_remote) == values
            count += 1
    return count


@pytest.mark.parametrize("strategy", Strategy)
def test_every_field_of_the_registry_is_decided_as_promised_whatever_its_four_values(strategy: Strategy) -> None:
    assert sum(check_all_values(field, strategy) for field in REGISTRY) == len(REGISTRY) * 4**4 * 7


@pytest.mark.parametrize("owner", Owner)
def test_every_owner_is_respected_under_every_strategy(owner: Owner) -> None:
    for field, strategy in product((REGISTRY[0], REGISTRY[9], REGISTRY[-1]), Strategy):
        check_all_values(replace(field, owner=owner), strategy)


@pytest.mark.parametrize("last", SEEN)
def test_what_was_seen_to_change_last_wins_where_both_times_are_known_and_differ(last: str) -> None:
    for field in REGISTRY:
        check_all_values(field, Strategy.TIMESTAMP_BASED, last)


@LAW
@given(situations(), st.sampled_from(Strategy), st.data())
def test_any_product_has_an_answer_and_each_path_at_most_one(
        case: tuple[Fields, Fields | None, Base | None], strategy: Strategy, data: st.DataObject) -> None:
    local, remote, base = case
    chosen = data.draw(reviews(local, remote))
    merge = merge_product(local=local, remote=remote, base=base, rules=Rules(strategy), resolutions=chosen)
    paths = [decision.path for decision in merge.decisions]
    assert len(set(paths)) == len(paths)
    assert Outcome.IN_SYNC not in {decision.outcome for decision in merge.decisions}
    again = merge_product(local=dict(local), remote=remote, base=base, rules=Rules(strategy), resolutions=dict(chosen))
    assert again == merge


@LAW
@given(situations(), st.sampled_from(Strategy))
def test_a_field_that_both_sides_show_as_when_they_last_agreed_is_in_sync(
        case: tuple[Fields, Fields | None, Base | None], strategy: Strategy) -> None:
    local, remote, base = case
    remote, base = remote or {}, base or Base({}, {})
    for path in {*local, *base.local, *base.remote}:
        if (local.get(path), remote.get(path)) == (base.local.get(path), base.remote.get(path)):
            policy = Rules(strategy).of().of(path, place(path).field)
            made = merge_field(path, place(path).field, local.get(path), remote.get(path), base, policy, {})
            assert made.outcome is Outcome.IN_SYNC


def was_reviewed(path: Path, chosen: dict[Path, Resolution], local: Fields, remote: Fields | None) -> bool:
    """Whether a person chose the catalog for this path as both sides show it, or for its whole variant or product."""
    asked = [(path, local.get(path), (remote or {}).get(path)), (WHOLE_PRODUCT, "in the catalog", None)]
    if path.startswith("variants["):
        at = Path(path[:path.rindex("].")] + "].options")
        asked.append((at, local.get(at), (remote or {}).get(at)))
    return any(chosen.get(at) in (Resolution(Side.ETILIZE, ours, theirs), Resolution(Side.ETILIZE, ours, theirs, True))
               for at, ours, theirs in asked)


@LAW
@given(situations(), st.data())
def test_under_manual_review_nothing_that_the_store_changed_is_written_unseen(
        case: tuple[Fields, Fields | None, Base | None], data: st.DataObject) -> None:
    local, remote, base = case
    chosen = data.draw(reviews(local, remote))
    merge = merge_product(local=local, remote=remote, base=base, rules=Rules(Strategy.MANUAL_REVIEW),
                          resolutions=chosen)
    for decision in merge.having(Outcome.PUSH):
        path = decision.path
        if "].stock[" in path or was_reviewed(path, chosen, local, remote):
            continue
        known = base is not None and (path in base.local or path in base.remote)
        expected_there = base.remote.get(path) if base is not None and known else None
        assert (remote or {}).get(path) == expected_there, decision
        assert not (remote is None and base is not None), "a product deleted in the store came back unseen"


def not_spent(chosen: dict[Path, Resolution], decided: ProductMerge) -> dict[Path, Resolution]:
    """The choices that are still there once everything was done. All, as if nobody had kept a record of what was done,
    but those that take something back: of these each asks for one push at the most, and stays where it did nothing."""
    done = {decision.path for decision in decided.decisions if decision.outcome in (Outcome.PUSH, Outcome.ACCEPTED)}
    return {path: choice for path, choice in chosen.items() if not (choice.again and path in done)}


@LAW
@given(situations(), st.sampled_from(Strategy), st.data(), st.booleans())
def test_what_was_decided_is_done_once_and_then_at_rest(
        case: tuple[Fields, Fields | None, Base | None], strategy: Strategy, data: st.DataObject,
        rewriting: bool) -> None:
    local, remote, base = case
    rules, chosen = Rules(strategy), data.draw(reviews(local, remote))
    first = merge_product(local=local, remote=remote, base=base, rules=rules, resolutions=chosen)
    if first.situation is Situation.DELETED_IN_STORE:
        return
    shown, agreed = carried_out(first, remote, base, rewritten if rewriting else lambda value: value)
    second = merge_product(local=local, remote=shown, base=agreed, rules=rules, resolutions=not_spent(chosen, first))
    assert not list(second.having(Outcome.PUSH))
    assert not list(second.having(Outcome.ACCEPTED))
    shown, agreed = carried_out(second, shown, agreed)
    third = merge_product(local=local, remote=shown, base=agreed, rules=rules)
    assert {d.outcome for d in third.decisions} <= {Outcome.KEPT, Outcome.CONFLICT, Outcome.GONE}


@LAW
@given(documents(), documents(), st.data())
def test_a_decision_that_is_taken_back_is_pushed_once_whatever_the_store_makes_of_it(
        local: Fields, shown: Fields, data: st.DataObject) -> None:
    rules, agreed = Rules(), Base(local, shown)
    paths = [path for path in local if path in shown and "]." not in path and path != "options"]
    taken_back = {path: Resolution(Side.ETILIZE, local[path], shown[path], again=True)
                  for path in data.draw(st.lists(st.sampled_from(paths), unique=True) if paths else st.just([]))}
    asked = merge_product(local=local, remote=shown, base=agreed, rules=rules, resolutions=taken_back)
    pushed = {decision.path for decision in asked.having(Outcome.PUSH)}
    assert pushed == {path for path in taken_back if local[path] != shown[path]}
    # The store that is hardest to please shows what it showed before: neither values nor base tell of the push.
    left = not_spent(taken_back, asked)
    assert merge_product(local=local, remote=shown, base=agreed, rules=rules, resolutions=left).decisions == ()


@LAW
@given(documents(), st.sampled_from(Strategy))
def test_a_product_created_from_the_catalog_is_in_sync_afterwards(local: Fields, strategy: Strategy) -> None:
    merge = merge_product(local=local, remote=None, base=None, rules=Rules(strategy))
    shown, agreed = carried_out(merge, None, None, rewritten)
    assert set(shown) == set(local)
    assert merge_product(local=local, remote=shown, base=agreed, rules=Rules(strategy)).decisions == ()


@LAW
@given(situations(), st.sampled_from(Strategy), st.data())
def test_no_edit_of_the_store_is_lost_unless_its_loss_is_on_record(
        case: tuple[Fields, Fields | None, Base | None], strategy: Strategy, data: st.DataObject) -> None:
    local, remote, base = case
    if remote is None:
        return
    chosen = data.draw(reviews(local, remote))
    merge = merge_product(local=local, remote=remote, base=base, rules=Rules(strategy), resolutions=chosen)
    after, _ = carried_out(merge, remote, base)
    on_record = {d.path for d in merge.decisions if d.dispute is not None}
    agreed = base.remote if base else {}
    known = {*agreed, *(base.local if base else {})}
    for path, value in remote.items():
        edited = value != agreed.get(path) if path in known else True
        if not edited or path in on_record:
            continue
        if path == "tags" and after.get(path) != value:
            kept = after.get(path, [])
            assert isinstance(kept, list)
            assert isinstance(value, list)
            assert {str(tag) for tag in value} <= {str(tag) for tag in kept}
        else:
            assert after.get(path) == value, path


@LAW
@given(situations())
def test_a_set_that_is_merged_keeps_every_tag_that_either_side_added(
        case: tuple[Fields, Fields | None, Base | None]) -> None:
    local, remote, base = case
    if remote is None:
        return
    merge = merge_product(local=local, remote=remote, base=base, rules=Rules(Strategy.MERGE_FIELDS))
    after, _ = carried_out(merge, remote, base)

    def tags(fields: Fields) -> set[str]:
        value = fields.get(Path("tags"), [])
        return {str(tag) for tag in value} if isinstance(value, list) else set()

    before = base or Base({}, {})
    if Path("tags") not in local and Path("tags") not in before.local and Path("tags") not in before.remote:
        return
    if "tags" in {d.path for d in merge.having(Outcome.CONFLICT)}:
        return  # One side added the tag that the other removed: a person decides.
    assert tags(local) - tags(before.local) <= tags(after)
    assert tags(remote) - tags(before.remote) <= tags(after) | (tags(before.local) - tags(local))
