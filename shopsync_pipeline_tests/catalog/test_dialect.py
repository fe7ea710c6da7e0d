"""The dialect of a table: told by its bytes, then by its zip's name, then by the rest of the delivery."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.catalog import find_delivery
from shopsync_pipeline.catalog.dialect import Evidence, named, settled
from shopsync_pipeline_tests.catalog.exports import Cell, attribute, mysql, tables
from shopsync_pipeline_tests.catalog.shapes import Recorded, mssql


def verdict(text: str | bytes) -> str:
    evidence = Evidence()
    evidence.look(text.encode() if isinstance(text, str) else text)
    return evidence.verdict()


@pytest.mark.parametrize(("line", "expected"), [
    ('11,"15.9\\" wide",1', "mysql"),
    ('11,"15.9\\"",1', "mysql"),
    ("11,\\N,1", "mysql"),
    ("\\N,11", "mysql"),
    ('11,"15.9"" wide",1', "mssql"),
    ('11,"15.9""",1', "mssql"),
    ('11,"""Big"" one",1', "mssql"),
    ('11,"C:\\Programs",1', "mssql"),
    ('11,"a\\""b",1', "mssql"),
    ('11,"C:\\",1', ""),
    ('11,"C:\\\\new",1', ""),
    ('11,"",1,"plain"', ""),
    ("11,1,2", ""),
])
def test_what_one_line_tells(line: str, expected: str) -> None:
    assert verdict(f"{line}\r\n") == expected


def test_one_stray_sign_does_not_outweigh_the_rest() -> None:
    assert verdict('11,"a\\" b",1\r\n' * 5 + '11,"C:\\Programs",1\r\n') == "mysql"
    assert verdict('11,"a\\" b",1\r\n' + '11,"C:\\Programs",1\r\n' * 5) == "mssql"


TEXT = st.text(st.sampled_from('ab ",\\N\n'), max_size=8)


@given(st.lists(st.tuples(st.integers(1, 99), TEXT), min_size=1, max_size=30))
def test_no_file_is_taken_for_the_other_dialect_against_its_quotes(rows: list[tuple[int, str]]) -> None:
    cells: list[tuple[Cell, ...]] = list(rows)
    quoted = any('"' in text for _, text in rows)
    assert verdict(mysql(cells)) != "mssql" or not quoted or any("\\" in text for _, text in rows)
    if not any("\\" in text for _, text in rows):
        assert verdict(mssql(cells)) in ("mssql", "") if quoted else verdict(mssql(cells)) == ""


def test_names() -> None:
    assert named("ACME/basic_EN_US_current_mysql.zip/EN_US_B_product.csv") == "mysql"
    assert named("ACME/basic_EN_US_current_oracle.zip/EN_US_B_product.csv") == "mssql"
    assert named("Productkeywords_EN_US_MSSQL.zip/x.csv") == "mssql"
    assert named("mssql_things/EN_US_B_product.csv") == ""


def test_bytes_then_name_then_the_rest() -> None:
    assert settled([("a_mysql.zip/x", "mssql"), ("b_mysql.zip/x", ""), ("c/x", ""), ("d/x", "mssql")]) == {
        "a_mysql.zip/x": "mssql", "b_mysql.zip/x": "mysql", "c/x": "mssql", "d/x": "mssql"}
    assert settled([("x", "")]) == {"x": "mysql"}


def test_an_unzipped_folder_of_either_dialect_is_read_right(tmp_path: Path) -> None:
    rows = tables()
    value = 'C:\\new "15.9""" wide\\'
    rows["EN_US_B_productattributes"].append(attribute(11, 3411122, value))
    for dialect, written in (("mysql", mysql), ("mssql", mssql)):
        folder = tmp_path / dialect / "export"
        folder.mkdir(parents=True)
        for name, given_rows in rows.items():
            (folder / f"{name}.csv").write_bytes(written(given_rows).encode())
        recorded = Recorded(tmp_path / dialect)
        assert [spec.value for spec in recorded.only.specs] == ["Acme", "Red", value]
        assert recorded.quarantine == []
        (file,) = [file for file in find_delivery(folder).files if file.table == "productattribute"]
        assert file.dialect == dialect
