"""A server's files as a delivery needs them: listed whole, with names that are safe here, and copied as they come.

Whatever fails for the moment is tried again on a new connection; whatever fails for good is a sentence.
"""

from __future__ import annotations

import ftplib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import stamina

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.catalog.sources.faults import Explained, SourceLost
from shopsync_pipeline.catalog.sources.listing import Kind
from shopsync_pipeline.catalog.sources.location import Address
from shopsync_pipeline.catalog.sources.names import Chosen, is_hidden, local_name
from shopsync_pipeline.catalog.sources.part import Part
from shopsync_pipeline.core.errors import CatalogError

if TYPE_CHECKING:
    from shopsync_pipeline.catalog.sources.ftp import FtpFiles
    from shopsync_pipeline.catalog.sources.sftp import SftpFiles

    Files = FtpFiles | SftpFiles

Answer = TypeVar("Answer")
_DEEPEST = 20
_MOST_FOLDERS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on: `timeout` seconds for each answer; `attempts` tries of each step, with pauses that grow from
    `first_pause` to `longest_pause` seconds."""

    timeout: float = 30.0
    attempts: int = 4
    first_pause: float = 1.0
    longest_pause: float = 30.0


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the server: `name` is its relative path here, `path` that on the server.

    `size` in bytes and `modified` in whole seconds since 1970 are `None` where the server does not tell them; then
    nobody can know whether the file is still the same.
    """

    name: str
    path: str
    size: int | None
    modified: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of an address, in the order of their names. `single`: the address names one file, not a folder.

    `skipped` has a sentence for each thing that was left out and is not hidden.
    """

    files: tuple[RemoteFile, ...]
    single: bool = False
    skipped: tuple[str, ...] = ()


class Remote:
    """An address and the line to its server; a context manager. Connects when it is first asked for something."""

    def __init__(self, address: Address, credentials: Credentials, patience: Patience) -> None:
        """Remembers where and how; `credentials` are those of this address."""
        self._address = address
        self._credentials = credentials
        self._patience = patience
        self._explained = Explained(address, credentials, patience.timeout)
        self._files: Files | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._leave()

    def listing(self) -> Listing:
        """What lies there now. Raises `CatalogError`, also when that is nothing."""
        found = self._try(f"listing {self._address}", self._listed)
        if not found.files:
            left_out = f"; {' '.join(found.skipped[:3])}" if found.skipped else ", apart from hidden ones."
            raise CatalogError(f"There is no file at {self._address}{left_out} Check the address, and whether the "
                               "delivery has been uploaded. What was fetched before stays as it is.")
        return found

    def copy(self, file: RemoteFile, target: Path) -> None:
        """Writes the file's bytes to `target`. Raises `CatalogError`; then there is no `target`."""
        self._try(f"fetching {file.name} from {self._address}", lambda files: _copied(files, file, target))

    def _try(self, doing: str, step: Callable[[Files], Answer]) -> Answer:
        for attempt in stamina.retry_context(
            on=SourceLost, attempts=self._patience.attempts, timeout=None, wait_initial=self._patience.first_pause,
            wait_max=self._patience.longest_pause, wait_jitter=self._patience.first_pause,
        ):
            with attempt:
                try:
                    return step(self._connected())
                except (CatalogError, OSError, EOFError, ValueError, ftplib.Error) as error:
                    self._leave()
                    told = self._explained.error(error, doing)
                    if told is error:
                        raise
                    raise told from (None if self._explained.repeats_secret(error) else error)
        raise AssertionError("a retry context ends by returning or raising")

    def _connected(self) -> Files:
        if self._files is None:
            # Imported when needed: a catalog from a folder of this machine must not wait for an SSH library.
            if self._address.scheme == "sftp":
                from shopsync_pipeline.catalog.sources.sftp import SftpFiles
                self._files = SftpFiles(self._address, self._credentials, self._patience.timeout)
            else:
                from shopsync_pipeline.catalog.sources.ftp import FtpFiles
                self._files = FtpFiles(self._address, self._credentials, self._patience.timeout)
        return self._files

    def _leave(self) -> None:
        if self._files is not None:
            self._files.close()
            self._files = None

    def _listed(self, files: Files) -> Listing:
        base = f"{files.home.rstrip('/')}{self._address.path}".rstrip("/") or "/"
        told = files.info(base)
        if told["type"] == Kind.FILE.value:
            name = local_name([base.rpartition("/")[2]])
            if name is None:
                raise CatalogError(f"The file that {self._address} names cannot have that name here; name its folder.")
            return Listing((RemoteFile(name, base, told["size"], told["modified"]),), single=True)
        walk = _Walk(self._address, Chosen(self._address.pattern), self._explained)
        walk.through(files, base)
        return Listing(tuple(walk.found[name] for name in sorted(walk.found)), skipped=tuple(walk.skipped))


@dataclass(slots=True)
class _Walk:
    """A way through all folders below one.

    Not fsspec's `find`: that leaves out a folder whose listing fails, and its files would be taken for deleted.
    """

    address: Address
    chosen: Chosen
    explained: Explained
    found: dict[str, RemoteFile] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    _waiting: list[list[str]] = field(default_factory=lambda: [[]])

    def through(self, files: Files, base: str) -> None:
        """Lists `base` and every folder below it that can hold chosen files."""
        listed = 0
        while self._waiting:
            folder = self._waiting.pop()
            listed += 1
            if len(folder) > _DEEPEST or listed > _MOST_FOLDERS:
                raise CatalogError(
                    f"{self.address} has more than {_MOST_FOLDERS} folders, or some that lie more than {_DEEPEST} "
                    "deep; a link may lead back to where it lies. Name the delivery's own folder, or choose with a "
                    "pattern such as folder/*.zip.")
            path = "/".join([base.rstrip("/"), *folder]) or "/"
            for entry in files.ls(path):
                own = entry["name"].removeprefix(f"{path.rstrip('/')}/")
                self._meet([*folder, own], Kind(entry["type"]), entry)

    def _meet(self, parts: list[str], kind: Kind, entry: dict[str, object]) -> None:
        name = local_name(parts)
        if name is None:
            self._skip(parts, "cannot be a name here, so it is left out")
        elif is_hidden(parts[-1]):
            return
        elif kind is Kind.FOLDER:
            if self.chosen.may_be_below(parts):
                self._waiting.append(parts)
        elif self.chosen.takes(name):
            if kind is not Kind.FILE:
                self._skip(parts, "is neither a file nor a folder (links to folders are not followed) and is left out")
            else:
                size, modified = entry["size"], entry["modified"]
                assert size is None or isinstance(size, int)
                assert modified is None or isinstance(modified, int)
                self.found[name] = RemoteFile(name, str(entry["name"]), size, modified)

    def _skip(self, parts: list[str], why: str) -> None:
        self.skipped.append(f"{self.explained.quoted(ascii('/'.join(parts)))} at {self.address.server} {why}.")


def _copied(files: Files, file: RemoteFile, target: Path) -> None:
    with Part(target, file.size) as part:
        files.get_file(file.path, part)
        if file.size is not None and part.written < file.size:
            raise EOFError(f"{part.written} of {file.size} bytes came")
