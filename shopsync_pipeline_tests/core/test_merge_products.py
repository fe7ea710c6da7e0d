"""The three-way merge of whole products: new, deleted, gone; variants that come and go; options that changed."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Fields, GonePolicy, Path, Strategy, Value
from shopsync_pipeline.core.merge import (
    WHOLE_PRODUCT,
    Base,
    Dispute,
    Outcome,
    ProductMerge,
    Resolution,
    Rules,
    Side,
    Situation,
    merge_product,
)
from shopsync_pipeline.core.plan import Reason

TITLE, OPTIONS = Path("title"), Path("options")
REVIEW, OURS, THEIRS = Strategy.MANUAL_REVIEW, Strategy.ETILIZE_PRIORITY, Strategy.SHOPIFY_PRIORITY
Told = tuple[str, Outcome, Reason | None, Dispute | None]


def product(*variants: str, title: str = "x", options: str = "Size", **prices: str) -> dict[Path, Value]:
    fields: dict[Path, Value] = {TITLE: title, OPTIONS: [options]}
    for key in variants:
        fields[Path(f"variants[{key}].options")] = [key]
        fields[Path(f"variants[{key}].price")] = prices.get(key, "1.00")
    return fields


def merged(local: Fields | None, remote: Fields | None, base: Base | None = None, strategy: Strategy = REVIEW,
           chosen: dict[Path, Resolution] | None = None) -> ProductMerge:
    return merge_product(local=local, remote=remote, base=base, rules=Rules(strategy), resolutions=chosen)


def told(merge: ProductMerge) -> list[Told]:
    return [(d.path, d.outcome, d.reason, d.dispute) for d in merge.decisions]


def both(fields: Fields) -> Base:
    return Base(fields, fields)


def test_a_product_that_the_store_never_had_is_created_with_all_its_fields() -> None:
    merge = merged(product("A"), None)
    assert merge.situation is Situation.NEW
    assert told(merge) == [(path, Outcome.PUSH, Reason.NEW, None) for path in product("A")]
    assert [d.faces.local for d in merge.decisions] == list(product("A").values())
    assert all(d.faces.remote is None for d in merge.decisions)


@pytest.mark.parametrize("strategy", Strategy)
def test_a_product_gone_from_the_catalog_is_left_alone(strategy: Strategy) -> None:
    for remote in (product("A"), None):
        merge = merged(None, remote, both(product("A")), strategy)
        assert (merge.situation, merge.decisions) == (Situation.GONE, ())


@pytest.mark.parametrize(("strategy", "situation", "outcome"), [
    (REVIEW, Situation.DELETED_IN_STORE, Outcome.CONFLICT),
    (THEIRS, Situation.DELETED_IN_STORE, Outcome.ACCEPTED),
])
def test_a_product_deleted_in_the_store_stays_deleted_unless_the_catalog_has_priority(
        strategy: Strategy, situation: Situation, outcome: Outcome) -> None:
    merge = merged(product("A"), None, both(product("A")), strategy)
    assert merge.situation is situation
    assert told(merge) == [(WHOLE_PRODUCT, outcome, None, Dispute.DELETED_IN_STORE)]


def test_with_catalog_priority_a_deleted_product_is_created_again() -> None:
    merge = merged(product("A"), None, both(product("A")), OURS)
    assert (merge.situation, merge.decisions) == (Situation.NEW, merged(product("A"), None).decisions)


@pytest.mark.parametrize(("side", "situation"), [
    (Side.ETILIZE, Situation.NEW), (Side.SHOPIFY, Situation.DELETED_IN_STORE),
])
def test_review_decides_about_a_deleted_product(side: Side, situation: Situation) -> None:
    faces = merged(product("A"), None, both(product("A"))).decisions[0].faces
    choice = {WHOLE_PRODUCT: Resolution(side, faces.local, faces.remote)}
    merge = merged(product("A"), None, both(product("A")), REVIEW, choice)
    assert merge.situation is situation
    assert {d.outcome for d in merge.decisions} == {Outcome.PUSH if side is Side.ETILIZE else Outcome.ACCEPTED}


def test_a_variant_new_in_the_catalog_is_pushed_field_by_field() -> None:
    merge = merged(product("A", "B"), product("A"), both(product("A")))
    assert told(merge) == [
        ("variants[B].options", Outcome.PUSH, Reason.NEW, None), ("variants[B].price", Outcome.PUSH, Reason.NEW, None),
    ]


def test_a_variant_that_came_to_be_on_both_sides_is_compared_as_on_first_contact() -> None:
    merge = merged(product("A", "B", B="2.00"), product("A", "B"), both(product("A")))
    assert told(merge) == [
        ("variants[B].options", Outcome.AGREED, None, None),
        ("variants[B].price", Outcome.CONFLICT, None, Dispute.FIRST_CONTACT),
    ]


@pytest.mark.parametrize(("strategy", "outcome"), [(REVIEW, Outcome.CONFLICT), (THEIRS, Outcome.ACCEPTED)])
def test_a_variant_deleted_in_the_store_is_one_dispute(strategy: Strategy, outcome: Outcome) -> None:
    merge = merged(product("A", "B", B="9.00"), product("A"), both(product("A", "B")), strategy)
    assert told(merge) == [("variants[B].options", outcome, None, Dispute.DELETED_IN_STORE)]


def test_with_catalog_priority_a_deleted_variant_is_created_again() -> None:
    merge = merged(product("A", "B", B="9.00"), product("A"), both(product("A", "B")), OURS)
    assert told(merge) == [
        ("variants[B].options", Outcome.PUSH, Reason.NEW, None), ("variants[B].price", Outcome.PUSH, Reason.NEW, None),
    ]


def test_a_reviewed_deletion_of_a_variant_is_remembered() -> None:
    at = Path("variants[B].options")
    now, was = product("A", "B"), product("A")
    first = merged(now, was, both(now), REVIEW, {at: Resolution(Side.SHOPIFY, ["B"], None)})
    assert told(first) == [(at, Outcome.ACCEPTED, None, Dispute.DELETED_IN_STORE)]
    agreed = Base(now, {path: value for path, value in now.items() if path != at})
    assert merged({**now, TITLE: "l"}, was, agreed).decisions == merged({**was, TITLE: "l"}, was, agreed).decisions[:1]
    assert told(merged({**now, at: ["b"]}, was, agreed)) == [(at, Outcome.CONFLICT, None, Dispute.DELETED_IN_STORE)]
    back = {at: Resolution(Side.ETILIZE, ["B"], None, again=True)}
    assert (at, Outcome.PUSH, Reason.NEW, None) in told(merged(now, was, agreed, REVIEW, back)), "taken back"


def test_a_variant_gone_from_the_catalog_is_reported_and_not_touched() -> None:
    merge = merged(product("A"), product("A", "B", B="7.00"), both(product("A", "B")), OURS)
    assert told(merge) == [("variants[B].options", Outcome.GONE, None, None)]


def test_a_variant_gone_from_both_sides_needs_no_word() -> None:
    assert merged(product("A"), product("A"), both(product("A", "B"))).decisions == ()


@pytest.mark.parametrize("strategy", Strategy)
def test_while_options_are_in_dispute_variants_are_neither_added_nor_renamed(strategy: Strategy) -> None:
    local = {**product("A", "B", options="Color", A="2.00"), Path("variants[A].options"): ["Red"]}
    merge = merged(local, product("A"), both(product("A")), strategy)
    assert told(merge) == [
        (OPTIONS, Outcome.CONFLICT, None, Dispute.NEEDS_REBUILD),
        ("variants[A].price", Outcome.PUSH, Reason.CATALOG_CHANGED, None),
    ]


def test_while_options_are_in_dispute_a_deleted_variant_is_not_brought_back() -> None:
    merge = merged(product("A", "B", options="Color"), product("A"), both(product("A", "B")), OURS)
    assert told(merge) == [(OPTIONS, Outcome.CONFLICT, None, Dispute.NEEDS_REBUILD)]


def test_a_variant_of_the_same_name_is_renamed_by_its_option_values() -> None:
    at = Path("variants[A].options")
    merge = merged({**product("A"), at: ["Red"]}, product("A"), both(product("A")))
    assert told(merge) == [(at, Outcome.PUSH, Reason.CATALOG_CHANGED, None)]


def test_without_a_base_a_linked_product_agrees_where_both_sides_show_the_same() -> None:
    merge = merged(product("A", title="l"), product("A", title="r"))
    assert merge.situation is Situation.LINKED
    assert {(path, outcome) for path, outcome, _, _ in told(merge)} == {
        (TITLE, Outcome.CONFLICT), (OPTIONS, Outcome.AGREED),
        ("variants[A].options", Outcome.AGREED), ("variants[A].price", Outcome.AGREED),
    }


@pytest.mark.parametrize(("strategy", "outcome"), [(REVIEW, Outcome.CONFLICT), (THEIRS, Outcome.ACCEPTED)])
def test_a_variant_moved_here_from_another_product_is_one_dispute(strategy: Strategy, outcome: Outcome) -> None:
    merge = merge_product(local=product("A", "B"), remote=product("A"), base=both(product("A")), rules=Rules(strategy),
                          moved={"B"})
    assert told(merge) == [("variants[B].options", outcome, None, Dispute.MOVED)]
    catalog_first = merge_product(local=product("A", "B"), remote=product("A"), base=both(product("A")),
                                  rules=Rules(OURS), moved={"B"})
    assert {d.path for d in catalog_first.having(Outcome.PUSH)} == {"variants[B].options", "variants[B].price"}


@pytest.mark.parametrize(("strategy", "situation", "outcome"), [
    (REVIEW, Situation.DELETED_IN_STORE, Outcome.CONFLICT), (THEIRS, Situation.DELETED_IN_STORE, Outcome.ACCEPTED),
    (OURS, Situation.NEW, Outcome.PUSH),
])
def test_a_new_product_with_a_sku_of_another_one_is_not_created_unseen(strategy: Strategy, situation: Situation,
                                                                       outcome: Outcome) -> None:
    merge = merge_product(local=product("A"), remote=None, base=None, rules=Rules(strategy), moved={"A"})
    assert merge.situation is situation
    assert {d.outcome for d in merge.decisions} == {outcome}


STATUS, STOCK = Path("status"), Path("variants[A].stock[default]")


@pytest.mark.parametrize(("gone", "base", "shown", "written"), [
    (GonePolicy.KEEP, "ACTIVE", "ACTIVE", {}),
    (GonePolicy.DRAFT, "ACTIVE", "ACTIVE", {STATUS: "DRAFT"}),
    (GonePolicy.ARCHIVE, "ACTIVE", "ACTIVE", {STATUS: "ARCHIVED"}),
    (GonePolicy.ARCHIVE, None, "ACTIVE", {STATUS: "ARCHIVED"}),
    (GonePolicy.DRAFT, "UNLISTED", "UNLISTED", {STATUS: "DRAFT"}),
    (GonePolicy.DRAFT, "ACTIVE", "ARCHIVED", {}),
    (GonePolicy.ARCHIVE, "DRAFT", "DRAFT", {}),
    (GonePolicy.DRAFT, "DRAFT", "ACTIVE", {}),
    (GonePolicy.ZERO_STOCK, "ACTIVE", "ACTIVE", {STOCK: 0}),
])
def test_what_is_written_to_a_product_gone_from_the_catalog(gone: GonePolicy, base: str | None, shown: str,
                                                            written: Fields) -> None:
    agreed: dict[Path, Value] = {**product("A"), STOCK: 5, **({STATUS: base} if base else {})}
    remote: dict[Path, Value] = {**product("A", "THEIRS"), STOCK: 5, STATUS: shown,
                                 Path("variants[THEIRS].stock[default]"): 3}
    merge = merge_product(local=None, remote=remote, base=both(agreed), rules=Rules(REVIEW, gone=gone))
    assert merge.situation is Situation.GONE
    assert {d.path: d.value for d in merge.having(Outcome.PUSH)} == written


def test_a_product_gone_from_the_catalog_is_deleted_as_a_whole_where_that_is_the_policy() -> None:
    rules = Rules(REVIEW, gone=GonePolicy.DELETE)
    merge = merge_product(local=None, remote=product("A"), base=both(product("A")), rules=rules)
    assert told(merge) == [(WHOLE_PRODUCT, Outcome.DELETE, Reason.GONE, None)]
    assert merge_product(local=None, remote=None, base=both(product("A")), rules=rules).decisions == ()
