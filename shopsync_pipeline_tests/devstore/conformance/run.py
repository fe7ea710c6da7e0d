"""Runs every recording against an empty dev store and tells matched from accepted from different."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.conformance.accepted import ACCEPTED, NOT_CARRIED, Accepted
from shopsync_pipeline_tests.devstore.conformance.costs import REPRICED
from shopsync_pipeline_tests.devstore.conformance.recordings import Recording, recordings
from shopsync_pipeline_tests.devstore.conformance.replay import Asked, Replay
from shopsync_pipeline_tests.devstore.conformance.setups import START
from shopsync_pipeline_tests.devstore.conformance.sittings import SITTINGS, Sitting
from shopsync_pipeline_tests.devstore.conftest import start, stop


@dataclass(slots=True)
class Outcome:
    """All recordings, asked again. Figures count interactions as the files hold them, told twice or not."""

    interactions: int = 0
    files: int = 0
    matched: int = 0
    differing: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)
    used: set[Accepted] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    points: list[tuple[int, int]] = field(default_factory=list)

    def add(self, recording: Recording, asked: list[Asked]) -> None:
        """Counts one recording."""
        self.files += 1
        self.interactions += recording.interactions
        for one in asked:
            self._judge(one)

    def _judge(self, one: Asked) -> None:
        name = f"{one.recording}:{one.exchange.at}"
        reasons = {NOT_CARRIED[taken] for taken in one.taken}
        self.taken |= one.taken
        unexplained = []
        for difference in one.differences:
            row = next((row for row in ACCEPTED if row.covers(name, difference.path)), None)
            if row is None:
                unexplained.append(f"{name} {difference}")
            else:
                self.used.add(row)
                reasons.add(row.reason)
        if unexplained:
            self.different.extend(unexplained)
            self.differing += one.exchange.copies
        elif reasons:
            # An interaction with several reasons counts once for each of them.
            self.accepted.update(dict.fromkeys(reasons, one.exchange.copies))
        else:
            self.matched += one.exchange.copies
        if one.points is not None and one.exchange.points is not None and not one.taken and not repriced(one):
            self.points.append((one.exchange.points, one.points))

    @property
    def accepted_interactions(self) -> int:
        """How many interactions differ for accepted reasons only."""
        return self.interactions - self.matched - self.differing


def repriced(one: Asked) -> bool:
    """Whether the platform has changed the price of this question since it was recorded."""
    return f"{REPRICED}(" in one.exchange.query


def replay(shop: DevStoreClient, recording: Recording) -> list[Asked]:
    """One recording against a dev store that is emptied first."""
    shop.control("reset")
    shop.control("settings", {"bulk_start_ms": 0})
    sitting = SITTINGS.get(recording.name, Sitting())
    captured = {path: read(recording) for path, read in sitting.captured.items()}
    asking = Replay(shop, recording, captured)
    before = dict(sitting.before)
    if START in before:
        before.pop(START)(asking)
    return asking.run(sitting.order(recording), before)


def run(folder: Path) -> Outcome:
    """Every recording under `folder`, against a dev store in a process of its own that has the recorded shop's name."""
    found = list(recordings(folder))
    outcome = Outcome()
    with TemporaryDirectory() as state:
        process, address = start(Path(state) / "shop.sqlite", "--shop", found[0].shop, "--currency", "CAD")
        try:
            shop = DevStoreClient(address)
            for recording in found:
                outcome.add(recording, replay(shop, recording))
            shop.http.close()
        finally:
            stop(process)
    return outcome
