"""The sample export: byte-identical by seed, and a good delivery in every respect."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from shopsync_pipeline.catalog import SampleDialect, staging, write_sample_export
from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline_tests.catalog.exports import Imported


def digest_of(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


RELATIONS = ("EN_US_A_productaccessories", "EN_US_SIM_productsimilar", "EN_US_U_productupsell")


def rows_of(folder: Path) -> dict[str, list[list[str]]]:
    """Member → its rows, read by the rules of the dialect that its zip's name ends in."""
    found = {}
    for path in folder.rglob("*.zip"):
        backslash = path.stem.endswith("_mysql")
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                text = io.StringIO(archive.read(info).decode("utf-8"), newline="")
                escape = "\\" if backslash else None
                reader = csv.reader(text, doublequote=not backslash, escapechar=escape, strict=True)
                found[info.filename.removesuffix(".csv")] = [
                    ["" if cell == "N" and backslash else cell for cell in row] for row in reader]
    return found


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        write_sample_export(tmp_path / name, products=60, seed=seed)
    assert digest_of(tmp_path / "one") == digest_of(tmp_path / "same")
    assert digest_of(tmp_path / "one") != digest_of(tmp_path / "other")


def test_a_sample_reads_back_whole(tmp_path: Path) -> None:
    sample = write_sample_export(tmp_path, products=200)
    imported = Imported(tmp_path)
    assert len(imported.products) == sample.products == 200
    assert {product.variants[0].sku for product in imported.products} == set(sample.skus)
    assert imported.counts.get("rows.quarantined", 0) == 0
    assert imported.counts["products.stubs_skipped"] == 16
    assert len({product.handle for product in imported.products}) == 200
    active = [product for product in imported.products if product.status == "ACTIVE"]
    assert len(active) > 180
    for product in active:
        assert product.variants[0].price is not None
        assert product.variants[0].stock
        assert product.images
        assert len(product.tags) == 3
        assert "<table>" in (product.body_html or "")


def test_two_readings_of_a_delivery_are_equal(tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=50)
    one, other = (
        [digests(flatten(product)) for product in Imported(tmp_path).products] for _ in range(2))
    assert one == other


def test_the_smallest_samples_are_faultless(tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=10)
    imported = Imported(tmp_path)
    assert len(imported.products) == 10
    assert all(product.status == "ACTIVE" for product in imported.products)
    # The one row of the feed that no product has is there on purpose.
    assert [(row.kind, row.value) for row in imported.quarantine] == [("unmatched", "ZZ99001")]


def test_the_lean_sample_has_one_sheet_and_few_rows(tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=100)
    rows = rows_of(tmp_path)
    assert set(rows) >= {"EN_US_B_product", "EN_US_B_productattributes", "EN_US_A_productaccessories"}
    assert not {"EN_US_D_productattributes", "EN_US_SIM_productsimilar", "EN_US_U_productupsell"} & set(rows)
    assert 19 < len(rows["EN_US_B_productattributes"]) / 100 < 22


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    write_sample_export(folder, products=1200, full=True)
    return folder


def test_a_full_sample_has_the_rows_a_product_that_a_real_catalog_has(full: Path) -> None:
    a_product = {name: len(rows) / 1200 for name, rows in rows_of(full).items()}
    attributes = a_product["EN_US_B_productattributes"] + a_product["EN_US_D_productattributes"]
    assert 61.5 < attributes < 63
    assert a_product["EN_US_D_productattributes"] > a_product["EN_US_B_productattributes"]
    assert 3.7 < a_product["EN_US_F_productfeaturebullets"] < 3.95
    relations = sum(a_product[name] for name in RELATIONS)
    assert 12.2 < relations < 13.2
    assert a_product["EN_US_B_productkeywords"] == 1
    assert 5 <= a_product["EN_US_B_searchattributes"] <= 10
    assert 4 <= sum(count for name, count in a_product.items() if name.endswith("_productskus")) <= 8
    assert 8 <= a_product["EN_US_B_productimages"] <= 20


def test_a_full_sample_is_about_twelve_kilobytes_a_product(full: Path) -> None:
    size = sum(info.file_size for path in full.rglob("*.zip") for info in zipfile.ZipFile(path).infolist())
    assert 11_800 < size / 1200 < 24_000


def test_every_row_of_a_full_sample_has_the_columns_of_its_table(full: Path) -> None:
    widths = {"product": 10, "productattributes": 9, "productdescriptions": 5, "productimages": 3, "productkeywords": 3,
              "productlocales": 4, "searchattributes": 6, "productskus": 6, "productfeaturebullets": 4,
              "productaccessories": 6, "productsimilar": 3, "productupsell": 3, "category": 7, "categorynames": 3,
              "categoryheader": 7, "categorydisplayattributes": 8, "categorysearchattributes": 5, "attributenames": 3,
              "headernames": 3, "manufacturer": 12, "locales": 5, "units": 4, "unitnames": 3,
              "searchattributevalues": 5}
    for name, rows in rows_of(full).items():
        assert {len(row) for row in rows} == {widths[name.rsplit("_", 1)[1]]}, name


def test_attributes_have_a_name_and_detailed_ones_a_place_on_the_sheet_of_their_category(full: Path) -> None:
    rows = rows_of(full)
    names = {row[0] for row in rows["EN_US_attributenames"]}
    places = {(row[1], row[2], row[4]) for row in rows["G_categorydisplayattributes"]}
    for member, prefix in (("EN_US_B_productattributes", "34"), ("EN_US_D_productattributes", "32")):
        assert all(row[1].startswith(prefix) and row[1] in names for row in rows[member])
    assert all((row[2], row[1], "1") in places for row in rows["EN_US_D_productattributes"])


def test_no_attribute_of_the_detailed_sheet_is_there_twice_but_for_the_repeatable_color(full: Path) -> None:
    rows = rows_of(full)["EN_US_D_productattributes"]
    twice = {attribute for (_, attribute), count in Counter((row[0], row[1]) for row in rows).items() if count > 1}
    assert twice == {"3211122"}


def test_relations_point_to_products_mostly_to_stubs_seldom_and_now_and_then_to_nothing(full: Path) -> None:
    rows = rows_of(full)
    stub = {row[0]: row[5] == "1" for row in rows["EN_US_B_product"]}
    targets = [row[1] for name in RELATIONS for row in rows[name]]
    kinds = Counter("absent" if target not in stub else "stub" if stub[target] else "product" for target in targets)
    assert kinds["product"] / len(targets) > 0.85
    assert 0.02 < kinds["absent"] / len(targets) < 0.1
    assert 0.02 < kinds["stub"] / len(targets) < 0.1
    assert all(row[0] != row[1] for name in RELATIONS for row in rows[name])


def test_both_dialects_say_the_same(full: Path, tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=1200, full=True, dialect=SampleDialect.MSSQL)
    assert all(path.name.endswith("_mssql.zip") for path in tmp_path.rglob("*.zip"))
    assert rows_of(tmp_path) == rows_of(full)


def test_a_full_sample_is_the_same_bytes_each_time(full: Path, tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=1200, full=True)
    assert digest_of(tmp_path) == digest_of(full)


def test_a_full_sample_reads_back_whole(full: Path) -> None:
    imported = Imported(full)
    assert len(imported.products) == 1200
    assert imported.counts.get("rows.quarantined", 0) == 0
    assert imported.counts["products.stubs_skipped"] == 240


def test_the_extras_give_each_product_a_class_of_the_distributors_tree(tmp_path: Path) -> None:
    write_sample_export(tmp_path, products=60, full=True, extras=True)
    mapped, names, parents = (
        [line.split("|") for line in (tmp_path / "Extras" / name).read_bytes().decode().removesuffix("\r\n")
         .split("\r\n")]
        for name in ("mapped_category.txt", "mapped_category_names.txt", "mapped_categorytaxonomy.txt"))
    above, called = dict(parents), {row[0]: row[2] for row in names}
    sold = [row[0] for row in rows_of(tmp_path)["EN_US_B_product"] if row[5] == "0"]
    assert [row[0] for row in mapped] == sold
    for _, category in mapped:
        path = [category]
        while above[path[-1]]:
            path.append(above[path[-1]])
        assert len(path) == 4
        assert all(called[step] for step in path)


def test_a_large_delivery_lies_on_disk_and_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample_export(tmp_path, products=120)
    small = Imported(tmp_path)
    stages = []
    opened = duckdb.connect

    def noted(database: str, **given: Any) -> duckdb.DuckDBPyConnection:
        stages.append(database)
        return opened(database, **given)

    monkeypatch.setattr(staging, "SMALL", 1)
    monkeypatch.setattr(duckdb, "connect", noted)
    large = Imported(tmp_path)
    assert [Path(stage).name for stage in stages] == ["stage.duckdb"]
    assert large.products == small.products
    assert large.counts == small.counts
    assert not Path(stages[0]).parent.exists()
