"""The quarantine: rows kept in file order, with what kind of trouble each is, until their import is long past."""

from __future__ import annotations

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.quarantine import Quarantine, Quarantined
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

ROWS = [Quarantined("feed.csv", line, "price", "12,50", "not a number", kind)
        for line, kind in ((7, "row"), (3, "value"), (9, "unmatched"), (2, "row"))]


def test_rows_are_kept_in_file_order(database: Database) -> None:
    with database.write() as connection:
        quarantine = Quarantine(connection, SHOP)
        quarantine.put("i1", ROWS)
        quarantine.put("i2", [])
        assert quarantine.of("i1") == ROWS
        assert quarantine.of("i1", most=1) == ROWS[:1]
        assert quarantine.of("i1", skip=3) == ROWS[3:]
        assert quarantine.of("i2") == []
        assert Quarantine(connection, OTHER).of("i1") == []


def test_rows_of_one_kind(database: Database) -> None:
    with database.write() as connection:
        quarantine = Quarantine(connection, SHOP)
        quarantine.put("i1", ROWS)
        assert quarantine.of("i1", "row") == [ROWS[0], ROWS[3]]
        assert quarantine.of("i1", "row", skip=1) == [ROWS[3]]
        assert quarantine.kinds("i1") == {"row": 2, "unmatched": 1, "value": 1}
        assert quarantine.kinds("i2") == {}


def test_all_rows_can_be_asked_for(database: Database) -> None:
    with database.write() as connection:
        Quarantine(connection, SHOP).put("i1", (Quarantined("f", line, "", "", "r") for line in range(1, 1202)))
        assert [row.line for row in Quarantine(connection, SHOP).of("i1", most=None)] == list(range(1, 1202))


def test_a_broken_value_is_kept_on_either_database(database: Database) -> None:
    with database.write() as connection:
        Quarantine(connection, SHOP).put("i1", [Quarantined("f", 1, "c", "a\x00b\ufffd", "r")])
        assert Quarantine(connection, SHOP).of("i1")[0].value == "a\ufffdb\ufffd"


def test_rows_of_imports_long_past_are_deleted(database: Database) -> None:
    with database.write() as connection:
        for import_id in ("i1", "i2", "i3"):
            Quarantine(connection, SHOP).put(import_id, ROWS)
        Quarantine(connection, OTHER).put("o1", ROWS)
        Quarantine(connection, SHOP).keep_only(["i2", "i9"])
        assert [len(Quarantine(connection, SHOP).of(one)) for one in ("i1", "i2", "i3")] == [0, 4, 0]
        assert len(Quarantine(connection, OTHER).of("o1")) == 4
