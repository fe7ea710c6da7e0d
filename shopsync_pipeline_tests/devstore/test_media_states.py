"""New files are uploaded, then processed, then ready or failed, in the shop's time."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient

CREATE = """mutation C($files: [FileCreateInput!]!) { fileCreate(files: $files) {
  files { id fileStatus } userErrors { code field message } } }"""
UPDATE = """mutation U($files: [FileUpdateInput!]!) { fileUpdate(files: $files) {
  files { id alt } userErrors { code field message } } }"""
STATE = """query F($id: ID!) { node(id: $id) { ... on MediaImage { fileStatus status image { url }
  fileErrors { code } mediaErrors { code } preview { status } } } }"""


@pytest.fixture
def slow(shop: DevStoreClient) -> DevStoreClient:
    """A shop that processes a file for a minute."""
    shop.control("settings", {"media_delay_ms": 60_000, "broken_media": "/broken/"})
    return shop


def create(shop: DevStoreClient, source: str) -> str:
    payload = shop.data(CREATE, {"files": [{"originalSource": source}]})["fileCreate"]
    assert payload["userErrors"] == []
    found: str = payload["files"][0]["id"]
    return found


def state(shop: DevStoreClient, number: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.data(STATE, {"id": number})["node"]
    return found


def test_a_file_becomes_ready(slow: DevStoreClient) -> None:
    number = create(slow, "https://cdn.example/lamp.jpg")
    seen = []
    for seconds in (0, 40, 20):
        slow.control("clock", {"advance_seconds": seconds})
        found = state(slow, number)
        assert found["fileStatus"] == found["status"] == found["preview"]["status"]
        assert (found["image"] is not None) == (found["status"] == "READY")
        seen.append(found["status"])
    assert seen == ["UPLOADED", "PROCESSING", "READY"]


def test_a_source_that_cannot_be_fetched_fails(slow: DevStoreClient) -> None:
    number = create(slow, "https://cdn.example/broken/lamp.jpg")
    assert state(slow, number)["fileErrors"] == []
    slow.control("clock", {"advance_seconds": 60})
    found = state(slow, number)
    assert (found["fileStatus"], found["image"]) == ("FAILED", None)
    assert found["fileErrors"] == found["mediaErrors"] == [{"code": "IMAGE_DOWNLOAD_FAILURE"}]


def test_only_a_ready_file_can_be_tied_to_a_product(slow: DevStoreClient) -> None:
    number, product = create(slow, "https://cdn.example/lamp.jpg"), slow.make(title="Lamp")["id"]
    given = {"files": [{"id": number, "referencesToAdd": [product]}]}
    payload = slow.data(UPDATE, given)["fileUpdate"]
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [
        ("NON_READY_STATE", ["files", "0", "id"])
    ]
    slow.control("clock", {"advance_seconds": 60})
    assert slow.data(UPDATE, given)["fileUpdate"]["userErrors"] == []


def test_files_of_a_product_are_processed_too(slow: DevStoreClient) -> None:
    made = slow.make(title="Lamp", files=[{"originalSource": "https://cdn.example/lamp.jpg"}])
    assert [node["status"] for node in made["media"]["nodes"]] == ["UPLOADED"]


def test_without_a_delay_a_file_is_ready_at_once(shop: DevStoreClient) -> None:
    assert state(shop, create(shop, "https://cdn.example/broken/x.jpg"))["fileStatus"] == "READY"
