"""Progress: what people read of a running push, computed from counts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.progress import Progress

HALF_WAY = Progress(plan_id="p", lane="content", run_id=None, total=1000, confirmed=480, failed=12, set_aside=8,
                    points=5000.0, estimate=10_000.0, seconds=40.0, restore_rate=100.0, bucket=2000.0)


def test_what_is_left_and_how_fast_it_goes() -> None:
    assert (HALF_WAY.decided, HALF_WAY.left, HALF_WAY.rate) == (500, 500, 125.0)


def test_the_share_of_the_limit_is_what_was_charged_of_what_could_have_been() -> None:
    assert HALF_WAY.share == pytest.approx(5000 / (2000 + 40 * 100))
    assert replace(HALF_WAY, restore_rate=0.0, bucket=0.0).share is None


def test_the_rest_takes_as_long_as_its_points_need_to_come_back() -> None:
    # 500 items of 10 points, of which 1,000 points are at hand.
    assert HALF_WAY.seconds_left == pytest.approx((5000 - 1000) / 100)
    assert replace(HALF_WAY, finished=True).seconds_left == 0.0
    assert replace(HALF_WAY, confirmed=980).seconds_left == 0.0


def test_before_anything_is_decided_the_plan_s_estimate_counts() -> None:
    begun = replace(HALF_WAY, confirmed=0, failed=0, set_aside=0, points=0.0, seconds=0.0)
    assert begun.seconds_left == pytest.approx((10_000 - 2000) / 100)
    assert replace(begun, restore_rate=0.0).seconds_left is None


@pytest.mark.parametrize(("progress", "sentence"), [
    (HALF_WAY, "content: 500 of 1000 items (12 refused, 8 set aside), 5000 points, 83% of the limit, about 40 s left"),
    (replace(HALF_WAY, stopped="SIGTERM was received"),
     "content: 500 of 1000 items (12 refused, 8 set aside), 5000 points, 83% of the limit; stopped: SIGTERM was "
     "received, 500 left"),
    (Progress(plan_id="p", lane="stock", run_id=None, total=3, confirmed=3, points=10.0, seconds=1.0, finished=True),
     "stock: 3 of 3 items, 10 points"),
])
def test_one_line_says_it_all(progress: Progress, sentence: str) -> None:
    assert progress.sentence() == sentence


@given(st.builds(
    Progress, plan_id=st.just("p"), lane=st.just("price"), run_id=st.none(), total=st.integers(0, 10**6),
    confirmed=st.integers(0, 10**6), failed=st.integers(0, 99), set_aside=st.integers(0, 99),
    points=st.floats(0, 1e7), estimate=st.floats(0, 1e7), seconds=st.floats(0, 1e5),
    restore_rate=st.sampled_from([0.0, 100.0, 1000.0]), bucket=st.sampled_from([0.0, 2000.0])))
def test_whatever_is_counted_gives_figures_that_make_sense(progress: Progress) -> None:
    assert progress.left >= 0
    assert progress.rate >= 0
    assert progress.share is None or 0 <= progress.share <= 1
    assert progress.seconds_left is None or progress.seconds_left >= 0
    assert progress.sentence()
