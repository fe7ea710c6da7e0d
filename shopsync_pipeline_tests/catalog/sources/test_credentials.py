"""Each server gets the user and password that are meant for it, and no text shows a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopsync_pipeline.catalog.sources import Address, Credentials, parse
from shopsync_pipeline.core.errors import CatalogError

GIVEN = Credentials(user="dealer", password="hush")


def at(written: str) -> Address:
    """The address, for tests that write only good ones."""
    found = parse(written)
    assert isinstance(found, Address)
    return found


@pytest.fixture
def netrc(tmp_path: Path) -> Path:
    """Entries of two hosts."""
    file = tmp_path / "netrc"
    file.write_text("machine ftp.sprich.com login spr password hush2\n"
                    "machine ftp.synnex.com login syn password hush3\n")
    return file


@pytest.mark.parametrize(("written", "user", "password"), [
    ("ftp://ftp.etilize.com/x", "dealer", "hush"), ("ftp://other@ftp.etilize.com/x", "other", "hush"),
    ("ftp://ftp.sprich.com/x", "spr", "hush2"), ("ftp://spr@FTP.sprich.com/x", "spr", "hush2"),
    ("ftp://other@ftp.sprich.com/x", "other", "hush"), ("sftp://ftp.synnex.com:2222/x", "syn", "hush3"),
])
def test_a_hosts_own_entry_wins(netrc: Path, written: str, user: str, password: str) -> None:
    found = GIVEN.of(at(written), netrc)
    assert (found.user, found.password) == (user, password)


def test_without_a_netrc_file_all_servers_get_the_same(netrc: Path) -> None:
    assert GIVEN.of(at("ftp://ftp.sprich.com/x")) == GIVEN


def test_a_default_entry_is_for_all_other_hosts(netrc: Path) -> None:
    netrc.write_text(netrc.read_text() + "default login anyone password hush4\n")
    found = GIVEN.of(at("ftp://ftp.etilize.com/x"), netrc)
    assert (found.user, found.password) == ("anyone", "hush4")


@pytest.mark.parametrize(("content", "told"), [
    (b"machine a login b passwort hush", "Line 1 of"), (b"machine a login b\nhush x", "Line 2 of"),
    (b"\xff\xfehush", "UTF-8"),
])
def test_a_netrc_file_that_cannot_be_understood_is_told_without_its_words(netrc: Path, content: bytes,
                                                                          told: str) -> None:
    netrc.write_bytes(content)
    with pytest.raises(CatalogError) as error:
        GIVEN.of(at("ftp://a/x"), netrc)
    assert told in str(error.value)
    assert "SHOPSYNC_SOURCE_NETRC" in str(error.value)
    assert "hush" not in str(error.value)
    assert error.value.__suppress_context__


def test_a_netrc_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        GIVEN.of(at("ftp://a/x"), tmp_path / "nowhere")


def test_no_representation_shows_a_password() -> None:
    assert "hush" not in f"{GIVEN!r} {GIVEN!s}"


def test_a_password_is_blotted_out_of_a_text() -> None:
    assert GIVEN.without_secrets("530 hush is wrong, hush!") == "530 … is wrong, …!"
    assert Credentials(password="").without_secrets("530 no") == "530 no"
    assert Credentials(password="o").without_secrets("530 no") == "530 no"
