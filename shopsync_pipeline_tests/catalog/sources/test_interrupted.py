"""Whatever happens while a delivery is fetched, what lies here is whole: today's or yesterday's."""

from __future__ import annotations

import os
import resource
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.sources import Credentials, fetch, parse
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.sources.servers import PASSWORD, Behaviour
from shopsync_pipeline_tests.catalog.sources.shop import HASTY, Shop, contents, every_scheme


@every_scheme
def test_a_file_that_grows_meanwhile_is_not_taken(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    yesterday = contents(shop.fetch().path)
    for file in ("basic_current.zip", "D&H prices 1.csv"):
        (folder / file).write_bytes(b"half")
    # The upload goes on while another file of the delivery is fetched.
    behaviour.while_sending = lambda name: name == "basic_current.zip" and _append(folder / "D&H prices 1.csv")

    told = shop.refused()

    assert "D&H prices 1.csv" in told
    assert "one before stays" in told or "is still being written" in told
    assert contents(next(shop.spool.glob("*/delivery"))) == yesterday
    behaviour.while_sending = lambda name: None
    behaviour.sent.clear()
    assert contents(shop.fetch().path) == contents(folder)
    assert behaviour.sent == ["D&H prices 1.csv"], "what came whole before is not fetched again"


def _append(file: Path) -> None:
    with file.open("ab") as opened:
        opened.write(b" and more" * 1000)


@every_scheme
def test_a_file_that_grows_while_it_is_sent_is_not_taken(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    behaviour.while_sending = lambda name: name == "basic_current.zip" and _append(folder / name)

    told = shop.refused()

    assert "basic_current.zip" in told
    assert list(shop.spool.glob("*/delivery/*")) == []


@every_scheme
def test_a_file_written_again_with_the_same_size_is_not_taken(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    file = folder / "tax" / "tax_current.zip"
    behaviour.while_sending = lambda name: os.utime(file, (1_800_000_000, 1_800_000_000))

    assert "tax/tax_current.zip was written again" in shop.refused()


@every_scheme
def test_a_file_that_appears_or_vanishes_meanwhile_is_told(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    def swap(name: str) -> None:
        if name == "basic_current.zip":
            (folder / "D&H prices 1.csv").rename(folder / "zz new.csv")

    (folder / "a.csv").write_bytes(b"x")
    shop.fetch()
    (folder / "basic_current.zip").write_bytes(b"another")
    behaviour.while_sending = swap

    assert "D&H prices 1.csv vanished, zz new.csv appeared" in shop.refused()


@every_scheme
def test_a_line_cut_in_mid_file_is_tried_again(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    behaviour.cut_after, behaviour.cuts = 100_000, 2

    assert contents(shop.fetch().path) == contents(folder)
    assert behaviour.cuts == 0


@every_scheme
def test_a_line_that_is_cut_again_and_again_leaves_yesterdays_delivery(shop: Shop, folder: Path,
                                                                      behaviour: Behaviour) -> None:
    yesterday = contents(shop.fetch().path)
    (folder / "basic_current.zip").write_bytes(b"today" * 60_001)
    behaviour.cut_after, behaviour.cuts = 100_000, 99

    told = shop.refused()

    assert told.startswith("Fetching basic_current.zip from ")
    assert "then try again" in told
    assert behaviour.cuts == 99 - HASTY.attempts
    assert contents(next(shop.spool.glob("*/delivery"))) == yesterday
    assert contents(next(shop.spool.glob("*/incoming"))) == {}


@every_scheme
def test_what_came_before_the_cut_is_not_fetched_again(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    behaviour.cut_after, behaviour.cuts = 200_000, 99  # only basic_current.zip is longer
    shop.refused()
    behaviour.cuts = 0
    behaviour.sent.clear()

    shop.fetch()

    assert "D&H prices 1.csv" not in behaviour.sent
    assert "basic_current.zip" in behaviour.sent


@pytest.fixture
def _small_files_only(shop: Shop) -> Iterator[None]:
    """No file of this process may grow beyond 64 KiB: the nearest to a full disk that can be had without one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@every_scheme
@pytest.mark.usefixtures("_small_files_only")
def test_a_disk_that_fills_up_is_told_and_leaves_nothing_behind(shop: Shop) -> None:
    told = shop.refused()

    assert "There is no room for 0 MB more under" in told
    assert "SHOPSYNC_SPOOL_PATH" in told
    assert list(shop.spool.glob("*/delivery/*")) == []
    assert all(file.stat().st_size < 65_536 for file in shop.spool.rglob("*") if file.is_file())


def test_a_disk_without_room_is_told_before_anything_is_downloaded(shop: Shop, behaviour: Behaviour,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1_000))

    assert "There is no room" in shop.refused()
    assert behaviour.sent == []


def test_a_spool_that_cannot_be_written_is_told(shop: Shop, spool: Path) -> None:
    spool.write_text("a file where the folder should be")

    assert "cannot be written" in shop.refused()


@pytest.mark.parametrize(("address", "told"), [
    ("ftp://no-such-host.invalid/x", "The host no-such-host.invalid is not known here"),
    ("sftp://no-such-host.invalid/x", "The host no-such-host.invalid is not known here"),
    ("ftp://127.0.0.1:1/x", "nothing listens at ftp://127.0.0.1:1"),
    ("sftp://127.0.0.1:1/x", "nothing listens at sftp://127.0.0.1:1"),
])
def test_a_server_that_is_not_there_is_named(spool: Path, address: str, told: str) -> None:
    with pytest.raises(CatalogError) as error:
        fetch(parse(address), Credentials(user="dealer", password=PASSWORD), spool, HASTY)
    # Machines without any name service say so for the moment only.
    assert told in str(error.value) or "could not be looked up just now" in str(error.value)


@pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])
def test_a_server_that_says_nothing_is_told_after_the_timeout(spool: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = parse(f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/")
        with pytest.raises(CatalogError) as error:
            fetch(address, Credentials(user="dealer"), spool, replace(HASTY, timeout=0.2, attempts=1))
    assert "SHOPSYNC_SOURCE_TIMEOUT" in str(error.value)


def test_two_processes_do_not_fetch_into_the_same_folder(shop: Shop, behaviour: Behaviour) -> None:
    told: list[str] = []
    behaviour.while_sending = lambda name: told.append(shop.refused()) if not told else None

    shop.fetch()

    assert "is being fetched by another process" in told[0]
