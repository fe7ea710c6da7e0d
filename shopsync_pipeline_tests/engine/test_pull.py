"""Reading the store: the whole of it, what changed, or single products; and what a read may not conclude."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.db.schema import snapshot
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import pull_products
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.errors import ShopUnavailable, Unauthorized
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.gateway import gateway
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import read_store, sync


def shown(context: Context) -> dict[str, str]:
    """Handle → title, as the last reads left it."""
    with context.database.read() as connection:
        store = Snapshot(connection, context.shop_id)
        products = store.products([product_id for product_id, *_ in store.identities()])
        return {product.handle: str(value) for product in products
                for path, value in product.document.items() if path == "title"}


def reads(context: Context) -> list[tuple[str, str, str | None]]:
    """(kind, state, error) of every read, oldest first."""
    with context.database.read() as connection:
        rows = connection.execute(select(snapshot).order_by(snapshot.c.started_at)).mappings()
        return [(row["kind"], row["state"], row["error"]) for row in rows]


def ids(store: DevStore) -> dict[str, str]:
    return {node["handle"]: node["id"] for node in store.products()}


def edit(store: DevStore, handle: str, title: str) -> None:
    store.control("merchant", {"action": "edit_product", "handle": handle, "fields": {"title": title}})


def test_the_first_read_is_whole_even_if_less_was_asked_for(context: Context, dev_store: DevStore) -> None:
    dev_store.graphql('mutation { productCreate(product: {title: "Kettle"}) { product { id } } }')

    report = read_store(context, full=False)

    assert (report.kind, report.products, report.total) == ("full", 1, 1)
    assert shown(context) == {"kettle": "Kettle"}


def test_a_later_read_sees_what_a_merchant_changed(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    edit(dev_store, "lamp-3", "Best lamp")

    report = read_store(context, full=False)

    assert report.kind == "delta"
    assert report.total == 5
    assert shown(context)["lamp-3"] == "Best lamp"


def test_only_a_whole_read_notices_that_a_product_is_gone(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-2"})

    assert read_store(context, full=False).total == 5
    report = read_store(context, full=True)

    assert (report.removed, report.total) == (1, 4)
    assert "lamp-2" not in shown(context)


def test_reading_by_id_touches_those_products_only(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    known = ids(dev_store)
    for handle in ("lamp-1", "lamp-2"):
        edit(dev_store, handle, "Edited")
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-3"})
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-4"})

    report = asyncio.run(pull_products(context, [known["lamp-1"], known["lamp-3"]]))

    assert (report.kind, report.products, report.removed, report.total) == ("by_id", 1, 1, 4)
    assert shown(context) == {"lamp-1": "Edited", "lamp-2": "Lamp 2", "lamp-4": "Lamp 4", "lamp-5": "Lamp 5"}


def test_a_read_that_fails_removes_nothing(make_settings: Callable[..., Settings], dev_store: DevStore,
                                           tmp_path: Path) -> None:
    Shelf(tmp_path / "export")
    failing = False

    def frozen(query: str) -> int | None:
        return 402 if failing and "products(" in query else None

    with gateway(dev_store.url, frozen) as address:
        context = Context.open(make_settings(SHOPIFY_SHOP_URL=address))
        sync(context)
        dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-2"})
        failing = True
        with pytest.raises(ShopUnavailable, match="frozen for unpaid bills"):
            read_store(context, full=True)

    assert len(shown(context)) == 5
    kind, state, error = reads(context)[-1]
    assert (kind, state) == ("full", "failed")
    assert error is not None
    assert "frozen for unpaid bills" in error


def test_a_read_by_id_that_fails_is_recorded_as_failed(make_settings: Callable[..., Settings], dev_store: DevStore,
                                                       tmp_path: Path) -> None:
    Shelf(tmp_path / "export")
    failing = False

    def locked(query: str) -> int | None:
        return 423 if failing and "nodes(" in query else None

    with gateway(dev_store.url, locked) as address:
        context = Context.open(make_settings(SHOPIFY_SHOP_URL=address))
        sync(context)
        failing = True
        with pytest.raises(ShopUnavailable, match="locked"):
            asyncio.run(pull_products(context, list(ids(dev_store).values())))

    assert len(shown(context)) == 5
    kind, state, error = reads(context)[-1]
    assert (kind, state) == ("by_id", "failed")
    assert error is not None
    assert "locked" in error


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wrong_token_reads_nothing(make_settings: Callable[..., Settings], dev_store: DevStore) -> None:
    context = Context.open(make_settings(SHOPIFY_ACCESS_TOKEN="not-the-token"))

    with pytest.raises(Unauthorized, match="check SHOPIFY_ACCESS_TOKEN") as error:
        read_store(context)

    assert "not-the-token" not in str(error.value)
    assert reads(context) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_location_that_the_shop_lacks_is_told_with_those_it_has(make_settings: Callable[..., Settings]) -> None:
    context = Context.open(make_settings(SHOPIFY_LOCATION="Moon"))

    with pytest.raises(SettingsError, match='no active location "Moon"') as error:
        read_store(context)

    assert '"Main warehouse"' in str(error.value)
    assert "SHOPIFY_LOCATION" in str(error.value)
