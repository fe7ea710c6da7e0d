"""One pass over a member's bytes: its size, digest, encoding and dialect, its number of lines and its beginning.

UTF-8 is believed only when every byte agrees; anything else is read as cp1252, and the choice is on record.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.dialect import Evidence

_BLOCK = 1 << 20
_HEAD = 1 << 14
_LONGEST_HEADER = 1 << 20
UTF8 = "utf-8"
CP1252 = "cp1252"


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a member's bytes tells. `lines` counts physical lines; `head` is the decoded beginning, at
    least its first line; `dialect` is `mysql`, `mssql`, or empty where no byte tells."""

    size: int
    sha256: str
    encoding: str
    lines: int
    head: str
    dialect: str = ""

    @property
    def blank(self) -> bool:
        """Whether there is nothing but white space in the whole member."""
        return self.lines == 0


class SurveyMemory(Protocol):
    """Remembers surveys, so that a file that is still the same is not read again to be recognised.

    `file` is an absolute path; `size` is in bytes, `mtime_ns` in nanoseconds; surveys are kept by `Member.place`.
    """

    def recall(self, file: str, size: int, mtime_ns: int) -> Mapping[str, Survey] | None:
        """The surveys of the file's members, if the file had this size and time when it was last read."""

    def remember(self, file: str, size: int, mtime_ns: int, surveys: Mapping[str, Survey]) -> None:
        """Keeps the surveys of all members of a file."""


def survey(member: Member) -> Survey:
    """Reads all bytes of a member once. Raises `CatalogError` when they cannot be read."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(UTF8)()
    evidence = Evidence()
    size = lines = 0
    is_utf8, anything, last = True, False, b"\n"
    head = b""
    with member.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            evidence.look(block)
            if len(head) < _HEAD or (lines == 0 and len(head) < _LONGEST_HEADER):
                head += block
            size += len(block)
            lines += block.count(b"\n")
            anything = anything or not block.isspace()
            last = block[-1:]
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    encoding = UTF8 if is_utf8 else CP1252
    # A header of many metafield columns is longer than the beginning of any other file.
    kept = max(_HEAD, head.find(b"\n", 0, _LONGEST_HEADER) + 1)
    beginning = head[:kept].decode(encoding, errors="replace").removeprefix("\ufeff")
    # A UTF-8 mark survives in a file that is not UTF-8 as three characters of cp1252.
    beginning = beginning.removeprefix("\u00ef\u00bb\u00bf")
    if not anything or not beginning:
        lines = 0
    elif last != b"\n":
        lines += 1
    return Survey(size, digest.hexdigest(), encoding, lines, beginning, evidence.verdict())


def surveys_of(members: Sequence[Member], memory: SurveyMemory | None = None) -> list[tuple[Member, Survey]]:
    """Each member with its survey; members of files that `memory` knows unchanged are not read."""
    by_file: dict[Path, list[Member]] = {}
    for member in members:
        by_file.setdefault(member.file, []).append(member)
    seen: dict[str, Survey] = {}
    for file, held in by_file.items():
        stat = file.stat()
        key = (str(file.resolve()), stat.st_size, stat.st_mtime_ns)
        known = memory.recall(*key) if memory is not None else None
        if known is None or any(member.place not in known for member in held):
            known = {member.place: survey(member) for member in held}
            after = file.stat()
            # What changed while it was read is read again the next time.
            if memory is not None and (after.st_size, after.st_mtime_ns) == key[1:]:
                memory.remember(*key, known)
        for member in held:
            seen[member.name] = known[member.place]
    return [(member, seen[member.name]) for member in members]
