"""Opening the database: one function spells its address, one object gives connections, on either kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from shopsync_pipeline.core.errors import DatabaseError

MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION_LOCK = 0x73686F70
"""Key of the PostgreSQL advisory lock under which tables are made or changed."""


def normalised_url(text: str) -> URL:
    """The operator's database address with the driver spelled out.

    `postgres://` and `postgresql://` become `postgresql+psycopg2://`: SQLAlchemy 2.1 would otherwise look for psycopg
    3, which dagster-postgres does not use. A relative SQLite path stays relative to the working directory. Raises
    `DatabaseError` for an address of any other kind.
    """
    if text.startswith("postgres://"):
        text = "postgresql://" + text.removeprefix("postgres://")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    # An `@` left in the host comes from a password that holds one; shown as a host it would be no secret any more.
    if url is None or "@" in (url.host or ""):
        raise DatabaseError(
            "The database address cannot be read. Write sqlite:///path/to/file.db or "
            "postgresql://user:password@host:5432/name, with %40 for an @ in the password (SHOPSYNC_DATABASE_URL)."
        )
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg2")
    if url.drivername not in {"sqlite", "postgresql+psycopg2"}:
        raise DatabaseError(
            f"The database address begins with {url.drivername}://, which shopsync does not speak. Use sqlite:/// or "
            "postgresql:// (SHOPSYNC_DATABASE_URL)."
        )
    return url


SMALL_CACHE, LARGE_CACHE = "cache_size=-4096", "cache_size=-16384"
"""SQLite's cache of a connection, in KiB: large only while it writes, which one at a time does. A push has seven open;
with 16 MiB for each, plans of a hundred thousand items took 100 MiB more than those of ten thousand."""


@cache
def _engine(url: URL) -> Engine:
    """One engine per address and process. Connections are checked before use, so a restarted server is no error."""
    if url.drivername == "sqlite":
        if url.database:
            _make_folder(Path(url.database).parent)
        engine = create_engine(url, connect_args={"timeout": 60})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _leave_sqlite)
        return engine
    return create_engine(url, pool_pre_ping=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(
            f"The folder {folder} for the database cannot be made: {error.strerror}. Check SHOPSYNC_DATABASE_URL."
        ) from error


def _shown(url: URL) -> str:
    """The address for people: without the password and without options, which may hold one."""
    return url.set(query={}).render_as_string(hide_password=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is switched off: it would begin late and let two writers deadlock.
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL, not NORMAL: a ledger row must be on disk before its mutation is sent.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", SMALL_CACHE):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("shopsync_write", False):
        connection.exec_driver_sql("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA {LARGE_CACHE}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _leave_sqlite(connection: Any, _record: Any) -> None:
    if connection is not None:  # It is `None` where the connection broke.
        connection.execute(f"PRAGMA {SMALL_CACHE}").close()


class Database:
    """Connections to one database. Cheap to make: engines are shared per address within a process."""

    def __init__(self, url: str) -> None:
        """`url` is the operator's text (see `normalised_url`); nothing is opened yet."""
        self.url = normalised_url(url)
        self._engine = _engine(self.url)

    def __repr__(self) -> str:
        return f"Database({_shown(self.url)})"

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def close(self) -> None:
        """Closes the connections that nobody uses at the moment; whoever needs one opens another."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reading. Raises `DatabaseError` if the database cannot be reached."""
        with self._connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction for writing: all of it happens or none. On SQLite it waits its turn up to 60 s."""
        with self._connect() as connection:
            writing = connection.execution_options(shopsync_write=True)
            with writing.begin():
                yield writing

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise self._unreachable(error) from error
        with connection:
            yield connection

    def _unreachable(self, error: DBAPIError) -> DatabaseError:
        reason = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no reason given"
        return DatabaseError(
            f"The database {_shown(self.url)} cannot be opened: {reason}. Check that it runs and that "
            "SHOPSYNC_DATABASE_URL is right."
        )

    def upgrade(self) -> str:
        """Brings the tables to this version's schema and returns the revision reached. Safe to repeat."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.write() as connection:
            if self.dialect == "postgresql":
                # Two processes that start together must not both make the tables; SQLite's write lock sees to it there.
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            found = MigrationContext.configure(connection).get_current_revision()
            if found is not None and found not in _known_revisions():
                raise self._too_new(found)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return head_revision()

    def revision(self) -> str | None:
        """The schema revision that the database has, `None` for an empty one."""
        with self.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def require_current(self) -> None:
        """Raises `DatabaseError` with the way out unless the tables are those of this version."""
        found, needed = self.revision(), head_revision()
        if found == needed:
            return
        if found is not None and found not in _known_revisions():
            raise self._too_new(found)
        state = "has no shopsync tables yet" if found is None else f"is at schema revision {found}"
        raise DatabaseError(
            f"The database {_shown(self.url)} {state}; this version needs revision {needed}. Run `shopsync db upgrade`."
        )


    def _too_new(self, found: str) -> DatabaseError:
        return DatabaseError(
            f"The database {_shown(self.url)} is at schema revision {found}, which this version of shopsync does not "
            "know; a newer version made it. Install that version, or name another database in SHOPSYNC_DATABASE_URL."
        )


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def _known_revisions() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


@cache
def head_revision() -> str:
    """The newest schema revision that this version knows."""
    head = _scripts().get_current_head()
    if head is None:
        raise DatabaseError("shopsync was installed without its database migrations; install the package again.")
    return head


