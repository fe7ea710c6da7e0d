"""An import that dies at any point leaves yesterday's catalog and no trace that hinders the next; one at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from shopsync_pipeline.core.errors import ShopBusyError
from shopsync_pipeline.db.schema import catalog_change, writer_lock
from shopsync_pipeline.db.shops import Written, writing_to
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import one_import, recent_imports
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.review import documents
from shopsync_pipeline.engine.rollback import roll_back
from shopsync_pipeline_tests.conftest import ROOT
from shopsync_pipeline_tests.engine.shelf import Shelf

WAIT = 60

STUCK = """
import os, sys, time
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.quarantine import Quarantine
from shopsync_pipeline.db.staged import Staged
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.settings import Settings

def stuck(owner, name):
    def stop(*_):
        print("stuck", flush=True)
        time.sleep(600)
    setattr(owner, name, stop)

where = {"reading": (Staged, "add"), "switched": (Imports, "make_current"), "judged": (Quarantine, "put")}
stuck(*where[sys.argv[1]])
ingest(Context.open(Settings(_env_file=None)))
"""


@contextmanager
def stuck(context: Context, where: str) -> Iterator[subprocess.Popen[str]]:
    """An ingest in a process of its own that has got as far as `where` and goes no further."""
    settings = context.settings
    environment = {
        **os.environ, "SHOPIFY_SHOP_URL": settings.shopify_shop_url,
        "SHOPIFY_ACCESS_TOKEN": settings.shopify_access_token.get_secret_value(),
        "SHOPSYNC_DATABASE_URL": settings.database_url.get_secret_value(),
        "SHOPSYNC_EXPORT_PATH": str(settings.export_path),
    }
    with subprocess.Popen([sys.executable, "-c", STUCK, where], env=environment, stdout=subprocess.PIPE, text=True,
                          cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("where", ["reading", "switched", "judged"])
def test_a_killed_import_leaves_yesterdays_catalog_and_the_next_one_works(context: Context, shelf: Shelf,
                                                                          where: str) -> None:
    yesterday = ingest(context).import_id
    before = list(documents(context))
    shelf.change("L1", title="Lamp One")
    shelf.remove("L5")

    with stuck(context, where) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT)

    assert list(documents(context)) == before
    assert one_import(context).import_id == yesterday
    assert recent_imports(context)[0].state == "running", "nobody has noticed yet"
    with context.database.read() as connection:
        assert connection.execute(select(func.max(catalog_change.c.number))).scalar_one() == 1

    report = ingest(context)

    assert (report.switch.changed, report.switch.vanished) == (1, 1)
    newest, dead, first = recent_imports(context)
    assert (newest.state, dead.state, first.state) == ("current", "failed", "superseded")
    assert "ended in the middle of it" in (dead.error or "")
    assert newest.number == 2
    roll_back(context, yesterday, by="Ada", reason="x")
    assert list(documents(context)) == before


def test_a_second_import_is_refused_while_one_is_going_on(context: Context, shelf: Shelf) -> None:
    with stuck(context, "reading") as process:
        with pytest.raises(ShopBusyError) as refused:
            ingest(context)
        with pytest.raises(ShopBusyError):
            roll_back(context, "any", by="Ada", reason="x")
        assert [one.state for one in recent_imports(context)] == ["running"], "the one that goes on is not disturbed"
    told = str(refused.value)
    assert told.startswith(f"The catalog of {context.shop_id} is being changed by an import (process {process.pid} on ")
    assert told.endswith("Wait for it to end, or terminate that run.")


def test_of_imports_that_start_together_one_comes_through(context: Context, shelf: Shelf) -> None:
    def run(_: int) -> str:
        try:
            return "unchanged" if ingest(context).unchanged else "taken"
        except ShopBusyError:
            return "busy"

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(run, range(4)))
    assert ended.count("taken") == 1
    assert [one.state for one in recent_imports(context)] == ["current"]


def test_an_import_does_not_wait_for_the_shops_writer(context: Context, shelf: Shelf) -> None:
    with writing_to(context.database, context.shop_id, "a push"):
        assert ingest(context).products == 5


def test_who_was_taken_for_dead_changes_nothing(context: Context, shelf: Shelf,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host took the catalog over while we were silent: we must not write what we compared long ago."""
    ingest(context)
    before = list(documents(context))
    shelf.change("L1", title="Lamp One")
    from shopsync_pipeline.engine import ingest as module

    judged = module.judge

    def taken_over(*values: object) -> object:
        with context.database.write() as connection:
            connection.execute(writer_lock.update().where(writer_lock.c.what == Written.CATALOG.value).values(
                token="another", host="elsewhere"))
        return judged(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "judge", taken_over)
    with pytest.raises(ShopBusyError, match="was silent for so long that another one took over the catalog"):
        ingest(context)

    assert list(documents(context)) == before
    assert recent_imports(context)[0].state == "failed"


def test_a_long_import_shows_that_it_lives(context: Context, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    from shopsync_pipeline.engine import imports as module

    beaten = Event()
    still = module.still_writing

    def noted(*values: object) -> bool:
        beaten.set()
        return still(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "still_writing", noted)
    monkeypatch.setattr(module, "BEAT_EVERY", 0.01)
    with module.catalog_held(context, "a test"):
        assert beaten.wait(WAIT)
