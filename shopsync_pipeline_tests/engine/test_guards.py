"""A delivery that was cut short changes nothing, and a plan that empties the shop's window waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.catalog import write_sample_export
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.end_to_end.driving import sync


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Forty products with their feed."""
    return write_sample_export(tmp_path / "export", products=40).directory


def _refusal(context: Context) -> str:
    """What an ingest says that must be refused; the catalog must then be what it was."""
    with context.database.read() as connection:
        before = list(Catalog(connection, context.shop_id).all_documents())
    with pytest.raises(CatalogError) as refused:
        ingest(context)
    with context.database.read() as connection:
        catalog = Catalog(connection, context.shop_id)
        assert list(catalog.all_documents()) == before
        assert catalog.imports()[0].state == "failed"
        assert catalog.imports()[0].error == str(refused.value)
    return str(refused.value)


def test_a_delivery_without_its_feed_is_refused(export: Path, context: Context) -> None:
    ingest(context)
    (feed,) = export.glob("*.csv")
    feed.unlink()
    assert "has 0 rows of price and stock, the last delivery had" in _refusal(context)


def test_a_feed_that_was_cut_short_is_refused(export: Path, context: Context) -> None:
    ingest(context)
    (feed,) = export.glob("*.csv")
    lines = feed.read_text(encoding="utf-8").splitlines(keepends=True)
    feed.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    assert "more than 20% is taken for a delivery cut short" in _refusal(context)


def test_an_export_with_far_fewer_products_is_refused(export: Path, context: Context) -> None:
    ingest(context)
    write_sample_export(export, products=25)
    assert "has 25 products that can be sold, the last delivery had 40: 38% less" in _refusal(context)


def test_a_smaller_export_is_taken_when_the_operator_says_so(export: Path, context: Context,
                                                             make_settings: Callable[..., Settings]) -> None:
    ingest(context)
    write_sample_export(export, products=25)
    assert ingest(Context.open(make_settings(SYNC_MAX_CATALOG_SHRINK=1))).products == 25


def test_a_plan_that_takes_many_products_out_of_sale_is_refused(export: Path, context: Context,
                                                                dev_store: DevStore) -> None:
    sync(context)
    (feed,) = export.glob("*.csv")
    lines = feed.read_text(encoding="utf-8").splitlines(keepends=True)
    feed.write_text("".join(lines[:1] + lines[8:]), encoding="utf-8")  # seven products without a price, of forty
    ingest(context)

    plan = diff(context)

    assert any("would be taken out of sale; the bound is 10% (SYNC_MAX_UNPUBLISHED_SHARE)" in reason
               for reason in plan.refusals)
