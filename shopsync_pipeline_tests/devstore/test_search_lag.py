"""Search runs behind by the index lag; reads by id do not. The shop's clock decides, so nothing here waits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.devstore.search.debug import parsed
from shopsync_pipeline.devstore.search.syntax import parse_query
from shopsync_pipeline_tests.devstore.client import DevStoreClient

PRODUCTS = """query P($query: String, $sortKey: ProductSortKeys, $first: Int = 50, $after: String, $reverse: Boolean) {
  products(query: $query, sortKey: $sortKey, first: $first, after: $after, reverse: $reverse) {
    nodes { id title updatedAt } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
UPDATE = "mutation U($p: ProductUpdateInput!) { productUpdate(product: $p) { userErrors { message } } }"
DELETE = "mutation D($id: ID!) { productDelete(input: {id: $id}) { deletedProductId } }"


@pytest.fixture
def lagging(shop: DevStoreClient) -> DevStoreClient:
    """A shop whose search is a minute behind."""
    shop.control("settings", {"index_lag_ms": 60_000})
    return shop


def titles(shop: DevStoreClient, query: str | None = None, **more: Any) -> list[str]:
    return [node["title"] for node in shop.data(PRODUCTS, {"query": query, **more})["products"]["nodes"]]


def count(shop: DevStoreClient, query: str | None = None) -> int:
    found: int = shop.data("query C($q: String) { productsCount(query: $q) { count } }", {"q": query})["productsCount"][
        "count"
    ]
    return found


def catch_up(shop: DevStoreClient) -> None:
    shop.control("clock", {"advance_seconds": 60})


def test_a_new_product_is_read_by_id_before_it_is_found(lagging: DevStoreClient) -> None:
    made = lagging.make(title="Fresh", tags=["new"])
    read = "query($id: ID!) { product(id: $id) { title } }"
    assert lagging.data(read, {"id": made["id"]}) == {"product": {"title": "Fresh"}}
    assert titles(lagging) == ["Fresh"]
    assert (titles(lagging, "tag:new"), count(lagging), count(lagging, "tag:new")) == ([], 0, 0)
    assert lagging.stats()["search_waiting"] > 0
    catch_up(lagging)
    assert (titles(lagging, "tag:new"), count(lagging), count(lagging, "tag:new")) == (["Fresh"], 1, 1)
    assert lagging.stats()["search_waiting"] == 0


def test_a_change_is_found_by_its_old_value_and_shown_with_its_new_one(lagging: DevStoreClient) -> None:
    made = lagging.make(title="Before")
    catch_up(lagging)
    lagging.data(UPDATE, {"p": {"id": made["id"], "title": "After"}})
    assert (titles(lagging, "title:Before"), titles(lagging, "title:After")) == (["After"], [])
    catch_up(lagging)
    assert (titles(lagging, "title:Before"), titles(lagging, "title:After")) == ([], ["After"])


def test_every_state_is_passed_through_in_its_turn(lagging: DevStoreClient) -> None:
    made = lagging.make(title="One")
    for title in ("Two", "Three"):
        lagging.control("clock", {"advance_seconds": 20})
        lagging.data(UPDATE, {"p": {"id": made["id"], "title": title}})
    seen = []
    for _ in range(3):
        lagging.control("clock", {"advance_seconds": 20})
        seen.append([word for word in ("One", "Two", "Three") if titles(lagging, f"title:{word}")])
    assert seen == [["One"], ["Two"], ["Three"]]


def test_a_deleted_product_is_counted_until_search_hears_of_it_but_never_shown(lagging: DevStoreClient) -> None:
    made = lagging.make(title="Doomed")
    catch_up(lagging)
    lagging.data(DELETE, {"id": made["id"]})
    assert (count(lagging, "title:Doomed"), titles(lagging, "title:Doomed")) == (1, [])
    catch_up(lagging)
    assert count(lagging, "title:Doomed") == 0


def test_skus_lag_too(lagging: DevStoreClient) -> None:
    options = [{"name": "Title", "values": [{"name": "Default Title"}]}]
    variant = {"optionValues": [{"optionName": "Title", "name": "Default Title"}], "sku": "LAMP-1"}
    lagging.make(title="Lamp", productOptions=options, variants=[variant])
    query = '{ productVariants(first: 5, query: "sku:LAMP-1") { nodes { sku } } }'
    assert lagging.data(query)["productVariants"]["nodes"] == []
    assert titles(lagging, "sku:LAMP-1") == []
    catch_up(lagging)
    assert lagging.data(query)["productVariants"]["nodes"] == [{"sku": "LAMP-1"}]
    assert titles(lagging, "sku:lamp-1") == ["Lamp"]


@pytest.mark.parametrize("query", [None, "status:active", "updated_at:>='2020-01-01' status:active", "id:>0"])
@pytest.mark.parametrize("sort_key", [None, "ID", "UPDATED_AT", "TITLE"])
@pytest.mark.parametrize("reverse", [False, True])
def test_pages_join_to_the_whole_list(
    shop: DevStoreClient, query: str | None, sort_key: str | None, reverse: bool
) -> None:
    """Narrowed pages must be the same rows, in the same order, as one page of everything."""
    for number in range(7):
        made = shop.make(title=f"P{number}", status="DRAFT" if number == 3 else "ACTIVE")
        if number < 3:
            shop.control("clock", {"advance_seconds": 5})
            shop.data(UPDATE, {"p": {"id": made["id"], "title": f"Q{9 - number}"}})
    given = {"query": query, "sortKey": sort_key, "reverse": reverse}
    whole = [node["title"] for node in shop.data(PRODUCTS, given)["products"]["nodes"]]
    assert len(whole) == (6 if query and "status" in query else 7)
    joined: list[str] = []
    after, pages = None, 0
    while True:
        page = shop.data(PRODUCTS, {**given, "first": 2, "after": after})["products"]
        assert page["pageInfo"]["hasPreviousPage"] is (pages > 0)
        joined += [node["title"] for node in page["nodes"]]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert joined == whole


def test_a_delta_since_a_time_comes_in_the_order_of_time(shop: DevStoreClient) -> None:
    early = shop.make(title="Early")
    shop.control("clock", {"advance_seconds": 100})
    late = shop.make(title="Late")
    shop.data(UPDATE, {"p": {"id": early["id"], "title": "Early, later"}})
    since = f"updated_at:>='{late['updatedAt']}'"
    assert titles(shop, since, sortKey="UPDATED_AT") == ["Early, later", "Late"]
    assert titles(shop, f"{since} title:Late", sortKey="UPDATED_AT") == ["Late"]


def test_search_explains_itself_when_asked(shop: DevStoreClient) -> None:
    query = 'red tag:new updated_at:>="2026-01-01" -status:draft'
    body = {"query": PRODUCTS, "variables": {"query": query}}
    answer = shop.http.post(
        "/admin/api/2026-10/graphql.json", json=body, headers={"Shopify-Search-Query-Debug": "1"}
    ).json()
    assert answer["extensions"]["search"] == [
        {
            "path": ["products"],
            "query": query,
            "parsed": {
                "and": [
                    {"match_all": "red"},
                    {"field": "tag", "match_all": "new"},
                    {"field": "updated_at", "range": {"gte": "2026-01-01"}},
                    {"not": {"field": "status", "match_all": "draft"}},
                ]
            },
        }
    ]
    assert "search" not in shop.ask(PRODUCTS, {"query": query})["extensions"]


@given(st.text(max_size=30))
def test_any_text_can_be_explained(text: str) -> None:
    tree = parse_query(text)
    assert tree is None or isinstance(parsed(tree), dict)
