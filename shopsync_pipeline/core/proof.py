"""What the answers of a shop prove of its bucket, though none tells in which order requests were executed.

Each answer tells what the bucket held when its request was executed, somewhere between its sending and its answer. Of
requests that overlap any may have been the last; whichever it was, the bucket held at least the least that one of them
shows, and all of them had been charged by then. So requests in flight side by side cost the account nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Shown:
    answered: float
    available: float
    others: float


class Proof:
    """Gathers the answers of one process. Points, and seconds of one clock."""

    def __init__(self) -> None:
        """Nothing is proven yet."""
        self._shown: deque[_Shown] = deque()
        self._since = float("-inf")
        self.charged = 0.0
        """What all answered requests were charged."""

    def add(self, available: float, charged: float, *, sent: float, answered: float, others: float) -> float:
        """Adds an answer: the bucket held `available` after it took `charged`. `others`: what was charged, as far as
        was known when the request was sent, to all requests that are not answered here (compare `charged`).

        Returns what the bucket surely held at some time until now, with all charges that had surely been made before:
        whatever else was charged by now, and may still be, has to be taken from it.
        """
        self.charged += charged
        # What was answered before one of the others was sent was executed before it, and so before the last of them.
        self._since = max(self._since, sent)
        self._shown.append(_Shown(answered, available, others))
        while self._shown[0].answered < self._since:
            self._shown.popleft()
        return (min(one.available for one in self._shown) + min(one.others for one in self._shown) + self.charged)
