"""Overrides on record: values of any kind, absence among them, by product and path."""

from __future__ import annotations

from shopsync_pipeline.core.fields import Path
from shopsync_pipeline.core.overrides import Override
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline_tests.db.samples import OTHER, SHOP

TITLE, TAGS, BRAND = Path("title"), Path("tags"), Path("metafields[custom.brand]")


def test_overrides_come_back_as_they_were_put(database: Database) -> None:
    given = {TITLE: Override("store", "catalog"), TAGS: Override(["é"], None),
             BRAND: Override(None, {"type": "t", "value": "x"})}
    with database.write() as connection:
        overrides = Overrides(connection, SHOP)
        overrides.put({})
        overrides.put({("a", path): (override, "test") for path, override in given.items()})
        assert overrides.of(["a", "b"]) == {"a": given}
        assert [(row.path, row.source) for row in overrides.all("a")] == [
            (BRAND, "test"), (TAGS, "test"), (TITLE, "test")]
        assert Overrides(connection, OTHER).all() == []


def test_a_later_override_replaces_the_earlier_one(database: Database) -> None:
    with database.write() as connection:
        overrides = Overrides(connection, SHOP)
        for value in ("first", "second"):
            overrides.put({("a", TITLE): (Override(value, "catalog"), value)})
        (row,) = overrides.all()
        assert (row.override, row.source) == (Override("second", "catalog"), "second")


def test_overrides_are_removed_by_product_and_path(database: Database) -> None:
    places = [(str(number), path) for number in range(150) for path in (TITLE, TAGS)]
    with database.write() as connection:
        overrides = Overrides(connection, SHOP)
        overrides.put({place: (Override("s", "c"), "x") for place in places})
        assert overrides.remove(place for place in places if place[1] == TITLE) == 150
        assert overrides.remove([("0", TITLE), ("none", TAGS)]) == 0
        assert {row.path for row in overrides.all()} == {TAGS}
        assert Overrides(connection, OTHER).remove(places) == 0
