"""A DuckDB database for one reading: members become typed tables, to be joined and sorted out of core."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.loading import PLAIN, load
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect
from shopsync_pipeline.catalog.tables import Kind, Table
from shopsync_pipeline.core.errors import CatalogError

MEMORY_LIMIT = "700MB"
THREADS = 2

SMALL = 16_000_000
"""Bytes of a delivery whose tables stay in memory. On disk each statement waits until it is safely written, which a
small delivery does some two hundred times for nothing."""

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
    """A DuckDB database for one reading, with a temporary folder; `close` removes both."""

    def __init__(self, account: Account, *, size: int = 0) -> None:
        """Opens the database for `size` bytes of members. It keeps within `MEMORY_LIMIT` and spills to the temporary
        folder, where it lies as a whole unless it is `SMALL`."""
        self._account = account
        self._folder = Path(tempfile.mkdtemp(prefix="shopsync-catalog-"))
        self._files: list[str] = []
        self._connection: duckdb.DuckDBPyConnection | None = duckdb.connect(
            ":memory:" if size < SMALL else str(self._folder / "stage.duckdb"),
            config={"memory_limit": MEMORY_LIMIT, "threads": THREADS, "temp_directory": str(self._folder / "spill"),
                    "preserve_insertion_order": True, "allow_community_extensions": False,
                    "autoinstall_known_extensions": False, "autoload_known_extensions": False},
        )
        self._connection.execute("SET enable_progress_bar = false;" + _MACROS + PLAIN)

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

    def files(self) -> list[str]:
        """The names of all members so far, by their index."""
        return list(self._files)

    def file_index(self, member: Member) -> int:
        """The `file` column for the rows of a member."""
        self._files.append(member.name)
        return len(self._files) - 1

    def forget_rejects(self) -> None:
        """Drops what DuckDB noted about rejected lines, so that the next notes are about the next file only."""
        self.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")

    def create(self, table: Table) -> None:
        """Makes an empty table with `file`, `line` and the columns that are kept."""
        columns = "".join(f", {column.name} {_TYPES[column.kind]}" for column in table.stored)
        self.execute(f"CREATE TABLE {table.name} (file INTEGER, line INTEGER{columns})")

    def load(self, table: Table, member: Member, encoding: str, dialect: Dialect) -> None:
        """Adds a member's rows to a table that `create` made; rows that cannot be used are quarantined.

        Raises `CatalogError` when most of a large member is unusable, because it then has another layout.
        """
        load(self, table, member, encoding, dialect, self._account)
