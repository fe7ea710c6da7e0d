"""Waiting for a bulk operation: how often it is asked for, and every way in which the waiting can end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.shopify.bulk import poll
from shopsync_pipeline.shopify.bulk.faults import BulkFault, BulkStalled
from shopsync_pipeline.shopify.bulk.poll import BulkOperation, BulkStatus, pause_before_next, wait_for
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.one_store import dev_store, store_process

__all__ = ["dev_store", "store_process"]

GID = "gid://shopify/BulkOperation/1"
START = """mutation { bulkOperationRunQuery(query: "{ products { edges { node { id } } } }", groupObjects: false) {
  bulkOperation { id } userErrors { message } } }"""


def node(status: str, objects: int = 0, **given: Any) -> dict[str, Any]:
    return {"id": GID, "status": status, "errorCode": None, "createdAt": "2026-11-27T18:00:00Z", "completedAt": None,
            "objectCount": str(objects), "fileSize": None, "url": None, "partialDataUrl": None, **given}


def waited(*nodes: dict[str, Any] | None, patience: float = 60.0, **options: Any) -> tuple[BulkOperation, list[bytes]]:
    """What the waiting gives when the shop answers these in turn (the last one for ever), and the requests."""
    left, asked = list(nodes), []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        return httpx.Response(200, json={"data": {"bulkOperation": left.pop(0) if len(left) > 1 else left[0]}})

    async def run() -> BulkOperation:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(answer)) as client:
            return await wait_for(client, GID, patience=patience, **options)

    return asyncio.run(run()), asked


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "SHORTEST_PAUSE", 0.001)
    monkeypatch.setattr(poll, "LONGEST_PAUSE", 0.002)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("status", [BulkStatus.COMPLETED, BulkStatus.CANCELED, BulkStatus.FAILED, BulkStatus.EXPIRED])
def test_every_end_is_an_end_and_is_told_as_it_is(status: BulkStatus) -> None:
    seen: list[BulkStatus] = []
    found, asked = waited(node("CREATED"), node("RUNNING", 3), node("CANCELING", 3), node(status, 4),
                          on_poll=lambda operation: seen.append(operation.status))

    assert (found.status, found.object_count) == (status, 4)
    assert seen == [BulkStatus.CREATED, BulkStatus.RUNNING, BulkStatus.CANCELING, status]
    assert orjson.loads(asked[0])["variables"] == {"id": GID}


def test_counters_are_numbers_and_times_are_aware() -> None:
    found, _ = waited(node("COMPLETED", 12, fileSize="3456", completedAt="2026-11-27T18:00:05Z",
                           url="https://storage.example/secret"))
    assert (found.object_count, found.file_size, found.url) == (12, 3456, "https://storage.example/secret")
    assert found.completed_at is not None
    assert (found.completed_at - found.created_at).total_seconds() == 5
    assert "secret" not in repr(found)


@pytest.mark.usefixtures("hurried")
def test_one_that_does_not_move_is_not_waited_for_for_ever() -> None:
    with pytest.raises(BulkStalled, match=r"RUNNING with 7 objects and has not moved"):
        waited(node("RUNNING", 7), patience=0.02)


@pytest.mark.usefixtures("hurried")
def test_one_that_moves_slowly_is_waited_for() -> None:
    moving = [node("RUNNING", count) for count in range(60)]
    assert waited(*moving, node("COMPLETED", 60), patience=0.03)[0].status is BulkStatus.COMPLETED


def test_an_operation_that_the_shop_does_not_know_is_told() -> None:
    with pytest.raises(BulkFault, match=f"knows no bulk operation {GID}"):
        waited(None)


def pauses(until: float, done_at: Callable[[float], tuple[int, int | None]]) -> Iterator[tuple[float, float]]:
    """(when, how long) of each pause of a waiting that ends at `until` seconds."""
    clock = 0.0
    while clock < until:
        done, of = done_at(clock)
        pause = pause_before_next(clock, done=done, of=of)
        yield clock, pause
        clock += pause


def test_pauses_grow_from_a_fifth_of_a_second_to_ten_seconds() -> None:
    found = list(pauses(600, lambda _: (0, None)))
    lengths = [pause for _, pause in found]
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (0.2, 10.0)
    assert len(found) < 100  # points for ten minutes of waiting


def test_an_end_that_is_foreseen_is_noticed_soon() -> None:
    found = list(pauses(300, lambda clock: (int(clock * 1000), 300_000)))
    when, pause = found[-1]
    assert pause < 0.5
    assert when + pause - 300 < 0.5
    assert len(found) < 80


def test_an_end_that_is_overdue_is_asked_for_often() -> None:
    assert pause_before_next(100, done=500, of=400) == 0.2


def test_against_the_dev_store(dev_store: DevStore) -> None:
    dev_store.graphql('mutation { productCreate(product: {title: "Kettle"}) { product { id } } }')
    operation_id = dev_store.graphql(START)["bulkOperationRunQuery"]["bulkOperation"]["id"]

    async def run() -> BulkOperation:
        async with ShopifyClient(dev_store.url, TOKEN) as client:
            return await wait_for(client, operation_id, patience=30)

    found = asyncio.run(run())
    assert (found.id, found.status, found.object_count) == (operation_id, BulkStatus.COMPLETED, 1)
    assert found.url is not None
    assert found.file_size is not None
    assert found.file_size > 0


def test_a_refusal_of_the_shop_passes_through() -> None:
    def denied(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"errors": "no"})

    async def run() -> BulkOperation:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(denied)) as client:
            return await wait_for(client, GID, patience=1)

    with pytest.raises(ShopsyncError, match="SHOPIFY_ACCESS_TOKEN"):
        asyncio.run(run())
