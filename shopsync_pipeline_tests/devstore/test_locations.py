"""Locations: opened, closed with somewhere for the stock to go, opened again, and deleted once they are empty."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import INVENTORY_SET, DevStoreClient, colours

ADD = """
mutation Add($input: LocationAddInput!) {
  locationAdd(input: $input) {
    location { id name isActive fulfillsOnlineOrders deletable hasActiveInventory address { countryCode city } }
    userErrors { code field message }
  }
}"""
DEACTIVATE = """
mutation Close($id: ID!, $to: ID, $key: String!) {
  locationDeactivate(locationId: $id, destinationLocationId: $to) @idempotent(key: $key) {
    location { isActive deletable } locationDeactivateUserErrors { code field }
  }
}"""
ACTIVATE = """
mutation Open($id: ID!, $key: String!) {
  locationActivate(locationId: $id) @idempotent(key: $key) {
    location { isActive } locationActivateUserErrors { code field }
  }
}"""
DELETE = """
mutation Delete($id: ID!) { locationDelete(locationId: $id) { deletedLocationId locationDeleteUserErrors { code } } }
"""
STOCK = """
query Stock($id: ID!) {
  product(id: $id) {
    totalInventory
    variants(first: 1) {
      nodes { inventoryItem { inventoryLevels(first: 5, includeInactive: true) {
        nodes { isActive location { id } quantities(names: ["available"]) { quantity } }
      } } }
    }
  }
}"""


def add(shop: DevStoreClient, name: str) -> str:
    payload = shop.data(ADD, {"input": {"name": name, "address": {"countryCode": "US", "city": "Boston"}}})[
        "locationAdd"
    ]
    assert payload["userErrors"] == []
    made: str = payload["location"]["id"]
    return made


def close(shop: DevStoreClient, place: str, key: str, to: str | None = None) -> list[str]:
    payload = shop.data(DEACTIVATE, {"id": place, "to": to, "key": key})["locationDeactivate"]
    return [error["code"] for error in payload["locationDeactivateUserErrors"]]


def stock(shop: DevStoreClient, product: str) -> dict[str, tuple[bool, int]]:
    item = shop.data(STOCK, {"id": product})["product"]["variants"]["nodes"][0]["inventoryItem"]
    return {
        level["location"]["id"]: (level["isActive"], level["quantities"][0]["quantity"])
        for level in item["inventoryLevels"]["nodes"]
    }


def test_a_new_location_is_open_and_empty(shop: DevStoreClient) -> None:
    given = {"name": "Shed", "fulfillsOnlineOrders": False, "address": {"countryCode": "US", "city": "Boston"}}
    location = shop.data(ADD, {"input": given})["locationAdd"]["location"]
    assert location.pop("id").startswith("gid://shopify/Location/")
    assert location == {
        "name": "Shed",
        "isActive": True,
        "fulfillsOnlineOrders": False,
        "deletable": False,
        "hasActiveInventory": False,
        "address": {"countryCode": "US", "city": "Boston"},
    }


@pytest.mark.parametrize(("name", "code"), [("  ", "BLANK"), ("main WAREHOUSE", "TAKEN")])
def test_names_are_given_and_unique(shop: DevStoreClient, name: str, code: str) -> None:
    payload = shop.data(ADD, {"input": {"name": name, "address": {"countryCode": "US"}}})["locationAdd"]
    assert payload["location"] is None
    assert [error["code"] for error in payload["userErrors"]] == [code]


def test_stock_holds_a_location_open_until_it_has_somewhere_to_go(shop: DevStoreClient) -> None:
    main, shed = shop.location(), add(shop, "Shed")
    product: dict[str, Any] = shop.make(title="Stocked", **colours(shed, "Red", stock=7))
    assert close(shop, shed, "one") == ["HAS_ACTIVE_INVENTORY_ERROR"]
    assert close(shop, shed, "two", to=shed) == ["DESTINATION_LOCATION_IS_THE_SAME_LOCATION"]
    assert stock(shop, product["id"]) == {shed: (True, 7)}
    assert close(shop, shed, "three", to=main) == []
    assert stock(shop, product["id"]) == {shed: (False, 0), main: (True, 7)}
    assert shop.data(STOCK, {"id": product["id"]})["product"]["totalInventory"] == 7


def test_the_last_location_that_fulfils_orders_stays_open(shop: DevStoreClient) -> None:
    assert close(shop, shop.location(), "one") == ["CANNOT_DISABLE_ONLINE_ORDER_FULFILLMENT"]


def test_a_key_closes_once(shop: DevStoreClient) -> None:
    shed, barn = add(shop, "Shed"), add(shop, "Barn")
    assert close(shop, shed, "same") == []
    assert shop.data(ACTIVATE, {"id": shed, "key": "open"})["locationActivate"]["location"] == {"isActive": True}
    assert close(shop, shed, "same") == []
    assert (
        shop.data("query L($id: ID!) { location(id: $id) { isActive } }", {"id": shed})["location"]["isActive"] is True
    )
    assert close(shop, barn, "same") == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]


def test_only_a_closed_and_empty_location_is_deleted(shop: DevStoreClient) -> None:
    shed = add(shop, "Shed")
    product = shop.make(title="Stocked", **colours(shed, "Red", stock=3))
    item = product["variants"]["nodes"][0]["inventoryItem"]["id"]
    assert shop.data(DELETE, {"id": shed})["locationDelete"]["locationDeleteUserErrors"] == [
        {"code": "LOCATION_IS_ACTIVE"}
    ]
    row = {"inventoryItemId": item, "locationId": shed, "quantity": 0, "changeFromQuantity": 3}
    shop.data(INVENTORY_SET, {"input": {"name": "available", "reason": "correction", "quantities": [row]}, "key": "k"})
    assert close(shop, shed, "one") == []
    assert shop.data(DELETE, {"id": shed})["locationDelete"]["deletedLocationId"] == shed
    assert shed not in stock(shop, product["id"])
    assert shop.data(DELETE, {"id": shed})["locationDelete"]["locationDeleteUserErrors"] == [
        {"code": "LOCATION_NOT_FOUND"}
    ]
