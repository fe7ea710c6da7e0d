"""A whole shop put aside in a file and taken back."""

from __future__ import annotations

from pathlib import Path

from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours
from shopsync_pipeline_tests.devstore.conftest import start, stop

ALL = """{ products(first: 9) { nodes { id title updatedAt variants(first: 5) { nodes { id inventoryQuantity } }
  metafields(first: 5) { nodes { id value } } } } events(first: 9) { nodes { id action } } }"""
DELETE = "mutation D($id: ID!) { productDelete(input: {id: $id}) { deletedProductId } }"


def test_a_restored_shop_is_the_one_that_was_put_aside(shop: DevStoreClient, tmp_path: Path) -> None:
    rows = [{"namespace": "custom", "key": "size", "type": "single_line_text_field", "value": "L"}]
    made = shop.make(title="Kept", metafields=rows, **colours(shop.location(), "Red"))
    shop.control("clock", {"advance_seconds": 5_000})
    before = shop.data(ALL)
    path = str(tmp_path / "aside.sqlite")
    assert shop.control("snapshot", {"path": path})["bytes"] > 0
    shop.make(title="Later")
    shop.data(DELETE, {"id": made["id"]})
    assert shop.data(ALL) != before
    assert shop.control("restore", {"path": path})["products"] == 1
    assert shop.data(ALL) == before
    again = shop.make(title="Goes on")
    assert again["id"] > made["id"]
    assert again["updatedAt"] > made["updatedAt"]


def test_a_snapshot_can_be_taken_twice_and_over_itself(shop: DevStoreClient, tmp_path: Path) -> None:
    path = str(tmp_path / "aside.sqlite")
    shop.make(title="One")
    shop.control("snapshot", {"path": path})
    shop.make(title="Two")
    shop.control("snapshot", {"path": path})
    shop.control("reset")
    assert shop.control("restore", {"path": path})["products"] == 2


def test_files_that_cannot_be_restored_or_written_get_a_sentence(shop: DevStoreClient, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    process, _ = start(other, "--shop", "another.myshopify.com")
    stop(process)
    text = tmp_path / "text"
    text.write_text("only some text that is long enough to be looked at as if it were a database")
    for name, path, words in (
        ("restore", tmp_path / "nowhere", "there is no file"),
        ("restore", other, "holds the shop another.myshopify.com"),
        ("restore", text, "cannot be read as a dev store"),
        ("snapshot", text, "cannot be read as a dev store"),
        ("snapshot", tmp_path / "missing" / "x", "does not exist"),
        ("snapshot", "", "must name a file"),
    ):
        response = shop.http.post(f"/__devstore/{name}", json={"path": str(path)})
        assert response.status_code == 400
        assert words in response.json()["error"]


def test_a_shop_starts_with_the_locations_it_is_given(tmp_path: Path) -> None:
    process, address = start(tmp_path / "shop.sqlite", "--location", "North", "--location", "South")
    client = DevStoreClient(address)
    try:
        nodes = client.data("{ locations(first: 9) { nodes { name isPrimary } } }")["locations"]["nodes"]
        assert nodes == [{"name": "North", "isPrimary": True}, {"name": "South", "isPrimary": False}]
    finally:
        client.http.close()
        stop(process)
