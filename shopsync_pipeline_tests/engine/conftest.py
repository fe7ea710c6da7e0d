"""What the engine's tests share: a shelf of five lamps as the delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline_tests.engine.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Five lamps, where the settings of the `context` fixture look for the export."""
    return Shelf(tmp_path / "export")
