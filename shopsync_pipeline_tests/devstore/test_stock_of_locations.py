"""Stock beside available, stocking at several locations, and the memory of idempotency keys."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import INVENTORY_SET, DevStoreClient, colours

ADJUST = """mutation A($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { name delta ledgerDocumentUri } } userErrors { code field message } } }"""
TOGGLE = """mutation T($id: ID!, $updates: [InventoryBulkToggleActivationInput!]!) {
  inventoryBulkToggleActivation(inventoryItemId: $id, inventoryItemUpdates: $updates) {
    inventoryItem { id } inventoryLevels { isActive location { id } } userErrors { code field message } } }"""
LEVELS = """query L($id: ID!) { inventoryItem(id: $id) { inventoryLevels(first: 9, includeInactive: true) { nodes {
  isActive location { name } quantities(names: ["available", "on_hand", "committed", "damaged", "incoming"]) {
    name quantity } } } } }"""
DOCUMENT = "ledger://tests/1"


@pytest.fixture
def item(shop: DevStoreClient) -> str:
    found: str = shop.make(title="Stocked", **colours(shop.location(), "Red"))["variants"]["nodes"][0]["inventoryItem"][
        "id"
    ]
    return found


@pytest.fixture
def second(shop: DevStoreClient) -> str:
    found: str = shop.control("merchant", {"action": "open_location", "location": "Second"})["location"]
    return found


def adjust(shop: DevStoreClient, item: str, name: str, delta: int, key: str, **more: Any) -> dict[str, Any]:
    expected = more.pop("expected", None)
    row = {"inventoryItemId": item, "locationId": shop.location(), "delta": delta, "changeFromQuantity": expected}
    given = {"name": name, "reason": "correction", "changes": [{**row, **more}]}
    found: dict[str, Any] = shop.data(ADJUST, {"input": given, "key": key})["inventoryAdjustQuantities"]
    return found


def set_stock(shop: DevStoreClient, item: str, quantity: int, key: str) -> dict[str, Any]:
    row = {"inventoryItemId": item, "locationId": shop.location(), "quantity": quantity, "changeFromQuantity": None}
    given = {"name": "available", "reason": "correction", "quantities": [row]}
    found: dict[str, Any] = shop.data(INVENTORY_SET, {"input": given, "key": key})["inventorySetQuantities"]
    return found


def levels(shop: DevStoreClient, item: str) -> dict[str, dict[str, Any]]:
    nodes = shop.data(LEVELS, {"id": item})["inventoryItem"]["inventoryLevels"]["nodes"]
    return {
        node["location"]["name"]: {
            "active": node["isActive"], **{row["name"]: row["quantity"] for row in node["quantities"]},
        }
        for node in nodes
    }  # fmt: skip


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def test_damaged_goods_are_on_hand_and_not_available(shop: DevStoreClient, item: str) -> None:
    payload = adjust(shop, item, "damaged", 2, "a", ledgerDocumentUri=DOCUMENT, expected=0)
    assert payload["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "damaged", "delta": 2, "ledgerDocumentUri": DOCUMENT},
        {"name": "on_hand", "delta": 2, "ledgerDocumentUri": DOCUMENT},
    ]
    found = levels(shop, item)["Main warehouse"]
    assert found == {"active": True, "available": 5, "on_hand": 7, "committed": 0, "damaged": 2, "incoming": 0}


def test_incoming_goods_are_nowhere_yet(shop: DevStoreClient, item: str) -> None:
    adjust(shop, item, "incoming", 9, "a", ledgerDocumentUri=DOCUMENT)
    found = levels(shop, item)["Main warehouse"]
    assert (found["incoming"], found["on_hand"], found["committed"]) == (9, 5, 0)


def test_setting_available_leaves_the_other_quantities(shop: DevStoreClient, item: str) -> None:
    adjust(shop, item, "damaged", 2, "a", ledgerDocumentUri=DOCUMENT)
    shop.control("merchant", {"action": "order", "sku": "RED", "quantity": 1})
    set_stock(shop, item, 10, "b")
    found = levels(shop, item)["Main warehouse"]
    assert (found["available"], found["damaged"], found["committed"], found["on_hand"]) == (10, 2, 1, 13)


@pytest.mark.parametrize(
    ("name", "more", "code"),
    [
        ("available", {"ledgerDocumentUri": DOCUMENT}, "INVALID_AVAILABLE_DOCUMENT"),
        ("damaged", {}, "INVALID_QUANTITY_DOCUMENT"),
        ("damaged", {"ledgerDocumentUri": "gid://shopify/Order/1"}, "INTERNAL_LEDGER_DOCUMENT"),
        ("on_hand", {"ledgerDocumentUri": DOCUMENT}, "INVALID_QUANTITY_NAME"),
        ("damaged", {"ledgerDocumentUri": DOCUMENT, "expected": 3}, "CHANGE_FROM_QUANTITY_STALE"),
    ],
)
def test_adjustments_that_are_refused(
    shop: DevStoreClient, item: str, name: str, more: dict[str, Any], code: str
) -> None:
    before = levels(shop, item)
    payload = adjust(shop, item, name, 1, "a", **more)
    assert (codes(payload), payload["inventoryAdjustmentGroup"]) == ([code], None)
    assert levels(shop, item) == before


def test_an_item_is_stocked_and_unstocked_in_one_call(shop: DevStoreClient, item: str, second: str) -> None:
    updates = [{"locationId": second, "activate": True}, {"locationId": shop.location(), "activate": False}]
    payload = shop.data(TOGGLE, {"id": item, "updates": updates})["inventoryBulkToggleActivation"]
    assert payload["userErrors"] == []
    assert [level["isActive"] for level in payload["inventoryLevels"]] == [True, False]
    found = levels(shop, item)
    assert (found["Main warehouse"]["active"], found["Second"]["active"]) == (False, True)
    assert found["Main warehouse"]["available"] == 5


def test_the_only_location_cannot_be_left(shop: DevStoreClient, item: str) -> None:
    updates = [{"locationId": shop.location(), "activate": False}]
    payload = shop.data(TOGGLE, {"id": item, "updates": updates})["inventoryBulkToggleActivation"]
    assert (codes(payload), payload["inventoryLevels"]) == (["CANNOT_DEACTIVATE_FROM_ONLY_LOCATION"], None)


def test_promised_goods_hold_an_item_at_its_location(shop: DevStoreClient, item: str, second: str) -> None:
    shop.control("merchant", {"action": "order", "sku": "RED", "quantity": 1})
    adjust(shop, item, "incoming", 1, "a", ledgerDocumentUri=DOCUMENT)
    updates = [{"locationId": second, "activate": True}, {"locationId": shop.location(), "activate": False}]
    payload = shop.data(TOGGLE, {"id": item, "updates": updates})["inventoryBulkToggleActivation"]
    assert codes(payload) == ["COMMITTED_INVENTORY_AT_LOCATION", "INCOMING_INVENTORY_AT_LOCATION"]
    assert list(levels(shop, item)) == ["Main warehouse"]


def test_toggling_what_is_not_there(shop: DevStoreClient, item: str) -> None:
    nowhere = [{"locationId": "gid://shopify/Location/1", "activate": True}]
    payload = shop.data(TOGGLE, {"id": item, "updates": nowhere})["inventoryBulkToggleActivation"]
    assert codes(payload) == ["LOCATION_NOT_FOUND"]
    payload = shop.data(TOGGLE, {"id": "gid://shopify/InventoryItem/1", "updates": []})["inventoryBulkToggleActivation"]
    assert codes(payload) == ["INVENTORY_ITEM_NOT_FOUND"]


def test_a_closed_location_is_listed_only_on_request(shop: DevStoreClient, second: str) -> None:
    shop.control("merchant", {"action": "close_location", "location": "Second"})
    query = "query L($all: Boolean) { locations(first: 9, includeInactive: $all) { nodes { name isActive } } }"
    open_ones = shop.data(query)["locations"]["nodes"]
    assert open_ones == [{"name": "Main warehouse", "isActive": True}]
    every = shop.data(query, {"all": True})["locations"]["nodes"]
    assert {row["name"]: row["isActive"] for row in every} == {"Main warehouse": True, "Second": False}
    assert shop.data("query($id: ID!) { location(id: $id) { isActive } }", {"id": second}) == {
        "location": {"isActive": False}
    }


# -- keys -------------------------------------------------------------------------------------------


def test_a_key_is_forgotten_after_a_day_of_the_shop_s_time(shop: DevStoreClient, item: str) -> None:
    set_stock(shop, item, 9, "key")
    assert codes(set_stock(shop, item, 7, "key")) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    shop.control("clock", {"advance_seconds": 24 * 3_600 - 60})
    assert codes(set_stock(shop, item, 7, "key")) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    shop.control("clock", {"advance_seconds": 120})
    assert codes(set_stock(shop, item, 7, "key")) == []
    assert levels(shop, item)["Main warehouse"]["available"] == 7


def test_a_key_is_busy_until_its_answer_has_been_sent(shop: DevStoreClient, item: str) -> None:
    """The first call has done its work and waits out its latency; a retry meanwhile is told so."""
    shop.control("settings", {"latency_ms": 3_000})
    place = shop.data("{ location { id } }")["location"]["id"]
    row = {"inventoryItemId": item, "locationId": place, "quantity": 9, "changeFromQuantity": None}
    given = {"input": {"name": "available", "reason": "correction", "quantities": [row]}, "key": "busy"}
    answers: list[dict[str, Any]] = []
    first = threading.Thread(target=lambda: answers.append(DevStoreClient(shop.address).data(INVENTORY_SET, given)))
    first.start()
    while "inventorySetQuantities" not in shop.stats()["mutations"]:
        assert first.is_alive()
    shop.control("settings", {"latency_ms": 0})
    retry = shop.data(INVENTORY_SET, given)["inventorySetQuantities"]
    assert first.is_alive()
    assert codes(retry) == ["IDEMPOTENCY_CONCURRENT_REQUEST"]
    first.join()
    assert answers[0]["inventorySetQuantities"]["userErrors"] == []
    assert codes(shop.data(INVENTORY_SET, given)["inventorySetQuantities"]) == []
