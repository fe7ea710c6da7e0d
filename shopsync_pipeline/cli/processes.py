"""Child processes that the demo and `shopsync dev` run: started with their own log, waited for, stopped in order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from shopsync_pipeline.core.errors import ShopsyncError

HOST = "127.0.0.1"


class Child:
    """One child process in a process group of its own, so that what it starts ends with it."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path | None) -> None:
        """`log` takes what it prints; `None`: it prints to our own output. Starts at `__enter__`."""
        self.name = name
        self._command = list(command)
        self._env = {**os.environ, **env}
        # Without compiled modules every Dagster process would spend seconds on compiling them again.
        self._env.pop("PYTHONDONTWRITEBYTECODE", None)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        out = self._log.open("wb") if self._log else None
        # A shell that starts us in the background ignores SIGINT, and Dagster would inherit that and never stop.
        before = signal.getsignal(signal.SIGINT)
        if before == signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        self._process = subprocess.Popen(
            self._command, env=self._env, stdout=out, stderr=subprocess.STDOUT if out else None,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )
        if out:
            out.close()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        process = self._process
        if process is None:
            return
        for number, patience in ((signal.SIGINT, 15.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            if process.poll() is not None:
                break
            self._signal(number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return

    def wait(self) -> int:
        """Waits for it to end by itself; returns its exit status."""
        assert self._process is not None
        return self._process.wait()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Waits until `ready` says so. Raises `ShopsyncError` with the end of the log if it dies or takes too long."""
        assert self._process is not None
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise ShopsyncError(f"{self.name} ended with status {self._process.returncode}.{self._tail()}")
            if ready():
                return
            time.sleep(0.2)
        raise ShopsyncError(f"{self.name} was not ready after {seconds:g} seconds.{self._tail()}")

    def _tail(self) -> str:
        if self._log is None or not self._log.exists():
            return ""
        lines = self._log.read_text(errors="replace").splitlines()[-15:]
        return f" The end of {self._log}:\n" + "\n".join(lines)


def require_free_port(port: int, name: str, option: str) -> None:
    """Raises `ShopsyncError` if something listens on a port already."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ShopsyncError(
                f"Port {port}, on which {name} should listen, is taken by another process. Stop that one (another "
                f"`make dev`?) or choose a port with {option}."
            )


def devstore(port: int, state: Path, token: str, log: Path | None) -> Child:
    """The dev store as a child process."""
    command = [sys.executable, "-m", "shopsync_pipeline.cli", "devstore", "--port", str(port), "--state", str(state),
               "--token", token, "--plan", "plus"]
    return Child("the dev store", command, env={}, log=log)


def dagster(port: int, env: Mapping[str, str], log: Path | None) -> Child:
    """Dagster's UI, daemon and code server as one child process, on the instance of the working directory."""
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", HOST, "-p",
               str(port)]
    return Child("Dagster", command, env=env, log=log)


def answers(url: str) -> bool:
    """Whether something answers HTTP at `url`."""
    try:
        httpx.get(url, timeout=2.0, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
