"""What documents really cost: Shopify's own figures against our estimates, remembered as factors.

Pure. For admission the factor is never below the recent maximum, because an estimate that is too low is refused by the
shop; for plans it is the usual one, because a plan's figure shall come true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

WINDOW = 100
"""Answers that make one generation; the maximum of the last two generations is the recent one."""

TRUSTED_AFTER = 20
"""Answers after which estimates may also be lowered; until then too high is better than too low."""

SMOOTHING = 0.05
"""Weight of the newest answer in the usual factor."""

LEAST, MOST = 0.1, 10.0
"""Bounds of a factor: what is outside of them is no estimate gone wrong but an answer that is."""

MOST_POINTS = 1000.0
"""The most points that one request may ask for (Shopify docs, "API limits")."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known of one document. `highest` and `before`: the largest ratio of asked points to estimated ones in
    this generation of `WINDOW` answers and in the one before; `answers`: those of this generation; `total`: all ever;
    `usual`: the smoothed ratio of charged points to estimated ones."""

    highest: float = 0.0
    before: float = 0.0
    answers: int = 0
    total: int = 0
    usual: float = 1.0

    @property
    def factor(self) -> float:
        """By what an estimate is multiplied before the request is admitted."""
        recent = max(self.highest, self.before)
        return recent if self.total >= TRUSTED_AFTER else max(1.0, recent)


NOTHING = Learned()


def observed(known: Learned, estimate: float, asked: float, charged: float | None = None) -> Learned:
    """What is known after an answer. `asked`: its `requestedQueryCost`; `charged`: its `actualQueryCost`, if told.

    An estimate or answer of nothing teaches nothing. Answers count whole points, so half a point is no deviation.
    """
    if estimate <= 0 or asked <= 0:
        return known
    ratio = min(max(_ratio(asked, estimate), LEAST), MOST)
    usual = min(max(_ratio(asked if charged is None else charged, estimate), LEAST), MOST)
    if known.answers >= WINDOW:
        known = replace(known, before=known.highest, highest=0.0, answers=0)
    share = max(SMOOTHING, 1 / (known.total + 1))
    return Learned(max(known.highest, ratio), known.before, known.answers + 1, known.total + 1,
                   known.usual + share * (usual - known.usual))


def _ratio(points: float, estimate: float) -> float:
    return 1.0 if abs(points - estimate) <= 0.5 else points / estimate


class CostMemory:
    """What one client knows of its documents and learns while it runs."""

    def __init__(self, known: Mapping[str, Learned] | None = None) -> None:
        self._known = dict(known or {})
        self._changed: set[str] = set()

    def expected(self, document: str, estimate: float) -> float:
        """The points that a request with this document and estimate will ask for, at the most."""
        known = self._known.get(document)
        if known is None or estimate <= 0:
            return estimate
        return min(estimate * known.factor, max(estimate, MOST_POINTS))

    def observe(self, document: str, estimate: float, asked: float | None, charged: float | None) -> None:
        """Learns from an answer; one that tells no cost teaches nothing."""
        if asked is None:
            return
        before = self._known.get(document, NOTHING)
        after = observed(before, estimate, asked, charged)
        if after is not before:
            self._known[document] = after
            self._changed.add(document)

    def take_changed(self) -> dict[str, Learned]:
        """What was learned since this was last asked, to be stored."""
        changed = {document: self._known[document] for document in self._changed}
        self._changed.clear()
        return changed
