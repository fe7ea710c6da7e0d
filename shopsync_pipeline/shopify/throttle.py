"""One shop's points: lets a request go when the shop's bucket surely holds its cost, and learns from every answer.

Never guesses a limit: size and restore rate come from the answers' `throttleStatus`, and until the first one arrives
only one request is in flight. Never admits more than the bucket holds by Shopify's own accounting, as long as the
estimates are not below Shopify's.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class ThrottleStatus:
    """The bucket as Shopify answered it: `extensions.cost.throttleStatus` (Shopify docs, "API limits"), in points and
    points a second."""

    maximum: float
    available: float
    restore_rate: float


class Ticket:
    """The admission of one request. `settle` tells what became of it; without it the whole cost counts as spent."""

    __slots__ = ("_bucket", "_charged_before", "cost", "settled")

    def __init__(self, bucket: PointsBucket, cost: float, charged_before: float) -> None:
        self._bucket = bucket
        self._charged_before = charged_before
        self.cost = cost
        self.settled = False

    def settle(self, *, actual: float | None, status: ThrottleStatus | None) -> None:
        """Books the answer. `actual`: points really charged (`None`: not told, so the admitted cost)."""
        if not self.settled:
            self.settled = True
            self._bucket._book(self, self.cost if actual is None else actual, status, self._charged_before)

    def refused(self, status: ThrottleStatus | None) -> None:
        """Books a THROTTLED answer: nothing was charged, and the shop holds less than we thought."""
        self._bucket.throttled += 1
        self.settle(actual=0.0, status=status)


class PointsBucket:
    """The points of one app in one shop. Use one bucket for everything that talks to the shop.

    The account is kept so that it never exceeds the truth: a charge is booked when its answer arrives, and until then
    the admitted cost is set aside; points that come back with time count at the shop's rate up to the shop's maximum.
    An answer's `currentlyAvailable` was true at some moment between sending and now, so it bounds the account from
    both sides: what was charged by requests that overlapped may or may not be in it.

    `clock` gives seconds (monotonic) and `sleep` waits; both are injected in tests.
    """

    def __init__(self, *, max_concurrent: int = 8, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        if max_concurrent < 1:
            raise ValueError(f"max_concurrent is {max_concurrent}: at least one request must be allowed.")
        self._clock = clock
        self._sleep = sleep
        self._slots = asyncio.Semaphore(max_concurrent)
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self._status: ThrottleStatus | None = None
        self._level = 0.0
        self._level_at = 0.0
        self._reserved = 0.0
        self._in_flight = 0
        self.spent = 0.0
        """Points charged so far, in total."""
        self.throttled = 0
        """How many requests Shopify refused for lack of points."""

    @property
    def maximum(self) -> float | None:
        """Points of the full bucket; `None` before the first answer."""
        return self._status.maximum if self._status else None

    @property
    def restore_rate(self) -> float | None:
        """Points that come back in a second; `None` before the first answer."""
        return self._status.restore_rate if self._status else None

    @property
    def available(self) -> float | None:
        """Points that could be admitted now by our account; `None` before the first answer."""
        if self._status is None:
            return None
        self._restore()
        return max(0.0, self._level - self._reserved)

    @asynccontextmanager
    async def admit(self, cost: float) -> AsyncIterator[Ticket]:
        """Waits, first come first served, until `cost` points are surely there; holds them until the block ends."""
        async with self._slots:
            async with self._turn:
                await self._wait_for(cost)
                self._reserved += cost
                self._in_flight += 1
                ticket = Ticket(self, cost, self.spent)
            try:
                yield ticket
            finally:
                ticket.settle(actual=None, status=None)

    async def _wait_for(self, cost: float) -> None:
        while (seconds := self._shortfall_seconds(cost)) != 0.0:
            self._settled.clear()
            waits: set[asyncio.Future[object]] = {asyncio.ensure_future(self._settled.wait())}
            if seconds is not None:
                waits.add(asyncio.ensure_future(self._sleep(seconds)))
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for waiting in waits:
                    waiting.cancel()

    def _shortfall_seconds(self, cost: float) -> float | None:
        """Seconds until `cost` could be admitted if no answer came: 0 for now, `None` where only an answer can help."""
        if self._in_flight == 0 and self._status is None:
            return 0.0
        if self._status is None:
            return None
        self._restore()
        # A request dearer than the whole bucket is let go at a full bucket: Shopify then says what is wrong with it.
        needed = min(cost, self._status.maximum) + self._reserved
        missing = needed - self._level
        if missing <= _ROUNDING:
            return 0.0
        if needed > self._status.maximum + _ROUNDING or self._status.restore_rate <= 0:
            return None if self._in_flight else 1.0
        return missing / self._status.restore_rate

    def _restore(self) -> None:
        assert self._status is not None
        now = self._clock()
        self._level = min(self._status.maximum, self._level + (now - self._level_at) * self._status.restore_rate)
        self._level_at = now

    def _book(self, ticket: Ticket, charged: float, status: ThrottleStatus | None, charged_before: float) -> None:
        overlapped = self.spent - charged_before
        self._reserved -= ticket.cost
        self._in_flight -= 1
        self.spent += charged
        known = self._status is not None
        if known:
            self._restore()
            self._level -= charged
        if status is not None:
            self._status = status
            self._level_at = self._clock()
            least = status.available - overlapped
            most = status.available + self._reserved
            self._level = min(max(self._level, least), most) if known else least
            self._level = min(self._level, status.maximum)
        self._settled.set()
