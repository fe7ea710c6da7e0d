"""Where a shop's points come from: the account of what the shop's bucket surely holds for us, of one process alone.

Never guesses a limit and never counts a point that Shopify's own answers do not prove. `engine.points` keeps the same
account for several processes together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

ROUNDING = 1e-6
"""Points below which two accounts are the same."""

MOST_HEADROOM = 0.9


@dataclass(frozen=True, slots=True)
class ThrottleStatus:
    """The bucket as Shopify answered it: `extensions.cost.throttleStatus` (Shopify docs, "API limits"), in points and
    points a second."""

    maximum: float
    available: float
    restore_rate: float

    def without(self, headroom: float) -> ThrottleStatus:
        """The part of the bucket that is ours when the share `headroom` of its size and of its rate is left to others.

        `available` is negative where others have already had more than their share.
        """
        return ThrottleStatus(self.maximum * (1 - headroom), self.available - self.maximum * headroom,
                              self.restore_rate * (1 - headroom))


@dataclass(frozen=True, slots=True)
class SetAside:
    """Points held for one request. `spent_before`: the charges that were known when it was let go, of several processes
    those that answers of this one do not tell; `at`: when that was, by the supply's clock."""

    points: float
    spent_before: float
    at: float


class Supply(Protocol):
    """The points that a process may spend in one shop. All costs are in points; nothing here waits or sleeps."""

    def listen(self, news: Callable[[], None]) -> None:
        """`news` is called whenever points may have become free otherwise than by time."""

    @property
    def proven(self) -> bool:
        """Whether the account rests on an answer that is not old; until it does, only one request may go and ask."""

    def available(self) -> float | None:
        """Points that could be had now; `None` while nothing is known."""

    def seconds_until(self, cost: float) -> float | None:
        """Seconds until `cost` points can be set aside, if nothing happens meanwhile: 0 for now, `None` where only
        news can help. Raises `ShopsyncError` when the account cannot be reached; asking again tries again."""

    def set_aside(self, cost: float) -> SetAside:
        """Holds `cost` points for a request that goes out now."""

    def book(self, aside: SetAside, charged: float, status: ThrottleStatus | None, *, refused: bool = False) -> None:
        """Books the answer to a request for which points were set aside: what was charged, and the bucket it told.
        `refused`: it was told that the bucket did not hold enough."""

    async def release(self) -> None:
        """Gives back what is held and not used; the supply can still be used afterwards. Never raises."""


def check_headroom(headroom: float) -> float:
    """Raises `ValueError` unless the share lies between 0 and `MOST_HEADROOM`."""
    if not 0 <= headroom <= MOST_HEADROOM:
        raise ValueError(f"headroom is {headroom}: give the share of the bucket that is left to others, 0 to "
                         f"{MOST_HEADROOM}.")
    return headroom


class OwnPoints:
    """The points of one process that shares the bucket with none of ours.

    The account never exceeds the truth: a charge is booked when its answer arrives, and until then the whole cost is
    set aside; points that come back with time count at the shop's rate up to the shop's maximum. An answer's
    `currentlyAvailable` was true at some moment between sending and now, so it bounds the account from both sides: what
    was charged by requests that overlapped may or may not be in it. With `headroom` it bounds from above only, because
    points that came back faster than our share of the rate are not ours.
    """

    def __init__(self, *, headroom: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._headroom = check_headroom(headroom)
        self._clock = clock
        self._status: ThrottleStatus | None = None
        self._level = 0.0
        self._level_at = 0.0
        self._reserved = 0.0
        self._out = 0
        self._spent = 0.0

    def listen(self, news: Callable[[], None]) -> None:
        """Nothing happens here that the bucket does not cause itself."""

    @property
    def proven(self) -> bool:
        """After the first answer."""
        return self._status is not None

    def available(self) -> float | None:
        """The level less what is set aside."""
        if self._status is None:
            return None
        self._restore()
        return max(0.0, self._level - self._reserved)

    def seconds_until(self, cost: float) -> float | None:
        """By the level and the restore rate; `None` only while a request is on its way."""
        if self._status is None:
            return 0.0
        self._restore()
        # A request dearer than the whole bucket is let go at a full bucket: Shopify then says what is wrong with it.
        needed = min(cost, self._status.maximum) + self._reserved
        missing = needed - self._level
        if missing <= ROUNDING:
            return 0.0
        if needed > self._status.maximum + ROUNDING or self._status.restore_rate <= 0:
            return None if self._out else 1.0
        return missing / self._status.restore_rate

    def set_aside(self, cost: float) -> SetAside:
        """Counts towards what is set aside until the answer."""
        self._reserved += cost
        self._out += 1
        return SetAside(cost, self._spent, self._clock())

    def book(self, aside: SetAside, charged: float, status: ThrottleStatus | None, *, refused: bool = False) -> None:
        """Corrects the account within what the answer proves."""
        overlapped = self._spent - aside.spent_before
        self._reserved = max(0.0, self._reserved - aside.points)
        self._out -= 1
        self._spent += charged
        known = self._status is not None
        if known:
            self._restore()
            self._level -= charged
        if status is None:
            return
        ours = status.without(self._headroom)
        self._status = ours
        self._level_at = self._clock()
        least, most = ours.available - overlapped, ours.available + self._reserved
        if not known:
            self._level = least
        elif self._headroom:
            self._level = min(self._level, most)
        else:
            self._level = min(max(self._level, least), most)
        self._level = min(self._level, ours.maximum)

    async def release(self) -> None:
        """There is nobody to give anything to."""

    def _restore(self) -> None:
        assert self._status is not None
        now = self._clock()
        self._level = min(self._status.maximum, self._level + (now - self._level_at) * self._status.restore_rate)
        self._level_at = now
