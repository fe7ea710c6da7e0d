"""The process that syncs, again and again, until it is killed: `python -m …chaos.worker`, a line of JSON in and out.

A line in asks for a sync (`full`: with a read of the whole store), a line out says what it did and holds in memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from shopsync_pipeline.engine.apply import push, recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.pull import pull
from shopsync_pipeline.settings import load

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """That process, seen from outside."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        """Starts it; what it prints besides its answers goes to the end of `log`."""
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shopsync_pipeline_tests.chaos.worker"], cwd=log.parent, text=True, stderr=file,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)})

    def sync(self, *, full: bool) -> dict[str, Any] | None:
        """One sync; `None` if the process died in it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            print(json.dumps({"full": full}), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return None
        line = self.process.stdout.readline()
        told: dict[str, Any] | None = json.loads(line) if line else None
        return told

    def end(self) -> None:
        """Ends it at once, whatever it does."""
        self.process.kill()
        self.process.wait()


def sync(context: Context, *, full: bool) -> dict[str, Any]:
    """The steps of a run in their order."""
    told: dict[str, Any] = {"recovered": asyncio.run(recover(context, "chaos"))}
    ingest(context)
    asyncio.run(pull(context, full=full))
    plan = diff(context)
    report = asyncio.run(push(context, plan.plan_id))
    return told | {"mutations": report.mutations, "items": sum(report.tally.values()),
                   "set_aside": len(report.set_aside), "refusals": list(plan.refusals)}


def main() -> None:
    """Syncs as often as it is asked to."""
    answers: TextIO = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    context = Context.open(load())
    for line in sys.stdin:
        try:
            told = {"error": None, **sync(context, full=json.loads(line)["full"])}
        except Exception as error:  # noqa: BLE001 - whatever a sync ends with goes into the report
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps({**told, "memory": _memory()}), file=answers, flush=True)


def _memory() -> int:
    """What this process holds, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


if __name__ == "__main__":
    main()
