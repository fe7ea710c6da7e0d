"""Small things that all repositories share: bulk upsert on either database, JSON text, chunks, new ids."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import Any, TypeVar

import orjson
from sqlalchemy import Column, ColumnElement, Connection, String, Table, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

T = TypeVar("T")

_FEW = 50
"""Rows up to which four round trips for a COPY are more than those of an INSERT."""
CHUNK = 500
"""Keys in one `IN (…)`, and rows in one round trip; well below SQLite's limit on bound values."""


def now() -> datetime:
    """The current instant in UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """A fresh random row id."""
    return str(uuid.uuid4())


def to_text(value: Any) -> str:
    """JSON text that keeps the order of keys."""
    return orjson.dumps(value).decode()


def from_text(text: str) -> Any:
    """The value of JSON text."""
    return orjson.loads(text)


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`values` in lists of at most `size`."""
    iterator = iter(values)
    while part := list(islice(iterator, size)):
        yield part


def among(connection: Connection, column: Column[str], values: Collection[str]) -> ColumnElement[bool]:
    """Whether a column's text is one of `values`, all of them as one bound value: `IN (…)` is written out anew for each
    value each time, which takes five times as long as finding a thousand rows (measured)."""
    if connection.dialect.name == "postgresql":
        return column == any_(cast(list(values), ARRAY(String)))
    return column.in_(select(func.json_each(to_text(list(values))).table_valued("value").c.value))


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, or replaces those with the same primary key. Both databases speak the same ON CONFLICT clause."""
    if not rows:
        return
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    for part in chunks(rows):
        connection.execute(statement, part)


def insert_all(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Inserts many rows of texts, numbers, instants and `None` in the fastest way that each database has.

    On PostgreSQL that is COPY, which takes a third of the time of INSERT for rows of some kilobytes (measured).
    """
    names = ", ".join(f'"{name}"' for name in columns)
    if connection.dialect.name == "postgresql":
        copy = f"COPY {table.name} ({names}) FROM STDIN"
        cursor: Any = connection.connection.cursor()
        for part in chunks(rows):
            cursor.copy_expert(copy, StringIO(_copied(part)))
        cursor.close()
        return
    statement = f"INSERT INTO {table.name} ({names}) VALUES ({', '.join('?' * len(columns))})"
    bound = [table.c[name] for name in columns]
    for part in chunks(rows):
        connection.exec_driver_sql(statement, _bound(connection, bound, part))


def upsert_all(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Inserts many rows, or replaces those with the same primary key: what `upsert` does, in the fastest way that each
    database has. `rows` have a value for every column of the table, in its order; no key may come twice.

    On PostgreSQL that is COPY into a table of this transaction, and one INSERT from there.
    """
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    listed = ", ".join(f'"{name}"' for name in names)
    kept = ", ".join(f'"{name}" = excluded."{name}"' for name in names if name not in keys)
    conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {kept}"
    if connection.dialect.name == "postgresql" and len(rows) < _FEW:
        upsert(connection, table, [dict(zip(names, row, strict=True)) for row in rows])
        return
    if connection.dialect.name == "postgresql":
        coming = f"coming_{table.name}"
        like = f"(LIKE {table.name}) ON COMMIT DELETE ROWS"
        connection.exec_driver_sql(f"CREATE TEMP TABLE IF NOT EXISTS {coming} {like}")
        cursor: Any = connection.connection.cursor()
        cursor.copy_expert(f"COPY {coming} ({listed}) FROM STDIN", StringIO(_copied(rows)))
        cursor.execute(f"INSERT INTO {table.name} ({listed}) SELECT {listed} FROM {coming} {conflict}")
        cursor.execute(f"TRUNCATE {coming}")
        cursor.close()
        return
    statement = f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join('?' * len(names))}) {conflict}"
    connection.exec_driver_sql(statement, _bound(connection, list(table.columns), rows))


def _bound(connection: Connection, columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]]) -> list[Any]:
    """Rows as the database's driver takes them."""
    dialect = connection.dialect
    processors = {place: process for place, column in enumerate(columns)
                  if (process := column.type.dialect_impl(dialect).bind_processor(dialect)) is not None}
    if not processors:
        return list(rows)
    bound = [list(row) for row in rows]
    for place, process in processors.items():
        # Instants repeat: all rows of a batch are read at the same one.
        known: dict[Any, Any] = {}
        for row in bound:
            value = row[place]
            if value not in known:
                known[value] = process(value)
            row[place] = known[value]
    return [tuple(row) for row in bound]


def _copied(rows: Iterable[Sequence[Any]]) -> str:
    """Rows in PostgreSQL's text format for COPY."""
    return "".join("\t".join(map(_copied_value, row)) + "\n" for row in rows)


def _copied_value(value: Any) -> str:
    if value is None:
        return "\\N"
    # Four searches are ten times as fast as one `translate` on texts of this length.
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def insert_absent(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Inserts a row unless one with its primary key is there; tells whether it did. Waits for a rival's transaction."""
    statement = _insert(connection, table).values(**row).on_conflict_do_nothing()
    return connection.execute(statement).rowcount == 1


def _insert(connection: Connection, table: Table) -> Any:
    return (postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert)(table)
