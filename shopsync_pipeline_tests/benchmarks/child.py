"""Work in a process of its own: how long it took, and the most memory that it and its children held."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

_LOOK_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds` of the work itself, without the start of the process; `peak`, in MiB, with it. `held`: the memory of
    process and children, in MiB, at even steps from its start to its end."""

    seconds: float
    peak: float
    answer: Any
    held: Sequence[float] = ()

    def held_at(self, share: float) -> float:
        """The memory after so much of the time, 0 to 1."""
        return self.held[min(len(self.held) - 1, int(share * len(self.held)))] if self.held else self.peak


def measured(work: Callable[..., Any], *given: object) -> Measured:
    """Runs a module's function in a fresh process. Raises `RuntimeError` if it ends without an answer."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(theirs, work, given))
    process.start()
    theirs.close()
    assert process.pid is not None
    root, held = psutil.Process(process.pid), list[int]()
    while not ours.poll(_LOOK_EVERY):
        held.append(_held(root))
        if not process.is_alive():
            break
    # A child that fails closes its end, which counts as something to read.
    try:
        seconds, own_peak, answer = ours.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{work.__name__} ended with status {process.exitcode}; its error is above") from None
    process.join()
    return Measured(seconds, max(own_peak, *held) / 2**20, answer, [part / 2**20 for part in held])


def _run(answers: Any, work: Callable[..., Any], given: tuple[object, ...]) -> None:
    before = time.perf_counter()
    answer = work(*given)
    answers.send((time.perf_counter() - before, _high_water(), answer))


def _high_water() -> int:
    """The most memory of this process, in bytes. Not `ru_maxrss`: that begins with what the parent held."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def _held(root: psutil.Process) -> int:
    """What a process and its children hold now, in bytes."""
    held = 0
    try:
        for process in (root, *root.children(recursive=True)):
            held += process.memory_info().rss
    except psutil.NoSuchProcess:
        pass
    return held
