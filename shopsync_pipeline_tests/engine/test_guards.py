"""A delivery that was cut short changes nothing, and a plan that empties the shop's window waits for a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.catalog import write_sample_export
from shopsync_pipeline.core.errors import CatalogError, DeliveryRefusedError
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.imports import approve_import, recent_imports
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.review import documents
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.end_to_end.driving import sync


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Forty products with their feed."""
    return write_sample_export(tmp_path / "export", products=40).directory


def _refusal(context: Context) -> str:
    """What an ingest says that must be refused; the catalog must then be what it was."""
    before = list(documents(context))
    with pytest.raises(DeliveryRefusedError) as refused:
        ingest(context)
    assert list(documents(context)) == before
    newest = recent_imports(context)[0]
    assert newest.state == "refused"
    assert newest.refusals
    assert all(reason in str(refused.value) for reason in newest.refusals)
    assert f"shopsync catalog approve {newest.import_id} --reason" in str(refused.value)
    return str(refused.value)


def test_a_delivery_without_its_feed_is_refused(export: Path, context: Context) -> None:
    ingest(context)
    (feed,) = export.glob("*.csv")
    feed.unlink()
    assert "feed has 0 rows, in the last delivery it had" in _refusal(context)


def test_a_feed_that_was_cut_short_is_refused(export: Path, context: Context) -> None:
    ingest(context)
    (feed,) = export.glob("*.csv")
    lines = feed.read_text(encoding="utf-8").splitlines(keepends=True)
    feed.write_text("".join(lines[: len(lines) // 3]), encoding="utf-8")
    assert "more than 50% is taken for a file cut short (SYNC_MAX_TABLE_SHRINK)" in _refusal(context)


def test_an_export_with_far_fewer_products_is_refused(export: Path, context: Context) -> None:
    ingest(context)
    write_sample_export(export, products=25)
    told = _refusal(context)
    assert "has 25 products that can be sold, the last one had 40: 38% less" in told
    assert "SYNC_MAX_CATALOG_SHRINK" in told


def test_a_smaller_export_is_taken_when_the_settings_allow_it(export: Path, context: Context,
                                                              make_settings: Callable[..., Settings]) -> None:
    ingest(context)
    write_sample_export(export, products=25)
    assert ingest(Context.open(make_settings(SYNC_MAX_CATALOG_SHRINK=1))).products == 25


def test_a_refused_delivery_is_taken_once_a_person_approved_it(export: Path, context: Context) -> None:
    ingest(context)
    write_sample_export(export, products=25)
    _refusal(context)
    refused = recent_imports(context)[0]
    approve_import(context, refused.import_id, by=" Ada ", reason="a new assortment")

    report = ingest(context)

    assert (report.products, report.approved_by) == (25, "Ada")
    assert report.refusals == refused.refusals
    taken, approved, _ = recent_imports(context)
    assert (taken.state, taken.approved_by, taken.approval_reason) == ("current", "Ada", "a new assortment")
    assert approved.state == "taken"
    write_sample_export(export, products=15)
    _refusal(context)


def test_an_approval_is_for_one_delivery(export: Path, context: Context) -> None:
    ingest(context)
    write_sample_export(export, products=25)
    _refusal(context)
    approve_import(context, recent_imports(context)[0].import_id, by="Ada", reason="a new assortment")
    write_sample_export(export, products=20)
    assert "has 20 products" in _refusal(context)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_what_was_refused_can_be_approved_and_only_with_a_name_and_a_reason(export: Path,
                                                                                 context: Context) -> None:
    current = ingest(context).import_id
    write_sample_export(export, products=25)
    _refusal(context)
    refused = recent_imports(context)[0].import_id
    for import_id, by, reason, told in (
        (current, "Ada", "x", "is current, so there is nothing to approve"),
        ("nope", "Ada", "x", "This shop has no import nope"),
        (refused, " ", "x", "needs a name and a reason"), (refused, "Ada", "", "needs a name and a reason"),
    ):
        with pytest.raises(CatalogError, match=told):
            approve_import(context, import_id, by=by, reason=reason)


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
