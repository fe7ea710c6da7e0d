"""Documents that Shopify takes in bulk, operations that are found again, and files that reach the storage service."""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from graphql import FieldNode, OperationDefinitionNode, parse, visit
from graphql.language import Visitor

from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.devstore.bulk.rules import mutation_errors
from shopsync_pipeline.shopify.bulk import staged
from shopsync_pipeline.shopify.bulk.mutations import (
    DOCUMENTS,
    METAFIELDS_TOLD,
    USUAL_DOCUMENT,
    bulk_request,
    cancel,
    find,
    marked,
    start,
)
from shopsync_pipeline.shopify.bulk.poll import BulkStatus, wait_for
from shopsync_pipeline.shopify.bulk.staged import UploadFailed, upload
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.documents import document
from shopsync_pipeline.shopify.errors import UserErrors
from shopsync_pipeline.shopify.requests import request
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.one_store import dev_store, store_process
from shopsync_pipeline_tests.shopify.bulk.upload_place import upload_place

__all__ = ["dev_store", "store_process"]

MARK = "0123456789abcdef0123456789abcdef"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def asked(store: DevStore, question: Callable[[ShopifyClient], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with ShopifyClient(store.url, TOKEN) as client:
            return await question(client)

    return asyncio.run(run())


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_shopify_takes_every_document_in_bulk(name: str, version: str) -> None:
    assert mutation_errors(marked(name, MARK), version) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_mark_changes_the_name_of_the_operation_and_nothing_else(name: str) -> None:
    before, after = document(name), marked(name, MARK)
    (operation,) = (part for part in parse(after).definitions if isinstance(part, OperationDefinitionNode))
    assert operation.name is not None
    assert operation.name.value.endswith(f"_{MARK}")
    assert after.replace(f"_{MARK}", "") == before


def test_every_operation_has_its_document_in_bulk() -> None:
    assert set(USUAL_DOCUMENT) == set(Operation)
    assert set(USUAL_DOCUMENT.values()) == set(DOCUMENTS)


def test_slots_for_metafields_are_as_many_as_are_told_of() -> None:
    names: list[str] = []

    class Aliases(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if node.name.value == "metafield" and node.alias:
                names.append(node.alias.value)

    visit(parse(document("bulk_product_set")), Aliases())
    assert names == [f"m{slot}" for slot in range(METAFIELDS_TOLD)]


def creation(metafields: int) -> PlanItem:
    changes = [Change(Path("title"), None, "Pot", Reason.NEW),
               Change(Path("variants[A].options"), None, ["Default Title"], Reason.NEW),
               Change(Path("variants[A].sku"), None, "A", Reason.NEW)]
    changes += [Change(Path(f"metafields[custom.k{number:02}]"), None,
                       {"type": "single_line_text_field", "value": "x"}, Reason.NEW) for number in range(metafields)]
    return make_item("a", None, Operation.PRODUCT_CREATE, changes)


def test_a_line_holds_only_what_its_document_asks_for() -> None:
    line = bulk_request(request(creation(2), None, location_id="gid://shopify/Location/1"))
    assert line is not None
    (operation,) = (part for part in parse(document("bulk_product_set")).definitions
                    if isinstance(part, OperationDefinitionNode))
    assert set(line.variables) <= {one.variable.name.value for one in operation.variable_definitions}
    assert [line.variables[f"k{slot}"] for slot in range(3)] == ["k00", "k01", "source_id"]
    assert "w3" not in line.variables
    assert line.cost == 0


def test_a_line_asks_for_no_more_metafields_than_there_are_slots() -> None:
    line = bulk_request(request(creation(60), None, location_id="gid://shopify/Location/1"))
    assert line is not None
    assert sum(name.startswith("w") and name[1:].isdigit() for name in line.variables) == METAFIELDS_TOLD


def started(store: DevStore, mark: str, lines: int = 1) -> str:
    """An operation that deletes products that are not there."""
    async def run(client: ShopifyClient) -> str:
        rows = [{"input": {"id": f"gid://shopify/Product/{number}"}} for number in range(1, lines + 1)]
        file = io.BytesIO(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return await start(client, "product_delete", mark, await upload(client, file, "rows.jsonl"))

    found: str = asked(store, run)
    return found


def test_an_operation_is_found_by_its_mark_and_by_no_other(dev_store: DevStore) -> None:
    others = [started(dev_store, f"other{number}") for number in range(3)]
    mine = started(dev_store, MARK)
    assert mine not in others
    assert asked(dev_store, lambda client: find(client, MARK, LONG_AGO)) == mine
    assert asked(dev_store, lambda client: find(client, "other1", LONG_AGO)) == others[1]
    assert asked(dev_store, lambda client: find(client, "never", LONG_AGO)) is None
    later = datetime.now(UTC) + timedelta(hours=1)
    assert asked(dev_store, lambda client: find(client, MARK, later)) is None


def test_operations_are_looked_for_on_every_page(dev_store: DevStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shopsync_pipeline.shopify.bulk.mutations._PAGE", 1)
    ids = [started(dev_store, f"mark{number}") for number in range(3)]
    assert [asked(dev_store, lambda client, n=number: find(client, f"mark{n}", LONG_AGO)) for number in range(3)] == ids


def test_an_operation_is_called_off(dev_store: DevStore) -> None:
    dev_store.control("bulk", {"action": "stall", "after": 1})
    running = started(dev_store, MARK, lines=5)

    async def call_off(client: ShopifyClient) -> BulkStatus:
        await cancel(client, running)
        return (await wait_for(client, running, patience=10)).status

    assert asked(dev_store, call_off) is BulkStatus.CANCELED
    with pytest.raises(UserErrors, match="cannot be canceled"):
        asked(dev_store, lambda client: cancel(client, running))


def test_a_large_file_arrives_whole_although_it_is_sent_as_it_is_read(dev_store: DevStore) -> None:
    with tempfile.TemporaryFile() as file:
        for _ in range(30):
            file.write(b"x" * 100_000)
        path = asked(dev_store, lambda client: upload(client, file, "large.jsonl"))
    uploads = {row["key"]: row["size"] for row in dev_store.control("bulk")["uploads"]}
    assert uploads == {path: 3_000_000}


@asynccontextmanager
async def storage_shop(statuses: list[int], seen: list[Any]) -> AsyncIterator[ShopifyClient]:
    """A shop whose uploads go to another address, which answers with these statuses."""
    with upload_place(statuses, seen) as place:
        target = {"url": place, "parameters": [{"name": "key", "value": "tmp/1/bulk/u/rows.jsonl"},
                                               {"name": "policy", "value": "p"}]}
        answer = {"data": {"stagedUploadsCreate": {"stagedTargets": [target], "userErrors": []}}}
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=answer))
        async with ShopifyClient("my-shop", TOKEN, transport=transport) as client:
            yield client


def sent_to(statuses: list[int]) -> tuple[str, list[Any]]:
    seen: list[Any] = []

    async def run() -> str:
        async with storage_shop(statuses, seen) as client:
            return await upload(client, io.BytesIO(b"one\n"), "rows.jsonl")

    return asyncio.run(run()), seen


def test_the_file_is_the_last_part_of_the_form_and_no_token_goes_along() -> None:
    path, seen = sent_to([201])
    assert path == "tmp/1/bulk/u/rows.jsonl"
    (headers, body), = seen
    parts = [line.split(b'name="')[1].split(b'"')[0] for line in body.split(b"\r\n") if b'name="' in line]
    assert parts == [b"key", b"policy", b"file"]
    assert b"one\n" in body
    assert TOKEN not in str(headers) + body.decode()
    assert not [name for name in headers if name.lower().startswith("x-shopify")]


def test_a_storage_service_that_stumbles_is_asked_again() -> None:
    _, seen = sent_to([503, 429, 201])
    assert len(seen) == 3
    assert all(b"one\n" in body for _, body in seen), "each try sends the whole file"


@pytest.mark.parametrize(("statuses", "tries"), [([403], 1), ([500, 500, 500], 3)])
def test_a_storage_service_that_refuses_is_an_error_with_a_way_out(statuses: list[int], tries: int) -> None:
    seen: list[Any] = []

    async def run() -> str:
        async with storage_shop(list(statuses), seen) as client:
            return await upload(client, io.BytesIO(b"one\n"), "rows.jsonl")

    with pytest.raises(UploadFailed, match=f"HTTP {statuses[0]}.*sent without bulk operations instead"):
        asyncio.run(run())
    assert len(seen) == tries == min(staged._TRIES, len(statuses))
