"""What is recognised by content, and the sentence for everything that is missing or broken."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from shopsync_pipeline.catalog import find_delivery, read
from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.survey import Survey
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
    assert "export.zip/inner.zip is not a readable zip" in refused(path)


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


def test_a_table_of_a_width_that_no_export_has_is_refused(tmp_path: Path) -> None:
    raw = {"EN_US_B_productattributes": b'11,34113319,1,"Acme",0,1,0\r\n'}
    text = refused(write(tmp_path, tables(), raw=raw))
    assert "rows of 7 fields where a file of the table productattribute has 9 or 10" in text


def test_a_feed_that_is_none_is_refused_with_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text(TEMPLATE)
    feed = tmp_path / "feed.csv"
    feed.write_text("colour;size\r\nred;1\r\n")
    assert 'is "colour;size"' in refused(tmp_path / "shop.csv", feed)


def test_two_exports_in_one_folder_are_not_guessed_between(tmp_path: Path) -> None:
    write(tmp_path, tables())
    (tmp_path / "shop.csv").write_text(TEMPLATE)
    assert "holds two exports" in refused(tmp_path)


def test_a_zip_of_zips_is_read_in_place(tmp_path: Path) -> None:
    write(tmp_path / "export", tables())
    outer = tmp_path / "all.zip"
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((tmp_path / "export").rglob("*.zip")):
            archive.write(path, path.relative_to(tmp_path / "export").as_posix())
    delivery = find_delivery(outer)
    assert "all.zip/tax/EN_US/tax_EN_US_current_mysql.zip/EN_US_locales.csv" in [file.name for file in delivery.files]
    with read(delivery) as reading:
        assert [product.title for product in reading.products] == ["Acme Binder"]


def test_zips_within_zips_have_an_end(tmp_path: Path) -> None:
    path = tmp_path / "0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shop.csv", TEMPLATE)
    for depth in range(1, 4):
        outer = tmp_path / f"{depth}.zip"
        with zipfile.ZipFile(outer, "w") as archive:
            archive.write(path, path.name)
        path = outer
    assert find_delivery(tmp_path / "2.zip").shape == "shopify_template"
    assert "is a zip within 3 others" in refused(path)


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shop.csv", TEMPLATE)
    data = bytearray(path.read_bytes())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + flags] |= 1
    path.write_bytes(bytes(data))
    text = refused(path)
    assert text.startswith("export.zip/shop.csv cannot be unpacked (File 'shop.csv' is encrypted")
    assert text.endswith("deliver a plain zip.")


def test_a_zip64_member_is_read(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive, archive.open("shop.csv", "w", force_zip64=True) as member:
        member.write(TEMPLATE.encode())
    # The mark of the large sizes right behind the name: what a member of more than 4 GB has.
    assert b"shop.csv\x01\x00" in path.read_bytes()
    assert find_delivery(path).files[0].lines == 2


def test_a_cut_zip_is_named(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("shop.csv", TEMPLATE * 100)
    path.write_bytes(path.read_bytes()[:-40])
    assert "export.zip is not a readable zip" in refused(path)


def test_what_is_on_record_about_each_file(tmp_path: Path) -> None:
    write(tmp_path, tables())
    with zipfile.ZipFile(tmp_path / "tax" / "more_tax.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("G_units.csv", (2026, 1, 5, 4, 30, 0)), "1,x,1,1\r\n")
    (tmp_path / "prices.csv").write_text(FEED)
    (tmp_path / "readme.pdf").write_bytes(b"%PDF")
    (tmp_path / "notes.txt").write_text("hello\n")
    delivery = find_delivery(tmp_path)
    by_name = {file.name.rsplit("/", 1)[-1]: file for file in delivery.files}
    prices = by_name["prices.csv"]
    assert (prices.header, prices.width, prices.made_at) == (("sku", "price", "qty"), 3, None)
    product = by_name["EN_US_B_product.csv"]
    assert (product.header, product.width, product.dialect, product.table) == ((), 10, "mysql", "product")
    assert by_name["G_units.csv"].made_at == datetime(2026, 1, 5, 4, 30)  # noqa: DTZ001 - zips have no zone
    assert delivery.unread == ("notes.txt", "readme.pdf")


def test_empty_markers_and_bystanders_are_no_reason_to_refuse(tmp_path: Path) -> None:
    write(tmp_path, tables())
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "basic.zip.part").touch()
    assert find_delivery(tmp_path).unread == ("basic.zip.part",)


class Memory:
    """Keeps surveys in a dict, and what it was asked."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int, int], Mapping[str, Survey]] = {}
        self.recalled: list[str] = []

    def recall(self, file: str, size: int, mtime_ns: int) -> Mapping[str, Survey] | None:
        found = self.kept.get((file, size, mtime_ns))
        if found is not None:
            self.recalled.append(file)
        return found

    def remember(self, file: str, size: int, mtime_ns: int, surveys: Mapping[str, Survey]) -> None:
        self.kept[file, size, mtime_ns] = surveys


def test_an_unchanged_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, tables())
    (tmp_path / "prices.csv").write_text(FEED)
    memory = Memory()
    first = find_delivery(tmp_path, memory=memory)
    opened: list[str] = []
    real = Member.open
    monkeypatch.setattr(Member, "open", lambda self: opened.append(self.name) or real(self))
    assert find_delivery(tmp_path, memory=memory) == first
    assert opened == []
    assert len(memory.recalled) == len(list(tmp_path.rglob("*.zip"))) + 1
    changed = tmp_path / "prices.csv"
    changed.write_text(FEED.replace("9.99", "9.98"))
    os.utime(changed, ns=(1, 1))
    assert find_delivery(tmp_path, memory=memory).digest != first.digest
    assert opened == ["prices.csv"]


def test_a_header_longer_than_any_beginning_is_kept_whole(tmp_path: Path) -> None:
    metafields = ",".join(f"Metafield: custom.Attribute number {place} [list.single_line_text]" for place in range(900))
    path = tmp_path / "shop.csv"
    path.write_text(TEMPLATE.replace("Variant Price", f"{metafields},Variant Price").replace(
        "S1,5", "S1" + "," * 901 + "5"))
    (file,) = find_delivery(path).files
    assert file.width == len(file.header) == 905
