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


TOLD = ThrottleStatus(1000, 0, 100)
"""An empty bucket that fills by 100 points a second."""


async def tell(bucket: PointsBucket, status: ThrottleStatus) -> None:
    """One request that costs nothing, whose answer tells the bucket."""
    async with bucket.admit(0) as ticket:
        ticket.settle(actual=0, status=status)


@given(asked=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 200)), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_whoever_waits_goes_by_priority_and_then_by_arrival(asked: list[tuple[int, int]]) -> None:
    """Whatever they cost: a dear request is not overtaken by cheap ones of its own priority, nor by those behind it."""
    gone: list[int] = []

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        await tell(bucket, TOLD)

        async def one(number: int, priority: int, cost: int) -> None:
            async with bucket.admit(cost, priority) as ticket:
                gone.append(number)
                ticket.settle(actual=cost, status=None)

        await asyncio.gather(*(one(number, *told) for number, told in enumerate(asked)))
        assert time.now == pytest.approx(sum(cost for _, cost in asked) / 100)

    run(scenario)
    assert gone == sorted(range(len(asked)), key=lambda number: (asked[number][0], number))


def test_a_request_of_higher_priority_overtakes_a_dear_one_that_waits() -> None:
    gone: list[tuple[str, float]] = []

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        await tell(bucket, TOLD)

        async def one(name: str, cost: float, priority: int, after: float) -> None:
            await time.sleep(after)
            async with bucket.admit(cost, priority) as ticket:
                gone.append((name, time.now))
                ticket.settle(actual=cost, status=None)

        await asyncio.gather(one("content", 500, 2, 0), one("stock", 100, 0, 4.5))

    run(scenario)
    assert gone == [("stock", pytest.approx(4.5)), ("content", pytest.approx(6.0))]


def test_a_request_that_was_called_off_holds_nobody_up() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        await tell(bucket, TOLD)

        async def one(cost: float) -> None:
            async with bucket.admit(cost) as ticket:
                ticket.settle(actual=cost, status=None)

        dear, cheap = asyncio.ensure_future(one(900)), asyncio.ensure_future(one(50))
        await time.sleep(0.2)
        assert bucket.waiting == 2
        dear.cancel()
        await cheap
        assert time.now == pytest.approx(0.5)
        assert (bucket.waiting, bucket.in_flight) == (0, 0)

    run(scenario)


def test_a_request_that_was_called_off_in_the_moment_it_may_go_costs_nothing() -> None:
    async def scenario(_time: Time, bucket: PointsBucket) -> None:
        await tell(bucket, ThrottleStatus(1000, 500, 0))

        async def one() -> None:
            async with bucket.admit(500):
                raise AssertionError("it was called off")

        async with bucket.admit(300) as ticket:
            going = asyncio.ensure_future(one())
            await asyncio.sleep(0)
            assert bucket.waiting == 1
            ticket.settle(actual=0, status=None)
            assert (bucket.waiting, bucket.in_flight) == (0, 1)
            going.cancel()
        await asyncio.wait({going})
        assert going.cancelled()
        assert (bucket.in_flight, bucket.available, bucket.spent) == (0, 500, 0)

    run(scenario)


def test_the_pause_between_two_requests_is_kept_though_points_are_there() -> None:
    sent: list[float] = []

    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async def one() -> None:
            async with bucket.admit(1) as ticket:
                sent.append(time.now)
                ticket.settle(actual=1, status=ThrottleStatus(1000, 1000, 100))

        await asyncio.gather(*(one() for _ in range(4)))

    run(scenario, base_delay=0.25)
    assert sent == [pytest.approx(0.25 * number) for number in range(4)]


def test_headroom_leaves_its_share_of_the_bucket_and_of_the_rate() -> None:
    """A quarter is left: of 1,000 points 250 are never touched, and of 100 a second 25 come back to others."""
    time_taken = 0.0

    async def whole() -> None:
        nonlocal time_taken
        time = Time()
        supply = OwnPoints(headroom=0.25, clock=time.clock)
        bucket = PointsBucket(supply=supply, clock=time.clock, sleep=time.sleep)
        server = Server(time, maximum=1000.0, rate=100.0, level=1000.0)
        least = 1000.0

        async def one() -> None:
            nonlocal least
            async with bucket.admit(10) as ticket:
                status = await server.serve(10, 10, (0.1, 0, 0.1))
                least = min(least, status.available)
                ticket.settle(actual=10, status=status)

        await time.drive(asyncio.wait({asyncio.ensure_future(one()) for _ in range(300)}))
        time_taken = time.now
        assert least >= 250
        assert (bucket.maximum, bucket.restore_rate) == (1000, 100)

    asyncio.run(whole())
    assert time_taken == pytest.approx((3000 - 750) / 75, rel=0.03)


def test_what_others_took_of_the_headroom_is_waited_for() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        await tell(bucket, ThrottleStatus(1000, 100, 100))
        assert bucket.available == 0
        async with bucket.admit(50):
            assert time.now == pytest.approx((500 - 100 + 50) / 50)

    async def whole() -> None:
        time = Time()
        await time.drive(scenario(time, PointsBucket(supply=OwnPoints(headroom=0.5, clock=time.clock),
                                                     clock=time.clock, sleep=time.sleep)))

    asyncio.run(whole())


def test_what_is_worth_having_on_its_way_follows_points_at_hand_restore_rate_and_latency() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        async def answer(available: float) -> None:
            async with bucket.admit(0) as ticket:
                await time.sleep(0.4)
                ticket.settle(actual=0, status=ThrottleStatus(2000, available, 100))

        assert bucket.worth(10) == 2
        await answer(0)
        assert bucket.latency == pytest.approx(0.4)
        # 100 points a second times 0.4 s are 4 requests of 10 points on their way; half as many more, and one waits.
        assert bucket.worth(10) == 7
        assert bucket.worth(1000) == 2
        assert bucket.worth(0.1) == 61
        await answer(300)
        assert bucket.worth(10) == 37
        await answer(2000)
        assert bucket.worth(10) == 207

    run(scenario)


def test_latency_is_smoothed_and_refusals_do_not_count() -> None:
    async def scenario(time: Time, bucket: PointsBucket) -> None:
        for seconds in (1.0, 2.0):
            async with bucket.admit(1) as ticket:
                assert bucket.in_flight == 1
                await time.sleep(seconds)
                ticket.settle(actual=1, status=ThrottleStatus(2000, 2000, 100))
        async with bucket.admit(1) as ticket:
            await time.sleep(0.001)
            ticket.refused(ThrottleStatus(2000, 2000, 100))
        assert bucket.latency == pytest.approx(1.1)

    run(scenario)


@pytest.mark.parametrize(("wrong", "told"), [
    ({"base_delay": -1}, "base_delay is -1"), ({"max_concurrent": 0}, "max_concurrent is 0")])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        PointsBucket(**wrong)


@pytest.mark.parametrize("headroom", [-0.1, 0.91, 1.0])
def test_a_headroom_that_leaves_nothing_or_less_is_refused(headroom: float) -> None:
    with pytest.raises(ValueError, match="headroom is"):
        OwnPoints(headroom=headroom)
