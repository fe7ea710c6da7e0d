"""Logging in over SSH with a private key: with and without a passphrase, and every way in which it can fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from shopsync_pipeline.catalog.sources import Credentials, fetch, parse
from shopsync_pipeline.catalog.sources.keys import key_and_password
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.sources.servers import PASSWORD
from shopsync_pipeline_tests.catalog.sources.shop import HASTY, Start

PASSPHRASE = "open sesame"
QUICK: dict[str, Any] = {"rounds": 2, "ignore_few_rounds": True}
"""Encrypts a key that need not withstand anyone."""


def private_key(kind: str = "ssh-ed25519") -> Any:
    """A new key."""
    return asyncssh.generate_private_key(kind, **({"key_size": 2048} if kind == "ssh-rsa" else {}))


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
@pytest.mark.parametrize("comment", [""] + ["dealer@shop"[:length] for length in (1, 2, 4, 8)])
def test_a_key_can_be_read(tmp_path: Path, kind: str, passphrase: str, comment: str) -> None:
    key = private_key(kind)
    key.set_comment(comment)
    key.write_private_key(tmp_path / "id", passphrase=passphrase or None, **QUICK)

    shown, password = key_and_password(Credentials(password=passphrase, key=tmp_path / "id"))

    assert shown is not None
    assert shown.asbytes() == key.public_data
    assert password is None


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
def test_a_key_lets_in(start: Start, spool: Path, tmp_path: Path, kind: str, passphrase: str) -> None:
    key = private_key(kind)
    file = tmp_path / "id"
    key.write_private_key(file, passphrase=passphrase or None, **QUICK)
    server, credentials = start("sftp", keys=(key,))

    fetched = fetch(parse(server.address), replace(credentials, key=file, password=passphrase), spool, HASTY)

    assert len(fetched.downloaded) == 3


def test_a_key_in_pem_form_lets_in(start: Start, spool: Path, tmp_path: Path) -> None:
    key = private_key("ssh-rsa")
    file = tmp_path / "id"
    key.write_private_key(file, format_name="pkcs1-pem")
    server, credentials = start("sftp", keys=(key,))

    assert fetch(parse(server.address), replace(credentials, key=file, password=""), spool, HASTY).downloaded


def test_a_key_that_the_server_does_not_know_is_refused(start: Start, spool: Path, tmp_path: Path) -> None:
    file = tmp_path / "id"
    private_key().write_private_key(file)
    server, credentials = start("sftp", keys=(private_key(),))

    with pytest.raises(CatalogError, match="refuses to let user dealer in"):
        fetch(parse(server.address), replace(credentials, key=file), spool, HASTY)


def test_a_passphrase_is_never_sent_to_the_server(start: Start, spool: Path, tmp_path: Path) -> None:
    # The server takes this very password; the key's passphrase must not be tried as one.
    file = tmp_path / "id"
    private_key().write_private_key(file, passphrase=PASSWORD, **QUICK)
    server, credentials = start("sftp")

    with pytest.raises(CatalogError, match="refuses to let user dealer in"):
        fetch(parse(server.address), replace(credentials, key=file), spool, HASTY)
    assert server.behaviour.logins == 0


@pytest.mark.parametrize(("passphrase", "told"), [
    ("", "has a passphrase; put it into SHOPSYNC_SOURCE_PASSWORD"),
    ("wrong", "or SHOPSYNC_SOURCE_PASSWORD is not its passphrase"),
])
def test_a_missing_or_wrong_passphrase_is_told(start: Start, spool: Path, tmp_path: Path, passphrase: str,
                                               told: str) -> None:
    key = private_key()
    file = tmp_path / "id"
    key.write_private_key(file, passphrase=PASSPHRASE, **QUICK)
    server, credentials = start("sftp", keys=(key,))

    with pytest.raises(CatalogError) as error:
        fetch(parse(server.address), replace(credentials, key=file, password=passphrase), spool, HASTY)
    assert told in str(error.value)
    assert server.behaviour.logins == 0


@pytest.mark.parametrize(("content", "told"), [
    (None, "cannot be read (No such file or directory)"), (b"", "it is no private key"),
    (b"hush", "it is no private key"),
    (b"-----BEGIN OPENSSH PRIVATE KEY-----\nhush\n-----END OPENSSH PRIVATE KEY-----\n", "it is no private key"),
])
def test_a_file_that_holds_no_key_is_told(start: Start, spool: Path, tmp_path: Path, content: bytes | None,
                                          told: str) -> None:
    file = tmp_path / "id"
    if content is not None:
        file.write_bytes(content)
    server, credentials = start("sftp")

    with pytest.raises(CatalogError) as error:
        fetch(parse(server.address), replace(credentials, key=file, password=""), spool, HASTY)
    assert told in str(error.value)
    assert "hush" not in str(error.value)


def test_a_password_beside_an_open_key_is_for_the_server(tmp_path: Path) -> None:
    private_key().write_private_key(tmp_path / "id")
    _, password = key_and_password(Credentials(password=PASSWORD, key=tmp_path / "id"))
    assert password == PASSWORD


def test_sftp_without_a_user_is_refused(start: Start, spool: Path) -> None:
    server, credentials = start("sftp")
    with pytest.raises(CatalogError, match="needs a user; set SHOPSYNC_SOURCE_USER"):
        fetch(parse(server.address), replace(credentials, user=""), spool, HASTY)
