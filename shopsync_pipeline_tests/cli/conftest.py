"""The command as an operator runs it: in an empty directory, with an environment spelled out.

Most tests call the command's entry point in this process, which saves each the seconds of a new one.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from shopsync_pipeline.cli import main
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.one_store import dev_store, store_process
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync

__all__ = ["dev_store", "store_process"]


@dataclass
class Operator:
    """Runs `shopsync` with `environment` in `cwd`."""

    cwd: Path
    environment: dict[str, str]

    def variables(self, changed: dict[str, str]) -> dict[str, str]:
        """The whole environment of a command: ours, and of this process's what does not concern us."""
        bare = {name: value for name, value in os.environ.items()
                if not name.startswith(("SHOP", "SYNC", "DAGSTER")) and name != "PYTHONDONTWRITEBYTECODE"}
        return {**bare, "COLUMNS": "200", **self.environment, **changed}

    def run(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """The command's end: status, output and errors."""
        out, err, status = io.StringIO(), io.StringIO(), 0
        with _instead(self.cwd, self.variables(changed), ["shopsync", *arguments]), redirect_stdout(out), \
                redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
        return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())

    def run_apart(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own."""
        return subprocess.run([sys.executable, "-m", "shopsync_pipeline.cli", *arguments], cwd=self.cwd, text=True,
                              capture_output=True, env=self.variables(changed), timeout=60, check=False)

    def told(self, *arguments: str, **changed: str) -> str:
        """The output of a command that must succeed."""
        ended = self.run(*arguments, **changed)
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        return ended.stdout

    def refused(self, *arguments: str, **changed: str) -> str:
        """The one sentence (or more) of a command that must fail: on stderr, status 1, without a traceback."""
        ended = self.run(*arguments, **changed)
        assert ended.returncode == 1, (ended.returncode, ended.stderr)
        assert "Traceback" not in ended.stderr
        assert ended.stderr.startswith("shopsync: ")
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
        assert TOKEN not in ended.stderr + ended.stdout
        return ended.stderr


@contextmanager
def _instead(cwd: Path, environment: dict[str, str], argv: list[str]) -> Iterator[None]:
    """This process with another directory, environment and command line; the signals stay as they are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", argv)
        for name in set(os.environ) - set(environment):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        before = signal.getsignal(signal.SIGTERM)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Twenty lamps as the delivery."""
    return Shelf(tmp_path / "export", products=20)


@pytest.fixture
def operator(make_settings: Callable[..., Settings], dev_store: DevStore, database_url: str, shelf: Shelf,
             tmp_path: Path) -> Operator:
    """An operator whose environment names the dev store, a migrated database and the export."""
    make_settings()
    cwd = tmp_path / "elsewhere"
    cwd.mkdir()
    return Operator(cwd, {
        "SHOPIFY_SHOP_URL": dev_store.url, "SHOPIFY_ACCESS_TOKEN": TOKEN, "SHOPSYNC_DATABASE_URL": database_url,
        "SHOPSYNC_EXPORT_PATH": str(shelf.file.parent), "SYNC_MAX_UPDATED_SHARE": "0.1"})


@pytest.fixture
def synced(make_settings: Callable[..., Settings], operator: Operator) -> Context:
    """The twenty lamps in the store."""
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE=0.1))
    sync(context)
    return context
