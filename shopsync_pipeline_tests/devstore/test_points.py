"""Points: what a document costs, how the bucket fills, and what a client is told when it is empty."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.devstore.points.bucket import Bucket
from shopsync_pipeline.devstore.points.cost import Priced, growth
from shopsync_pipeline.devstore.points.dynamic_cost import input_points
from shopsync_pipeline_tests.devstore.client import DevStoreClient


def cost(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["extensions"]["cost"]
    return found


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("{ products(first: 250) { nodes { id title } } }", 13),
        ("{ products(first: 10) { nodes { id } } }", 6),
        ("{ shop { name primaryDomain { host } } }", 2),
        ("{ productsCount { count } }", 10),
        ('{ product(id: "gid://shopify/Product/1") { id seo { title } } }', 2),
        (
            "{ products(first: 250) { nodes { variants(first: 250) { nodes { id } } media(first: 250) { nodes { id } } "
            "metafields(first: 250) { nodes { id } } } } }",
            442,
        ),
        (
            '{ product(id: "gid://shopify/Product/1") { a: metafield(namespace: "aaa", key: "bb") { id } '
            'b: metafield(namespace: "aaa", key: "cc") { id } c: metafield(namespace: "aaa", key: "dd") { id } '
            "metafields(first: 10) { nodes { id } pageInfo { hasNextPage } } } }",
            10,
        ),
    ],
)
def test_requested_cost_follows_the_recorded_figures(shop: DevStoreClient, query: str, points: int) -> None:
    assert cost(shop.ask(query))["requestedQueryCost"] == points


def test_connection_growth_matches_the_recorded_steps() -> None:
    steps = {1: 1, 2: 1, 3: 2, 5: 3, 10: 4, 20: 5, 25: 6, 50: 7, 100: 9, 200: 10, 250: 11}
    assert {size: growth(size) for size in steps} == steps


@pytest.mark.parametrize(
    ("root", "arguments", "points"),
    [
        ("productSet", {"input": {"variants": [{}] * 10}}, 2.0),
        ("productSet", {"input": {"metafields": [{}] * 5, "files": [{}], "variants": [{"file": {}}]}}, 4.7),
        ("productVariantsBulkUpdate", {"variants": [{"metafields": [{}]}] * 250}, 150.0),
        ("productUpdate", {"product": {"metafields": [{}] * 10}}, 4.0),
        ("metafieldsSet", {"metafields": [{"ownerId": "gid://shopify/Product/1"}] * 25}, 4.0),
        ("metafieldsSet", {"metafields": [{"ownerId": f"gid://shopify/Product/{n}"} for n in range(25)]}, 100.0),
        ("inventorySetQuantities", {"input": {"quantities": [{}] * 250}}, 0.0),
    ],
)
def test_inputs_add_points(root: str, arguments: dict[str, Any], points: float) -> None:
    assert input_points(root, arguments) == pytest.approx(points)


def test_what_was_not_used_is_refunded(shop: DevStoreClient) -> None:
    found = cost(shop.ask("{ products(first: 250) { nodes { id } } }"))
    assert (found["requestedQueryCost"], found["actualQueryCost"]) == (13, 2)
    assert found["throttleStatus"]["currentlyAvailable"] >= 1_997


@pytest.mark.parametrize(("plan", "bucket"), [("standard", (2_000, 100)), ("plus", (20_000, 1_000))])
def test_the_plan_decides_the_bucket(shop: DevStoreClient, plan: str, bucket: tuple[int, int]) -> None:
    shop.control("settings", {"plan": plan})
    status = cost(shop.ask("{ shop { id } }"))["throttleStatus"]
    assert (status["maximumAvailable"], status["restoreRate"]) == bucket


def test_an_empty_bucket_answers_throttled_with_http_200_and_no_data(shop: DevStoreClient) -> None:
    shop.control("settings", {"speed": 0.001})
    # A refused mutation keeps its ten points, so 95 of them in one document take 950 of the 2,000.
    rows = (f'd{n}: productDelete(input: {{id: "gid://shopify/Product/1"}}) {{ deletedProductId }}' for n in range(95))
    draining = f"mutation {{ {' '.join(rows)} }}"
    for _ in range(2):
        assert cost(shop.ask(draining))["actualQueryCost"] == 950
    answer = shop.ask(draining)
    assert "data" not in answer
    assert answer["errors"][0]["message"] == "Throttled"
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert cost(answer)["actualQueryCost"] is None
    assert cost(answer)["throttleStatus"]["currentlyAvailable"] == 100
    assert shop.stats()["throttled"] == 1


def test_a_query_over_a_thousand_points_is_refused_on_every_plan(shop: DevStoreClient) -> None:
    shop.control("settings", {"plan": "plus"})
    pages = "nodes { variants(first: 250) { nodes { media(first: 250) { nodes { id } } } } }"
    answer = shop.ask("{ products(first: 250) { %s } }" % pages)  # noqa: UP031 - braces of GraphQL
    error = answer["errors"][0]["extensions"]
    assert (error["code"], error["maxCost"]) == ("MAX_COST_EXCEEDED", 1_000)
    assert "data" not in answer


def test_too_many_rows_cost_what_was_asked(shop: DevStoreClient) -> None:
    rows = [{"optionValues": [{"optionName": "Title", "name": str(n)}]} for n in range(2_049)]
    answer = shop.ask(
        "mutation Set($input: ProductSetInput!) { productSet(input: $input) { product { id } userErrors { code } } }",
        {"input": {"title": "Too many", "variants": rows}},
    )
    assert "data" not in answer
    assert answer["errors"][0]["message"] == "The input array size of 2049 is greater than the maximum allowed of 2048."
    assert answer["errors"][0]["path"] == ["productSet", "input", "variants"]
    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"
    assert (cost(answer)["requestedQueryCost"], cost(answer)["actualQueryCost"]) == (420, None)


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 1_000), st.integers(-500, 1_000)), max_size=40))
def test_the_bucket_stays_between_empty_and_full(steps: list[tuple[float, int, int]]) -> None:
    bucket, now = Bucket(2_000, 100), 0.0
    for passed, asked, back in steps:
        now += passed
        before = bucket.level
        if not bucket.admit(asked, now):
            assert asked > before
        bucket.refund(back)
        assert 0 <= bucket.level <= bucket.maximum


@given(st.recursive(st.builds(Priced, st.just("x"), st.integers(0, 10)), lambda inner: st.builds(
    Priced, st.just("x"), st.integers(0, 2), st.integers(1, 11), st.just(1), children=st.lists(inner, max_size=2)
), max_leaves=6))  # fmt: skip
def test_no_selection_costs_less_than_nothing(priced: Priced) -> None:
    assert priced.requested() >= 0
    assert priced.actual(None) == 0
