"""What the engine's tests share: a shelf of five lamps as the delivery, and one dev store that is emptied each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline_tests.engine.one_store import dev_store, store_process
from shopsync_pipeline_tests.engine.shelf import Shelf

__all__ = ["dev_store", "shelf", "store_process"]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Five lamps, where the settings of the `context` fixture look for the export."""
    return Shelf(tmp_path / "export")


@pytest.fixture(autouse=True)
def nothing_arrives_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the dev store drops, it drops at once, so no test waits for what may still arrive."""
    monkeypatch.setattr("shopsync_pipeline.engine.settle.LANDS_WITHIN", 0.0)
