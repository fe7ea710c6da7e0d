"""A member's bytes, cut into segments of whole records that DuckDB's CSV reader can take as they are.

A segment keeps its raw bytes beside the prepared ones, so that a doubtful one can be read again with care.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from shopsync_pipeline.catalog.archive import NEVER_TEXT, MemberBytes
from shopsync_pipeline.catalog.records import Dialect

SEGMENT_BYTES = 24 << 20
"""Bytes of one segment: large enough that a query costs nothing beside it, small enough to read again with care."""

BACKSLASH, QUOTE, NEWLINE, COMMA = "\x1c", "\x1d", "\x1e", "\x1f"
"""Stand-ins of escaped characters in a prepared segment: control characters that were taken out of the text before."""

_STAND_INS = {
    b"\\": BACKSLASH.encode(), b'"': QUOTE.encode(), b"n": NEWLINE.encode(), b"r": NEWLINE.encode(), b"t": b"\t",
    b",": COMMA.encode(), b"0": b"", b"b": b"", b"Z": b"", b"'": b"'",
}
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_LOOK_BACK = 200
"""Lines looked at for one that begins a record, before a segment is cut anywhere."""

_COUNTED = 20
"""Lines before which all quotes are counted, when no line is a record by itself."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Whole lines of a member, from line `first` on.

    `raw` is UTF-8 as delivered; `prepared` has no backslash escapes and no CR left (or is `None` where only careful
    reading will do); `escaped`: stand-ins have to be put back. `lines` counts physical lines.
    """

    first: int
    raw: bytes
    prepared: bytes | None
    lines: int
    escaped: bool


def segments(stream: MemberBytes, encoding: str, dialect: Dialect, widths: frozenset[int]) -> Iterator[Segment]:
    """Cuts a member into segments. Nothing is lost: the raw bytes of all segments are the member's, decoded."""
    rest = b""
    first = 1
    begun = False
    decoder = codecs.getincrementaldecoder("utf-8")() if encoding == "utf-8" else None
    begins = _Beginnings(dialect, widths)
    while True:
        block = _read(stream, max(SEGMENT_BYTES - len(rest), SEGMENT_BYTES // 4))
        text = _as_utf8(block, encoding, decoder)
        if not begun and text:
            text, begun = text.removeprefix(codecs.BOM_UTF8), True
        rest += text
        if block:
            cut = begins.cut(rest)
            if cut == 0:
                if len(rest) < 4 * SEGMENT_BYTES:
                    continue
                cut = rest.rfind(b"\n") + 1 or len(rest)
            whole, rest = rest[:cut], rest[cut:]
        else:
            whole, rest = rest, b""
        if whole:
            segment = _segment(first, whole, dialect)
            yield segment
            first += segment.lines
        if not block:
            return


def _read(stream: MemberBytes, wanted: int) -> bytes:
    parts: list[bytes] = []
    while wanted > 0 and (part := stream.read(min(wanted, 1 << 20))):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def _as_utf8(block: bytes, encoding: str, decoder: codecs.IncrementalDecoder | None) -> bytes:
    """The block as UTF-8 without the characters that are ours. Raises `UnicodeDecodeError` if the file changed."""
    if decoder is not None:
        decoder.decode(block, final=not block)
        return block.translate(None, NEVER_TEXT)
    return block.translate(None, NEVER_TEXT).decode(encoding, "replace").encode()


class _Beginnings:
    """Finds lines that begin a record: they start with a number and have a right number of fields."""

    def __init__(self, dialect: Dialect, widths: frozenset[int]) -> None:
        self._delimiter = dialect.delimiter
        self._backslash = dialect.backslash
        self._widths = widths
        self._start = re.compile(rb'\s*"?-?\d+"?\s*' + re.escape(dialect.delimiter.encode()))

    def cut(self, text: bytes) -> int:
        """Where the last record begins of which the whole first line is there; 0 if no line is known to begin one."""
        starts = list(self._last_lines(text))
        for start, stop in starts:
            if self._is_record(text[start:stop]):
                return start
        # Records of several lines: a number begins one where every quote before it was closed.
        for start, stop in starts[:_COUNTED]:
            if self._start.match(text[start:stop]) and not self._quotes(text, start) & 1:
                return start
        return 0

    def _quotes(self, text: bytes, stop: int) -> int:
        return text.count(b'"', 0, stop) - (text.count(b'\\"', 0, stop) if self._backslash else 0)

    def _last_lines(self, text: bytes) -> Iterator[tuple[int, int]]:
        stop = text.rfind(b"\n") + 1
        for _ in range(_LOOK_BACK):
            start = text.rfind(b"\n", 0, max(stop - 1, 0)) + 1
            if start <= 0:
                return
            yield start, stop
            stop = start

    def _is_record(self, line: bytes) -> bool:
        if not self._start.match(line):
            return False
        if self._backslash:
            line = _ESCAPE.sub(b"", line)
        try:
            row = next(csv.reader([line.decode(errors="replace")], delimiter=self._delimiter, strict=True), [])
        except csv.Error:
            return False
        return len(row) in self._widths


def _segment(first: int, raw: bytes, dialect: Dialect) -> Segment:
    lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    # The usual empty last record goes here; any other blank line shows when the rows are counted.
    prepared: bytes | None = (raw.replace(b"\r\n", b"\n") if b"\r" in raw else raw).rstrip(b"\n") + b"\n"
    escaped = False
    if prepared and dialect.backslash and b"\\" in prepared:
        escaped = True
        prepared = _unescaped(prepared, dialect.delimiter)
    if prepared and b"\r" in prepared:
        prepared = None
    return Segment(first, raw, prepared, lines, escaped)


@cache
def _nulls(delimiter: str) -> re.Pattern[bytes]:
    mark = re.escape(delimiter.encode())
    return re.compile(rb"(?<![^" + mark + rb"\n])\\N(?=[" + mark + rb"\n]|\Z)")


def _unescaped(text: bytes, delimiter: str) -> bytes | None:
    """The text with stand-ins for what backslashes protect; `None` where one protects a line end."""
    # Pairs go first: after that a backslash belongs to the character behind it, wherever it stands.
    text = text.replace(b"\\\\", BACKSLASH.encode())
    if b"\\" in text:
        text = text.replace(b'\\"', QUOTE.encode())
    if b"\\N" in text:
        text = _nulls(delimiter).sub(b"", text)
    if b"\\" in text:
        if b"\\\n" in text:
            return None
        text = _ESCAPE.sub(lambda match: _STAND_INS.get(match[1], match[1]), text)
    return text
