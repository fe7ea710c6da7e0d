"""Seeding: a shop read from the JSONL of a bulk query is the same shop, with the same ids, on this machine."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.devstore.seed import query
from shopsync_pipeline.devstore.seed.__main__ import main
from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours
from shopsync_pipeline_tests.devstore.conftest import start, stop

PRODUCT = "gid://shopify/Product/8001"
RED, BLUE = "gid://shopify/ProductVariant/9001", "gid://shopify/ProductVariant/9002"
LINES: list[dict[str, Any]] = [
    {
        "id": PRODUCT, "handle": "mug", "title": "Mug", "descriptionHtml": "<p>Holds tea</p>", "vendor": "Kiln",
        "productType": "Cups", "status": "ACTIVE", "tags": ["b", "a"], "templateSuffix": "wide",
        "createdAt": "2024-01-02T03:04:05Z", "updatedAt": "2025-01-02T03:04:05Z", "publishedAt": "2024-02-02T00:00:00Z",
        "seo": {"title": "A mug", "description": None},
        "options": [
            {"id": "gid://shopify/ProductOption/71", "name": "Color", "position": 1, "optionValues": [
                {"id": "gid://shopify/ProductOptionValue/81", "name": "Red"},
                {"id": "gid://shopify/ProductOptionValue/82", "name": "Blue"},
            ]},
        ],
    },
    {
        "id": BLUE, "sku": "MUG-BLUE", "price": "12.50", "compareAtPrice": "15.00", "position": 2,
        "selectedOptions": [{"name": "Color", "value": "Blue"}],
        "inventoryItem": {"id": "gid://shopify/InventoryItem/6002", "tracked": True, "unitCost": {"amount": "4.2"}},
        "__parentId": PRODUCT,
    },
    {
        "id": RED, "sku": "MUG-RED", "price": "12.00", "compareAtPrice": None, "position": 1,
        "selectedOptions": [{"name": "Color", "value": "Red"}],
        "inventoryItem": {"id": "gid://shopify/InventoryItem/6001", "tracked": True},
        "__parentId": PRODUCT,
    },
    {
        "id": "gid://shopify/Metafield/5001", "namespace": "custom", "key": "glaze",
        "type": "single_line_text_field", "value": "matt", "__parentId": RED,
    },
    {
        "id": "gid://shopify/Metafield/5002", "namespace": "custom", "key": "origin",
        "type": "single_line_text_field", "value": "here", "__parentId": PRODUCT,
    },
    {
        "id": "gid://shopify/MediaImage/4001", "alt": "The mug", "mediaContentType": "IMAGE", "status": "READY",
        "__parentId": PRODUCT,
    },
    {"id": "gid://shopify/Video/4002", "alt": "Pouring", "mediaContentType": "VIDEO", "__parentId": PRODUCT},
]  # fmt: skip
STOCK: list[dict[str, Any]] = [
    {"id": "gid://shopify/InventoryItem/6001", "sku": "MUG-RED", "tracked": True},
    *(
        {
            "id": f"gid://shopify/InventoryLevel/{place}?inventory_item_id=6001",
            "isActive": True,
            "updatedAt": "2025-02-02T00:00:00Z",
            "location": {"id": f"gid://shopify/Location/{place}", "name": name},
            "quantities": [{"name": "available", "quantity": count}, {"name": "on_hand", "quantity": count + 2}],
            "__parentId": "gid://shopify/InventoryItem/6001",
        }
        for place, name, count in ((301, "Yard", 7), (302, "Shed", 3))
    ),
]
READ = """
query Read($id: ID!) {
  product(id: $id) {
    id handle title descriptionHtml vendor productType status tags templateSuffix createdAt updatedAt publishedAt
    totalInventory seo { title description } options { id name optionValues { id name hasVariants } }
    metafields(first: 5) { nodes { id namespace key value } } media(first: 5) { nodes { id alt } }
    variants(first: 5) {
      nodes {
        id sku price compareAtPrice position selectedOptions { name value }
        metafields(first: 5) { nodes { id key value } }
        inventoryItem {
          id tracked unitCost { amount }
          inventoryLevels(first: 5) {
            nodes { location { id name } quantities(names: ["available", "on_hand"]) { name quantity } }
          }
        }
      }
    }
  }
}"""


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def test_a_seeded_shop_shows_what_the_snapshot_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "shop.sqlite"
    arguments = ["--from", str(written(tmp_path / "products.jsonl.gz", LINES)), "--state", str(state)]
    assert main([*arguments, "--inventory", str(written(tmp_path / "stock.jsonl", STOCK))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{state}: 1 products, 2 variants, 2 metafields, 1 images, 2 locations",
        "left out: 1 of Video",
    ]
    process, address = start(state)
    try:
        shop = DevStoreClient(address)
        found = shop.data(READ, {"id": PRODUCT})["product"]
        made = shop.make(title="Made afterwards")
        shop.http.close()
    finally:
        stop(process)
    given = {name: value for name, value in LINES[0].items() if name not in ("options", "tags")}
    assert {name: found[name] for name in given} == given
    assert sorted(found["tags"]) == ["a", "b"]
    assert [value["id"] for value in found["options"][0]["optionValues"]] == [
        "gid://shopify/ProductOptionValue/81",
        "gid://shopify/ProductOptionValue/82",
    ]
    red, blue = found["variants"]["nodes"]
    assert (red["id"], red["sku"], red["price"], red["compareAtPrice"]) == (RED, "MUG-RED", "12.00", None)
    assert (blue["id"], blue["price"], blue["inventoryItem"]["unitCost"]["amount"]) == (BLUE, "12.50", "4.2")
    assert red["metafields"]["nodes"] == [{"id": "gid://shopify/Metafield/5001", "key": "glaze", "value": "matt"}]
    assert [level["location"]["name"] for level in red["inventoryItem"]["inventoryLevels"]["nodes"]] == ["Yard", "Shed"]
    stock = [level["quantities"] for level in red["inventoryItem"]["inventoryLevels"]["nodes"]]
    assert [[row["quantity"] for row in rows] for rows in stock] == [[7, 9], [3, 5]]
    assert found["totalInventory"] == 10
    assert found["media"]["nodes"] == [{"id": "gid://shopify/MediaImage/4001", "alt": "The mug"}]
    assert made["id"] not in (PRODUCT, None)


def test_new_numbers_stay_clear_of_the_snapshots(tmp_path: Path) -> None:
    high = {**LINES[0], "id": "gid://shopify/Product/9876543210987"}
    variant = {**LINES[1], "__parentId": high["id"]}
    state = tmp_path / "shop.sqlite"
    assert main(["--from", str(written(tmp_path / "p.jsonl", [high, variant])), "--state", str(state)]) == 0
    process, address = start(state)
    try:
        shop = DevStoreClient(address)
        assert shop.make(title="Next")["id"] == "gid://shopify/Product/9876543210988"
        shop.http.close()
    finally:
        stop(process)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([LINES[1]], "line 1 is not a line of the bulk query"),
        ([{**LINES[0], "id": "8001"}], "line 1 is not a line of the bulk query"),
        ([LINES[0], {**LINES[1], "price": "twelve"}], "line 2 is not a line of the bulk query"),
        ([LINES[0]], "product mug has no variants: select variants in the bulk query"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]], sentence: str
) -> None:
    state = tmp_path / "shop.sqlite"
    assert main(["--from", str(written(tmp_path / "p.jsonl", lines)), "--state", str(state)]) == 2
    assert sentence in capsys.readouterr().err
    assert not state.exists()


def test_a_shop_is_never_seeded_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--from", str(written(tmp_path / "p.jsonl", LINES)), "--state", str(tmp_path / "shop.sqlite")]
    assert main(arguments) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    assert "already holds the shop demo-store.myshopify.com: name a new file to seed" in capsys.readouterr().err


RUN = "mutation R($q: String!) { bulkOperationRunQuery(query: $q) { bulkOperation { id } userErrors { message } } }"
POLL = "query P($id: ID!) { bulkOperation(id: $id) { status url } }"


def exported(shop: DevStoreClient, name: str, path: Path) -> Path:
    """The result of the bulk query that seeding prints, run on a dev store."""
    payload = shop.data(RUN, {"q": query(name)})["bulkOperationRunQuery"]
    assert payload["userErrors"] == []
    operation: dict[str, Any] = {"status": "CREATED"}
    while operation["status"] in ("CREATED", "RUNNING"):
        operation = shop.data(POLL, {"id": payload["bulkOperation"]["id"]})["bulkOperation"]
    assert operation["status"] == "COMPLETED"
    path.write_bytes(shop.http.get(operation["url"]).content)
    return path


def test_a_shop_seeded_from_another_ones_export_reads_the_same(shop: DevStoreClient, tmp_path: Path) -> None:
    made = shop.make(
        title="Exported",
        descriptionHtml="<p>Out and in again</p>",
        tags=["one", "two"],
        seo={"title": "Seen", "description": "By a search engine"},
        files=[{"originalSource": "https://example.com/front.png", "alt": "Front"}],
        metafields=[{"namespace": "custom", "key": "note", "type": "single_line_text_field", "value": "kept"}],
        **colours(shop.location(), "Red", "Blue", stock=9),
    )
    before = shop.data(READ, {"id": made["id"]})
    products = exported(shop, "products", tmp_path / "products.jsonl")
    inventory = exported(shop, "inventory", tmp_path / "inventory.jsonl")
    state = tmp_path / "shop.sqlite"
    assert main(["--from", str(products), "--inventory", str(inventory), "--state", str(state)]) == 0
    process, address = start(state)
    try:
        again = DevStoreClient(address)
        assert again.data(READ, {"id": made["id"]}) == before
        again.http.close()
    finally:
        stop(process)


def test_the_queries_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--print-query", "inventory"]) == 0
    assert capsys.readouterr().out == query("inventory")
