"""The gate before a shop: lets requests go, makes them wait or refuses them, by how the last ones ended.

Counts faults in a row for itself; that the shop is left alone or paused is common to all processes (`core.breaker`).
Never decides what a fault is: that stands in the table of faults.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from shopsync_pipeline.core.breaker import TOLERANCE, Breaker, Health, Phase, Tolerance
from shopsync_pipeline.core.faults import Todo
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    ServerFault,
    ShopifyError,
    ShopPaused,
    ShopUnavailable,
    Unreachable,
)
from shopsync_pipeline.shopify.faults import fault_of

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=1)
"""How old the common state may be, as a request sees it: a pause that another process met is obeyed after so long."""


class OwnHealth:
    """The state of a shop that only this process talks to, kept in memory."""

    def __init__(self, breaker: Breaker | None = None) -> None:
        self._breaker = breaker or Breaker()

    def read(self) -> Breaker:
        """The state now."""
        return self._breaker

    def change(self, step: Callable[[Breaker], Breaker]) -> Breaker:
        """Replaces the state by `step` of it."""
        self._breaker = step(self._breaker)
        return self._breaker


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Gate:
    """Stands before all requests of one client. `patience` is how long, in seconds, a request waits for an open
    breaker; at a paused shop none waits. `clock` and `sleep` are injected in tests."""

    def __init__(self, shop: str, health: Health, *, patience: float, tolerance: Tolerance = TOLERANCE,
                 clock: Callable[[], datetime] = _utc_now,
                 sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._shop = shop
        self._health = health
        self._patience = timedelta(seconds=patience)
        self._tolerance = tolerance
        self._clock = clock
        self._sleep = sleep
        self._own = Breaker()
        self._looked_at: datetime | None = None

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Lets one try of one request go, and learns from how it ends. Raises `ShopPaused` before it begins."""
        prober = await self._enter()
        try:
            yield
        except ShopifyError as error:
            self._ended(error, prober)
            if isinstance(error, ShopUnavailable) and self._own.paused:
                # Whoever met it reads what follows from it, too.
                told = self._own.sentence(self._shop, self._clock())
                raise ShopUnavailable(told, status=error.status) from error
            raise
        except BaseException:
            if prober is not None:
                self._share(lambda shared: shared.probe_given_up(self._clock(), prober))
            raise
        self._ended(None, prober)

    async def _enter(self) -> str | None:
        """Waits until the request may go; returns its name where it is the probe."""
        first: datetime | None = None
        while True:
            now = self._clock()
            state = self._known(now)
            if state.phase is Phase.CLOSED:
                return None
            if state.probe_due(now):
                if (name := self._claim(now)) is not None:
                    return name
                continue
            first = first or now
            wait = state.wait(now)
            probing = state.phase is Phase.HALF_OPEN
            if state.paused or now - first + (timedelta(0) if probing else wait) > self._patience:
                raise ShopPaused(f"{state.sentence(self._shop, now)} Nothing was sent.", until=now + wait)
            await self._sleep(min(wait, LOOK_EVERY).total_seconds())

    def _claim(self, now: datetime) -> str | None:
        name = uuid.uuid4().hex
        state = self._share(lambda shared: shared.claimed(now, name, self._tolerance))
        if state.prober != name:
            return None  # Another process was quicker, or requests go again.
        log.info("A probe goes to %s.", self._shop)
        return name

    def _known(self, now: datetime) -> Breaker:
        """The common state, looked at again when it is old or does not let requests go."""
        if self._looked_at is None or self._own.phase is not Phase.CLOSED or now - self._looked_at >= LOOK_EVERY:
            self._take(self._health.read())
        return self._own

    def _take(self, shared: Breaker) -> None:
        # Faults in a row are this process's own count; sharing each would cost a commit a fault.
        if shared.phase is not Phase.CLOSED or self._own.phase is not Phase.CLOSED:
            self._own = shared
        self._looked_at = self._clock()

    def _share(self, step: Callable[[Breaker], Breaker]) -> Breaker:
        self._take(self._health.change(step))
        return self._own

    def _ended(self, error: ShopifyError | None, prober: str | None) -> None:
        now, fault = self._clock(), None if error is None else fault_of(error)
        if fault is not None and fault.todo is Todo.PAUSE_SHOP and fault.pause is not None:
            if prober is None and self._own.paused and not self._own.probe_due(now):
                return  # One of several that were under way together; the first was told and written down.
            rest = fault.pause
            state = self._share(lambda shared: shared.refused(now, fault.sentence, rest))
            log.error("%s", state.sentence(self._shop, now))
            return
        unanswered = isinstance(error, Unreachable | ServerFault) or (
            isinstance(error, AnswerLost) and not error.answered)
        if prober is not None:
            state = self._share(lambda shared: shared.probe_failed(now, prober, self._tolerance) if unanswered
                                else shared.probe_answered(prober))
            log.log(logging.WARNING if unanswered else logging.INFO, "The probe ended. %s",
                    state.sentence(self._shop, now))
        elif unanswered:
            self._count(now, str(error))
        else:
            self._own = self._own.answered()

    def _count(self, now: datetime, why: str) -> None:
        before, self._own = self._own, self._own.failed(now, why, self._tolerance)
        if before.phase is Phase.CLOSED and self._own.phase is Phase.OPEN:
            opened = self._own
            state = self._share(lambda shared: opened if shared.phase is Phase.CLOSED else shared)
            log.warning("%s", state.sentence(self._shop, now))
