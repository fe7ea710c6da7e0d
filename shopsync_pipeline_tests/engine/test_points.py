"""Processes that share a shop's points: together they never overdraw it, none waits for ever, no point is wasted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.errors import DatabaseError
from shopsync_pipeline.core.points import Account, Grant, Report, exchange
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
        time = Time()
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
