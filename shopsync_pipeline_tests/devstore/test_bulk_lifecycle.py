"""The life of a bulk operation: rates, cancelling, room for five, trouble, limits, expiry, lists, restarts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shopsync_pipeline_tests.devstore.bulk_client import CREATE, OPERATION, BulkClient, jsonl
from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conftest import start, stop

UNLIMITED = {"bulk_lines_per_second": 0, "bulk_query_objects_per_second": 0, "bulk_start_ms": 0}
# So slow that nothing happens unless the test moves the shop's clock.
CRAWLING = {"bulk_lines_per_second": 0.0001, "bulk_query_objects_per_second": 0.0001}
PRODUCTS = "{ products { edges { node { id title } } } }"


@pytest.fixture
def bulk(shop: DevStoreClient) -> Iterator[BulkClient]:
    shop.control("settings", UNLIMITED)
    yield BulkClient(shop)
    shop.control("settings", UNLIMITED)


def rows(count: int) -> list[dict[str, Any]]:
    return [{"product": {"title": f"P {number}"}} for number in range(count)]


def listed(shop: DevStoreClient, arguments: str) -> list[dict[str, Any]]:
    nodes: list[dict[str, Any]] = shop.data(f"{{ bulkOperations({arguments}) {{ nodes {{ {OPERATION} }} }} }}")[
        "bulkOperations"
    ]["nodes"]
    return nodes


def test_the_rate_counts_in_the_shops_time(bulk: BulkClient) -> None:
    bulk.shop.control("settings", CRAWLING)
    number = bulk.run(CREATE, rows(10))["id"]
    bulk.finish(number, "RUNNING")
    bulk.shop.control("clock", {"advance_seconds": 30_500})
    assert bulk.until(number, lambda found: found["objectCount"] == "3")["status"] == "RUNNING"
    bulk.shop.control("settings", UNLIMITED)
    assert bulk.finish(number)["objectCount"] == "10"


def test_a_start_can_take_its_time(bulk: BulkClient) -> None:
    bulk.shop.control("settings", {"bulk_start_ms": 3_600_000})
    number = bulk.run(CREATE, rows(1))["id"]
    assert bulk.poll(number)["status"] == "CREATED"
    bulk.shop.control("clock", {"advance_seconds": 3_601})
    assert bulk.finish(number)["status"] == "COMPLETED"


def test_cancelling_keeps_what_was_done(bulk: BulkClient) -> None:
    bulk.shop.control("bulk", {"action": "stall", "after": 4})
    number = bulk.run(CREATE, rows(10))["id"]
    bulk.until(number, lambda _: bulk.shop.stats()["products"] == 4)
    payload = bulk.cancel(number)
    assert (payload["bulkOperation"]["status"], payload["userErrors"]) == ("CANCELING", [])
    done = bulk.finish(number)
    assert (done["status"], done["objectCount"], done["fileSize"], done["completedAt"]) == ("CANCELED", "4", None, None)
    assert len(bulk.results(done)) == 4
    assert bulk.shop.stats()["products"] == 4


def test_what_cannot_be_cancelled(bulk: BulkClient) -> None:
    number = bulk.run(CREATE, rows(1))["id"]
    bulk.finish(number)
    payload = bulk.cancel(number)
    assert payload["bulkOperation"]["status"] == "COMPLETED"
    sentence = "A bulk operation cannot be canceled when it is completed"
    assert payload["userErrors"] == [{"field": None, "message": sentence}]
    assert bulk.cancel("gid://shopify/BulkOperation/0") == {
        "bulkOperation": None,
        "userErrors": [{"field": ["id"], "message": "Bulk operation does not exist"}],
    }


def test_five_of_each_type_run_at_once_and_a_sixth_names_them(bulk: BulkClient) -> None:
    bulk.shop.control("settings", CRAWLING)
    mutations = [bulk.run(CREATE, rows(2))["id"] for _ in range(5)]
    queries = [bulk.export(PRODUCTS)["id"] for _ in range(5)]
    path = bulk.upload(jsonl(rows(1)))
    for kind, running, errors in (
        ("mutation", mutations, bulk.start(CREATE, path)["userErrors"]),
        ("query", queries, bulk.ask_export(PRODUCTS)["userErrors"]),
    ):
        sentence = f"A bulk {kind} operation for this app and shop is already in progress: {', '.join(running)}."
        assert errors == [{"field": None, "message": sentence, "code": "OPERATION_IN_PROGRESS"}]
    assert bulk.start(CREATE, "nowhere")["userErrors"][0]["code"] == "NO_SUCH_FILE"
    bulk.cancel(mutations[2])
    bulk.finish(mutations[2])
    assert bulk.start(CREATE, path)["userErrors"] == []


@pytest.mark.parametrize("code", ["INTERNAL_SERVER_ERROR", "ACCESS_DENIED"])
def test_an_operation_can_be_made_to_fail_half_way(bulk: BulkClient, code: str) -> None:
    bulk.shop.control("bulk", {"action": "fail", "after": 3, "type": "MUTATION", "error_code": code})
    done = bulk.finish(bulk.run(CREATE, rows(8))["id"])
    assert (done["status"], done["errorCode"], done["url"], done["completedAt"]) == ("FAILED", code, None, None)
    assert len(bulk.results(done, "partialDataUrl")) == 3
    assert bulk.shop.stats()["products"] == 3


def test_the_platform_can_cancel_by_itself_and_an_order_can_name_an_operation(bulk: BulkClient) -> None:
    bulk.shop.control("settings", CRAWLING)
    first, second = bulk.run(CREATE, rows(5))["id"], bulk.run(CREATE, rows(5))["id"]
    bulk.shop.control("bulk", {"action": "cancel", "after": 0, "id": second})
    done = bulk.finish(second)
    assert (done["status"], done["url"], done["partialDataUrl"]) == ("CANCELED", None, None)
    assert bulk.poll(first)["status"] == "RUNNING"


def test_a_stalled_operation_goes_on_when_it_is_let(bulk: BulkClient) -> None:
    bulk.shop.control("bulk", {"action": "stall", "after": 2})
    number = bulk.run(CREATE, rows(5))["id"]
    bulk.until(number, lambda _: bulk.shop.stats()["products"] == 2)
    assert bulk.poll(number)["status"] == "RUNNING"
    bulk.shop.control("bulk", {"action": "release"})
    assert bulk.finish(number)["objectCount"] == "5"


@pytest.mark.parametrize(("kind", "hours"), [("mutation", 24), ("query", 240)])
def test_an_operation_that_takes_too_long_times_out(bulk: BulkClient, kind: str, hours: int) -> None:
    bulk.shop.make(title="Something")
    bulk.shop.control("bulk", {"action": "stall"})
    number = (bulk.run(CREATE, rows(2)) if kind == "mutation" else bulk.export(PRODUCTS))["id"]
    bulk.finish(number, "RUNNING")
    bulk.shop.control("clock", {"advance_seconds": hours * 3_600 - 60})
    assert bulk.poll(number)["status"] == "RUNNING"
    bulk.shop.control("clock", {"advance_seconds": 120})
    done = bulk.finish(number)
    assert (done["status"], done["errorCode"]) == ("FAILED", "TIMEOUT")


def test_a_file_replaced_while_it_runs_ends_the_operation(bulk: BulkClient) -> None:
    bulk.shop.control("settings", CRAWLING)
    target = bulk.stage("PUT")
    httpx.put(target["url"], content=jsonl(rows(3)))
    number = bulk.start(CREATE, httpx.URL(target["url"]).path)["bulkOperation"]["id"]
    bulk.finish(number, "RUNNING")
    httpx.put(target["url"], content=jsonl(rows(4)))
    done = bulk.finish(number)
    assert (done["status"], done["errorCode"]) == ("FAILED", "INTERNAL_SERVER_ERROR")


def test_a_result_can_be_fetched_for_seven_days(bulk: BulkClient) -> None:
    done = bulk.finish(bulk.run(CREATE, rows(1))["id"])
    bulk.shop.control("clock", {"advance_seconds": 7 * 24 * 3_600 - 60})
    assert (httpx.get(done["url"]).status_code, bulk.poll(done["id"])["status"]) == (200, "COMPLETED")
    bulk.shop.control("clock", {"advance_seconds": 120})
    expired = httpx.get(done["url"])
    assert (expired.status_code, "<Code>ExpiredToken</Code>" in expired.text) == (400, True)
    assert bulk.poll(done["id"])["status"] == "EXPIRED"
    assert httpx.get(f"{bulk.shop.address}/bulk-results/guessed.jsonl").status_code == 404


def test_lists_are_newest_first_and_can_be_filtered(bulk: BulkClient) -> None:
    first = bulk.finish(bulk.run(CREATE, rows(1))["id"])["id"]
    bulk.shop.control("clock", {"advance_seconds": 60})
    second = bulk.finish(bulk.export(PRODUCTS)["id"])["id"]
    bulk.shop.control("clock", {"advance_seconds": 60})
    bulk.shop.control("settings", CRAWLING)
    third = bulk.finish(bulk.export(PRODUCTS)["id"], "RUNNING")["id"]
    shop = bulk.shop

    def ids(arguments: str) -> list[str]:
        return [one["id"] for one in listed(shop, arguments)]

    assert ids("first: 5") == [third, second, first]
    assert ids("first: 5, reverse: true") == [first, second, third]
    assert ids("first: 5, sortKey: COMPLETED_AT, reverse: true") == [third, first, second]
    assert ids('first: 5, query: "status:running"') == [third]
    assert ids('first: 5, query: "operation_type:mutation"') == [first]
    assert ids('first: 5, query: "status:completed operation_type:query"') == [second]
    assert ids(f'first: 5, query: "id:{second.rsplit("/", 1)[1]}"') == [second]
    assert ids('first: 5, query: "created_at:<2000-01-01"') == []
    created = next(one["createdAt"] for one in listed(shop, "first: 5") if one["id"] == second)
    assert ids(f"first: 5, query: \"created_at:>='{created}'\"") == [third, second]


def test_a_filter_that_is_not_one_selects_everything_and_warns(bulk: BulkClient) -> None:
    bulk.finish(bulk.run(CREATE, rows(1))["id"])
    answer = bulk.shop.ask('{ bulkOperations(first: 5, query: "type:MUTATION") { nodes { id } } }')
    assert len(answer["data"]["bulkOperations"]["nodes"]) == 1
    warning = {"field": "type", "message": "Invalid search field for this query.", "code": "invalid_field"}
    assert answer["extensions"]["search"][0]["warnings"] == [warning]
    answer = bulk.shop.ask('{ bulkOperations(first: 5, query: "status:NOT_A_STATUS") { nodes { id } } }')
    assert answer["data"]["bulkOperations"]["nodes"] == []
    warning = {"field": "status", "message": "Input `NOT_A_STATUS` is not an accepted value.", "code": "invalid_value"}
    assert answer["extensions"]["search"][0]["warnings"] == [warning]


@pytest.mark.parametrize(
    ("query", "message", "code"),
    [
        ("{ bulkOperations { nodes { id } } }", "you must provide one of first or last", "BAD_REQUEST"),
        ("{ bulkOperations(first: 1, last: 1) { nodes { id } } }",
         "providing both first and last is not supported", "BAD_REQUEST"),
        ('{ bulkOperations(first: 1, query: "created_at:not-a-date") { nodes { id } } }',
         "Invalid timestamp for query filter `created_at`.", "BAD_REQUEST"),
        ('{ bulkOperation(id: "gid://shopify/Product/1") { id } }',
         "Invalid id: gid://shopify/Product/1", "RESOURCE_NOT_FOUND"),
    ],
)  # fmt: skip
def test_reads_that_are_refused(bulk: BulkClient, query: str, message: str, code: str) -> None:
    error = bulk.shop.ask(query)["errors"][0]
    assert (error["message"], error["extensions"]["code"]) == (message, code)


def test_an_operation_is_a_node(bulk: BulkClient) -> None:
    number = bulk.finish(bulk.run(CREATE, rows(1))["id"])["id"]
    query = "query N($id: ID!) { node(id: $id) { id __typename ... on BulkOperation { status } } }"
    found = bulk.shop.data(query, {"id": number})["node"]
    assert found == {"id": number, "__typename": "BulkOperation", "status": "COMPLETED"}


def test_a_reset_forgets_operations_uploads_and_files(bulk: BulkClient) -> None:
    bulk.shop.control("settings", CRAWLING)
    path = bulk.upload(jsonl(rows(3)))
    bulk.start(CREATE, path)
    bulk.shop.control("reset")
    bulk.shop.control("settings", UNLIMITED)
    assert bulk.start(CREATE, path)["userErrors"][0]["code"] == "NO_SUCH_FILE"
    done = bulk.finish(bulk.run(CREATE, rows(2))["id"])
    assert (done["objectCount"], bulk.shop.stats()["products"]) == ("2", 2)


@pytest.mark.parametrize("body", [{"action": "explode"}, {"action": "fail", "after": -1}, {"when": 3}])
def test_the_control_plane_explains_what_it_refuses(bulk: BulkClient, body: dict[str, Any]) -> None:
    response = bulk.shop.http.post("/__devstore/bulk", json=body)
    assert (response.status_code, len(response.json()["error"]) > 10) == (400, True)


def test_after_a_killed_process_nothing_is_left_running(tmp_path: Path) -> None:
    process, address = start(tmp_path / "shop.sqlite")
    shop = DevStoreClient(address)
    bulk = BulkClient(shop)
    done = bulk.finish(bulk.run(CREATE, rows(2))["id"])
    shop.control("bulk", {"action": "stall", "after": 6})
    running = bulk.run(CREATE, rows(10))["id"]
    bulk.until(running, lambda _: shop.stats()["products"] == 8)
    shop.control("settings", {"bulk_start_ms": 3_600_000})
    created = bulk.run(CREATE, rows(3))["id"]
    process.kill()
    process.wait(timeout=10)
    assert process.stdout is not None
    process.stdout.close()
    again, address = start(tmp_path / "shop.sqlite")
    try:
        bulk = BulkClient(DevStoreClient(address))
        failed = bulk.poll(running)
        assert (failed["status"], failed["errorCode"]) == ("FAILED", "INTERNAL_SERVER_ERROR")
        partial = failed["partialDataUrl"].replace(httpx.URL(failed["partialDataUrl"]).netloc.decode(), "host")
        assert partial.startswith("http://host/bulk-results/")
        numbers = {one["__lineNumber"] for one in bulk.results(failed, "partialDataUrl")}
        assert (len(numbers), failed["objectCount"]) == (6, "6")
        assert bulk.finish(created)["status"] == "COMPLETED"
        assert bulk.poll(done["id"])["status"] == "COMPLETED"
        assert len(bulk.results(bulk.poll(done["id"]))) == 2
        assert bulk.shop.stats()["products"] == 2 + 6 + 3
    finally:
        assert stop(again) == 0


def test_a_restored_shop_has_nothing_left_running(bulk: BulkClient, tmp_path: Path) -> None:
    bulk.shop.control("bulk", {"action": "stall", "after": 1})
    number = bulk.run(CREATE, rows(3))["id"]
    bulk.until(number, lambda found: found["objectCount"] == "1")
    bulk.shop.control("snapshot", {"path": str(tmp_path / "before.sqlite")})
    bulk.shop.control("bulk", {"action": "release"})
    bulk.finish(number, "COMPLETED")
    bulk.shop.control("restore", {"path": str(tmp_path / "before.sqlite")})
    found = bulk.poll(number)
    assert (found["status"], found["errorCode"]) == ("FAILED", "INTERNAL_SERVER_ERROR")
    assert bulk.shop.stats()["products"] == 1


def test_requests_are_answered_while_lines_run(bulk: BulkClient) -> None:
    number = bulk.run(CREATE, rows(3_000))["id"]
    answered = 0
    while (found := bulk.poll(number))["status"] in ("CREATED", "RUNNING"):
        answered += 1
    assert (found["status"], found["objectCount"]) == ("COMPLETED", "3000")
    # Each answer came between two turns of two milliseconds; a server that ran the file in one go would have given one.
    assert answered > 5
    assert {json.loads(line)["__lineNumber"] for line in bulk.text(found).splitlines()} == set(range(3_000))


def test_an_operation_belongs_to_its_app_and_runs_with_its_scopes(bulk: BulkClient) -> None:
    shop = bulk.shop
    shop.make(title="Already here")
    shop.control("apps", {"action": "token", "token": "stock-only", "app": "stock", "scopes": ["write_inventory"]})
    other = BulkClient(DevStoreClient(shop.address, "stock-only"))
    mine, theirs = bulk.run(CREATE, rows(2))["id"], other.run(CREATE, rows(2))["id"]
    bulk.finish(mine)
    denied = other.results(other.finish(theirs))
    assert {line["errors"][0]["extensions"]["code"] for line in denied} == {"ACCESS_DENIED"}
    refused = other.finish(other.export(PRODUCTS)["id"])
    assert (refused["status"], refused["errorCode"]) == ("FAILED", "ACCESS_DENIED")
    assert [one["id"] for one in listed(shop, "first: 5")] == [mine]
    assert bulk.poll(theirs) is None
    assert bulk.cancel(theirs)["userErrors"][0]["message"] == "Bulk operation does not exist"
