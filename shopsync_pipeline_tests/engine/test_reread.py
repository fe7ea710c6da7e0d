"""The look just before a write: at what is about to be written and nothing else, and what follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.db.edits import StoreEdits
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.reread import reread
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.shop import describe
from shopsync_pipeline.shopify.writes import Digests
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import read_store, sync

TEXT = "single_line_text_field"
BRAND = "metafields[custom.brand]"


@pytest.fixture
def always(make_settings: Callable[..., Settings], shelf: Shelf) -> Context:
    """Five lamps in the store, read just now; every product has to be looked at again before it is written."""
    context = Context.open(make_settings(SYNC_REREAD_AFTER=0))
    sync(context)
    read_store(context)
    return context


def stored(context: Context) -> dict[str, StoredProduct]:
    """By handle, what the snapshot says now."""
    with context.database.read() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        return {product.handle: product for product in
                snapshot.products([product_id for product_id, *_ in snapshot.identities()])}


def item(product: StoredProduct, operation: Operation, **values: Value | None) -> PlanItem:
    """An item that writes paths of a product."""
    return make_item("k", product.product_id, operation, [
        Change(Path(path), product.document.get(Path(path)), value, Reason.CATALOG_CHANGED)
        for path, value in values.items()])


def look(context: Context, *items: PlanItem) -> tuple[Digests, float]:
    """Reads again; returns the digests and the points that it took."""
    async def work() -> tuple[Digests, float]:
        asked = 0.0

        def note(_name: str, answer: object) -> None:
            nonlocal asked
            asked += getattr(answer, "requested_cost", None) or 0

        async with ShopifyClient(context.settings.shopify_shop_url, TOKEN, on_answer=note) as client:
            shop = await describe(client)
            asked = 0.0
            return await reread(context, client, shop, items), asked

    return asyncio.run(work())


def edit(store: DevStore, handle: str, **fields: object) -> None:
    store.control("merchant", {"action": "edit_product", "handle": handle, "fields": fields})


def edit_price(store: DevStore, sku: str, price: str) -> None:
    store.control("merchant", {"action": "edit_variant", "sku": sku, "fields": {"price": price}})


def edits(context: Context, product: StoredProduct) -> dict[str, tuple[datetime, datetime]]:
    with context.database.read() as connection:
        return {str(found.path): (found.not_yet_at, found.seen_at)
                for found in StoreEdits(connection, context.shop_id).of(product.product_id)}


def differing(one: Mapping[Path, Value], other: Mapping[Path, Value]) -> set[str]:
    return {str(path) for path in {**one, **other} if one.get(path) != other.get(path)}


def test_five_titles_are_looked_at_for_one_point(always: Context, dev_store: DevStore) -> None:
    before = stored(always)
    edit(dev_store, "lamp-2", title="Mine")
    edit_price(dev_store, "L3", "1.00")

    _, points = look(always, *(item(product, Operation.PRODUCT_UPDATE, title="x") for product in before.values()))

    now = stored(always)
    assert points == 1
    assert now["lamp-2"].document[Path("title")] == "Mine"
    # The price was not asked for, so it is as old as the read before, and says so.
    assert now["lamp-3"].document == before["lamp-3"].document
    assert {handle: product.read_at for handle, product in now.items()} == {
        handle: product.read_at for handle, product in before.items()}


@pytest.mark.parametrize(("operation", "values", "most"), [
    (Operation.VARIANTS_UPDATE, {"variants[L1].price": "2.00"}, 6),
    (Operation.VARIANTS_UPDATE, {"variants[L1].cost": "2.00", "variants[L1].price": "2.00"}, 7),
    (Operation.MEDIA_SET, {"images": []}, 4),
    (Operation.PRODUCT_UPDATE, {"seo.title": "x", "category": "el-2-2"}, 3),
    (Operation.PRODUCT_DELETE, {"title": None}, 60),
], ids=["price", "cost", "pictures", "seo", "all of it"])
def test_only_what_is_about_to_be_written_is_asked_for(always: Context, operation: Operation,
                                                       values: dict[str, Value | None], most: float) -> None:
    product = stored(always)["lamp-1"]
    _, points = look(always, item(product, operation, **values))
    assert 0 < points <= most
    assert stored(always)["lamp-1"].document == product.document


def test_an_edit_that_is_seen_is_noted_with_when_it_was_seen(always: Context, dev_store: DevStore) -> None:
    before = stored(always)["lamp-1"]
    edit_price(dev_store, "L1", "5.55")
    look(always, item(before, Operation.VARIANTS_UPDATE, **{"variants[L1].price": "2.00"}))
    now = stored(always)["lamp-1"]
    assert differing(before.document, now.document) == {"variants[L1].price"}
    not_yet_at, seen_at = edits(always, before)["variants[L1].price"]
    assert not_yet_at == before.read_at == now.read_at
    assert seen_at > now.read_at
    assert [group.value for group in now.seen_changed] == ["pricing"]
    assert stored(always)["lamp-1"].links == before.links


def test_stock_and_what_does_not_exist_yet_are_not_looked_at(always: Context) -> None:
    product = stored(always)["lamp-1"]
    stock = item(product, Operation.INVENTORY_SET, **{"variants[L1].stock[default]": 1})
    new = make_item("n", None, Operation.PRODUCT_CREATE, [Change(Path("title"), None, "x", Reason.NEW)])
    assert look(always, stock, new) == ({}, 0)


def test_what_was_read_a_moment_ago_is_not_looked_at_but_for_digests(make_settings: Callable[..., Settings],
                                                                     shelf: Shelf, dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_REREAD_AFTER=600))
    sync(context)
    read_store(context)
    one, two = (stored(context)[handle] for handle in ("lamp-1", "lamp-2"))
    dev_store.control("merchant", {"action": "set_metafield", "handle": "lamp-2", "metafield": {
        "namespace": "custom", "key": "brand", "type": TEXT, "value": "Mine"}})
    edit(dev_store, "lamp-1", title="Mine")

    found, points = look(context, item(one, Operation.PRODUCT_UPDATE, title="x"),
                         item(two, Operation.METAFIELDS_SET, **{BRAND: {"type": TEXT, "value": "x"}}))

    assert points == 4  # one product, one connection of one metafield
    assert set(found) == {(two.product_id, "custom.brand")}
    assert found[two.product_id, "custom.brand"] is not None
    assert stored(context)["lamp-1"].document == one.document
    assert stored(context)["lamp-2"].document[Path(BRAND)] == {"type": TEXT, "value": "Mine"}


def test_a_metafield_that_is_not_there_is_known_as_absent(always: Context) -> None:
    product = stored(always)["lamp-1"]
    found, _ = look(always, item(product, Operation.METAFIELDS_SET, **{BRAND: {"type": TEXT, "value": "x"}}))
    assert found == {(product.product_id, "custom.brand"): None}


def test_a_product_that_is_gone_leaves_the_snapshot(always: Context, dev_store: DevStore) -> None:
    product = stored(always)["lamp-4"]
    dev_store.control("merchant", {"action": "delete_product", "handle": "lamp-4"})
    found, _ = look(always, item(product, Operation.METAFIELDS_SET, **{BRAND: {"type": TEXT, "value": "x"}}))
    assert "lamp-4" not in stored(always)
    assert found == {}


def test_other_variants_than_are_known_are_read_with_the_whole_product(always: Context, dev_store: DevStore) -> None:
    before = stored(always)["lamp-1"]
    dev_store.graphql("""mutation($id: ID!) { productVariantsBulkCreate(productId: $id,
        strategy: PRESERVE_STANDALONE_VARIANT, variants: [
        {optionValues: [{optionName: "Title", name: "Other"}], price: "3.00", inventoryItem: {sku: "L1-B"}}])
        { userErrors { message } } }""", {"id": before.product_id})
    look(always, item(before, Operation.VARIANTS_UPDATE, **{"variants[L1].price": "2.00"}))
    now = stored(always)["lamp-1"]
    assert set(now.links.variants) == {"L1", "L1-B"}
    assert now.document[Path("variants[L1-B].price")] == "3.00"
    assert now.read_at > before.read_at
    assert datetime.now(UTC) - now.read_at < timedelta(minutes=1)
