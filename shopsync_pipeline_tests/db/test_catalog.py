"""The catalog: imports that follow each other, and a switch that touches only what changed."""

from __future__ import annotations

from sqlalchemy import select

from shopsync_pipeline.core.fields import Path, Value, digests
from shopsync_pipeline.db.catalog import Catalog, Switch
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.schema import catalog_product
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document

POT: dict[Path, Value] = {Path("variants[B].sku"): "B", Path("variants[A].sku"): "A", Path("title"): "Pot é\x00"}


def test_a_switch_counts_what_it_changed(database: Database) -> None:
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        first = catalog.replace("i1", [("a", document(title="A")), ("b", document(title="B"))])
        again = catalog.replace("i2", [("b", document(title="B")), ("a", document(title="A"))])
        third = catalog.replace("i3", [("a", document(title="A")), ("b", document(title="New")), ("c", POT)])
        last = catalog.replace("i4", [("c", POT)])
        nothing = catalog.replace("i5", [])
    assert first == Switch(appeared=2, changed=0, vanished=0, unchanged=0)
    assert again == Switch(appeared=0, changed=0, vanished=0, unchanged=2)
    assert third == Switch(appeared=1, changed=1, vanished=0, unchanged=1)
    assert last == Switch(appeared=0, changed=0, vanished=2, unchanged=1)
    assert nothing == Switch(appeared=0, changed=0, vanished=1, unchanged=0)


def test_rows_that_did_not_change_are_not_rewritten(database: Database) -> None:
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        catalog.replace("i1", [("a", document(title="A")), ("b", document(title="B"))])
        catalog.replace("i2", [("a", document(title="A")), ("b", document(title="New"))])
        rows = connection.execute(select(catalog_product.c.product_key, catalog_product.c.import_id)).all()
    assert sorted(rows) == [("a", "i1"), ("b", "i2")]


def test_documents_come_back_as_they_were_in_their_own_order(database: Database) -> None:
    with database.write() as connection:
        Catalog(connection, SHOP).replace("i", [("a", POT), ("b", document(title="B"))])
    with database.read() as connection:
        ((key, digest, found),) = Catalog(connection, SHOP).documents(["a", "unknown"])
    assert (key, digest, found) == ("a", digests(POT), POT)
    assert list(found) == list(POT)


def test_many_products_are_read_in_order_of_key(database: Database) -> None:
    keys = [f"k{number:04}" for number in range(1203)]
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        catalog.replace("i", ((key, document(title=key)) for key in reversed(keys)))
        assert catalog.count() == 1203
        assert [(key, dict(found)) for key, found in catalog.all_documents()] == [(k, {"title": k}) for k in keys]
        assert len(list(catalog.documents(keys))) == 1203


def test_shops_do_not_see_each_other(database: Database) -> None:
    with database.write() as connection:
        ours, theirs = Catalog(connection, SHOP), Catalog(connection, OTHER)
        ours.finish_import(ours.start_import("a.zip", "d1"), "current", {})
        theirs.finish_import(theirs.start_import("b.zip", "d2"), "current", {})
        ours.replace("i1", [("a", document(title="A"))])
        assert theirs.replace("i2", [("a", document(title="B"))]) == Switch(1, 0, 0, 0)
        theirs.replace("i2", [])
        assert (ours.count(), theirs.count()) == (1, 0)
        assert [one.source for one in ours.imports()] == ["a.zip"]
        assert getattr(ours.current_import(), "source", None) == "a.zip"


def test_an_import_runs_becomes_current_and_is_superseded(database: Database) -> None:
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        assert catalog.current_import() is None
        first = catalog.start_import("a.zip", "d1")
        (running,) = catalog.imports()
        assert (running.state, running.finished_at, running.counts) == ("running", None, {})
        catalog.finish_import(first, "current", {"products": 2})
        found = catalog.current_import()
        assert found is not None
        assert (found.import_id, found.source, found.delivery_digest, found.counts, found.error) == (
            first, "a.zip", "d1", {"products": 2}, None)
        assert found.finished_at is not None
        assert found.started_at <= found.finished_at
        second = catalog.start_import("b.zip", "d2")
        catalog.finish_import(second, "current", {})
        assert {one.import_id: one.state for one in catalog.imports()} == {first: "superseded", second: "current"}


def test_an_import_that_failed_or_brought_nothing_new_leaves_the_current_one(database: Database) -> None:
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        good = catalog.start_import("a.zip", "d1")
        catalog.finish_import(good, "current", {})
        bad, same = catalog.start_import("b.zip", "d2"), catalog.start_import("a.zip", "d1")
        catalog.finish_import(bad, "failed", {}, "b.zip is no zip")
        catalog.finish_import(same, "unchanged", {})
        found = catalog.current_import()
        assert found is not None
        assert found.import_id == good
        assert {one.import_id: (one.state, one.error) for one in catalog.imports()} == {
            good: ("current", None), bad: ("failed", "b.zip is no zip"), same: ("unchanged", None)}


def test_imports_are_told_newest_first(database: Database) -> None:
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        started = [catalog.start_import(f"{number}.zip", "d") for number in range(4)]
        assert [one.import_id for one in catalog.imports(3)] == started[:0:-1]


def test_rows_that_could_not_be_used_are_kept_in_file_order(database: Database) -> None:
    rows = [{"file": "feed.csv", "line": line, "column_name": "price", "value": "12,50", "reason": "not a number"}
            for line in (7, 3, 9)]
    with database.write() as connection:
        catalog = Catalog(connection, SHOP)
        catalog.set_quarantine("i1", rows)
        catalog.set_quarantine("i2", [])
        found = catalog.quarantined("i1")
        assert [(row["row"], row["line"], row["value"], row["reason"]) for row in found] == [
            (0, 7, "12,50", "not a number"), (1, 3, "12,50", "not a number"), (2, 9, "12,50", "not a number")]
        assert [row["line"] for row in catalog.quarantined("i1", 1)] == [7]
        assert catalog.quarantined("i2") == []
