"""The shop's own time: the machine's, plus what tests have advanced it by.

Everything that expires or ripens (keys, tokens, lag, deliveries, buckets) reads this clock; it never runs backwards.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

_SHOWN: Final = "%Y-%m-%dT%H:%M:%SZ"


class Clock:
    """The time of one shop. `advanced` is how many seconds it is ahead of the machine."""

    def __init__(self, advanced: float = 0.0) -> None:
        """Starts at the machine's time plus `advanced` seconds."""
        self._anchor = time.time() - time.monotonic()
        self.advanced = advanced

    def epoch(self) -> float:
        """Seconds since 1970 in the shop's time. Steady: a corrected machine clock does not move it."""
        return self._anchor + time.monotonic() + self.advanced

    def now(self) -> str:
        """The present as the API writes it: UTC, second precision."""
        return text_of(self.epoch())

    def advance(self, seconds: float) -> None:
        """Moves the shop's time forward; raises ValueError for a step back."""
        if not seconds >= 0:
            raise ValueError(f"the clock cannot be moved by {seconds} seconds: it only goes forward")
        self.advanced += seconds


def text_of(epoch: float) -> str:
    """An instant as the API writes it: UTC, second precision."""
    return datetime.fromtimestamp(epoch, UTC).strftime(_SHOWN)


def normal_time(text: str) -> str:
    """A time somebody wrote (a day, an instant with or without an offset) as the API writes it; other text stays."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text_of((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def epoch_of(text: str) -> float:
    """The instant behind a text that the API wrote, or any ISO 8601 text with an offset."""
    return datetime.fromisoformat(text).timestamp()
