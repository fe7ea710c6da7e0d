"""Files and zip members alike are members: something with a name and bytes that can be read once more.

Every way in which a folder, a zip or a file can be unreadable becomes a `CatalogError` sentence here.
"""

from __future__ import annotations

import codecs
import io
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from shopsync_pipeline.core.errors import CatalogError

_DATA_SUFFIXES = frozenset({
    "", ".csv", ".txt", ".tsv", ".tab", ".dat", ".prn", ".ap", ".ezoh", ".xls", ".xlsx", ".xlsb", ".ods",
})
"""What exports and feeds are written in; other files are named as bystanders and never opened."""
_SKIPPED_FOLDERS = ("__MACOSX",)
_DEEPEST = 3
"""Zips within zips, at most; deeper ones are an accident or an attack."""
_UNDATED = (1980, 1, 1, 0, 0, 0)


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
    """One data file of a delivery: `name` is relative to what was delivered, `inner` its name within the zip `file`.

    `within`: the zips between the two, outermost first. `made_at`: the time that the zip gives it, without a time zone
    because zips have none; `None` for a plain file.
    """

    name: str
    file: Path
    inner: str | None = None
    within: tuple[str, ...] = ()
    made_at: datetime | None = None

    @property
    def basename(self) -> str:
        """The last part of the name: `EN_US_B_product.csv`."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def place(self) -> str:
        """Where in `file` it lies: empty for a plain file, else the names of the inner zips and its own."""
        return "/".join((*self.within, self.inner or ""))

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
                    for name in self.within:
                        archive = stack.enter_context(_inner_zip(archive, name))
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


class _BlankFirstLine(MemberBytes):
    """The bytes of a member without those of its first line; its line end stays."""

    def __init__(self, stream: MemberBytes) -> None:
        self._of_member = stream
        self._begun = False

    def read(self, size: int) -> bytes:
        while block := self._of_member.read(size):
            if self._begun:
                return block
            end = block.find(b"\n")
            if end >= 0:
                self._begun = True
                return block[end:]
        return b""


@dataclass(frozen=True, slots=True)
class Headerless(Member):
    """A member whose first line, the header, reads as a blank line: no record, and the other lines keep their numbers.
    """

    @contextmanager
    def open(self) -> Iterator[MemberBytes]:
        """The bytes after the header. Raises `CatalogError` when they cannot be read."""
        with Member.open(self) as stream:
            yield _BlankFirstLine(stream)


def headerless(member: Member) -> Headerless:
    """The member without its header."""
    return Headerless(member.name, member.file, member.inner, member.within, member.made_at)


def members_of(path: Path) -> list[Member]:
    """All data members below `path` (a folder, a zip or one file), in the order of their names.

    Raises `CatalogError` for a missing path, an empty or corrupt zip, and a 0-byte file.
    """
    if not path.exists():
        raise CatalogError(f"{path} does not exist; give the folder, zip or CSV file of the export.")
    if path.is_file():
        return _of_file(path, path.name)
    return [member for file, name in _files(path) if _may_hold_data(name) for member in _of_file(file, name)]


def bystanders(path: Path) -> list[str]:
    """The names of files below the folder `path` that no export and no feed is written in (`readme.pdf`)."""
    if not path.is_dir():
        return []
    return [name for _, name in _files(path) if not _may_hold_data(name)]


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in sorted(folder.rglob("*")):
        relative = file.relative_to(folder)
        # A marker such as _SUCCESS has neither a suffix nor bytes, and says nothing.
        if file.is_file() and not _hidden(relative.parts) and (file.suffix or file.stat().st_size):
            yield file, relative.as_posix()


def _hidden(parts: tuple[str, ...] | list[str]) -> bool:
    return any(part.startswith(".") or part in _SKIPPED_FOLDERS for part in parts)


def _may_hold_data(name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix == ".zip" or suffix in _DATA_SUFFIXES


def _of_file(file: Path, name: str) -> list[Member]:
    if file.stat().st_size == 0:
        raise CatalogError(f"{name} is empty (0 bytes); download it again.")
    if file.suffix.lower() != ".zip":
        return [Member(name, file)]
    with _told_as(name), zipfile.ZipFile(file) as archive:
        return _of_zip(archive, file, name, ())


@contextmanager
def _told_as(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise CatalogError(f"{name} is not a readable zip ({error}); download it again.") from error
    except (NotImplementedError, RuntimeError) as error:
        raise CatalogError(f"{name} cannot be unpacked ({error}); deliver a plain zip.") from error


def _of_zip(archive: zipfile.ZipFile, file: Path, name: str, within: tuple[str, ...]) -> list[Member]:
    entries = [info for info in archive.infolist() if not info.is_dir()]
    if not entries:
        raise CatalogError(f"{name} is a zip without any file in it; download it again.")
    found: list[Member] = []
    for info in sorted(entries, key=lambda info: info.filename):
        inner = f"{name}/{info.filename}"
        if _hidden(info.filename.split("/")) or not _may_hold_data(info.filename):
            continue
        if not info.filename.lower().endswith(".zip"):
            found.append(Member(inner, file, info.filename, within, _made_at(info)))
        elif len(within) + 1 >= _DEEPEST:
            raise CatalogError(f"{inner} is a zip within {_DEEPEST} others; unpack it once into a folder.")
        else:
            with _told_as(inner), _inner_zip(archive, info.filename) as unpacked:
                found.extend(_of_zip(unpacked, file, inner, (*within, info.filename)))
    return found


@contextmanager
def _inner_zip(archive: zipfile.ZipFile, name: str) -> Iterator[zipfile.ZipFile]:
    """A zip within a zip. Its directory stands at its end, so it is unpacked to a file that has no name."""
    with tempfile.TemporaryFile() as copy:
        with archive.open(name) as packed:
            shutil.copyfileobj(packed, copy, 1 << 20)
        with zipfile.ZipFile(copy) as inner:
            yield inner


def _made_at(info: zipfile.ZipInfo) -> datetime | None:
    if info.date_time == _UNDATED:
        return None
    with suppress(ValueError):
        return datetime(*info.date_time)  # noqa: DTZ001 - a zip entry's time has no zone
    return None


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
