"""How long an answer takes: a fixed time, a fixed time with jitter, or a long-tailed spread of given mean and 99th
percentile. Drawn from a seed, so that a run can be repeated.
"""

from __future__ import annotations

import random
from math import exp, log, sqrt
from typing import Any, Final

from shopsync_pipeline.devstore.errors import OrderError

_Z99: Final = 2.3263478740408408  # the 99th percentile of the standard normal distribution


class Latency:
    """One order for latency, in milliseconds: a number, {fixed, jitter, seed} or {min, mean, p99, seed}."""

    def __init__(self, given: Any) -> None:
        """Reads an order; raises OrderError."""
        self.given = given
        body = {"fixed": given} if _is_number(given) else given
        if not isinstance(body, dict) or not all(_is_number(value) for value in body.values()):
            raise OrderError(f"latency_ms {given!r} must be a number from 0 up, or an object of such numbers")
        self._random = random.Random(int(body.get("seed", 0)))
        self._least: float
        self._jitter = 0.0
        self._spread: tuple[float, float] | None = None
        names = set(body) - {"seed"}
        if names <= {"fixed", "jitter"} and "fixed" in names:
            self._least, self._jitter = float(body["fixed"]), float(body.get("jitter", 0))
        elif names == {"min", "mean", "p99"}:
            self._least = float(body["min"])
            self._spread = _lognormal(body["mean"] - self._least, body["p99"] - self._least)
        else:
            raise OrderError(f"latency_ms {given!r} must have fixed (and jitter), or min, mean and p99")
        if self._least < 0 or self._jitter < 0:
            raise OrderError(f"latency_ms {given!r} must be 0 or more")

    def draw(self) -> float:
        """The milliseconds of the next answer."""
        if self._spread is not None:
            return self._least + self._random.lognormvariate(*self._spread)
        return self._least + (self._random.uniform(0, self._jitter) if self._jitter else 0)


def _lognormal(mean: float, p99: float) -> tuple[float, float]:
    """Mu and sigma of the log-normal distribution of this mean and 99th percentile."""
    if not 0 < mean < p99:
        raise OrderError("latency_ms needs min below mean below p99")
    # p99/mean = exp(z*sigma - sigma^2/2), solved for the smaller sigma; the ratio cannot go beyond its maximum.
    ratio = log(p99 / mean)
    if 2 * ratio > _Z99**2:
        raise OrderError(f"latency_ms has too long a tail: p99 can be at most {exp(_Z99**2 / 2):.1f} times the mean")
    sigma = _Z99 - sqrt(_Z99**2 - 2 * ratio)
    return log(mean) - sigma**2 / 2, sigma


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
