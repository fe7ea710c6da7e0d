"""A Shopify-template CSV: rows of a handle become one product with its options, variants and images."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from shopsync_pipeline.core.product import Image, Stock, Weight
from shopsync_pipeline_tests.catalog.exports import Imported

COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Option2 Name",
    "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams", "Variant Inventory Tracker",
    "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service", "Variant Price",
    "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode", "Image Src",
    "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description", "Variant Image",
    "Variant Weight Unit",
    "Cost per item", "Status",
)
FIRST = {"Handle": "pot", "Title": "Pot", "Vendor": "V", "Published": "true", "Option1 Name": "Size",
         "Option1 Value": "Small", "Variant Price": "9.99", "Variant Inventory Policy": "deny"}


def write(folder: Path, *rows: dict[str, str], extra: tuple[str, ...] = (), encoding: str = "utf-8") -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, (*COLUMNS, *extra))
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "shop.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def test_rows_of_a_handle_are_variants_and_images(tmp_path: Path) -> None:
    imported = Imported(write(
        tmp_path,
        FIRST | {"Image Src": "http://i/2.png", "Image Position": "2", "Variant SKU": "S",
            "Variant Image": "http://i/1.png"},
        {"Handle": "pot", "Option1 Value": "Large", "Variant Price": "15.99", "Image Src": "http://i/1.png",
            "Image Position": "1",
         "Image Alt Text": "One"},
        {"Handle": "pot", "Image Src": "http://i/3.png"},
        {"Handle": "pot", "Image Src": "http://i/1.png", "Image Position": "4"},
    ))
    found = imported.only
    assert found.key == "handle:pot"
    assert found.options == ("Size",)
    assert [(variant.key, variant.sku, variant.options, variant.price) for variant in found.variants] == [
        ("S", "S", ("Small",), Decimal("9.99")), ("Large", None, ("Large",), Decimal("15.99"))]
    assert found.images == (Image(source="http://i/1.png", alt="One"), Image(source="http://i/2.png"),
        Image(source="http://i/3.png"))
    assert found.variants[0].image == "http://i/1.png"
    assert found.status == "ACTIVE"


def test_a_picture_that_only_a_variant_names_is_one_of_the_products(tmp_path: Path) -> None:
    found = Imported(write(tmp_path, FIRST | {"Variant Image": "http://i/v.png"})).only
    assert found.images == (Image(source="http://i/v.png"),)


def test_stock_is_counted_where_shopify_tracks_it(tmp_path: Path) -> None:
    found = Imported(write(
        tmp_path, FIRST | {"Variant Inventory Tracker": "shopify", "Variant Inventory Qty": "8"},
        {"Handle": "pot", "Option1 Value": "L", "Variant Price": "1", "Variant Inventory Qty": "3",
         "Variant Inventory Policy": "continue"})).only
    assert [(variant.tracked, variant.stock, variant.inventory_policy) for variant in found.variants] == [
        (True, (Stock(available=8),), "DENY"), (False, (), "CONTINUE")]


@pytest.mark.parametrize(("grams", "unit", "weight"), [
    ("500", "kg", Weight(value=Decimal("0.5"), unit="KILOGRAMS")),
    ("500", "", Weight(value=Decimal(500), unit="GRAMS")),
    ("453.59237", "lb", Weight(value=Decimal(1), unit="POUNDS")), ("0", "kg", None), ("", "kg", None)])
def test_weights(tmp_path: Path, grams: str, unit: str, weight: Weight | None) -> None:
    found = Imported(write(tmp_path, FIRST | {"Variant Grams": grams, "Variant Weight Unit": unit})).only
    assert found.variants[0].weight == weight


@pytest.mark.parametrize(("published", "status", "expected"), [
    ("true", "", "ACTIVE"), ("", "", "ACTIVE"), ("FALSE", "active", "DRAFT"), ("true", "archived", "ARCHIVED"),
    ("true", "sold", "DRAFT")])
def test_status(tmp_path: Path, published: str, status: str, expected: str) -> None:
    assert Imported(write(tmp_path, FIRST | {"Published": published, "Status": status})).only.status == expected


def test_a_price_that_cannot_be_read_keeps_the_product_from_sale(tmp_path: Path) -> None:
    imported = Imported(write(tmp_path, FIRST | {"Variant Price": "9,9x", "Variant SKU": "S1"}))
    assert imported.only.status == "DRAFT"
    assert imported.quarantine[0].reason == 'Variant Price for S1 is "9,9x": not a decimal number (row 2 of shop.csv)'


def test_prices_from_a_feed(tmp_path: Path) -> None:
    write(tmp_path, FIRST | {"Variant SKU": "S1", "Variant Price": ""})
    (tmp_path / "feed.csv").write_text("sku,price,qty\ns1,5.00,7\n")
    variant = Imported(tmp_path).only.variants[0]
    assert (variant.price, variant.tracked, variant.stock) == (Decimal("5.00"), True, (Stock(available=7),))


def test_variants_without_or_with_equal_skus_are_named_by_their_options(tmp_path: Path) -> None:
    found = Imported(write(tmp_path, FIRST | {"Variant SKU": "S"},
                           {"Handle": "pot", "Option1 Value": "L", "Variant SKU": "S", "Variant Price": "1"})).only
    assert [variant.key for variant in found.variants] == ["Small", "L"]


def test_a_variant_given_twice_is_used_once(tmp_path: Path) -> None:
    imported = Imported(write(tmp_path, FIRST, {"Handle": "pot", "Option1 Value": "small", "Variant Price": "1"}))
    assert len(imported.only.variants) == 1
    assert "a second variant" in imported.quarantine[0].reason


def test_a_sku_without_an_option_value_is_no_variant(tmp_path: Path) -> None:
    imported = Imported(write(tmp_path, FIRST, {"Handle": "pot", "Variant SKU": "S9", "Image Src": "http://i/1.png"}))
    assert len(imported.only.variants) == len(imported.only.images) == 1
    assert imported.quarantine[0].value == "S9"


def test_metafield_columns_of_catalog_vendors_and_of_shopify(tmp_path: Path) -> None:
    columns = ("Metafield: custom.Physical.Color[list.single_line_text]", "Grade (product.metafields.custom.grade)",
               "Metafield: custom.Empty[list.single_line_text]")
    found = Imported(write(tmp_path, FIRST | {columns[0]: "Red; Blue", columns[1]: "A"}, extra=columns)).only
    assert [(m.namespace, m.key, m.type, m.value) for m in found.metafields] == [
        ("custom", "physical_color", "list.single_line_text_field", '["Red","Blue"]'),
        ("custom", "grade", "single_line_text_field", "A")]


VENDOR_COLUMNS = (
    "Title", "URL handle", "Description", "Vendor", "Type", "Tags", "Published on online store", "Status", "SKU",
    "Barcode", "Option1 name", "Option1 value", "Weight value (grams)", "Weight unit for display", "Requires shipping",
    "Fulfillment service", "Charge tax", "Product image URL", "Image position", "Image alt text", "SEO title",
    "SEO description", "Google Shopping / Google product category", "Google Shopping / MPN",
    "Google Shopping / Condition", "Metafield: custom.CWS_A[list.single_line_text]",
    "Metafield: custom.Technical Information.Sheet Size[list.single_line_text_field]",
    "Metafield: custom.SPRC[list.single_line_text]",
)


def test_the_template_that_the_catalogs_vendor_builds(tmp_path: Path) -> None:
    first = {
        "Title": "Café Binder", "URL handle": "cafe-binder", "Vendor": "Acme", "Status": "Active", "SKU": "ACM11",
        "Barcode": "036000291452", "Option1 name": "Title", "Option1 value": "Default Title",
        "Weight value (grams)": "500", "Weight unit for display": "g", "Product image URL": "https://i.example/1.jpg",
        "Image position": "1", "Image alt text": "Front", "Google Shopping / MPN": "M-1",
        "Metafield: custom.CWS_A[list.single_line_text]": "C-11",
        "Metafield: custom.Technical Information.Sheet Size[list.single_line_text_field]": '8.5" x 11"',
    }
    more = [{"URL handle": "cafe-binder", "Option1 value": value, "Product image URL": f"https://i.example/{place}.jpg",
             "Image position": str(place)} for place, value in ((3, "Default Title"), (2, ""))]
    out = io.StringIO()
    writer = csv.DictWriter(out, VENDOR_COLUMNS)
    writer.writeheader()
    writer.writerows([first, *more])
    with zipfile.ZipFile(tmp_path / "Vendor.zip", "w") as archive:
        archive.writestr("export.csv", out.getvalue().encode("cp1252"))
    (tmp_path / "feed.csv").write_text("sku,price,qty\nACM11,9.99,3\n")
    imported = Imported(tmp_path)
    found = imported.only
    assert (found.handle, found.title, found.options) == ("cafe-binder", "Café Binder", ("Title",))
    assert [image.source for image in found.images] == [f"https://i.example/{place}.jpg" for place in (1, 2, 3)]
    (variant,) = found.variants
    assert (variant.sku, variant.barcode, variant.price) == ("ACM11", "036000291452", Decimal("9.99"))
    assert {metafield.key: metafield.value for metafield in found.metafields} == {
        "cws_a": '["C-11"]', "technical_information_sheet_size": '["8.5\\" x 11\\""]'}
    assert found.status == "ACTIVE"
    assert imported.quarantine == []


def test_rows_of_a_handle_may_lie_apart_and_products_come_in_order(tmp_path: Path) -> None:
    found = Imported(write(tmp_path, FIRST, FIRST | {"Handle": "axe"},
                           {"Handle": "pot", "Option1 Value": "L", "Variant Price": "1"})).products
    assert [product.key for product in found] == ["handle:axe", "handle:pot"]
    assert len(found[1].variants) == 2


def test_rows_without_handle_or_of_another_width_are_quarantined(tmp_path: Path) -> None:
    path = write(tmp_path, FIRST, FIRST | {"Handle": ""})
    path.write_bytes(path.read_bytes() + b"pot,too,short\r\n")
    imported = Imported(path)
    assert imported.counts["template.read"] == 3
    assert imported.counts["template.quarantined"] == 2


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_both_encodings(tmp_path: Path, encoding: str) -> None:
    found = Imported(write(tmp_path, FIRST | {"Title": "Café à crème"}, encoding=encoding)).only
    assert found.title == "Café à crème"


SHARED = Path(os.environ.get("SHOPSYNC_SHARED_DIR", Path(__file__).parents[2].parent / "shared")) / "data"


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no folder of third-party CSVs at {SHARED.name} (SHOPSYNC_SHARED_DIR)")
@pytest.mark.parametrize(("name", "handle", "options", "values"), [
    ("apparel.csv", "classic-varsity-top", ("Size",), [("Small",), ("Medium",), ("Large",)]),
    ("home-and-garden.csv", "clay-plant-pot", ("Size",), [("Regular",), ("Large",)])])
def test_real_templates_arrive_whole(
    name: str, handle: str, options: tuple[str, ...], values: list[tuple[str, ...]],
) -> None:
    imported = Imported(SHARED / name)
    with (SHARED / name).open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {product.handle for product in imported.products} == {row["Handle"] for row in rows}
    assert sum(len(product.variants) for product in imported.products) == len(
        [row for row in rows if row["Option1 Value"]])
    assert {image.source for product in imported.products for image in product.images} == {
        row["Image Src"] for row in rows if row["Image Src"]}
    (product,) = [product for product in imported.products if product.handle == handle]
    assert product.options == options
    assert [variant.options for variant in product.variants] == values
    assert imported.quarantine == []
