"""Pages, filters, sorting, and the warning that is the only sign of a filter the store does not know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.devstore.search.syntax import parse_query
from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

PAGE = """query P($first: Int, $after: String, $last: Int, $before: String, $query: String, $sort: ProductSortKeys,
  $reverse: Boolean) {
  products(first: $first, after: $after, last: $last, before: $before, query: $query, sortKey: $sort,
    reverse: $reverse) {
    nodes { title } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest.mark.parametrize(("sort", "reverse"), [("ID", False), ("ID", True), ("TITLE", False), ("TITLE", True)])
def test_pages_follow_each_other_without_gap_or_overlap(shop: DevStoreClient, sort: str, reverse: bool) -> None:
    titles = ["Delta", "alpha", "Charlie", "bravo", "Echo"]
    for title in titles:
        shop.make(title=title)
    seen: list[str] = []
    after = None
    while True:
        variables = {"first": 2, "after": after, "sort": sort, "reverse": reverse}
        page = shop.data(PAGE, variables)["products"]
        seen += [node["title"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    expected = sorted(titles, key=str.casefold) if sort == "TITLE" else titles
    assert seen == (expected[::-1] if reverse else expected)
    tail = {"last": 2, "before": page["pageInfo"]["endCursor"], "sort": sort, "reverse": reverse}
    assert [node["title"] for node in shop.data(PAGE, tail)["products"]["nodes"]] == seen[-3:-1]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("handle:red-shirt", ["Red shirt"]),
        ("sku:RED", ["Red shirt"]),
        ("status:draft", ["Hidden"]),
        ("vendor:Acme", ["Red shirt"]),
        ('vendor:"Acme" OR status:draft', ["Red shirt", "Hidden"]),
        ("-status:draft", ["Red shirt", "Blue hat"]),
        ("tag:summer title:hat", ["Blue hat"]),
        ("title:Re*", ["Red shirt"]),
        ("tag_not:summer", ["Hidden"]),
        ("updated_at:>='2020-01-01T00:00:00Z'", ["Red shirt", "Blue hat", "Hidden"]),
        ("updated_at:<2020-01-01", []),
        ("hat", ["Blue hat"]),
    ],
)
def test_filters(shop: DevStoreClient, query: str, titles: list[str]) -> None:
    shop.make(title="Red shirt", vendor="Acme", tags=["summer"], **colours(shop.location(), "Red"))
    shop.make(title="Blue hat", tags=["Summer"])
    shop.make(title="Hidden", status="DRAFT")
    answer = shop.ask(PAGE, {"first": 10, "query": query})
    assert [node["title"] for node in answer["data"]["products"]["nodes"]] == titles
    assert "search" not in answer["extensions"]


def test_ids_can_be_walked_in_segments(shop: DevStoreClient) -> None:
    ids = [shop.make(title=f"Row {n}")["id"].rsplit("/", 1)[1] for n in range(3)]
    found = shop.data(PAGE, {"first": 10, "query": f"id:>{ids[0]}"})["products"]["nodes"]
    assert [node["title"] for node in found] == ["Row 1", "Row 2"]


def test_an_unknown_filter_selects_everything_and_warns(shop: DevStoreClient) -> None:
    shop.make(title="One")
    shop.make(title="Two")
    answer = shop.ask(PAGE, {"first": 10, "query": "colour:red"})
    assert len(answer["data"]["products"]["nodes"]) == 2
    warnings = answer["extensions"]["search"][0]["warnings"]
    assert [(warning["field"], warning["code"]) for warning in warnings] == [("colour", "invalid_field")]


def test_a_page_needs_a_size_and_takes_at_most_250(shop: DevStoreClient) -> None:
    for arguments in ({}, {"first": 251}, {"first": 0}):
        answer = shop.ask(PAGE, arguments)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_nodes_answer_null_for_what_is_not_there(shop: DevStoreClient) -> None:
    product = shop.make(title="Node")
    variant = product["variants"]["nodes"][0]["id"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Product { title } } }"
    ids = [variant, "gid://shopify/Product/1", product["id"]]
    assert shop.data(query, {"ids": ids})["nodes"] == [
        {"__typename": "ProductVariant", "id": variant},
        None,
        {"__typename": "Product", "id": product["id"], "title": "Node"},
    ]


def test_fragments_aliases_and_directives(shop: DevStoreClient) -> None:
    product = shop.make(title="Asked", tags=["t"])
    query = """query Q($id: ID!, $more: Boolean!) {
      first: product(id: $id) { ...Names tags @include(if: $more) }
      second: product(id: $id) { ...Names handle @skip(if: $more) }
    }
    fragment Names on Product {
      shown: title ... on HasMetafields { metafield(namespace: "aaa", key: "bb") { id } }
    }"""
    assert shop.data(query, {"id": product["id"], "more": True}) == {
        "first": {"shown": "Asked", "metafield": None, "tags": ["t"]},
        "second": {"shown": "Asked", "metafield": None},
    }
    assert set(shop.data(query, {"id": product["id"], "more": False})["second"]) == {"shown", "metafield", "handle"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ product(id: 1) { nonsense } }", "undefinedField"),
        ("{ product { id } }", "missingRequiredArguments"),
        ("{ products(first: 1, colour: 2) { nodes { id } } }", "argumentNotAccepted"),
        ("{ shop }", "selectionMismatch"),
        ("query($x: Int) { shop { id } }", "variableNotUsed"),
    ],
)
def test_an_invalid_document_is_refused_before_it_costs_anything(shop: DevStoreClient, query: str, code: str) -> None:
    answer = shop.ask(query)
    assert "data" not in answer
    assert code in [error["extensions"]["code"] for error in answer["errors"]]


@given(st.text(max_size=60))
def test_any_text_can_be_searched_for(text: str) -> None:
    parse_query(text)
