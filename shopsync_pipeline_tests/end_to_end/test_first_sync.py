"""A first sync makes the store show what the export says, field by field, as read by GraphQL from outside.

The expectations come from the export's own files, read without any of our code, or from its projection; the store is
read without our client, diff or snapshot.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.catalog import find_delivery, read, write_sample_export
from shopsync_pipeline.core.product import Product
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.end_to_end import exports
from shopsync_pipeline_tests.end_to_end.driving import sync


def test_the_store_shows_what_the_export_says_for_all_products(context: Context, dev_store: DevStore) -> None:
    made = write_sample_export(context.settings.export_path, products=300)

    done = sync(context)

    assert done.report.set_aside == []
    store = {_metafield(node, "shopsync.source_id"): node for node in dev_store.products()}
    expected = exports.inquire(made.directory, "_sku_distributor_productskus.csv")
    assert len(expected) == 300
    assert set(store) == {f"etilize:{product_id}" for product_id in expected}
    for product_id, wanted in expected.items():
        node = store[f"etilize:{product_id}"]
        (variant,) = node["variants"]["nodes"]
        assert (node["title"], node["vendor"], variant["sku"]) == (wanted.title, wanted.vendor, wanted.sku)
        assert variant["price"] == (wanted.price or "0.00")
        assert _metafield(node, "custom.mpn") == wanted.mpn
        if wanted.stock is not None:
            assert variant["inventoryQuantity"] == wanted.stock


def test_the_store_equals_the_projection_field_by_field(context: Context, dev_store: DevStore) -> None:
    write_sample_export(context.settings.export_path, products=120, seed=11)

    sync(context)

    store = {_metafield(node, "shopsync.source_id"): node for node in dev_store.products()}
    for product in read(find_delivery(context.settings.export_path)).products:
        assert _shown(store[product.key]) == _wanted(product), product.key


def test_a_second_full_sync_sends_nothing(context: Context, dev_store: DevStore) -> None:
    write_sample_export(context.settings.export_path, products=60)
    sync(context)
    before = dev_store.control("stats")["mutations"]

    again = sync(context)

    assert again.report.mutations == 0
    assert again.plan.summary["products"]["in_sync"] == 60
    assert dev_store.control("stats")["mutations"] == before


@pytest.mark.parametrize("name", ["apparel.csv", "home-and-garden.csv"])
def test_third_party_template_files_read_back_equal(name: str, shared: Path, make_settings: Callable[..., Settings],
                                                    dev_store: DevStore) -> None:
    source = shared / "data" / name
    context = Context.open(make_settings(SHOPSYNC_EXPORT_PATH=source))

    done = sync(context)

    assert done.report.set_aside == []
    store = {node["handle"]: node for node in dev_store.products()}
    expected = exports.template(source)
    assert set(store) == set(expected)
    for handle, wanted in expected.items():
        node = store[handle]
        assert node["title"] == wanted.title
        assert html.unescape(node["descriptionHtml"]).split() == wanted.body.split()
        assert (node["vendor"], node["productType"], set(node["tags"])) == (
            wanted.vendor, wanted.product_type, wanted.tags)
        assert [option["name"] for option in node["options"]] == wanted.options
        assert [_file_name(media["image"]["url"]) for media in node["media"]["nodes"]] == [
            _file_name(image) for image in wanted.images]
        variants = [
            (tuple(option["value"] for option in variant["selectedOptions"]), variant["price"],
             variant["compareAtPrice"])
            for variant in node["variants"]["nodes"]
        ]
        assert variants == wanted.variants
        assert {variant["inventoryItem"]["tracked"] for variant in node["variants"]["nodes"]} == wanted.tracked
    assert sync(context).report.mutations == 0


def _metafield(node: dict[str, Any], name: str) -> str | None:
    return next((str(row["value"]) for row in node["metafields"]["nodes"]
                 if f"{row['namespace']}.{row['key']}" == name), None)


def _file_name(address: str) -> str:
    """The file of an address as the store names it: plain characters, and no id that was added where names repeat."""
    name = re.sub(r"_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", address.partition("?")[0].rpartition("/")[2])
    return re.sub(r"[^\w.-]", "_", name)


def _shown(node: dict[str, Any]) -> dict[str, Any]:
    """What a store product shows, in plain words."""
    return {
        "title": node["title"], "handle": node["handle"], "body": node["descriptionHtml"], "vendor": node["vendor"],
        "type": node["productType"], "tags": sorted(node["tags"], key=str.casefold), "status": node["status"],
        "seo": (node["seo"]["title"], node["seo"]["description"]),
        "options": [option["name"] for option in node["options"]],
        "metafields": {
            f"{row['namespace']}.{row['key']}": (row["type"], row["value"]) for row in node["metafields"]["nodes"]
            if row["namespace"] != "shopsync"
        },
        "images": [(_file_name(media["image"]["url"]), media["alt"]) for media in node["media"]["nodes"]],
        "variants": [
            {
                "options": [option["value"] for option in variant["selectedOptions"]], "sku": variant["sku"],
                "barcode": variant["barcode"], "price": variant["price"], "compare": variant["compareAtPrice"],
                "taxable": variant["taxable"], "policy": variant["inventoryPolicy"],
                "tracked": variant["inventoryItem"]["tracked"],
                "shipping": variant["inventoryItem"]["requiresShipping"],
                "cost": _cost(variant["inventoryItem"]["unitCost"]),
                "weight": _weight(variant["inventoryItem"]["measurement"]["weight"]),
                "stock": variant["inventoryQuantity"],
            }
            for variant in node["variants"]["nodes"]
        ],
    }


def _wanted(product: Product) -> dict[str, Any]:
    """The same words for a product of the catalog. Shopify shows 0.00, untracked and 0 units for what was not said."""
    return {
        "title": product.title, "handle": product.handle, "body": product.body_html, "vendor": product.vendor,
        "type": product.product_type, "tags": sorted(product.tags, key=str.casefold), "status": product.status,
        "seo": (product.seo_title, product.seo_description), "options": list(product.options),
        "metafields": {f"{m.namespace}.{m.key}": (m.type, m.value) for m in product.metafields},
        "images": [(_file_name(image.source), image.alt) for image in product.images],
        "variants": [
            {
                "options": list(variant.options), "sku": variant.sku, "barcode": variant.barcode,
                "price": f"{variant.price or 0:.2f}",
                "compare": None if variant.compare_at_price is None else f"{variant.compare_at_price:.2f}",
                "taxable": variant.taxable, "policy": variant.inventory_policy, "tracked": bool(variant.tracked),
                "shipping": variant.requires_shipping,
                "cost": None if variant.cost is None else float(variant.cost),
                "weight": None if variant.weight is None else (float(variant.weight.value), variant.weight.unit),
                "stock": variant.stock[0].available if variant.stock else 0,
            }
            for variant in product.variants
        ],
    }


def _cost(amount: dict[str, Any] | None) -> float | None:
    return None if amount is None else float(amount["amount"])


def _weight(weight: dict[str, Any] | None) -> tuple[float, str] | None:
    return None if weight is None or weight["value"] == 0 else (float(weight["value"]), weight["unit"])
