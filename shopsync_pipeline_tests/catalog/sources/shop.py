"""A server and everything that fetching from it takes, as the tests of sources use it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.catalog.sources import Credentials, Fetched, Patience, fetch, parse
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline_tests.catalog.sources.servers import PASSWORD, Server

Start = Callable[..., tuple[Server, Credentials]]
HASTY = Patience(timeout=5.0, attempts=3, first_pause=0.01, longest_pause=0.02)
every_scheme = pytest.mark.parametrize("scheme", ["ftp", "ftps", "sftp"])


class Shop:
    """A server, the credentials that it takes, and the spool."""

    def __init__(self, server: Server, credentials: Credentials, spool: Path) -> None:
        self.server, self.credentials, self.spool = server, credentials, spool

    def fetch(self, path: str = "/") -> Fetched:
        """Fetches what lies at `path`."""
        return fetch(parse(self.server.address + path), self.credentials, self.spool, HASTY)

    def refused(self, path: str = "/") -> str:
        """The sentence with which fetching is refused."""
        with pytest.raises(CatalogError) as error:
            self.fetch(path)
        assert PASSWORD not in f"{error.value!s} {error.value!r} {error.value.__cause__!r}"
        return str(error.value)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its relative name."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
