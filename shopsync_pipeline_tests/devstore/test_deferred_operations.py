"""Asynchronous productSet and productDelete behind a delay, in the shop's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import PRODUCT_SET, DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import start, stop

OPERATION = """query O($id: ID!) { productOperation(id: $id) { __typename status product { title }
  ... on ProductSetOperation { userErrors { code field message } }
  ... on ProductDeleteOperation { deletedProductId userErrors { message } } } }"""
DELETE = """mutation D($id: ID!, $now: Boolean = false) { productDelete(input: {id: $id}, synchronous: $now) {
  deletedProductId productDeleteOperation { id status product { title } } userErrors { field message } } }"""


@pytest.fixture
def slow(shop: DevStoreClient) -> DevStoreClient:
    """A shop whose asynchronous operations take ten minutes."""
    shop.control("settings", {"operation_delay_ms": 600_000})
    return shop


def begin(shop: DevStoreClient, given: dict[str, Any]) -> str:
    payload = shop.data(PRODUCT_SET, {"input": given, "synchronous": False})["productSet"]
    assert (payload["product"], payload["userErrors"]) == (None, [])
    assert payload["productSetOperation"]["status"] == "CREATED"
    found: str = payload["productSetOperation"]["id"]
    return found


def read(shop: DevStoreClient, number: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.data(OPERATION, {"id": number})["productOperation"]
    return found


def wait(shop: DevStoreClient, seconds: int) -> None:
    shop.control("clock", {"advance_seconds": seconds})


def test_a_product_set_passes_from_created_over_active_to_complete(slow: DevStoreClient) -> None:
    number = begin(slow, {"title": "Later", "variants": None})
    assert read(slow, number)["status"] == "CREATED"
    wait(slow, 400)
    assert (read(slow, number)["status"], slow.stats()["products"]) == ("ACTIVE", 0)
    wait(slow, 200)
    assert read(slow, number) == {
        "__typename": "ProductSetOperation", "status": "COMPLETE", "product": {"title": "Later"}, "userErrors": [],
    }  # fmt: skip


def test_amounts_survive_the_wait(slow: DevStoreClient) -> None:
    variant = {"optionValues": [{"optionName": "Size", "name": "S"}], "price": "12.34", "sku": "S-1"}
    options = [{"name": "Size", "values": [{"name": "S"}]}]
    begin(slow, {"title": "Priced", "productOptions": options, "variants": [variant]})
    wait(slow, 600)
    query = "{ products(first: 1) { nodes { variants(first: 1) { nodes { price sku } } } } }"
    nodes = slow.data(query)["products"]["nodes"]
    assert nodes[0]["variants"]["nodes"] == [{"price": "12.34", "sku": "S-1"}]


def test_a_refusal_is_told_by_the_operation(slow: DevStoreClient) -> None:
    number = begin(slow, {"title": ""})
    wait(slow, 600)
    found = read(slow, number)
    assert (found["status"], found["product"]) == ("COMPLETE", None)
    assert [error["field"] for error in found["userErrors"]] == [["input", "title"]]


def test_without_a_delay_the_next_read_finds_it_done(shop: DevStoreClient) -> None:
    assert read(shop, begin(shop, {"title": "Soon"}))["product"] == {"title": "Soon"}


def test_a_product_is_readable_until_its_deletion_is_done(slow: DevStoreClient) -> None:
    made = slow.make(title="Going")
    payload = slow.data(DELETE, {"id": made["id"]})["productDelete"]
    operation = payload["productDeleteOperation"]
    assert (payload["deletedProductId"], operation["status"]) == (None, "CREATED")
    assert read(slow, operation["id"])["product"] == {"title": "Going"}
    wait(slow, 600)
    found = read(slow, operation["id"])
    assert (found["status"], found["product"], found["deletedProductId"]) == ("COMPLETE", None, made["id"])
    assert slow.stats()["products"] == 0


@pytest.mark.parametrize("now", [True, False])
def test_a_second_deletion_must_wait_for_the_first(slow: DevStoreClient, now: bool) -> None:
    made = slow.make(title="Going")
    slow.data(DELETE, {"id": made["id"]})
    payload = slow.data(DELETE, {"id": made["id"], "now": now})["productDelete"]
    sentence = "Another operation already in progress. Please wait until current one is finished."
    assert payload["userErrors"] == [{"field": None, "message": sentence}]
    assert (payload["deletedProductId"], payload["productDeleteOperation"]) == (None, None)


def test_pending_work_survives_a_killed_process(tmp_path: Path) -> None:
    process, address = start(tmp_path / "shop.sqlite", "--operation-delay-ms", "3600000")
    client = DevStoreClient(address)
    number = begin(client, {"title": "Patient"})
    client.http.close()
    process.kill()
    process.wait(timeout=10)
    assert process.stdout is not None
    process.stdout.close()
    process, address = start(tmp_path / "shop.sqlite")
    client = DevStoreClient(address)
    try:
        assert read(client, number)["status"] == "CREATED"
        wait(client, 3_600)
        assert read(client, number)["product"] == {"title": "Patient"}
    finally:
        client.http.close()
        stop(process)
