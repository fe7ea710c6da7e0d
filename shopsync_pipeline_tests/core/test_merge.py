"""The three-way merge as a table: base, catalog and store in; outcome, reason and dispute out."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import pytest

from shopsync_pipeline.core.fields import Fields, Operation, Owner, Path, Strategy, Value, place
from shopsync_pipeline.core.merge import (
    WHOLE_PRODUCT,
    Base,
    Decision,
    Dispute,
    Faces,
    Outcome,
    ProductMerge,
    Resolution,
    Rules,
    Side,
    Situation,
    merge_field,
    merge_product,
)
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline_tests.core.samples import BRAND, FIELD

TITLE, STOCK, OPTIONS = Path("title"), Path("variants[A].stock[default]"), Path("options")
REVIEW, OURS, THEIRS = Strategy.MANUAL_REVIEW, Strategy.ETILIZE_PRIORITY, Strategy.SHOPIFY_PRIORITY
Pair: TypeAlias = "tuple[Value | None, Value | None]"


def merged(local: Fields | None, remote: Fields | None, base: Base | None = None, strategy: Strategy = REVIEW,
           chosen: dict[Path, Resolution] | None = None) -> ProductMerge:
    return merge_product(local=local, remote=remote, base=base, rules=Rules(strategy), resolutions=chosen)


def of(path: Path, value: Value | None) -> dict[Path, Value]:
    return {} if value is None else {path: value}


# What each field is: the title is shared (an edit is kept), the brand is the catalog's (an edit is put back), stock is
# the feed's while the store's figure stands, options have no operation that could write them.
@pytest.mark.parametrize(("path", "base", "local", "remote", "strategy", "outcome", "reason", "dispute"), [
    # Never agreed on.
    (TITLE, None, None, "r", REVIEW, None, None, None),
    (TITLE, None, "l", None, REVIEW, Outcome.PUSH, Reason.NEW, None),
    (TITLE, None, "x", "x", REVIEW, Outcome.AGREED, None, None),
    (TITLE, None, "l", "r", REVIEW, Outcome.CONFLICT, None, Dispute.FIRST_CONTACT),
    (TITLE, None, "l", "r", OURS, Outcome.PUSH, Reason.CATALOG_WON, Dispute.FIRST_CONTACT),
    (TITLE, None, "l", "r", THEIRS, Outcome.ACCEPTED, None, Dispute.FIRST_CONTACT),
    (BRAND, None, "l", "r", REVIEW, Outcome.CONFLICT, None, Dispute.FIRST_CONTACT),
    (STOCK, None, 5, 3, REVIEW, Outcome.PUSH, Reason.CATALOG_WON, Dispute.FIRST_CONTACT),
    (STOCK, None, 0, None, REVIEW, Outcome.PUSH, Reason.NEW, None),
    # Nobody changed anything, however Shopify had rewritten the value.
    (TITLE, ("x", "x"), "x", "x", REVIEW, None, None, None),
    (TITLE, ("x", "X!"), "x", "X!", OURS, None, None, None),
    (BRAND, ("x", None), "x", None, OURS, None, None, None),
    # Only the catalog changed.
    (TITLE, ("x", "X!"), "l", "X!", REVIEW, Outcome.PUSH, Reason.CATALOG_CHANGED, None),
    (TITLE, ("x", "x"), None, "x", REVIEW, Outcome.PUSH, Reason.CATALOG_CHANGED, None),
    (BRAND, ("x", "x"), "l", "x", THEIRS, Outcome.PUSH, Reason.CATALOG_CHANGED, None),
    (BRAND, (None, "x"), "l", "x", REVIEW, Outcome.PUSH, Reason.CATALOG_CHANGED, None),
    (STOCK, (5, 5), 0, 5, REVIEW, Outcome.PUSH, Reason.CATALOG_CHANGED, None),
    # Only the store changed.
    (TITLE, ("x", "x"), "x", "r", REVIEW, Outcome.KEPT, None, Dispute.STORE_EDIT),
    (TITLE, ("x", "x"), "x", "r", OURS, Outcome.KEPT, None, Dispute.STORE_EDIT),
    (TITLE, ("x", "x"), "x", None, REVIEW, Outcome.KEPT, None, Dispute.STORE_EDIT),
    (TITLE, ("x", "X!"), "x", "x", REVIEW, Outcome.AGREED, None, None),
    (BRAND, ("x", "x"), "x", "r", REVIEW, Outcome.CONFLICT, None, Dispute.STORE_EDIT),
    (BRAND, ("x", "x"), "x", "r", OURS, Outcome.PUSH, Reason.RESTORED, Dispute.STORE_EDIT),
    (BRAND, ("x", "x"), "x", "r", THEIRS, Outcome.ACCEPTED, None, Dispute.STORE_EDIT),
    (BRAND, ("x", "x"), "x", None, OURS, Outcome.PUSH, Reason.RESTORED, Dispute.STORE_EDIT),
    (BRAND, (None, "x"), None, "r", REVIEW, Outcome.CONFLICT, None, Dispute.STORE_EDIT),
    (STOCK, (5, 5), 5, 3, OURS, Outcome.ACCEPTED, None, None),
    # Both changed.
    (TITLE, ("x", "x"), "y", "y", REVIEW, Outcome.AGREED, None, None),
    (TITLE, ("x", "x"), None, None, REVIEW, Outcome.AGREED, None, None),
    (TITLE, ("x", "x"), "l", "r", REVIEW, Outcome.CONFLICT, None, Dispute.BOTH_CHANGED),
    (TITLE, ("x", "x"), "l", None, REVIEW, Outcome.CONFLICT, None, Dispute.BOTH_CHANGED),
    (TITLE, ("x", "x"), None, "r", REVIEW, Outcome.CONFLICT, None, Dispute.BOTH_CHANGED),
    (TITLE, ("x", "x"), "l", "r", OURS, Outcome.PUSH, Reason.CATALOG_WON, Dispute.BOTH_CHANGED),
    (BRAND, ("x", "x"), "l", "r", THEIRS, Outcome.ACCEPTED, None, Dispute.BOTH_CHANGED),
    (STOCK, (5, 5), 7, 3, REVIEW, Outcome.PUSH, Reason.CATALOG_WON, Dispute.BOTH_CHANGED),
    # Options cannot be written once a product exists.
    (OPTIONS, (["Size"], ["Size"]), ["Color"], ["Size"], OURS, Outcome.CONFLICT, None, Dispute.NEEDS_REBUILD),
    (OPTIONS, None, ["Color"], ["Size"], OURS, Outcome.CONFLICT, None, Dispute.NEEDS_REBUILD),
    (OPTIONS, None, ["Size"], ["Size"], REVIEW, Outcome.AGREED, None, None),
    (OPTIONS, (["Size"], ["Size"]), ["Color"], ["Color"], REVIEW, Outcome.AGREED, None, None),
])
def test_the_decision_table(path: Path, base: Pair | None, local: Value | None, remote: Value | None,
                            strategy: Strategy, outcome: Outcome | None, reason: Reason | None,
                            dispute: Dispute | None) -> None:
    there: dict[Path, Value] = {Path("variants[A].options"): ["A"]} if path == STOCK else {}
    agreed = None if base is None else Base({**there, **of(path, base[0])}, {**there, **of(path, base[1])})
    merge = merged({**there, **of(path, local)}, {**there, **of(path, remote)}, agreed, strategy)
    made = {d.path: (d.outcome, d.reason, d.dispute) for d in merge.decisions}
    made.pop(Path("variants[A].options"), None)
    assert merge.situation is Situation.LINKED
    assert made == ({} if outcome is None else {path: (outcome, reason, dispute)})


@pytest.mark.parametrize(("owner", "base", "local", "remote", "outcome"), [
    (Owner.MERCHANT, None, "l", None, Outcome.PUSH),
    (Owner.MERCHANT, None, "l", "r", Outcome.ACCEPTED),
    (Owner.MERCHANT, ("x", "x"), "l", "x", Outcome.ACCEPTED),
    (Owner.MERCHANT, ("x", "x"), "x", "r", Outcome.ACCEPTED),
    (Owner.MERCHANT, ("x", "x"), "l", "r", Outcome.ACCEPTED),
    (Owner.LOCKED, None, "l", None, Outcome.KEPT),
    (Owner.LOCKED, None, "l", "r", Outcome.KEPT),
    (Owner.LOCKED, ("x", "x"), "l", "x", Outcome.KEPT),
    (Owner.LOCKED, ("x", "x"), "x", "r", Outcome.KEPT),
    (Owner.LOCKED, None, "x", "x", Outcome.AGREED),
    (Owner.APP, None, "l", None, Outcome.ACCEPTED),
    (Owner.APP, None, "l", "r", Outcome.ACCEPTED),
    (Owner.APP, ("x", "x"), "l", "x", Outcome.ACCEPTED),
    (Owner.APP, ("x", "x"), "x", "r", Outcome.ACCEPTED),
    (Owner.APP, ("x", "x"), "x", "x", Outcome.IN_SYNC),
])
def test_the_catalog_fills_gaps_of_a_merchant_field_and_never_writes_a_locked_one_or_an_apps(
        owner: Owner, base: Pair | None, local: Value, remote: Value | None, outcome: Outcome) -> None:
    agreed = Base({}, {}) if base is None else Base(of(TITLE, base[0]), of(TITLE, base[1]))
    field = replace(FIELD["title"], owner=owner)
    made = merge_field(TITLE, field, local, remote, agreed, Rules(OURS).of().of(TITLE, field), {})
    assert made.outcome is outcome


def test_a_decision_shows_all_that_it_was_decided_from() -> None:
    made = merged({TITLE: "l"}, {TITLE: "r"}, Base({TITLE: "x"}, {TITLE: "X!"}))
    assert made.decisions == (Decision(
        TITLE, Outcome.CONFLICT, Faces(local="l", remote="r", base_local="x", base_remote="X!"), None,
        Dispute.BOTH_CHANGED, Strategy.MANUAL_REVIEW),)


@pytest.mark.parametrize(("base", "local", "remote", "side", "outcome", "reason"), [
    (("x", "x"), "l", "r", Side.ETILIZE, Outcome.PUSH, Reason.REVIEWED),
    (("x", "x"), "l", "r", Side.SHOPIFY, Outcome.ACCEPTED, None),
    (None, "l", "r", Side.ETILIZE, Outcome.PUSH, Reason.REVIEWED),
    (("x", "x"), "x", "r", Side.ETILIZE, Outcome.PUSH, Reason.REVIEWED),
    (("x", "x"), "x", "r", Side.SHOPIFY, Outcome.ACCEPTED, None),
    (("x", "x"), "l", None, Side.ETILIZE, Outcome.PUSH, Reason.REVIEWED),
])
def test_a_reviewed_choice_is_carried_out(base: Pair | None, local: Value, remote: Value | None, side: Side,
                                          outcome: Outcome, reason: Reason | None) -> None:
    agreed = None if base is None else Base(of(TITLE, base[0]), of(TITLE, base[1]))
    made = merged({TITLE: local}, of(TITLE, remote), agreed, THEIRS, {TITLE: Resolution(side, local, remote)})
    assert [(d.outcome, d.reason, d.strategy) for d in made.decisions] == [(outcome, reason, None)]


@pytest.mark.parametrize("seen", [("l", "older"), ("older", "r"), (None, "r"), ("l", None)])
@pytest.mark.parametrize("side", Side)
def test_a_choice_made_for_other_values_does_not_count(seen: Pair, side: Side) -> None:
    made = merged({TITLE: "l"}, {TITLE: "r"}, Base({TITLE: "x"}, {TITLE: "x"}), REVIEW,
                  {TITLE: Resolution(side, *seen)})
    assert [d.outcome for d in made.decisions] == [Outcome.CONFLICT]


def test_a_choice_does_not_stop_the_catalog_from_changing_what_only_it_changed() -> None:
    made = merged({TITLE: "l"}, {TITLE: "x"}, Base({TITLE: "x"}, {TITLE: "x"}), REVIEW,
                  {TITLE: Resolution(Side.SHOPIFY, "l", "x")})
    assert [d.reason for d in made.decisions] == [Reason.CATALOG_CHANGED]


@pytest.mark.parametrize(("side", "outcome"), [(Side.SHOPIFY, Outcome.ACCEPTED), (Side.ETILIZE, Outcome.CONFLICT)])
def test_review_can_accept_the_stores_options_but_not_rewrite_them(side: Side, outcome: Outcome) -> None:
    choice = {OPTIONS: Resolution(side, ["Color"], ["Size"])}
    made = merged({OPTIONS: ["Color"]}, {OPTIONS: ["Size"]}, None, REVIEW, choice)
    assert [(d.outcome, d.dispute) for d in made.decisions] == [(outcome, Dispute.NEEDS_REBUILD)]


def test_what_only_the_store_has_is_none_of_our_business() -> None:
    remote = {TITLE: "x", BRAND: "r", Path("variants[B].options"): ["B"], Path("variants[B].price"): "1.00"}
    assert merged({TITLE: "x"}, remote, Base({TITLE: "x"}, {TITLE: "x"})).decisions == ()


def test_fields_in_sync_are_left_out_and_the_rest_keeps_the_order_of_the_catalog() -> None:
    local = {TITLE: "x", BRAND: "l", Path("vendor"): "v"}
    made = merged(local, {TITLE: "x"}, Base({TITLE: "x"}, {TITLE: "x"}))
    assert [d.path for d in made.decisions] == [BRAND, Path("vendor")]


def test_decisions_can_be_asked_for_by_outcome() -> None:
    made = merged({TITLE: "l", BRAND: "b"}, {TITLE: "r"})
    assert [d.path for d in made.having(Outcome.PUSH)] == [BRAND]
    assert [d.path for d in made.having(Outcome.CONFLICT)] == [TITLE]


def test_every_path_of_the_table_has_a_field() -> None:
    assert {place(path).field.owner for path in (TITLE, BRAND, STOCK, OPTIONS)} == {Owner.SHARED, Owner.ETILIZE}
    assert Rules().default_strategy is Strategy.MANUAL_REVIEW
    assert WHOLE_PRODUCT not in FIELD


@pytest.mark.parametrize(("path", "base", "local", "remote"), [
    ("body_html", "<p>a</p>", "<P>a</P>\n", "<p>a</p>"), ("tags", ["a", "b"], ["B", "A"], ["a", "b"]),
    ("variants[A].weight", {"value": "1", "unit": "POUNDS"}, {"value": "16", "unit": "OUNCES"},
     {"value": "453.59237", "unit": "GRAMS"}),
    ("variants[A].barcode", "036000291452", "0036000291452", "036000291452"),
])
def test_another_spelling_is_no_change(path: str, base: Value, local: Value, remote: Value) -> None:
    there: dict[Path, Value] = {Path("variants[A].options"): ["A"]}
    at = Path(path)
    made = merged({**there, at: local}, {**there, at: remote}, Base({**there, at: base}, {**there, at: base}))
    assert made.decisions == ()


def test_what_combines_both_sides_is_neither_sides_value() -> None:
    tags = Path("tags")
    made = merged({tags: ["a", "l"]}, {tags: ["a", "r"]}, Base({tags: ["a"]}, {tags: ["a"]}), Strategy.MERGE_FIELDS)
    (decision,) = made.decisions
    assert (decision.outcome, decision.reason, decision.value) == (Outcome.PUSH, Reason.MERGED, ["a", "l", "r"])
    assert (decision.dispute, decision.strategy) == (Dispute.BOTH_CHANGED, Strategy.MERGE_FIELDS)


@pytest.mark.parametrize(("owner", "outcome", "alt"), [(Owner.SHARED, Outcome.CONFLICT, None),
                                                       (Owner.ETILIZE, Outcome.PUSH, "L")])
def test_an_element_that_both_changed_falls_to_the_owner(owner: Owner, outcome: Outcome, alt: str | None) -> None:
    def picture(text: str) -> list[Value]:
        return [{"source": "x", "alt": text}]

    images, field = Path("images"), replace(FIELD["images"], owner=owner)
    policy = Rules(Strategy.MERGE_FIELDS).of().of(images, field)
    made = merge_field(images, field, picture("L"), picture("R"), Base({images: picture("")}, {images: picture("")}),
                       policy, {})
    assert made.outcome is outcome
    assert made.merged == (picture(alt) if alt else None)


def test_a_base_learns_what_the_catalog_said_where_both_sides_were_combined() -> None:
    change = Change(Path("tags"), ["a", "r"], ["a", "l", "r"], Reason.MERGED, ["a", "l"])
    item = make_item("p", "1", Operation.PRODUCT_UPDATE, [change])
    assert PlanItem.from_json(item.to_json()).changes == (change,)
    assert (change.said, replace(change, reason=Reason.CATALOG_CHANGED).said) == (["a", "l"], ["a", "l", "r"])
