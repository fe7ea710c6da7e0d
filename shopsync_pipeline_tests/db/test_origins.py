"""Where the catalog's values come from: the import of that time, and rows where the import kept them."""

from __future__ import annotations

from datetime import timedelta

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.origins import Origin, catalog_values, import_before, origin_of
from shopsync_pipeline.db.rows import now
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, take


def test_the_import_that_the_catalog_stood_on(database: Database) -> None:
    instants = [now()]
    made = []
    for number in (1, 2):
        with database.write() as connection:
            import_id, _ = take(connection, SHOP, {"a": document(title=f"Pot {number}")}, digest=f"d{number}")
            made.append(import_id)
            imports = Imports(connection, SHOP)
            imports.fail(imports.start("broken", "x"), "no file")
        instants.append(now())
    with database.read() as connection:
        found = [import_before(connection, SHOP, instant) for instant in instants]
        assert import_before(connection, OTHER, now() + timedelta(days=1)) is None
    assert found == [None, (made[0], "export.zip"), (made[1], "export.zip")]


def test_an_import_that_was_rolled_back_since_was_the_catalog_of_its_time(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, {"a": document(title="Pot")}, digest="d1")
        imports = Imports(connection, SHOP)
        first = imports.current()
        second, _ = take(connection, SHOP, {"a": document(title="Jar")}, digest="d2")
        instant = now()
        assert first is not None
        imports.undo(first.number or 0, first, "Ada", "a bad day")
        assert import_before(connection, SHOP, instant) == (second, "export.zip")


def test_what_the_catalog_says_and_by_which_import(database: Database) -> None:
    with database.write() as connection:
        import_id, _ = take(connection, SHOP, {"a": document(title="Pot")})
        values, origins = catalog_values(connection, SHOP, "a")
        assert catalog_values(connection, SHOP, "b") == ({}, {})
    assert values == {"title": "Pot"}
    assert origins["title"].import_id == import_id  # type: ignore[index]


def test_rows_are_told_by_file_and_line() -> None:
    files = [{"name": "products.csv"}, {"name": "feed.csv"}]
    assert origin_of("i", ["title template", [0, 7], [1, 3, 5], [9, 1]], files) == Origin(
        "i", "title template", ("products.csv:7", "feed.csv:3-5"))
    assert origin_of("i", None, files) == Origin("i", "", ())
