"""Where the catalog's values come from: the import of that time, and rows where the import kept them."""

from __future__ import annotations

from datetime import timedelta

from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.origins import Origin, catalog_values, import_before, origin_of
from shopsync_pipeline.db.rows import now
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document


def test_the_import_that_the_catalog_stood_on(database: Database) -> None:
    instants = [now()]
    made = []
    for number in (1, 2):
        with database.write() as connection:
            catalog = Catalog(connection, SHOP)
            made.append(catalog.start_import(f"delivery {number}", f"d{number}"))
            catalog.finish_import(made[-1], "current", {})
            catalog.finish_import(catalog.start_import("broken", "x"), "failed", {}, "no file")
        instants.append(now())
    with database.read() as connection:
        found = [import_before(connection, SHOP, instant) for instant in instants]
        assert import_before(connection, OTHER, now() + timedelta(days=1)) is None
    assert found == [None, (made[0], "delivery 1"), (made[1], "delivery 2")]


def test_what_the_catalog_says_and_by_which_import(database: Database) -> None:
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        import_id = catalog.start_import("delivery", "d")
        catalog.replace(import_id, [("a", document(title="Pot"))])
        values, origins = catalog_values(connection, SHOP, "a")
        assert catalog_values(connection, SHOP, "b") == ({}, {})
    assert values == {"title": "Pot"}
    assert origins["title"].import_id == import_id  # type: ignore[index]


def test_rows_are_told_by_file_and_line() -> None:
    files = [{"name": "products.csv"}, {"name": "feed.csv"}]
    assert origin_of("i", ["title template", [0, 7], [1, 3], [9, 1]], files) == Origin(
        "i", "title template", ("products.csv:7", "feed.csv:3"))
    assert origin_of("i", None, files) == Origin("i", "", ())
