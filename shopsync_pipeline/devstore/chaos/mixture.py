"""A share of all requests goes wrong, drawn from a seed: cut before or after the write, an HTTP error, or throttled.

One draw a request decides; the order of the draws is the order in which requests arrive.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline.devstore.faults import STATUSES

_KINDS: Final = ("drop_before_write", "drop_after_write", "throttle")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong with one request: a kind of fault, and the HTTP status when it is one."""

    kind: str
    status: int = 0


class Mixture:
    """An order like {"seed": 7, "drop_after_write": 0.5, "throttle": 2, "http_status": {"503": 1}}, in percent."""

    def __init__(self, given: dict[str, Any]) -> None:
        """Reads an order, empty for no trouble; raises OrderError."""
        self.given = given
        self.drawn: Counter[str] = Counter()
        self._shares: list[tuple[float, Trouble]] = []
        total = 0.0
        statuses = given.get("http_status") or {}
        if not isinstance(statuses, dict):
            raise OrderError(f"http_status {statuses!r} must name the percent of each status")
        for name, percent in [*given.items(), *statuses.items()]:
            if name in ("seed", "http_status"):
                continue
            trouble = _trouble(name)
            if isinstance(percent, bool) or not isinstance(percent, int | float) or percent < 0:
                raise OrderError(f"{name} {percent!r} must be a percentage from 0 up")
            total += percent
            self._shares.append((total, trouble))
        if total > 100:
            raise OrderError(f"the percentages add up to {total:g}, which is more than all requests")
        self._random = random.Random(int(given.get("seed", 0)))

    def draw(self) -> Trouble | None:
        """The trouble of the next request, None for none."""
        if not self._shares:
            return None
        place = self._random.uniform(0, 100)
        for upto, trouble in self._shares:
            if place < upto:
                self.drawn[str(trouble.status or trouble.kind)] += 1
                return trouble
        return None


def _trouble(name: str) -> Trouble:
    if name in _KINDS:
        return Trouble(name)
    if name.isdecimal() and int(name) in STATUSES:
        return Trouble("http_status", int(name))
    raise OrderError(f"{name} is not known: there are {', '.join(_KINDS)}, and http_status with the statuses in it")
