"""What is recognised by content, and the sentence for everything that is missing or broken."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from shopsync_pipeline.catalog import find_delivery, read
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import tables, write

FEED = "sku,price,qty\r\nACM11,9.99,3\r\n"
TEMPLATE = "Handle,Title,Vendor,Variant SKU,Variant Price\r\npot,Pot,V,S1,5\r\n"


def test_an_inquire_export_with_its_feed(tmp_path: Path) -> None:
    write(tmp_path, tables())
    (tmp_path / "prices.csv").write_text(FEED)
    delivery = find_delivery(tmp_path)
    assert delivery.shape == "inquire"
    assert "prices.csv" in [file.name for file in delivery.files]
    assert "tax/EN_US/tax_EN_US_current_mysql.zip/EN_US_locales.csv" in [file.name for file in delivery.files]


def test_a_single_csv_or_zip_in_shopifys_template(tmp_path: Path) -> None:
    path = tmp_path / "anything_product.csv"
    path.write_text(TEMPLATE)
    assert find_delivery(path).shape == "shopify_template"
    zipped = tmp_path / "vendor.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(path, "inner.csv")
    assert find_delivery(zipped).files[0].name == "vendor.zip/inner.csv"


def test_the_digest_is_of_content_and_includes_feeds(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        write(folder, tables())
        (folder / "prices.csv").write_text(FEED)
    assert find_delivery(one).digest == find_delivery(other).digest
    (other / "prices.csv").write_text(FEED.replace("9.99", "9.98"))
    assert find_delivery(one).digest != find_delivery(other).digest


def test_named_feeds_replace_those_in_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "export", tables())
    (tmp_path / "export" / "prices.csv").write_text(FEED)
    mine = tmp_path / "mine.csv"
    mine.write_text(FEED.replace("9.99", "5.00"))
    delivery = find_delivery(tmp_path / "export", [mine])
    assert [file.name for file in delivery.files if file.role == "feed"] == ["mine.csv"]
    with read(delivery) as reading:
        assert [str(product.variants[0].price) for product in reading.products] == ["5.00"]


def refused(path: Path, *feeds: Path) -> str:
    with pytest.raises(CatalogError) as caught:
        find_delivery(path, feeds)
    return str(caught.value)


def test_a_missing_export(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "absent")
    (tmp_path / "x.csv").write_text(TEMPLATE)
    assert "does not exist" in refused(tmp_path / "x.csv", tmp_path / "nofeed.csv")


def test_nothing_recognisable_says_what_was_sought_and_found(tmp_path: Path) -> None:
    assert "found no zip, CSV or TXT file" in refused(tmp_path)
    (tmp_path / "notes.txt").write_text("hello\n")
    text = refused(tmp_path)
    assert "EN_US_B_product.csv" in text
    assert "found notes.txt" in text


def test_empty_and_corrupt_zips(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(b"")
    assert refused(path) == "export.zip is empty (0 bytes); download it again."
    path.write_bytes(b"PK but no zip")
    assert "export.zip is not a readable zip" in refused(path)
    with zipfile.ZipFile(path, "w"):
        pass
    assert "without any file" in refused(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", b"x")
    assert "zip of zips" in refused(path)


def test_a_damaged_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shop.csv", TEMPLATE * 50)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(bytes(data))
    assert "export.zip/shop.csv cannot be unpacked" in refused(path)


@pytest.mark.parametrize(("member", "block"), [
    ("EN_US_B_product", "basic"), ("EN_US_SKU_SPR_productskus", "sku"), ("G_category", "tax"),
    ("EN_US_locales", "tax")])
def test_a_missing_block_is_named(tmp_path: Path, member: str, block: str) -> None:
    rows = tables()
    del rows[member]
    assert f"The {block} block of the export" in refused(write(tmp_path, rows))


def test_a_member_without_rows_would_empty_the_shop(tmp_path: Path) -> None:
    assert "EN_US_B_product.csv has no rows" in refused(write(tmp_path, tables(), raw={"EN_US_B_product": b"\r\n"}))


def test_a_template_or_feed_of_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(TEMPLATE.splitlines(keepends=True)[0])
    assert "shop.csv has no rows" in refused(path)


def test_the_layout_of_conquire_is_told_by_its_columns(tmp_path: Path) -> None:
    raw = {"EN_US_B_productattributes": b'11,34113319,1,"Acme",0,1,0,1,1,0\r\n'}
    text = refused(write(tmp_path, tables(), raw=raw))
    assert "rows of 10 fields where the inQuire table productattribute has 9" in text
    assert "conQuire" in text


def test_a_feed_that_is_none_is_refused_with_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(TEMPLATE)
    feed = tmp_path / "feed.csv"
    feed.write_text("colour;size\r\nred;1\r\n")
    assert 'is "colour;size"' in refused(tmp_path / "shop.csv", feed)


def test_two_exports_in_one_folder_are_not_guessed_between(tmp_path: Path) -> None:
    write(tmp_path, tables())
    (tmp_path / "shop.csv").write_text(TEMPLATE)
    assert "holds two exports" in refused(tmp_path)
