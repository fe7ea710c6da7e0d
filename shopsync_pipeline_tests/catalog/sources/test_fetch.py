"""A delivery on a server becomes a folder here, and nothing is downloaded twice."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.sources import Address, Credentials, Fetched, fetch, look, parse
from shopsync_pipeline_tests.catalog.sources.servers import Behaviour
from shopsync_pipeline_tests.catalog.sources.shop import HASTY, Shop, Start, contents, every_scheme


@every_scheme
def test_a_delivery_is_mirrored_byte_for_byte(shop: Shop, folder: Path) -> None:
    fetched = shop.fetch()

    assert contents(fetched.path) == contents(folder)
    assert sorted(fetched.downloaded) == ["D&H prices 1.csv", "basic_current.zip", "tax/tax_current.zip"]
    for file in contents(folder):
        assert int((fetched.path / file).stat().st_mtime) == int((folder / file).stat().st_mtime)


@every_scheme
def test_what_is_unchanged_is_not_downloaded_again(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    first = shop.fetch()
    behaviour.sent.clear()

    again = shop.fetch()

    assert behaviour.sent == []
    assert (again.path, again.downloaded, again.kept, again.removed) == (first.path, (), 3, 0)
    assert contents(again.path) == contents(folder)


@every_scheme
@pytest.mark.parametrize("change", ["size", "time"])
def test_only_a_changed_file_is_downloaded(shop: Shop, folder: Path, behaviour: Behaviour, change: str) -> None:
    shop.fetch()
    behaviour.sent.clear()
    file = folder / "tax" / "tax_current.zip"
    before = file.stat()
    file.write_bytes(b"new" * (50_001 if change == "size" else 50_000))
    os.utime(file, (before.st_mtime, before.st_mtime + (0 if change == "size" else 7)))

    fetched = shop.fetch()

    assert (fetched.downloaded, fetched.kept) == (("tax/tax_current.zip",), 2)
    assert behaviour.sent == ["tax_current.zip"]
    assert contents(fetched.path) == contents(folder)


@every_scheme
def test_what_is_gone_there_goes_here(shop: Shop, folder: Path) -> None:
    shop.fetch()
    shutil.rmtree(folder / "tax")

    fetched = shop.fetch()

    assert (fetched.downloaded, fetched.kept, fetched.removed) == ((), 2, 1)
    assert contents(fetched.path) == contents(folder)
    assert not (fetched.path / "tax").exists()


@every_scheme
def test_a_file_and_a_folder_may_change_places(shop: Shop, folder: Path) -> None:
    shop.fetch()
    shutil.rmtree(folder / "tax")
    (folder / "tax").write_bytes(b"now a file")
    (folder / "basic_current.zip").unlink()
    (folder / "basic_current.zip").mkdir()
    (folder / "basic_current.zip" / "in.csv").write_bytes(b"now a folder")

    assert contents(shop.fetch().path) == contents(folder)


@every_scheme
def test_an_empty_server_empties_nothing(shop: Shop, folder: Path) -> None:
    yesterday = contents(shop.fetch().path)
    for file in folder.rglob("*"):
        if file.is_file():
            file.unlink()

    assert "There is no file at" in shop.refused()
    assert contents(next(shop.spool.glob("*/delivery"))) == yesterday


@every_scheme
def test_a_folder_that_is_not_there_is_named(shop: Shop) -> None:
    told = shop.refused("/nowhere/at all")

    assert f"{shop.server.address}/nowhere/at all" in told
    assert "does not exist there or may not be read by user dealer" in told


@every_scheme
def test_an_address_may_name_a_file(shop: Shop, folder: Path) -> None:
    fetched = shop.fetch("/tax/tax_current.zip")

    assert fetched.path.name == "tax_current.zip"
    assert fetched.path.read_bytes() == (folder / "tax" / "tax_current.zip").read_bytes()
    assert shop.fetch("/tax/tax_current.zip") == replace(fetched, downloaded=(), kept=1)


@every_scheme
def test_an_address_may_name_a_folder_below_and_below_home(shop: Shop, folder: Path) -> None:
    assert set(contents(shop.fetch("/tax").path)) == {"tax_current.zip"}
    assert set(contents(shop.fetch("/~/tax/").path)) == {"tax_current.zip"}


@every_scheme
@pytest.mark.parametrize(("pattern", "expected"), [
    ("/*.zip", {"basic_current.zip"}), ("/**/*.zip", {"basic_current.zip", "tax/tax_current.zip"}),
    ("/*/*", {"tax/tax_current.zip"}), ("/D%26H*", {"D&H prices 1.csv"}), ("/tax/**", {"tax_current.zip"}),
])
def test_a_pattern_chooses_files(shop: Shop, pattern: str, expected: set[str]) -> None:
    assert set(contents(shop.fetch(pattern).path)) == expected


def test_two_users_of_one_address_have_folders_of_their_own(start: Start, spool: Path) -> None:
    server, _ = start("ftp")
    one, other = (parse(f"ftp://{user}@127.0.0.1:{server.port}/") for user in ("one", "other"))
    assert isinstance(one, Address)
    assert isinstance(other, Address)
    assert one.slug != other.slug
    assert str(one) == str(other) == f"ftp://127.0.0.1:{server.port}/"


@every_scheme
def test_looking_changes_nothing_and_tells_what_is_new(shop: Shop, folder: Path, behaviour: Behaviour) -> None:
    address = parse(shop.server.address + "/")
    assert isinstance(address, Address)

    def looked() -> tuple[bool, list[tuple[str, int | None]]]:
        seen = look(address, shop.credentials, shop.spool, HASTY)
        return seen.current, [(file.name, file.size) for file in seen.listing.files]

    files = [("D&H prices 1.csv", 20), ("basic_current.zip", 300_000), ("tax/tax_current.zip", 150_000)]
    assert looked() == (False, files)
    assert not shop.spool.exists()
    assert behaviour.sent == []
    shop.fetch()
    assert looked() == (True, files)
    (folder / "tax" / "tax_current.zip").unlink()
    assert looked() == (False, files[:2])


def test_a_path_of_this_machine_is_returned_as_it_is(tmp_path: Path, spool: Path) -> None:
    assert fetch(tmp_path / "export", Credentials(), spool) == Fetched(path=tmp_path / "export")
    assert not spool.exists()
