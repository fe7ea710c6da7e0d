"""Delimited text becomes records with line numbers, whatever the quotes, backslashes and broken rows in it.

One broken row costs one row: its first line is rejected with a reason and reading goes on with the next line.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

_BATCH_LINES = 4096
MAX_RECORD_LINES = 500
"""Longest record, in lines; what is longer is an opened quote that nobody closed."""

# Escaped characters travel through the CSV reader as Unicode noncharacters, which no text contains.
_NULL = "\ufdd2"
_ESCAPES = {'"': "\ufdd0", "\\": "\ufdd1", "n": "\ufdd3", "t": "\ufdd4", "r": "\ufdd3", "0": "", "b": "", "Z": "",
            "\n": "\ufdd3", "\r\n": "\ufdd3", "\r": "\ufdd3", ",": "\ufdd5", "'": "'"}
_RESTORED = {"\ufdd0": '"', "\ufdd1": "\\", "\ufdd2": "", "\ufdd3": "\n", "\ufdd4": "\t", "\ufdd5": ","}
_ESCAPED = re.compile(r"\\(\r\n|.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file separates and protects its fields. `backslash`: MySQL's escapes apply (`\\"`, `\\N`, `\\n`)."""

    delimiter: str = ","
    backslash: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """A physical line that is no record of the expected width."""

    line: int
    text: str
    reason: str


@dataclass(slots=True)
class Batch:
    """Some consecutive records: `rows[i]` begins at physical line `lines[i]` (from 1).

    While `escaped`, fields hold stand-ins for escaped characters; `restore` puts the characters back, in one field or
    in any text built from fields.
    """

    lines: Sequence[int]
    rows: list[list[str]]
    rejected: list[Rejected] = field(default_factory=list)
    escaped: bool = False


def restore(text: str) -> str:
    """Puts back the characters that were escaped in the file; a NULL mark becomes empty text."""
    for stand_in, character in _RESTORED.items():
        text = text.replace(stand_in, character)
    return text


def read_batches(text: Iterable[str], dialect: Dialect, widths: frozenset[int], *,
    numbered: bool = True) -> Iterator[Batch]:
    """Reads physical lines (with their line ends) into batches of records whose number of fields is in `widths`.

    `numbered` says that a record begins with a number, which tells a new record from a continued one after a quote
    that was never closed. Blank lines are no records and are not counted. Never raises for what a line holds.
    """
    return _Reader(text, dialect, widths, numbered).batches()


class _Reader:
    def __init__(self, text: Iterable[str], dialect: Dialect, widths: frozenset[int], numbered: bool) -> None:
        self._source = iter(text)
        self._dialect = dialect
        self._widths = widths
        self._narrowest = min(widths)
        self._numbered = numbered
        self._line = 1
        self._pending: deque[str] = deque()
        quoted_number = r'\s*"?-?\d+"?\s*'
        self._start = re.compile(quoted_number + re.escape(dialect.delimiter))

    def batches(self) -> Iterator[Batch]:
        while chunk := self._chunk():
            batch = self._quick(chunk) or self._careful(chunk)
            if batch.rows or batch.rejected:
                yield batch

    def _chunk(self) -> list[str]:
        wanted = _BATCH_LINES - len(self._pending)
        chunk = list(self._pending)
        self._pending.clear()
        if wanted > 0:
            chunk.extend(islice(self._source, wanted))
        return chunk

    def _quick(self, chunk: list[str]) -> Batch | None:
        """The whole chunk in one call of the CSV reader, if each of its lines is one good record."""
        escaped = self._dialect.backslash and "\\" in "".join(chunk)
        lines = [self._escape(line) if "\\" in line else line for line in chunk] if escaped else chunk
        try:
            rows = list(csv.reader(lines, delimiter=self._dialect.delimiter, strict=True))
        except csv.Error:
            return None
        if len(rows) != len(chunk) or not self._widths.issuperset(map(len, rows)):
            return None
        batch = Batch(range(self._line, self._line + len(rows)), rows, escaped=escaped)
        self._line += len(chunk)
        return batch

    def _careful(self, chunk: list[str]) -> Batch:
        """Record by record; a record may go on after the chunk, and what a broken one took is given back."""
        self._pending.extend(chunk)
        lines: list[int] = []
        rows: list[list[str]] = []
        batch = Batch(lines, rows, escaped=self._dialect.backslash)
        stop = self._line + len(chunk)
        while self._line < stop and self._pending:
            start = self._line
            taken: list[str] = []
            row, reason = self._record(taken)
            if row is None:
                first = taken[0]
                self._pending.extendleft(reversed(taken[1:]))
                self._line += 1
                if first.strip():
                    batch.rejected.append(Rejected(start, first.rstrip("\r\n"), reason))
            else:
                self._line += len(taken)
                if row:
                    lines.append(start)
                    rows.append(row)
        return batch

    def _record(self, taken: list[str]) -> tuple[list[str] | None, str]:
        """The next record (empty for a blank line) or `None` and why; `taken` gets the physical lines that it used."""
        reader = csv.reader(self._pull(taken), delimiter=self._dialect.delimiter, strict=True)
        try:
            row = next(reader, [])
        except csv.Error:
            lenient = self._lenient(taken[0])
            if lenient is not None:
                self._pending.extendleft(reversed(taken[1:]))
                del taken[1:]
                return lenient, ""
            return None, "the quotes do not match"
        if len(row) in self._widths or not row:
            return row, ""
        if len(row) == 1 and not row[0].strip():
            return [], ""
        return None, f"{len(row)} fields where {self._expected} are expected"

    @property
    def _expected(self) -> str:
        return " or ".join(str(width) for width in sorted(self._widths))

    def _pull(self, taken: list[str]) -> Iterator[str]:
        """Physical lines for one record, as long as they can belong to it."""
        while len(taken) < MAX_RECORD_LINES:
            line = self._next_line()
            if line is None:
                return
            if taken and self._numbered and self._begins_record(line):
                self._pending.appendleft(line)
                return
            taken.append(line)
            if not self._dialect.backslash or "\\" not in line:
                yield line
                continue
            prepared = self._escape(line)
            # A line end behind a backslash is part of the value, inside quotes or not.
            while prepared.endswith(_ESCAPES["\n"]) and line[-1] in "\r\n" and (more := self._next_line()) is not None:
                taken.append(more)
                line = more
                prepared += self._escape(more)
            yield prepared

    def _next_line(self) -> str | None:
        return self._pending.popleft() if self._pending else next(self._source, None)

    def _begins_record(self, line: str) -> bool:
        if not self._start.match(line) or line.count(self._dialect.delimiter) < self._narrowest - 1:
            return False
        prepared = self._escape(line) if self._dialect.backslash else line
        try:
            return len(next(csv.reader([prepared], delimiter=self._dialect.delimiter), [])) in self._widths
        except csv.Error:
            return False

    def _lenient(self, line: str) -> list[str] | None:
        """One line by MySQL's rule: a quote closes a value only where a delimiter or the line's end follows."""
        rest = (self._escape(line) if self._dialect.backslash else line).rstrip("\r\n")
        delimiter = self._dialect.delimiter
        end = rf"{re.escape(delimiter)}|$"
        fields: list[str] = []
        while True:
            if rest.startswith('"'):
                match = re.match(rf'"((?:[^"]++|""|"(?!{end}))*+)"(?={end})', rest)
                if match is None:
                    return None
                fields.append(match[1].replace('""', '"'))
                rest = rest[match.end():]
            else:
                value, _, _ = rest.partition(delimiter)
                fields.append(value)
                rest = rest[len(value):]
            if not rest:
                break
            rest = rest[len(delimiter):]
        return fields if len(fields) in self._widths else None

    def _escape(self, line: str) -> str:
        delimiter = self._dialect.delimiter

        def stand_in(match: re.Match[str]) -> str:
            character = match[1]
            if character == "N":
                before, after = line[:match.start()][-1:], line[match.end():][:1]
                whole = before in ("", delimiter) and after in ("", delimiter, "\r", "\n")
                return _NULL if whole else "N"
            return _ESCAPES.get(character, character)

        return _ESCAPED.sub(stand_in, line)
