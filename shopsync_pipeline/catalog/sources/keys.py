"""The private key that we show to an SSH server: read from its file, with every way in which that fails as a sentence.

Read by cryptography and handed to paramiko written anew: paramiko (5.1) cannot read every key that has no comment.
"""

from __future__ import annotations

import io
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.core.errors import CatalogError

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_KINDS: tuple[tuple[type[PrivateKey], type[paramiko.PKey]], ...] = (
    (ed25519.Ed25519PrivateKey, paramiko.Ed25519Key), (ec.EllipticCurvePrivateKey, paramiko.ECDSAKey),
    (rsa.RSAPrivateKey, paramiko.RSAKey))


def key_and_password(credentials: Credentials) -> tuple[paramiko.PKey | None, str | None]:
    """The private key if there is one, and the password for the server: none where it is the key's passphrase.

    A certificate that lies beside the key (`id-cert.pub` by `id`) goes with it. Raises `CatalogError`.
    """
    file, password = credentials.key, credentials.password or None
    if file is None:
        return None, password
    try:
        content = file.expanduser().read_bytes()
        key, locked = _opened(file, content, password)
        shown = _as_paramiko_has_it(key)
        certificate = file.expanduser().with_name(f"{file.name}-cert.pub")
        if certificate.exists():
            shown.load_certificate(str(certificate))
    except OSError as error:
        raise CatalogError(f"The private key {file} (SHOPSYNC_SOURCE_KEY) cannot be read ({error.strerror}).") from None
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException):
        raise CatalogError(
            f"The private key {file} (SHOPSYNC_SOURCE_KEY) cannot be used: it is no private key of type ed25519, ecdsa "
            "or rsa in OpenSSH or PEM form, or SHOPSYNC_SOURCE_PASSWORD is not its passphrase.") from None
    return shown, None if locked else password


def _opened(file: Path, content: bytes, password: str | None) -> tuple[PrivateKey, bool]:
    """The key in `content`, and whether it took the passphrase. Raises `ValueError` for one that cannot be used."""
    try:
        return _loaded(content, password.encode() if password else None), password is not None
    except TypeError:
        if password is None:
            raise CatalogError(f"The private key {file} has a passphrase; put it into SHOPSYNC_SOURCE_PASSWORD."
                               ) from None
        # The key has no passphrase, so the password is for a server that asks for both.
        return _loaded(content, None), False


def _loaded(content: bytes, passphrase: bytes | None) -> PrivateKey:
    load = (serialization.load_ssh_private_key if b"BEGIN OPENSSH PRIVATE KEY" in content
            else serialization.load_pem_private_key)
    key = load(content, passphrase)
    if not isinstance(key, PrivateKey):
        raise ValueError(type(key).__name__)
    return key


def _as_paramiko_has_it(key: PrivateKey) -> paramiko.PKey:
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH,
                             serialization.NoEncryption()).decode()
    return next(theirs.from_private_key(io.StringIO(text)) for ours, theirs in _KINDS if isinstance(key, ours))
