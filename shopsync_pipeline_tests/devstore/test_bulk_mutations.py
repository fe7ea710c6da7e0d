"""bulkOperationRunMutation: what may be run, how lines run, and what the result file says of each."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shopsync_pipeline_tests.devstore.bulk_client import CREATE, UPDATE, BulkClient, jsonl
from shopsync_pipeline_tests.devstore.client import DevStoreClient

NO_FILE = (
    "The JSONL file could not be found. Try uploading the file again, and check that you've entered the URL correctly "
    "for the stagedUploadPath mutation argument."
)
SET = (
    "mutation Set($input: ProductSetInput!) { productSet(input: $input, synchronous: false) "
    "{ product { id title } productSetOperation { id } userErrors { field message } } }"
)
STOCK = """
mutation Stock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { field message code } }
}"""


@pytest.fixture
def bulk(shop: DevStoreClient) -> BulkClient:
    shop.control("settings", {"bulk_lines_per_second": 0, "bulk_start_ms": 0})
    return BulkClient(shop)


def titles(shop: DevStoreClient) -> list[str]:
    found = shop.data("{ products(first: 250) { nodes { title } } }")["products"]["nodes"]
    return sorted(one["title"] for one in found)


def test_a_start_answers_created_with_nothing_done(bulk: BulkClient) -> None:
    operation = bulk.run(CREATE, [{"product": {"title": "One"}}])
    assert {key: operation[key] for key in operation if key not in ("id", "createdAt")} == {
        "status": "CREATED", "type": "MUTATION", "errorCode": None, "completedAt": None, "objectCount": "0",
        "rootObjectCount": "0", "fileSize": None, "url": None, "partialDataUrl": None, "query": CREATE,
    }  # fmt: skip


def test_every_line_runs_once_and_is_found_by_its_number(bulk: BulkClient) -> None:
    names = [f"Product {number:03d}" for number in range(120)]
    operation = bulk.finish(bulk.run(CREATE, [{"product": {"title": name}} for name in names])["id"])
    assert (operation["status"], operation["objectCount"], operation["rootObjectCount"]) == ("COMPLETED", "120", "120")
    results = bulk.results(operation)
    numbers = [one["__lineNumber"] for one in results]
    assert sorted(numbers) == list(range(120))
    by_number = {one["__lineNumber"]: one["data"]["productCreate"]["product"]["title"] for one in results}
    assert [by_number[number] for number in range(120)] == names
    assert titles(bulk.shop) == names


def test_lines_do_not_run_in_the_order_of_the_file(bulk: BulkClient) -> None:
    operation = bulk.finish(bulk.run(CREATE, [{"product": {"title": f"P {n}"}} for n in range(60)])["id"])
    numbers = [one["__lineNumber"] for one in bulk.results(operation)]
    assert numbers != sorted(numbers)


def test_two_writes_of_one_product_in_one_file_end_in_either_state(bulk: BulkClient) -> None:
    number = bulk.shop.make(title="Start")["id"]
    rows = [{"product": {"id": number, "title": f"Title {n}"}} for n in range(40)]
    operation = bulk.finish(bulk.run(UPDATE, rows)["id"])
    last = bulk.results(operation)[-1]["data"]["productUpdate"]["product"]["title"]
    assert titles(bulk.shop) == [last]
    assert last != "Title 39"


def test_slashes_are_escaped_and_the_size_is_that_of_the_file(bulk: BulkClient) -> None:
    operation = bulk.finish(bulk.run(CREATE, [{"product": {"title": "a/b"}}])["id"])
    text = bulk.text(operation)
    assert text.startswith('{"data":{"productCreate":{"product":{"id":"gid:\\/\\/shopify\\/Product\\/')
    assert '"title":"a\\/b"' in text
    assert operation["fileSize"] == str(len(text.encode()))


def test_completed_never_means_that_all_lines_succeeded(bulk: BulkClient) -> None:
    good = jsonl([{"product": {"title": "Good"}}])
    content = good + b'{"product": {"title": ""}}\nno json at all\n{"product": {"titel": "x"}}\n\n[1]\n'
    payload = bulk.start(CREATE, bulk.upload(content))
    operation = bulk.finish(payload["bulkOperation"]["id"])
    assert (operation["status"], operation["errorCode"], operation["objectCount"]) == ("COMPLETED", None, "5")
    by_number = {one["__lineNumber"]: one for one in bulk.results(operation)}
    assert set(by_number) == {0, 1, 2, 3, 5}
    assert by_number[1]["data"]["productCreate"]["userErrors"][0]["message"] == "Title can't be blank"
    assert set(by_number[2]) == {"errors", "__lineNumber"}
    assert by_number[3]["errors"][0]["extensions"]["code"] == "INVALID_VARIABLE"
    assert set(by_number[5]) == {"errors", "__lineNumber"}
    assert titles(bulk.shop) == ["Good"]


def test_a_document_that_is_not_valid_is_accepted_and_fails_on_every_line(bulk: BulkClient) -> None:
    mutation = "mutation U($product: ProductUpdateInput!) { productUpdate(product: $product) { product { nosuch } } }"
    operation = bulk.finish(bulk.run(mutation, [{"product": {"id": "gid://shopify/Product/1"}}])["id"])
    assert operation["status"] == "COMPLETED"
    assert bulk.results(operation)[0]["errors"][0]["extensions"]["code"] == "undefinedField"


def test_bulk_costs_the_start_and_nothing_else(bulk: BulkClient) -> None:
    path = bulk.upload(jsonl([{"product": {"title": f"P {n}"}} for n in range(300)]))
    before = bulk.shop.stats()["points_spent"]
    number = bulk.start(CREATE, path)["bulkOperation"]["id"]
    assert bulk.shop.stats()["points_spent"] - before == 10
    bulk.finish(number)
    assert bulk.shop.ask("{ shop { id } }")["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] > 1_700


def test_product_set_is_always_synchronous_in_bulk(bulk: BulkClient) -> None:
    operation = bulk.finish(bulk.run(SET, [{"input": {"title": "Set"}}])["id"])
    payload = bulk.results(operation)[0]["data"]["productSet"]
    assert (payload["product"]["title"], payload["productSetOperation"]) == ("Set", None)


def test_idempotency_keys_work_line_by_line(bulk: BulkClient) -> None:
    place = bulk.shop.location()
    item = bulk.shop.make(title="Stocked")["variants"]["nodes"][0]["inventoryItem"]["id"]

    def row(key: str, quantity: int) -> dict[str, Any]:
        quantities = [{"inventoryItemId": item, "locationId": place, "quantity": quantity, "changeFromQuantity": None}]
        return {"key": key, "input": {"name": "available", "reason": "correction", "quantities": quantities}}

    first = bulk.finish(bulk.run(STOCK, [row("k1", 7)])["id"])
    again = bulk.finish(bulk.run(STOCK, [row("k1", 7), row("k1", 8), {**row("k2", 7), "key": ""}])["id"])
    assert bulk.results(first)[0]["data"]["inventorySetQuantities"]["userErrors"] == []
    by_number = {one["__lineNumber"]: one for one in bulk.results(again)}
    assert by_number[0]["data"]["inventorySetQuantities"]["userErrors"] == []
    refused = by_number[1]["data"]["inventorySetQuantities"]["userErrors"][0]
    assert refused["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    assert by_number[2]["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("mutation", "field", "message", "code"),
    [
        ("mutation { not parseable", None,
         "Failed to parse the mutation - syntax error, unexpected end of file at [1, 16]", "INVALID_MUTATION"),
        ("query { products { edges { node { id } } } }", None,
         "Invalid operation type. Only `mutation` operations are supported.", "INVALID_MUTATION"),
        ("mutation B($a: ProductCreateInput!) { productCreate(product: $a) { product { id } } "
         "x: productCreate(product: $a) { product { id } } }", ["mutation"],
         "You must specify a single top level mutation.", None),
        ("mutation P($q: String!) { bulkOperationRunQuery(query: $q) { bulkOperation { id } } }", ["mutation"],
         "You must use an allowed mutation name.", None),
        ("mutation P($p: ProductCreateInput!) { productCreate(product: $p) { product { "
         "variants(first: 1) { edges { node { id } } } media(first: 1) { nodes { id } } } } }", ["mutation"],
         "Bulk mutations cannot contain more than 1 connection.", None),
        ("mutation P($p: ProductCreateInput!) { productCreate(product: $p) { product { "
         "variants(first: 1) { edges { node { id metafields(first: 1) { nodes { id } } } } } } } }", ["mutation"],
         "Bulk mutations cannot contain more than 1 connection.", None),
        ("#" + "a" * (65_536 - 1 - len(CREATE) - 1) + "\n" + CREATE, ["query"],
         "is too large (65536 bytes; maximum is 65535 bytes)", "INVALID_MUTATION"),
    ],
)  # fmt: skip
def test_documents_that_are_refused(
    bulk: BulkClient, mutation: str, field: list[str] | None, message: str, code: str | None
) -> None:
    payload = bulk.start(mutation, "valid")
    assert payload == {"bulkOperation": None, "userErrors": [{"field": field, "message": message, "code": code}]}


def test_one_connection_is_allowed(bulk: BulkClient) -> None:
    mutation = (
        "mutation P($product: ProductCreateInput!) { productCreate(product: $product) "
        "{ product { variants(first: 5) { edges { node { id } } } } userErrors { message } } }"
    )
    operation = bulk.finish(bulk.run(mutation, [{"product": {"title": "One"}}])["id"])
    assert len(bulk.results(operation)[0]["data"]["productCreate"]["product"]["variants"]["edges"]) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [("abc", "is too short (minimum is 10 characters)"), ("x" * 256, "is too long (maximum is 255 characters)")],
)
def test_client_identifiers_have_a_length(bulk: BulkClient, given: str, message: str) -> None:
    errors = bulk.start(CREATE, "valid", given)["userErrors"]
    assert errors == [{"field": ["clientIdentifier"], "message": message, "code": "INVALID_MUTATION"}]


def test_a_file_that_was_never_sent_is_no_such_file(bulk: BulkClient) -> None:
    staged = next(one["value"] for one in bulk.stage()["parameters"] if one["name"] == "key")
    picture = bulk.stage("PUT", resource="FILE")
    httpx.put(picture["url"], content=b"{}\n")
    for path in (staged, "valid", httpx.URL(picture["url"]).path):
        assert bulk.start(CREATE, path)["userErrors"] == [{"field": None, "message": NO_FILE, "code": "NO_SUCH_FILE"}]


@pytest.mark.parametrize(
    ("size", "message"),
    [(0, "The input file is empty."), (104_857_601, "The input file size exceeds the maximum allowed size of 100 MB.")],
)
def test_empty_and_oversized_files(bulk: BulkClient, size: int, message: str) -> None:
    target = bulk.stage("PUT")
    assert httpx.put(target["url"], content=b"\n" * size, timeout=60).status_code == 200
    errors = bulk.start(CREATE, httpx.URL(target["url"]).path)["userErrors"]
    assert errors == [{"field": None, "message": message, "code": "INVALID_STAGED_UPLOAD_FILE"}]
