"""Stop: why a push ends before everything is sent: a signal, its time, or its points.

Nothing is broken off by it. What is in flight is finished, the ledger is written, and what was not sent stays planned.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

GRACE = 10.0
"""Seconds in which a push that was asked to stop is through, whatever the shop does."""


class Stop:
    """The wish that a push ends early. `max_seconds` and `max_points`: what it may take (`None`: no bound), of which
    `seconds` and `points` are used up already. `clock` gives seconds and is injected in tests."""

    def __init__(self, *, max_seconds: float | None = None, max_points: float | None = None, seconds: float = 0.0,
                 points: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_seconds = max_seconds
        self._max_points = max_points
        self._clock = clock
        self._began = clock() - seconds
        self._points = points
        self._asked: str | None = None
        self.signal: int | None = None
        """The signal that asked, if one did."""

    def ask(self, why: str) -> None:
        """Asks for an end; the first reason counts. `why` goes on "stopped: …"."""
        self._asked = self._asked or why

    def spend(self, points: float) -> None:
        """Books points that are used up by now."""
        self._points += points

    def why(self, points: float) -> str | None:
        """Why nothing more is to be sent after `points` more were charged; `None` while it may go on."""
        if self._asked is not None:
            return self._asked
        seconds = self._clock() - self._began
        if self._max_seconds is not None and seconds >= self._max_seconds:
            return f"{seconds:.0f} s are over (SYNC_MAX_RUNTIME is {self._max_seconds:g})"
        if self._max_points is not None and self._points + points >= self._max_points:
            return f"{self._points + points:.0f} points are spent (SYNC_MAX_POINTS is {self._max_points:g})"
        return None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Takes SIGTERM and SIGINT for the wish to stop, while the event loop of the main thread runs.

        Elsewhere, and for a signal that the process ignores, nothing is changed. A second signal is as it was before.
        """
        loop = asyncio.get_running_loop()
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        taken: list[signal.Signals] = []

        def put_back() -> None:
            while taken:
                number = taken.pop()
                loop.remove_signal_handler(number)
                signal.signal(number, before[number])

        def on_signal(number: signal.Signals) -> None:
            self.signal = number
            self.ask(f"{number.name} was received")
            put_back()

        for number, handler in before.items():
            if handler in (signal.SIG_IGN, None):
                continue
            try:
                loop.add_signal_handler(number, on_signal, number)
            except (ValueError, RuntimeError):
                break  # Not the main thread, or no such thing on this system.
            taken.append(number)
        try:
            yield
        finally:
            put_back()

    def pass_on(self) -> None:
        """Sends the signal that asked, now that all is written, to whoever handled it before."""
        if self.signal is not None:
            signal.raise_signal(self.signal)
