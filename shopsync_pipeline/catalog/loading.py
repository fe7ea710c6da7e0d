"""A member's rows go into a typed table: DuckDB reads what is plain, Python reads with care what is not.

DuckDB is believed about a segment only if every physical line became one row or was rejected by itself; the rejected
lines, and any segment where that does not hold, are read again record by record.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.plain import PlainReader
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.records import Batch, Dialect, Rejected, read_batches, restore
from shopsync_pipeline.catalog.segments import BACKSLASH, COMMA, NEWLINE, QUOTE, Segment, segments
from shopsync_pipeline.catalog.tables import Column, Kind, Table
from shopsync_pipeline.core.errors import CatalogError

if TYPE_CHECKING:
    from shopsync_pipeline.catalog.staging import Stage

FIELD = "\x1f"
"""Separates the fields of a staged row."""

_FEW_ROWS = 1000
"""Below this many refused rows a member is never called unreadable as a whole."""


def load(stage: Stage, table: Table, member: Member, encoding: str, dialect: Dialect, account: Account) -> None:
    """Adds a member's rows to a table; rows that cannot be used go to `account`. See `Stage.load`."""
    loader = _Loader(stage, table, member, dialect, account)
    with member.open() as stream, closing(_ahead(segments(stream, encoding, dialect, table.widths))) as found:
        try:
            for segment in found:
                loader.add(segment)
        except UnicodeDecodeError as error:
            raise CatalogError(
                f"{member.name} changed while it was being read ({error.reason}); import it again.") from error
    loader.require_some_use()


def _ahead(found: Iterator[Segment]) -> Generator[Segment]:
    """The segments, each made in another thread while the one before is being loaded."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, found, None)
        while (segment := coming.result()) is not None:
            coming = pool.submit(next, found, None)
            yield segment


@dataclass(frozen=True, slots=True)
class _Raw:
    """The temporary table `raw` holds some rows as text: `line` in SQL, and how its cells become values."""

    line: str
    escaped: bool

    def text(self, cell: str) -> str:
        return f"plain({cell})" if self.escaped else cell


class _Loader:
    def __init__(self, stage: Stage, table: Table, member: Member, dialect: Dialect, account: Account) -> None:
        self._stage = stage
        self._table = table
        self._member = member
        self._dialect = dialect
        self._account = account
        self._index = stage.file_index(member)
        self._layout: tuple[Column, ...] | None = None
        self._good = self._refused = 0

    def add(self, segment: Segment) -> None:
        """Loads one segment."""
        if self._layout is None:
            segment = self._begin(segment)
        if segment.prepared is None or self._layout is None or not self._plainly(segment, segment.prepared):
            self._carefully(segment.raw, segment.first)

    def require_some_use(self) -> None:
        """Raises `CatalogError` when most of a large member was unusable."""
        if self._refused > _FEW_ROWS and self._refused > self._good / 2:
            first = next(row for row in self._account.quarantine if row.file == self._member.name)
            raise CatalogError(
                f"{self._member.name} cannot be read as {self._table.name}: {self._refused:,} of its rows are "
                f"unusable, the first in line {first.line} ({first.column}: {first.reason}); it seems to have another "
                "layout.")

    def _begin(self, segment: Segment) -> Segment:
        """Finds the layout by the first good record; leaves a header out."""
        beginning = segment.raw[:1 << 16].decode(errors="replace").splitlines(keepends=True)[:200]
        batch = next(read_batches(beginning, self._dialect, self._table.widths), None)
        if batch is None or not batch.rows:
            return segment
        first = [restore(value) for value in batch.rows[0]] if batch.escaped else batch.rows[0]
        self._layout = next(known for known in self._table.layouts if len(known) == len(first))
        if batch.lines[0] == 1 and _is_header(first):
            self._account.counts[f"{self._table.name}.headers"] += 1
            raw = segment.raw.partition(b"\n")[2]
            prepared = segment.prepared and segment.prepared.partition(b"\n")[2]
            return Segment(segment.first + 1, raw, prepared, segment.lines - 1, segment.escaped)
        return segment

    def _plainly(self, segment: Segment, prepared: bytes) -> bool:
        """Whether DuckDB could read the segment; if not, nothing of it was loaded."""
        if prepared == b"\n":
            return not segment.raw.strip(b"\r\n")
        reader = PlainReader(self._stage, self._dialect, self._layout or ())
        read = reader.read(prepared)
        if read is None:
            return False
        rejected, shifts = read
        line = f"{segment.first}::INTEGER + rowid"
        if shifts:
            reader.number(segment.first, shifts)
            line = "line"
        rows = self._stage.execute("SELECT count(*) FROM raw").fetchall()[0][0]
        self._insert(self._layout or (), _Raw(line, segment.escaped), rows)
        if rejected:
            physical = segment.raw.split(b"\n")
            for number in rejected:
                self._carefully(physical[number] + b"\n", segment.first + number)
        return True

    def _carefully(self, raw: bytes, first: int) -> None:
        """Reads lines record by record, in Python."""
        staged = self._stage.scratch("staged.txt")
        lines = (line + "\n" for line in raw.decode().removesuffix("\n").split("\n"))
        rows = 0
        with staged.open("w", encoding="utf-8", newline="") as out:
            for batch in read_batches(lines, self._dialect, self._table.widths):
                _renumber(batch, first)
                if self._layout is None and batch.rows:
                    self._layout = next(known for known in self._table.layouts if len(known) == len(batch.rows[0]))
                if len(self._table.layouts) > 1 and self._layout is not None:
                    _refuse_other_widths(batch, len(self._layout))
                for row in batch.rejected:
                    self._refuse(row)
                rows += len(batch.rows)
                if batch.rows:
                    out.write(staged_text(batch))
        if rows and self._layout is not None:
            self._insert_staged(self._layout, staged, rows)
        staged.unlink()

    def _refuse(self, row: Rejected) -> None:
        self._refused += 1
        self._account.refuse(self._table.name, QuarantinedRow(
            self._member.name, row.line, "", row.text[:500],
            f"this line is no row of {self._table.name}: {row.reason}"))

    def _insert_staged(self, layout: tuple[Column, ...], staged: Path, rows: int) -> None:
        columns = "'line': 'INTEGER', " + ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(layout)))
        self._stage.execute(
            f"CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM read_csv('{staged.as_posix()}', delim=chr(31), "
            f"quote='', escape='', header=false, auto_detect=false, columns={{{columns}}}, new_line='\\n', "
            "max_line_size=16777216)")
        self._insert(layout, _Raw("line", escaped=False), rows)

    def _insert(self, layout: tuple[Column, ...], raw: _Raw, rows: int) -> None:
        """Casts the table `raw` into its place; what cannot be cast is refused or defaulted, and told."""
        here = {column.name: f"c{place}" for place, column in enumerate(layout)}
        values: list[str] = []
        hard: list[tuple[str, str]] = []
        soft: list[tuple[str, str, str]] = []
        for column in self._table.stored:
            cell = here.get(column.name)
            if cell is None:
                values.append(column.default if column.kind is not Kind.TEXT else "NULL")
            elif column.kind is Kind.TEXT:
                values.append(f"said({raw.text(cell)})")
            elif column.kind is Kind.ID:
                values.append(f"number({cell})")
                hard.append((column.name, cell))
            else:
                cast = f"{'flag' if column.kind is Kind.FLAG else 'number'}({cell})"
                values.append(f"coalesce({cast}, {column.default})")
                soft.append((column.name, cell, cast))
        usable = " AND ".join(f"number({cell}) IS NOT NULL" for _, cell in hard) or "true"
        run = self._stage.execute
        read = int(run(f"INSERT INTO {self._table.name} SELECT {self._index}, {raw.line}, {', '.join(values)} "
                       f"FROM raw WHERE {usable}").fetchall()[0][0])
        self._account.used(self._table.name, read)
        self._good += read
        if read < rows:
            self._refuse_ids(raw, hard, usable)
        for name, cell, cast in soft:
            for line, value in run(
                f"SELECT {raw.line}, {raw.text(cell)} FROM raw WHERE {usable} AND said({cell}) IS NOT NULL "
                f"AND {cast} IS NULL ORDER BY rowid").fetchall():
                self._account.refuse_value(self._member.name, line, name, value,
                                           f"{name} is \"{value}\": not a number; its default is used")

    def _refuse_ids(self, raw: _Raw, hard: Sequence[tuple[str, str]], usable: str) -> None:
        names = " ".join(f"WHEN number({cell}) IS NULL THEN '{name}'" for name, cell in hard)
        cells = " ".join(f"WHEN number({cell}) IS NULL THEN {raw.text(cell)}" for _, cell in hard)
        for line, name, value in self._stage.execute(
            f"SELECT {raw.line}, CASE {names} END, CASE {cells} END FROM raw WHERE NOT ({usable}) "
            "ORDER BY rowid").fetchall():
            self._refused += 1
            self._account.refuse(self._table.name, QuarantinedRow(
                self._member.name, line, name, value or "", f"{name} is \"{value or ''}\": not an id"))


def _is_header(first: Sequence[str]) -> bool:
    return bool(first[0].strip()) and not any(any(character.isdigit() for character in value) for value in first)


def _renumber(batch: Batch, first: int) -> None:
    batch.lines = [line + first - 1 for line in batch.lines]
    batch.rejected = [Rejected(row.line + first - 1, row.text, row.reason) for row in batch.rejected]


def _refuse_other_widths(batch: Batch, width: int) -> None:
    lines: list[int] = []
    rows: list[list[str]] = []
    for line, row in zip(batch.lines, batch.rows, strict=True):
        if len(row) == width:
            lines.append(line)
            rows.append(row)
        else:
            batch.rejected.append(Rejected(line, ",".join(row)[:500], f"{len(row)} fields where {width} are expected"))
    batch.lines, batch.rows = lines, rows


def staged_text(batch: Batch) -> str:
    """A batch as staged lines: line number and fields, separated by `FIELD`, one record per line."""
    joined = [_one_line(FIELD.join(row)) for row in batch.rows]
    text = "\n".join([f"{line}{FIELD}{record}" for line, record in zip(batch.lines, joined, strict=True)]) + "\n"
    return restore(text.replace(ESCAPED_NEWLINE, NEWLINE)) if batch.escaped else text


ESCAPED_NEWLINE = "\ufdd3"


def _one_line(record: str) -> str:
    if "\n" in record or "\r" in record:
        return record.replace("\r\n", NEWLINE).replace("\n", NEWLINE).replace("\r", NEWLINE)
    return record


PLAIN = (
    f"CREATE MACRO plain(x) AS replace(replace(replace(x, '{QUOTE}', '\"'), '{BACKSLASH}', '\\'), '{COMMA}', ',');")
"""The SQL macro that puts escaped characters back into a cell of a prepared segment: one pass each, since each is found
by memory search; `translate` goes letter by letter and took eleven times as long on descriptions."""
