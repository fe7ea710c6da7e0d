"""Opening the database: how its address is spelled, what an operator is told, and migrations on both kinds."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text

from shopsync_pipeline.core.errors import DatabaseError
from shopsync_pipeline.db.database import Database, head_revision, normalised_url
from shopsync_pipeline.db.rows import chunks, from_text, insert_absent, to_text, upsert
from shopsync_pipeline.db.schema import metadata, shop
from shopsync_pipeline_tests.db.samples import NOON, SHOP


@pytest.mark.parametrize(("given", "spelled"), [
    ("sqlite:///shopsync.db", "sqlite:///shopsync.db"),
    ("sqlite:////var/lib/shopsync.db", "sqlite:////var/lib/shopsync.db"),
    ("sqlite://", "sqlite://"),
    ("postgres://u:p@h:5432/d", "postgresql+psycopg2://u:p@h:5432/d"),
    ("postgresql://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
    ("postgresql+psycopg2://u:p@h/d", "postgresql+psycopg2://u:p@h/d"),
    ("postgresql://u:a%40b%2Fc@h/d", "postgresql+psycopg2://u:a%40b%2Fc@h/d"),
    ("postgresql:///d?host=%2Frun%2Fpg", "postgresql+psycopg2:///d?host=%2Frun%2Fpg"),
    ("postgres://u@h/d?sslmode=require", "postgresql+psycopg2://u@h/d?sslmode=require"),
])
def test_an_address_is_spelled_with_its_driver(given: str, spelled: str) -> None:
    assert normalised_url(given).render_as_string(hide_password=False) == spelled
    assert normalised_url(spelled).render_as_string(hide_password=False) == spelled


@pytest.mark.parametrize("scheme", ["mysql", "postgresql+psycopg", "postgresql+asyncpg", "sqlite+aiosqlite", "http"])
def test_an_unknown_driver_is_refused_with_the_way_out(scheme: str) -> None:
    with pytest.raises(DatabaseError) as refused:
        normalised_url(f"{scheme}://u:hunter2@h/d")
    assert str(refused.value) == (
        f"The database address begins with {scheme}://, which shopsync does not speak. Use sqlite:/// or "
        "postgresql:// (SHOPSYNC_DATABASE_URL)."
    )


@pytest.mark.parametrize("unreadable", [
    "", "shopsync.db", "hunter2", "postgresql://u:hunter2@h:54x/d", "postgresql://u:p@hunter2@h/d",
    "postgresql://u:p@a:hunter2@h/d",
])
def test_an_address_that_cannot_be_read_is_not_repeated(unreadable: str) -> None:
    with pytest.raises(DatabaseError, match=r"^The database address cannot be read\. Write sqlite:///") as refused:
        normalised_url(unreadable)
    told = "".join(traceback.format_exception(refused.value, limit=0))
    assert "hunter2" not in told


@pytest.mark.parametrize("address", [
    "postgresql://u:hunter2@127.0.0.1:1/d", "postgres://127.0.0.1:1/d?user=u&password=hunter2",
])
def test_a_password_is_never_shown(address: str) -> None:
    database = Database(address)
    assert "127.0.0.1:1/d" in repr(database)
    assert "hunter2" not in repr(database)
    with pytest.raises(DatabaseError, match=r"cannot be opened.*SHOPSYNC_DATABASE_URL") as refused, database.read():
        pass
    assert "hunter2" not in "".join(traceback.format_exception(refused.value, limit=0))


def test_a_relative_path_stays_relative_to_the_working_directory(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///data/relative.db")
    database.upgrade()
    assert (tmp_path / "data" / "relative.db").is_file()
    assert repr(database) == "Database(sqlite:///data/relative.db)"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, although it is long enough to look like one " * 50)
    with pytest.raises(DatabaseError, match=r"notes\.txt cannot be opened: file is not a database"):
        Database(f"sqlite:///{tmp_path}/notes.txt").revision()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match=r"file for the database cannot be made: File exists"):
        Database(f"sqlite:///{tmp_path}/file/shopsync.db")


def test_a_database_without_tables_says_what_to_run(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    assert database.revision() is None
    with pytest.raises(DatabaseError, match=f"has no shopsync tables yet; this version needs revision {head_revision()}"
                                            r"\. Run `shopsync db upgrade`\.$"):
        database.require_current()


def test_a_database_at_another_revision_says_which(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    database.upgrade()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'elsewhere'"))
    with pytest.raises(DatabaseError, match="is at schema revision elsewhere"):
        database.require_current()


def test_a_database_of_a_newer_version_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (database.upgrade, database.require_current):
        with pytest.raises(DatabaseError, match="at schema revision 9999, which this version"):
            use()
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head_revision()})


def test_an_upgrade_can_be_repeated_and_keeps_what_is_there(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    assert database.upgrade() == head_revision()
    with database.write() as connection:
        upsert(connection, shop, [ROW])
    assert database.upgrade() == head_revision() == database.revision()
    database.require_current()
    with database.read() as connection:
        assert connection.execute(select(shop.c.name)).scalars().all() == ["One"]


def test_the_migrations_make_exactly_the_tables_of_the_schema(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}


def test_every_table_carries_the_shop() -> None:
    assert [name for name, table in metadata.tables.items() if "shop_id" not in table.c] == []


def test_the_dialect_is_told(database: Database, request: pytest.FixtureRequest) -> None:
    assert database.dialect in request.node.callspec.id


def test_a_write_that_fails_leaves_nothing_behind(database: Database) -> None:
    def half() -> None:
        with database.write() as connection:
            upsert(connection, shop, [ROW])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with database.read() as connection:
        assert connection.execute(select(shop.c.name)).all() == []


def test_what_was_written_is_seen_by_the_next_to_read(database: Database) -> None:
    with database.write() as connection:
        upsert(connection, shop, [ROW])
    with Database(database.url.render_as_string(hide_password=False)).read() as connection:
        assert connection.execute(select(shop.c.name)).scalars().all() == ["One"]


ROW = {"shop_id": SHOP, "name": "One", "currency": "USD", "location_id": "1", "location_name": "Main",
       "restore_rate": None, "bucket_size": None, "described_at": NOON}


def test_an_upsert_inserts_what_is_new_and_replaces_what_is_there(database: Database) -> None:
    with database.write() as connection:
        upsert(connection, shop, [])
        upsert(connection, shop, [ROW, {**ROW, "shop_id": "b"}])
        upsert(connection, shop, [{**ROW, "name": "Renamed"}, {**ROW, "shop_id": "c"}])
        rows = connection.execute(select(shop.c.shop_id, shop.c.name).order_by(shop.c.shop_id)).all()
    assert rows == [("b", "One"), ("c", "One"), (SHOP, "Renamed")]


def test_an_insert_of_what_is_there_changes_nothing_and_says_so(database: Database) -> None:
    with database.write() as connection:
        assert insert_absent(connection, shop, ROW) is True
        assert insert_absent(connection, shop, {**ROW, "name": "Late"}) is False
        assert connection.execute(select(shop.c.name)).scalars().all() == ["One"]


@pytest.mark.parametrize("written", [
    NOON, NOON.astimezone(timezone(timedelta(hours=-5))), datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
], ids=["UTC", "New York", "microseconds"])
def test_an_instant_comes_back_aware_and_in_utc(database: Database, written: datetime) -> None:
    with database.write() as connection:
        upsert(connection, shop, [{**ROW, "described_at": written}])
        found = connection.execute(select(shop.c.described_at)).scalar_one()
    assert (found, found.utcoffset()) == (written, timedelta(0))


def test_an_instant_without_a_zone_is_a_bug(database: Database) -> None:
    with pytest.raises(Exception, match="has no time zone"), database.write() as connection:
        upsert(connection, shop, [{**ROW, "described_at": NOON.replace(tzinfo=None)}])


def test_json_text_keeps_the_order_of_keys() -> None:
    value = {"b": [1, "é", None], "a": {"z": False, "y": 0}}
    assert to_text(value) == '{"b":[1,"é",null],"a":{"z":false,"y":0}}'
    assert list(from_text(to_text(value))) == ["b", "a"]


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_chunks_are_full_but_the_last(count: int, sizes: list[int]) -> None:
    parts = list(chunks(iter(range(count)), 3))
    assert [len(part) for part in parts] == sizes
    assert [value for part in parts for value in part] == list(range(count))
