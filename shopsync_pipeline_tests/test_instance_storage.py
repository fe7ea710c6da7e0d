"""One `dagster.yaml` for SQLite and PostgreSQL: what one process records, the next one finds."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline_tests.conftest import ROOT

VARIABLE = "SHOPSYNC_DAGSTER_POSTGRES_URL"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with the project's own dagster.yaml."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    return tmp_path


def opened(home: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home)))


@dg.job
def empty() -> None:
    """A job whose runs leave nothing but a record."""


def recorded(home: Path) -> str:
    with opened(home) as instance:
        return empty.execute_in_process(instance=instance).run_id


def test_without_a_variable_runs_are_kept_in_sqlite_under_the_directory(home: Path) -> None:
    run_id = recorded(home)

    with opened(home) as second:
        run = second.get_run_by_id(run_id)
        assert run is not None
        assert run.is_success
        assert second.all_logs(run_id) != []
    assert (home / ".shopsync" / "dagster").is_dir()
    assert list((home / ".shopsync" / "dagster").rglob("runs.db")) != []


def test_with_the_variable_runs_are_kept_in_postgresql(home: Path, monkeypatch: pytest.MonkeyPatch,
                                                       postgres_url: str) -> None:
    plain = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv(VARIABLE, plain)
    run_id = recorded(home)

    with opened(home) as second:
        run = second.get_run_by_id(run_id)
        assert run is not None
        assert run.is_success

    engine = create_engine(postgres_url)
    assert {"runs", "event_logs"} <= set(inspect(engine).get_table_names())
    engine.dispose()
    assert list(home.rglob("runs.db")) == [], "nothing of it is in SQLite"
    monkeypatch.delenv(VARIABLE)
    with opened(home) as without:
        assert without.get_run_by_id(run_id) is None


@pytest.mark.parametrize("text", ["sqlite:///hush.db", "mysql://me:hush@db/dagster", "no address"])
def test_another_kind_of_address_is_refused_by_name(home: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(SettingsError, match=VARIABLE) as error, opened(home) as instance:
        instance.get_runs_count()
    assert "hush" not in str(error.value)
    assert "postgresql://" in str(error.value)


def test_a_dead_writer_leaves_no_slot_and_writers_wait_in_the_queue(home: Path) -> None:
    """The two settings on which the writer's pool relies; without them one Cancel would stop all pushes for good."""
    with opened(home) as instance:
        assert instance.run_monitoring_enabled
        assert instance.get_settings("run_monitoring")["free_slots_after_run_end_seconds"] == 5
        pools = instance.get_concurrency_config().pool_config
    assert pools.default_pool_limit == 1
    assert pools.pool_granularity is not None
    assert pools.pool_granularity.value == "run"
