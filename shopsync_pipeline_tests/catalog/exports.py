"""Builds small inQuire exports byte by byte: each table is a list of rows that a test may replace."""

from __future__ import annotations

import zipfile
from pathlib import Path

from shopsync_pipeline.catalog import CatalogRules, QuarantinedRow, find_delivery, read
from shopsync_pipeline.core.product import Product

Cell = str | int | None

ZIPS = {
    "tax/global/tax_global_current_mysql.zip": (
        "G_category", "G_categoryheader", "G_categorydisplayattributes", "G_manufacturer"),
    "tax/EN_US/tax_EN_US_current_mysql.zip": (
        "EN_US_locales", "EN_US_categorynames", "EN_US_attributenames", "EN_US_headernames"),
    "ACME/content/EN_US/basic/basic_EN_US_current_mysql.zip": (
        "EN_US_B_product", "EN_US_B_productattributes", "EN_US_B_productdescriptions", "EN_US_B_productimages",
        "EN_US_B_productlocales", "EN_US_B_productkeywords"),
    "ACME/content/EN_US/sku/sku_EN_US_current_mysql.zip": (
        "EN_US_SKU_SPR_productskus", "EN_US_SKU_D&H Canada_productskus"),
    "ACME/content/EN_US/detail/detail_EN_US_current_mysql.zip": ("EN_US_D_productattributes",),
    "ACME/content/EN_US/featurebullet/featurebullet_EN_US_current_mysql.zip": ("EN_US_F_productfeaturebullets",),
    "ACME/content/EN_US/accessories/accessories_EN_US_current_mysql.zip": ("EN_US_A_productaccessories",),
    "ACME/content/EN_US/similar/similar_EN_US_current_mysql.zip": ("EN_US_SIM_productsimilar",),
    "ACME/content/EN_US/upsell/upsell_EN_US_current_mysql.zip": ("EN_US_U_productupsell",),
    "ACME/content/EN_US/elements/elements_EN_US_current_mysql.zip": (
        "EN_US_E_productelements", "EN_US_E_productelementproperties"),
}
T = "2026-01-01 00:00:00"


def tables() -> dict[str, list[tuple[Cell, ...]]]:
    """One product, 11, in a category below a department, with every table of the shape; detail and bullets left out."""
    return {
        "G_category": [(1, None, 1, 0, 0, 0, T), (2, 1, 1, 0, 1, 0, T), (3, 2, 1, 0, 2, 0, T)],
        "G_categoryheader": [(35, 3, 1, 0, 10, 0, T)],
        "G_categorydisplayattributes": [(35, 3, 34113319, 1, 0, 1, 0, T), (35, 3, 3411122, 1, 0, 2, 0, T)],
        "G_manufacturer": [(7, "Acme, Inc", *[""] * 9, T)],
        "EN_US_locales": [(1, 1, "EN", "US", "English"), (3, 1, "EN", "CA", "English Canada")],
        "EN_US_categorynames": [(1, "Super Template", 1), (2, "Office", 1), (3, "Binders", 1), (3, "Classeurs", 4)],
        "EN_US_attributenames": [(34113319, "Brand Name", 1), (3411122, "Color", 1), (3211122, "Color", 1)],
        "EN_US_headernames": [(35, "General Information", 1)],
        "EN_US_B_product": [product(11)],
        "EN_US_B_productattributes": [attribute(11, 34113319, "Acme"), attribute(11, 3411122, "Red")],
        "EN_US_B_productdescriptions": [(11, "Acme Binder", 1, 2, 1)],
        "EN_US_B_productimages": [(11, "500", "Published")],
        "EN_US_SKU_SPR_productskus": [sku(11, "SP Richards", "ACM11")],
    }


def product(id_: int, *, active: int = 1, mpn: str = "MPN-11", category: int = 3, stub: int = 0) -> tuple[Cell, ...]:
    """A row of product."""
    return (id_, 7, active, mpn, category, stub, "0.5", T, T, T)


def attribute(id_: int, attribute_id: int, value: str, *, active: int = 1, locale: int = 1) -> tuple[Cell, ...]:
    """A row of productattribute."""
    return (id_, attribute_id, 3, value, 0, 1, 0, active, locale)


def sku(id_: int, system: str, code: str, *, locale: int = 1) -> tuple[Cell, ...]:
    """A row of productskus."""
    return (id_, system, code, locale, T, "0000-00-00 00:00:00")


def mysql(rows: list[tuple[Cell, ...]]) -> str:
    """Rows as MySQL writes them: text quoted, backslash escapes, `\\N`, CRLF."""
    def cell(value: Cell) -> str:
        if value is None:
            return "\\N"
        if isinstance(value, int):
            return str(value)
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "".join(",".join(map(cell, row)) + "\r\n" for row in rows)


def write(folder: Path, rows: dict[str, list[tuple[Cell, ...]]], *, raw: dict[str, bytes] | None = None) -> Path:
    """Writes the tables as zips; `raw` gives some members as bytes instead."""
    contents = {name: mysql(given).encode() for name, given in rows.items()} | (raw or {})
    for zip_name, members in ZIPS.items():
        held = [member for member in members if member in contents]
        if held:
            path = folder / zip_name
            path.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(path, "w") as archive:
                for member in held:
                    archive.writestr(f"{member}.csv", contents[member])
    return folder


class Imported:
    """Everything a reading answered."""

    def __init__(self, folder: Path, rules: CatalogRules | None = None, *feeds: Path) -> None:
        with read(find_delivery(folder, feeds), rules or CatalogRules()) as reading:
            self.products: list[Product] = list(reading.products)
            self.quarantine: list[QuarantinedRow] = reading.quarantine
            self.counts = reading.counts
            self.encodings = reading.encodings

    @property
    def only(self) -> Product:
        """The one product."""
        (product_,) = self.products
        return product_

    def metafields(self) -> dict[str, str]:
        """The values of the one product's metafields by key."""
        return {metafield.key: metafield.value for metafield in self.only.metafields}

