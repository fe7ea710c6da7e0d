"""The API as its callers see it: a client of the real application, over real data on the dev store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.api.app import create_app
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.engine.one_store import dev_store, store_process
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync

__all__ = ["dev_store", "store_process"]

NOBODY = "http://127.0.0.1:1"
"""An address at which nothing listens."""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Twenty lamps as the delivery."""
    return Shelf(tmp_path / "export", products=20)


@pytest.fixture
def synced(make_settings: Callable[..., Settings], shelf: Shelf) -> Context:
    """Twenty lamps in the store; a tenth of them may change without approval; Dagster is down."""
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE=0.1, SHOPSYNC_DAGSTER_URL=NOBODY))
    sync(context)
    return context


@pytest.fixture
def serve() -> Callable[[Settings], TestClient]:
    """A client of the application on given settings, as a caller on this machine."""
    return lambda settings: TestClient(create_app(lambda: settings), base_url="http://127.0.0.1")


@pytest.fixture
def client(serve: Callable[[Settings], TestClient], synced: Context) -> TestClient:
    """A client of the API over the twenty lamps."""
    return serve(synced.settings)
