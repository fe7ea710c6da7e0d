"""Nobody gets a password who is not the server that was meant, and no text ever shows one."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from shopsync_pipeline_tests.catalog.sources.conftest import certificate
from shopsync_pipeline_tests.catalog.sources.servers import PASSWORD, Behaviour, Server
from shopsync_pipeline_tests.catalog.sources.shop import Shop, Start, every_scheme


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
