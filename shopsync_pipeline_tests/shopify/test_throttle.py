"""The bucket lets go as much as the shop holds and no more, whatever the order of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopsync_pipeline.shopify.throttle import OwnPoints, PointsBucket, ThrottleStatus
from shopsync_pipeline_tests.shopify.virtual import Server, Time


def run(scenario: Callable[[Time, PointsBucket], Awaitable[None]], **options: Any) -> PointsBucket:
    async def whole() -> PointsBucket:
        time = Time()
        bucket = PointsBucket(clock=time.clock, sleep=time.sleep, **options)

        async def work() -> None:
            await scenario(time, bucket)

        await time.drive(work())
        return bucket

    return asyncio.run(whole())


_delay = st.floats(0, 2, allow_nan=False).map(lambda seconds: round(seconds, 3))
_job = st.tuples(st.integers(1, 100), st.floats(0, 1), st.tuples(_delay, _delay, _delay), _delay)


@given(jobs=st.lists(_job, min_size=1, max_size=12), start=st.integers(0, 100), rate=st.sampled_from([1, 20, 100]),
       concurrent=st.integers(1, 8), silent=st.sets(st.integers(0, 11)))
@settings(max_examples=150, deadline=None)
def test_never_more_is_admitted_than_the_shop_holds(jobs: list[Any], start: int, rate: int, concurrent: int,
                                                    silent: set[int]) -> None:
    """The law of the bucket: with true estimates no request is ever refused, although answers overtake each other, some
    do not tell the status, and some are lost."""

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        server = Server(time, rate=rate, level=100.0)

        async def first() -> None:
            async with bucket.admit(1) as ticket:
                status = await server.serve(1, 1, (0, 0, 0))
                ticket.settle(actual=1, status=status)

        async def one(index: int, requested: int, part: float, delays: tuple[float, float, float],
                      begin: float) -> None:
            await time.sleep(begin)
            async with bucket.admit(requested) as ticket:
                status = await server.serve(requested, requested * part, delays)
                if index not in silent:
                    ticket.settle(actual=requested * part, status=status)
                elif index % 2:
                    ticket.settle(actual=requested * part, status=None)

        await first()
        server.level = bucket_level = min(server.level, float(start))
        async with bucket.admit(0) as ticket:
            ticket.settle(actual=0, status=ThrottleStatus(100.0, bucket_level, rate))
        await asyncio.gather(*(one(index, *job) for index, job in enumerate(jobs)))
        assert server.refused == 0

    bucket = run(scenario, max_concurrent=concurrent)
    assert bucket.throttled == 0


def test_before_the_first_answer_only_one_request_is_in_flight() -> None:
    order: list[str] = []

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        assert (bucket.maximum, bucket.restore_rate, bucket.available) == (None, None, None)

        async def one(name: str) -> None:
            async with bucket.admit(10) as ticket:
                order.append(f"{name} in")
                await time.sleep(1)
                order.append(f"{name} out")
                ticket.settle(actual=10, status=ThrottleStatus(2000, 1990, 100))

        await asyncio.gather(one("a"), one("b"), one("c"))

    bucket = run(scenario)
    assert order[:2] == ["a in", "a out"]
    assert set(order[2:4]) == {"b in", "c in"}
    assert (bucket.maximum, bucket.restore_rate, bucket.spent) == (2000, 100, 30)


def test_an_empty_bucket_is_waited_for_at_the_restore_rate() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async with bucket.admit(10) as ticket:
            ticket.settle(actual=10, status=ThrottleStatus(1000, 20, 50))
        async with bucket.admit(120) as ticket:
            assert time.now == pytest.approx(2.0)

    run(scenario)


def test_after_a_refusal_the_missing_points_are_waited_for() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async with bucket.admit(70) as ticket:
            ticket.refused(ThrottleStatus(1000, 66, 50))
        async with bucket.admit(70):
            assert time.now == pytest.approx((70 - 66) / 50)

    bucket = run(scenario)
    assert bucket.throttled == 1
    assert bucket.spent == 70


def test_points_that_others_spend_are_noticed() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async with bucket.admit(10) as ticket:
            ticket.settle(actual=10, status=ThrottleStatus(1000, 990, 50))
        async with bucket.admit(10) as ticket:
            ticket.settle(actual=10, status=ThrottleStatus(1000, 100, 50))
        assert bucket.available == pytest.approx(100)

    run(scenario)


def test_no_more_requests_are_in_flight_than_allowed() -> None:
    most = 0

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        inside = 0

        async def one() -> None:
            nonlocal inside, most
            async with bucket.admit(1) as ticket:
                inside += 1
                most = max(most, inside)
                await time.sleep(1)
                inside -= 1
                ticket.settle(actual=1, status=ThrottleStatus(2000, 1900, 100))

        await asyncio.gather(*(one() for _ in range(20)))

    run(scenario, max_concurrent=3)
    assert most == 3


def test_a_request_dearer_than_the_whole_bucket_goes_when_the_bucket_is_full() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async with bucket.admit(1) as ticket:
            ticket.settle(actual=1, status=ThrottleStatus(100, 50, 50))
        async with bucket.admit(1002):
            assert time.now == pytest.approx(1.0)

    run(scenario)


def test_a_refund_lets_the_next_one_go_at_once() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async with bucket.admit(1) as ticket:
            ticket.settle(actual=1, status=ThrottleStatus(1000, 1000, 1))

        async def dear() -> None:
            async with bucket.admit(900) as ticket:
                await time.sleep(1)
                ticket.settle(actual=100, status=ThrottleStatus(1000, 900, 1))

        async def next_one() -> None:
            async with bucket.admit(500):
                assert time.now == pytest.approx(1.0)

        await asyncio.gather(dear(), next_one())

    run(scenario)


def test_a_steady_load_uses_nearly_all_points_that_come_back() -> None:
    """600 writes of 10 points, 100 points a second, 0.3 s of latency: 2,000 points are there, 4,000 come in 40 s."""

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)

        async def one() -> None:
            async with bucket.admit(10) as ticket:
                ticket.settle(actual=10, status=await server.serve(10, 10, (0.1, 0.1, 0.1)))

        await asyncio.gather(*(one() for _ in range(600)))
        assert time.now < 40 * 1.05
        assert server.refused == 0

    run(scenario)


def test_a_bucket_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        PointsBucket(max_concurrent=0)
