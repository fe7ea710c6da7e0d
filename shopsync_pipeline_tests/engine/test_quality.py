"""What an import finds is kept with it, read back as verdicts, and refuses the import only where it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.observer import Observer
from shopsync_pipeline.core.quality import CHECKS, Severity, Threshold
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.quality import Findings
from shopsync_pipeline.db.quarantine import Quarantined
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.staged import CatalogRow
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.quality import keep_findings, quality
from shopsync_pipeline_tests.engine.shelf import Shelf

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIELDS: dict[Path, Value] = {
    Path("title"): "CafÃ©", Path("product_type"): "Cups", Path("images"): [{"source": "x", "alt": ""}],
    Path("variants[C].sku"): "C", Path("variants[C].price"): "1.00", Path("variants[C].stock[default]"): 1,
}


def imported(context: Context, products: dict[str, dict[Path, Value]], *,
             thresholds: dict[str, Threshold] | None = None, now: datetime = NOON) -> str:
    """An import as the ingest makes one: findings are kept in the transaction of the switch."""
    observer = Observer()
    with context.database.write() as connection:
        import_id = Imports(connection, context.shop_id).start("here", "digest")
    with context.database.write() as connection:
        catalog = Catalog(connection, context.shop_id)
        for key, fields in products.items():
            observer.observe(key, fields)
        switch = catalog.replace(import_id, [CatalogRow(key, digests(fields), to_text(fields))
                                             for key, fields in products.items()])
        keep_findings(
            connection, context.shop_id, import_id, observer, {"rows.read": 10, "rows.quarantined": 1},
            quarantine=[Quarantined("feed.csv", 8, "price", "free", "not a decimal number"),
                        Quarantined("skus.csv", 2, "upc", "123", "3 digits where a GTIN has 8, 12, 13 or 14", "value"),
                        ], stock_at=NOON,
            thresholds=thresholds or {}, now=now)
        Imports(connection, context.shop_id).make_current(import_id, switch, {}, (), ())
    return import_id


def bad(context: Context, now: datetime = NOON, **given: float) -> dict[str, tuple[Severity | None, int]]:
    found = quality(context, now=now, **given)
    assert found is not None
    return {name: (verdict.severity, verdict.finding.count) for name, verdict in found.verdicts.items()
            if verdict.finding.count}


def test_there_are_no_verdicts_before_there_is_a_catalog(context: Context) -> None:
    assert quality(context) is None


def test_what_an_import_found_is_read_back_as_verdicts(context: Context) -> None:
    import_id = imported(context, {"a": FIELDS, "b": FIELDS})
    found = quality(context, now=NOON)
    assert found is not None
    assert found.import_id == import_id
    assert list(found.verdicts) == [check.name for check in CHECKS]
    assert bad(context) == {
        "duplicate_sku": (Severity.ERROR, 1), "mojibake": (Severity.ERROR, 2), "invalid_gtin": (Severity.ERROR, 1),
        "quarantined_rows": (Severity.ERROR, 1)}
    (row,) = found.verdicts["quarantined_rows"].finding.examples
    assert (row.product, row.field, row.value, row.sentence) == ("feed.csv:8", "price", "free", "not a decimal number")


def test_stock_grows_old_without_a_new_import(context: Context) -> None:
    imported(context, {"a": FIELDS})
    assert "stale_stock" not in bad(context, NOON + timedelta(hours=48))
    assert bad(context, NOON + timedelta(hours=49))["stale_stock"] == (Severity.ERROR, 1)
    assert "stale_stock" not in bad(context, NOON + timedelta(hours=49), stock_hours=72)


def test_the_thresholds_of_the_moment_count_not_those_of_the_import(context: Context) -> None:
    imported(context, {"a": FIELDS})
    found = quality(context, {"mojibake": Threshold(warn=0.0, fail=None)}, now=NOON)
    assert found is not None
    assert found.verdicts["mojibake"].severity is Severity.WARN


def test_a_blocking_check_that_fails_leaves_yesterdays_catalog_and_says_the_way_out(context: Context) -> None:
    good = FIELDS | {Path("title"): "Café"}
    yesterday = imported(context, {"a": good})
    blocking = {"mojibake": Threshold(warn=0.0, fail=0.2, blocking=True)}
    with pytest.raises(CatalogError) as refused:
        imported(context, {"a": FIELDS, "b": good}, thresholds=blocking)
    assert str(refused.value) == (
        "The catalog stays as it was, because checks that block it failed. 1 of 2 products have text in the wrong "
        "encoding: 50 %, and more than 20 % is an error (mojibake). Correct the delivery, or raise the threshold or "
        "set blocking = false under [quality] in the mapping file.")
    with context.database.read() as connection:
        assert [key for key, _ in Catalog(connection, context.shop_id).all_documents()] == ["a"]
    found = quality(context, now=NOON)
    assert found is not None
    assert found.import_id == yesterday


def test_stale_stock_can_block_an_import_too(context: Context) -> None:
    blocking = {"stale_stock": Threshold(fail=0.5, blocking=True)}
    imported(context, {"a": FIELDS}, thresholds=blocking, now=NOON + timedelta(hours=47))
    with pytest.raises(CatalogError, match=r"1 of 1 products have stock figures that are too old"):
        imported(context, {"a": FIELDS}, thresholds=blocking, now=NOON + timedelta(hours=49))


def test_the_ingest_looks_at_every_product_and_knows_the_time_of_the_stock(context: Context, shelf: Shelf) -> None:
    shelf.change("L1", image="")
    shelf.change("L2", price="0.00")
    import_id = ingest(context).import_id
    written = datetime.fromtimestamp(shelf.file.stat().st_mtime, UTC)
    assert bad(context, written + timedelta(hours=1)) == {
        "missing_image": (Severity.WARN, 1), "missing_price": (Severity.WARN, 1)}
    assert bad(context, written + timedelta(hours=50))["stale_stock"] == (Severity.ERROR, 5)
    with context.database.read() as connection:
        assert {finding.total for finding in Findings(connection, context.shop_id).of(import_id)} == {5, 0}
