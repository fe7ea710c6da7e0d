"""Page by page or in bulk: whichever ends sooner, by what is known of the shop."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.whole_read import Measured, in_bulk, seconds_by_pages, seconds_in_bulk

STANDARD = {"restore_rate": 100.0, "bucket": 2_000.0}
PLUS = {"restore_rate": 1_000.0, "bucket": 20_000.0}


@pytest.mark.parametrize("shop", [STANDARD, PLUS])
def test_a_small_shop_is_read_by_pages_and_a_large_one_in_bulk(shop: dict[str, float]) -> None:
    assert not in_bulk(500, **shop)
    assert in_bulk(20_000, **shop)


def test_an_empty_bucket_makes_pages_slow_sooner() -> None:
    assert not in_bulk(3_000, **STANDARD)
    assert in_bulk(3_000, restore_rate=100.0, bucket=0.0)


def test_what_the_last_reads_took_counts_more_than_a_guess() -> None:
    slow = Measured(products=10_000, seconds=1_000)
    assert in_bulk(10_000, **PLUS)
    assert not in_bulk(10_000, **PLUS, last_bulk=slow)
    assert in_bulk(10_000, **PLUS, last_bulk=slow, last_pages=Measured(products=10_000, seconds=2_000))


def test_a_read_of_a_few_products_is_no_measure() -> None:
    few = Measured(products=10, seconds=60)
    assert seconds_in_bulk(100_000, last=few) == seconds_in_bulk(100_000)
    assert seconds_by_pages(100_000, **STANDARD, last=few) == seconds_by_pages(100_000, **STANDARD)


def test_a_measured_bulk_read_still_has_its_beginning() -> None:
    last = Measured(products=100_000, seconds=108)
    assert seconds_in_bulk(100_000, last=last) == pytest.approx(108)
    assert seconds_in_bulk(0, last=last) == seconds_in_bulk(0)
