"""Where a product is placed and declared: category, template, collections, sales channels, origin and HS code.

Each from the catalog through plan, mutation and ledger into the dev store, and back; and a merchant's edit is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.core.product import Product, ProductKey, Variant, VariantKey
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.db.staged import CatalogRow
from shopsync_pipeline.engine.apply import ApplyReport, recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.doctor import examine
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.steps import changes_of, conflicts_of, items_of, push, read_store

Make = Callable[..., Settings]
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PLAIN = Product(
    key=ProductKey("etilize:1"), title="Desk lamp", handle="desk-lamp", status="ACTIVE",
    variants=(Variant(key=VariantKey("L1"), sku="L1", price=Decimal("9.90"), tracked=True),),
)
PLACED = replace(
    PLAIN, category="gid://shopify/TaxonomyCategory/hg-13-3", template_suffix="lamps", collections=("lamps", "desks"),
    publications=("Online Store", "Point of Sale"),
    variants=(replace(PLAIN.variants[0], country_of_origin="it", hs_code="9405.21"),),
)
SHOWN = """
query { products(first: 5) { nodes {
  id templateSuffix category { id } collections(first: 9, sortKey: TITLE) { nodes { handle } }
  resourcePublicationsV2(first: 9, onlyPublished: false) { nodes { publication { name } } }
  variants(first: 1) { nodes { inventoryItem { countryCodeOfOrigin harmonizedSystemCode } } }
} } }
"""
LEAVE = """mutation L($product: ProductUpdateInput!) {
  productUpdate(product: $product) { userErrors { message } } }"""
UNPUBLISH = """mutation U($id: ID!, $input: [PublicationInput!]!) {
  publishableUnpublish(id: $id, input: $input) { userErrors { message } } }"""


@pytest.fixture
def ids(dev_store: DevStore) -> dict[str, str]:
    """Two collections that are filled by hand and a second sales channel, by name."""
    made = {}
    for title in ("Lamps", "Desks", "Sale"):
        found = dev_store.control("merchant", {"action": "create_collection", "title": title})
        made[found["handle"]] = found["collection"]
    channel = dev_store.control("merchant", {"action": "create_publication", "name": "Point of Sale"})
    return {**made, "Point of Sale": channel["publication"]}


@pytest.fixture
def placing(make_settings: Make, ids: dict[str, str]) -> Context:
    """A shop whose collections and sales channels are synced."""
    return Context.open(make_settings(SYNC_COLLECTIONS=True, SYNC_PUBLICATIONS=True))


def catalog_says(context: Context, *products: Product) -> None:
    with context.database.write() as connection:
        imports = Imports(connection, context.shop_id)
        import_id = imports.start("here", "digest")
        documents = {product.key: flatten(product) for product in products}
        rows = [CatalogRow(key, digests(document), to_text(document)) for key, document in documents.items()]
        imports.make_current(import_id, Catalog(connection, context.shop_id).replace(import_id, rows))


def synced(context: Context, *products: Product) -> ApplyReport:
    """A whole run over what the catalog says."""
    catalog_says(context, *products)
    asyncio.run(recover(context, "test"))
    read_store(context)
    return push(context, diff(context))


def shown(store: DevStore) -> dict[str, Any]:
    """What the one product in the store shows."""
    (node,) = store.graphql(SHOWN)["products"]["nodes"]
    item = node["variants"]["nodes"][0]["inventoryItem"]
    return {
        "category": (node["category"] or {}).get("id", "").rpartition("/")[2], "template": node["templateSuffix"],
        "collections": [row["handle"] for row in node["collections"]["nodes"]],
        "channels": sorted(row["publication"]["name"] for row in node["resourcePublicationsV2"]["nodes"]),
        "origin": item["countryCodeOfOrigin"], "hs_code": item["harmonizedSystemCode"],
    }


BARE = {"category": "", "template": None, "collections": [], "channels": [], "origin": None, "hs_code": None}
FULL = {"category": "hg-13-3", "template": "lamps", "collections": ["desks", "lamps"],
        "channels": ["Online Store", "Point of Sale"], "origin": "IT", "hs_code": "940521"}
CLEARED = {**BARE, "template": "lamps"}
"""What is left when the catalog drops it all: the template belongs to the people in the store."""


def after_images(context: Context) -> dict[str, object]:
    """Path → what the ledger says the store showed after the last write of it."""
    with context.database.read() as connection:
        entries = Ledger(connection, context.shop_id).history([PLAIN.key])
    return {str(path): value for entry in reversed(entries) for path, value in (entry.after or {}).items()}


def stored(context: Context) -> dict[str, object]:
    """The product as the last read of the store saw it."""
    with context.database.read() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        (product,) = snapshot.products([gid for gid, *_ in snapshot.identities()])
        return {str(path): value for path, value in product.document.items()}


def placement(product: Product) -> dict[str, object]:
    """The fields of a document that this file is about."""
    names = ("category", "template_suffix", "collections[", "publications[")
    return {str(path): value for path, value in flatten(product).items()
            if path.startswith(names) or path.endswith(("].country_of_origin", "].hs_code"))}


def test_a_new_product_is_made_with_everything_and_then_published(placing: Context, dev_store: DevStore) -> None:
    report = synced(placing, PLACED)

    assert [(item.operation.value, item.lane) for item in items_of(placing, report.plan)] == [
        ("product_create", Lane.CREATION), ("publish", Lane.PUBLICATION)]
    assert report.items(ItemState.CONFIRMED) == 2
    assert shown(dev_store) == FULL
    assert after_images(placing).items() >= placement(PLACED).items()
    again = synced(placing, PLACED)
    assert stored(placing).items() >= placement(PLACED).items()
    assert (again.mutations, sum(again.tally.values()), conflicts_of(placing)) == (0, 0, [])


def test_a_product_that_exists_gets_them_all_and_loses_them_all(placing: Context, dev_store: DevStore) -> None:
    synced(placing, PLAIN)
    assert shown(dev_store) == BARE

    report = synced(placing, PLACED)
    assert [item.operation.value for item in items_of(placing, report.plan)] == [
        "product_update", "variants_update", "publish"]
    assert shown(dev_store) == FULL
    assert after_images(placing).items() >= placement(PLACED).items()
    assert synced(placing, PLACED).mutations == 0

    report = synced(placing, PLAIN)
    assert [item.operation.value for item in items_of(placing, report.plan)] == [
        "product_update", "variants_update", "unpublish"]
    assert shown(dev_store) == CLEARED
    cleared = placement(PLACED).keys() - {"template_suffix"}
    assert {path: after_images(placing)[path] for path in cleared} == dict.fromkeys(cleared)
    assert synced(placing, PLAIN).mutations == 0
    assert conflicts_of(placing) == []


ITEM = {"action": "edit_variant", "sku": "L1"}
PRODUCT = {"action": "edit_product", "handle": "desk-lamp"}


@ONE_DATABASE
@pytest.mark.parametrize(("path", "edit", "seen", "state"), [
    ("category", {**PRODUCT, "fields": {"category": "gid://shopify/TaxonomyCategory/hg-13"}}, "hg-13",
     ConflictState.KEPT),
    ("template_suffix", {**PRODUCT, "fields": {"templateSuffix": "special"}}, "special", None),
    ("collections[desks]", "leave", None, ConflictState.KEPT),
    ("publications[Point of Sale]", "unpublish", None, ConflictState.KEPT),
    ("variants[L1].country_of_origin", {**ITEM, "fields": {"inventoryItem": {"countryCodeOfOrigin": "CN"}}}, "CN",
     ConflictState.PENDING),
    ("variants[L1].hs_code", {**ITEM, "fields": {"inventoryItem": {"harmonizedSystemCode": "9405.11"}}}, "940511",
     ConflictState.PENDING),
])
def test_a_merchants_edit_is_seen_and_not_overwritten(placing: Context, dev_store: DevStore, ids: dict[str, str],
                                                      path: str, edit: dict[str, Any] | str, seen: object,
                                                      state: ConflictState | None) -> None:
    synced(placing, PLACED)
    product = dev_store.products()[0]["id"]
    if edit == "leave":
        dev_store.graphql(LEAVE, {"product": {"id": product, "collectionsToLeave": [ids["desks"]]}})
    elif edit == "unpublish":
        dev_store.graphql(UNPUBLISH, {"id": product, "input": [{"publicationId": ids["Point of Sale"]}]})
    else:
        dev_store.control("merchant", edit)  # type: ignore[arg-type]

    report = synced(placing, PLACED)

    assert (report.mutations, stored(placing).get(path)) == (0, seen)
    assert [(found.path, found.faces.remote, found.state) for found in conflicts_of(placing)] == (
        [] if state is None else [(path, seen, state)])


@ONE_DATABASE
def test_what_only_the_merchant_chose_is_nobodys_conflict(placing: Context, dev_store: DevStore,
                                                          ids: dict[str, str]) -> None:
    lamps = replace(PLAIN, collections=("lamps",), publications=("Online Store",))
    synced(placing, lamps)
    product = dev_store.products()[0]["id"]
    dev_store.graphql(LEAVE, {"product": {"id": product, "collectionsToJoin": [ids["sale"]]}})
    dev_store.graphql(UNPUBLISH.replace("publishableUnpublish", "publishablePublish"),
                      {"id": product, "input": [{"publicationId": ids["Point of Sale"]}]})

    assert (synced(placing, lamps).mutations, conflicts_of(placing)) == (0, [])
    desks = replace(lamps, collections=("desks",))
    report = synced(placing, desks)

    assert changes_of(placing, report.plan) == {
        ("etilize:1", "collections[desks]"): True, ("etilize:1", "collections[lamps]"): None}
    assert shown(dev_store)["collections"] == ["desks", "sale"]
    assert shown(dev_store)["channels"] == ["Online Store", "Point of Sale"]


@ONE_DATABASE
def test_a_name_that_the_shop_does_not_know_is_told_and_holds_nothing_else_up(placing: Context,
                                                                              dev_store: DevStore) -> None:
    synced(placing, PLAIN)
    report = synced(placing, replace(PLACED, publications=("TikTok",)))

    assert [(operation, why) for _, operation, _, why in report.set_aside] == [
        ("publish", 'The shop has no sales channel "TikTok"; it has: "Online Store", "Point of Sale". Make it in the '
                    "shop, or correct the name.")]
    assert shown(dev_store) == {**FULL, "channels": []}


@ONE_DATABASE
def test_they_are_synced_only_where_that_is_wanted_and_from_then_on(make_settings: Make, ids: dict[str, str],
                                                                    dev_store: DevStore) -> None:
    without = Context.open(make_settings())
    synced(without, PLACED)
    assert shown(dev_store) == {**FULL, "collections": [], "channels": []}
    assert synced(without, PLACED).mutations == 0
    assert "publications" not in str(dev_store.control("stats")["queries"])

    wanting = Context.open(make_settings(SYNC_COLLECTIONS=True, SYNC_PUBLICATIONS=True))
    synced(wanting, PLACED)
    assert shown(dev_store) == FULL
    assert synced(wanting, PLACED).mutations == 0
    assert synced(without, PLACED).mutations == 0
    assert shown(dev_store) == FULL


@ONE_DATABASE
@pytest.mark.parametrize("root", ["productSet", "productUpdate", "publishablePublish", "publishableUnpublish"])
@pytest.mark.parametrize("fault", ["drop_before_write", "drop_after_write"])
def test_a_lost_answer_is_settled(placing: Context, dev_store: DevStore, fault: str, root: str) -> None:
    before, wanted = (PLACED, PLAIN) if root == "publishableUnpublish" else (PLAIN, PLACED)
    if root in ("productUpdate", "publishableUnpublish"):
        synced(placing, before)
    dev_store.control("fault", {"kind": fault, "root": root})

    report = synced(placing, wanted)

    assert dev_store.control("stats")["open_faults"] == [], "the fault was met"
    assert report.items(ItemState.CONFIRMED) == sum(report.tally.values())
    assert shown(dev_store) == (CLEARED if wanted is PLAIN else FULL)
    assert synced(placing, wanted).mutations == 0


@ONE_DATABASE
def test_the_scopes_of_sales_channels_are_asked_for_only_where_they_are_synced(make_settings: Make,
                                                                               dev_store: DevStore) -> None:
    usual = ["write_products", "write_inventory", "read_locations"]
    dev_store.control("apps", {"action": "token", "token": "usual", "scopes": usual})

    def shop(**given: Any) -> tuple[bool, str]:
        found = asyncio.run(examine(make_settings(SHOPIFY_ACCESS_TOKEN="usual", **given)))
        return next((finding.well, finding.says) for finding in found if finding.name == "shop")

    assert shop()[0]
    assert shop(SYNC_COLLECTIONS=True)[0]
    well, says = shop(SYNC_PUBLICATIONS=True)
    assert not well
    assert "lacks the scopes read_publications, write_publications" in says
    with pytest.raises(SettingsError, match=r"SYNC_PUBLICATIONS.*lacks the scopes read_publications"):
        read_store(Context.open(make_settings(SHOPIFY_ACCESS_TOKEN="usual", SYNC_PUBLICATIONS=True)))
