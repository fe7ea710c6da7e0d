"""The base: what both sides agreed on, and which products need another look."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, links, stored, take

OURS, THEIRS = document(title="Pot"), document(title="POT")


def agreed(key: str, product_id: str | None = None, *, seen: tuple[str, str] = ("", "")) -> Agreed:
    return Agreed(product_key=key, local=OURS, remote=THEIRS, links=links(product_id or f"gid/{key}"),
                  seen_local=seen[0], seen_remote=seen[1])


def test_a_base_comes_back_as_it_was(database: Database) -> None:
    two_faced = Agreed(product_key="a", local={Path("title"): "Pot", Path("variants[A].stock[default]"): 0},
                       remote={Path("title"): "POT"}, links=links("gid/a"), seen_local="l", seen_remote="r")
    with database.write() as connection:
        BaseStore(connection, SHOP).put([two_faced, agreed("b")])
    with database.read() as connection:
        assert BaseStore(connection, SHOP).get(["a", "c"]) == {"a": two_faced}


def test_a_later_base_replaces_the_earlier_one(database: Database) -> None:
    with database.write() as connection:
        base = BaseStore(connection, SHOP)
        base.put([agreed("a")])
        base.put([agreed("a", "gid/moved", seen=("l", "r"))])
        assert base.get(["a"]) == {"a": agreed("a", "gid/moved", seen=("l", "r"))}
        assert base.count() == 1


def test_links_are_found_by_either_side(database: Database) -> None:
    with database.write() as connection:
        base = BaseStore(connection, SHOP)
        base.put(agreed(f"k{number}") for number in range(600))
        BaseStore(connection, OTHER).put([agreed("z")])
        assert base.linked() == {f"k{number}": f"gid/k{number}" for number in range(600)}
        assert base.links_by_product_id(["gid/k5", "gid/z", "gid/none"]) == {"gid/k5": links("gid/k5")}
        assert len(base.get([f"k{number}" for number in range(600)])) == 600


def test_two_catalog_products_are_never_linked_to_one_store_product(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as connection:
        BaseStore(connection, SHOP).put([agreed("a", "gid/1"), agreed("b", "gid/1")])
    with database.write() as connection:
        BaseStore(connection, SHOP).put([agreed("a", "gid/1")])
        BaseStore(connection, OTHER).put([agreed("a", "gid/1")])
        assert BaseStore(connection, SHOP).count() == 1


def test_a_base_can_be_forgotten(database: Database) -> None:
    with database.write() as connection:
        base = BaseStore(connection, SHOP)
        base.put([agreed("a"), agreed("b")])
        BaseStore(connection, OTHER).put([agreed("a")])
        base.remove(["a", "c"])
        assert set(base.linked()) == {"b"}
        assert BaseStore(connection, OTHER).count() == 1


@pytest.fixture
def settled(database: Database) -> Database:
    """Three products on which catalog, base and store agree."""
    seen = (digests(OURS), digests(THEIRS))
    with database.write() as connection:
        take(connection, SHOP, dict.fromkeys("abc", OURS))
        Snapshot(connection, SHOP).put(stored(f"gid/{key}", fields=THEIRS) for key in "abc")
        BaseStore(connection, SHOP).put(agreed(key, seen=seen) for key in "abc")
        take(connection, OTHER, {"a": OURS})
    return database


def unsettled(database: Database, only: list[str] | None = None) -> list[str]:
    with database.read() as connection:
        return list(BaseStore(connection, SHOP).unsettled(only))


def test_what_still_looks_as_it_was_seen_needs_no_look(settled: Database) -> None:
    assert unsettled(settled) == []


NEW_TITLE: dict[Path, Value] = document(title="New")


@pytest.mark.parametrize(("changed", "keys"), [
    ("catalog", ["b"]), ("store", ["b"]), ("deleted in the store", ["b"]), ("not linked", ["d"]), ("forgotten", ["b"]),
    ("to be seen again", ["b"]), ("gone from the catalog", []), ("new in the store", []),
])
def test_a_product_needs_a_look_when_a_side_changed_or_is_missing(settled: Database, changed: str,
                                                                  keys: list[str]) -> None:
    with settled.write() as connection:
        snapshot, base = Snapshot(connection, SHOP), BaseStore(connection, SHOP)
        {
            "catalog": lambda: take(connection, SHOP, {"a": OURS, "b": NEW_TITLE, "c": OURS}),
            "store": lambda: snapshot.put([stored("gid/b", fields=NEW_TITLE)]),
            "deleted in the store": lambda: snapshot.remove(["gid/b"]),
            "not linked": lambda: take(connection, SHOP, dict.fromkeys("abcd", OURS)),
            "forgotten": lambda: base.remove(["b"]),
            "to be seen again": lambda: base.put([agreed("b")]),
            "gone from the catalog": lambda: take(connection, SHOP, dict.fromkeys("ac", OURS)),
            "new in the store": lambda: snapshot.put([stored("gid/new")]),
        }[changed]()
    assert unsettled(settled) == keys
    assert unsettled(settled, ["a", "b", "b", "d", "unknown"]) == keys
    assert unsettled(settled, ["a"]) == []
    assert unsettled(settled, []) == []


def test_products_that_need_a_look_come_in_order_of_key(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, dict.fromkeys("cab", OURS))
    assert unsettled(database) == ["a", "b", "c"]
    assert unsettled(database, ["c", "b"]) == ["b", "c"]


def test_looking_for_differences_leaves_the_cache_as_large_as_it_was(settled: Database) -> None:
    if settled.dialect != "sqlite":
        pytest.skip("only SQLite's cache is set by the connection")
    with settled.read() as connection:
        before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
        list(BaseStore(connection, SHOP).unsettled())
        assert connection.exec_driver_sql("PRAGMA cache_size").scalar_one() == before != -1024


def test_linked_products_that_the_catalog_lost_are_named(settled: Database) -> None:
    with settled.write() as connection:
        assert list(BaseStore(connection, SHOP).gone()) == []
        take(connection, SHOP, {"a": OURS, "new": OURS})
        assert sorted(BaseStore(connection, SHOP).gone()) == ["b", "c"]


def test_a_linked_product_that_left_the_catalog_is_looked_at_until_it_is_marked_and_again_when_the_store_changes(
        database: Database) -> None:
    shown = digests({Path("title"): "Pot"})
    with database.write() as connection:
        base = BaseStore(connection, SHOP)
        Snapshot(connection, SHOP).put([stored(f"gid/{key}") for key in "abc"])
        base.put([agreed("a"), agreed("b", seen=("gone:draft", shown)), agreed("c", seen=("gone:draft", "older")),
                  agreed("d", seen=("gone:draft", shown))])
        gone = base.gone()
        assert list(base.unsettled_gone("gone:draft", gone)) == ["a", "c", "d"], "d is no longer in the store"
        assert list(base.unsettled_gone("gone:archive", gone)) == ["a", "b", "c", "d"]
        assert list(base.unsettled_gone("gone:archive", {"b"})) == ["b"]
        assert list(BaseStore(connection, OTHER).gone()) == []


def test_a_settled_product_can_be_looked_at_again(database: Database) -> None:
    with database.write() as connection:
        base = BaseStore(connection, SHOP)
        base.put([agreed("a", seen=("l", "r")), agreed("b", seen=("l", "r"))])
        base.look_again(["a"])
        assert {key: (row.seen_local, row.seen_remote) for key, row in base.get(["a", "b"]).items()} == {
            "a": ("", ""), "b": ("l", "r")}
