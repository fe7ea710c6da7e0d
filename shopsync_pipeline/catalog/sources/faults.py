"""What goes wrong between us and a server, as sentences with the way out; and what is worth another try.

The server's own words are quoted short, on one line, and without any password that they repeat.
"""

from __future__ import annotations

import ftplib
import socket
import ssl

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.catalog.sources.location import Address
from shopsync_pipeline.core.errors import CatalogError

_LONGEST_QUOTE = 200


class SourceLost(CatalogError):  # noqa: N818 - its name says what happened, and callers read better for it.
    """The server did not answer, or stopped answering: the same may succeed a little later."""


class Explained:
    """Turns errors of one server into sentences. `timeout` is what was waited, in seconds."""

    def __init__(self, address: Address, credentials: Credentials, timeout: float) -> None:
        self._address = address
        self._credentials = credentials
        self._timeout = timeout

    def quoted(self, words: object) -> str:
        """Words of the server, as a sentence may repeat them."""
        line = " ".join("".join(c if c.isprintable() else " " for c in str(words)).split())
        line = self._credentials.without_secrets(line).rstrip(" .:")
        return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"

    def login_refused(self, words: object) -> CatalogError:
        """The server does not take us for `user`."""
        user = self._credentials.user or "anonymous"
        return CatalogError(
            f"{self._server} refuses to let user {user} in ({self.quoted(words)}). Check SHOPSYNC_SOURCE_USER, "
            "SHOPSYNC_SOURCE_PASSWORD, SHOPSYNC_SOURCE_KEY and the host's entry in SHOPSYNC_SOURCE_NETRC; a server "
            "that wants TLS needs ftps:// in the address.")

    def error(self, error: Exception, doing: str) -> CatalogError:
        """The sentence for `error`, which ended `doing` (such as `listing ftp://host/folder`)."""
        if isinstance(error, CatalogError):
            return error
        if isinstance(error, ssl.SSLError):
            return self._of_tls(error, doing)
        if isinstance(error, ftplib.Error):
            return self._of_answer(error, doing)
        if isinstance(error, EOFError):
            return self._lost(doing, self.quoted(error) or "the server hung up")
        if isinstance(error, OSError):
            return self._of_system(error, doing)
        return CatalogError(
            f"{self._sentence(doing)} failed ({type(error).__name__}: {self.quoted(error)}). The server at "
            f"{self._server} may speak another protocol than {self._address.scheme}; check the address.")

    def repeats_secret(self, error: Exception) -> bool:
        """Whether the error's own text holds the password, so that it must not be chained to ours."""
        return self._credentials.without_secrets(f"{error!s}{error!r}") != f"{error!s}{error!r}"

    @property
    def _server(self) -> str:
        return f"{self._address.scheme}://{self._address.server}"

    @staticmethod
    def _sentence(doing: str) -> str:
        return doing[:1].upper() + doing[1:]

    def _lost(self, doing: str, why: str) -> SourceLost:
        return SourceLost(f"{self._sentence(doing)} failed: {why}. Check the server and this machine's network, then "
                          "try again; nothing that was fetched before is lost.")

    def _of_tls(self, error: ssl.SSLError, doing: str) -> CatalogError:
        if isinstance(error, ssl.SSLCertVerificationError):
            return CatalogError(
                f"The TLS certificate of {self._server} is not valid here ({self.quoted(error.verify_message)}), so "
                "nothing was sent to it. Write the host as the certificate names it; for a certificate of the "
                "server's own making, name the file of its authority in SHOPSYNC_SOURCE_CA.")
        if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return self._lost(doing, "the server hung up in the middle of TLS")
        return CatalogError(f"{self._sentence(doing)} failed: TLS with {self._server} could not be agreed "
                            f"({self.quoted(error.reason or error)}). The server must offer explicit TLS 1.2 or newer.")

    def _of_answer(self, error: ftplib.Error, doing: str) -> CatalogError:
        if isinstance(error, ftplib.error_perm):
            if str(error)[:3] in ("550", "553"):
                return self.missing(doing, error)
            return CatalogError(f"{self._sentence(doing)} failed: the server refuses it ({self.quoted(error)}). Ask "
                                f"whoever runs {self._address.server} for the right to list and read.")
        return self._lost(doing, f"the server answered «{self.quoted(error)}»")

    def missing(self, doing: str, words: object) -> CatalogError:
        """What the address names is not there, or not for us."""
        return CatalogError(f"{self._sentence(doing)} failed: it does not exist there or may not be read by user "
                            f"{self._credentials.user or 'anonymous'} ({self.quoted(words)}). Check the address.")

    def _of_system(self, error: OSError, doing: str) -> CatalogError:
        if isinstance(error, socket.gaierror):
            if error.errno == socket.EAI_AGAIN:
                return self._lost(doing, f"the name {self._address.host} could not be looked up just now")
            return CatalogError(f"The host {self._address.host} is not known here ({self.quoted(error.strerror)}). "
                                "Check the address, and this machine's network.")
        if isinstance(error, TimeoutError):
            waited = f"{self._timeout:g} s (SHOPSYNC_SOURCE_TIMEOUT)"
            return self._lost(doing, f"{self._server} did not answer within {waited}")
        if isinstance(error, ConnectionRefusedError):
            return self._lost(doing, f"nothing listens at {self._server}, or a firewall refuses it")
        if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
            return self.missing(doing, error.strerror or error)
        return self._lost(doing, self.quoted(error.strerror or error) or type(error).__name__)
