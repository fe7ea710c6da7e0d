"""One shop's turnstile: lets requests go in the order of their priority, as soon as the shop surely holds their cost.

Until an answer has told the bucket only one request is in flight. How many points there are is the supply's
account; this module decides who is next, and how many requests are worth having in flight.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.shopify.supply import ROUNDING, OwnPoints, SetAside, Supply, ThrottleStatus

__all__ = ["MAX_CONCURRENT", "OwnPoints", "PointsBucket", "Supply", "ThrottleStatus", "Ticket"]

MAX_CONCURRENT = 100
"""Requests in flight at the most, unless told otherwise: enough for 1,000 points a second at 10 points and 1 s."""

FEWEST = 2
"""Requests that are always worth having in flight: one that travels and one that waits for its points."""

SMOOTHING = 0.1
"""Weight of the newest answer in the smoothed latency: about the last twenty count."""

SLACK = 1.5
"""How much more than restore rate times latency is worth having in flight: latencies vary, and so do senders' pauses.
What is too much only waits here; what is too little leaves points unused."""


class Ticket:
    """The admission of one request. `settle` tells what became of it; without it the whole cost counts as spent."""

    __slots__ = ("_aside", "_bucket", "_sent_at", "cost", "settled")

    def __init__(self, bucket: PointsBucket, cost: float, aside: SetAside, sent_at: float) -> None:
        self._bucket = bucket
        self._aside = aside
        self._sent_at = sent_at
        self.cost = cost
        self.settled = False

    def settle(self, *, actual: float | None, status: ThrottleStatus | None) -> None:
        """Books the answer. `actual`: points really charged (`None`: not told, so the admitted cost)."""
        if not self.settled and status is not None:
            self._bucket._took(self._sent_at)
        self._book(self.cost if actual is None else actual, status, refused=False)

    def refused(self, status: ThrottleStatus | None) -> None:
        """Books a THROTTLED answer: nothing was charged, and the shop holds less than we thought."""
        self._bucket.throttled += 1
        self._book(0.0, status, refused=True)

    def _book(self, charged: float, status: ThrottleStatus | None, *, refused: bool) -> None:
        if not self.settled:
            self.settled = True
            self._bucket._book(self._aside, charged, status, refused=refused)


@dataclass(order=True, slots=True)
class _Waiting:
    priority: int
    arrived: int
    cost: float = field(compare=False)
    admitted: asyncio.Future[Ticket] = field(compare=False)


class PointsBucket:
    """The points of one app in one shop. Use one bucket for everything in this process that talks to the shop.

    `max_concurrent`: requests in flight at the most; `base_delay`: seconds between two requests at the least. `supply`
    keeps the account, `OwnPoints` unless given. `clock` gives seconds (monotonic) and `sleep` waits; both are injected
    in tests.
    """

    def __init__(self, *, max_concurrent: int = MAX_CONCURRENT, base_delay: float = 0.0, supply: Supply | None = None,
                 clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        if max_concurrent < 1:
            raise ValueError(f"max_concurrent is {max_concurrent}: at least one request must be allowed.")
        if base_delay < 0:
            raise ValueError(f"base_delay is {base_delay}: give seconds from 0 up.")
        self.max_concurrent = max_concurrent
        self._base_delay = base_delay
        self._supply: Supply = supply if supply is not None else OwnPoints(clock=clock)
        self._supply.listen(self._pump)
        self._clock = clock
        self._sleep = sleep
        self._queue: list[_Waiting] = []
        self._arrivals = itertools.count()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = 0.0
        self._sent_at: float | None = None
        self._status: ThrottleStatus | None = None
        self.in_flight = 0
        """Requests that were let go and not settled yet."""
        self.latency: float | None = None
        """Seconds from letting a request go to its answer, smoothed; `None` before the first answer."""
        self.spent = 0.0
        """Points charged so far, in total."""
        self.throttled = 0
        """How many requests Shopify refused for lack of points."""

    @property
    def maximum(self) -> float | None:
        """Points of the shop's full bucket, also those left to others; `None` before the first answer."""
        return self._status.maximum if self._status else None

    @property
    def restore_rate(self) -> float | None:
        """Points that come back to the shop's bucket in a second; `None` before the first answer."""
        return self._status.restore_rate if self._status else None

    @property
    def available(self) -> float | None:
        """Points that could be admitted now by our account; `None` before the first answer."""
        return self._supply.available() if self._status else None

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return sum(not one.admitted.done() for one in self._queue)

    def worth(self, cost: float) -> int:
        """How many mutations of `cost` points are worth having on their way now.

        As many as spend what comes back while one travels (restore rate times latency by cost), and what is at hand
        besides; at least `FEWEST`.
        """
        wanted = float(FEWEST)
        if self._status is not None and self.latency is not None:
            points = (self.available or 0.0) + self._status.restore_rate * self.latency * SLACK
            # One more waits for its points, so that they are used as soon as they are there.
            wanted = max(wanted, points / max(cost, 1.0) + 1)
        return math.ceil(wanted)

    @asynccontextmanager
    async def admit(self, cost: float, priority: int = 0) -> AsyncIterator[Ticket]:
        """Waits until it is this request's turn and `cost` points are surely there; holds them until the block ends.

        Lower `priority` goes first; within one it is first come, first served, so that a dear request is not overtaken
        by cheap ones for ever.
        """
        ticket = await self._turn(cost, priority)
        try:
            yield ticket
        finally:
            ticket.settle(actual=None, status=None)

    async def _turn(self, cost: float, priority: int) -> Ticket:
        waiting = _Waiting(priority, next(self._arrivals), cost, asyncio.get_running_loop().create_future())
        heapq.heappush(self._queue, waiting)
        self._pump()
        try:
            return await waiting.admitted
        except asyncio.CancelledError:
            if waiting.admitted.done() and not waiting.admitted.cancelled():
                waiting.admitted.result().settle(actual=0.0, status=None)
            else:
                waiting.admitted.cancel()
                self._pump()
            raise

    async def release(self) -> None:
        """Gives points that are held and not used back to other processes; the bucket can be used on."""
        await self._supply.release()

    def _pump(self) -> None:
        """Lets everybody go whose turn it is, and sets the alarm for the next one."""
        while self._queue:
            first = self._queue[0]
            if first.admitted.done():
                heapq.heappop(self._queue)
                continue
            try:
                seconds = self._seconds_until(first.cost)
            except ShopsyncError as error:
                heapq.heappop(self._queue)
                first.admitted.set_exception(error)
                continue
            if seconds == 0.0:
                heapq.heappop(self._queue)
                first.admitted.set_result(self._let_go(first.cost))
                continue
            self._wake_in(seconds)
            return
        self._wake_in(None)

    def _seconds_until(self, cost: float) -> float | None:
        """Seconds until a request may go if nothing happens meanwhile: 0 for now, `None` where only news can help."""
        if self.in_flight >= self.max_concurrent or (self.in_flight and not self._supply.proven):
            return None
        if self._base_delay and self._sent_at is not None:
            pause = self._sent_at + self._base_delay - self._clock()
            if pause > ROUNDING:
                return pause
        return self._supply.seconds_until(cost)

    def _let_go(self, cost: float) -> Ticket:
        self.in_flight += 1
        self._sent_at = self._clock()
        return Ticket(self, cost, self._supply.set_aside(cost), self._sent_at)

    def _wake_in(self, seconds: float | None) -> None:
        if seconds is None:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
            return
        due = self._clock() + seconds
        if self._alarm is not None:
            # An alarm that rings too early only looks again.
            if self._alarm_at <= due:
                return
            self._alarm.cancel()
        self._alarm_at = due
        self._alarm = asyncio.ensure_future(self._ring(seconds))

    async def _ring(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._alarm = None
        self._pump()

    def _took(self, sent_at: float) -> None:
        seconds = max(0.0, self._clock() - sent_at)
        self.latency = seconds if self.latency is None else self.latency + SMOOTHING * (seconds - self.latency)

    def _book(self, aside: SetAside, charged: float, status: ThrottleStatus | None, *, refused: bool) -> None:
        self.in_flight -= 1
        self.spent += charged
        self._supply.book(aside, charged, status, refused=refused)
        if status is not None:
            self._status = status
        self._pump()
