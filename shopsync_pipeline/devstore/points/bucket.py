"""The points bucket of one (shop, app): admits a request by what it asks, refunds what it did not use.

Pure arithmetic over a clock that is passed in; it never sleeps and never goes above its maximum or below zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """`maximum` points, refilled by `restore_rate` points a second times `speed`; it holds `level` at time `at`."""

    maximum: int
    restore_rate: int
    speed: float = 1.0
    level: float = field(default=-1.0)
    at: float = 0.0

    def __post_init__(self) -> None:
        """A new bucket is full."""
        if self.level < 0:
            self.level = float(self.maximum)

    def refill(self, now: float) -> None:
        """Brings the level up to time `now` (seconds, monotonic)."""
        passed = max(0.0, now - self.at)
        self.level = min(float(self.maximum), self.level + passed * self.restore_rate * self.speed)
        self.at = max(self.at, now)

    def admit(self, points: float, now: float) -> bool:
        """Takes `points` when the bucket holds them; a bucket that does not is left as it is."""
        self.refill(now)
        if points > self.level:
            return False
        self.level -= points
        return True

    def refund(self, points: float) -> None:
        """Gives back what was taken and not used; a negative refund takes more, down to empty."""
        self.level = max(0.0, min(float(self.maximum), self.level + points))

    def status(self) -> dict[str, int]:
        """The bucket as `throttleStatus` shows it; the rate includes `speed`, so a client's waits come out right."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.level),
            "restoreRate": round(self.restore_rate * self.speed),
        }
