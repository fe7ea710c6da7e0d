"""A small catalog that a test edits like a person edits a spreadsheet: lamps in a CSV of Shopify's template."""

from __future__ import annotations

import csv
from pathlib import Path

COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Variant SKU", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Price",
    "Variant Requires Shipping", "Variant Taxable", "Variant Barcode", "Image Src", "Image Alt Text", "Status",
)


def lamp(number: int) -> dict[str, str]:
    """One row: handle `lamp-1`, SKU `L1`, price 11.00, 101 in stock."""
    return {
        "Handle": f"lamp-{number}", "Title": f"Lamp {number}", "Body (HTML)": f"<p>Lamp {number} is bright</p>",
        "Vendor": "Acme", "Type": "Lamps", "Tags": "bright, lamp", "Published": "true", "Variant SKU": f"L{number}",
        "Variant Inventory Tracker": "shopify", "Variant Inventory Qty": str(100 + number),
        "Variant Inventory Policy": "deny", "Variant Price": f"{10 + number}.00", "Variant Requires Shipping": "true",
        "Variant Taxable": "true", "Image Src": f"https://img.example/lamp-{number}.jpg",
        "Image Alt Text": f"Lamp {number} seen from the front", "Status": "active",
    }


class Shelf:
    """The delivery at `folder`. Every change is written at once; rows are named by SKU."""

    def __init__(self, folder: Path, products: int = 5) -> None:
        self.file = folder / "shop.csv"
        self.rows = {f"L{number}": lamp(number) for number in range(1, products + 1)}
        self.write()

    def write(self) -> None:
        """Writes the CSV as it stands."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(self.rows.values())

    def change(self, sku: str, **cells: str) -> None:
        """Changes cells of one row: `title`, `price`, `stock`, `tags`, `handle`, `image`, `option`, `value`,
        `text`."""
        names = {"title": "Title", "price": "Variant Price", "stock": "Variant Inventory Qty", "tags": "Tags",
                 "handle": "Handle", "image": "Image Src", "option": "Option1 Name", "value": "Option1 Value",
                 "text": "Body (HTML)"}
        self.rows[sku] |= {names[name]: text for name, text in cells.items()}
        self.write()

    def remove(self, sku: str) -> None:
        """Takes a product out of the delivery."""
        del self.rows[sku]
        self.write()
