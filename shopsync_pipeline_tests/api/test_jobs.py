"""Jobs over a real Dagster webserver: launched, followed, refused and stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.api.jobs import DagsterApi, DagsterUnreachableError, LaunchRefusedError
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import ROOT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PATIENCE = 90.0
"""Seconds after which a webserver that does not answer counts as broken; it takes about five."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Dagster's webserver without its daemon, so that a launched run stays in the queue. Its files are temporary."""
    home = tmp_path_factory.mktemp("dagster")
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / name, home)
    environment = {name: value for name, value in os.environ.items()
                   if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith(("SHOP", "SYNC"))}
    port = free_port()
    command = [sys.executable, "-m", "dagster_webserver", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)]
    log = (home / "log").open("wb")
    with subprocess.Popen(command, cwd=home, env={**environment, "DAGSTER_HOME": str(home)}, stdout=log,
                          stderr=subprocess.STDOUT) as process:
        try:
            _wait(f"http://127.0.0.1:{port}", process, home / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
    log.close()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with DagsterApi(url, timeout_seconds=5) as api:
                if api.location_error() is None:
                    return
        except DagsterUnreachableError:
            pass
        time.sleep(0.2)
    pytest.fail(log.read_text(errors="replace")[-3000:])


@pytest.fixture
def client(dagster: str, serve: Callable[[Settings], TestClient], make_settings: Callable[..., Settings]) -> TestClient:
    """The API in front of that Dagster."""
    return serve(make_settings(SHOPSYNC_DAGSTER_URL=dagster))


@pytest.mark.parametrize("body", [
    {"job": "full_sync"}, {"job": "incremental_sync", "requested_by": "Ada"},
    {"job": "sync_products", "products": ["L1", "L2"]},
])
def test_a_job_is_launched_followed_and_stopped(client: TestClient, body: dict[str, object]) -> None:
    launched = client.post("/api/v1/jobs", json=body)
    assert launched.status_code == 202
    assert launched.json()["job"] == body["job"]
    run = launched.json()["run_id"]

    state = client.get(f"/api/v1/jobs/{run}").json()
    assert (state["run_id"], state["status"], state["seconds"], state["lanes"], state["reasons"]) == (
        run, "QUEUED", 0.0, [], [])

    assert client.delete(f"/api/v1/jobs/{run}").status_code == 202
    assert client.get(f"/api/v1/jobs/{run}").json()["status"] == "CANCELED"


def test_a_run_carries_who_asked_for_it(client: TestClient, dagster: str) -> None:
    run = client.post("/api/v1/jobs", json={"job": "full_sync", "requested_by": "Ada"}).json()["run_id"]
    with DagsterApi(dagster) as api:
        state = api.run(run)
        assert state.tags["shopsync/requested_by"] == "Ada"
        assert not state.ended
        api.terminate(run)
        assert api.run(run).ended


def test_a_run_that_nobody_knows_is_told(client: TestClient) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    answer = client.get(f"/api/v1/jobs/{unknown}")
    assert (answer.status_code, answer.json()) == (400, {"error": f"Dagster knows no run {unknown}."})
    stopped = client.delete(f"/api/v1/jobs/{unknown}")
    assert stopped.status_code == 400
    assert f"Run {unknown} was not stopped" in stopped.json()["error"]


def test_config_and_jobs_that_do_not_fit_are_refused_with_dagsters_reasons(dagster: str, database_url: str) -> None:
    with DagsterApi(dagster) as api:
        with pytest.raises(LaunchRefusedError, match=r"did not accept a run of sync_products: .*products"):
            api.launch("sync_products", config={"colour": "red"})
        with pytest.raises(LaunchRefusedError, match="did not accept a run of no_such_job: "):
            api.launch("no_such_job")
