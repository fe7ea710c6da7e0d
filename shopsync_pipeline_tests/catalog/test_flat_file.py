"""A flat file of 33 columns: a row for each SKU of a product, one record for each product."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline.catalog.rules import CatalogRules, VariantRules
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.exports import tables
from shopsync_pipeline_tests.catalog.exports import write as write_inquire
from shopsync_pipeline_tests.catalog.shapes import FLAT_COLUMNS, FLAT_ROW, Recorded, flat, pipes


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "EN_CA_SPRC.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(encoding))
    return folder


def test_one_product(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, flat({})))
    assert recorded.shape == "flat_file"
    found = recorded.only
    assert (found.productid, found.manufacturer, found.brand, found.sku) == (11, "Acme, Inc", "Acme", "ACM11")
    assert found.category == ("Office", "Filing", "Binders", "Ring Binders")
    assert [(text.type, text.text) for text in found.texts] == [
        (1, "Acme Binder - Red"), (2, "Acme Binder"), (3, "Red"), (4, "Holds paper.")]
    assert {spec.attribute: spec.value for spec in found.specs} == {
        34113319: "Acme", 341100: "Binder", 3412389: "Basics", 34112816: "100", 3411896: "Acme, Inc",
        3411113883: "Canada", 3411114053: "Yes", 3411114054: "30%", 3411114055: "10%", 3411114056: "No"}
    assert [(code.system, code.value) for code in found.codes] == [
        ("SPRC", "ACM11"), ("SPRC Catalog", "ACM 11"), ("UNSPSC", "44122003")]
    assert [(picture.type, picture.address) for picture in found.pictures] == [
        ("225", "http://content.etilize.com/images/225/11.jpg"), ("75", "http://content.etilize.com/images/75/11.jpg")]
    assert found.keywords == "binder ring"
    assert recorded.quarantine == []
    assert recorded.counts["flat_file.used"] == 1


def test_the_known_faults_of_its_sheets_are_repaired(tmp_path: Path) -> None:
    assert Recorded(write(tmp_path, flat({}))).only.specs_html == "<ul><li><span>Color:</span> Red</li></ul>"


def test_every_part_knows_its_row(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, flat({"Desc2": ""}, {"SKU Type": "CWS_A", "SKU": "C-11"})))
    found = recorded.only
    assert recorded.where(found.row) == ("EN_CA_SPRC.csv", 2)
    assert {text.type: recorded.where(text.row)[1] for text in found.texts} == {1: 2, 2: 3, 3: 2, 4: 2}
    assert recorded.where(found.sku_row) == ("EN_CA_SPRC.csv", 2)


def test_rows_of_one_product_become_one_record_with_all_its_skus(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, flat(
        {"SKU": "B-2"}, {"SKU": "A-1"}, {"SKU Type": "CWS_A", "SKU": "C-11"}, {"ProductId": "12", "SKU": "D"})))
    assert [record.productid for record in recorded.records] == [11, 12]
    assert [code.value for code in recorded.records[0].codes if code.system == "SPRC"] == ["B-2", "A-1"]
    assert recorded.records[0].sku == "B-2"
    assert [len(record.texts) for record in recorded.records] == [4, 4]


def test_without_a_sheet_the_known_attributes_are_one(tmp_path: Path) -> None:
    found = Recorded(write(tmp_path, flat({"Product Specifications": ""}))).only
    assert found.specs_html is None
    assert [spec.name for spec in found.specs][:3] == ["Brand Name", "Product Type", "Product Line"]


def test_a_class_of_the_same_name_in_two_departments_is_two_nodes(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, flat(
        {"Department Name": "Filing"}, {"ProductId": "12", "Department Name": "Craft"},
        {"ProductId": "13", "Sub Class Name": ""})))
    assert [record.category for record in recorded.records] == [
        ("Office", "Filing", "Binders", "Ring Binders"), ("Office", "Craft", "Binders", "Ring Binders"),
        ("Office", "Filing", "Binders")]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_both_encodings(tmp_path: Path, encoding: str) -> None:
    assert Recorded(write(tmp_path, flat({"Desc2": "Crème"}), encoding)).only.texts[1].text == "Crème"


def test_columns_are_found_by_their_names(tmp_path: Path) -> None:
    columns = ("Colour Code", *(name for name in reversed(FLAT_COLUMNS) if name != "UNSPSC"))
    recorded = Recorded(write(tmp_path, flat({"Colour Code": "R"}, columns=columns)))
    assert recorded.only.category[-1] == "Ring Binders"
    assert recorded.counts["flat_file.unknown_column.Colour Code"] == 1


def test_a_file_without_locales_is_read_whole(tmp_path: Path) -> None:
    columns = tuple(name for name in FLAT_COLUMNS if name != "LocaleId")
    assert len(Recorded(write(tmp_path, flat({}, {"ProductId": "12"}, columns=columns))).records) == 2


def test_files_with_different_columns_are_one_export(tmp_path: Path) -> None:
    write(tmp_path, flat({}), name="one.csv")
    write(tmp_path, flat({"ProductId": "12"}, columns=tuple(reversed(FLAT_COLUMNS))), name="two.csv")
    recorded = Recorded(tmp_path)
    assert [record.texts[1].text for record in recorded.records] == ["Acme Binder", "Acme Binder"]
    assert [recorded.where(record.row)[0] for record in recorded.records] == ["one.csv", "two.csv"]


def test_one_locale_is_read(tmp_path: Path) -> None:
    write(tmp_path / "EN_CA", flat({}, {"ProductId": "12"}))
    write(tmp_path / "FR_CA", flat({"LocaleId": "4", "Desc2": "Classeur"}), name="FR_CA_SPRC.csv")
    recorded = Recorded(tmp_path)
    assert [record.texts[1].text for record in recorded.records] == ["Acme Binder", "Acme Binder"]
    assert recorded.counts["flat_file.other_locale"] == 1
    assert Recorded(tmp_path, CatalogRules(locale="fr_ca")).only.texts[1].text == "Classeur"
    with pytest.raises(CatalogError, match="no flat file of the locale DE_DE; it has EN_CA, FR_CA"):
        Recorded(tmp_path, CatalogRules(locale="DE_DE"))


def test_a_product_id_that_is_none_costs_its_row(tmp_path: Path) -> None:
    recorded = Recorded(write(tmp_path, flat({}, {"ProductId": "x"}, {"LocaleId": "?", "SKU": "Z"})))
    assert [(row.line, row.column) for row in recorded.quarantine] == [(3, "productid"), (4, "localeid")]
    assert [code.value for code in recorded.only.codes if code.system == "SPRC"] == ["ACM11", "Z"]
    assert recorded.lost() == {}


def test_beside_the_tables_of_an_export_a_flat_file_is_not_read(tmp_path: Path) -> None:
    write(write_inquire(tmp_path, tables()) / "Extras" / "Flat_File_Export", flat({"Desc2": "Flat"}))
    recorded = Recorded(tmp_path)
    assert recorded.shape == "inquire"
    assert recorded.only.texts[0].text == "Acme Binder"


def test_families_and_extras_go_with_it_too(tmp_path: Path) -> None:
    write(tmp_path, flat({}, {"ProductId": "12", "SKU": "X"}, {"ProductId": "13", "Product Series": "200"}))
    (tmp_path / "productresources.csv").write_bytes(
        b"11,SPR,ACM11,MSDS,https://a.example/11.pdf,Sheet,0,,,\r\n")
    recorded = Recorded(tmp_path, CatalogRules(variants=VariantRules(
        group_by=("{manufacturer}", "{attribute:112816}"))))
    assert [record.productid for record in recorded.records] == [13, 11, 12]
    assert [record.family for record in recorded.records] == [None, "acme, inc / 100", "acme, inc / 100"]
    assert recorded.records[1].resources[0].kind == "MSDS"


def test_a_feed_joins_by_sku_type(tmp_path: Path) -> None:
    write(tmp_path, flat({}))
    (tmp_path / "feed.csv").write_bytes(pipes("sku,price", "ACM11,5.00"))
    offer = Recorded(tmp_path).only.offer
    assert offer is not None
    assert str(offer.price) == "5.00"


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"EN_CA_SPRC\.csv has no rows"):
        Recorded(write(tmp_path, flat()))


def test_the_row_that_these_tests_change_has_every_column() -> None:
    assert set(FLAT_ROW) == set(FLAT_COLUMNS)
    assert len(FLAT_COLUMNS) == 33
