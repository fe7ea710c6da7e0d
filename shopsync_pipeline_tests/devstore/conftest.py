"""A dev store in its own process on a free port, shared by the whole run and emptied before each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shopsync_pipeline_tests.devstore.client import DevStoreClient

PROJECT = Path(__file__).resolve().parents[2]


def shared_folder() -> Path:
    """Where the recorded answers and the official schemas lie, when they are on this machine at all."""
    return Path(os.environ.get("SHOPSYNC_SHARED_DIR") or PROJECT.parent / "shared")


def start(state: Path, *arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Starts a dev store, without lag in search, and waits until it is ready; gives the process and the address."""
    command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", "--state", str(state)]
    command += ["--index-lag-ms", "0", *arguments]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(("devstore ready http://127.0.0.1:", "devstore ready https://127.0.0.1:")), line
    return process, line.split()[-1]


def stop(process: subprocess.Popen[str]) -> int:
    """Ends a dev store that `start` began; gives its exit code."""
    process.terminate()
    code = process.wait(timeout=10)
    if process.stdout is not None:
        process.stdout.close()
    return code


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, address = start(tmp_path_factory.mktemp("devstore") / "shop.sqlite")
    yield address
    assert stop(process) == 0


@pytest.fixture
def shop(running: str) -> Iterator[DevStoreClient]:
    """An empty shop on the Standard plan with a full bucket."""
    client = DevStoreClient(running)
    client.control("settings", {"plan": "standard", "latency_ms": 0, "speed": 1})
    client.control("reset")
    yield client
    client.http.close()
