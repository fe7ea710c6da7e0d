"""Files and zip members alike are members: something with a name and bytes that can be read once more.

Every way in which a folder, a zip or a file can be unreadable becomes a `CatalogError` sentence here.
"""

from __future__ import annotations

import codecs
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shopsync_pipeline.core.errors import CatalogError

_TEXT_SUFFIXES = (".csv", ".txt")
_SKIPPED_FOLDERS = ("__MACOSX",)


class MemberBytes:
    """An open member: what goes wrong while reading is told in the member's name."""

    def __init__(self, stream: IO[bytes], readable: Callable[[], AbstractContextManager[None]]) -> None:
        """Wraps an open stream; `readable` turns its errors into sentences."""
        self._stream = stream
        self._readable = readable

    def read(self, size: int) -> bytes:
        """The next bytes, at most `size`; none at the end. Raises `CatalogError`."""
        with self._readable():
            return self._stream.read(size)


@dataclass(frozen=True, slots=True)
class Member:
    """One text file of a delivery: `name` is relative to what was delivered, `inner` its name within the zip `file`."""

    name: str
    file: Path
    inner: str | None = None

    @property
    def basename(self) -> str:
        """The last part of the name: `EN_US_B_product.csv`."""
        return self.name.rsplit("/", 1)[-1]

    @contextmanager
    def open(self) -> Iterator[MemberBytes]:
        """The bytes, unpacked. Raises `CatalogError` when they cannot be read."""
        with ExitStack() as stack:
            with self._readable():
                stream: IO[bytes]
                if self.inner is None:
                    stream = stack.enter_context(self.file.open("rb"))
                else:
                    archive = stack.enter_context(zipfile.ZipFile(self.file))
                    stream = stack.enter_context(archive.open(self.inner))
            yield MemberBytes(stream, self._readable)

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise CatalogError(f"{self.name} cannot be unpacked ({error}); download the zip again.") from error
        except (NotImplementedError, RuntimeError) as error:
            # So zipfile refuses an unknown compression and a password.
            raise CatalogError(f"{self.name} cannot be unpacked ({error}); deliver a plain zip.") from error
        except OSError as error:
            raise CatalogError(f"{self.name} cannot be read ({error.strerror or error}).") from error


def members_of(path: Path) -> list[Member]:
    """All text members below `path` (a folder, a zip or one file), in the order of their names.

    Raises `CatalogError` for a missing path, an empty or corrupt zip, and a 0-byte file.
    """
    if not path.exists():
        raise CatalogError(f"{path} does not exist; give the folder, zip or CSV file of the export.")
    if path.is_file():
        return _of_file(path, path.name)
    found: list[Member] = []
    for file in sorted(path.rglob("*")):
        relative = file.relative_to(path)
        hidden = any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in relative.parts)
        if file.is_file() and not hidden and file.suffix.lower() in (".zip", *_TEXT_SUFFIXES):
            found.extend(_of_file(file, relative.as_posix()))
    return found


def _of_file(file: Path, name: str) -> list[Member]:
    if file.stat().st_size == 0:
        raise CatalogError(f"{name} is empty (0 bytes); download it again.")
    if file.suffix.lower() == ".zip":
        return _of_zip(file, name)
    return [Member(name, file)]


def _of_zip(file: Path, name: str) -> list[Member]:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise CatalogError(f"{name} is not a readable zip ({error}); download it again.") from error
    if not entries:
        raise CatalogError(f"{name} is a zip without any file in it; download it again.")
    if all(info.filename.lower().endswith(".zip") for info in entries):
        raise CatalogError(f"{name} is a zip of zips ({entries[0].filename}, …); unpack it once into a folder.")
    return [
        Member(f"{name}/{info.filename}", file, info.filename)
        for info in sorted(entries, key=lambda info: info.filename)
        if info.filename.lower().endswith(_TEXT_SUFFIXES)
        and not any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in info.filename.split("/"))
    ]


NEVER_TEXT = bytes([0, 28, 29, 30, 31])
"""NUL and the ASCII separators: never text, and ours to use as stand-ins and between the fields of a staged row."""


class _WithoutSeparators(io.RawIOBase):
    """A byte stream without a byte-order mark and without the control characters that staged rows are built with."""

    def __init__(self, stream: MemberBytes) -> None:
        self._stream = stream
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while data := self._stream.read(len(buffer)):
            kept = data.translate(None, NEVER_TEXT)
            if not self._begun:
                kept, self._begun = kept.removeprefix(codecs.BOM_UTF8), True
            if kept:
                buffer[:len(kept)] = kept
                return len(kept)
        return 0


@contextmanager
def open_text(member: Member, encoding: str) -> Iterator[io.TextIOWrapper]:
    """The member as text with its line ends kept. `encoding` is what `survey` found; a BOM is dropped.

    The five bytes that cp1252 does not define become U+FFFD.
    """
    errors = "strict" if encoding == "utf-8" else "replace"
    with member.open() as stream:
        text = io.TextIOWrapper(
            io.BufferedReader(_WithoutSeparators(stream), 1 << 20), encoding=encoding, errors=errors, newline="",
        )
        try:
            yield text
        except UnicodeDecodeError as error:
            raise CatalogError(f"{member.name} changed while it was being read ({error.reason}); import it again.",
                               ) from error
        finally:
            text.close()
