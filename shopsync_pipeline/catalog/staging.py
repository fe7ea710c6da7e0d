"""Members become typed DuckDB tables on disk, by way of a staged text that no reader can misunderstand.

Python settles quotes, escapes and broken rows; DuckDB reads the separator-joined result, casts it and finds bad values.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.records import Batch, Dialect, Rejected, read_batches, restore
from shopsync_pipeline.core.errors import CatalogError

FIELD = "\x1f"
NEWLINE = "\x1e"
"""Stands for a line end within a staged value; the SQL macro `lines` puts the line end back."""

MEMORY_LIMIT = "700MB"
THREADS = 2

_FEW_ROWS = 1000
"""Below this many refused rows a member is never called unreadable as a whole."""


class Kind(StrEnum):
    """What a column must hold. A bad ID makes its row useless; a bad INT or FLAG is set aside and defaulted."""

    ID = "id"
    INT = "int"
    FLAG = "flag"
    TEXT = "text"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a positional table. `default` stands for an INT or FLAG that is empty or bad."""

    name: str
    kind: Kind = Kind.TEXT
    default: str = "0"


@dataclass(frozen=True, slots=True)
class Table:
    """A positional table: its columns by the number of fields that its files may have."""

    name: str
    layouts: tuple[tuple[Column, ...], ...]

    @property
    def widths(self) -> frozenset[int]:
        """The numbers of fields that a record may have."""
        return frozenset(map(len, self.layouts))

    @property
    def stored(self) -> list[Column]:
        """The columns that are kept, in the order of the first layout that has them."""
        seen: dict[str, Column] = {}
        for layout in self.layouts:
            for column in layout:
                if column.kind is not Kind.UNREAD:
                    seen.setdefault(column.name, column)
        return list(seen.values())


_TYPES = {Kind.ID: "BIGINT", Kind.INT: "BIGINT", Kind.FLAG: "BOOLEAN", Kind.TEXT: "VARCHAR"}

_MACROS = """
CREATE MACRO said(x) AS CASE WHEN x IN ('', 'NULL', '0000-00-00 00:00:00') THEN NULL ELSE x END;
CREATE MACRO number(x) AS CASE WHEN regexp_full_match(x, '\\s*-?[0-9]{1,18}\\s*') THEN TRY_CAST(x AS BIGINT) END;
CREATE MACRO flag(x) AS CASE lower(trim(x)) WHEN '1' THEN true WHEN '0' THEN false WHEN 'true' THEN true
  WHEN 'false' THEN false WHEN 't' THEN true WHEN 'f' THEN false WHEN 'y' THEN true WHEN 'n' THEN false
  WHEN 'yes' THEN true WHEN 'no' THEN false END;
CREATE MACRO lines(x) AS replace(x, chr(30), chr(10));
"""


class Stage:
    """A DuckDB database in a temporary folder, out of core, for one reading; `close` removes it."""

    def __init__(self, account: Account) -> None:
        """Opens the database. It keeps within `MEMORY_LIMIT` and spills to the temporary folder."""
        self._account = account
        self._folder = Path(tempfile.mkdtemp(prefix="shopsync-catalog-"))
        self._files: list[str] = []
        self._connection: duckdb.DuckDBPyConnection | None = duckdb.connect(
            str(self._folder / "stage.duckdb"),
            config={"memory_limit": MEMORY_LIMIT, "threads": THREADS, "temp_directory": str(self._folder / "spill"),
                    "preserve_insertion_order": True, "allow_community_extensions": False,
                    "autoinstall_known_extensions": False, "autoload_known_extensions": False},
        )
        self._connection.execute(_MACROS)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """Runs one statement."""
        if self._connection is None:
            raise CatalogError("This reading was closed before its products were read; read the delivery again.")
        return self._connection.execute(sql, list(values)) if values else self._connection.execute(sql)

    def close(self) -> None:
        """Closes the database and removes its folder."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            shutil.rmtree(self._folder, ignore_errors=True)

    def scratch(self, name: str) -> Path:
        """A path in the temporary folder."""
        return self._folder / name

    def file_name(self, index: int) -> str:
        """The member behind the `file` column of a staged table."""
        return self._files[index]

    def file_index(self, member: Member) -> int:
        """The `file` column for the rows of a member."""
        self._files.append(member.name)
        return len(self._files) - 1

    def create(self, table: Table) -> None:
        """Makes an empty table with `file`, `line` and the columns that are kept."""
        columns = "".join(f", {column.name} {_TYPES[column.kind]}" for column in table.stored)
        self.execute(f"CREATE TABLE {table.name} (file INTEGER, line INTEGER{columns})")

    def load(self, table: Table, member: Member, encoding: str, dialect: Dialect) -> None:
        """Adds a member's rows to a table that `create` made; rows that cannot be used are quarantined.

        Raises `CatalogError` when most of a large member is unusable, because it then has another layout.
        """
        index = self.file_index(member)
        staged = self._folder / "staged.txt"
        layout, good, refused = self._stage(table, member, encoding, dialect, staged)
        if good:
            refused += self._insert(table, layout, index, member, staged)
        staged.unlink(missing_ok=True)
        if refused > _FEW_ROWS and refused > good / 2:
            first = next(row for row in self._account.quarantine if row.file == member.name)
            raise CatalogError(
                f"{member.name} cannot be read as {table.name}: {refused:,} of its rows are unusable, the first in "
                f"line {first.line} ({first.column}: {first.reason}); it seems to have another layout.")

    def _stage(
        self, table: Table, member: Member, encoding: str, dialect: Dialect, staged: Path,
    ) -> tuple[tuple[Column, ...], int, int]:
        layout: tuple[Column, ...] | None = None
        good = refused = 0
        with open_text(member, encoding) as text, staged.open("w", encoding="utf-8", newline="") as out:
            for batch in read_batches(text, dialect, table.widths):
                if layout is None and batch.rows:
                    layout = next(known for known in table.layouts if len(known) == len(batch.rows[0]))
                    self._skip_header(table, batch)
                if len(table.layouts) > 1 and layout is not None:
                    _refuse_other_widths(batch, len(layout))
                self._refuse(table, member, batch.rejected)
                refused += len(batch.rejected)
                good += len(batch.rows)
                if batch.rows:
                    out.write(staged_text(batch))
        return layout or table.layouts[0], good, refused

    def _skip_header(self, table: Table, batch: Batch) -> None:
        first = batch.rows[0]
        if first[0].strip() and not any(any(character.isdigit() for character in value) for value in first):
            batch.rows = batch.rows[1:]
            batch.lines = batch.lines[1:]
            self._account.counts[f"{table.name}.headers"] += 1

    def _refuse(self, table: Table, member: Member, rejected: Iterable[Rejected]) -> None:
        for row in rejected:
            self._account.refuse(table.name, QuarantinedRow(
                member.name, row.line, "", row.text[:500], f"this line is no row of {table.name}: {row.reason}"))

    def _insert(self, table: Table, layout: tuple[Column, ...], index: int, member: Member, staged: Path) -> int:
        """Casts a staged file into its table. Returns how many of its rows were refused."""
        here = {column.name: place for place, column in enumerate(layout)}
        raw = "line INTEGER, " + ", ".join(f"c{place} VARCHAR" for place in range(len(layout)))
        columns = "{" + ", ".join(f"'{item.split()[0]}': '{item.split()[1]}'" for item in raw.split(", ")) + "}"
        source = (
            f"read_csv('{staged.as_posix()}', delim=chr(31), quote='', escape='', header=false, auto_detect=false, "
            f"columns={columns}, new_line='\\n', max_line_size=16777216)")
        values: list[str] = []
        hard: list[tuple[str, str]] = []
        soft: list[tuple[str, str]] = []
        for column in table.stored:
            place = here.get(column.name)
            if place is None:
                values.append(column.default if column.kind is not Kind.TEXT else "NULL")
                continue
            cell = f"c{place}"
            if column.kind is Kind.TEXT:
                values.append(f"said({cell})")
                continue
            cast = f"{'flag' if column.kind is Kind.FLAG else 'number'}({cell})"
            if column.kind is Kind.ID:
                values.append(cast)
                hard.append((column.name, cell))
            else:
                values.append(f"coalesce({cast}, {column.default})")
                soft.append((column.name, cell))
        usable = " AND ".join(f"number({cell}) IS NOT NULL" for _, cell in hard) or "true"
        read = self.execute(
            f"INSERT INTO {table.name} SELECT {index}, line, {', '.join(values)} FROM {source} WHERE {usable}",
        ).fetchall()[0][0]
        self._account.used(table.name, int(read))
        refused = 0
        if hard:
            cases = _first_bad(hard, "number({cell}) IS NULL")
            for line, column_name, value in self.execute(
                f"SELECT line, {cases} FROM {source} WHERE NOT ({usable}) ORDER BY line").fetchall():
                refused += 1
                self._account.refuse(table.name, QuarantinedRow(
                    member.name, line, column_name, value or "", f"{column_name} is \"{value or ''}\": not an id"))
        kinds = {column.name: column.kind for column in table.stored}
        for column_name, cell in soft:
            cast = f"{'flag' if kinds[column_name] is Kind.FLAG else 'number'}({cell})"
            for line, value in self.execute(
                f"SELECT line, {cell} FROM {source} WHERE {usable} AND said({cell}) IS NOT NULL AND {cast} IS NULL "
                "ORDER BY line").fetchall():
                self._account.refuse_value(
                    member.name, line, column_name, value,
                    f"{column_name} is \"{value}\": not a number; its default is used")
        return refused


def _first_bad(cells: list[tuple[str, str]], test: str) -> str:
    names = " ".join(f"WHEN {test.format(cell=cell)} THEN '{name}'" for name, cell in cells)
    values = " ".join(f"WHEN {test.format(cell=cell)} THEN {cell}" for name, cell in cells)
    return f"CASE {names} END, CASE {values} END"


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
    joined: list[str] = list(map(FIELD.join, batch.rows))
    if not isinstance(batch.lines, range):
        joined = [_one_line(record) for record in joined]
    text = "\n".join([f"{line}{FIELD}{record}" for line, record in zip(batch.lines, joined, strict=True)]) + "\n"
    if batch.escaped:
        text = restore(text.replace(ESCAPED_NEWLINE, NEWLINE))
    return text


ESCAPED_NEWLINE = "\ufdd3"


def _one_line(record: str) -> str:
    if "\n" in record or "\r" in record:
        return record.replace("\r\n", NEWLINE).replace("\n", NEWLINE).replace("\r", NEWLINE)
    return record
