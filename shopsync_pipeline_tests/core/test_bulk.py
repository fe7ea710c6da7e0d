"""The share of bulk: both ways end together, and no other split ends sooner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.bulk import (
    MOST_AT_ONCE,
    UNMEASURED,
    BulkSpeed,
    Sighting,
    lines_per_shard,
    measured,
    share_of_bulk,
    smoothed,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def speed(start: float, rate: float) -> BulkSpeed:
    return BulkSpeed(start_seconds=start, items_per_second=rate, at=NOON)


def makespan(n: int, by_bulk: int, cost: float, rate: float, bucket: float, of: BulkSpeed) -> float:
    """When the later way ends: the oracle, in its own words."""
    points = (n - by_bulk) * cost
    direct = (points - bucket) / rate if points > bucket else 0.0
    return max(direct, of.start_seconds + by_bulk / of.items_per_second if by_bulk else 0.0)


costs = st.floats(0.04, 500)
rates = st.sampled_from([50.0, 100.0, 200.0, 1000.0, 2000.0])
buckets = st.floats(0, 40_000)
speeds = st.builds(speed, st.floats(0, 600), st.floats(0.1, 500))


@given(st.integers(0, 150), costs, rates, buckets, speeds)
def test_no_split_ends_sooner(n: int, cost: float, rate: float, bucket: float, of: BulkSpeed) -> None:
    share = share_of_bulk(n, cost, rate, bucket, of)
    best = min(makespan(n, split, cost, rate, bucket, of) for split in range(n + 1))
    assert 0 <= share <= n
    assert makespan(n, share, cost, rate, bucket, of) <= best + 1e-6


@given(st.integers(0, 10**6), st.integers(0, 10**6), costs, rates, buckets, speeds)
def test_more_items_never_mean_fewer_in_bulk(n: int, more: int, cost: float, rate: float, bucket: float,
                                             of: BulkSpeed) -> None:
    assert share_of_bulk(n, cost, rate, bucket, of) <= share_of_bulk(n + more, cost, rate, bucket, of) <= n + more


@given(st.integers(1, 10**5), costs, rates, buckets)
def test_the_first_run_takes_careful_figures(n: int, cost: float, rate: float, bucket: float) -> None:
    assert share_of_bulk(n, cost, rate, bucket, None) == share_of_bulk(n, cost, rate, bucket, UNMEASURED)


def test_what_the_bucket_holds_goes_directly() -> None:
    assert share_of_bulk(1000, 10, 100, 10_000, speed(1, 1000)) == 0


def test_both_ways_end_together() -> None:
    # 10 a second directly, 40 a second by bulk after 20 s: 564 items take 56.4 s directly, the other 1,456 by bulk too.
    assert share_of_bulk(2020, 10, 100, 0, speed(20, 40)) == 1456
    assert makespan(2020, 1456, 10, 100, 0, speed(20, 40)) == pytest.approx(56.4)


def test_a_few_items_are_not_worth_an_operation() -> None:
    assert share_of_bulk(100, 10, 100, 0, speed(30, 1000)) == 0


@pytest.mark.parametrize(("n", "lines"), [(1, 1), (199, 199), (200, 100), (301, 101), (500, 100), (100_000, 20_000)])
def test_a_lane_is_divided_over_the_operations_that_may_run_at_once(n: int, lines: int) -> None:
    assert lines_per_shard(n) == lines


@given(st.integers(1, 10**6))
def test_shards_are_enough_and_never_too_many(n: int) -> None:
    shards = -(-n // lines_per_shard(n))
    assert shards <= MOST_AT_ONCE
    assert lines_per_shard(n) * shards >= n


def test_start_and_rate_are_told_apart_by_two_looks() -> None:
    seen = [Sighting(2, 0), Sighting(12, 20), Sighting(22, 120)]
    assert measured(seen, NOON) == speed(10, 10)
    assert measured(seen, NOON, at_once=3) == speed(10, 30)


def test_an_operation_that_ended_between_two_looks_tells_one_time() -> None:
    assert measured([Sighting(1, 0), Sighting(4, 40)], NOON) == speed(4, 10)


def test_an_operation_that_did_nothing_tells_nothing() -> None:
    assert measured([Sighting(1, 0), Sighting(9, 0)], NOON) is None
    assert measured([], NOON) is None


@given(st.lists(st.tuples(st.floats(0.001, 5000), st.integers(0, 10**6)), min_size=1, max_size=8))
def test_any_sightings_give_a_usable_speed(seen: list[tuple[float, int]]) -> None:
    times, counts = sorted(t for t, _ in seen), sorted(c for _, c in seen)
    found = measured([Sighting(t, c) for t, c in zip(times, counts, strict=True)], NOON)
    assert (found is None) == (counts[-1] == 0)
    if found is not None:
        assert found.start_seconds >= 0
        assert found.items_per_second > 0


def test_the_first_measurement_replaces_the_guess_and_later_ones_move_it() -> None:
    first, later = speed(10, 10), BulkSpeed(start_seconds=20, items_per_second=40, at=NOON + timedelta(days=1))
    assert smoothed(None, first) == first
    moved = smoothed(first, later)
    assert moved.start_seconds == pytest.approx(14)
    assert moved.items_per_second == pytest.approx(1 / (0.6 / 10 + 0.4 / 40))
    assert moved.at == later.at
