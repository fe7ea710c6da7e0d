"""The traps of real deliveries, by the numbers of the list that the format's facts end with, and where each is tested.

| trap | what goes wrong | tests |
|---|---|---|
| 1 | positional files of several widths; values that are no numbers | `test_trap_1_…` here; `test_conquire` |
| 2 | extras with missing values | `test_trap_2_…` here; `test_extras` |
| 3 | several SKUs of a product, several products of a SKU | `test_trap_3_…` here; `test_inquire` |
| 4 | numbers that lose their zeros | `test_trap_4_…` here; `test_values` |
| 5 | entities and markup, escaped once; texts that do not agree | `test_trap_5_…` here; `test_markup` |
| 6 | one fact, one picture, twice | `test_trap_6_…` here; `test_images`, `test_conquire` |
| 7 | orphans | `test_trap_7_…` here; `test_relations` |
| 8 | a maker's address is no country of origin | `test_trap_8_…` here |
| 9 | drift of feeds' headers and numbers | `test_price_stock` and the tests of the other feeds |
| 10 | zips of different dates, incomplete blocks | `test_trap_10_…` here; `test_delivery` |
| 11 | inch marks break rows | `test_trap_11_…` here; `test_records`, `test_dialect` |
| 12 | the same name every day | `test_trap_12_…` here; `test_delivery` |
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from shopsync_pipeline.catalog import find_delivery
from shopsync_pipeline.catalog.rules import CatalogRules, RelationRules
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import Imported, T, attribute, mysql, product, sku, tables, write
from shopsync_pipeline_tests.catalog.shapes import Recorded, mssql, pipes

RELATED = CatalogRules(relations=RelationRules(metafields={"accessory": "custom.accessory"}))


@pytest.mark.parametrize("row", [
    (11, 12, 1, 0, 0, ""), (11, 12, 1, 0, 0, "", "0.5"), (11, 12, 1), (11, 12, 1, 1)])
def test_trap_1_accessories_of_every_width(tmp_path: Path, row: tuple[int | str, ...]) -> None:
    rows = tables()
    rows["EN_US_B_product"].append(product(12))
    rows["EN_US_A_productaccessories"] = [row]
    assert [relation.productid for relation in Recorded(write(tmp_path, rows), RELATED).records[0].relations] == [12]


@pytest.mark.parametrize("row", [(11, 1, 1, "Flat"), (11, 1, 1, "Flat", T, 1), (10 ** 23, 11, 1, 1, "Flat", T, 1)])
def test_trap_1_bullets_of_every_width(tmp_path: Path, row: tuple[int | str, ...]) -> None:
    rows = tables()
    rows["EN_US_F_productfeaturebullets"] = [row]
    assert [bullet.text for bullet in Recorded(write(tmp_path, rows)).only.bullets] == ["Flat"]


def test_trap_1_casting_never_raises_and_names_line_and_column(tmp_path: Path) -> None:
    rows = tables()
    raw = {
        "EN_US_B_productdescriptions": mysql(rows["EN_US_B_productdescriptions"]).encode() + b'11,"x",1,abc,1\r\n',
        "EN_US_F_productfeaturebullets": b'11,1,not-a-number,"Flat"\r\n',
        "G_categorydisplayattributes": b"35,3,34113319,1,0,oops,0,x\r\n",
    }
    recorded = Recorded(write(tmp_path, rows, raw=raw))
    assert {(row.line, row.column, row.value) for row in recorded.quarantine} == {
        (2, "type", "abc"), (1, "sequenceno", "not-a-number"), (1, "defaultdisplayorder", "oops")}
    assert [bullet.text for bullet in recorded.only.bullets] == ["Flat"]
    assert recorded.lost() == {}


def test_trap_2_missing_values_of_extras(tmp_path: Path) -> None:
    write(tmp_path, tables())
    (tmp_path / "featuresnbenefits.txt").write_bytes(pipes("11|Good|0||1", "11|Better|0|20|1", "|Best|0|20|1"))
    recorded = Recorded(tmp_path, CatalogRules(extras=("featuresnbenefits",)))
    assert [text.text for text in recorded.only.texts] == ["Acme Binder", "Better"]
    assert [(row.line, row.column) for row in recorded.quarantine] == [(1, "type"), (3, "productid")]


def test_trap_3_the_first_row_of_the_preferred_system_sells_whatever_else_is_there(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_SKU_SPR_productskus"] = [
        sku(11, "SP Richards Catalog", "ACM ICM11"), sku(11, "SP Richards", "ZZZ11"), sku(11, "SP Richards", "AAA11")]
    recorded = Recorded(write(tmp_path, rows))
    assert recorded.only.sku == "ZZZ11"
    assert recorded.where(recorded.only.sku_row) == ("EN_US_SKU_SPR_productskus.csv", 2)
    assert [code.value for code in recorded.only.codes] == ["ACM ICM11", "ZZZ11", "AAA11"]


def test_trap_3_a_sku_of_two_products_is_known_to_be_shared(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_product"].append(product(12))
    rows["EN_US_SKU_SPR_productskus"].append(sku(12, "SP Richards", "acm-11"))
    rows["EN_US_SKU_SPR_productskus"][0] = sku(11, "SP Richards", "ACM 11")
    assert [record.sku_shared for record in Recorded(write(tmp_path, rows)).records] == [True, True]


def test_trap_4_numbers_stay_text(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_SKU_SPR_productskus"] += [sku(11, "UPC", "036000291452"), sku(11, "GTIN", "0036000291452"),
                                          sku(11, "UNSPSC", "00012003")]
    assert [code.value for code in Recorded(write(tmp_path, rows)).only.codes[1:]] == [
        "036000291452", "0036000291452", "00012003"]


def test_trap_5_markup_is_escaped_once_and_made_harmless(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productdescriptions"] = [
        (11, "Binder, 2&quot; &amp; up", 1, 2, 1),
        (11, 'Good &amp; <b>solid</b><script>alert(1)</script><p onclick="x()">!</p>', 0, 4, 1)]
    rows["EN_US_B_productattributes"].append(attribute(11, 3411122, "<ul><li>A &lt; B</li></ul>"))
    found = Imported(write(tmp_path, rows)).only
    body = found.body_html or ""
    assert found.title == 'Binder, 2" & up'
    assert "Good &amp; <b>solid</b>" in body
    assert "A &lt; B" in body
    assert not re.search("script|onclick|&amp;amp;|&amp;lt;", body)


def test_trap_5_texts_of_all_types_arrive_as_they_are(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productdescriptions"] = [(11, "Full, cut sh", 0, 1, 1), (11, "Title", 1, 2, 1), (11, "Sub", 0, 3, 1)]
    assert [(text.type, text.text) for text in Recorded(write(tmp_path, rows)).only.texts] == [
        (1, "Full, cut sh"), (2, "Title"), (3, "Sub")]


def test_trap_6_one_sheet_is_shown(tmp_path: Path) -> None:
    rows = tables()
    rows["G_categoryheader"].append((35, 3, 1, 1, 10, 0, T))
    rows["G_categorydisplayattributes"].append((35, 3, 3211122, 1, 1, 1, 0, T))
    rows["EN_US_D_productattributes"] = [attribute(11, 3211122, "Crimson")]
    named = [spec.value for spec in Recorded(write(tmp_path / "with", rows)).only.specs if spec.name]
    assert named == ["Crimson"]
    del rows["EN_US_D_productattributes"]
    named = [spec.value for spec in Recorded(write(tmp_path / "without", rows)).only.specs if spec.name]
    assert named == ["Acme", "Red"]


def test_trap_6_one_picture_is_shown_once(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productimages"] = [(11, kind, "Published") for kind in (
        "75", "500", "Large", "Front", "FrontMaximum", "User-Manual", "HTML")]
    assert [image.source.split("/")[3] for image in Imported(write(tmp_path, rows)).only.images] == [
        "500", "FrontMaximum"]


def test_trap_7_orphans_are_counted_by_table(tmp_path: Path) -> None:
    rows = tables()
    rows["EN_US_B_productattributes"].append(attribute(99, 3411122, "Red"))
    rows["EN_US_F_productfeaturebullets"] = [(99, 1, 1, "Gone")]
    rows["EN_US_A_productaccessories"] = [(99, 11, 1, 0, 0, "")]
    recorded = Recorded(write(tmp_path, rows), RELATED)
    assert len(recorded.records) == 1
    for table in ("productattribute", "productfeatures", "productaccessories"):
        assert recorded.counts[f"{table}.orphans"] == 1
    assert recorded.lost() == {}


def test_trap_8_the_makers_country_is_not_the_products(tmp_path: Path) -> None:
    rows = tables()
    rows["G_manufacturer"] = [(7, "Acme, Inc", *[""] * 7, "Freedonia", "", T)]
    found = Imported(write(tmp_path, rows)).only
    assert "Freedonia" not in repr(found)
    rows["EN_US_B_productattributes"].append(attribute(11, 3411113883, "Canada"))
    assert Imported(write(tmp_path, rows)).metafields()["country_of_origin"] == "Canada"


def test_trap_10_all_blocks_or_nothing_and_their_dates(tmp_path: Path) -> None:
    rows = tables()
    write(tmp_path, rows)
    assert {file.made_at is None for file in find_delivery(tmp_path).files} == {False}
    (tmp_path / "ACME/content/EN_US/sku/sku_EN_US_current_mysql.zip").unlink()
    with pytest.raises(CatalogError, match=r"The sku block of the export .* deliver tax, basic and sku together"):
        find_delivery(tmp_path)


@pytest.mark.parametrize("written", [mysql, mssql])
def test_trap_11_inch_marks_cost_no_row(tmp_path: Path, written: object) -> None:
    values = ['15.9"', '8-1/2" x 11"', '"quoted"', '5.25", 3.5" drives', 'back\\slash "and" more', "two\nlines 3\""]
    rows = tables()
    rows["EN_US_B_productattributes"] += [attribute(11, 3411122, value) for value in values]
    raw = {"EN_US_B_productattributes": written(rows["EN_US_B_productattributes"]).encode()}  # type: ignore[operator]
    recorded = Recorded(write(tmp_path, rows, raw=raw))
    assert [spec.value for spec in recorded.only.specs if spec.attribute == 3411122][1:] == values
    assert recorded.quarantine == []


def test_trap_12_a_new_file_under_the_old_name_is_a_new_delivery(tmp_path: Path) -> None:
    rows = tables()
    write(tmp_path, rows)
    first = find_delivery(tmp_path)
    for path in tmp_path.rglob("*.zip"):
        os.utime(path, (1, 1))
    assert find_delivery(tmp_path).digest == first.digest
    rows["EN_US_B_productdescriptions"] = [(11, "Acme Folder", 1, 2, 1)]
    assert find_delivery(write(tmp_path, rows)).digest != first.digest
