"""Reads exports with nothing but the csv and zipfile modules: an oracle that shares no code with the catalog room."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path


@dataclass
class Expected:
    """What a product of the sample export must show in the store."""

    title: str = ""
    vendor: str = ""
    sku: str = ""
    price: str | None = None
    stock: int | None = None
    mpn: str = ""
    images: set[str] = field(default_factory=set)


def members(export: Path, ending: str) -> Iterator[list[str]]:
    """Rows of every zip member whose name ends so; the mysql dialect: no header, backslash escapes."""
    for path in sorted(export.rglob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.lower().endswith(ending):
                    text = archive.read(name).decode("utf-8")
                    yield from csv.reader(io.StringIO(text, newline=""), doublequote=False, escapechar="\\")


def inquire(export: Path, sku_file: str) -> dict[str, Expected]:
    """Etilize product id → what the store must show, for products that are published and no accessory stubs."""
    found: dict[str, Expected] = {}
    for row in members(export, "_b_product.csv"):
        product_id, _, is_active, mpn, _, is_accessory = row[:6]
        if is_active in {"1", "true"} and is_accessory in {"0", "false"}:
            found[product_id] = Expected(mpn=mpn)
    for product_id, description, _, kind, _ in members(export, "_b_productdescriptions.csv"):
        if kind == "2" and product_id in found:
            found[product_id].title = " ".join(html.unescape(description).split())
    for row in members(export, "_b_productattributes.csv"):
        if row[1] == "34113319" and row[0] in found:
            found[row[0]].vendor = row[3]
    for row in members(export, sku_file.lower()):
        if row[0] in found:
            found[row[0]].sku = row[2]
    by_sku = {expected.sku: expected for expected in found.values()}
    for feed in export.rglob("*.csv"):
        with feed.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["SKU"] in by_sku:
                    expected = by_sku[row["SKU"]]
                    expected.price = _amount(row["Price"])
                    expected.stock = int(row["Qty"]) if row["Qty"].strip().lstrip("-").isdigit() else None
    return found


def _amount(text: str) -> str | None:
    try:
        return str(Decimal(text.replace(",", "")).quantize(Decimal("0.01")))
    except ArithmeticError:
        return None


@dataclass
class TemplateProduct:
    """What a product of a Shopify-template CSV must show: variants as (option values, price, compare-at price)."""

    title: str = ""
    body: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: set[str] = field(default_factory=set)
    options: list[str] = field(default_factory=list)
    variants: list[tuple[tuple[str, ...], str, str | None]] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    tracked: set[bool] = field(default_factory=set)


def template(path: Path) -> dict[str, TemplateProduct]:
    """Handle → what the store must show."""
    found: dict[str, TemplateProduct] = defaultdict(TemplateProduct)
    with path.open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            product = found[row["Handle"]]
            if row["Title"]:
                product.title, product.body = row["Title"], row["Body (HTML)"]
                product.vendor, product.product_type = row["Vendor"], row["Type"]
                product.tags = {tag.strip() for tag in row["Tags"].split(",") if tag.strip()}
                product.options = [row[f"Option{n} Name"] for n in (1, 2, 3) if row[f"Option{n} Name"]]
            values = tuple(row[f"Option{n} Value"] for n in (1, 2, 3) if row[f"Option{n} Value"])
            if values:
                price = _amount(row["Variant Price"])
                assert price is not None
                product.variants.append((values, price, _amount(row["Variant Compare At Price"] or "-")))
                product.tracked.add(bool(row["Variant Inventory Tracker"]))
            if row["Image Src"]:
                product.images.append(row["Image Src"])
    return dict(found)
