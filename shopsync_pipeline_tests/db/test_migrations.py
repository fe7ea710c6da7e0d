"""Migrations on a database with something in it: nothing is lost, and what is new has a sensible beginning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.database import MIGRATIONS, Database
from shopsync_pipeline.db.history import History
from shopsync_pipeline.db.imports import ImportKind, Imports
from shopsync_pipeline.db.quarantine import Quarantine, Quarantined
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, take

NOON = "2026-03-01 12:00:00+00:00"
POT = document(title="Pot")


def migrate(database: Database, verb: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.write() as connection:
        config.attributes["connection"] = connection
        verb(config, revision)


def insert(database: Database, table: str, **values: Any) -> None:
    with database.write() as connection:
        names = ", ".join(values)
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})"), values)


@pytest.fixture
def first_version(bare_database_url: str) -> Database:
    """A database of the first version, after three imports of one shop and one of another."""
    database = Database(bare_database_url)
    migrate(database, command.upgrade, "0001")
    for shop, import_id, state in ((SHOP, "i1", "superseded"), (SHOP, "i2", "current"), (SHOP, "i3", "failed"),
                                   (OTHER, "o1", "current")):
        insert(database, "catalog_import", shop_id=shop, import_id=import_id, source="a.zip", delivery_digest="d",
               state=state, started_at=NOON, finished_at=NOON, counts='{"products":1,"feed.read":7}', error=None)
    insert(database, "catalog_product", shop_id=SHOP, product_key="a", digests=digests(POT), document='{"title":"Pot"}',
           import_id="i2", changed_at=NOON)
    insert(database, "quarantine", shop_id=SHOP, import_id="i2", row=0, file="f", line=3, column_name="c", value="v",
           reason="r")
    insert(database, "writer_lock", shop_id=SHOP, holder="run 1", host="h", process=1, token="t", taken_at=NOON,
           seen_at=NOON)
    return database


def test_what_was_there_is_there_still(first_version: Database) -> None:
    first_version.upgrade()
    with first_version.read() as connection:
        imports = Imports(connection, SHOP)
        assert {one.import_id: (one.state, one.kind, one.number, one.files, one.switch, one.refusals)
                for one in imports.recent()} == {
            "i1": ("superseded", ImportKind.DELIVERY, None, (), None, ()),
            "i2": ("current", ImportKind.DELIVERY, 1, (), None, ()),
            "i3": ("failed", ImportKind.DELIVERY, None, (), None, ())}
        assert imports.get("i2").counts == {"products": 1, "feed.read": 7}
        assert list(Catalog(connection, SHOP).all_documents()) == [("a", POT)]
        assert Catalog(connection, SHOP).origins("a") == ("i2", {}, POT)
        assert Quarantine(connection, SHOP).of("i2") == [Quarantined("f", 3, "c", "v", "r", "row")]
        assert connection.execute(text("SELECT holder, what FROM writer_lock")).all() == [("run 1", "shop")]


def test_the_next_import_can_be_rolled_back_to_what_the_first_version_had(first_version: Database) -> None:
    first_version.upgrade()
    with first_version.write() as connection:
        take(connection, SHOP, {"a": document(title="New"), "b": POT})
        target = Imports(connection, SHOP).get("i2")
        assert target.number == 1
        History(connection, SHOP).go_back(target.number, 3)
        assert list(Catalog(connection, SHOP).all_documents()) == [("a", POT)]


def test_a_migration_can_be_taken_back(first_version: Database) -> None:
    with first_version.read() as connection:
        tables = {name: {column["name"] for column in inspect(connection).get_columns(name)}
                  for name in inspect(connection).get_table_names()}
    first_version.upgrade()
    migrate(first_version, command.downgrade, "0001")
    with first_version.read() as connection:
        assert {name: {column["name"] for column in inspect(connection).get_columns(name)}
                for name in inspect(connection).get_table_names()} == tables
        assert connection.execute(text("SELECT holder FROM writer_lock")).all() == [("run 1",)]
    first_version.upgrade()


@pytest.mark.parametrize("bare_database_url", ["postgresql"], indirect=True)
def test_postgresql_does_not_compress_documents_in_its_own_slow_way(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    database.upgrade()
    with database.read() as connection:
        found = connection.execute(text(
            "SELECT attstorage::text, attcompression::text FROM pg_attribute "
            "WHERE attrelid = 'catalog_product'::regclass AND attname = 'document'")).one()
    assert found[0] == "e" or found[1] == "l"
