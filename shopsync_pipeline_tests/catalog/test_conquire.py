"""A conQuire export has the names of inQuire's tables and other columns; it ends in the same records."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline.catalog.inquire.layouts import fitted
from shopsync_pipeline.catalog.inquire.tables import BY_NAME
from shopsync_pipeline_tests.catalog.exports import T, mysql, write
from shopsync_pipeline_tests.catalog.shapes import Recorded, conquire_tables


def test_one_product(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, conquire_tables()))
    assert recorded.shape == "conquire"
    found = recorded.only
    assert (found.productid, found.mfgpartno, found.manufacturer, found.brand) == (11, "MPN-11", "Acme, Inc", "Acme")
    assert found.category == ("Office", "Binders")
    assert [(text.type, text.text) for text in found.texts] == [(2, "Acme Binder")]
    assert [(code.system, code.value) for code in found.codes] == [("SP Richards", "ACM11"), ("UPC", "036000291452")]
    assert found.sku == "ACM11"
    assert [bullet.text for bullet in found.bullets] == ["First", "Second"]
    assert recorded.quarantine == []


def test_values_of_a_repeatable_attribute_come_by_their_set_number(tmp_path: Path) -> None:
    specs = Recorded(write(tmp_path, conquire_tables())).only.specs
    assert [(spec.header, spec.name, spec.value) for spec in specs] == [
        ("General Information", "Brand Name", "Acme"), ("General Information", "Color", "Red"),
        ("General Information", "Color", "Blue")]


def test_elements_take_the_place_of_images(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, conquire_tables()))
    assert [(picture.type, picture.status) for picture in recorded.only.pictures] == [
        ("500", "Published"), ("Front", "Published")]
    assert recorded.where(recorded.only.pictures[1].row) == ("EN_US_E_productelements.csv", 2)
    assert recorded.counts["productelementproperties.lines"] == 1


def test_a_product_that_is_only_an_accessory_is_not_sold(tmp_path: Path) -> None:
    assert Recorded(write(tmp_path, conquire_tables())).counts["products.accessories_skipped"] == 1


SKUS = [("11", "SP Richards", "A1"), ("11", "UPC", "036000291452"), ("12", "SP Richards", "A2"),
        ("12", "UPC", "036000291469")]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (0, 2, 1, 3, 4), (0, 4, 3, 1, 2), (0, 3, 2, 4, 1),
                                   (1, 2, 0, 3, 4)])
def test_the_columns_of_its_codes_are_told_by_what_stands_in_them(order: tuple[int, ...]) -> None:
    names = ("productid", "name", "sku", "addeddate", "isactive")
    rows = [(*row, T, "1") for row in SKUS]
    table = fitted(BY_NAME["productskus"], [[row[place] for place in order] for row in rows], conquire=True)
    layout = next(layout for layout in table.layouts if len(layout) == 5)
    assert [column.name for column in layout] == [names[place] for place in order]


def test_where_values_leave_it_open_the_documented_order_counts() -> None:
    table = fitted(BY_NAME["productskus"], [["11", "X", "Y", "", ""]], conquire=True)
    assert [column.name for column in table.layouts[1]] == ["productid", "name", "sku", "addeddate", "isactive"]


def test_codes_in_another_order_are_read(tmp_path: Path) -> None:
    rows = conquire_tables()
    rows["EN_US_SKU_SPR_productskus"] = [(row[0], row[2], row[1], row[4], row[3]) for row in [
        (11, "SP Richards", "ACM11", T, 1), (12, "SP Richards", "ACM12", T, 1), (11, "UPC", "036000291452", T, 1)]]
    assert [(code.system, code.value) for code in Recorded(write(tmp_path, rows)).only.codes] == [
        ("SP Richards", "ACM11"), ("UPC", "036000291452")]


def test_six_fields_of_a_bullet_are_told_apart_by_where_the_date_stands(tmp_path: Path) -> None:
    rows = conquire_tables()
    rows["EN_US_F_productfeaturebullets"] = [(10 ** 23, 11, 1, 1, "Of conQuire", T)]
    assert [bullet.text for bullet in Recorded(write(tmp_path / "a", rows)).only.bullets] == ["Of conQuire"]
    rows["EN_US_F_productfeaturebullets"] = [(11, 1, 1, "Of inQuire", T, 1)]
    assert [bullet.text for bullet in Recorded(write(tmp_path / "b", rows)).only.bullets] == ["Of inQuire"]


def test_nine_fields_of_product_alone_do_not_make_it_conquire(tmp_path: Path) -> None:
    from shopsync_pipeline_tests.catalog.exports import tables
    rows = tables()
    rows["EN_US_B_product"] = [row[:2] + row[3:] for row in rows["EN_US_B_product"]]
    assert Recorded(write(tmp_path, rows)).shape == "inquire"


def test_a_bad_cast_costs_its_row_only(tmp_path: Path) -> None:
    rows = conquire_tables()
    raw = {"EN_US_B_productattributes": mysql(rows["EN_US_B_productattributes"]).encode()
           + b'11,oops,1,"X",0,1,0,1,1,1\r\n11,3411122,one,"Y",0,1,0,1,1,1\r\n'}
    recorded = Recorded(write(tmp_path, rows, raw=raw))
    assert {(row.column, row.value) for row in recorded.quarantine} == {("attributeid", "oops"), ("setnumber", "one")}
    assert recorded.lost() == {}
