"""Every kind of listing and of name is mirrored, or told; none leads out of the spool."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shopsync_pipeline_tests.catalog.sources.servers import Behaviour
from shopsync_pipeline_tests.catalog.sources.shop import Shop, Start, contents, every_scheme


@every_scheme
def test_hidden_files_are_left_alone(shop: Shop, folder: Path) -> None:
    (folder / ".upload.zip").write_bytes(b"x")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "in.zip").write_bytes(b"x")

    assert set(shop.fetch().downloaded) == {"D&H prices 1.csv", "basic_current.zip", "tax/tax_current.zip"}


@every_scheme
def test_an_empty_file_and_names_of_all_scripts_arrive(shop: Shop, folder: Path) -> None:
    names = ["Größe 10%.csv", "价格.csv", "a#b?c;d.csv", "with  two spaces.csv", "EN_US_SKU_D&H Canada_productskus.zip"]
    for name in names:
        (folder / name).write_bytes(b"x" if "%" in name else b"")

    assert contents(shop.fetch().path) == contents(folder)


@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_a_name_that_is_no_utf8_arrives_readable(shop: Shop, folder: Path) -> None:
    Path(os.fsdecode(bytes(folder) + b"/prix_\xe9t\xe9.csv")).write_bytes(b"sku")

    fetched = shop.fetch()

    assert (fetched.path / "prix_été.csv").read_bytes() == b"sku"
    assert shop.fetch().downloaded == ()


@pytest.mark.parametrize("scheme", ["sftp"])
def test_a_name_that_sftp_cannot_tell_is_an_error_with_the_folder(shop: Shop, folder: Path) -> None:
    Path(os.fsdecode(bytes(folder / "tax") + b"/prix_\xe9t\xe9.csv")).write_bytes(b"sku")

    told = shop.refused()

    assert "A name in the folder /tax at 127.0.0.1" in told
    assert "is not UTF-8" in told


@every_scheme
@pytest.mark.parametrize("name", [
    "../../evil.csv", "/evil.csv", "..\\evil.csv", "a/../../evil.csv", "C:\\evil.csv", "evil\x07.csv", "evil\u202e.csv",
])
def test_a_name_that_leads_out_of_the_spool_is_left_out(shop: Shop, behaviour: Behaviour, spool: Path, tmp_path: Path,
                                                        folder: Path, name: str) -> None:
    behaviour.names = (name, "good.csv")
    (folder / "good.csv").write_bytes(b"abc")
    os.utime(folder / "good.csv", (1_767_323_045, 1_767_323_045))
    before = set(tmp_path.rglob("*"))

    fetched = shop.fetch()

    assert set(contents(fetched.path)) == {"good.csv"}
    made = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert {path.name for path in made} == {"good.csv", "lock"}
    assert all(path.is_relative_to(spool) for path in made)
    (told,) = fetched.skipped
    assert "evil" in told
    assert told.isprintable()
    assert "left out" in told


@pytest.mark.parametrize("scheme", ["sftp"])
def test_a_link_is_followed_to_a_file_and_not_to_a_folder(shop: Shop, folder: Path) -> None:
    (folder / "current.zip").symlink_to("basic_current.zip")
    (folder / "again").symlink_to(".")
    (folder / "broken").symlink_to("nowhere")

    fetched = shop.fetch()

    assert contents(fetched.path)["current.zip"] == (folder / "basic_current.zip").read_bytes()
    assert len(fetched.skipped) == 2
    assert all("neither a file nor a folder" in told for told in fetched.skipped)


@pytest.mark.parametrize("scheme", ["ftp"])
def test_a_folder_that_leads_back_to_itself_is_no_endless_delivery(shop: Shop, folder: Path) -> None:
    (folder / "again").symlink_to(".")

    assert "a link may lead back" in shop.refused()


@pytest.mark.parametrize("missing", [
    ("MLSD", "MLST"), ("MLSD", "MLST", "MDTM"), ("MLSD", "MLST", "MDTM", "SIZE", "EPSV"),
])
def test_a_server_without_mlsd_is_mirrored_too(start: Start, spool: Path, folder: Path, behaviour: Behaviour,
                                               missing: tuple[str, ...]) -> None:
    behaviour.missing_commands = missing
    shop = Shop(*start("ftp"), spool)

    fetched = shop.fetch()

    assert contents(fetched.path) == contents(folder)
    assert shop.fetch().downloaded == ()
    if "MDTM" not in missing:
        assert int((fetched.path / "basic_current.zip").stat().st_mtime) == int(
            (folder / "basic_current.zip").stat().st_mtime)


def test_a_windows_server_is_mirrored_too(start: Start, spool: Path, folder: Path, behaviour: Behaviour) -> None:
    behaviour.missing_commands = ("MLSD", "MLST")
    behaviour.lines = ("11-27-26  03:04PM       <DIR>          nothing here",
                       "11-27-26  03:04PM                   20 D&H prices 1.csv",
                       "11-26-2026  11:59PM               300000 basic_current.zip")
    shop = Shop(*start("ftp"), spool)

    fetched = shop.fetch("/*")

    assert set(contents(fetched.path)) == {"D&H prices 1.csv", "basic_current.zip"}


def test_a_listing_in_an_unknown_form_is_refused(start: Start, spool: Path, behaviour: Behaviour) -> None:
    behaviour.missing_commands = ("MLSD", "MLST")
    behaviour.lines = ("PRICES   CSV   12  blocks",)

    told = Shop(*start("ftp"), spool).refused()

    assert "in a form that is not known here: «PRICES CSV 12 blocks»" in told
