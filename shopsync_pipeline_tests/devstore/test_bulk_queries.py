"""bulkOperationRunQuery: what may be exported, and the lines an export writes."""

from __future__ import annotations

from typing import Any

import pytest

from shopsync_pipeline_tests.devstore.bulk_client import BulkClient
from shopsync_pipeline_tests.devstore.client import DevStoreClient, colours

EVERYTHING = """
{ products { edges { node { id title
    variants { edges { node { id sku inventoryItem { id inventoryLevels { edges { node { id location { id } } } } }
      metafields { edges { node { id key value } } } } } }
    metafields { edges { node { id key } } }
} } } }"""


@pytest.fixture
def bulk(shop: DevStoreClient) -> BulkClient:
    shop.control("settings", {"bulk_query_objects_per_second": 0, "bulk_start_ms": 0})
    return BulkClient(shop)


def stocked(bulk: BulkClient, count: int) -> list[dict[str, Any]]:
    place = bulk.shop.location()
    metafields = [{"namespace": "custom", "key": "size", "type": "number_integer", "value": "3"}]
    return [
        bulk.shop.make(title=f"P{number}", metafields=metafields, **colours(place, f"red{number}", f"blue{number}"))
        for number in range(count)
    ]


@pytest.mark.parametrize("grouped", [False, True])
def test_every_object_is_a_line_and_names_its_parent(bulk: BulkClient, grouped: bool) -> None:
    products = stocked(bulk, 3)
    operation = bulk.finish(bulk.export(EVERYTHING, grouped=grouped)["id"])
    lines = bulk.results(operation)
    # 3 products, each with 2 variants with a level each, and a metafield
    assert (operation["objectCount"], operation["rootObjectCount"], len(lines)) == ("18", "3", 18)
    roots = [line for line in lines if "__parentId" not in line]
    assert [root["id"] for root in roots] == [product["id"] for product in products]
    variants = [line for line in lines if "/ProductVariant/" in line["id"]]
    assert {line["__parentId"] for line in variants} == {product["id"] for product in products}
    levels = [line for line in lines if "/InventoryLevel/" in line["id"]]
    assert {line["__parentId"] for line in levels} == {variant["id"] for variant in variants}
    assert all("inventoryLevels" not in variant["inventoryItem"] for variant in variants)


def test_a_child_comes_after_its_parent_and_grouped_right_after(bulk: BulkClient) -> None:
    stocked(bulk, 4)
    for grouped in (False, True):
        lines = bulk.results(bulk.finish(bulk.export(EVERYTHING, grouped=grouped)["id"]))
        seen: set[str] = set()
        for line in lines:
            assert line.get("__parentId") is None or line["__parentId"] in seen
            seen.add(line["id"])
        kinds = ["root" if "__parentId" not in line else "child" for line in lines]
        if grouped:
            assert kinds == (["root"] + ["child"] * 5) * 4
        else:
            assert kinds == ["root"] * 4 + ["child"] * 20


def test_lists_are_exported_whole_and_paging_is_ignored(bulk: BulkClient) -> None:
    names = [f"c{number}" for number in range(30)]
    bulk.shop.make(title="Wide", **colours(bulk.shop.location(), *names))
    query = """
      { products(first: 1) {
        edges { cursor node { id variants(first: 2) { edges { node { id sku } } } } }
        pageInfo { hasNextPage }
      } }"""
    bulk.shop.make(title="Second")
    operation = bulk.finish(bulk.export(query)["id"])
    assert (operation["objectCount"], operation["rootObjectCount"]) == ("33", "2")


def test_a_filter_selects_as_it_does_in_a_page(bulk: BulkClient) -> None:
    stocked(bulk, 2)
    query = '{ productVariants(query: "sku:RED1") { edges { node { id sku } } } }'
    lines = bulk.results(bulk.finish(bulk.export(query)["id"]))
    assert [line["sku"] for line in lines] == ["RED1"]


def test_fragments_aliases_and_interfaces(bulk: BulkClient) -> None:
    bulk.shop.make(title="Shown", files=[{"originalSource": "https://e.example/x.png", "alt": "A picture"}])
    query = """
      query Q { products { edges { node { id name: title ...M } } } }
      fragment M on Product { media { edges { node { id alt ... on MediaImage { mimeType } } } } }"""
    lines = bulk.results(bulk.finish(bulk.export(query)["id"]))
    assert lines[0]["name"] == "Shown"
    assert (lines[1]["alt"], lines[1]["mimeType"], lines[1]["__parentId"]) == ("A picture", "image/png", lines[0]["id"])


def test_no_results_have_no_address(bulk: BulkClient) -> None:
    operation = bulk.finish(bulk.export("{ products { edges { node { id } } } }")["id"])
    assert (operation["status"], operation["objectCount"], operation["url"]) == ("COMPLETED", "0", None)


def test_the_result_is_json_lines_with_escaped_slashes(bulk: BulkClient) -> None:
    bulk.shop.make(title="a/b")
    text = bulk.text(bulk.finish(bulk.export("{ products { edges { node { id title } } } }")["id"]))
    assert text == '{"id":"gid:\\/\\/shopify\\/Product\\/1000000000001","title":"a\\/b"}\n'


VIA_EDGES = (
    "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: 'products { edges { "
    "node {'. Selecting via 'nodes' is not supported. Invalid connection fields: 'products'."
)
NEEDS_ID = (
    "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be of 'ID' "
    "return type. Connection fields without 'id': products."
)
ONE_AT_LEAST = "Bulk queries must contain at least one connection."


@pytest.mark.parametrize(
    ("query", "messages"),
    [
        ("{ products { nodes { id title } } }", [VIA_EDGES]),
        ('{ node(id: "gid://shopify/Product/0") { id } }',
         ["Bulk queries cannot contain a top level `node` field.", ONE_AT_LEAST]),
        ("{ shop { id } }", [ONE_AT_LEAST]),
        ("{ products { edges { node { title variants { edges { node { id } } } } } } }", [NEEDS_ID]),
        ("{ products { edges { node { other: id variants { edges { node { id } } } } } } }", [NEEDS_ID]),
        ("{ collections { edges { node { id products { edges { node { id variants { edges { node { id "
         "metafields { edges { node { id } } } } } } } } } } } } }",
         ["Bulk queries cannot contain connections with a nesting depth greater than 2."]),
        ("{ products { edges { node { id variants { edges { node { id } } } metafields { edges { node { id } } } "
         "media { edges { node { id } } } images { edges { node { id } } } "
         "resourcePublicationsV2 { edges { node { isPublished } } } } } } }",
         ["Bulk queries cannot contain more than 5 connections."]),
        ('{ nodes(ids: []) { ... on Product { id variants { edges { node { id } } } } } }',
         ["Bulk queries cannot contain a top level `nodes` field.",
          "Queries that contain a connection field within a list field are not currently supported."]),
        ("mutation { productDelete(input: {id: \"x\"}) { deletedProductId } }",
         ["Invalid operation type. Only `query` operations are supported."]),
        ("", ["Invalid bulk query: syntax error, unexpected end of file"]),
        ("{ products { edges { node { id nosuch } } } }",
         ["Invalid bulk query: Field 'nosuch' doesn't exist on type 'Product'"]),
        ("#" + "a" * (65_536 - 40) + "\n{ products { edges { node { id } } } }",
         ["Query is too large (65536 bytes; maximum is 65535 bytes)"]),
    ],
)  # fmt: skip
def test_documents_that_are_refused(bulk: BulkClient, query: str, messages: list[str]) -> None:
    payload = bulk.ask_export(query)
    assert payload["bulkOperation"] is None
    assert [error["message"] for error in payload["userErrors"]] == messages
    assert {(tuple(error["field"]), error["code"]) for error in payload["userErrors"]} == {(("query",), "INVALID")}


def test_an_export_goes_on_while_the_shop_changes(bulk: BulkClient) -> None:
    products = stocked(bulk, 3)
    bulk.shop.control("bulk", {"action": "stall", "after": 1})
    number = bulk.export(EVERYTHING, grouped=True)["id"]
    bulk.until(number, lambda found: found["objectCount"] == "1")
    bulk.shop.control("merchant", {"action": "delete_product", "id": products[1]["id"]})
    bulk.shop.control("merchant", {"action": "edit_product", "id": products[2]["id"], "fields": {"title": "Later"}})
    bulk.shop.control("bulk", {"action": "release"})
    lines = bulk.results(bulk.finish(number))
    assert [line["title"] for line in lines if "title" in line] == ["P0", "Later"]
