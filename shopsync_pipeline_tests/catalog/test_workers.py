"""Child processes: answers in order, errors as they were raised, and no child outlives its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.workers import in_children
from shopsync_pipeline.core.errors import CatalogError


def times(factor: int) -> Callable[[int], tuple[int, int]]:
    """Multiplies by a factor; says in which process."""
    def work(number: int) -> tuple[int, int]:
        print("what is printed does not reach the pipe")
        if number == 13:
            raise CatalogError("thirteen is not multiplied; leave it out")
        if number == 14:
            raise KeyError("fourteen")
        if number == 15:
            os._exit(9)
        return number * factor, os.getpid()
    return work


def test_answers_come_in_the_order_of_the_batches_from_several_processes() -> None:
    answers = list(in_children(times, 3, [0, 1, 2, 3, 4, 5, 6, 7], children=2))
    assert [number for number, _ in answers] == [0, 3, 6, 9, 12, 15, 18, 21]
    assert os.getpid() not in {process for _, process in answers}


def test_batches_are_not_taken_far_ahead_of_the_answers() -> None:
    taken: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(100, 200):
            taken.append(number)
            yield number

    answers = in_children(times, 1, batches(), children=2)
    next(answers)
    assert len(taken) <= 4
    answers.close()  # type: ignore[attr-defined]


def test_an_error_is_raised_as_it_was() -> None:
    with pytest.raises(CatalogError, match="thirteen is not multiplied"):
        list(in_children(times, 1, [1, 13, 2], children=2))
    with pytest.raises(RuntimeError, match="fourteen"):
        list(in_children(times, 1, [14], children=1))


def test_a_child_that_dies_is_told_as_a_sentence() -> None:
    with pytest.raises(CatalogError, match=r"ended before its time \(status 9\)"):
        list(in_children(times, 1, [15], children=1))


def test_a_killed_parent_leaves_no_child_behind(tmp_path: Path) -> None:
    script = (
        "import os, time\n"
        "from shopsync_pipeline.catalog.workers import in_children\n"
        "from shopsync_pipeline_tests.catalog.test_workers import times\n"
        "answers = in_children(times, 1, range(100, 200), children=1)\n"
        "print(next(answers)[1], flush=True)\n"
        "time.sleep(60)\n")
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True,
                              cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text().split()[2]:
            return
        time.sleep(0.05)
    pytest.fail(f"process {child} is still there")
