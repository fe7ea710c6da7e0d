"""Builds conQuire exports, flat files and extras byte by byte, and reads any of them into records."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from shopsync_pipeline.catalog import find_delivery
from shopsync_pipeline.catalog.content.record import ContentRecord, Row
from shopsync_pipeline.catalog.feeds.offers import stage_feeds
from shopsync_pipeline.catalog.read import READERS
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.staging import Stage
from shopsync_pipeline_tests.catalog.exports import Cell, T

FLAT_COLUMNS = (
    "ProductId", "SKU Type", "SKU", "LocaleId", "Catalog Sku", "Brand Name", "Product Type", "Product Line",
    "Product Series", "Desc1", "Desc2", "Desc3", "Marketing Text / Sales Copy", "Sub Class Number", "Sub Class Name",
    "Class Number", "Class Name", "Department Number", "Department Name", "Master Department Number",
    "Master Department Name", "UNSPSC", "keywords", "Manufacturer ID", "Manufacturer Name", "Product Specifications",
    "Country Of Origin", "Recycled", "Recycled PCW", "Recycled Total", "Assembly Required", "Image Type 225",
    "Image Type 75",
)
FLAT_ROW = {
    "ProductId": "11", "SKU Type": "SPRC", "SKU": "ACM11", "LocaleId": "3", "Catalog Sku": "ACM 11",
    "Brand Name": "Acme", "Product Type": "Binder", "Product Line": "Basics", "Product Series": "100",
    "Desc1": "Acme Binder - Red", "Desc2": "Acme Binder", "Desc3": "Red", "Marketing Text / Sales Copy": "Holds paper.",
    "Sub Class Number": "44", "Sub Class Name": "Ring Binders", "Class Number": "33", "Class Name": "Binders",
    "Department Number": "22", "Department Name": "Filing", "Master Department Number": "3",
    "Master Department Name": "Office", "UNSPSC": "44122003", "keywords": "binder ring", "Manufacturer ID": "7",
    "Manufacturer Name": "Acme, Inc", "Product Specifications": "<ul><li><span>Color</span>: Red</li></ul><br/>",
    "Country Of Origin": "Canada", "Recycled": "Yes", "Recycled PCW": "10%", "Recycled Total": "30%",
    "Assembly Required": "No", "Image Type 225": "http://content.etilize.com/images/225/11.jpg",
    "Image Type 75": "http://content.etilize.com/images/75/11.jpg",
}


class Recorded:
    """Everything that reading a delivery into records answered."""

    def __init__(self, folder: Path, rules: CatalogRules | None = None, *feeds: Path) -> None:
        account = Account()
        delivery = find_delivery(folder, feeds)
        stage = Stage(account)
        try:
            self.shape = delivery.shape
            given = rules or CatalogRules()
            stage_feeds(stage, [(file.encoding, member) for file, member in delivery.members("feed")], given, account)
            self.records: list[ContentRecord] = list(READERS[delivery.shape](
                stage, [*delivery.members(delivery.shape), *delivery.members("extra")], given, account).records())
            self._files = stage.files()
        finally:
            stage.close()
        self.counts = account.counts
        self.quarantine: list[QuarantinedRow] = account.quarantine

    @property
    def only(self) -> ContentRecord:
        """The one record."""
        (record,) = self.records
        return record

    def where(self, row: Row) -> tuple[str, int]:
        """The last part of the name of a row's file, and its line."""
        return self._files[row.file].rsplit("/", 1)[-1], row.line

    def lost(self) -> dict[str, int]:
        """Rows that were neither used nor quarantined, by table; nothing, if all is well."""
        tables = {key.removesuffix(".read") for key in self.counts if key.endswith(".read")}
        missing = {table: self.counts[f"{table}.read"] - self.counts[f"{table}.used"]
                   - self.counts[f"{table}.quarantined"] for table in tables}
        return {table: rows for table, rows in missing.items() if rows}


def mssql(rows: list[tuple[Cell, ...]]) -> str:
    """Rows as the mssql variant has them: text quoted, quotes doubled, backslashes as they are, NULL empty, CRLF."""
    def cell(value: Cell) -> str:
        if value is None:
            return ""
        return str(value) if isinstance(value, int) else '"' + value.replace('"', '""') + '"'
    return "".join(",".join(map(cell, row)) + "\r\n" for row in rows)


def pipes(*rows: str) -> bytes:
    """Rows of a file of the extras."""
    return "".join(row + "\r\n" for row in rows).encode()


def flat(*rows: dict[str, str], columns: tuple[str, ...] = FLAT_COLUMNS) -> str:
    """A flat file of the one row that `FLAT_ROW` is, changed in turn by each of `rows`."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, quoting=csv.QUOTE_ALL, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(FLAT_ROW | row for row in rows)
    return out.getvalue()


def conquire_tables() -> dict[str, list[tuple[Cell, ...]]]:
    """One product, 11, with every table of a conQuire export in its columns."""
    return {
        "G_category": [(1, None, 1, 0, 0), (2, 1, 1, 0, 1), (3, 2, 1, 0, 2)],
        "G_categoryheader": [(35, 3, 1, 0, 10)],
        "G_categorydisplayattributes": [(35, 3, 34113319, 1, 0, 1), (35, 3, 3411122, 1, 0, 2)],
        "G_manufacturer": [(7, "Acme, Inc", "acme.example", 10, 10)],
        "EN_US_locales": [(1, 1, "EN", "US", "English")],
        "EN_US_categorynames": [(1, "Super Template", 1), (2, "Office", 1), (3, "Binders", 1)],
        "EN_US_attributenames": [(34113319, "Brand Name", 1), (3411122, "Color", 1)],
        "EN_US_headernames": [(35, "General Information", 1)],
        "EN_US_B_product": [(11, 7, "MPN-11", 3, 0, "0.5", T, T, T), (12, 7, "MPN-12", 3, 0, "0.5", T, T, T)],
        "EN_US_B_productattributes": [
            (11, 3411122, 2, "Blue", 0, 1, 0, 1, 1, 1), (11, 3411122, 1, "Red", 0, 1, 0, 1, 1, 1),
            (11, 34113319, 1, "Acme", 0, 1, 0, 1, 1, 1), (11, 3411122, 3, "Gone", 0, 1, 0, 0, 1, 1)],
        "EN_US_B_productdescriptions": [(11, "Acme Binder", 1, 2, 1, 1), (11, "Old text", 1, 4, 1, 0)],
        "EN_US_B_productlocales": [(11, 1, "Published"), (12, 1, "Accessory")],
        "EN_US_E_productelements": [
            (900, 11, "500", 1, "Published", 1), (901, 11, "Front", 1, "Published", 1),
            (902, 11, "Rear", 1, "Published", 0), (903, 11, "Top", 9, "Published", 1)],
        "EN_US_E_productelementproperties": [(900, "max-size", "500", 1)],
        "EN_US_SKU_SPR_productskus": [
            (11, "SP Richards", "ACM11", T, 1), (11, "UPC", "036000291452", T, 1), (11, "GTIN", "1", T, 0)],
        "EN_US_F_productfeaturebullets": [
            (10 ** 23, 11, 1, 2, "Second", T, 1), (10 ** 23 + 1, 11, 1, 1, "First", T, 1)],
        "EN_US_A_productaccessories": [(11, 12, 1), (11, 11, 1)],
    }
