"""One pass over a member's bytes: its size, digest and encoding, its number of lines and its first lines.

UTF-8 is believed only when every byte agrees; anything else is read as cp1252, and the choice is on record.
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass

from shopsync_pipeline.catalog.archive import Member

_BLOCK = 1 << 20
_HEAD = 1 << 16
UTF8 = "utf-8"
CP1252 = "cp1252"


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over a member's bytes tells. `lines` counts physical lines; `head` is the decoded beginning."""

    size: int
    sha256: str
    encoding: str
    lines: int
    head: str

    @property
    def blank(self) -> bool:
        """Whether there is nothing but white space in the whole member."""
        return self.lines == 0


def survey(member: Member) -> Survey:
    """Reads all bytes of a member once. Raises `CatalogError` when they cannot be read."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder(UTF8)()
    size = lines = 0
    is_utf8, anything, last = True, False, b"\n"
    head = b""
    with member.open() as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
            lines += block.count(b"\n")
            anything = anything or not block.isspace()
            last = block[-1:]
            if len(head) < _HEAD:
                head += block[:_HEAD - len(head)]
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
    beginning = head.decode(encoding, errors="replace").removeprefix("\ufeff")
    # A UTF-8 mark survives in a file that is not UTF-8 as three characters of cp1252.
    beginning = beginning.removeprefix("\u00ef\u00bb\u00bf")
    if not anything or not beginning:
        lines = 0
    elif last != b"\n":
        lines += 1
    return Survey(size, digest.hexdigest(), encoding, lines, beginning)
