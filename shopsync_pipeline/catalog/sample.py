"""A believable, seeded inQuire export with its price and stock feed, in the real file layout and dialect.

Rows are streamed to disk, so that a catalog of any size needs the memory of one product; a seed gives the same bytes
every time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from shopsync_pipeline.catalog import sample_bulk
from shopsync_pipeline.catalog.sample_bulk import Bulk
from shopsync_pipeline.catalog.sample_products import STUB_EVERY, SampleProduct, products_of
from shopsync_pipeline.catalog.sample_tables import (
    DIALECTS,
    ExportDialect,
    SampleDialect,
    content_rows,
    taxonomy_rows,
)

_CATALOG = "Northern"
_LOCALE = "EN_US"
_TIMESTAMP = (2026, 1, 5, 4, 30, 0)

FULL_SPECS, LEAN_SPECS = 62, 20
"""Attribute rows of a product: as many as a full catalog has, over both sheets, and as many as a demo needs."""

_BASIC_SHARE = 0.39
_CONTENT = f"{_CATALOG}/content/{_LOCALE}"
_ZIPS: dict[str, tuple[str, ...]] = {
    "tax/global/tax_global_current": (
        "G_category", "G_categorydisplayattributes", "G_categoryheader", "G_categorysearchattributes", "G_manufacturer",
        "G_units"),
    f"tax/{_LOCALE}/tax_{_LOCALE}_current": (
        "EN_US_attributenames", "EN_US_categorynames", "EN_US_headernames", "EN_US_locales", "EN_US_unitnames"),
    f"{_CATALOG}/content/global/basic/basic_global_current": ("G_B_searchattributevalues",),
    f"{_CONTENT}/basic/basic_{_LOCALE}_current": (
        "EN_US_B_product", "EN_US_B_productattributes", "EN_US_B_productdescriptions", "EN_US_B_productimages",
        "EN_US_B_productkeywords", "EN_US_B_productlocales", "EN_US_B_searchattributes"),
    f"{_CONTENT}/sku/sku_{_LOCALE}_current": (
        "EN_US_SKU_Distributor_productskus", "EN_US_SKU_GTIN_productskus", "EN_US_SKU_UNSPSC_productskus",
        "EN_US_SKU_UPC_productskus"),
    f"{_CONTENT}/featurebullet/featurebullet_{_LOCALE}_current": ("EN_US_F_productfeaturebullets",),
    f"{_CONTENT}/accessories/accessories_{_LOCALE}_current": ("EN_US_A_productaccessories",),
}
_BULK_ZIPS: dict[str, tuple[str, ...]] = {
    f"{_CONTENT}/detail/detail_{_LOCALE}_current": ("EN_US_D_productattributes",),
    f"{_CONTENT}/similar/similar_{_LOCALE}_current": ("EN_US_SIM_productsimilar",),
    f"{_CONTENT}/upsell/upsell_{_LOCALE}_current": ("EN_US_U_productupsell",),
    f"{_CONTENT}/sku/skucatalog_{_LOCALE}_current": (
        "EN_US_SKU_Distributor_Catalog_productskus", "EN_US_SKU_Distributor_Old_productskus"),
}
_FEED = "price_stock.csv"
_FEED_HEADER = "SKU,Mfg Part No,List Price,Price,Cost,Qty,UPC,Weight,Weight Unit,Status"


@dataclass(frozen=True, slots=True)
class SampleExport:
    """What was written: the folder, the number of products for sale (stubs not counted), the feed, and the SKUs."""

    directory: Path
    products: int
    feed: Path
    skus: tuple[str, ...]


def write_sample_export(
    directory: Path, *, products: int = 300, seed: int = 7, specs_per_product: int | None = None, full: bool = False,
    dialect: SampleDialect = SampleDialect.MYSQL, extras: bool = False,
) -> SampleExport:
    """Writes an export of so many products into `directory` (made if missing) and returns what it holds.

    `full` writes what a real catalog has for each product: 62 attribute rows over the basic and the detailed sheet,
    long texts, 3.8 bullets, 12.7 relations, search attributes; otherwise one sheet of 20 rows and short texts.
    `specs_per_product` sets the attribute rows (the least is about 15). `extras` adds the distributor's own
    category tree. The same arguments give byte-identical files.
    """
    directory, spoken = Path(directory), DIALECTS[dialect]
    directory.mkdir(parents=True, exist_ok=True)
    specs = specs_per_product or (FULL_SPECS if full else LEAN_SPECS)
    basic = round(specs * _BASIC_SHARE) if full else specs
    bulk = Bulk(products, seed, specs - basic, spoken)
    # Of the basic sheet's rows one is the marketing text, which the bulk writes.
    stream = products_of(products, seed, basic - 1, sample_bulk.STUB_EVERY) if full else products_of(
        products, seed, basic, STUB_EVERY)
    zips = _ZIPS | _BULK_ZIPS if full else _ZIPS
    spool = Path(tempfile.mkdtemp(prefix=".sample-", dir=directory))
    skus: list[str] = []
    try:
        with ExitStack() as stack:
            def opened(path: Path) -> TextIO:
                path.parent.mkdir(parents=True, exist_ok=True)
                return stack.enter_context(path.open("w", encoding="utf-8", newline="", buffering=1 << 18))

            files = {member: opened(spool / member) for members in zips.values() for member in members}
            feed = opened(directory / _FEED)
            feed.write(_FEED_HEADER + "\r\n")
            for member, text in _taxonomy(spoken, bulk if full else None):
                files[member].write(text)
            mapped = opened(directory / "Extras" / "mapped_category.txt") if extras else None
            if mapped is not None:
                for name, text in bulk.extras():
                    opened(directory / "Extras" / name).write(text)
            for product in stream:
                for member, text in _content(product, spoken, bulk if full else None):
                    files[member].write(text)
                _write_offer(feed, product)
                if not product.stub:
                    skus.append(product.sku)
                    if mapped is not None:
                        mapped.write(bulk.mapped_category(product))
            feed.write("ZZ99001,,12.00,10.00,8.00,4,,1.0,lb,A\r\n")
        _zip_all({directory / f"{name}_{dialect.value}.zip": [spool / member for member in members]
                  for name, members in zips.items()}, level=1 if full else 3)
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    return SampleExport(directory, products, directory / _FEED, tuple(skus))


def _taxonomy(dialect: ExportDialect, bulk: Bulk | None) -> Iterator[tuple[str, str]]:
    yield from taxonomy_rows(dialect)
    if bulk is not None:
        yield from bulk.taxonomy_rows()


def _content(product: SampleProduct, dialect: ExportDialect, bulk: Bulk | None) -> Iterator[tuple[str, str]]:
    if bulk is None:
        yield from content_rows(product, dialect)
        return
    product = bulk.enriched(product)
    yield from content_rows(product, dialect)
    yield from bulk.rows(product)


def _write_offer(feed: TextIO, product: SampleProduct) -> None:
    if product.offer is not None:
        feed.write(",".join(f'"{cell}"' if "," in cell else cell for cell in product.offer) + "\r\n")


def _zip_all(zips: dict[Path, list[Path]], level: int) -> None:
    """Packs on all cores: compression is most of the time that a full export takes."""
    largest_first = sorted(zips.items(), key=lambda item: -sum(member.stat().st_size for member in item[1]))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        done = [pool.submit(partial(_zip, path, members, level)) for path, members in largest_first]
        for future in done:
            future.result()


def _zip(path: Path, members: list[Path], level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for member in members:
            info = zipfile.ZipInfo(f"{member.name}.csv", _TIMESTAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with member.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
