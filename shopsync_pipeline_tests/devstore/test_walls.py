"""The wall of 50,000 variants, seen with a lower wall; one bucket for each app; and what a query costs, explained."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import PRODUCT_SET, DevStoreClient, colours

CREATE = """mutation C($id: ID!, $variants: [ProductVariantsBulkInput!]!) {
  productVariantsBulkCreate(productId: $id, variants: $variants) { productVariants { id } userErrors { code } } }"""


@pytest.fixture
def walled(shop: DevStoreClient) -> DevStoreClient:
    """A shop whose wall stands at three variants, with two a day beyond it."""
    shop.control("settings", {"variant_wall": 3, "daily_variants": 2})
    return shop


def try_to_make(shop: DevStoreClient, *names: str) -> dict[str, Any]:
    given = {"title": "P", **colours(shop.location(), *names)}
    return shop.ask(PRODUCT_SET, {"input": given})


def throttled(answer: dict[str, Any]) -> bool:
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes in ([], ["VARIANT_THROTTLE_EXCEEDED"])
    return bool(codes)


def test_past_the_wall_only_so_many_a_day(walled: DevStoreClient) -> None:
    assert not throttled(try_to_make(walled, "A", "B", "C"))
    assert not throttled(try_to_make(walled, "D"))
    answer = try_to_make(walled, "E", "F")
    assert throttled(answer)
    assert answer["data"] == {"productSet": None}
    assert answer["errors"][0]["message"].startswith("Daily variant creation limit reached.")
    assert walled.stats()["variants"] == 4
    assert not throttled(try_to_make(walled, "E"))
    assert throttled(try_to_make(walled, "F"))


def test_a_new_day_and_a_bigger_plan_lift_it(walled: DevStoreClient) -> None:
    try_to_make(walled, "A", "B", "C", "D", "E")
    assert throttled(try_to_make(walled, "F"))
    walled.control("clock", {"advance_seconds": 86_400})
    assert not throttled(try_to_make(walled, "F", "G"))
    assert throttled(try_to_make(walled, "H"))
    walled.control("settings", {"plan": "plus"})
    assert not throttled(try_to_make(walled, "H", "I", "J"))


def test_every_way_of_making_variants_counts(walled: DevStoreClient) -> None:
    product = try_to_make(walled, "A", "B", "C", "D", "E")["data"]["productSet"]["product"]["id"]
    green = [{"optionValues": [{"optionName": "Color", "name": "Green"}]}]
    assert throttled(walled.ask(CREATE, {"id": product, "variants": green}))
    create = 'mutation { productCreate(product: {title: "Q"}) { product { id } } }'
    assert throttled(walled.ask(create))
    assert throttled(walled.ask(PRODUCT_SET, {"input": {"title": "R"}}))


def test_changing_variants_is_never_limited(walled: DevStoreClient) -> None:
    made = try_to_make(walled, "A", "B", "C", "D", "E")["data"]["productSet"]["product"]
    given = colours(walled.location(), "A", "B", "C", "D", "E")
    rows = [
        {"id": node["id"], "optionValues": row["optionValues"], "price": "7"}
        for node, row in zip(made["variants"]["nodes"], given["variants"], strict=True)
    ]
    changed = {"id": made["id"], "productOptions": given["productOptions"], "variants": rows}
    assert not throttled(walled.ask(PRODUCT_SET, {"input": changed}))


def test_each_app_has_a_bucket_of_its_own(shop: DevStoreClient) -> None:
    shop.control("settings", {"speed": 0.001})
    shop.control("apps", {"action": "token", "token": "other", "app": "other"})
    shop.control("apps", {"action": "token", "token": "spare"})
    for _ in range(3):
        shop.make(title="Spent")
    shop.ask("{ shop { id } }")

    def left(client: DevStoreClient) -> int:
        found: int = client.ask("{ shop { id } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"]
        return found

    other, spare = DevStoreClient(shop.address, "other"), DevStoreClient(shop.address, "spare")
    assert left(other) == 1_999
    assert left(spare) < 1_980
    assert left(shop) < left(other)


def test_the_points_of_every_field_are_explained_on_request(shop: DevStoreClient) -> None:
    query = "{ products(first: 10) { nodes { id seo { title } } } shop { name } }"
    headers = {"Shopify-GraphQL-Cost-Debug": "1"}
    answer = shop.http.post("/admin/api/2026-10/graphql.json", json={"query": query}, headers=headers).json()
    cost = answer["extensions"]["cost"]
    fields = {".".join(row["path"]): row for row in cost["fields"]}
    assert set(fields) == {
        "products", "products.nodes", "products.nodes.id", "products.nodes.seo", "products.nodes.seo.title", "shop",
        "shop.name",
    }  # fmt: skip
    roots = [row["requestedTotalCost"] for row in cost["fields"] if len(row["path"]) == 1]
    assert sum(roots) == cost["requestedQueryCost"]
    for row in cost["fields"]:
        assert row["requestedTotalCost"] == row["definedCost"] + (row["requestedChildrenCost"] or 0)
    assert fields["products.nodes.id"]["requestedChildrenCost"] is None
    assert "fields" not in shop.ask(query)["extensions"]["cost"]
