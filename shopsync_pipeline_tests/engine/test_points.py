"""Processes that share a shop's points: together they never overdraw it, none waits for ever, no point is wasted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.errors import DatabaseError
from shopsync_pipeline.core.points import LEASE_SECONDS, Account, Grant, Report, exchange
from shopsync_pipeline.engine.points import SharedPoints
from shopsync_pipeline.shopify.throttle import PointsBucket
from shopsync_pipeline_tests.core.samples import LAW
from shopsync_pipeline_tests.shopify.virtual import Server, Time


@dataclass
class Shared:
    """The account as a database would keep it, with the time that an exchange takes; the dead get no answer."""

    time: Time
    takes: float = 0.004
    account: Account = field(default_factory=Account)
    exchanges: int = 0
    away: bool = False

    async def exchange(self, report: Report, dead: set[object], who: object) -> Grant:
        await self.time.sleep(self.takes / 2)
        if who in dead:
            await self.time.sleep(1e9)
        if self.away:
            raise DatabaseError("away")
        self.exchanges += 1
        self.account, grant = exchange(self.account, report, self.time.now)
        await self.time.sleep(self.takes / 2)
        if who in dead:
            await self.time.sleep(1e9)
        return grant


@dataclass(eq=False)
class Process:
    """One process with its own lease and its own queue."""

    time: Time
    shared: Shared
    server: Server
    headroom: float = 0.0
    max_concurrent: int = 100
    dead: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.supply = SharedPoints(lambda report: self.shared.exchange(report, self.dead, self), headroom=self.headroom,
                                   clock=self.time.clock, sleep=self.time.sleep)
        self.bucket = PointsBucket(supply=self.supply, max_concurrent=self.max_concurrent, clock=self.time.clock,
                                   sleep=self.time.sleep)

    async def send(self, requested: float, actual: float, delays: tuple[float, float, float] = (0.05, 0.05, 0.05),
                   priority: int = 0, told: bool = True) -> None:
        async with self.bucket.admit(requested, priority) as ticket:
            # What is on the wire is executed, whatever becomes of the process that sent it.
            serving = asyncio.ensure_future(self.server.serve(requested, actual, delays))
            status = await asyncio.shield(serving)
            ticket.settle(actual=actual, status=status if told else None)


def simulate(work: Any) -> None:
    async def whole() -> None:
        time = Time(most_steps=50_000)
        await time.drive(work(time))

    asyncio.run(whole())


_delay = st.floats(0, 2, allow_nan=False).map(lambda seconds: round(seconds, 3))
_job = st.tuples(st.integers(1, 100), st.floats(0, 1), st.tuples(_delay, _delay, _delay), _delay, st.integers(0, 2))
_processes = st.lists(st.lists(_job, min_size=1, max_size=6), min_size=1, max_size=4)


@LAW
@given(processes=_processes, start=st.integers(1, 100), rate=st.sampled_from([10, 100]),
       takes=st.sampled_from([0.0, 0.01, 0.3]), silent=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 7))),
       killed=st.dictionaries(st.integers(1, 3), st.floats(0, 20), max_size=2))
def test_any_processes_together_never_overdraw_the_bucket_and_all_get_what_they_ask_for(
        processes: list[list[Any]], start: int, rate: int, takes: float, silent: set[tuple[int, int]],
        killed: dict[int, float]) -> None:
    async def work(time: Time) -> None:
        server = Server(time, rate=rate, level=float(start))
        shared = Shared(time, takes)
        dead: set[object] = set()
        running = [Process(time, shared, server, dead=dead) for _ in processes]
        await running[0].send(1, 1)
        done = 0

        async def one(number: int, index: int, job: Any) -> None:
            nonlocal done
            requested, part, delays, begin, priority = job
            await time.sleep(begin)
            await running[number].send(requested, requested * part, delays, priority, (number, index) not in silent)
            done += 1

        async def all_of(number: int) -> None:
            jobs = asyncio.gather(*(one(number, index, job) for index, job in enumerate(processes[number])))
            await jobs
            await running[number].bucket.release()

        async def killer(number: int, task: asyncio.Task[None]) -> None:
            await time.sleep(killed[number])
            if not task.done():
                dead.add(running[number])
                task.cancel()

        tasks = {number: asyncio.ensure_future(all_of(number)) for number in range(len(processes))}
        killers = [asyncio.ensure_future(killer(number, tasks[number])) for number in killed if number in tasks]
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for task in killers:
            task.cancel()
        assert server.refused == 0
        for number, task in tasks.items():
            if running[number] not in dead:
                assert task.exception() is None
        assert time.now < 2000

    simulate(work)


def finish(processes: list[Process]) -> Any:
    return asyncio.gather(*(process.bucket.release() for process in processes))


@pytest.mark.parametrize(("count", "rate", "bucket"), [
    (1, 1000.0, 20_000.0), (3, 1000.0, 20_000.0), (3, 100.0, 2000.0)])
def test_points_that_come_back_are_used_to_the_last(count: int, rate: float, bucket: float) -> None:
    """However many processes: three full buckets of work take the time in which two of them come back."""

    async def work(time: Time) -> None:
        server = Server(time, maximum=bucket, rate=rate, level=bucket)
        shared = Shared(time)
        processes = [Process(time, shared, server) for _ in range(count)]
        requests = int(3 * bucket / 10 / count)
        await asyncio.gather(*(process.send(10, 10) for process in processes for _ in range(requests)))
        assert server.refused == 0
        assert time.now <= (count * requests * 10 - bucket) / rate * 1.02 + 0.3
        assert shared.exchanges <= time.now * (2 if count == 1 else 8)
        await finish(processes)
        assert not shared.account.holders

    simulate(work)


@pytest.mark.parametrize("takes", [0.004, 0.05, 0.2])
@pytest.mark.parametrize("at_once", [4, 100])
def test_the_bucket_is_kept_as_good_as_empty_while_there_is_work(takes: float, at_once: int) -> None:
    """What lies in the bucket when the last request is charged was never used, however long the work went on, and
    however slow the database is."""

    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        process = Process(time, Shared(time, takes), server, max_concurrent=at_once)
        await asyncio.gather(*(process.send(10, 10, (0.05, 0.0, 0.05)) for _ in range(400)))
        assert server.level <= 21 + 100 * takes / 2
        assert time.now <= 20 + 4 * takes + 0.3
        assert server.refused == 0

    simulate(work)


def test_while_two_have_work_each_gets_about_half() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=0.0)
        processes = [Process(time, Shared(time), server)]
        processes.append(Process(time, processes[0].shared, server))
        done = [0, 0]

        async def one(number: int) -> None:
            await processes[number].send(10, 10)
            done[number] += 1

        server.level = 20.0
        working = [asyncio.ensure_future(one(number)) for number in (0, 1) for _ in range(500)]
        await time.sleep(30)
        assert min(done) >= 0.4 * sum(done)
        assert sum(done) * 10 >= 30 * 100 * 0.95
        for task in working:
            task.cancel()
        await asyncio.wait(working)

    simulate(work)


def test_a_request_that_needs_the_whole_bucket_is_not_kept_out_by_others_small_ones() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=1000.0, rate=100.0, level=1000.0)
        shared = Shared(time)
        small, large = (Process(time, shared, server) for _ in range(2))

        async def stream() -> None:
            for _ in range(1000):
                await small.send(10, 10, (0.01, 0, 0.01))

        await small.send(1, 1)
        streams = [asyncio.ensure_future(stream()) for _ in range(5)]
        await time.sleep(1)
        before = time.now
        await large.send(1000, 1000)
        assert time.now - before < 15
        assert server.refused == 0
        for task in streams:
            task.cancel()
        await asyncio.wait(streams)

    simulate(work)


def test_a_shop_that_is_quiet_costs_no_exchange_and_holds_no_lease() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        shared = Shared(time)
        process = Process(time, shared, server)
        await asyncio.gather(*(process.send(10, 10) for _ in range(20)))
        await time.sleep(2)
        assert shared.account.holders == {}
        assert shared.account.spent == 200
        exchanges = shared.exchanges
        await time.sleep(3600)
        assert shared.exchanges == exchanges
        await process.send(10, 10)

    simulate(work)


def test_what_a_killed_process_held_is_there_again() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        shared = Shared(time)
        dead: set[object] = set()
        victim, other = (Process(time, shared, server, dead=dead) for _ in range(2))
        await victim.send(10, 10)
        await victim.send(10, 10)
        dead.add(victim)
        assert sum(one.held for one in shared.account.holders.values()) > 50
        await other.send(10, 10)
        await time.sleep(LEASE_SECONDS + 1)
        before = time.now
        await asyncio.gather(other.send(1000, 1000), other.send(1000, 1000))
        assert time.now - before < 1, "the whole bucket could be spent at once"
        assert server.refused == 0

    simulate(work)


def test_a_process_that_slept_too_long_does_not_spend_its_old_lease() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=1000.0, rate=100.0, level=1000.0)
        shared = Shared(time)
        sleeper, other = (Process(time, shared, server) for _ in range(2))
        await sleeper.send(10, 10)
        await sleeper.send(10, 10)
        shared.takes = 0.004
        # The whole machine of the first was suspended: its clock went on, its program did not.
        if sleeper.supply._watching is not None:
            sleeper.supply._watching.cancel()
        await time.sleep(LEASE_SECONDS + 1)
        await other.send(1000, 1000)
        await sleeper.send(90, 90)
        assert server.refused == 0

    simulate(work)


def test_answers_that_cost_less_than_was_asked_leave_the_rest_to_others() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        shared = Shared(time)
        reader, writer = (Process(time, shared, server) for _ in range(2))
        await reader.send(900, 10)
        await reader.send(900, 10)
        await time.sleep(1.2)
        before = time.now
        await writer.send(1000, 1000)
        assert time.now - before < 1
        assert server.refused == 0

    simulate(work)


def test_points_that_strangers_spend_are_noticed_by_all() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        shared = Shared(time)
        one, other = (Process(time, shared, server) for _ in range(2))
        await one.send(10, 10)
        await other.send(10, 10)
        server.hold(1900)
        await one.send(10, 10)
        await time.sleep(1)
        await other.send(500, 500)
        assert server.refused == 0

    simulate(work)


def test_headroom_is_left_by_all_together() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        shared = Shared(time)
        processes = [Process(time, shared, server, headroom=0.5) for _ in range(2)]
        lowest = 2000.0

        async def one(process: Process) -> None:
            nonlocal lowest
            await process.send(10, 10)
            lowest = min(lowest, server.level)

        await asyncio.gather(*(one(process) for process in processes for _ in range(100)))
        assert lowest >= 1000
        assert time.now == pytest.approx((2000 - 1000) / 50, rel=0.05)

    simulate(work)


def test_an_account_that_cannot_be_reached_is_told_to_whoever_waits_for_points() -> None:
    async def work(time: Time) -> None:
        server = Server(time, maximum=2000.0, rate=100.0, level=2000.0)
        shared = Shared(time)
        process = Process(time, shared, server)
        await process.send(10, 10)
        shared.away = True
        with pytest.raises(DatabaseError, match="away"):
            await process.send(500, 500)
        shared.away = False
        await process.send(500, 500)
        shared.away = True
        await process.bucket.release()

    simulate(work)
