"""Files of deliveries: remembered while they stay the same, forgotten when they are long gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.deliveries import FORGOTTEN_AFTER, Deliveries
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.schema import delivery_file
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

SIZE, TIME = 5 * 2**31, 1_790_000_000_123_456_789


def age(database: Database, file: str, days: float) -> None:
    with database.write() as connection:
        connection.execute(update(delivery_file).where(delivery_file.c.file == file).values(
            seen_at=now() - timedelta(days=days)))


def files(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(delivery_file.c.file)).scalars())


@pytest.mark.parametrize(("file", "size", "mtime_ns", "found"), [
    ("a.zip", SIZE, TIME, "text"), ("a.zip", SIZE + 1, TIME, None), ("a.zip", SIZE, TIME + 1, None),
    ("b.zip", SIZE, TIME, None),
])
def test_a_file_is_known_while_its_size_and_time_are_the_same(database: Database, file: str, size: int, mtime_ns: int,
                                                              found: str | None) -> None:
    with database.write() as connection:
        Deliveries(connection, SHOP).remember("a.zip", SIZE, TIME, "text")
        assert Deliveries(connection, SHOP).recall(file, size, mtime_ns) == found
        assert Deliveries(connection, OTHER).recall(file, size, mtime_ns) is None


def test_a_changed_file_replaces_what_was_known_of_it(database: Database) -> None:
    with database.write() as connection:
        deliveries = Deliveries(connection, SHOP)
        deliveries.remember("a.zip", SIZE, TIME, "old")
        deliveries.remember("a.zip", SIZE, TIME + 1, "new")
        assert deliveries.recall("a.zip", SIZE, TIME) is None
        assert deliveries.recall("a.zip", SIZE, TIME + 1) == "new"


def test_a_file_that_was_not_seen_for_long_is_forgotten(database: Database) -> None:
    with database.write() as connection:
        for file in ("gone.zip", "recent.zip", "met.zip"):
            Deliveries(connection, SHOP).remember(file, 1, 1, "x")
    age(database, "gone.zip", FORGOTTEN_AFTER.days + 1)
    age(database, "recent.zip", FORGOTTEN_AFTER.days - 1)
    age(database, "met.zip", FORGOTTEN_AFTER.days + 1)
    with database.write() as connection:
        Deliveries(connection, SHOP).seen("met.zip")
        Deliveries(connection, SHOP).remember("new.zip", 1, 1, "x")
    assert files(database) == {"recent.zip", "met.zip", "new.zip"}
