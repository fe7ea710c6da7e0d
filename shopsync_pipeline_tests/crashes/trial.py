"""One trial: a sync dies at an instant, another is started until it comes to its end, and the store is judged.

The judge reads the store by GraphQL and the database by SQL, past the code under test.
"""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shopsync_pipeline_tests.crashes.arena import Arena, disagreements, in_flight, left_open
from shopsync_pipeline_tests.crashes.server import ForkServer
from shopsync_pipeline_tests.crashes.watched import Instant, Label, Moment, deliver
from shopsync_pipeline_tests.crashes.world import REFUSED, key, sku

FAULTS = {"drop_before_write": 4, "drop_after_write": 4, "throttle": 5,
          "http_status": {"500": 2, "502": 1, "503": 2, "429": 2}}
"""Percent of all requests that go wrong each way: twenty in a hundred."""

ARRIVES = ("pull", "diff", "push", "after")
"""When something arrives late: in a phase of the next run, or after it."""

READS = ("bulkOperationRunQuery",)
"""Mutations that change nothing: a read of the whole store may be one."""

RUNS = 8
"""Syncs after which a shop should have come to rest, faults or not."""

WIRE_LATENCY = 0.04
"""Seconds of the dev store's latency while a process dies with a request on the wire."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one instant. `died`: whether it was met; `runs`: syncs until one came to its end; no `problems`: the
    store is as it should be, and the ledger knows."""

    instant: Instant
    died: bool
    flying: str
    runs: int
    problems: tuple[str, ...]
    seconds: float


class Court:
    """Trials in one arena, against what an undisturbed run made of another."""

    def __init__(self, arena: Arena, server: ForkServer, expected: Mapping[str, Any], *, faulty: bool = False) -> None:
        """`faulty`: a fifth of all requests goes wrong and one SKU is refused, so that `expected` lacks its change."""
        self._arena = arena
        self._server = server
        self._expected = expected
        self._faulty = faulty

    def undisturbed(self) -> tuple[list[Label], dict[str, Any]]:
        """What happens in a sync that nothing disturbs, in order, and what the store shows after it."""
        database = self._begin(seed=0, calm=True)
        told = self._sync(database)
        assert told["error"] is None, told["error"]
        seen = [Label(Moment(row["moment"]), row["phase"], row["what"]) for row in told["seen"]]
        return seen, self._arena.contents()

    def try_(self, instant: Instant, seed: int) -> Trial:
        """One trial; `seed` is that of the faults."""
        started = time.monotonic()
        database = self._begin(seed=seed)
        control = self._arena.store.control
        if instant.label.moment is Moment.ON_THE_WIRE:
            control("settings", {"latency_ms": WIRE_LATENCY * 1000})
        told = self._sync(database, instant)
        control("settings", {"latency_ms": 0})
        flying = in_flight(database)
        runs, problems = self._until_done(database, instant.arrives) if self._left(told) else (0, [])
        if instant.arrives and told is None:
            # What was on the wire has arrived by now; a sync like any other cleans up after it.
            deliver(database.with_suffix(".json.late"))
            again, more = self._until_done(database)
            runs, problems = runs + again, problems + more
        problems += self._judged(database)
        return Trial(instant, told is None, flying, runs, tuple(problems), time.monotonic() - started)

    def _begin(self, seed: int, *, calm: bool = False) -> Path:
        database = self._arena.begin()
        if self._faulty:
            self._arena.store.control("refusals", {"sku": sku(REFUSED), "message": "This product may not be changed."})
            if not calm:
                self._arena.store.control("mixture", {"seed": seed, **FAULTS})
        return database

    def _sync(self, database: Path, instant: Instant | None = None, arrives: str = "") -> dict[str, Any] | None:
        """One sync; `None` when it was killed. `arrives`: when something that was sent before reaches the store."""
        result = database.with_suffix(".json")
        result.unlink(missing_ok=True)
        status = self._server.run(settings=self._arena.environment(database), result=result, hasty=self._faulty,
                                  arrives=arrives, instant=instant.to_json() if instant else None)
        if status == -9:
            return None
        assert status == 0, f"a sync ended with status {status}" + (" (it hung)" if status == -14 else "")
        told: dict[str, Any] = json.loads(result.read_text())
        return told

    def _until_done(self, database: Path, arrives: str = "") -> tuple[int, list[str]]:
        """Syncs until one comes to its end and sets nothing aside but what is refused."""
        for number in range(1, RUNS + 1):
            told = self._sync(database, arrives=arrives)
            assert told is not None
            problem = self._left(told)
            if not problem:
                return number, []
            if not self._faulty and told["error"]:
                return number, [f"run {number} after the crash ended with {told['error']}"]
        return RUNS, [f"not done after {RUNS} runs: {problem}"]

    def _left(self, told: Mapping[str, Any] | None) -> str:
        """Why another sync has to follow, empty where none has to. Faults may leave work also where nothing is killed.
        """
        if told is None:
            return "it was killed"
        return told["error"] or "; ".join(
            " ".join(row) for row in told["set_aside"] if not (self._faulty and row[0] == key(REFUSED)))

    def _judged(self, database: Path) -> Iterator[str]:
        self._arena.store.control("mixture", {})
        try:
            yield from differences(self._expected, self._arena.contents())
        except AssertionError as error:
            yield str(error)
        yield from (f"{count} ledger rows left {state}" for state, count in left_open(database).items())
        before = self._mutations()
        told = self._sync(database)
        assert told is not None
        if told["error"]:
            yield f"the next sync ended with {told['error']}"
        refused = {row[0] for row in told.get("set_aside", ())}
        if told.get("items", 0) > len([row for row in told.get("set_aside", ()) if row[0] == key(REFUSED)]):
            yield f"the next sync had {told['items']} items left to send"
        if not refused and self._mutations() != before:
            yield "the next sync sent mutations"
        if told.get("conflicts"):
            yield f"{told['conflicts']} conflicts that nobody made"
        yield from disagreements(database, self._arena.store)

    def _mutations(self) -> int:
        counted = self._arena.store.control("stats")["mutations"]
        return sum(count for root, count in counted.items() if root not in READS)


def differences(expected: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[str]:
    """Where two stores differ, product by product and field by field."""
    for name in sorted(expected.keys() | shown.keys()):
        one, other = expected.get(name), shown.get(name)
        if one is None or other is None:
            yield f"{name} is in the store, and should not be" if one is None else f"{name} is not in the store"
        elif one != other:
            yield from (f"{name}: {part} is {other[part]!r} instead of {one[part]!r}"
                        for part in one if one[part] != other[part])


def draw(seen: Sequence[Label], count: int, seed: int, *, late: bool = True) -> list[Instant]:
    """Seeded instants out of what happens in an undisturbed run: kinds in turn, so that even the rarest has its share.

    `late`: also what reaches the store only after the next run has begun.
    """
    dice = random.Random(seed)
    times: dict[Label, int] = defaultdict(int)
    for label in seen:
        if late or label.moment is not Moment.ARRIVING_LATE:
            times[label] += 1
    kinds = sorted(times, key=lambda label: (label.moment, label.phase, label.what))
    found: list[Instant] = []
    while len(found) < count:
        dice.shuffle(kinds)
        for label in _turns(kinds)[: count - len(found)]:
            delay = dice.uniform(0, WIRE_LATENCY) if label.moment is Moment.ON_THE_WIRE else 0.0
            arrives = dice.choice(ARRIVES) if label.moment is Moment.ARRIVING_LATE else ""
            found.append(Instant(label, dice.randint(1, times[label]), delay, arrives))
        found.append(Instant(Label(Moment.CLOCK, "at", "a time"), 1, dice.uniform(0.02, 1.4)))
    return found[:count]


def _turns(kinds: Sequence[Label]) -> list[Label]:
    """The kinds so that each moment has its turn: first one of each moment, then the next of each."""
    by_moment: dict[Moment, list[Label]] = defaultdict(list)
    for label in kinds:
        by_moment[label.moment].append(label)
    longest = max(map(len, by_moment.values()), default=0)
    return [labels[place] for place in range(longest) for labels in by_moment.values() if place < len(labels)]


HEAD = "| # | killed | what was in flight | runs to the end | seconds | result |\n|---|---|---|---|---|---|"


def row(number: int, trial: Trial) -> str:
    """A trial as a row under `HEAD`."""
    result = "; ".join(trial.problems[:3]) or ("identical" if trial.died else "not met: it ended before")
    instant = trial.instant
    when = f" ({instant.number}.)" if instant.number > 1 else ""
    when += f" after {instant.delay * 1000:.0f} ms" if instant.delay else ""
    when += f", in its {instant.arrives}" if instant.arrives else ""
    return (f"| {number} | {instant.label.text()}{when} | {trial.flying or 'nothing'} | {trial.runs} | "
            f"{trial.seconds:.1f} | {result} |")


def table(trials: Iterable[Trial]) -> str:
    """The trials as a Markdown table."""
    return "\n".join([HEAD, *(row(number, trial) for number, trial in enumerate(trials, 1))])
