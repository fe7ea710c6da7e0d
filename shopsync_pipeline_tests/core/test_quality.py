"""Findings held to thresholds: what is within, what warns, what fails, what blocks; stock that grows old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.core.quality import (
    BY_NAME,
    CHECKS,
    DEFAULTS,
    Example,
    Finding,
    Severity,
    Threshold,
    aged,
    judge,
    refusals,
)

WARN, ERROR = Severity.WARN, Severity.ERROR


@pytest.mark.parametrize(("count", "total", "severity"), [
    (0, 100, None), (5, 100, None), (6, 100, WARN), (50, 100, WARN), (51, 100, ERROR), (100, 100, ERROR), (0, 0, None),
])
def test_a_share_above_a_limit_is_worse_than_it_and_one_at_it_is_not(
        count: int, total: int, severity: Severity | None) -> None:
    assert judge(Finding("missing_price", count, total)).severity is severity


@pytest.mark.parametrize(("threshold", "severity"), [
    (Threshold(), None), (Threshold(warn=0.0), WARN), (Threshold(fail=0.5), ERROR), (Threshold(warn=1.0), None),
    (Threshold(warn=0.9, fail=0.5), ERROR),
])
def test_the_shops_own_threshold_counts(threshold: Threshold, severity: Severity | None) -> None:
    assert judge(Finding("mojibake", 6, 10), {"mojibake": threshold}).severity is severity


def test_a_check_that_the_mapping_file_does_not_name_has_its_usual_threshold() -> None:
    verdict = judge(Finding("duplicate_sku", 1, 1000), {"mojibake": Threshold()})
    assert (verdict.threshold, verdict.severity) == (DEFAULTS["duplicate_sku"], WARN)


@pytest.mark.parametrize(("finding", "sentence"), [
    (Finding("missing_price", 0, 85_000), "0 of 85,000 products have a variant without a price"),
    (Finding("missing_price", 6_000, 85_000),
     "6,000 of 85,000 products have a variant without a price: 7.06 %, and more than 5 % is worth a look"),
    (Finding("duplicate_sku", 2, 20),
     "2 of 20 products share a SKU with one before them: 10 %, and more than 1 % is an error"),
    (Finding("duplicate_sku", 2, 1_000), "2 of 1,000 products share a SKU with one before them: 0.2 %"),
    (Finding("unmatched_feed_rows", 95, 100),
     "95 of 100 feed rows belong to no product of the catalog: 95 %, and more than 90 % is an error"),
])
def test_a_verdict_is_a_sentence_with_the_figures(finding: Finding, sentence: str) -> None:
    assert judge(finding).sentence == sentence


def test_only_a_blocking_check_that_fails_keeps_an_import_out() -> None:
    findings = [Finding("duplicate_sku", 9, 10), Finding("mojibake", 9, 10), Finding("missing_price", 3, 10)]
    assert refusals(findings) == []
    blocking = {"mojibake": Threshold(warn=0.0, fail=0.5, blocking=True),
                "missing_price": Threshold(warn=0.0, fail=0.5, blocking=True)}
    assert refusals(findings, blocking) == [
        "9 of 10 products have text in the wrong encoding: 90 %, and more than 50 % is an error (mojibake)."]


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STOCK = Finding("stale_stock", 70, 80, (Example("", "stock_at", "2026-03-01T07:00:00-05:00", ""),))


@pytest.mark.parametrize(("hours", "stale"), [(0, 0), (47.9, 0), (48.1, 70), (74, 70)])
def test_stock_counts_as_stale_once_its_time_is_too_long_ago(hours: float, stale: int) -> None:
    assert aged(STOCK, NOON + timedelta(hours=hours)).count == stale


def test_stale_stock_says_how_old_it_is_and_what_the_limit_is() -> None:
    (example,) = aged(STOCK, NOON + timedelta(hours=74), hours=24).examples
    assert example.sentence == "the stock figures are 74 hours old; the limit is 24. See why no newer feed came."


def test_stock_whose_time_is_not_known_is_not_called_stale() -> None:
    assert aged(Finding("stale_stock", 70, 80), NOON).count == 0


def test_every_check_says_what_it_wants_and_has_limits_in_order() -> None:
    assert len(BY_NAME) == len(CHECKS) == 13
    for check in CHECKS:
        assert check.name.islower()
        assert " " not in check.name
        assert check.description.endswith(".") or check.description.endswith(").")
        warn, fail = check.threshold.warn, check.threshold.fail
        assert warn is not None
        assert fail is not None
        assert 0 <= warn < fail <= 1
        assert not check.threshold.blocking
