"""The comparison behind the conformance figures: what it lets pass and what it never does."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline.devstore.schema import carried_schema
from shopsync_pipeline_tests.devstore.conformance.compare import Known, compare
from shopsync_pipeline_tests.devstore.conformance.cut import cut

ONE, OTHER = "gid://shopify/Product/1", "gid://shopify/Product/2"
OURS, THIRD = "gid://shopify/Product/71", "gid://shopify/Product/72"
DIGEST, ANOTHER = "a" * 64, "b" * 64


def differing(recorded: Any, here: Any, known: Known | None = None) -> list[str]:
    return [difference.path for difference in compare(recorded, here, known or Known())]


@pytest.mark.parametrize(
    ("recorded", "here"),
    [
        ({"id": ONE, "again": [ONE]}, {"id": OURS, "again": [OURS]}),
        ({"updatedAt": "2026-01-01T00:00:00Z"}, {"updatedAt": "2026-11-11T11:11:11Z"}),
        ({"endCursor": "abc"}, {"endCursor": "xyz"}),
        ({"compareDigest": DIGEST}, {"compareDigest": ANOTHER}),
        ({"url": "https://cdn.shopify.com/a.png?v=1"}, {"url": "http://127.0.0.1:1/cdn/a.png"}),
        ({"message": "x", "locations": [{"line": 1}]}, {"message": "x", "locations": [{"line": 9}]}),
    ],
)
def test_what_belongs_to_one_shop_and_one_moment_passes(recorded: Any, here: Any) -> None:
    assert differing(recorded, here) == []


@pytest.mark.parametrize(
    ("recorded", "here", "path"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "$.a.b"),
        ({"tracked": True}, {"tracked": 1}, "$.tracked"),
        ({"a": 1}, {}, "$.a"),
        ({}, {"errors": []}, "$.errors"),
        ({"rows": [1, 2]}, {"rows": [1]}, "$.rows"),
        ({"publishedAt": None}, {"publishedAt": "2026-01-01T00:00:00Z"}, "$.publishedAt"),
        ({"value": "2026-01-01T00:00:00Z"}, {"value": "2026-01-02T00:00:00Z"}, "$.value"),
        ({"endCursor": None}, {"endCursor": "abc"}, "$.endCursor"),
        ({"compareDigest": DIGEST}, {"compareDigest": "short"}, "$.compareDigest"),
        ({"id": ONE}, {"id": "gid://shopify/ProductVariant/1"}, "$.id"),
        ({"a": ONE, "b": ONE}, {"a": OURS, "b": THIRD}, "$.b"),
        ({"a": ONE, "b": OTHER}, {"a": OURS, "b": OURS}, "$.b"),
        ({"id": ONE, "legacyResourceId": "1"}, {"id": OURS, "legacyResourceId": "72"}, "$.legacyResourceId"),
    ],
)
def test_everything_else_counts(recorded: Any, here: Any, path: str) -> None:
    assert differing(recorded, here) == [path]


def test_later_questions_use_what_was_learnt() -> None:
    known = Known()
    assert differing({"id": ONE, "compareDigest": DIGEST}, {"id": OURS, "compareDigest": ANOTHER}, known) == []
    assert known.translate({"rows": [{"ownerId": ONE, "compareDigest": DIGEST, "value": "kept"}]}) == {
        "rows": [{"ownerId": OURS, "compareDigest": ANOTHER, "value": "kept"}]
    }
    assert known.translate(f"in progress: {ONE}, {OTHER}.") == f"in progress: {OURS}, {OTHER}."


def test_only_listed_names_are_taken_out_of_a_question() -> None:
    text = "query Q($id: ID!, $n: Int!) { product(id: $id) { id isGiftCard variants(first: $n) { nodes { id } } } }"
    names = {"Product.isGiftCard", "Product.variants"}
    question = cut(text, {"id": ONE, "n": 1}, carried_schema("2026-10"), names)
    assert (question.taken, question.keys) == (names, {"isGiftCard", "variants"})
    assert " ".join(question.query.split()) == "query Q($id: ID!) { product(id: $id) { id } }"
    assert cut(text, {"id": ONE, "n": 1}, carried_schema("2026-10"), ()).query == text
