"""Dagster on ephemeral instances only, in an empty working directory, against one dev store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.orchestration.build import build_defs
from shopsync_pipeline.orchestration.resources import Shopsync
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.engine.one_store import dev_store, store_process
from shopsync_pipeline_tests.engine.shelf import Shelf

__all__ = ["dev_store", "store_process"]


@dataclass
class ControlRoom:
    """The project's definitions on the given settings, with an instance that forgets everything."""

    settings: Settings
    instance: dg.DagsterInstance
    context: Context = field(init=False)

    def __post_init__(self) -> None:
        self.context = Context.open(self.settings)

    def defs(self) -> dg.Definitions:
        """The definitions, whose one resource sees our settings."""
        return build_defs(resource_overrides={"shopsync": Shopsync(lambda: self.settings)})

    def run(self, job: str, config: dict[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        """Runs a job to its end, good or bad."""
        found = self.defs().resolve_job_def(job)
        return found.execute_in_process(instance=self.instance, run_config=config, raise_on_error=False)

    def metadata(self, result: dg.ExecuteInProcessResult, *key: str) -> dict[str, Any]:
        """The metadata of the one materialization of an asset in a run."""
        (event,) = [event for event in result.get_asset_materialization_events()
                    if event.asset_key == dg.AssetKey(list(key))]
        return {name: value.value for name, value in event.materialization.metadata.items()}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Twenty lamps as the delivery."""
    return Shelf(tmp_path / "export", products=20)


@pytest.fixture
def room(make_settings: Callable[..., Settings], shelf: Shelf) -> Iterator[ControlRoom]:
    """A control room over the twenty lamps; a tenth of them may change without approval."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield ControlRoom(make_settings(SYNC_MAX_UPDATED_SHARE=0.1), instance)
