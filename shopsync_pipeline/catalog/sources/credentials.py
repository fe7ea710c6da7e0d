"""Who we are to a server, and by what we know that the server is the one it should be.

Each value is here once and shown nowhere: the representation leaves secrets out, and `without_secrets` cleans texts.
"""

from __future__ import annotations

import netrc
from dataclasses import dataclass, field, replace
from pathlib import Path

from shopsync_pipeline.catalog.sources.location import Address
from shopsync_pipeline.core.errors import CatalogError

_SHORTEST = 3
"""Shorter secrets are not looked for in texts: single letters are everywhere, and tell nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What logging in takes. Empty `user`: anonymous FTP. `password` is also the passphrase of the private `key`.

    `known_hosts` holds the SSH host keys that are trusted (`None`: this user's and this machine's); `authorities` a
    file of certificates in PEM that are trusted besides the system's (`None`: only those).
    """

    user: str = ""
    password: str = field(default="", repr=False)
    key: Path | None = None
    known_hosts: Path | None = None
    authorities: Path | None = None

    def of(self, address: Address, netrc_file: Path | None = None) -> Credentials:
        """These credentials as `address` takes them: its own entry in `netrc_file` wins, then the user it names.

        An entry for another user than the address names does not count. Raises `CatalogError` for a file that cannot
        be read.
        """
        user, password = address.user or self.user, self.password
        entry = _entry(netrc_file, address.host) if netrc_file is not None else None
        if entry is not None and address.user in ("", entry[0]):
            user, password = entry
        return replace(self, user=user, password=password)

    def without_secrets(self, text: str) -> str:
        """`text` with the password blotted out, should a server have repeated it."""
        return text.replace(self.password, "…") if len(self.password) >= _SHORTEST else text


def _entry(file: Path, host: str) -> tuple[str, str] | None:
    """User and password for `host` in a netrc file, or those of its `default` entry."""
    try:
        found = netrc.netrc(str(file)).authenticators(host)
    except netrc.NetrcParseError as error:
        # Its own text repeats the word that it did not understand, which may be a password.
        raise CatalogError(f"Line {error.lineno} of {file} (SHOPSYNC_SOURCE_NETRC) cannot be understood; write one "
                           "line for each host: machine HOST login USER password PASSWORD.") from None
    except OSError as error:
        raise CatalogError(f"{file} (SHOPSYNC_SOURCE_NETRC) cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError:
        raise CatalogError(f"{file} (SHOPSYNC_SOURCE_NETRC) is not UTF-8 text; save it as UTF-8.") from None
    return (found[0], found[2] or "") if found else None
