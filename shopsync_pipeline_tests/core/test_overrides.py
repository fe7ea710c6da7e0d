"""Overrides stand in for the catalog's value until the catalog says something else, or somebody takes them away."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.fields import Owner, Path, Strategy, Value
from shopsync_pipeline.core.merge import Base, Decision, Faces, Outcome, Rules, merge_product
from shopsync_pipeline.core.overrides import Override, ended, new_overrides, overridden
from shopsync_pipeline.core.ownership import Rule

TITLE, PRICE = Path("title"), Path("variants[A].price")
AGREED = Base({TITLE: "store"}, {TITLE: "store"})


def decided(document: dict[Path, Value], remote: dict[Path, Value], base: Base, override: Override) -> list[Decision]:
    over = overridden(document, base, {TITLE: override})
    return list(merge_product(local=over.document, remote=remote, base=over.base, rules=Rules()).decisions)


@pytest.mark.parametrize(("catalog", "store", "outcome", "dispute"), [
    ("catalog", "store", None, None),
    ("catalog ", "store", None, None),
    ("catalog", "another edit", Outcome.KEPT, "edited in the store"),
    ("newer", "store", Outcome.CONFLICT, "both sides changed"),
    ("newer", "another edit", Outcome.CONFLICT, "both sides changed"),
    ("store", "store", Outcome.AGREED, None),
], ids=["nothing new", "only spelled otherwise", "the store moves on", "the catalog moves on", "both move on",
        "the catalog comes round"])
def test_what_becomes_of_an_overridden_field(catalog: str, store: str, outcome: Outcome | None,
                                             dispute: str | None) -> None:
    found = decided({TITLE: catalog}, {TITLE: store}, AGREED, Override("store", "catalog"))
    assert [(d.outcome, d.dispute) for d in found] == ([] if outcome is None else [(outcome, dispute)])


def test_an_override_of_absence_takes_the_value_out() -> None:
    over = overridden({TITLE: "catalog"}, None, {TITLE: Override(None, "catalog")})
    assert (over.document, over.base, over.fresh, over.stale) == ({}, None, {TITLE}, frozenset())


def test_a_stale_override_of_what_the_catalog_did_not_have_is_a_first_contact() -> None:
    found = decided({TITLE: "newer"}, {TITLE: "store"}, AGREED, Override("store", None))
    assert [(d.outcome, d.dispute) for d in found] == [
        (Outcome.CONFLICT, "both sides had a value before the first sync")]


@pytest.mark.parametrize(("path", "rules", "kept"), [
    ("title", (), True), ("variants[A].price", (), True), ("metafields[a.b]", (), True), ("handle", (), True),
    ("variants[A].stock[default]", (), False), ("images", (), False), ("variants[A].image", (), False),
    ("variants[A].options", (), False), ("options", (), False), ("product", (), False),
    ("title", (Rule(name="r", owner=Owner.APP, app="x"),), False),
    ("title", (Rule(name="r", owner=Owner.LOCKED),), False),
])
def test_which_accepted_values_become_overrides(path: str, rules: tuple[Rule, ...], kept: bool) -> None:
    at = Path(path)
    accepted = Decision(at, Outcome.ACCEPTED, Faces(local="l", remote="r"))
    found = new_overrides({at: "l"}, [accepted], Rules(Strategy.SHOPIFY_PRIORITY, rules).of())
    assert found == ({at: Override("r", "l")} if kept else {})
    for outcome in set(Outcome) - {Outcome.ACCEPTED}:
        assert new_overrides({at: "l"}, [Decision(at, outcome, Faces(remote="r"))], Rules().of()) == {}


def test_an_override_ends_when_the_catalogs_newer_value_goes_out() -> None:
    overrides = {TITLE: Override("store", "catalog"), PRICE: Override("1.00", "2.00")}
    pushed = [Decision(path, Outcome.PUSH, Faces()) for path in (TITLE, PRICE)]
    assert ended(pushed, overrides, {TITLE}) == {TITLE}
    assert ended([Decision(TITLE, Outcome.AGREED, Faces())], overrides, {TITLE}) == {TITLE}
    assert ended([Decision(TITLE, Outcome.CONFLICT, Faces())], overrides, {TITLE}) == set()
