"""One dev store for all tests of a folder, emptied before each: a conftest that imports both fixtures gets it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shopsync_pipeline_tests.conftest import ROOT, TOKEN, DevStore


@pytest.fixture(scope="session")
def store_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevStore]:
    """A dev store in a process of its own, whose points come back fifty times as fast as a real shop's."""
    state: Path = tmp_path_factory.mktemp("one_store") / "store.db"
    command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", "--state", str(state), "--token",
               TOKEN, "--speed", "50", "--index-lag-ms", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("devstore ready "), line
        yield DevStore(line.split()[-1])
        process.terminate()


@pytest.fixture
def dev_store(store_process: DevStore) -> DevStore:
    """The dev store, empty and without faults."""
    store_process.control("reset", {})
    return store_process
