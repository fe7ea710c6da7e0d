"""What the end-to-end tests share: the dev store is quick, so nothing of a killed process arrives late."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def nothing_arrives_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a run go on a second after the one before was killed, instead of the ten that Shopify may take."""
    monkeypatch.setattr("shopsync_pipeline.engine.settle.LANDS_WITHIN", 1.0)
