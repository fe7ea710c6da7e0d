"""FTP and FTPS with explicit TLS, as a file system of fsspec whose certificate is checked and whose listings are whole.

fsspec's own (2026.9) takes any certificate, swallows errors while listing, and reads LIST in the Unix form only.
"""

from __future__ import annotations

import errno
import ftplib
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from fsspec.implementations.ftp import FTPFileSystem

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.catalog.sources.faults import Explained
from shopsync_pipeline.catalog.sources.listing import Entry, Kind, UnknownLineError, of_facts, of_line, stamp
from shopsync_pipeline.catalog.sources.location import Address
from shopsync_pipeline.catalog.sources.part import Part
from shopsync_pipeline.core.errors import CatalogError

_BLOCK = 1 << 18
_IDLE_SECONDS = 60
_PROMPTLY = 5.0
"""Seconds that a server gets to close TLS once all bytes are here; some never do."""


def wire(text: str) -> str:
    """`text` as ftplib must be given it. It sends Latin-1 here, so that every byte of every name can be told."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def from_wire(text: str) -> str:
    """What a server sent: UTF-8, with the bytes of a name in another encoding kept as lone surrogates."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


class FtpFiles(FTPFileSystem):  # type: ignore[misc]
    """The files behind an `ftp` or `ftps` address, listed as dictionaries with `name`, `size`, `type`, `modified`.

    Raises what ftplib and sockets raise, or `CatalogError` where the sentence is known here.
    """

    protocol = "shopsync-ftp"  # so that no fsspec configuration of this machine is mixed in

    def __init__(self, address: Address, credentials: Credentials, timeout: float) -> None:
        """Connects and logs in. `timeout` in seconds bounds each wait for bytes."""
        self._address = address
        self._credentials = credentials
        self._explained = Explained(address, credentials, timeout)
        self._facts_known = True
        self.ftp = ftplib.FTP()  # closed by fsspec at the end, also when connecting fails
        super().__init__(host=address.host, port=address.port, username=wire(credentials.user),
                         password=wire(credentials.password), timeout=timeout, encoding="latin-1",
                         use_listings_cache=False)

    def _connect(self) -> None:
        secure = self._address.scheme == "ftps"
        self.ftp = _Ftps(context=self._trusting(), timeout=self.timeout, encoding=self.encoding) \
            if secure else ftplib.FTP(timeout=self.timeout, encoding=self.encoding)
        self.ftp.connect(self.host, self.port)
        _keep_alive(self.ftp.sock)
        if isinstance(self.ftp, _Ftps):
            try:
                self.ftp.auth()
            except ftplib.error_perm as error:
                raise CatalogError(
                    f"The server at {self._address.server} offers no TLS ({self._explained.quoted(error)}), so no "
                    "password was sent. Ask for FTPS or SFTP; ftp:// in the address would send all in clear.") from None
        try:
            self.ftp.login(*self.cred)
        except ftplib.error_perm as error:
            raise self._explained.login_refused(error) from None
        if isinstance(self.ftp, _Ftps):
            self.ftp.prot_p()
        self.home = from_wire(self.ftp.pwd()) if self._address.from_home else "/"

    def _trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.sslsocket_class = _DataSocket
        if (file := self._credentials.authorities) is not None:
            try:
                context.load_verify_locations(file)
            except (OSError, ssl.SSLError) as error:
                raise CatalogError(f"{file} (SHOPSYNC_SOURCE_CA) holds no certificates that can be read "
                                   f"({error.strerror or error}); it must be a file in PEM.") from None
        return context

    def ls(self, path: str, detail: bool = True, **kwargs: Any) -> list[Any]:
        """What lies in the folder `path`. Never less than the server told: an unknown line is an error."""
        # Servers differ in what they make of a path after LIST, above all one with spaces; none differs in CWD.
        self.ftp.cwd(wire(path))
        found = [{"name": f"{path.rstrip('/')}/{entry.name}", "size": entry.size, "type": entry.kind.value,
                  "modified": entry.modified} for entry in self._entries() if entry.name not in (".", "..")]
        return found if detail else [entry["name"] for entry in found]

    def info(self, path: str, **kwargs: Any) -> dict[str, Any]:
        """What `path` is: a folder if one can go into it, else what its folder's listing says."""
        try:
            self.ftp.cwd(wire(path))
        except ftplib.error_perm:
            found: list[dict[str, Any]] = self.ls(path.rpartition("/")[0] or "/")
            told = next((entry for entry in found if entry["name"] == path), None)
            if told is None:
                raise FileNotFoundError(errno.ENOENT, "no such file or folder") from None
            return told
        return {"name": path, "size": 0, "type": Kind.FOLDER.value, "modified": None}

    def get_file(self, rpath: str, lpath: Part, **kwargs: Any) -> None:
        """Writes the bytes of `rpath` to the open file `lpath`, as they come."""
        self.ftp.retrbinary(f"RETR {wire(rpath)}", lpath.write, _BLOCK)

    def close(self) -> None:
        """Takes leave of the server."""
        with suppress(OSError, EOFError, ftplib.Error):
            self.ftp.quit()
        self.ftp.close()

    def _entries(self) -> Iterator[Entry]:
        entries = self._by_facts() if self._facts_known else None
        for entry in self._by_lines() if entries is None else entries:
            yield self._followed(entry)

    def _by_facts(self) -> list[Entry] | None:
        try:
            told = [of_facts(from_wire(name), facts) for name, facts in self.ftp.mlsd()]
        except ftplib.error_perm:
            self._facts_known = False
            return None
        return [entry for entry in told if entry is not None]

    def _by_lines(self) -> list[Entry]:
        lines: list[str] = []
        self.ftp.dir(lines.append)
        now, entries = datetime.now(UTC), []
        for line in lines:
            try:
                entry = of_line(from_wire(line), now)
            except UnknownLineError:
                raise CatalogError(
                    f"The server at {self._address.server} lists its files in a form that is not known here: "
                    f"«{self._explained.quoted(from_wire(line))}». Ask for MLSD, or for SFTP.") from None
            if entry is not None:
                # Lists show minutes or only days; MDTM tells seconds, in UTC.
                exact = self._told("MDTM", entry.name) if entry.kind is Kind.FILE else None
                entries.append(entry if exact is None else Entry(entry.name, entry.kind, entry.size, stamp(exact)))
        return entries

    def _followed(self, entry: Entry) -> Entry:
        """A link as the file that it leads to. One that leads to a folder, or nowhere, is left out of account."""
        if entry.kind is not Kind.LINK:
            return entry
        size = self._told("SIZE", entry.name)
        if size is None or not size.isdecimal():
            return Entry(entry.name, Kind.OTHER)
        return Entry(entry.name, Kind.FILE, int(size), stamp(self._told("MDTM", entry.name) or ""))

    def _told(self, command: str, name: str) -> str | None:
        """What the server answers to SIZE or MDTM of a file here; `None` if it does not."""
        try:
            self.ftp.voidcmd("TYPE I")
            answer = self.ftp.sendcmd(f"{command} {wire(name)}")
        except ftplib.error_perm:
            return None
        return answer[4:].strip() if re.match(r"213\s", answer) else None


class _DataSocket(ssl.SSLSocket):
    """A TLS socket whose end may be unclean: what came is counted, and the control connection says how it ended."""

    def unwrap(self) -> socket.socket:
        self.settimeout(_PROMPTLY)
        with suppress(OSError, ValueError):
            return super().unwrap()
        return self


class _Ftps(ftplib.FTP_TLS):
    """Data connections continue the TLS session of the control connection, which vsftpd and FileZilla insist on."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        assert isinstance(self.sock, ssl.SSLSocket)
        return self.context.wrap_socket(connection, server_hostname=self.host, session=self.sock.session), size


def _keep_alive(connection: socket.socket | None) -> None:
    """Keeps the control connection known to the firewalls between, while a long file comes over the other one."""
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_SECONDS)
