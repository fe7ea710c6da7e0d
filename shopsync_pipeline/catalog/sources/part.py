"""A file that is being fetched: counts what comes, and goes away again unless it came whole."""

from __future__ import annotations

import errno
from pathlib import Path
from types import TracebackType
from typing import Self

from shopsync_pipeline.core.errors import CatalogError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def no_room(place: Path, needed: int, free: int | None = None) -> CatalogError:
    """The disk cannot take `needed` bytes more."""
    left = "" if free is None else f", {free / 1e6:.0f} MB are free"
    return CatalogError(f"There is no room for {needed / 1e6:.0f} MB more under {place}{left}. Make room there, or "
                        "name a folder on a larger disk in SHOPSYNC_SPOOL_PATH.")


def unusable(place: Path, error: OSError) -> CatalogError:
    """The folder for deliveries cannot be written to."""
    return CatalogError(f"{place} cannot be written ({error.strerror or error}); check its rights, or name another "
                        "folder in SHOPSYNC_SPOOL_PATH.")


class Part:
    """An open file to write to; a context manager. `size` is what the server told, in bytes, `None` if it did not."""

    def __init__(self, target: Path, size: int | None) -> None:
        """Makes `target` anew, with its folders. Raises `CatalogError`."""
        self._target = target
        self._size = size
        self.written = 0
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = target.open("wb")
        except OSError as error:
            raise self._told(error) from error

    def write(self, data: bytes) -> int:
        """Takes the next bytes. Raises `CatalogError` for a full disk, and when more come than the server told."""
        if self._size is not None and self.written + len(data) > self._size:
            raise CatalogError(f"{self._target.name} is still being written: it was listed with {self._size} bytes, "
                               "and more came. Fetch again once its upload has ended.")
        try:
            self._file.write(data)
        except OSError as error:
            raise self._told(error) from error
        self.written += len(data)
        return len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        try:
            self._file.close()
        except OSError as full:
            self._target.unlink(missing_ok=True)
            if error is None:
                raise self._told(full) from full
        if error is not None:
            self._target.unlink(missing_ok=True)

    def _told(self, error: OSError) -> CatalogError:
        if error.errno in _FULL:
            return no_room(self._target.parent, max((self._size or 0) - self.written, 0))
        return unusable(self._target.parent, error)
