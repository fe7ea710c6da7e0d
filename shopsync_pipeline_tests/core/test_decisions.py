"""The decision tables: each row by an example written by hand, every combination decided, the page kept current."""

from __future__ import annotations

from itertools import product
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.decisions import (
    FIELD_ROWS,
    PRODUCT_ROWS,
    STORY,
    VARIANT_ROWS,
    Case,
    Last,
    Now,
    Place,
    Side,
    Story,
    WholeCase,
    Writer,
    decide,
    decide_product,
    decide_variant,
)
from shopsync_pipeline.core.decisions_page import page
from shopsync_pipeline.core.fields import Drift, GonePolicy, Owner, Strategy
from shopsync_pipeline_tests.core.samples import LAW

ROOT = FilePath(__file__).resolve().parents[2]
A, S, C = Now.ABSENT, Now.SAME, Now.CHANGED
ETILIZE, MERCHANT, SHARED, APP, LOCKED = Owner.ETILIZE, Owner.MERCHANT, Owner.SHARED, Owner.APP, Owner.LOCKED
MERGE, TIMES, OURS, THEIRS = (Strategy.MERGE_FIELDS, Strategy.TIMESTAMP_BASED, Strategy.ETILIZE_PRIORITY,
                              Strategy.SHOPIFY_PRIORITY)
FIRST = "both sides had a value before the first sync"
EDIT, BOTH = "edited in the store", "both sides changed"
REBUILD = "the options of an existing product changed"


@pytest.mark.parametrize(("known", "local", "remote", "equal", "told"), [
    (False, S, S, True, "not ours"), (False, S, C, False, "not ours"), (False, C, S, False, "gap"),
    (False, C, C, False, "first contact"), (False, C, C, True, "same"),
    (True, S, S, True, "quiet"), (True, S, S, False, "quiet"),
    (True, C, S, False, "catalog"), (True, A, S, False, "catalog"), (True, C, S, True, "same"),
    (True, A, S, True, "same"), (True, S, C, False, "store"), (True, S, A, False, "store"),
    (True, S, C, True, "same"), (True, S, A, True, "same"), (True, C, C, False, "both"), (True, C, C, True, "same"),
    (True, A, C, False, "both"), (True, C, A, False, "both"), (True, A, A, True, "same"),
])
def test_what_happened_to_a_field(known: bool, local: Now, remote: Now, equal: bool, told: str) -> None:
    words = {"not ours": Story.NOT_OURS, "gap": Story.GAP, "first contact": Story.FIRST_CONTACT, "same": Story.SAME,
             "quiet": Story.QUIET, "catalog": Story.CATALOG, "store": Story.STORE, "both": Story.BOTH}
    assert STORY[known, local, remote, equal] is words[told]


FIELD_EXAMPLES: dict[str, tuple[dict[str, Any], str, str | None, bool]] = {
    "not ours": ({"story": Story.NOT_OURS, "owner": ETILIZE}, "in sync", None, False),
    "decided again": ({"story": Story.QUIET, "owner": SHARED, "choice": Side.ETILIZE, "again": True}, "push",
                      "conflict: decided by review", False),
    "quiet": ({"story": Story.QUIET, "owner": SHARED, "choice": Side.ETILIZE}, "in sync", None, False),
    "same": ({"story": Story.SAME, "owner": LOCKED}, "agreed", None, False),
    "locked": ({"story": Story.GAP, "owner": LOCKED}, "kept", None, False),
    "an app's": ({"story": Story.GAP, "owner": APP}, "accepted", None, False),
    "no figure": ({"story": Story.CATALOG, "owner": ETILIZE, "writer": Writer.STOCK, "said": False},
                  "gone from the catalog", None, False),
    "options left": ({"story": Story.CATALOG, "owner": ETILIZE, "writer": Writer.NONE, "choice": Side.SHOPIFY},
                     "accepted", None, False),
    "options": ({"story": Story.GAP, "owner": ETILIZE, "writer": Writer.NONE, "choice": Side.ETILIZE}, "conflict", None,
                False),
    "gap": ({"story": Story.GAP, "owner": MERCHANT}, "push", "new in the catalog", False),
    "drift accepted": ({"story": Story.STORE, "owner": ETILIZE, "drift": Drift.ACCEPT, "strategy": OURS}, "accepted",
                       None, False),
    "drift merged": ({"story": Story.STORE, "owner": SHARED, "strategy": MERGE, "elements": True}, "push",
                     "merged from both sides", True),
    "drift kept": ({"story": Story.STORE, "owner": SHARED, "strategy": OURS}, "kept", None, True),
    "merchant's": ({"story": Story.BOTH, "owner": MERCHANT, "strategy": OURS}, "accepted", None, False),
    "catalog merged": ({"story": Story.CATALOG, "owner": SHARED, "elements": True, "agreed_apart": True}, "push",
                       "merged from both sides", False),
    "catalog": ({"story": Story.CATALOG, "owner": SHARED, "elements": True, "strategy": THEIRS}, "push",
                "changed in the catalog", False),
    "reviewed for etilize": ({"story": Story.STORE, "owner": SHARED, "choice": Side.ETILIZE, "strategy": THEIRS},
                             "push", "conflict: decided by review", True),
    "reviewed for shopify": ({"story": Story.BOTH, "owner": ETILIZE, "choice": Side.SHOPIFY, "strategy": OURS},
                             "accepted", None, True),
    "edit put back": ({"story": Story.STORE, "owner": ETILIZE, "drift": Drift.RESTORE, "strategy": OURS}, "push",
                      "restored: the catalog owns this field", True),
    "catalog wins": ({"story": Story.FIRST_CONTACT, "owner": SHARED, "strategy": OURS, "pictures": True}, "push",
                     "conflict: the catalog has priority", True),
    "store's pictures": ({"story": Story.FIRST_CONTACT, "owner": SHARED, "pictures": True, "strategy": MERGE,
                          "elements": True}, "accepted", None, True),
    "store wins": ({"story": Story.BOTH, "owner": ETILIZE, "strategy": THEIRS}, "accepted", None, True),
    "merged": ({"story": Story.BOTH, "owner": SHARED, "strategy": MERGE, "elements": True}, "push",
               "merged from both sides", True),
    "edit of text put back": ({"story": Story.STORE, "owner": ETILIZE, "drift": Drift.RESTORE, "strategy": MERGE},
                              "push", "restored: the catalog owns this field", True),
    "text to its owner": ({"story": Story.BOTH, "owner": ETILIZE, "strategy": MERGE}, "push",
                          "conflict: the catalog has priority", True),
    "catalog later": ({"story": Story.BOTH, "owner": SHARED, "strategy": TIMES, "last": Last.CATALOG}, "push",
                      "conflict: the catalog changed last", True),
    "store later": ({"story": Story.BOTH, "owner": ETILIZE, "strategy": TIMES, "last": Last.STORE}, "accepted", None,
                    True),
    "conflict": ({"story": Story.BOTH, "owner": SHARED, "strategy": MERGE}, "conflict", None, True),
}


@pytest.mark.parametrize("name", [row.name for row in FIELD_ROWS])
def test_each_row_about_fields(name: str) -> None:
    case, outcome, reason, disputed = FIELD_EXAMPLES[name]
    row = decide(Case(**case))
    assert (row.name, row.outcome, row.reason, row.disputed) == (name, outcome, reason, disputed)


HERE, MISSING = Place.HERE, Place.MISSING
NEW = {"catalog": HERE, "store": MISSING, "linked": False}
DELETED = {"catalog": HERE, "store": MISSING, "linked": True}
LEFT = {"catalog": MISSING, "store": HERE, "linked": True}
MOVED = {**NEW, "moved": True}
PRODUCT_EXAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "made in the store": ({"catalog": MISSING, "store": HERE, "linked": False, "strategy": OURS},
                          "leave the store as it is"),
    "deleted on both sides": ({**LEFT, "store": MISSING, "gone": GonePolicy.DELETE}, "forget the link"),
    "gone from the feed, reviewed for shopify": (
        {**LEFT, "gone": GonePolicy.DELETE, "choice": Side.SHOPIFY}, "report it, change nothing"),
    "gone from the feed: archive": ({**LEFT, "gone": GonePolicy.ARCHIVE}, "archive it"),
    "gone from the feed: draft": ({**LEFT, "gone": GonePolicy.DRAFT}, "make it a draft"),
    "gone from the feed: zero_stock": ({**LEFT, "gone": GonePolicy.ZERO_STOCK}, "set its stock to zero"),
    "gone from the feed: delete": ({**LEFT, "gone": GonePolicy.DELETE}, "delete it"),
    "gone from the feed: keep": ({**LEFT, "strategy": OURS}, "report it, change nothing"),
    "several candidates": ({"catalog": HERE, "store": HERE, "linked": False, "candidates": 2, "strategy": OURS},
                           "ask a person, change nothing"),
    "adopted": ({"catalog": HERE, "store": HERE, "linked": False, "candidates": 1},
                "link it, and compare it field by field as on first contact"),
    "moved, reviewed for etilize": ({**MOVED, "choice": Side.ETILIZE}, "create it"),
    "moved, reviewed for shopify": ({**MOVED, "choice": Side.SHOPIFY, "strategy": OURS}, "leave the store as it is"),
    "moved, catalog has priority": ({**MOVED, "strategy": OURS}, "create it"),
    "moved, store has priority": ({**MOVED, "strategy": THEIRS}, "leave the store as it is"),
    "moved": ({**MOVED, "strategy": MERGE}, "ask a person, change nothing"),
    "new": (NEW, "create it"),
    "deleted in the store, reviewed for etilize": ({**DELETED, "choice": Side.ETILIZE}, "create it"),
    "deleted in the store, reviewed for shopify": ({**DELETED, "choice": Side.SHOPIFY, "strategy": OURS},
                                                   "leave the store as it is"),
    "deleted in the store, catalog has priority": ({**DELETED, "strategy": OURS}, "create it"),
    "deleted in the store, store has priority": ({**DELETED, "strategy": THEIRS}, "leave the store as it is"),
    "deleted in the store": ({**DELETED, "strategy": TIMES}, "ask a person, change nothing"),
    "linked": ({"catalog": HERE, "store": HERE, "linked": True}, "compare it field by field"),
}
VARIANT_EXAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "variant made in the store": ({"catalog": MISSING, "store": HERE, "linked": False}, "leave the store as it is"),
    "variant gone from the feed": ({**LEFT, "strategy": OURS}, "report it, change nothing"),
    "variant gone from both": ({**LEFT, "store": MISSING}, "leave the store as it is"),
    "variant in both": ({"catalog": HERE, "store": HERE, "linked": False}, "compare it field by field"),
    "variant's absence accepted": ({**DELETED, "accepted": True, "strategy": OURS}, "leave the store as it is"),
    "variant deleted in the store, reviewed for etilize": ({**DELETED, "choice": Side.ETILIZE}, "create it"),
    "variant deleted in the store, reviewed for shopify": ({**DELETED, "choice": Side.SHOPIFY},
                                                           "leave the store as it is"),
    "variant deleted in the store, catalog has priority": ({**DELETED, "strategy": OURS}, "create it"),
    "variant deleted in the store, store has priority": ({**DELETED, "strategy": THEIRS}, "leave the store as it is"),
    "variant deleted in the store": (DELETED, "ask a person, change nothing"),
    "variant moved, reviewed for etilize": ({**MOVED, "choice": Side.ETILIZE}, "create it"),
    "variant moved, reviewed for shopify": ({**MOVED, "choice": Side.SHOPIFY}, "leave the store as it is"),
    "variant moved, catalog has priority": ({**MOVED, "strategy": OURS}, "create it"),
    "variant moved, store has priority": ({**MOVED, "strategy": THEIRS}, "leave the store as it is"),
    "variant moved": (MOVED, "ask a person, change nothing"),
    "variant new": (NEW, "create it"),
}


@pytest.mark.parametrize("name", [row.name for row in PRODUCT_ROWS])
def test_each_row_about_products(name: str) -> None:
    case, done = PRODUCT_EXAMPLES[name]
    row = decide_product(WholeCase(**case))
    assert (row.name, row.whole) == (name, done)


@pytest.mark.parametrize("name", [row.name for row in VARIANT_ROWS])
def test_each_row_about_variants(name: str) -> None:
    case, done = VARIANT_EXAMPLES[name]
    row = decide_variant(WholeCase(**case))
    assert (row.name, row.whole) == (name, done)


cases = st.builds(
    Case, st.sampled_from(Story), st.sampled_from(Owner), st.sampled_from(Writer), st.sampled_from(Drift),
    st.sampled_from(Strategy), st.none() | st.sampled_from(Side), *[st.booleans()] * 6, st.sampled_from(Last))


@LAW
@given(cases)
def test_every_combination_is_decided_and_nothing_of_the_store_is_overwritten_without_record(case: Case) -> None:
    row = decide(case)
    if case.owner in (LOCKED, APP):
        assert row.outcome != "push"
    if row.outcome == "push" and case.story in (Story.STORE, Story.BOTH, Story.FIRST_CONTACT):
        assert row.disputed, "what the store has is lost, so it must be on record"
    if row.outcome == "push" and case.choice is None:
        assert case.strategy is not Strategy.SHOPIFY_PRIORITY or case.story in (Story.GAP, Story.CATALOG)


def test_every_combination_of_wholes_is_decided() -> None:
    for catalog, store, linked, candidates, moved, accepted, strategy, choice, gone in product(
            Place, Place, (False, True), (0, 1, 2), (False, True), (False, True), Strategy, (None, *Side), GonePolicy):
        case = WholeCase(catalog, store, linked, candidates, moved, accepted, strategy, choice, gone)
        assert (decide_product(case).whole == "delete it") is (
            catalog is MISSING and store is HERE and linked and gone is GonePolicy.DELETE
            and choice is not Side.SHOPIFY)
        assert decide_variant(case).whole != "delete it"


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8") == page(), "run: make docs"


def test_the_page_names_every_row_once() -> None:
    lines = page().splitlines()
    for row in (*FIELD_ROWS, *PRODUCT_ROWS, *VARIANT_ROWS):
        assert sum(line.startswith(f"| {row.name} |") for line in lines) == 1, row.name
