"""The catalog beside an older system's CSV: matched by SKU, told per field, and nothing is changed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from shopsync_pipeline.core.compare import Verdict
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.engine.compare import compare
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline_tests.engine.shelf import COLUMNS, Shelf, lamp

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def old_file(folder: Path, rows: list[dict[str, str]], columns: tuple[str, ...] = COLUMNS) -> Path:
    folder.mkdir()
    file = folder / "old.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_what_is_the_same_agrees_entirely(context: Context, shelf: Shelf, tmp_path: Path) -> None:
    ingest(context)
    found = compare(context, old_file(tmp_path / "old", [lamp(number) for number in range(1, 6)]))
    assert (found.both, found.only_ours, found.only_theirs, found.share) == (5, 0, 0, 1.0)


def test_each_difference_is_counted_by_field_and_written_down(context: Context, shelf: Shelf, tmp_path: Path) -> None:
    ingest(context)
    rows = [lamp(number) for number in range(1, 5)]
    rows[0] |= {"Variant Price": "10.99", "Title": "  Lamp   1 "}
    rows[1] |= {"Handle": "old-lamp-2", "Vendor": ""}
    rows[2]["Tags"] = "Lamp, bright"
    rows.append({**lamp(9), "Handle": "theirs"})
    differences = tmp_path / "differences.csv"

    found = compare(context, old_file(tmp_path / "old", rows), differences)

    assert (found.both, found.only_ours, found.only_theirs) == (4, 1, 1)
    assert (found.ours_examples, found.theirs_examples) == (["handle:lamp-5"], ["theirs"])
    assert found.fields["variants[].price"].counts[Verdict.DIFFERENT] == 1
    assert found.fields["variants[].price"].counts[Verdict.SAME] == 3
    assert found.fields["title"].counts[Verdict.SAME] == 4
    assert found.fields["vendor"].counts[Verdict.ONLY_OURS] == 1
    with differences.open(newline="") as opened:
        told = {(row["product"], row["field"]): (row["what"], row["ours"], row["theirs"])
                for row in csv.DictReader(opened)}
    assert told["handle:lamp-1", "variants[L1].price"] == ("different", "11.00", "10.99")
    assert told["handle:lamp-2", "handle"] == ("different", "lamp-2", "old-lamp-2")
    assert told["handle:lamp-2", "vendor"] == ("only in ours", "Acme", "")


def test_a_file_of_few_columns_is_compared_in_those(context: Context, shelf: Shelf, tmp_path: Path) -> None:
    ingest(context)
    file = old_file(tmp_path / "old", [lamp(number) for number in range(1, 6)],
                    ("Handle", "Title", "Variant SKU", "Variant Price"))
    found = compare(context, file)
    assert found.both == 5
    assert not found.fields["body_html"].spoken_of
    assert found.fields["variants[].price"].share == 1.0


def test_neither_side_is_changed(context: Context, shelf: Shelf, tmp_path: Path) -> None:
    ingest(context)
    file = old_file(tmp_path / "old", [{**lamp(1), "Variant Price": "1.00"}])
    before = file.read_bytes()
    one, other = compare(context, file), compare(context, file)
    assert one.share == other.share < 1
    assert file.read_bytes() == before


def test_what_is_no_product_csv_is_told(context: Context, shelf: Shelf, tmp_path: Path) -> None:
    ingest(context)
    file = tmp_path / "nonsense.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(CatalogError):
        compare(context, file)


def test_an_empty_catalog_is_told(context: Context, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="The catalog has no product yet"):
        compare(context, old_file(tmp_path / "old", [lamp(1)]))
