"""A delivery on a server becomes a folder here: whole or not at all, and nothing is downloaded twice."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.sources import Address, Credentials, Fetched, fetch, look, parse
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.sources.conftest import HASTY, certificate
from shopsync_pipeline_tests.catalog.sources.servers import PASSWORD, Behaviour, Server

Start = Callable[..., tuple[Server, Credentials]]
SCHEMES = ("ftp", "ftps", "sftp")
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


class Shop:
    """A server and everything that fetching from it takes."""

    def __init__(self, server: Server, credentials: Credentials, spool: Path) -> None:
        self.server, self.credentials, self.spool = server, credentials, spool

    def fetch(self, path: str = "/") -> Fetched:
        """Fetches what lies at `path`."""
        return fetch(parse(self.server.address + path), self.credentials, self.spool, HASTY)

    def refused(self, path: str = "/") -> str:
        """The sentence with which fetching is refused."""
        with pytest.raises(CatalogError) as error:
            self.fetch(path)
        assert PASSWORD not in f"{error.value!s} {error.value!r} {error.value.__cause__!r}"
        return str(error.value)


@pytest.fixture
def shop(scheme: str, start: Start, spool: Path) -> Shop:
    """The server of the test's scheme."""
    return Shop(*start(scheme), spool)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its relative name."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


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


@every_scheme
def test_a_wrong_password_is_told_without_it(scheme: str, start: Start, spool: Path) -> None:
    server, credentials = start(scheme)
    shop = Shop(server, replace(credentials, password="not-" + PASSWORD), spool)

    told = shop.refused()

    assert "refuses to let user dealer in" in told
    assert "SHOPSYNC_SOURCE_PASSWORD" in told
    assert "not-" + PASSWORD not in told
    assert server.behaviour.logins == 0


@pytest.mark.parametrize("scheme", ["ftp", "ftps"])
def test_a_server_that_repeats_the_password_is_not_quoted(scheme: str, start: Start, spool: Path, behaviour: Behaviour,
                                                          caplog: pytest.LogCaptureFixture) -> None:
    behaviour.repeats_password = True
    server, credentials = start(scheme)
    caplog.set_level(logging.DEBUG)

    told = Shop(server, replace(credentials, password="let-me-in"), spool).refused()

    assert "No entry for dealer with …" in told
    assert not [record for record in caplog.records
                if record.name.startswith(("shopsync", "paramiko", "stamina")) and "let-me-in" in record.getMessage()]


@every_scheme
def test_secrets_are_in_no_log_line_and_no_representation(shop: Shop, behaviour: Behaviour,
                                                         caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    behaviour.cut_after, behaviour.cuts = 100_000, 1

    fetched = shop.fetch()

    assert PASSWORD not in repr(shop.credentials)
    assert PASSWORD not in repr(fetched)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("pyftpdlib", "asyncssh"))]
    assert any("basic_current.zip" in line for line in ours)
    assert not any(PASSWORD in line for line in ours)


@pytest.mark.parametrize("scheme", ["ftps"])
def test_an_unknown_certificate_is_refused_before_the_login(start: Start, spool: Path, scheme: str) -> None:
    server, credentials = start(scheme)

    told = Shop(server, replace(credentials, authorities=None), spool).refused()

    assert "certificate" in told
    assert "SHOPSYNC_SOURCE_CA" in told
    assert server.behaviour.logins == 0


@pytest.mark.parametrize("scheme", ["ftps"])
def test_a_certificate_for_another_host_is_refused(start: Start, spool: Path, tmp_path: Path, scheme: str) -> None:
    server, credentials = start(scheme, pem=certificate(tmp_path / "other.pem", address="127.0.0.9"))

    assert "is not valid here" in Shop(server, credentials, spool).refused()
    assert server.behaviour.logins == 0


def test_a_server_without_tls_gets_no_password(start: Start, spool: Path, behaviour: Behaviour) -> None:
    server, credentials = start("ftp")
    pretending = Server("ftps", server.port, behaviour)

    assert "offers no TLS" in Shop(pretending, credentials, spool).refused()


def test_a_server_that_wants_tls_refuses_the_login_in_clear(start: Start, spool: Path, behaviour: Behaviour) -> None:
    server, credentials = start("ftps")

    assert "needs ftps:// in the address" in Shop(Server("ftp", server.port, behaviour), credentials, spool).refused()


def test_data_connections_continue_the_tls_session(start: Start, spool: Path, behaviour: Behaviour) -> None:
    Shop(*start("ftps"), spool).fetch()

    assert len(behaviour.continued) >= 5, "two listings of two folders, three files"
    assert all(behaviour.continued)


def test_an_unknown_host_key_is_refused_with_its_fingerprint(start: Start, spool: Path, tmp_path: Path) -> None:
    server, credentials = start("sftp")
    empty = tmp_path / "empty"
    empty.touch()

    told = Shop(server, replace(credentials, known_hosts=empty), spool).refused()

    assert "is not known (ssh-ed25519 SHA256:" in told
    assert f"ssh-keyscan -p {server.port} 127.0.0.1 >> {empty}" in told
    assert server.behaviour.logins == 0


def test_another_host_key_than_the_known_one_is_refused(start: Start, spool: Path, tmp_path: Path) -> None:
    _, other = start("sftp")
    assert other.known_hosts is not None
    key = other.known_hosts.read_text().split(maxsplit=1)[1]
    server, credentials = start("sftp")
    assert credentials.known_hosts is not None
    credentials.known_hosts.write_text(f"[127.0.0.1]:{server.port} {key}")

    told = Shop(server, credentials, spool).refused()

    assert "is not the known one" in told
    assert "Someone may be in between" in told
    assert server.behaviour.logins == 0


def test_a_missing_known_hosts_file_is_named(start: Start, spool: Path, tmp_path: Path) -> None:
    server, credentials = start("sftp")

    told = Shop(server, replace(credentials, known_hosts=tmp_path / "nowhere"), spool).refused()

    assert told == f"{tmp_path}/nowhere (SHOPSYNC_SOURCE_KNOWN_HOSTS) cannot be read (No such file or directory)."


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


@pytest.fixture
def scheme() -> str:
    """FTP, for the tests that do not choose."""
    return "ftp"


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
