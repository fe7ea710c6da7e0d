"""When a shop is left alone: after many faults in a row for a while, after a refusal of the whole shop for hours.

A state and its transitions, all instants given. Between rests one request at a time, the probe, finds out whether the
shop serves us again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class Phase(StrEnum):
    """Closed: requests go. Open: nothing goes before `probe_at`. Half-open: only the probe is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """`faults` in a row within `window` open the breaker. The first rest is `rest`; each probe in vain doubles it, up
    to `longest`. A probe that was not heard of for `lease` counts as lost with its process."""

    faults: int = 10
    window: timedelta = timedelta(seconds=60)
    rest: timedelta = timedelta(seconds=5)
    longest: timedelta = timedelta(minutes=5)
    lease: timedelta = timedelta(minutes=2)


TOLERANCE = Tolerance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """One shop's state. `faults` are the instants of those in a row while it is closed. `paused` tells a refusal of the
    whole shop, which ends by a probe or by a person, from a breaker that opened by itself; `why` is the sentence of
    what happened since `since`. `prober` names the probe that is under way."""

    phase: Phase = Phase.CLOSED
    faults: tuple[datetime, ...] = ()
    paused: bool = False
    why: str = ""
    since: datetime | None = None
    rest: timedelta = timedelta(0)
    probe_at: datetime | None = None
    prober: str | None = None

    def failed(self, now: datetime, why: str, tolerance: Tolerance = TOLERANCE) -> Breaker:
        """After one fault that passes by itself, of any request but the probe: opens where it was one too many."""
        if self.phase is not Phase.CLOSED:
            return self
        recent = (*(at for at in self.faults if now - at <= tolerance.window), now)
        if len(recent) < tolerance.faults:
            return replace(self, faults=recent)
        return Breaker(phase=Phase.OPEN, why=why, since=now, rest=tolerance.rest, probe_at=now + tolerance.rest)

    def answered(self) -> Breaker:
        """After any answer that is no such fault, of any request but the probe: those in a row are forgotten."""
        return replace(self, faults=()) if self.faults else self

    def refused(self, now: datetime, why: str, rest: timedelta) -> Breaker:
        """After a refusal of the whole shop, by any request: paused, since when it was first."""
        return Breaker(phase=Phase.OPEN, paused=True, why=why, since=self.since if self.paused else now, rest=rest,
                       probe_at=now + rest)

    def claimed(self, now: datetime, prober: str, tolerance: Tolerance = TOLERANCE) -> Breaker:
        """`prober` becomes the probe, where one is due and none is under way."""
        if not self.probe_due(now):
            return self
        return replace(self, phase=Phase.HALF_OPEN, prober=prober, probe_at=now + tolerance.lease)

    def probe_due(self, now: datetime) -> bool:
        """Whether the next request may be the probe; so too when the one under way was not heard of in time."""
        return self.phase is not Phase.CLOSED and self.probe_at is not None and now >= self.probe_at

    def probe_failed(self, now: datetime, prober: str, tolerance: Tolerance = TOLERANCE) -> Breaker:
        """The probe met a fault: a rest twice as long, or as long as before where the shop is paused."""
        if self.prober != prober:
            return self
        rest = self.rest if self.paused else min(self.rest * 2, tolerance.longest)
        return replace(self, phase=Phase.OPEN, prober=None, rest=rest, probe_at=now + rest)

    def probe_answered(self, prober: str) -> Breaker:
        """The probe was answered: requests go again."""
        return Breaker() if self.prober == prober else self

    def probe_given_up(self, now: datetime, prober: str) -> Breaker:
        """The probe was called off before it had an answer: the next request is the probe."""
        return replace(self, phase=Phase.OPEN, prober=None, probe_at=now) if self.prober == prober else self

    def resumed(self, now: datetime) -> Breaker:
        """A person says to go on: the next request is the probe, at once."""
        if self.phase is Phase.CLOSED:
            return self
        return replace(self, phase=Phase.OPEN, prober=None, probe_at=now)

    def wait(self, now: datetime) -> timedelta:
        """How long until the next probe may go; nothing where requests go."""
        if self.phase is Phase.CLOSED or self.probe_at is None:
            return timedelta(0)
        return max(timedelta(0), self.probe_at - now)

    def sentence(self, shop: str, now: datetime) -> str:
        """What people are told while requests do not go: since when, why, when the next probe goes, and the way out."""
        if self.phase is Phase.CLOSED or self.since is None or self.probe_at is None:
            return f"{shop} is served."
        state = "is paused" if self.paused else "is left alone after faults in a row"
        if self.phase is Phase.HALF_OPEN and not self.probe_due(now):
            following = "A probe is under way."
        elif self.probe_due(now):
            following = "The next request is the probe."
        else:
            following = (f"The next probe goes at {_at(self.probe_at)}, or at once after `shopsync shop resume "
                         '--reason "…"`.')
        return f"{shop} {state} since {_at(self.since)}: {self.why} {following}"


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"


class Health(Protocol):
    """Where the processes that talk to one shop keep its common state."""

    def read(self) -> Breaker:
        """The state now."""

    def change(self, step: Callable[[Breaker], Breaker]) -> Breaker:
        """Replaces the state by `step` of it, while nobody else can, and returns the new one."""
