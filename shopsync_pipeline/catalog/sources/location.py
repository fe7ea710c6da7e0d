"""Where a delivery lies, as an operator writes it: a path, or an address that begins with ftp, ftps, sftp or file.

An address may name a user, never a password: one that does is refused, and no sentence repeats what was written.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from shopsync_pipeline.core.errors import CatalogError

PORTS = {"ftp": 21, "ftps": 21, "sftp": 22}
"""The schemes of remote places, and the port each speaks on unless the address names another."""

_IMPLICIT_TLS = 990
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<server>[^/]*)(?P<path>/.*)?", re.DOTALL)
_SERVER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:\s]+)(?::(?P<port>\d{1,5}))?")
_LOST_SCHEME = re.compile(r"[^/\\:@\s]{2,}:[^/\\@]+@[^/\\@]+")
_WILD = re.compile(r"[*?\[]")
_HOME = "~"


@dataclass(frozen=True, slots=True)
class Address:
    """A folder or file on a server. `path` is absolute, or, with `from_home`, below the folder one is in after login.

    `pattern` chooses among the files below `path` (`*` within a name, `**` across folders); empty: all of them.
    """

    scheme: str
    host: str
    port: int
    path: str
    pattern: str = ""
    user: str = ""
    from_home: bool = False

    def __str__(self) -> str:
        """The address as sentences show it: without the user."""
        shown = "/".join(part for part in (f"{_HOME}{self.path}" if self.from_home else self.path.strip("/"),
                                           self.pattern) if part)
        return f"{self.scheme}://{self.server}/{shown}"

    @property
    def server(self) -> str:
        """The host, with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def slug(self) -> str:
        """A folder name that no other address has, and that says the host to a person."""
        digest = hashlib.sha256(f"{quote(self.user)}@{self}".encode("utf-8", "surrogateescape")).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9.-]', '_', self.host)[:60]}-{digest[:12]}"


Location = Path | Address
"""A place of this machine, or one on a server."""


def parse(written: str | Path) -> Location:
    """What `written` names: a path (also as `file:///…`), or `ftp://`, `ftps://` or `sftp://` with a host and a path.

    `%20` and the like are read as the characters they stand for. `/~/` at the start of an sftp or ftp path means the
    folder one is in after login. Raises `CatalogError` that says how to write it and repeats no password.
    """
    if isinstance(written, Path):
        return written
    text = written.strip()
    found = _ADDRESS.fullmatch(text)
    if found is None:
        if _LOST_SCHEME.match(text):
            raise CatalogError(
                "The address of a delivery holds a user and a password but does not begin with ftp://, ftps:// or "
                f"sftp://. {_NO_PASSWORD}")
        return Path(text)
    scheme, server, path = found["scheme"].lower(), found["server"], found["path"] or "/"
    if "@" in server and ":" in server.rpartition("@")[0]:
        raise CatalogError(f"The {scheme} address of a delivery holds a password. {_NO_PASSWORD}")
    if scheme == "file":
        return _local(server, path)
    if scheme not in PORTS:
        raise CatalogError(f"A delivery cannot be fetched from an address that begins with {scheme}://; write a path, "
                           "or an address that begins with ftp://, ftps:// or sftp://.")
    return _remote(scheme, server, path)


_NO_PASSWORD = ("Write the address without it and put the password into SHOPSYNC_SOURCE_PASSWORD, or into the file "
                "that SHOPSYNC_SOURCE_NETRC names; then change that password if others may have seen it.")


def _local(server: str, path: str) -> Path:
    if server.lower() not in ("", "localhost"):
        raise CatalogError(f"file://{server}/… names another machine; write file:/// and the path on this one, or an "
                           "address that begins with ftp://, ftps:// or sftp://.")
    # file:///C:/data is how Windows paths are written as addresses.
    return Path(re.sub(r"^/(?=[A-Za-z]:[/\\])", "", unquote(path)))


def _remote(scheme: str, server: str, path: str) -> Address:
    user, _, place = server.rpartition("@")
    named = _SERVER.fullmatch(place)
    port = int(named["port"]) if named and named["port"] else PORTS[scheme]
    if named is None or not 0 < port < 65536:
        raise CatalogError(f"The {scheme} address of a delivery names no host that can be used; write it as "
                           f"{scheme}://host/folder or {scheme}://host:port/folder.")
    if scheme == "ftps" and port == _IMPLICIT_TLS:
        raise CatalogError(f"ftps://{named['host']}:{port} is the port of implicit TLS, which is not spoken here; use "
                           "the server's explicit TLS, most often on port 21 (write the address without the port).")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if any(unquote(part) == ".." or re.search(r"[\x00-\x1f\x7f]", unquote(part)) for part in parts):
        raise CatalogError(f"The path of the {scheme} address at {named['host']} holds .. or a control character; "
                           "write the folder's own path.")
    from_home = parts[:1] == [_HOME]
    parts = parts[1:] if from_home else parts
    wild = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if any("**" in part and part != "**" for part in parts[wild:]):
        raise CatalogError(f"The pattern in the {scheme} address at {named['host']} has ** inside a name; ** stands "
                           "between slashes, as in folder/**/*.zip.")
    return Address(scheme=scheme, host=named["host"].strip("[]").lower(), port=port,
                   path="/" + "/".join(unquote(part) for part in parts[:wild]),
                   pattern="/".join(unquote(part) for part in parts[wild:]), user=unquote(user), from_home=from_home)
