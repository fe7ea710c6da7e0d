"""Asks a recording's questions of a dev store, in order, with our ids and texts in place of the recorded ones.

A variable may refer to another exchange instead of holding a value; it is looked up in what was recorded before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from shopsync_pipeline.devstore.schema import carried_schema, served_version
from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conformance.accepted import NOT_CARRIED
from shopsync_pipeline_tests.devstore.conformance.compare import ABSENT, Difference, Known, compare
from shopsync_pipeline_tests.devstore.conformance.cut import cut
from shopsync_pipeline_tests.devstore.conformance.recordings import Exchange, Recording

_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_OF_ANOTHER_ANSWER: Final = ("fromPrimaryProxyPath", "fromProxyResponse")
_OF_THE_CAPTURE: Final = "fromCapturePath"


@dataclass(frozen=True, slots=True)
class Asked:
    """One exchange that was asked again; `taken` was cut out of the question, `points` are our requestedQueryCost."""

    recording: str
    exchange: Exchange
    differences: tuple[Difference, ...]
    taken: frozenset[str]
    points: int | None


class UnresolvedError(LookupError):
    """A variable refers to something the recording does not hold."""


class Replay:
    """One recording against one empty dev store. `captured` holds what the recording left out, by its place."""

    def __init__(self, shop: DevStoreClient, recording: Recording, captured: dict[str, Any]) -> None:
        """Nothing is asked yet."""
        self.shop = shop
        self.recording = recording
        self.captured = captured
        self.known = Known()
        self.schema = carried_schema(served_version(recording.version))
        self._answered: list[dict[str, Any]] = []

    def run(self, order: list[Exchange], before: dict[str, Callable[[Replay], None]]) -> list[Asked]:
        """Asks `order`; `before` holds what has to happen first, by the place of an exchange."""
        asked = []
        for exchange in order:
            if exchange.at in before:
                before[exchange.at](self)
            asked.append(self.ask(exchange))
        return asked

    def ask(self, exchange: Exchange) -> Asked:
        """Asks one exchange again."""
        variables = self.known.translate(self.resolve(exchange.variables))
        question = cut(exchange.query, variables, self.schema, NOT_CARRIED)
        answer = self.shop.ask(question.query, question.variables, self.recording.version)
        ours = {part: answer[part] for part in ("data", "errors") if part in answer}
        differences = tuple(
            difference
            for difference in compare(exchange.answer, ours, self.known)
            if not (difference.here == ABSENT and difference.path.rsplit(".", 1)[-1] in question.keys)
        )
        self.happened(exchange.answer)
        points = answer.get("extensions", {}).get("cost", {}).get("requestedQueryCost")
        return Asked(self.recording.name, exchange, differences, question.taken, points)

    def happened(self, answer: dict[str, Any]) -> None:
        """Notes a recorded answer, so that later questions can refer to it."""
        self._answered.append(answer)

    def resolve(self, value: Any) -> Any:
        """A recorded value with its references looked up; raises UnresolvedError naming one that leads nowhere."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if _OF_THE_CAPTURE in value:
            return self._from_capture(value[_OF_THE_CAPTURE])
        if any(name in value for name in _OF_ANOTHER_ANSWER):
            return self._from_answers(value.get("path") or value["fromPrimaryProxyPath"])
        return {key: self.resolve(item) for key, item in value.items()}

    def _from_answers(self, path: str) -> Any:
        if path in self.captured:
            return self.captured[path]
        for answer in reversed(self._answered):
            found = walk(answer, path)
            if found is not None:
                return found
        raise UnresolvedError(f"{self.recording.name}: no answer before has {path}")

    def _from_capture(self, path: str) -> Any:
        if path in self.captured:
            return self.captured[path]
        for exchange in self.recording.exchanges:
            if path.startswith(f"{exchange.at}.variables"):
                return walk(exchange.variables, "$" + path.removeprefix(f"{exchange.at}.variables"))
        raise UnresolvedError(f"{self.recording.name}: the recording does not hold {path}")


def walk(value: Any, path: str) -> Any:
    """The value at a path like $.data.product.variants.nodes[0].id, or None."""
    for name, index in _STEP.findall(path.removeprefix("$")):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value
