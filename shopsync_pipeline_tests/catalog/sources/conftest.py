"""What the tests of sources share: servers of each kind over one folder, and credentials that they take."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shopsync_pipeline.catalog.sources import Credentials
from shopsync_pipeline_tests.catalog.sources.servers import (
    HOST,
    PASSWORD,
    USER,
    Behaviour,
    FtpServer,
    Server,
    SftpServer,
)
from shopsync_pipeline_tests.catalog.sources.shop import Shop, Start


def certificate(file: Path, *, address: str = HOST) -> Path:
    """Writes a certificate that vouches for itself, with its key, for a server at an IP address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shelves")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256()))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the servers serve: two zips, one of them in a folder, and a feed."""
    served = tmp_path / "served"
    (served / "tax").mkdir(parents=True)
    (served / "tax" / "tax_current.zip").write_bytes(b"tax" * 50_000)
    (served / "basic_current.zip").write_bytes(b"basic" * 60_000)
    (served / "D&H prices 1.csv").write_bytes(b"sku,price\r\nL1,1.00\r\n")
    return served


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where fetched deliveries go."""
    return tmp_path / "spool"


@pytest.fixture
def behaviour(folder: Path) -> Behaviour:
    """How the server behaves; tests change it, some before it starts."""
    return Behaviour(folder)


@pytest.fixture
def start(behaviour: Behaviour, tmp_path: Path) -> Iterator[Callable[..., tuple[Server, Credentials]]]:
    """Starts a server of a scheme; returns it with credentials that it takes and that trust it."""
    running: list[FtpServer | SftpServer] = []

    def begin(scheme: str, *, pem: Path | None = None, keys: tuple[Any, ...] = ()) -> tuple[Server, Credentials]:
        credentials = Credentials(user=USER, password=PASSWORD)
        if scheme == "sftp":
            host_key = asyncssh.generate_private_key("ssh-ed25519")
            running.append(SftpServer(behaviour, host_key, keys))
            known = tmp_path / "known_hosts"
            public = host_key.export_public_key().decode().strip()
            known.write_text(f"[{HOST}]:{running[-1].port} {public}\n")
            credentials = replace(credentials, known_hosts=known)
        else:
            if scheme == "ftps" and pem is None:
                pem = certificate(tmp_path / "server.pem")
            running.append(FtpServer(behaviour, pem if scheme == "ftps" else None))
            credentials = replace(credentials, authorities=pem)
        return Server(scheme, running[-1].port, behaviour), credentials

    yield begin
    for server in running:
        with suppress(TimeoutError):
            server.stop()


@pytest.fixture
def shop(scheme: str, start: Start, spool: Path) -> Shop:
    """The server of the test's scheme."""
    return Shop(*start(scheme), spool)


@pytest.fixture
def scheme() -> str:
    """FTP, for the tests that do not choose."""
    return "ftp"
