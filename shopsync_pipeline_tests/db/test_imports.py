"""Imports on record: what state each is in, which delivery may be taken, and which import the catalog stands on."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Imports, ImportState, Switch
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, take

FILES = [{"name": "a.csv", "size": 3, "sha256": "s", "encoding": "utf-8", "role": "feed", "lines": 1,
          "header": ["SKU", "Price"], "made_at": None}]


def states(connection: Connection, shop: str = SHOP) -> dict[str, str]:
    return {one.import_id: one.state.value for one in Imports(connection, shop).recent()}


def current(connection: Connection, digest: str) -> str:
    return take(connection, SHOP, {"a": document(title=digest)}, digest=digest)[0]


def test_an_import_runs_becomes_current_and_is_superseded(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        assert imports.current() is None
        first = imports.start("a.zip", "d1", FILES)
        (running,) = imports.recent()
        assert (running.state, running.finished_at, running.counts, running.switch) == ("running", None, {}, None)
        assert list(running.files) == FILES
        number = imports.number(first)
        switch = Switch(appeared=2, groups={"content": 1})
        imports.make_current(first, switch, {"x.read": 2}, ["too few"], ["new column"])
        found = imports.current()
        assert found is not None
        assert (found.import_id, found.source, found.delivery_digest, found.counts, found.error, found.number) == (
            first, "a.zip", "d1", {"x.read": 2}, None, number)
        assert (found.switch, found.products) == (switch, 2)
        assert (found.refusals, found.notices) == (("too few",), ("new column",))
        assert found.finished_at is not None
        assert found.started_at <= found.finished_at
        second = current(connection, "d2")
        assert states(connection) == {first: "superseded", second: "current"}
        assert imports.get(second).number == number + 1


def test_an_import_that_failed_or_was_refused_leaves_the_current_one(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        good = current(connection, "d1")
        bad, small = imports.start("b.zip", "d2"), imports.start("c.zip", "d3")
        imports.fail(bad, "b.zip is no zip")
        imports.refuse(small, ["far fewer", "mixed"], ["told"], {"products": 1}, 1)
        found = imports.current()
        assert found is not None
        assert found.import_id == good
        assert {one.import_id: (one.state.value, one.error, one.refusals) for one in imports.recent()} == {
            good: ("current", None, ()), bad: ("failed", "b.zip is no zip", ()),
            small: ("refused", "far fewer mixed", ("far fewer", "mixed"))}


def test_imports_are_told_newest_first(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        started = [imports.start(f"{number}.zip", "d") for number in range(4)]
        assert [one.import_id for one in imports.recent(3)] == started[:0:-1]


def test_shops_do_not_see_each_other(database: Database) -> None:
    with database.write() as connection:
        ours = current(connection, "d")
        theirs, _ = take(connection, OTHER, {}, digest="d")
        assert states(connection) == {ours: "current"}
        assert (Imports(connection, SHOP).get(ours).number, Imports(connection, OTHER).get(theirs).number) == (1, 1)
        with pytest.raises(CatalogError, match=f"This shop has no import {theirs}"):
            Imports(connection, SHOP).get(theirs)
        Imports(connection, OTHER).start("x", "y")
        assert Imports(connection, SHOP).fail_dead() == 0


def test_an_import_that_nobody_works_on_any_more_is_marked_failed(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        good, dead = current(connection, "d1"), imports.start("b.zip", "d2")
        assert imports.fail_dead() == 1
        assert states(connection) == {good: "current", dead: "failed"}
        assert "ended in the middle" in (imports.get(dead).error or "")
        assert imports.fail_dead() == 0


def test_an_approval_goes_over_to_the_import_that_takes_the_delivery(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        refused = imports.start("a.zip", "d1")
        imports.refuse(refused, ["too few"], [], {}, 3)
        assert imports.approved("d1") is None
        imports.approve(refused, "Ada", "a new assortment")
        approved = imports.approved("d1")
        assert approved is not None
        assert (approved.import_id, approved.state, approved.refusals) == (refused, "approved", ("too few",))
        assert imports.approved("d2") is None
        taken = imports.start("a.zip", "d1")
        imports.take(approved, taken)
        found = imports.get(taken)
        assert (found.approved_by, found.approved_at, found.approval_reason) == (
            "Ada", approved.approved_at, "a new assortment")
        assert imports.get(refused).state == "taken"
        assert imports.approved("d1") is None


def test_a_delivery_that_was_rolled_back_is_rejected_until_it_is_approved(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        good, bad, again = current(connection, "d1"), current(connection, "d2"), current(connection, "d2")
        imports.undo(1, imports.get(good), "Ada", "wrong prices")
        found = imports.rejected("d2")
        assert found is not None
        assert (found.import_id, found.rolled_back_by, found.rollback_reason) == (again, "Ada", "wrong prices")
        assert found.rolled_back_at is not None
        assert imports.rejected("d1") is None
        imports.approve(bad, "Bob", "they are right")
        assert imports.rejected("d2") is None
        assert (imports.get(bad).state, imports.get(again).state) == ("approved", "superseded")


def test_going_back_to_a_delivery_says_that_it_is_good(database: Database) -> None:
    """Whichever import read it: the second `d1` is undone, and its delivery is what the catalog stands on."""
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        first, bad, same = current(connection, "d1"), current(connection, "d2"), current(connection, "d1")
        imports.undo(1, imports.get(first), "Ada", "why not")
        assert imports.rejected("d1") is None
        assert imports.get(same).rolled_back_by == "Ada"
        rollback = imports.start_rollback(imports.get(first), "Ada", "why not")
        imports.number(rollback)
        imports.make_current(rollback, Switch())
        imports.undo(3, imports.get(bad), "Ada", "after all")
        assert imports.rejected("d2") is None
        assert imports.get(rollback).state == "superseded", "a rollback has no delivery of its own to reject"
        assert imports.rejected("d1") is None


def test_imports_beyond_those_that_are_kept_lose_their_number(database: Database) -> None:
    with database.write() as connection:
        imports = Imports(connection, SHOP)
        ids = [current(connection, f"d{number}") for number in range(5)]
        refused = imports.start("x", "d9")
        imports.forget_numbers(2)
        assert [imports.get(import_id).number for import_id in ids] == [None, None, 3, 4, 5]
        assert set(imports.with_quarantine_kept(1)) == {*ids[2:], refused}
        assert set(imports.with_quarantine_kept(5)) == {*ids[1:], refused}
        assert imports.get(current(connection, "d6")).number == 6


def test_every_state_is_a_word_that_fits_its_column() -> None:
    assert all(len(state.value) <= 16 for state in ImportState)
