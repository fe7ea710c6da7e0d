"""A delivery becomes the catalog as a whole, or the catalog stays what it was."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.db.imports import Import
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import recent_imports
from shopsync_pipeline.engine.ingest import ingest, quarantined_rows, recognise
from shopsync_pipeline.engine.review import documents
from shopsync_pipeline_tests.engine.shelf import Shelf


def imports(context: Context) -> list[Import]:
    return recent_imports(context)


def titles(context: Context) -> dict[str, object]:
    return {key: document[path] for key, document in documents(context) for path in document if path == "title"}


def test_a_delivery_becomes_the_catalog(context: Context, shelf: Shelf) -> None:
    report = ingest(context)

    assert (report.products, report.switch.appeared, report.quarantined) == (5, 5, 0)
    assert titles(context) == {f"handle:lamp-{n}": f"Lamp {n}" for n in range(1, 6)}
    assert [(one.state, one.delivery_digest) for one in imports(context)] == [("current", report.digest)]


def test_an_unchanged_delivery_is_not_read_again(context: Context, shelf: Shelf) -> None:
    first = ingest(context)
    shelf.write()

    again = ingest(context)

    assert again.unchanged
    assert (again.import_id, again.products) == (first.import_id, 5)
    assert len(imports(context)) == 1


def test_the_next_delivery_says_what_appeared_changed_and_vanished(context: Context, shelf: Shelf) -> None:
    ingest(context)
    shelf.remove("L5")
    shelf.change("L1", title="Lamp One")

    switch = ingest(context).switch

    assert (switch.appeared, switch.changed, switch.vanished, switch.unchanged) == (0, 1, 1, 3)
    assert titles(context)["handle:lamp-1"] == "Lamp One"
    assert "handle:lamp-5" not in titles(context)
    assert sorted(one.state for one in imports(context)) == ["current", "superseded"]


def test_an_import_keeps_its_files_and_what_it_changed(context: Context, shelf: Shelf) -> None:
    ingest(context)
    shelf.change("L1", title="Lamp One", price="99.00")

    report = ingest(context)

    assert report.switch.groups == {"content": 1, "pricing": 1}
    newest, first = imports(context)
    assert (newest.switch, newest.products, newest.import_id) == (report.switch, 5, report.import_id)
    assert first.switch is not None
    assert first.switch.appeared == 5
    (file,) = newest.files
    assert (file["name"], file["encoding"], file["role"], file["lines"]) == ("shop.csv", "utf-8", "shopify_template", 6)
    assert file["size"] == shelf.file.stat().st_size
    assert report.files == newest.files


def test_a_delivery_without_products_leaves_yesterdays_catalog(context: Context, shelf: Shelf) -> None:
    yesterday = ingest(context)
    nothing_for_sale = ",".join(shelf.rows["L1"]) + "\n" + "," * (len(shelf.rows["L1"]) - 1) + "\n"
    shelf.file.write_text(nothing_for_sale)

    with pytest.raises(CatalogError, match="holds no product that can be sold"):
        ingest(context)

    assert len(titles(context)) == 5
    (current,) = [one for one in imports(context) if one.state == "current"]
    (failed,) = [one for one in imports(context) if one.state == "refused"]
    assert current.import_id == yesterday.import_id
    assert failed.error is not None
    assert "holds no product that can be sold" in failed.error
    assert failed.finished_at is not None
    shelf.write()
    assert ingest(context).unchanged, "the good delivery is still the current one"


def test_a_delivery_that_is_not_there_changes_nothing(context: Context, shelf: Shelf) -> None:
    ingest(context)
    shelf.file.unlink()

    for look in (ingest, recognise):
        with pytest.raises(CatalogError, match="holds no export"):
            look(context)

    assert len(titles(context)) == 5
    assert [(one.state, "holds no export" in (one.error or "")) for one in imports(context)] == [
        ("failed", True), ("failed", True), ("current", False)]


def test_a_value_that_cannot_be_read_is_kept_with_its_reason(context: Context, shelf: Shelf) -> None:
    shelf.change("L2", price="twelve")

    report = ingest(context)

    assert (report.products, report.quarantined) == (5, 1)
    (row,) = quarantined_rows(context, None, 10)
    assert (row.file, row.line, row.column, row.value, row.kind) == (
        "shop.csv", 3, "Variant Price", "twelve", "value")
    assert 'Variant Price for L2 is "twelve"' in row.reason
    shelf.change("L2", price="12.50")
    ingest(context)
    assert quarantined_rows(context, None, 10) == []
    assert len(quarantined_rows(context, report.import_id, 10)) == 1, "an earlier import keeps its rows"
