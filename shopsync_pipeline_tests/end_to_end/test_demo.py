"""What a newcomer types and sees: the demo, then its runs and assets in Dagster's UI, in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from shopsync_pipeline.api.jobs import DagsterApi
from shopsync_pipeline_tests.end_to_end.driving import ROOT

TABLE = re.compile(r"^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+([\d.]+)\s+([\d.]+)\s*$", re.MULTILINE)
"""A table's row: created, updated, in sync, kept, conflicts, mutations, points, seconds."""


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """A folder with what `dagster` looks for beside the package, so that no test writes to the project."""
    with tempfile.TemporaryDirectory(prefix="shopsync-demo-") as folder:
        for name in ("dagster.yaml", "workspace.yaml"):
            shutil.copy(ROOT / name, folder)
        yield Path(folder)


@pytest.fixture(scope="module")
def command(checkout: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts `shopsync …` in the checkout."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("SHOPIFY_", "SHOPSYNC_", "SYNC_", "DAGSTER_", "PYTHONDONT"))}

    def start(*words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-m", "shopsync_pipeline.cli", *words], cwd=checkout, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                env={**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "120"})

    return start


@pytest.fixture(scope="module")
def ports() -> list[str]:
    """Free ports for the dev store and the UI, as the options that name them."""
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return ["--store-port", str(one.getsockname()[1]), "--ui-port", str(other.getsockname()[1])]


@pytest.fixture(scope="module")
def demo(command: Callable[..., subprocess.Popen[str]], ports: list[str]) -> str:
    """What the demo prints."""
    process = command("demo", "--products", "40", *ports)
    printed, _ = process.communicate(timeout=240)
    assert process.returncode == 0, printed
    return printed


def test_three_tables_and_the_third_sends_nothing(demo: str) -> None:
    rows = [[float(cell) for cell in row] for row in TABLE.findall(demo)]
    assert len(rows) == 3, demo
    first, second, third = rows
    assert first[:6] == [40, 0, 0, 0, 0, 40]
    assert second[:6] == [0, 1, 37, 1, 1, 1]
    assert third[:6] == [0, 0, 38, 1, 1, 0]
    assert first[6] > 0
    assert third[6] == 0


def test_it_says_what_was_pushed_kept_and_waits(demo: str) -> None:
    assert re.search(r"pushed +etilize:\d+ +variants\[.+\]\.price: [\d.]+ → [\d.]+", demo)
    assert re.search(r"kept +etilize:\d+ +title: the store's .+\(staff pick\)", demo)
    assert re.search(r"waits +etilize:\d+ +variants\[.+\]\.price: catalog [\d.]+, store 999.00, agreed before", demo)


@contextmanager
def _serving(process: subprocess.Popen[str], url: str) -> Iterator[DagsterApi]:
    """A `shopsync dev` that serves its UI; stopped by Ctrl-C at the end, which must end it cleanly."""
    try:
        assert process.stdout is not None
        line = ""
        while "Dagster's UI:" not in line:
            line = process.stdout.readline()
            assert line, f"it ended with {process.wait()}"
        assert url in line
        with DagsterApi(url) as api:
            yield api
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()


def test_the_ui_shows_the_demo_s_runs_and_launches_another(
    demo: str, command: Callable[..., subprocess.Popen[str]], ports: list[str]
) -> None:
    url = f"http://127.0.0.1:{ports[3]}"
    with _serving(command("dev", *ports), url) as api:
        assert httpx.get(f"http://127.0.0.1:{ports[1]}/__devstore/stats", trust_env=False).json()["products"] == 40
        runs = httpx.post(f"{url}/graphql", trust_env=False, timeout=60, json={"query": """
            { runsOrError { ... on Runs { results { jobName status } } }
              assetNodes { assetKey { path } hasMaterializePermission } }"""}).json()["data"]
        found = [(run["jobName"], run["status"]) for run in runs["runsOrError"]["results"]]
        assert found == [("incremental_sync", "SUCCESS")] * 2 + [("full_sync", "SUCCESS")]
        assert {"/".join(node["assetKey"]["path"]) for node in runs["assetNodes"]} == {
            "etilize/export", "etilize/local_catalog", "shopify/snapshot", "sync/diff", "shopify/applied_mutations"}
        assert all(node["hasMaterializePermission"] for node in runs["assetNodes"])
        # What the button "Materialize" sends.
        run_id = api.launch("__ASSET_JOB")
        while not (state := api.run(run_id)).ended:
            time.sleep(0.3)
        assert state.status == "SUCCESS", api.why_failed(run_id)


def test_the_asset_s_page_in_a_browser(
    demo: str, command: Callable[..., subprocess.Popen[str]], ports: list[str], tmp_path: Path
) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs Chromium to look at the page (Debian's package chromium)")
    url = f"http://127.0.0.1:{ports[3]}"
    with _serving(command("dev", *ports), url):
        page = subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000", "--dump-dom", f"{url}/assets/sync/diff"],
            capture_output=True, text=True, timeout=120, check=True,
        ).stdout
    assert "first_changes" in page
    assert "both sides changed" in page
    assert "(staff pick)" in page
