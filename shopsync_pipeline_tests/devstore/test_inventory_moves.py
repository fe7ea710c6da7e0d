"""Stock between states: moved at one location, compared first, all or nothing; and the older on-hand call."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

MOVE = """
mutation Move($input: InventoryMoveQuantitiesInput!, $key: String!) {
  inventoryMoveQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { name delta ledgerDocumentUri } } userErrors { code field }
  }
}"""
ON_HAND = """
mutation OnHand($input: InventorySetOnHandQuantitiesInput!, $key: String!) {
  inventorySetOnHandQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { name delta } } userErrors { code field }
  }
}"""
LEVEL = """
query Level($id: ID!) {
  inventoryItem(id: $id) {
    inventoryLevels(first: 1) { nodes { quantities(names: ["available", "damaged", "on_hand"]) { name quantity } } }
  }
}"""
DOCUMENT = "erp://count/1"


@pytest.fixture
def item(shop: DevStoreClient) -> str:
    found: str = shop.make(title="Stocked", **colours(shop.location(), "Red", stock=9))["variants"]["nodes"][0][
        "inventoryItem"
    ]["id"]
    return found


def move(shop: DevStoreClient, item: str, quantity: int, **changed: Any) -> dict[str, Any]:
    place = shop.location()
    start = {"locationId": place, "name": "available", "changeFromQuantity": None, **changed.get("start", {})}
    end = {"locationId": place, "name": "damaged", "changeFromQuantity": 0, "ledgerDocumentUri": DOCUMENT}
    row = {"inventoryItemId": item, "quantity": quantity, "from": start, "to": {**end, **changed.get("end", {})}}
    given = {"reason": "damaged", "referenceDocumentUri": "erp://why/1", "changes": [row]}
    payload: dict[str, Any] = shop.data(MOVE, {"input": given, "key": str(changed)})["inventoryMoveQuantities"]
    return payload


def quantities(shop: DevStoreClient, item: str) -> dict[str, int]:
    rows = shop.data(LEVEL, {"id": item})["inventoryItem"]["inventoryLevels"]["nodes"][0]["quantities"]
    return {row["name"]: row["quantity"] for row in rows}


def test_what_is_damaged_stays_in_the_building(shop: DevStoreClient, item: str) -> None:
    payload = move(shop, item, 4)
    assert payload["userErrors"] == []
    assert payload["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "available", "delta": -4, "ledgerDocumentUri": None},
        {"name": "damaged", "delta": 4, "ledgerDocumentUri": DOCUMENT},
    ]
    assert quantities(shop, item) == {"available": 5, "damaged": 4, "on_hand": 9}


def test_what_arrives_is_on_hand_from_then_on(shop: DevStoreClient, item: str) -> None:
    incoming = {"name": "incoming", "ledgerDocumentUri": DOCUMENT}
    payload = move(
        shop, item, 3, start=incoming, end={"name": "available", "ledgerDocumentUri": None, "changeFromQuantity": 9}
    )
    assert payload["userErrors"] == []
    assert quantities(shop, item) == {"available": 12, "damaged": 0, "on_hand": 12}


@pytest.mark.parametrize(
    ("changed", "quantity", "code", "field"),
    [
        ({"start": {"changeFromQuantity": 8}}, 1, "CHANGE_FROM_QUANTITY_STALE", ["from", "changeFromQuantity"]),
        (
            {"end": {"name": "available", "ledgerDocumentUri": None, "changeFromQuantity": 9}},
            1,
            "SAME_QUANTITY_NAME",
            [],
        ),
        ({"end": {"name": "on_hand"}}, 1, "INVALID_QUANTITY_NAME", ["to", "name"]),
        ({"end": {"ledgerDocumentUri": None}}, 1, "INVALID_QUANTITY_DOCUMENT", ["to", "ledgerDocumentUri"]),
        ({"start": {"ledgerDocumentUri": DOCUMENT}}, 1, "INVALID_AVAILABLE_DOCUMENT", ["from", "ledgerDocumentUri"]),
        ({}, -1, "INVALID_QUANTITY_NEGATIVE", ["quantity"]),
    ],
)
def test_a_refused_move_moves_nothing(
    shop: DevStoreClient, item: str, changed: dict[str, Any], quantity: int, code: str, field: list[str]
) -> None:
    payload = move(shop, item, quantity, **changed)
    assert payload["inventoryAdjustmentGroup"] is None
    assert payload["userErrors"] == [{"code": code, "field": ["input", "changes", "0", *field]}]
    assert quantities(shop, item) == {"available": 9, "damaged": 0, "on_hand": 9}


def test_on_hand_is_set_and_available_follows(shop: DevStoreClient, item: str) -> None:
    row = {"inventoryItemId": item, "locationId": shop.location(), "quantity": 12, "changeFromQuantity": 9}
    given = {"reason": "cycle_count_available", "setQuantities": [row]}
    payload = shop.data(ON_HAND, {"input": given, "key": "k"})["inventorySetOnHandQuantities"]
    assert payload["userErrors"] == []
    assert quantities(shop, item) == {"available": 12, "damaged": 0, "on_hand": 12}
    stale = shop.data(ON_HAND, {"input": given, "key": "another"})["inventorySetOnHandQuantities"]
    assert stale["userErrors"] == [
        {"code": "CHANGE_FROM_QUANTITY_STALE", "field": ["input", "setQuantities", "0", "changeFromQuantity"]}
    ]
