"""Stock: compared before it is set, guarded by a key, all rows or none."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import INVENTORY_SET, DevStoreClient, colours


@pytest.fixture
def items(shop: DevStoreClient) -> list[str]:
    product = shop.make(title="Stocked", **colours(shop.location(), "Red", "Blue"))
    return [row["inventoryItem"]["id"] for row in product["variants"]["nodes"]]


def set_stock(
    shop: DevStoreClient, rows: list[tuple[str, int, int | None]], key: str, name: str = "available"
) -> dict[str, Any]:
    place = shop.location()
    quantities = [
        {"inventoryItemId": item, "locationId": place, "quantity": quantity, "changeFromQuantity": expected}
        for item, quantity, expected in rows
    ]
    given = {"name": name, "reason": "correction", "quantities": quantities}
    payload: dict[str, Any] = shop.data(INVENTORY_SET, {"input": given, "key": key})["inventorySetQuantities"]
    return payload


def levels(shop: DevStoreClient, item: str) -> dict[str, int]:
    query = """query($id: ID!, $at: ID!) { inventoryItem(id: $id) { inventoryLevel(locationId: $at) {
      quantities(names: ["available", "on_hand", "committed"]) { name quantity } } } }"""
    found = shop.data(query, {"id": item, "at": shop.location()})["inventoryItem"]["inventoryLevel"]["quantities"]
    return {row["name"]: row["quantity"] for row in found}


def test_setting_available_moves_on_hand_with_it(shop: DevStoreClient, items: list[str]) -> None:
    payload = set_stock(shop, [(items[0], 9, 5)], "a")
    changes = payload["inventoryAdjustmentGroup"]["changes"]
    assert [(change["name"], change["delta"]) for change in changes] == [("available", 4), ("on_hand", 4)]
    assert levels(shop, items[0]) == {"available": 9, "on_hand": 9, "committed": 0}


def test_one_stale_row_fails_the_whole_call(shop: DevStoreClient, items: list[str]) -> None:
    payload = set_stock(shop, [(items[0], 9, 5), (items[1], 9, 4)], "b")
    assert payload["inventoryAdjustmentGroup"] is None
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
        ("CHANGE_FROM_QUANTITY_STALE", ["input", "quantities", "1", "changeFromQuantity"])
    ]
    assert levels(shop, items[0])["available"] == 5


def test_an_explicit_null_sets_blindly(shop: DevStoreClient, items: list[str]) -> None:
    assert set_stock(shop, [(items[0], 70, None)], "c")["userErrors"] == []
    assert levels(shop, items[0])["available"] == 70


def test_a_used_key_answers_again_without_doing_it_again(shop: DevStoreClient, items: list[str]) -> None:
    first = set_stock(shop, [(items[0], 9, 5)], "d")
    set_stock(shop, [(items[0], 20, 9)], "e")
    assert set_stock(shop, [(items[0], 9, 5)], "d") == first
    assert levels(shop, items[0])["available"] == 20
    other = set_stock(shop, [(items[0], 10, 20)], "d")
    assert [error["code"] for error in other["userErrors"]] == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]


def test_the_key_and_the_expectation_are_required(shop: DevStoreClient, items: list[str]) -> None:
    row = {"inventoryItemId": items[0], "locationId": shop.location(), "quantity": 1}
    given = {"name": "available", "reason": "correction", "quantities": [row]}
    missing = shop.ask(INVENTORY_SET, {"input": given, "key": "f"})
    assert missing["data"] == {"inventorySetQuantities": None}
    assert missing["errors"][0]["extensions"] == {"code": "INVALID_FIELD_ARGUMENTS"}
    assert missing["errors"][0]["message"] == (
        "InventoryQuantityInput must include the following argument: changeFromQuantity."
    )
    row["changeFromQuantity"] = None  # type: ignore[assignment]
    bare = INVENTORY_SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    unkeyed = shop.ask(bare, {"input": given})
    assert unkeyed["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    assert unkeyed["errors"][0]["path"] == ["inventorySetQuantities"]
    assert unkeyed["errors"][0]["message"] == (
        "The @idempotent directive is required for this mutation but was not provided."
    )


@pytest.mark.parametrize(
    ("name", "quantity", "code"),
    [
        ("on_hand", -5, "INVALID_QUANTITY_NEGATIVE"),
        ("available", -2_000_000_000, "INVALID_QUANTITY_TOO_LOW"),
        ("available", 2_000_000_000, "INVALID_QUANTITY_TOO_HIGH"),
        ("reserved", 1, "INVALID_NAME"),
    ],
)
def test_bounds(shop: DevStoreClient, items: list[str], name: str, quantity: int, code: str) -> None:
    errors = set_stock(shop, [(items[0], quantity, None)], f"{name}{quantity}", name)["userErrors"]
    assert code in [error["code"] for error in errors]


def test_an_order_commits_stock_and_shows_in_the_products_time(shop: DevStoreClient, items: list[str]) -> None:
    done = shop.control("merchant", {"action": "order", "sku": "RED", "quantity": 2})
    assert (done["available"], done["onHand"]) == (3, 5)
    assert levels(shop, items[0]) == {"available": 3, "on_hand": 5, "committed": 2}
    assert set_stock(shop, [(items[0], 9, 5)], "g")["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
