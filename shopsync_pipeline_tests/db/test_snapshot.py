"""The store as last read: what a read adds, and which read may take something away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Group, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.edits import StoreEdits
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.snapshot import Fresh, Snapshot, StoredProduct, apply_written
from shopsync_pipeline_tests.db.samples import NOON, OTHER, SHOP, after_noon, document, links, stored


def test_a_product_comes_back_as_it_was_read_with_its_digests(database: Database) -> None:
    fields: dict[Path, Value] = {Path("variants[B].sku"): "B", Path("variants[A].sku"): "A", Path("title"): "é"}
    read = stored("1", custom_id="etilize:1", skus=("B", "A"), fields=fields)
    with database.write() as connection:
        assert Snapshot(connection, SHOP).put([read]) == 1
    with database.read() as connection:
        (found,) = Snapshot(connection, SHOP).products(["1", "unknown"])
    assert found == replace(read, digests=digests(fields))
    assert list(found.document) == list(fields)


def test_a_later_read_replaces_the_earlier_one(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1", handle="old"), stored("2")])
        snapshot.put([stored("1", handle="new")])
        assert {one.product_id: one.handle for one in snapshot.products(["1", "2"])} == {"1": "new", "2": "pot"}
        assert snapshot.count() == 2


def test_a_product_met_twice_in_one_read_is_stored_as_met_last(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1", handle="first"), stored("1", handle="second")])
        assert [one.handle for one in snapshot.products(["1"])] == ["second"]


def test_many_products_go_in_and_out(database: Database) -> None:
    ids = [str(number) for number in range(1101)]
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        assert snapshot.put(stored(one) for one in ids) == 1101
        assert {one.product_id for one in snapshot.products(ids)} == set(ids)
        assert snapshot.remove(ids[:600]) == 600
        assert snapshot.count() == 501


def test_what_a_read_did_not_meet_is_named(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("old", read_at=after_noon(-0.000001)), stored("same", read_at=NOON),
                      stored("new", read_at=after_noon(1))])
        Snapshot(connection, OTHER).put([stored("old", read_at=after_noon(-60))])
        assert snapshot.unread_since(NOON) == ["old"]


def test_a_product_that_is_as_it_was_is_only_marked_as_read(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1", read_at=NOON), stored("2", read_at=NOON)], read=True)
        before = list(snapshot.products(["1", "2"]))
        snapshot.put([stored("1", read_at=after_noon(60)), stored("2", read_at=after_noon(90))], read=True)
        assert list(snapshot.products(["1", "2"])) == [replace(before[0], read_at=after_noon(60)),
                                                       replace(before[1], read_at=after_noon(90))]


@pytest.mark.parametrize("changed", [
    {"custom_id": "etilize:9"}, {"links": links("9")}, {"updated_at": after_noon(1)},
    {"document": {Path("title"): "X"}},
])
def test_whatever_else_of_a_product_changed_is_stored(database: Database, changed: dict[str, Any]) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1")], read=True)
        snapshot.put([replace(stored("1"), **changed)], read=True)
        (found,) = snapshot.products(["1"])
        assert {name: getattr(found, name) for name in changed} == changed


def exported(product_id: str, title: str) -> StoredProduct:
    """A product as an export told of it that began at noon."""
    return stored(product_id, fields={Path("title"): title}, read_at=NOON)


def put_export(snapshot: Snapshot, *products: StoredProduct, here: Sequence[str] = ()) -> list[str]:
    fresh = [Fresh(one.product_id, one.custom_id, one.handle, one.skus, one.document, to_text(one.links.to_json()),
                   one.updated_at) for one in products]
    return snapshot.put_export(fresh, began=NOON, seen_at=after_noon(60), known=lambda gid: gid in here)


def test_an_export_is_a_read(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1", fields={Path("title"): "Old"}, read_at=after_noon(-60))], read=True)
        assert put_export(snapshot, exported("1", "New"), exported("2", "Made"), here=["1"]) == []
        found = {one.product_id: one for one in snapshot.products(["1", "2"])}
        assert {gid: one.document[Path("title")] for gid, one in found.items()} == {"1": "New", "2": "Made"}
        assert {one.read_at for one in found.values()} == {NOON}
        # It was looked at when it was here, and may have shown the edit only then.
        assert found["1"].seen_changed == {Group.CONTENT: after_noon(60)}
        (edit,) = StoreEdits(connection, SHOP).of("1")
        assert (edit.not_yet_at, edit.seen_at) == (after_noon(-60), after_noon(60))


@pytest.mark.parametrize("newer", [{"read_at": after_noon(1)}, {"updated_at": after_noon(1)}])
def test_an_export_does_not_overwrite_what_was_read_or_written_since_it_began(database: Database,
                                                                            newer: dict[str, Any]) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([replace(exported("1", "Newer"), **newer)])
        assert put_export(snapshot, exported("1", "Older"), exported("2", "Made"), here=["1"]) == ["1"]
        assert {one.document[Path("title")] for one in snapshot.products(["1", "2"])} == {"Newer", "Made"}


def test_an_export_does_not_bring_back_what_was_removed_since_it_began(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        assert put_export(snapshot, exported("1", "Gone"), exported("2", "Made"), here=["1"]) == ["1"]
        assert [one.product_id for one in snapshot.products(["1", "2"])] == ["2"]


def test_the_numbers_of_all_products_are_in_order(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        assert list(snapshot.numbers()) == []
        snapshot.put([stored(f"gid://shopify/Product/{number}") for number in (30, 4, 500)])
        assert list(snapshot.numbers()) == [4, 30, 500]


def test_a_read_is_found_by_the_way_it_went_and_dated_by_what_it_shows(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        bulk, pages = snapshot.start("full", way="bulk"), snapshot.start("full", way="pages")
        for snapshot_id in (bulk, pages):
            snapshot.date_back(snapshot_id, NOON)
            snapshot.finish(snapshot_id, products=5, points=1.0)
        snapshot.date_back(pages, after_noon(60))
        found = [snapshot.latest("full", way=way) for way in ("bulk", "pages", "other")]
        assert [one and (one.snapshot_id, one.started_at) for one in found] == [(bulk, NOON), (pages, NOON), None]


def test_removing_counts_those_that_were_there(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1"), stored("2")])
        assert snapshot.remove(["1", "3"]) == 1
        assert snapshot.remove([]) == 0
        assert snapshot.count() == 1


def test_identities_are_what_a_product_can_be_recognised_by(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("1", custom_id="etilize:1", handle="a"), stored("2", handle="b", skus=("S", "T"))])
        Snapshot(connection, OTHER).put([stored("3")])
        assert sorted(snapshot.identities()) == [("1", "etilize:1", "a", ()), ("2", None, "b", ("S", "T"))]


def test_the_latest_read_is_the_newest_complete_one_of_the_kinds_asked_for(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        full, delta, broken, running = (snapshot.start(kind) for kind in ("full", "delta", "full", "full"))
        assert snapshot.latest("full", "delta") is None
        snapshot.finish(full, products=5, points=12.5, removed=1)
        snapshot.finish(delta, products=2, points=1.0)
        snapshot.finish(broken, products=1, points=3.0, error="throttled for too long")
        found = snapshot.latest("full")
        assert found is not None
        assert (found.snapshot_id, found.kind, found.state) == (full, "full", "complete")
        assert (found.products, found.removed, found.points, found.error) == (5, 1, 12.5, None)
        assert [getattr(snapshot.latest(*kinds), "snapshot_id", None) for kinds in (
            ("full", "delta"), ("delta",), ("by_id",))] == [delta, delta, None]
        snapshot.finish(running, products=5, points=1.0)
        assert getattr(snapshot.latest("full"), "snapshot_id", None) == running
        assert Snapshot(connection, OTHER).latest("full") is None


STORED = stored("1", custom_id="etilize:1", handle="pot", skus=("A",), fields={
    Path("handle"): "pot", Path("title"): "Pot", Path("seo.title"): "Pot", Path("variants[A].sku"): "A",
    Path("variants[A].taxable"): True,
})


@pytest.mark.parametrize(("written", "gone", "there"), [
    ({"title": "Clay"}, [], {"title": "Clay"}),
    ({"seo.title": None}, ["seo.title"], {}),
    ({"vendor": None}, [], {}),
    ({"variants[A].taxable": False}, [], {"variants[A].taxable": False}),
    ({"variants[A].stock[default]": 0}, [], {"variants[A].stock[default]": 0}),
])
def test_a_confirmed_write_shows_in_the_stored_product(written: dict[str, Value | None], gone: list[str],
                                                       there: dict[str, Value]) -> None:
    after = apply_written(STORED, {Path(path): value for path, value in written.items()}, STORED.links, NOON)
    assert after.document == {**{p: v for p, v in STORED.document.items() if p not in gone}, **there}
    assert (after.product_id, after.custom_id) == ("1", "etilize:1")


def test_a_write_takes_handle_skus_links_and_time_along() -> None:
    new = Links(product="1")
    after = apply_written(STORED, {Path("handle"): "clay-pot", Path("variants[B].sku"): "B"}, new, after_noon(5))
    assert after == StoredProduct(
        product_id="1", custom_id="etilize:1", handle="clay-pot", skus=("A", "B"),
        document={**STORED.document, **document(handle="clay-pot"), Path("variants[B].sku"): "B"}, links=new,
        updated_at=after_noon(5), read_at=NOON)
    assert STORED.links == links("1")


def test_what_was_read_long_ago_is_told_without_loading_it(database: Database) -> None:
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        snapshot.put([stored("old", read_at=after_noon(-1)), stored("noon", read_at=NOON),
                      stored("new", read_at=after_noon(1))])
        assert sorted(snapshot.read_until(["old", "noon", "new", "unknown"], NOON)) == ["noon", "old"]
        assert snapshot.read_until([], NOON) == []


def seen(database: Database) -> dict[str, str]:
    with database.read() as connection:
        (found,) = Snapshot(connection, SHOP).products(["1"])
    return {group.value: f"{instant:%H:%M}" for group, instant in found.seen_changed.items()}


def test_a_read_remembers_when_it_first_saw_a_group_of_fields_changed(database: Database) -> None:
    reads = [({"title": "a", "vendor": "v"}, 0), ({"title": "a", "vendor": "v"}, 60),
             ({"title": "b", "vendor": "v"}, 120), ({"title": "b", "vendor": "w"}, 180),
             ({"title": "b", "vendor": "w"}, 240)]
    told = []
    for fields, seconds in reads:
        with database.write() as connection:
            read = stored("1", fields=document(**fields), read_at=after_noon(seconds))
            Snapshot(connection, SHOP).put([read], read=True)
        told.append(seen(database))
    assert told == [{}, {}, {"content": "12:02"}, {"content": "12:02", "taxonomy": "12:03"},
                    {"content": "12:02", "taxonomy": "12:03"}]


def test_our_own_writes_are_no_change_of_the_store(database: Database) -> None:
    for title, seconds, from_store in (("a", 0, True), ("b", 60, True), ("c", 120, False), ("c", 180, True)):
        with database.write() as connection:
            read = stored("1", fields=document(title=title), read_at=after_noon(seconds))
            Snapshot(connection, SHOP).put([read], read=from_store)
    assert seen(database) == {"content": "12:01"}
