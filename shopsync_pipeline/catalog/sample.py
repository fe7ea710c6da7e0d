"""A believable, seeded inQuire export with its price and stock feed, in the real file layout and dialect.

Rows are streamed to disk, so that a catalog of any size needs the memory of one product; a seed gives the same bytes
every time.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from shopsync_pipeline.catalog.sample_products import SampleProduct, products_of
from shopsync_pipeline.catalog.sample_tables import content_rows, taxonomy_rows

_CATALOG = "Northern"
_LOCALE = "EN_US"
_TIMESTAMP = (2026, 1, 5, 4, 30, 0)

_CONTENT = f"{_CATALOG}/content/{_LOCALE}"
_ZIPS: dict[str, tuple[str, ...]] = {
    "tax/global/tax_global_current_mysql.zip": (
        "G_category", "G_categorydisplayattributes", "G_categoryheader", "G_categorysearchattributes", "G_manufacturer",
        "G_units"),
    f"tax/{_LOCALE}/tax_{_LOCALE}_current_mysql.zip": (
        "EN_US_attributenames", "EN_US_categorynames", "EN_US_headernames", "EN_US_locales", "EN_US_unitnames"),
    f"{_CATALOG}/content/global/basic/basic_global_current_mysql.zip": ("G_B_searchattributevalues",),
    f"{_CONTENT}/basic/basic_{_LOCALE}_current_mysql.zip": (
        "EN_US_B_product", "EN_US_B_productattributes", "EN_US_B_productdescriptions", "EN_US_B_productimages",
        "EN_US_B_productkeywords", "EN_US_B_productlocales", "EN_US_B_searchattributes"),
    f"{_CONTENT}/sku/sku_{_LOCALE}_current_mysql.zip": (
        "EN_US_SKU_Distributor_productskus", "EN_US_SKU_GTIN_productskus", "EN_US_SKU_UNSPSC_productskus",
        "EN_US_SKU_UPC_productskus"),
    f"{_CONTENT}/featurebullet/featurebullet_{_LOCALE}_current_mysql.zip": ("EN_US_F_productfeaturebullets",),
    f"{_CONTENT}/accessories/accessories_{_LOCALE}_current_mysql.zip": ("EN_US_A_productaccessories",),
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
    directory: Path, *, products: int = 300, seed: int = 7, specs_per_product: int = 20,
) -> SampleExport:
    """Writes an export of so many products into `directory` (made if missing) and returns what it holds.

    `specs_per_product` sets the volume of attribute rows (a full catalog has about 62 for each product, the least is
    about 15). The same arguments give byte-identical files.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    spool = Path(tempfile.mkdtemp(prefix=".sample-", dir=directory))
    skus: list[str] = []
    try:
        with ExitStack() as stack:
            files: dict[str, TextIO] = {
                member: stack.enter_context((spool / member).open("w", encoding="utf-8", newline=""))
                for members in _ZIPS.values() for member in members}
            feed = stack.enter_context((directory / _FEED).open("w", encoding="utf-8", newline=""))
            feed.write(_FEED_HEADER + "\r\n")
            for member, text in taxonomy_rows():
                files[member].write(text)
            for product in products_of(products, seed, specs_per_product):
                for member, text in content_rows(product):
                    files[member].write(text)
                _write_offer(feed, product)
                if not product.stub:
                    skus.append(product.sku)
            feed.write("ZZ99001,,12.00,10.00,8.00,4,,1.0,lb,A\r\n")
        for name, members in _ZIPS.items():
            _zip(directory / name, [spool / member for member in members])
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    return SampleExport(directory, products, directory / _FEED, tuple(skus))


def _write_offer(feed: TextIO, product: SampleProduct) -> None:
    if product.offer is not None:
        feed.write(",".join(f'"{cell}"' if "," in cell else cell for cell in product.offer) + "\r\n")


def _zip(path: Path, members: list[Path]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        for member in members:
            info = zipfile.ZipInfo(f"{member.name}.csv", _TIMESTAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with member.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
