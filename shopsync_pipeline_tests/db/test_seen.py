"""When the catalog was seen to change, group by group, as far as the imports are kept."""

from __future__ import annotations

from datetime import datetime

from shopsync_pipeline.core.fields import Group, Path, Value
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.seen import catalog_changed
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, take


def priced(title: str, price: str) -> dict[Path, Value]:
    return {Path("title"): title, Path("variants[A].price"): price}


def taken(database: Database, documents: dict[str, dict[Path, Value]]) -> datetime:
    """When an import of these was over."""
    with database.write() as connection:
        take(connection, SHOP, documents)
        current = Imports(connection, SHOP).current()
    assert current is not None
    assert current.finished_at is not None
    return current.finished_at


def seen(database: Database, *keys: str, shop: str = SHOP) -> dict[str, dict[Group, datetime]]:
    with database.read() as connection:
        return catalog_changed(connection, shop, keys)


def test_a_group_has_the_time_of_the_last_import_that_changed_it(database: Database) -> None:
    first = taken(database, {"a": priced("Pot", "1.00"), "b": priced("Jar", "1.00")})
    second = taken(database, {"a": priced("Pot", "2.00"), "b": priced("Jar", "1.00")})
    third = taken(database, {"a": priced("Big pot", "2.00"), "b": priced("Jar", "1.00")})
    found = seen(database, "a", "b", "unknown")
    assert set(found) == {"a", "b"}
    assert (found["a"][Group.CONTENT], found["a"][Group.PRICING], found["a"][Group.MEDIA]) == (third, second, first)
    assert set(found["b"].values()) == {first}
    assert seen(database, "a", shop=OTHER) == {}


def test_a_product_that_came_back_is_new_in_every_group(database: Database) -> None:
    taken(database, {"a": priced("Pot", "1.00")})
    taken(database, {"b": document(title="Jar")})
    back = taken(database, {"a": priced("Pot", "1.00")})
    assert set(seen(database, "a")["a"].values()) == {back}


def test_what_no_kept_import_changed_was_changed_before_the_first_of_them_at_the_latest(database: Database) -> None:
    taken(database, {"a": priced("Pot", "1.00"), "b": priced("Jar", "1.00")})
    second = taken(database, {"a": priced("Pot", "2.00"), "b": priced("Jar", "1.00")})
    third = taken(database, {"a": priced("Pot", "3.00"), "b": priced("Jar", "1.00")})
    with database.write() as connection:
        Imports(connection, SHOP).forget_numbers(1)
    found = seen(database, "a", "b")
    assert (found["a"][Group.PRICING], found["a"][Group.CONTENT]) == (third, second)
    assert set(found["b"]) == set(Group), "its own time, since none of the kept imports changed it"
