"""What a second delivery changes in the store, and what it leaves alone."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.end_to_end.driving import Synced, sync

Row = dict[str, str]

SHIRT: list[Row] = [
    {"Handle": "shirt", "Title": "Shirt", "Body (HTML)": "<p>Plain.</p>", "Vendor": "Maker", "Option1 Name": "Size",
     "Option1 Value": "S", "Variant SKU": "S-1", "Variant Price": "10.00", "Variant Inventory Tracker": "shopify",
     "Variant Inventory Qty": "4", "Image Src": "https://pictures.example/a.jpg", "Image Position": "1"},
    {"Handle": "shirt", "Option1 Value": "M", "Variant SKU": "M-1", "Variant Price": "11.00",
     "Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "5"},
]


@pytest.fixture
def deliver(make_settings: Callable[..., Settings], tmp_path: Path) -> Callable[..., Synced]:
    """Writes rows as a template CSV and syncs it."""
    path = tmp_path / "template.csv"
    context = Context.open(make_settings(SHOPSYNC_EXPORT_PATH=path))
    columns = list(dict.fromkeys([*SHIRT[0], "Tags", "Status"]))

    def deliver_rows(rows: list[Row]) -> Synced:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return sync(context)

    return deliver_rows


def changed(place: int, **values: str) -> list[Row]:
    """The shirt with other values in one of its rows."""
    rows = [dict(row) for row in SHIRT]
    rows[place].update({name.replace("_", " "): value for name, value in values.items()})
    return rows


def variants(store: DevStore) -> list[tuple[str, str, str, int]]:
    (product,) = store.products()
    return [(variant["id"], variant["sku"], variant["price"], variant["inventoryQuantity"])
            for variant in product["variants"]["nodes"]]


def test_another_sku_renames_the_variant_and_keeps_its_id(deliver: Callable[..., Synced], dev_store: DevStore) -> None:
    deliver(SHIRT)
    small, medium = variants(dev_store)

    done = deliver(changed(0, Variant_SKU="S-2"))

    assert done.report.set_aside == []
    assert variants(dev_store) == [(small[0], "S-2", "10.00", 4), medium]
    assert deliver(changed(0, Variant_SKU="S-2", Variant_Price="12.00")).report.set_aside == []
    assert variants(dev_store) == [(small[0], "S-2", "12.00", 4), medium]


def test_another_title_changes_the_title_and_no_address(deliver: Callable[..., Synced], dev_store: DevStore) -> None:
    deliver(SHIRT)
    deliver(changed(0, Title="Linen shirt"))
    (product,) = dev_store.products()
    assert (product["title"], product["handle"]) == ("Linen shirt", "shirt")


def test_a_new_size_is_added_with_its_stock(deliver: Callable[..., Synced], dev_store: DevStore) -> None:
    deliver(SHIRT)
    before = variants(dev_store)
    large = {**SHIRT[1], "Option1 Value": "L", "Variant SKU": "L-1", "Variant Price": "12.00",
             "Variant Inventory Qty": "7"}

    done = deliver([*SHIRT, large])

    assert done.report.set_aside == []
    assert variants(dev_store)[:2] == before
    assert [row[1:] for row in variants(dev_store)[2:]] == [("L-1", "12.00", 7)]
    assert deliver([*SHIRT, large]).report.mutations == 0


def test_a_size_that_is_gone_from_the_file_stays_in_the_store(deliver: Callable[..., Synced],
                                                              dev_store: DevStore) -> None:
    deliver(SHIRT)
    before = variants(dev_store)
    assert deliver(SHIRT[:1]).report.mutations == 0
    assert variants(dev_store) == before


def test_other_options_wait_for_a_person(deliver: Callable[..., Synced], dev_store: DevStore) -> None:
    deliver(SHIRT)
    before = variants(dev_store)
    done = deliver([{**SHIRT[0], "Option1 Name": "Colour", "Option1 Value": "Red"}])
    assert done.report.mutations == 0
    assert done.plan.summary["conflicts"] == 1
    assert variants(dev_store) == before


def test_stock_that_the_file_no_longer_names_stays(deliver: Callable[..., Synced], dev_store: DevStore) -> None:
    deliver(SHIRT)
    done = deliver(changed(1, Variant_Inventory_Qty=""))
    assert done.report.set_aside == []
    assert [row[3] for row in variants(dev_store)] == [4, 5]


def test_pictures_are_added_in_order_and_known_ones_are_not_sent_again(deliver: Callable[..., Synced],
                                                                       dev_store: DevStore) -> None:
    deliver(SHIRT)
    (before,) = _media(dev_store)

    deliver([*SHIRT, {"Handle": "shirt", "Image Src": "https://pictures.example/b.jpg", "Image Position": "2"}])

    first, second = _media(dev_store)
    assert first == before
    assert "b" in second["image"]["url"]


def _media(store: DevStore) -> list[dict[str, Any]]:
    (product,) = store.products()
    nodes: list[dict[str, Any]] = product["media"]["nodes"]
    return nodes
