"""SFTP, as a file system of fsspec that talks only to a host whose key is known, and reads ahead within bounds.

fsspec's own (2026.9) loads no known hosts, so it takes any key or none, and asks for a whole file at once.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.catalog.sources.faults import Explained
from shopsync_pipeline.catalog.sources.keys import key_and_password
from shopsync_pipeline.catalog.sources.listing import Kind
from shopsync_pipeline.catalog.sources.location import PORTS, Address
from shopsync_pipeline.catalog.sources.part import Part
from shopsync_pipeline.core.errors import CatalogError

_AHEAD = 8 << 20
"""Bytes asked for at once: enough to fill a long line, and the most that is held in memory."""
_BLOCK = 1 << 18
_SYSTEM_KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))

# What paramiko logs as errors we tell as sentences; with no logging set up it would print them, with tracebacks.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class SftpFiles(SFTPFileSystem):  # type: ignore[misc]
    """The files behind an `sftp` address, listed as dictionaries with `name`, `size`, `type`, `modified`.

    Raises `OSError`, `EOFError`, or `CatalogError` where the sentence is known here.
    """

    protocol = "shopsync-sftp"  # so that no fsspec configuration of this machine is mixed in
    cachable = False

    def __init__(self, address: Address, credentials: Credentials, timeout: float) -> None:
        """Connects and logs in. `timeout` in seconds bounds each wait for bytes."""
        self._address = address
        self._credentials = credentials
        self._explained = Explained(address, credentials, timeout)
        self._timeout = timeout
        super().__init__(host=address.host)

    def _connect(self) -> None:
        if not self._credentials.user:
            raise CatalogError(f"SFTP at {self._address.server} needs a user; set SHOPSYNC_SOURCE_USER or write "
                               "sftp://user@host/….")
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(_Unknown(self._address, self._credentials))
        self._trust()
        try:
            with _in_words():
                self._log_in(*key_and_password(self._credentials))
                channel = self.client.get_transport().open_session(timeout=self._timeout)
                channel.settimeout(self._timeout)
                channel.invoke_subsystem("sftp")
                self.ftp = paramiko.SFTPClient(channel)
                self.home = self.ftp.normalize(".") if self._address.from_home else "/"
        except BaseException:
            self.client.close()
            raise

    def _trust(self) -> None:
        named = self._credentials.known_hosts
        for file in (named,) if named is not None else _SYSTEM_KNOWN_HOSTS:
            try:
                self.client.load_system_host_keys(str(file.expanduser()))
            except (OSError, ValueError) as error:
                if named is not None:
                    raise CatalogError(f"{file} (SHOPSYNC_SOURCE_KNOWN_HOSTS) cannot be read "
                                       f"({getattr(error, 'strerror', None) or 'it is not text'}).") from None

    def _log_in(self, key: paramiko.PKey | None, password: str | None) -> None:
        line = socket.create_connection((self._address.host, self._address.port), self._timeout)
        try:
            # The banner's time must end first: when the other one ends, paramiko goes on as if all were well.
            self.client.connect(
                self._address.host, sock=line, port=self._address.port, username=self._credentials.user,
                password=password, pkey=key, allow_agent=False, look_for_keys=False,
                timeout=2 * self._timeout, banner_timeout=self._timeout, auth_timeout=self._timeout)
        except paramiko.BadHostKeyException as error:
            raise CatalogError(
                f"The SSH host key of {self._address.server} is not the known one: it shows {error.key.fingerprint}, "
                f"known is {error.expected_key.fingerprint}. Someone may be in between. If whoever runs the server "
                f"confirms the new key, replace the line in {_known_hosts(self._credentials)}.") from None
        except paramiko.AuthenticationException as error:
            if "timeout" in str(error):
                raise TimeoutError(str(error)) from error
            # A server that hangs up here counts as refusing: trying a wrong password again may lock the account.
            raise self._explained.login_refused(error) from None
        except paramiko.IncompatiblePeer as error:
            raise CatalogError(f"{self._address.server} speaks no SSH that is still safe "
                               f"({self._explained.quoted(error)}); ask for the server to be updated.") from None
        except paramiko.SSHException as error:
            if "banner" in str(error):
                raise ConnectionError("what answers there does not begin SSH, or not in time (SHOPSYNC_SOURCE_TIMEOUT)"
                                      ) from error
            raise
        except ValueError as error:
            raise CatalogError(f"{_known_hosts(self._credentials)} knows {self._address.server} by a key of a kind "
                               f"that cannot be used ({self._explained.quoted(error)}); add its ed25519, ecdsa or "
                               "rsa key.") from None

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """What lies in the folder `path`; links are told as the files that they lead to."""
        with _in_words():
            try:
                # Not `listdir_iter`, as fsspec does: it waits for ever when a link is looked up in between.
                told = self.ftp.listdir_attr(path)
            except UnicodeDecodeError as error:
                raise CatalogError(
                    f"A name in the folder {path} at {self._address.server} is not UTF-8 "
                    f"({self._explained.quoted(ascii(error.object))}) and cannot be told over SFTP; have the file "
                    "renamed, or name another folder.") from None
            found = [self._entry(f"{path.rstrip('/')}/{one.filename}", one) for one in told]
        return found if detail else [entry["name"] for entry in found]

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """What `path` is, links followed."""
        with _in_words():
            return _described(path, self.ftp.stat(path))

    def get_file(self, rpath: str, lpath: Part, **kwargs: Any) -> None:
        """Writes the bytes of `rpath` to the open file `lpath`, as they come."""
        with _in_words():
            size, start = self.ftp.stat(rpath).st_size or 0, 0
            while start < size:
                # Each stretch has a handle of its own: paramiko (5.1) keeps what it read ahead and did not use until
                # the handle is closed, and its own limit of requests would spin for ever on a line that was cut.
                start = self._stretch(rpath, lpath, start, min(start + _AHEAD, size))

    def _stretch(self, path: str, sink: Part, start: int, end: int) -> int:
        with self.ftp.open(path, "rb") as source:
            source.seek(start)
            source._prefetch_thread = partial(_quietly, source._prefetch_thread)
            source.prefetch(end)
            while start < end:
                data = source.read(min(_BLOCK, end - start))
                if not data:
                    raise EOFError(f"{start} of {end} bytes came")
                sink.write(data)
                start += len(data)
        return start

    def close(self) -> None:
        """Takes leave of the server."""
        self.client.close()

    def _entry(self, name: str, told: paramiko.SFTPAttributes) -> dict[str, Any]:
        if told.st_mode is None or S_ISLNK(told.st_mode):
            try:
                followed = _described(name, self.ftp.stat(name))
            except OSError as error:
                if error.errno is None:
                    raise
                return {"name": name, "size": None, "type": Kind.OTHER.value, "modified": None}
            # A folder behind a link is not gone into: it may lead back here.
            if told.st_mode is not None and followed["type"] == Kind.FOLDER.value:
                followed["type"] = Kind.OTHER.value
            return followed
        return _described(name, told)


def _quietly(ask_ahead: Callable[..., None], *given: Any) -> None:
    """Asks ahead. On a line that was cut this thread has nothing to tell: the one that reads finds out by itself."""
    with suppress(OSError, EOFError, paramiko.SSHException):
        ask_ahead(*given)


def _described(name: str, told: paramiko.SFTPAttributes) -> dict[str, Any]:
    mode, kind = told.st_mode, Kind.OTHER
    if mode is None or S_ISREG(mode):
        kind = Kind.FILE
    elif S_ISDIR(mode):
        kind = Kind.FOLDER
    return {"name": name, "size": told.st_size, "type": kind.value, "modified": told.st_mtime}


class _Unknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """Refuses a host whose key is not known, and says how it becomes known."""

    def __init__(self, address: Address, credentials: Credentials) -> None:
        self._address = address
        self._credentials = credentials

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        port = f"-p {self._address.port} " if self._address.port != PORTS["sftp"] else ""
        raise CatalogError(
            f"The SSH host key of {self._address.server} is not known ({key.get_name()} {key.fingerprint}), so no "
            "password was sent. Compare it with what whoever runs the server tells you, then add it: "
            f"ssh-keyscan {port}{self._address.host} >> {_known_hosts(self._credentials)}.")


def _known_hosts(credentials: Credentials) -> Path:
    return credentials.known_hosts or _SYSTEM_KNOWN_HOSTS[0]


@contextmanager
def _in_words() -> Iterator[None]:
    """What paramiko raises of its own becomes the system's error for the same thing."""
    try:
        yield
    except (paramiko.SSHException, paramiko.SFTPError) as error:
        raise ConnectionError(str(error)) from error
