"""Where fetched files lie: each address has a folder, in it `delivery` (whole) and `incoming` (on its way).

A file's size and time are those it has on the server, so the files themselves are the memory of what was fetched.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from shopsync_pipeline.catalog.sources.location import Address
from shopsync_pipeline.catalog.sources.part import no_room, unusable
from shopsync_pipeline.catalog.sources.remote import RemoteFile
from shopsync_pipeline.core.errors import CatalogError


class Spool:
    """The folder of one address below `root`."""

    def __init__(self, root: Path, address: Address) -> None:
        """Names the places; makes nothing yet."""
        self._address = address
        self._folder = root / address.slug
        self.delivery = self._folder / "delivery"
        self.incoming = self._folder / "incoming"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from the folder. Raises `CatalogError` while one is fetching into it."""
        with self._writable():
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / "lock", timeout=0)
            try:
                lock.acquire()
            except Timeout:
                raise CatalogError(f"{self._address} is being fetched by another process at this moment; try again "
                                   "when that has ended.") from None
        try:
            yield
        finally:
            lock.release()

    def missing(self, files: Iterable[RemoteFile]) -> list[RemoteFile]:
        """Those that do not lie here as they are on the server, neither whole nor waiting to be let in."""
        return [file for file in files if not _is(self.delivery, file) and not _is(self.incoming, file)]

    def is_current(self, files: Iterable[RemoteFile]) -> bool:
        """Whether exactly these files lie here, as they are on the server."""
        wanted = list(files)
        return (all(_is(self.delivery, file) for file in wanted)
                and _names_below(self.delivery) == {file.name for file in wanted})

    def make_room(self, files: Iterable[RemoteFile], missing: Iterable[RemoteFile]) -> None:
        """Throws away what is on its way and no longer wanted. Raises `CatalogError` if `missing` cannot fit."""
        with self._writable():
            waiting = {file.name for file in files if _is(self.incoming, file)}
            _keep_only(self.incoming, waiting)
            self.incoming.mkdir(exist_ok=True)
            free = shutil.disk_usage(self.incoming).free
        needed = sum(file.size or 0 for file in missing)
        if needed > free:
            raise no_room(self._folder, needed, free)

    def arrived(self, file: RemoteFile) -> None:
        """Notes on the file that came what it is on the server."""
        if file.modified is not None:
            with self._writable():
                os.utime(self.incoming / file.name, (file.modified, file.modified))

    def let_in(self, files: Iterable[RemoteFile]) -> int:
        """Makes `delivery` hold exactly `files`, by renaming. Returns how many others were removed from it."""
        with self._writable():
            removed = _keep_only(self.delivery, {file.name for file in files})
            for name in sorted(_names_below(self.incoming)):
                target = self.delivery / name
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(self.incoming / name, target)
            _keep_only(self.incoming, set())
        return removed

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unusable(self._folder, error) from error


def _is(folder: Path, file: RemoteFile) -> bool:
    """Whether the file lies in the folder with the size and time of the server; unknown ones are never the same."""
    if file.size is None or file.modified is None:
        return False
    try:
        here = (folder / file.name).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return here.st_size == file.size and int(here.st_mtime) == file.modified


def _names_below(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_symlink() or not file.is_dir()}


def _keep_only(folder: Path, names: set[str]) -> int:
    """Removes every other file, and the folders that are then empty; returns how many files went."""
    removed = 0
    for above, folders, files in os.walk(folder, topdown=False):
        for name in files:
            file = Path(above, name)
            if file.relative_to(folder).as_posix() not in names:
                file.unlink()
                removed += 1
        for name in folders:
            inner = Path(above, name)
            if inner.is_symlink():
                inner.unlink()
            elif not any(inner.iterdir()):
                inner.rmdir()
    return removed
