"""Progress: how far a push has got, how hard it uses the shop's limit, and when it will be through.

The one source of what Dagster, the REST API and the command line show of a running push.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one lane of one plan has got.

    `points` as charged, `estimate` for all items of the lane by the plan; `seconds` since the lane began;
    `restore_rate` in points a second and `bucket` in points at hand when it began, 0 where the shop does not say.
    `stopped` says why it ended early, if it did.
    """

    plan_id: str
    lane: str
    run_id: str | None
    total: int
    confirmed: int = 0
    failed: int = 0
    set_aside: int = 0
    points: float = 0.0
    estimate: float = 0.0
    throttled: int = 0
    seconds: float = 0.0
    restore_rate: float = 0.0
    bucket: float = 0.0
    finished: bool = False
    stopped: str | None = None

    @property
    def decided(self) -> int:
        """Items of which it is known what became of them."""
        return self.confirmed + self.failed + self.set_aside

    @property
    def left(self) -> int:
        """Items that are still to be sent."""
        return max(0, self.total - self.decided)

    @property
    def rate(self) -> float:
        """Points charged a second."""
        return self.points / self.seconds if self.seconds > 0 else 0.0

    @property
    def share(self) -> float | None:
        """The share of the shop's limit in use: points charged of those that could have been. `None`: not known."""
        most = self.bucket + self.restore_rate * self.seconds
        return min(1.0, self.points / most) if most > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the rest is sent, at the shop's restore rate or, if that is slower, at the pace so far.

        `None` where neither is known yet.
        """
        if self.left == 0 or self.finished:
            return 0.0
        by_pace = self.left * self.seconds / self.decided if self.decided else None
        if self.restore_rate <= 0 or self.total == 0:
            return by_pace
        # What the plan expects, or what it really took per item once that is known.
        cost = self.points / self.decided if self.decided else self.estimate / self.total
        at_hand = max(0.0, self.bucket + self.restore_rate * self.seconds - self.points)
        by_points = max(0.0, cost * self.left - at_hand) / self.restore_rate
        return by_points if by_pace is None else max(by_points, min(by_pace, by_points * 10 + 60))

    def sentence(self) -> str:
        """One line for people: items, points, share of the limit, time left."""
        told = f"{self.lane}: {self.decided} of {self.total} items"
        if self.failed or self.set_aside:
            told += f" ({self.failed} refused, {self.set_aside} set aside)"
        told += f", {self.points:.0f} points"
        if self.share is not None:
            told += f", {self.share:.0%} of the limit"
        if self.stopped:
            return f"{told}; stopped: {self.stopped}, {self.left} left"
        left = self.seconds_left
        return told if left is None or self.left == 0 else f"{told}, about {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
