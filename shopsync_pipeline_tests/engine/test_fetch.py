"""The delivery that the settings name is here when it is read, and has a cheap name wherever it lies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.catalog.sources import Credentials
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.fetch import fingerprint, local_paths
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.catalog.sources.conftest import behaviour, start
from shopsync_pipeline_tests.catalog.sources.servers import PASSWORD, Behaviour, Server
from shopsync_pipeline_tests.engine.shelf import Shelf

__all__ = ["behaviour", "start"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Start = Callable[..., tuple[Server, Credentials]]


@pytest.fixture
def folder(shelf: Shelf) -> Path:
    """What the servers serve: the shelf's folder."""
    return shelf.file.parent


@pytest.fixture
def remote(make_settings: Callable[..., Settings], start: Start, tmp_path: Path) -> Callable[..., Settings]:
    """Settings for an export on a server of a scheme."""
    def make(scheme: str, path: str = "/", **more: Any) -> Settings:
        server, credentials = start(scheme)
        return make_settings(**{
            "SHOPSYNC_EXPORT_PATH": server.address + path, "SHOPSYNC_SOURCE_USER": credentials.user,
            "SHOPSYNC_SOURCE_PASSWORD": credentials.password, "SHOPSYNC_SOURCE_CA": credentials.authorities,
            "SHOPSYNC_SOURCE_KNOWN_HOSTS": credentials.known_hosts, "SHOPSYNC_SOURCE_TIMEOUT": 5,
            "SHOPSYNC_SPOOL_PATH": tmp_path / "spool", **more})

    return make


def test_a_fingerprint_names_the_files_without_reading_them(context: Context, shelf: Shelf) -> None:
    before = fingerprint(context.settings)
    assert fingerprint(context.settings) == before
    shelf.change("L1", title="Lamp One")
    assert fingerprint(context.settings) != before


def test_a_fingerprint_of_nothing_names_the_settings(context: Context, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="SHOPSYNC_EXPORT_PATH") as error:
        fingerprint(context.settings)
    assert str(tmp_path / "export") in str(error.value)


def test_local_places_are_read_where_they_are(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    settings = make_settings(SHOPSYNC_FEED_PATHS=f"{tmp_path}/a.csv, file://{tmp_path}/b%20c.csv",
                             SHOPSYNC_SPOOL_PATH=tmp_path / "spool")
    assert local_paths(settings) == (tmp_path / "export", (tmp_path / "a.csv", tmp_path / "b c.csv"))
    assert not (tmp_path / "spool").exists()


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_a_delivery_on_a_server_becomes_the_catalog(remote: Callable[..., Settings], shelf: Shelf, scheme: str,
                                                    behaviour: Behaviour) -> None:
    context = Context.open(remote(scheme))

    first = ingest(context)
    again = ingest(context)
    shelf.change("L1", title="Lamp One")
    changed = ingest(context)

    assert (first.products, again.unchanged, changed.switch.changed) == (5, True, 1)
    assert behaviour.sent == ["shop.csv", "shop.csv"]


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_a_fingerprint_of_a_server_is_a_listing(remote: Callable[..., Settings], shelf: Shelf, scheme: str,
                                                behaviour: Behaviour, tmp_path: Path) -> None:
    settings = remote(scheme)

    before = fingerprint(settings)
    assert fingerprint(settings) == before
    stat = shelf.file.stat()
    os.utime(shelf.file, (stat.st_atime, stat.st_mtime + 60))
    later = fingerprint(settings)
    local_paths(settings)

    assert later != before
    assert fingerprint(settings) == later, "fetching changes nothing of it"
    assert behaviour.sent == ["shop.csv"], "only fetching downloads"


def test_a_fingerprint_does_not_wait_for_a_server_that_is_gone(make_settings: Callable[..., Settings],
                                                               caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(CatalogError, match="nothing listens at"):
        fingerprint(make_settings(SHOPSYNC_EXPORT_PATH="ftp://127.0.0.1:1/x"))
    assert "retry" not in caplog.text


def test_a_feed_may_lie_elsewhere_than_the_export(remote: Callable[..., Settings], start: Start, tmp_path: Path,
                                                  folder: Path, shelf: Shelf) -> None:
    feed = folder / "prices.csv"
    feed.write_text("sku,price,quantity\nL1,99.00,7\n")
    settings = remote("ftp", "/shop.csv", SHOPSYNC_FEED_PATHS=f"{folder}/prices.csv")
    export, (local,) = local_paths(settings)
    assert (export.read_bytes(), local) == (shelf.file.read_bytes(), feed)

    server, _ = start("ftp")
    settings = remote("ftp", "/shop.csv", SHOPSYNC_FEED_PATHS=f"{server.address}/prices.csv")
    _, (fetched,) = local_paths(settings)
    assert fetched.read_bytes() == feed.read_bytes()
    assert fetched.is_relative_to(tmp_path / "spool")


def test_a_second_source_has_its_own_entry_in_a_netrc_file(remote: Callable[..., Settings], tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login dealer password {PASSWORD}\n")

    export, _ = local_paths(remote("ftp", SHOPSYNC_SOURCE_USER="someone", SHOPSYNC_SOURCE_PASSWORD="else",
                                   SHOPSYNC_SOURCE_NETRC=netrc))

    assert (export / "shop.csv").exists()


def test_a_delivery_that_vanishes_from_the_server_leaves_the_catalog(remote: Callable[..., Settings], folder: Path,
                                                                     shelf: Shelf) -> None:
    context = Context.open(remote("sftp"))
    ingest(context)
    shutil.rmtree(folder)
    folder.mkdir()

    with pytest.raises(CatalogError, match="There is no file at"):
        ingest(context)

    shelf.write()
    assert ingest(context).unchanged
