"""The whole store by bulk queries: the same snapshot as by pages, and no product lost by an export that is no proof."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from shopsync_pipeline.core.fields import Path
from shopsync_pipeline.db.schema import snapshot_product
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import pull_products
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.bulk.faults import BulkFault, BulkUnavailable
from shopsync_pipeline.shopify.errors import ReadIncomplete
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import read_store, sync
from shopsync_pipeline_tests.engine.test_pull import edit, ids, reads
from shopsync_pipeline_tests.shopify.bulk.rich_store import fill, put


@pytest.fixture
def bulk(make_settings: Callable[..., Settings]) -> Context:
    """The dev store's context, which always reads in bulk."""
    return Context.open(make_settings(SYNC_BULK="always", SYNC_COLLECTIONS="true", SYNC_PUBLICATIONS="true"))


@pytest.fixture
def one_query(make_settings: Callable[..., Settings]) -> Context:
    """The same, where neither collections nor sales channels are synced."""
    return Context.open(make_settings(SYNC_BULK="always"))


def stored(context: Context) -> dict[str, StoredProduct]:
    with context.database.read() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        return {product.product_id: product
                for product in snapshot.products([product_id for product_id, *_ in snapshot.identities()])}


def without_times(products: dict[str, StoredProduct]) -> dict[str, Any]:
    return {gid: (one.document, one.links, one.digests, one.custom_id, one.handle, one.skus, one.updated_at)
            for gid, one in products.items()}


def titles(context: Context) -> dict[str, Any]:
    return {one.handle: one.document[Path("title")] for one in stored(context).values()}


def operations(store: DevStore) -> int:
    return len(store.control("bulk")["operations"])


def meanwhile(store: DevStore, act: Callable[[], object]) -> threading.Thread:
    """Stalls the next query at its third line, acts then, and lets it go on. Join the thread afterwards."""
    store.control("bulk", {"action": "stall", "after": 3})

    def watch() -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            rows = store.control("bulk")["operations"]
            if rows and (rows[-1]["status"], rows[-1]["objects"]) == ("RUNNING", 3):
                break
            time.sleep(0.02)
        act()
        store.control("bulk", {"action": "release"})

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def test_the_snapshot_is_the_same_whichever_way_it_was_read(bulk: Context, make_settings: Callable[..., Settings],
                                                            dev_store: DevStore) -> None:
    fill(dev_store, plain=20)
    report = read_store(bulk)
    in_bulk = without_times(stored(bulk))
    assert operations(dev_store) == 3

    pages = Context.open(make_settings(SYNC_BULK="never", SYNC_COLLECTIONS="true", SYNC_PUBLICATIONS="true"))
    again = read_store(pages)

    assert operations(dev_store) == 3
    assert (report.kind, report.products, report.total) == (again.kind, again.products, again.total) == ("full", 26, 26)
    assert in_bulk == without_times(stored(pages))
    assert any(path.startswith("publications[") for document, *_ in in_bulk.values() for path in document)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_shop_of_a_few_products_is_read_by_pages(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    read_store(context)
    assert operations(dev_store) == 0


def test_a_later_read_sees_what_changed_and_what_is_gone(bulk: Context, dev_store: DevStore) -> None:
    for number in range(4):
        put(dev_store, title=f"P{number}")
    read_store(bulk)
    edit(dev_store, "p1", "Edited")
    dev_store.control("merchant", {"action": "delete_product", "handle": "p2"})
    put(dev_store, title="P4")

    report = read_store(bulk)

    assert (report.products, report.removed, report.total) == (4, 1, 4)
    assert titles(bulk) == {"p0": "P0", "p1": "Edited", "p3": "P3", "p4": "P4"}
    assert set(stored(bulk)["gid://shopify/Product/1000000000002"].seen_changed) == {"content"}


@pytest.mark.parametrize("order", [
    {"action": "fail", "after": 2, "error_code": "INTERNAL_SERVER_ERROR"}, {"action": "cancel", "after": 2},
])
def test_an_export_that_ends_badly_removes_nothing(bulk: Context, dev_store: DevStore, order: dict[str, Any]) -> None:
    for number in range(6):
        put(dev_store, title=f"P{number}")
    read_store(bulk)
    dev_store.control("merchant", {"action": "delete_product", "handle": "p5"})
    before = stored(bulk)
    dev_store.control("bulk", order)

    with pytest.raises(BulkFault):
        read_store(bulk)

    assert stored(bulk) == before
    kind, state, error = reads(bulk)[-1]
    assert (kind, state) == ("full", "failed")
    assert error is not None
    assert "Nothing was removed" in error


def test_an_empty_export_is_believed_only_when_the_shop_counts_none(bulk: Context, dev_store: DevStore,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    put(dev_store, title="P0")
    read_store(bulk)
    lie_about_the_document(monkeypatch)

    with pytest.raises(BulkFault, match="brought none, and the shop counts 1"):
        read_store(bulk)

    assert titles(bulk) == {"p0": "P0"}
    dev_store.control("merchant", {"action": "delete_product", "handle": "p0"})
    report = read_store(bulk)
    assert (report.removed, report.total) == (1, 0)


def lie_about_the_document(monkeypatch: pytest.MonkeyPatch, query: str = "status:nothing_has_this AND id:1") -> None:
    """Has the shop export another selection than was asked for, as a platform that goes wrong would."""
    from shopsync_pipeline.shopify.bulk import query as module

    def other(name: str) -> str:
        return real(name).replace("  products {", f'  products(query: "{query}") {{')

    real = module.document
    monkeypatch.setattr(module, "document", other)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_export_that_lacks_what_is_there_removes_nothing(make_settings: Callable[..., Settings], dev_store: DevStore,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context.open(make_settings(SYNC_BULK="always"))
    for number in range(8):
        put(dev_store, title=f"P{number}", status="DRAFT" if number else "ACTIVE")
    read_store(context)
    edit(dev_store, "p3", "Edited")
    dev_store.control("merchant", {"action": "delete_product", "handle": "p4"})
    lie_about_the_document(monkeypatch, "status:active")

    # A few are read by id, and only what is not found so is gone.
    report = read_store(context)
    assert (report.removed, report.total) == (1, 7)
    assert titles(context)["p3"] == "Edited"

    # Many are a sign that the export was none.
    monkeypatch.setattr("shopsync_pipeline.engine.pull.FEW", 3)
    with pytest.raises(ReadIncomplete, match="did not meet 6 products that were there before"):
        read_store(context)
    assert len(titles(context)) == 7


def test_what_happens_while_the_export_runs_is_not_undone_by_it(one_query: Context, dev_store: DevStore) -> None:
    for number in range(6):
        put(dev_store, title=f"P{number}")
    read_store(one_query)
    known = ids(dev_store)

    def act() -> None:
        edit(dev_store, "p0", "Edited meanwhile")
        dev_store.control("merchant", {"action": "delete_product", "handle": "p1"})
        put(dev_store, title="Made meanwhile")
        # Webhooks bring them here at once; the export does not know yet.
        asyncio.run(pull_products(one_query, [known["p0"], known["p1"], ids(dev_store)["made-meanwhile"]]))

    thread = meanwhile(dev_store, act)
    report = read_store(one_query)
    thread.join()

    assert titles(one_query) == {"p0": "Edited meanwhile", **{f"p{number}": f"P{number}" for number in range(2, 6)},
                            "made-meanwhile": "Made meanwhile"}
    assert report.total == 6


def test_an_edit_made_while_the_export_ran_comes_with_the_next_delta(one_query: Context, dev_store: DevStore) -> None:
    for number in range(6):
        put(dev_store, title=f"P{number}")

    thread = meanwhile(dev_store, lambda: edit(dev_store, "p0", "Edited meanwhile"))
    read_store(one_query)
    thread.join()
    assert titles(one_query)["p0"] == "P0"

    assert read_store(one_query, full=False).kind == "delta"
    assert titles(one_query)["p0"] == "Edited meanwhile"


OTHER = """mutation { bulkOperationRunQuery(query: "{ products { edges { node { id } } } }", groupObjects: false) {
  bulkOperation { id } userErrors { code } } }"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_a_slot_the_pages_are_the_way(
        make_settings: Callable[..., Settings], dev_store: DevStore, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture) -> None:
    from shopsync_pipeline.shopify.bulk import query as module

    monkeypatch.setattr(module, "THE_USUAL", module.Waiting(slot=0.1, pause=0.02))
    monkeypatch.setattr(module.export, "__kwdefaults__", {**module.export.__kwdefaults__, "waiting": module.THE_USUAL})
    monkeypatch.setattr("shopsync_pipeline.core.whole_read.BULK_START", 0.0)
    monkeypatch.setattr("shopsync_pipeline.core.whole_read.BULK_OBJECTS_PER_SECOND", 1e9)
    put(dev_store, title="P0")
    for _ in range(5):
        dev_store.control("bulk", {"action": "stall"})
        dev_store.graphql(OTHER)

    with pytest.raises(BulkUnavailable, match="already in progress"):
        read_store(Context.open(make_settings(SYNC_BULK="always")))
    context = Context.open(make_settings())
    with caplog.at_level(logging.WARNING):
        report = read_store(context)

    assert (report.kind, report.products) == ("full", 1)
    assert "The store is read page by page: No bulk query can be started" in caplog.text
    assert [state for _, state, _ in reads(context)] == ["failed", "failed", "complete"]


def test_what_is_as_it_was_is_not_written_again(bulk: Context, dev_store: DevStore) -> None:
    fill(dev_store, plain=5)
    read_store(bulk)
    before = stored(bulk)
    # What nobody reads back shows whether the row was written anew.
    with bulk.database.write() as connection:
        connection.execute(update(snapshot_product).values(skus='["marked"]'))

    read_store(bulk)

    with bulk.database.read() as connection:
        assert set(connection.execute(select(snapshot_product.c.skus)).scalars()) == {'["marked"]'}
    after = stored(bulk)
    assert {gid: one.digests for gid, one in before.items()} == {gid: one.digests for gid, one in after.items()}
    assert all(after[gid].read_at > one.read_at for gid, one in before.items())
