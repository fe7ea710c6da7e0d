"""Deliveries that went wrong on their way: yesterday's catalog stays, and the record says in a sentence why."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.db.imports import ImportState
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import recent_imports
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.review import documents
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.catalog.exports import attribute, product, sku, tables, write

BASIC = "ACME/content/EN_US/basic/basic_EN_US_current_mysql.zip"
IDS = range(11, 41)


def export(folder: Path) -> None:
    """Thirty products, complete."""
    rows = tables()
    rows["EN_US_B_product"] = [product(id_, mpn=f"M{id_}") for id_ in IDS]
    rows["EN_US_B_productattributes"] = [attribute(id_, 34113319, "Acmé") for id_ in IDS]
    rows["EN_US_B_productdescriptions"] = [(id_, f"Étagère {id_}", 1, 2, 1) for id_ in IDS]
    rows["EN_US_B_productimages"] = [(id_, "500", "Published") for id_ in IDS]
    rows["EN_US_SKU_SPR_productskus"] = [sku(id_, "SP Richards", f"ACM{id_}") for id_ in IDS]
    write(folder, rows)
    (folder / "prices.csv").write_text("SKU,Price,Qty\r\n" + "".join(f"ACM{id_},9.50,4\r\n" for id_ in IDS))


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """The zip with its members changed."""
    changed = {name: change(name, data) for name, data in members(path).items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in changed.items():
            archive.writestr(name, data)


def half_a_zip(folder: Path) -> None:
    path = folder / BASIC
    path.write_bytes(path.read_bytes()[:len(path.read_bytes()) // 2])


def an_empty_zip(folder: Path) -> None:
    (folder / BASIC).write_bytes(b"")


def a_zip_without_members(folder: Path) -> None:
    zipfile.ZipFile(folder / BASIC, "w").close()


def a_missing_zip(folder: Path) -> None:
    (folder / BASIC).unlink()


def a_member_cut_in_a_row(folder: Path) -> None:
    rewritten(folder / BASIC, lambda name, data: data[:len(data) // 3] if "_product." in name else data)


def an_empty_member(folder: Path) -> None:
    rewritten(folder / BASIC, lambda name, data: b"" if "_product." in name else data)


def attributes_cut(folder: Path) -> None:
    rewritten(folder / BASIC, lambda name, data: data[:len(data) // 3] if "attributes" in name else data)


def in_utf16(folder: Path) -> None:
    rewritten(folder / BASIC, lambda name, data: data.decode().encode("utf-16") if "_product." in name else data)


def a_page_of_html(folder: Path) -> None:
    rewritten(folder / BASIC, lambda name, data: b"<html><body>Service unavailable</body></html>\n"
              if "_product." in name else data)


def a_bad_checksum(folder: Path) -> None:
    path = folder / BASIC
    data = bytearray(path.read_bytes())
    place = data.index("Étagère 25".encode())
    data[place:place + 2] = b"XX"
    path.write_bytes(bytes(data))


def no_feed(folder: Path) -> None:
    (folder / "prices.csv").unlink()


def half_a_feed(folder: Path) -> None:
    data = (folder / "prices.csv").read_bytes()
    (folder / "prices.csv").write_bytes(data[:len(data) // 3])


def an_empty_feed(folder: Path) -> None:
    (folder / "prices.csv").write_bytes(b"")


def a_feed_without_its_price(folder: Path) -> None:
    text = (folder / "prices.csv").read_text()
    (folder / "prices.csv").write_text(text.replace("Price", "Notes"))


def nothing(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.mark.parametrize(("spoil", "says"), [
    (half_a_zip, "is not a readable zip"), (an_empty_zip, "is empty (0 bytes)"),
    (a_zip_without_members, "without any file in it"), (a_missing_zip, "basic block"),
    (a_member_cut_in_a_row, "products that can be sold, the last one had 30"), (an_empty_member, "has no rows"),
    (attributes_cut, "productattribute has"), (in_utf16, "is UTF-16 text"), (a_page_of_html, "EN_US_B_product"),
    (a_bad_checksum, "cannot be unpacked"), (no_feed, "feed has 0 rows, in the last delivery it had 30"),
    (half_a_feed, "feed has"), (an_empty_feed, "is empty (0 bytes)"), (a_feed_without_its_price, "Price"),
    (nothing, "holds no export"),
], ids=lambda value: value.__name__ if callable(value) else "")
def test_yesterdays_catalog_stays_and_the_record_says_why(
    spoil: Callable[[Path], None], says: str, make_settings: Callable[..., Settings], tmp_path: Path,
) -> None:
    context = Context.open(make_settings())
    export(tmp_path / "export")
    ingest(context)
    before = list(documents(context))
    assert len(before) == 30

    spoil(tmp_path / "export")
    with pytest.raises(CatalogError) as refused:
        ingest(context)

    assert says in str(refused.value)
    assert list(documents(context)) == before
    newest = recent_imports(context)[0]
    assert newest.state in (ImportState.FAILED, ImportState.REFUSED)
    assert says in " ".join([newest.error or "", *newest.refusals])


def test_old_windows_text_is_read_as_such_and_told(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    context = Context.open(make_settings())
    export(tmp_path / "export")
    ingest(context)
    before = list(documents(context))
    rewritten(tmp_path / "export" / BASIC, lambda name, data: data.decode().encode("cp1252"))
    report = ingest(context)
    assert list(documents(context)) == before
    assert any("cp1252" in notice for notice in report.notices), report.notices


def test_members_larger_than_a_zip_of_old_can_say_are_streamed(make_settings: Callable[..., Settings],
                                                               tmp_path: Path) -> None:
    context = Context.open(make_settings())
    export(tmp_path / "export")
    path = tmp_path / "export" / BASIC
    found = members(path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in found.items():
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)
    path.write_bytes(packed.getvalue())
    assert ingest(context).products == 30
