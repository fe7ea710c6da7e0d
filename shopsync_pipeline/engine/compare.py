"""Compare: the catalog beside the CSV that an older, file-based system made for the same shop.

Products are the same if a variant's SKU is, else if their handle is. Nothing is changed on either side.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path as FilePath
from typing import TextIO

import orjson

from shopsync_pipeline.catalog import find_delivery, read
from shopsync_pipeline.core.compare import Comparison, Difference
from shopsync_pipeline.core.documents import flatten, variants_of
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.engine.context import Context

COLUMNS = ("product", "field", "what", "ours", "theirs")
TEMPLATE = "shopify_template"


class _Theirs:
    """The older system's products, found by SKU or handle; documents are kept packed, since a file holds many."""

    def __init__(self) -> None:
        self._documents: list[bytes] = []
        self._names: list[str] = []
        self._by_sku: dict[str, int] = {}
        self._by_handle: dict[str, int] = {}
        self._met: set[int] = set()

    def add(self, document: dict[Path, Value]) -> None:
        place = len(self._documents)
        handle = str(document.get(Path("handle"), ""))
        self._documents.append(orjson.dumps(document))
        self._names.append(handle)
        self._by_handle.setdefault(handle, place)
        for sku in _skus(document):
            self._by_sku.setdefault(sku, place)

    def take(self, document: dict[Path, Value]) -> dict[Path, Value] | None:
        """The product that ours is, if they have it and it was not taken for another one of ours."""
        places = [self._by_sku[sku] for sku in _skus(document) if sku in self._by_sku]
        handle = str(document.get(Path("handle"), ""))
        if not places and handle in self._by_handle:
            places = [self._by_handle[handle]]
        for place in places:
            if place not in self._met:
                self._met.add(place)
                found: dict[Path, Value] = orjson.loads(self._documents[place])
                return found
        return None

    def left(self) -> Iterator[str]:
        """Handles of those that are none of ours."""
        return (name for place, name in enumerate(self._names) if place not in self._met)


def compare(context: Context, file: FilePath, differences: FilePath | None = None) -> Comparison:
    """Compares the catalog with `file`, and writes every difference to the CSV `differences` where one is named.

    Raises `CatalogError` for a file that is no product CSV in Shopify's columns, and for a catalog without products.
    """
    theirs = _read(file)
    found = Comparison()
    out = differences.open("w", encoding="utf-8", newline="") if differences is not None else nullcontext()
    with context.database.read() as connection, out as opened:
        catalog = Catalog(connection, context.shop_id)
        if not catalog.count():
            raise CatalogError("The catalog has no product yet. Materialize etilize/local_catalog first.")
        rows = _Rows(opened)
        for key, document in catalog.all_documents():
            other = theirs.take(document)
            if other is None:
                found.add_only_ours(key)
                continue
            rows.write(found.add(key, document, other))
        for handle in theirs.left():
            found.add_only_theirs(handle)
    return found


def _read(file: FilePath) -> _Theirs:
    delivery = find_delivery(file)
    if delivery.shape != TEMPLATE:
        raise CatalogError(f"{file} is no product CSV with Shopify's columns (Handle, Title, Variant SKU, …). Export "
                           "the old system's products in that form.")
    theirs = _Theirs()
    with read(delivery) as reading:
        for product in reading.products:
            theirs.add(flatten(product))
    return theirs


def _skus(document: dict[Path, Value]) -> list[str]:
    return [str(values["sku"]) for values in variants_of(document).values() if "sku" in values]


class _Rows:
    """Rows of the CSV of differences; without a file, nothing is written."""

    def __init__(self, out: TextIO | None) -> None:
        self._writer = csv.writer(out, lineterminator="\n") if out is not None else None
        if self._writer is not None:
            self._writer.writerow(COLUMNS)

    def write(self, differences: Iterator[Difference]) -> None:
        for one in differences:
            if self._writer is not None:
                self._writer.writerow((one.product, one.path, one.verdict.value, _cell(one.ours), _cell(one.theirs)))


def _cell(value: Value | None) -> str:
    return "" if value is None else value if isinstance(value, str) else to_text(value)
