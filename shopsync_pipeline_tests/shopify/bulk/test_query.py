"""The whole shop by bulk queries: equal to the shop page by page, and every way in which an export is no proof."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest

from shopsync_pipeline.core.links import Links
from shopsync_pipeline.shopify.bulk.faults import BulkFault, BulkUnavailable
from shopsync_pipeline.shopify.bulk.query import Export, Waiting, export
from shopsync_pipeline.shopify.bulk.spool import Spool
from shopsync_pipeline.shopify.client import Patience, ShopifyClient
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.nodes import RemoteProduct, remote_product
from shopsync_pipeline.shopify.shop import Shop, Uses, describe, ensure_custom_id
from shopsync_pipeline.shopify.snapshot import nothing_known, read_all
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.one_store import dev_store, store_process
from shopsync_pipeline_tests.shopify.bulk.rich_store import fill, put

__all__ = ["dev_store", "store_process"]

T = TypeVar("T")
EVERYTHING = Uses(collections=True, publications=True)
SOON = Waiting(slot=0.2, stalled=30, pause=0.02)


def within(store: DevStore, work: Callable[[ShopifyClient, Shop], Coroutine[Any, Any, T]],
           uses: Uses = EVERYTHING) -> T:
    async def run() -> T:
        patience = Patience(attempts=2, first_pause=0.01, longest_pause=0.02, jitter=0)
        async with ShopifyClient(store.url, TOKEN, patience=patience) as client:
            return await work(client, await describe(client, None, uses))

    return asyncio.run(run())


async def exported(client: ShopifyClient, shop: Shop, **options: Any) -> Export:
    return await export(client, location_id=shop.location_id, listings=shop.listings,
                        **{"waiting": SOON, **options})


def products(found: Export, listings: Listings, known: dict[str, Links] | None = None) -> list[RemoteProduct]:
    return [remote_product(node, known=(known or {}).get(node["id"]), listings=listings)
            for node in found.nodes() if not isinstance(node, str)]


@pytest.mark.parametrize("uses", [EVERYTHING, Uses(), Uses(collections=True), Uses(publications=True)], ids=str)
def test_an_export_tells_of_every_product_what_its_pages_tell(dev_store: DevStore, uses: Uses) -> None:
    made = fill(dev_store)

    async def both(client: ShopifyClient, shop: Shop) -> None:
        await ensure_custom_id(client)
        put(dev_store, title="Ours", metafields=[{"namespace": "shopsync", "key": "source_id", "type": "id",
                                                  "value": "etilize:1"}])
        by_page = [product async for product in read_all(client, known=nothing_known, location_id=shop.location_id,
                                                         listings=shop.listings)]
        # Names that were given before: they depend on what is remembered, in either way of reading.
        known = {row.links.product: Links(product=row.links.product,
                                          variants={f"Old {key}": link for key, link in row.links.variants.items()},
                                          images={f"Old {key}": gid for key, gid in row.links.images.items()})
                 for row in by_page[::3]}
        known_pages = [product async for product in read_all(client, known=lambda _: known,
                                                             location_id=shop.location_id, listings=shop.listings)]
        with await exported(client, shop) as found:
            in_bulk = products(found, shop.listings)
            assert in_bulk == by_page
            assert products(found, shop.listings, known) == known_pages
        assert [list(row.fields) for row in in_bulk] == [list(row.fields) for row in by_page]
        assert {row.links.product for row in by_page} > set(made)
        assert any(path.startswith("variants[Old ") for row in known_pages for path in row.fields)

    within(dev_store, both, uses)


def test_a_shop_without_products_exports_nothing(dev_store: DevStore) -> None:
    async def work(client: ShopifyClient, shop: Shop) -> tuple[list[RemoteProduct], int]:
        with await exported(client, shop) as found:
            return products(found, shop.listings), found.products.roots

    assert within(dev_store, work) == ([], 0)


def operations(store: DevStore) -> list[tuple[str, str]]:
    rows = store.control("bulk")["operations"]
    return [(row["type"], row["status"]) for row in rows]


@pytest.mark.parametrize(("order", "sentence"), [
    ({"action": "fail", "after": 3, "error_code": "INTERNAL_SERVER_ERROR"}, "Shopify failed"),
    ({"action": "fail", "after": 3, "error_code": "TIMEOUT"}, "SYNC_BULK=never"),
    ({"action": "fail", "after": 0, "error_code": "ACCESS_DENIED"}, "may not read all of it"),
    ({"action": "cancel", "after": 3}, "somebody canceled it"),
])
def test_an_export_that_ends_badly_gives_nothing(dev_store: DevStore, order: dict[str, Any], sentence: str) -> None:
    for number in range(5):
        put(dev_store, title=f"P{number}")
    dev_store.control("bulk", order)
    with pytest.raises(BulkFault, match=sentence) as error:
        within(dev_store, exported, Uses())
    assert "Nothing was removed" in str(error.value)
    assert isinstance(error.value, BulkUnavailable) == (order.get("error_code") == "ACCESS_DENIED")


def test_when_one_query_fails_the_others_are_canceled(dev_store: DevStore) -> None:
    for number in range(5):
        put(dev_store, title=f"P{number}")
    dev_store.control("bulk", {"action": "stall", "after": 2, "id": "gid://shopify/BulkOperation/1000000000001"})
    dev_store.control("bulk", {"action": "fail", "after": 1, "id": "gid://shopify/BulkOperation/1000000000002"})
    with pytest.raises(BulkFault, match="collections"):
        within(dev_store, exported)
    assert ("QUERY", "RUNNING") not in operations(dev_store)
    assert {status for _, status in operations(dev_store)} <= {"CANCELING", "CANCELED", "FAILED", "COMPLETED"}


def test_a_query_that_does_not_move_is_given_up(dev_store: DevStore) -> None:
    put(dev_store, title="P")
    dev_store.control("bulk", {"action": "stall", "after": 0})
    with pytest.raises(BulkFault, match="has not moved"):
        within(dev_store, partial(exported, waiting=Waiting(stalled=0.3)), Uses())


OTHER = """mutation { bulkOperationRunQuery(query: "{ products { edges { node { id } } } }", groupObjects: false) {
  bulkOperation { id } userErrors { code } } }"""


def test_without_a_free_slot_it_waits_and_then_says_so(dev_store: DevStore) -> None:
    put(dev_store, title="P")
    for _ in range(5):
        dev_store.control("bulk", {"action": "stall"})
        dev_store.graphql(OTHER)
    with pytest.raises(BulkUnavailable, match="already in progress"):
        within(dev_store, exported, Uses())

    async def freed(client: ShopifyClient, shop: Shop) -> int:
        async def release() -> None:
            await asyncio.sleep(0.2)
            dev_store.control("bulk", {"action": "release"})

        task = asyncio.ensure_future(release())
        with await exported(client, shop, waiting=Waiting(slot=30, pause=0.05)) as found:
            await task
            return found.products.roots

    assert within(dev_store, freed, Uses()) == 1


def test_a_query_that_an_ended_process_left_is_adopted(dev_store: DevStore) -> None:
    put(dev_store, title="P")
    dev_store.control("bulk", {"action": "stall", "after": 0})

    async def killed(client: ShopifyClient, shop: Shop) -> None:
        task = asyncio.ensure_future(exported(client, shop))
        while not operations(dev_store):
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def again(client: ShopifyClient, shop: Shop) -> tuple[int, int, bool]:
        started = datetime.now(UTC)

        def release(_objects: int) -> None:
            dev_store.control("bulk", {"action": "release"})

        with await exported(client, shop, on_objects=release) as found:
            return found.adopted, found.products.roots, found.began < started

    within(dev_store, killed, Uses())
    assert operations(dev_store) == [("QUERY", "RUNNING")]
    assert within(dev_store, again, Uses()) == (1, 1, True)
    assert operations(dev_store) == [("QUERY", "COMPLETED")]


def test_a_query_older_than_the_last_read_is_not_adopted(dev_store: DevStore) -> None:
    put(dev_store, title="P")
    dev_store.control("bulk", {"action": "stall", "after": 0})

    async def two(client: ShopifyClient, shop: Shop) -> tuple[int, int]:
        left = asyncio.ensure_future(exported(client, shop))
        while not operations(dev_store):
            await asyncio.sleep(0.01)
        with await exported(client, shop, adopt_since=datetime.now(UTC) + timedelta(seconds=5)) as found:
            left.cancel()
            return found.adopted, found.products.roots

    assert within(dev_store, two, Uses()) == (0, 1)


def test_a_disk_without_room_is_told(dev_store: DevStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(dev_store, title="P")

    def full(_spool: Spool, _lines: list[bytes]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "add", full)
    with pytest.raises(BulkFault, match=r"No space left on device.*TMPDIR"):
        within(dev_store, exported, Uses())


def test_a_start_whose_answer_was_lost_is_not_made_twice(dev_store: DevStore) -> None:
    put(dev_store, title="P")
    dev_store.control("fault", {"kind": "drop_after_write", "count": 1, "root": "bulkOperationRunQuery"})
    dev_store.control("settings", {"bulk_start_ms": 300})
    try:
        async def work(client: ShopifyClient, shop: Shop) -> int:
            with await exported(client, shop) as found:
                return found.products.roots

        assert within(dev_store, work, Uses()) == 1
    finally:
        dev_store.control("settings", {"bulk_start_ms": 0})
    assert len(operations(dev_store)) == 1
