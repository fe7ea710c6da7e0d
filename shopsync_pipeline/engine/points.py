"""One shop's points for all processes that share our database: each spends from a lease that it takes a little ahead.

An exchange with the account takes a few milliseconds in a thread: once or twice a second while a process is alone with
the shop, five times a second for all together when it is not, and never for a shop that nobody talks to.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from shopsync_pipeline.core.errors import DatabaseError, ShopsyncError
from shopsync_pipeline.core.points import LEASE_SECONDS, ROUNDING, Grant, Report, Seen
from shopsync_pipeline.core.proof import Proof
from shopsync_pipeline.db.rows import new_id
from shopsync_pipeline.shopify.supply import SetAside, ThrottleStatus, check_headroom

log = logging.getLogger(__name__)

ALONE = 1.0
"""Seconds of the restore rate in a lease while no other process has one."""

SHARED = 0.2
"""Seconds of the restore rate in a lease while others have one too."""

LARGEST = 0.1
"""Share of the bucket that a lease is at the most, unless one request needs more."""

LOOK_AGAIN = 0.2
"""Seconds until a process that found no room asks again."""

IDLE = 0.5
"""Seconds between two looks at whether a lease is still used."""

RENEW = 3.0
"""Seconds after which a process that only waits for answers reports that it still does."""

FRESH = LEASE_SECONDS * 0.8
"""Seconds after its last report at which a process gives its lease up by itself: a laptop that slept, a database that
was away. A margin stays for clocks that run apart."""

TRUSTED = 60.0
"""Seconds after the last answer that any process had, in which a new one relies on the account at once."""

WARY = 30.0
"""Seconds after a refusal for lack of points in which the account is kept tight: strangers spend from the bucket."""

Exchange = Callable[[Report], Awaitable[Grant]]


@dataclass(frozen=True, slots=True)
class _Flow:
    """Leased points that the shop restores to us from `start` on, at `rate` a second."""

    start: float
    points: float
    rate: float


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the last answer showed: our part of the bucket, and what answers prove of it. Points may have come back
    `since`, and surely have from `at` on."""

    ours: ThrottleStatus
    proven: float | None
    since: float
    at: float

    def told(self, now: float) -> Seen:
        """As it is told to the account at `now`."""
        ours = self.ours
        return Seen(ours.maximum, ours.restore_rate, ours.available, self.proven, now - self.since, now - self.at)


class SharedPoints:
    """A `Supply` that leases its points from the account that all processes share, through `exchange`.

    What was leased is spent here without asking anybody; the next lease is taken while the last one lasts, and what is
    not used goes back when nothing was sent for a moment. Never spends a point before the shop has restored it, nor
    from a lease that the others may have stopped reckoning with.
    """

    def __init__(self, exchange: Exchange, *, headroom: float = 0.0, clock: Callable[[], float] = time.monotonic,
                 sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._exchange = exchange
        self._headroom = check_headroom(headroom)
        self._clock = clock
        self._sleep = sleep
        self._holder = new_id()
        self._news: Callable[[], None] = lambda: None
        self._ready = 0.0
        self._flows: deque[_Flow] = deque()
        self._reserved = 0.0
        self._unreported = 0.0
        self._reporting = 0.0
        self._known_spent = 0.0
        self._proof = Proof()
        self._level = 0.0
        self._bucket: tuple[float, float] | None = None
        self._rivals = 0
        self._brimful = False
        self._proven = False
        self._wary_until = 0.0
        self._shown: _Shown | None = None
        self._registered = False
        self._reported_at = clock()
        self._used = 0.0
        self._sends = 0
        self._waited_for = clock()
        self._refused_at: float | None = None
        self._failed: ShopsyncError | None = None
        self._exchanging: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._closing = False
        self._takes = 0.0

    def listen(self, news: Callable[[], None]) -> None:
        """Told after each exchange."""
        self._news = news

    @property
    def proven(self) -> bool:
        """After an answer of this process, or while another one's is fresh."""
        return self._proven

    def available(self) -> float | None:
        """What the lease has, and what the account has to give as far as is known here."""
        if self._bucket is None:
            return None
        self._flow()
        maximum, rate = self._bucket
        level = min(self._level + (self._clock() - self._reported_at) * rate, maximum)
        return max(0.0, self._ready) + max(0.0, level)

    def seconds_until(self, cost: float) -> float | None:
        """From the lease; where that is too small, a larger one is asked for and there will be news."""
        self._flow()
        cost = self._capped(cost)
        if self._ready >= cost - ROUNDING:
            return 0.0
        if self._held_back() >= cost - ROUNDING:
            seconds = self._seconds_of_flow(cost - self._ready)
            self._waited_for = self._clock() + seconds
            return seconds
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed
        if self._exchanging is None:
            if self._refused_at is not None:
                pause = self._refused_at + LOOK_AGAIN - self._clock()
                if pause > ROUNDING:
                    return pause
            self._ask(cost)
        return None

    def set_aside(self, cost: float) -> SetAside:
        """Takes from the lease, and sees to the next one in time."""
        points = self._capped(cost)
        self._ready -= points
        self._reserved += points
        self._used += points
        self._sends += 1
        if (self._exchanging is None and self._bucket is not None and self._refused_at is None
                and self._held_back() < self._lease() / 2):
            self._ask(0.0)
        self._watch()
        known = self._known_spent + self._reporting + self._unreported
        return SetAside(points, known - self._proof.charged, self._clock())

    def book(self, aside: SetAside, charged: float, status: ThrottleStatus | None, *, refused: bool = False) -> None:
        """What was not charged is back in the lease; what was charged beyond it comes out of the lease."""
        self._flow()
        self._reserved = max(0.0, self._reserved - aside.points)
        self._ready += aside.points - charged
        self._unreported += charged
        if status is not None:
            self._correct(status.without(self._headroom), aside, charged, refused=refused)
        self._watch()

    def _correct(self, ours: ThrottleStatus, aside: SetAside, charged: float, *, refused: bool) -> None:
        """The shop held no more when it answered, whatever was leased, and at the most its rate has come back since the
        request was sent. Nobody knows how much of that; where strangers spend too, nothing of it is counted on."""
        now = self._clock()
        if refused:
            self._wary_until = now + WARY
        since = now if now < self._wary_until else aside.at
        self._ready = min(self._ready, max(0.0, ours.available + (now - since) * ours.restore_rate))
        proven = self._proof.add(ours.available, charged, sent=aside.at, answered=now, others=aside.spent_before)
        # Points that came back faster than our share of the rate are not ours, so with headroom nothing is raised.
        self._shown = _Shown(ours, None if self._headroom else proven, since, now)
        self._proven = True
        if self._bucket is not None:
            self._bucket = ours.maximum, ours.restore_rate

    async def release(self) -> None:
        """Returns the lease and reports what was spent. An account that cannot be reached is no error any more."""
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        await self._exchanged()
        if self._registered or self._unreported:
            self._ask(0.0, give_back=True)
            await self._exchanged()
        self._closing = False

    async def _exchanged(self) -> None:
        while self._exchanging is not None:
            await asyncio.wait({self._exchanging})

    def _capped(self, cost: float) -> float:
        # A request dearer than our whole part of the bucket goes when that is full; the shop then says why not.
        return cost if self._bucket is None else min(cost, self._bucket[0])

    def _held_back(self) -> float:
        return self._ready + sum(flow.points for flow in self._flows)

    def _lease(self) -> float:
        """Points of a usual lease: some of the restore rate, or as much as is spent in that time where the account has
        more."""
        if self._bucket is None:
            return 0.0
        maximum, rate = self._bucket
        pace = self._used / max(self._clock() - self._reported_at, 0.02)
        # At the brim points are lost until what was spent is reported, so it is reported often; but what is spent while
        # two exchanges are under way must fit in, or a slow database would set the pace.
        usual = rate * ((SHARED if self._rivals or self._brimful else ALONE) + 2 * self._takes)
        return min(max(usual, pace * SHARED), maximum * LARGEST)

    def _flow(self) -> None:
        """Lets the shop's restored points arrive in the lease."""
        now = self._clock()
        if (self._flows or self._ready > 0) and now - self._reported_at > FRESH:
            self._ready = min(self._ready, 0.0)
            self._flows.clear()
        while self._flows and self._flows[0].start < now:
            flow = self._flows[0]
            arrived = min(flow.points, (now - flow.start) * flow.rate)
            self._ready += arrived
            if flow.points - arrived > ROUNDING:
                self._flows[0] = _Flow(now, flow.points - arrived, flow.rate)
                return
            self._ready += flow.points - arrived
            self._flows.popleft()

    def _seconds_of_flow(self, missing: float) -> float:
        """Seconds until the flows, one after the other, have brought `missing` points."""
        for flow in self._flows:
            if flow.points >= missing - ROUNDING:
                return max(0.0, flow.start - self._clock()) + max(missing / flow.rate, ROUNDING)
            missing -= flow.points
        return LOOK_AGAIN

    def _ask(self, cost: float, *, give_back: bool = False) -> None:
        self._exchanging = asyncio.ensure_future(self._report(cost, give_back=give_back))

    async def _report(self, cost: float, *, give_back: bool) -> None:
        """One exchange: reports, and asks for a lease that `cost` fits into unless everything is given back."""
        # Whoever waits for room keeps nothing: two processes with half of the bucket each would wait for ever.
        returned = self._put_back(everything=give_back or self._refused_at is not None)
        need = max(0.0, cost - self._held_back())
        want = 0.0 if give_back or (not need and self._held_back() >= self._lease()) else max(need, self._lease())
        spent, shown, started = self._unreported, self._shown, self._clock()
        self._unreported, self._reporting, self._shown = 0.0, spent, None
        report = Report(holder=self._holder, held=self._reserved + self._held_back(), returned=returned, spent=spent,
                        want=want, need=need, seen=shown.told(started) if shown else None)
        try:
            self._take(await self._exchange(report), report, started)
        except ShopsyncError as error:
            # It may have been written or not: what was returned is gone, and what was spent is told once more. Both
            # make the account too low, never too high.
            self._unreported += spent
            self._shown = self._shown or shown
            if need:
                self._failed = error
            else:
                log.warning("%s", error)
        except Exception as error:
            # Whoever waits for these points must not wait for ever.
            self._failed = DatabaseError(f"Points could not be leased: {type(error).__name__}: {error}")
            raise
        finally:
            self._exchanging, self._reporting = None, 0.0
            self._takes = self._clock() - started
            self._news()

    def _put_back(self, *, everything: bool) -> float:
        """Takes out of the lease what goes back to the account, and says how much; negative for what was overspent."""
        self._flow()
        if everything:
            returned, self._ready = self._held_back(), 0.0
            self._flows.clear()
        elif self._ready < 0:
            returned, self._ready = self._ready, 0.0
        elif self._ready > 2 * self._lease():
            returned = self._ready - self._lease()
            self._ready -= returned
        else:
            returned = 0.0
        return returned

    def _take(self, grant: Grant, report: Report, started: float) -> None:
        now = self._clock()
        self._reported_at, self._used = started, 0.0
        self._registered = report.held + grant.points > ROUNDING or grant.refused
        self._known_spent, self._level, self._rivals = grant.spent, grant.level, grant.rivals
        if grant.maximum is not None and grant.restore_rate is not None:
            self._bucket = grant.maximum, grant.restore_rate
            brim = grant.maximum - grant.restore_rate * ALONE
            self._brimful = grant.level + report.held + grant.points > brim
        self._proven = self._proven or (grant.told is not None and grant.told < TRUSTED)
        self._refused_at = now if grant.refused else None
        self._bring_forward(grant.there - self._unreported - self._reserved - self._ready, now, grant.rivals)
        self._ready += grant.ready
        later = grant.points - grant.ready
        if later > 0 and grant.restore_rate:
            start = now + grant.starts_in
            if self._flows:
                last = self._flows[-1]
                start = max(start, last.start + last.points / last.rate)
            self._flows.append(_Flow(start, later, grant.restore_rate))
        if not self._closing:
            self._watch()

    def _bring_forward(self, points: float, now: float, rivals: int) -> None:
        """Takes leased points for restored that the shop turned out to have already: answers showed that it was ahead
        of the account. What is left of them comes from now on, unless others wait for theirs too."""
        while points > ROUNDING and self._flows:
            flow = self._flows.popleft()
            arrived = min(points, flow.points)
            self._ready += arrived
            points -= arrived
            if flow.points - arrived > ROUNDING:
                self._flows.appendleft(_Flow(flow.start, flow.points - arrived, flow.rate))
        if not rivals:
            start = now
            for place, flow in enumerate(self._flows):
                self._flows[place] = _Flow(min(start, flow.start), flow.points, flow.rate)
                start = self._flows[place].start + flow.points / flow.rate

    def _watch(self) -> None:
        if self._watching is None or self._watching.done():
            self._watching = asyncio.ensure_future(self._watched())

    async def _watched(self) -> None:
        """Gives back what nobody uses, and keeps a lease alive whose requests take long."""
        while self._registered or self._unreported or self._reserved:
            sends = self._sends
            await self._sleep(IDLE)
            if self._exchanging is None:
                silent = self._clock() - self._reported_at
                waited_for = self._waited_for + IDLE > self._clock() or (self._refused_at is not None
                                                                         and silent < 2 * IDLE)
                unused = self._sends == sends and not waited_for
                if (unused and not self._reserved) or silent > RENEW or self._ready > 2 * self._lease() > 0:
                    self._ask(0.0, give_back=unused)
            await self._exchanged()
