"""One PostgreSQL database for all tests of this room: making one takes half a second, emptying it a few milliseconds.

`database_url` still gives an empty database of its own, for tests of the migrations themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.schema import metadata


@pytest.fixture(scope="session")
def kept_postgres(postgres_server: URL) -> Database:
    """A migrated PostgreSQL database that is there until the server goes."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    admin.dispose()
    found = Database(postgres_server.set(database=name).render_as_string(hide_password=False))
    found.upgrade()
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with this version's tables and nothing in them, of each kind in turn."""
    if request.param == "sqlite":
        found = Database(f"sqlite:///{tmp_path / 'shopsync.db'}")
        found.upgrade()
        yield found
        return
    found = request.getfixturevalue("kept_postgres")
    yield found
    with found.write() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
