"""Syncs in processes that are forked from one with everything imported: `python -m …crashes.server`, a job a line.

A sync then starts in milliseconds, and dies without anybody's being hurt. This process opens nothing itself.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import stamina

from shopsync_pipeline.engine import settle
from shopsync_pipeline.engine.apply import push, recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.pull import pull
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.crashes.watched import HELD, Instant, Watch

ROOT = Path(__file__).resolve().parents[2]
HANGS_AFTER = 90
"""Seconds after which a sync of forty products is taken to hang."""


class ForkServer:
    """The server process, seen from the test. A context manager."""

    def __enter__(self) -> Self:
        """Starts it."""
        self._process = subprocess.Popen([sys.executable, "-m", "shopsync_pipeline_tests.crashes.server"], cwd=ROOT,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Ends it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(HANGS_AFTER)

    def run(self, **job: Any) -> int:
        """Does one job in a process of its own; returns its exit status, the negative number of a signal."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(job, default=str), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, "the fork server died"
        status: int = json.loads(line)
        return status


def sync(settings: dict[str, Any], result: str, instant: dict[str, Any] | None, hasty: bool,
         arrives: str) -> None:
    """One whole sync, as a run does it: settle what an earlier one left, read the store, plan, push.

    `hasty`: pauses before another try take no time. `arrives`: the phase in which something that a dead run sent
    reaches the store. What it did, or the error it ended with, goes into `result`.
    """
    if hasty:
        stamina.set_testing(True, attempts=1000)
    if hasattr(settle, "LANDS_WITHIN"):
        settle.LANDS_WITHIN = HELD + 1 if arrives else 0.0
    watch = Watch(Instant.from_json(instant) if instant else None, Path(f"{result}.late"), arrives)
    watch.begin()
    told: dict[str, Any] = {"error": None}
    try:
        context = Context.open(Settings(**settings))
        watch.phase = "recover"
        told["recovered"] = asyncio.run(recover(context, "crash test"))
        watch.phase = "pull"
        asyncio.run(pull(context, full=True))
        watch.phase = "diff"
        plan = diff(context, run_id="crash test")
        watch.phase = "push"
        report = asyncio.run(push(context, plan.plan_id, run_id="crash test"))
        told |= {"mutations": report.mutations, "set_aside": list(report.set_aside), "refusals": plan.refusals,
                 "items": sum(count for (_, _, state), count in report.tally.items() if state != "held"),
                 "conflicts": plan.summary["conflicts"]}
    except Exception as error:  # noqa: BLE001 - whatever a sync ends with is what the test has to show
        traceback.print_exc()
        told["error"] = _first(error)
    told["seen"] = [asdict(label) for label in watch.seen]
    Path(result).write_text(json.dumps(told))


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def main() -> None:
    """Serves until its input ends."""
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.alarm(HANGS_AFTER)
            job = json.loads(line)
            # What it says goes into a file of its own: this process's output is for answers.
            log = os.open(f"{job['result']}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            try:
                sync(**job)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    os._exit(0)  # Libraries that were only imported, and forked, have nothing to say at the end.


if __name__ == "__main__":
    main()
