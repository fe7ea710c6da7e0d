"""`shopsync catalog`: what an operator reads of imports, and how one is approved or rolled back."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.errors import DeliveryRefusedError
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import recent_imports
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.cli.conftest import Operator
from shopsync_pipeline_tests.engine.shelf import Shelf

FIGURES = "0 appeared, 2 changed (content 1, pricing 2, lifecycle 1), 0 vanished, 18 as before"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def context(make_settings: Callable[..., Settings], operator: Operator) -> Context:
    """The operator's database and export."""
    return Context.open(make_settings())


@pytest.fixture
def two(context: Context, shelf: Shelf) -> list[str]:
    """Two imports; the second has another price, a new title with markup in it, and a value that is no price."""
    first = ingest(context).import_id
    shelf.change("L1", price="99.00", title="[bold]Lamp[/bold]")
    shelf.change("L2", price="twelve")
    return [first, ingest(context).import_id]


def test_imports_are_listed_with_what_they_changed(operator: Operator, two: list[str]) -> None:
    assert operator.told("catalog", "imports", "--most", "1").splitlines()[0].startswith(f"{two[1]}  ")
    lines = operator.told("catalog", "imports").splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == two[::-1]
    assert "  current  " in lines[0]
    assert "1 file" in lines[0]
    assert f"    20 products: {FIGURES}" in lines
    assert "    1 quarantined" in lines
    assert "    20 products: 20 appeared, 0 changed, 0 vanished, 0 as before" in lines


def test_before_the_first_import_there_is_nothing_to_list(operator: Operator) -> None:
    assert operator.told("catalog", "imports") == "There was no import yet.\n"


def test_changes_are_told_field_by_field(operator: Operator, two: list[str]) -> None:
    told = operator.told("catalog", "changes", two[1])
    assert told.startswith(FIGURES)
    assert "  changed  handle:lamp-1\n" in told
    assert "      title: Lamp 1 → [bold]Lamp[/bold]\n" in told
    assert "      variants[L1].price: 11.00 → 99.00\n" in told
    assert "      variants[L2].price: 12.00 → —\n" in told
    only = operator.told("catalog", "changes", two[1], "--group", "content")
    assert ("handle:lamp-1" in only, "handle:lamp-2" in only) == (True, False)
    assert "changed" not in operator.told("catalog", "changes", two[1], "--kind", "vanished").splitlines()[1:]
    paged = operator.told("catalog", "changes", two[0], "--most", "3", "--skip", "3")
    assert paged.count("  appeared  ") == 3
    assert "… there may be more: --skip 6" in paged


def test_two_imports_are_compared(operator: Operator, two: list[str]) -> None:
    told = operator.told("catalog", "compare", two[0])
    assert told == operator.told("catalog", "compare", two[1], two[0])
    assert told.splitlines()[0].startswith(f"from {two[0]}")
    assert told.splitlines()[1].startswith(f"to   {two[1]}")
    assert FIGURES in told
    assert "content, for example:\n  changed  handle:lamp-1\n      title: Lamp 1 → [bold]Lamp[/bold]\n" in told


def test_a_refused_delivery_is_approved(operator: Operator, context: Context, shelf: Shelf, two: list[str]) -> None:
    for number in range(1, 9):
        shelf.remove(f"L{number}")
    with pytest.raises(DeliveryRefusedError):
        ingest(context)
    refused = recent_imports(context)[0].import_id
    listed = operator.told("catalog", "imports")
    assert "    refused: The delivery has 12 products that can be sold, the last one had 20: 40% less" in listed

    told = operator.told("catalog", "approve", refused, "--reason", "eight lamps fewer", "--by", "Ada")

    assert f"The delivery of import {refused} is taken when it is read next." in told
    assert "    approved by Ada: eight lamps fewer" in operator.told("catalog", "imports")
    assert ingest(context).products == 12
    again = operator.refused("catalog", "approve", refused, "--reason", "x")
    assert "is taken, so there is nothing to approve" in again


def test_the_catalog_is_rolled_back(operator: Operator, context: Context, two: list[str]) -> None:
    told = operator.told("catalog", "rollback", two[0], "--reason", "wrong price", "--by", "Ada")
    assert f"The catalog is what it was after import {two[0]} of " in told
    assert f"{FIGURES}." in told
    made = recent_imports(context)[0].import_id
    assert f"This is import {made}." in told
    listed = operator.told("catalog", "imports")
    assert f"    rollback to {two[0]} by Ada: wrong price" in listed
    assert "    rolled back by Ada: wrong price" in listed
    assert "Import " + made + " is what the catalog stands on" in operator.refused(
        "catalog", "rollback", made, "--reason", "x")


def test_the_quarantine_is_shown_and_written(operator: Operator, two: list[str], tmp_path: Path) -> None:
    told = operator.told("catalog", "quarantine")
    assert told.splitlines()[0] == "value  shop.csv, line 3, Variant Price: twelve"
    assert told == operator.told("catalog", "quarantine", two[1], "--kind", "value")
    assert operator.told("catalog", "quarantine", "--kind", "unmatched") == "Nothing is in quarantine.\n"
    assert operator.told("catalog", "quarantine", two[0]) == "Nothing is in quarantine.\n"
    file = tmp_path / "rows.csv"
    assert f"1 quarantined rows are in {file}." in operator.told("catalog", "quarantine", "--csv", str(file))
    with file.open(newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert (row["kind"], row["file"], row["line"], row["column"], row["value"]) == (
        "value", "shop.csv", "3", "Variant Price", "twelve")


def test_more_than_a_screenful_of_quarantine_is_counted(operator: Operator, context: Context, shelf: Shelf) -> None:
    shelf.rows |= {f"X{number}": {**shelf.rows["L1"], "Handle": f"x-{number}", "Variant SKU": f"X{number}",
                                  "Variant Price": "none"} for number in range(25)}
    shelf.write()
    ingest(context)
    told = operator.told("catalog", "quarantine")
    assert told.count("value  shop.csv") == 20
    assert "… and 5 more; --csv FILE writes them all." in told


def test_a_product_is_explained(operator: Operator, two: list[str]) -> None:
    told = operator.told("catalog", "explain", "L1", "title")
    assert told.startswith(f"handle:lamp-1, read in import {two[1]} of ")
    assert told.splitlines()[1:] == [
        "title = [bold]Lamp[/bold]", "    by column Title", "    from shop, line 2 of shop.csv"]
    assert "variants[L3].price" in operator.told("catalog", "explain", "lamp-3")


@pytest.mark.parametrize(("arguments", "sentence"), [
    (("changes", "nope"), "This shop has no import nope"), (("compare", "nope"), "This shop has no import nope"),
    (("approve", "nope", "--reason", "x"), "This shop has no import nope"),
    (("rollback", "nope", "--reason", "x"), "This shop has no import nope"),
    (("quarantine", "nope"), "This shop has no import nope"), (("explain", "nope"), "The catalog has no product nope"),
    (("quarantine",), "has no catalog yet"),
])
def test_what_cannot_be_done_is_one_sentence(operator: Operator, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in operator.refused("catalog", *arguments)
