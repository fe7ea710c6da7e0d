"""History: after any imports the catalog can be made exactly what it was after each of those that are kept."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, select

from shopsync_pipeline.core.fields import Group, Path, Value
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.history import ChangeKind, History, ProductChange
from shopsync_pipeline.db.imports import Imports, Switch
from shopsync_pipeline.db.schema import catalog_change, catalog_import, catalog_product
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, take

Rows = dict[str, tuple[str, str, str, str]]
Step = dict[str, dict[Path, Value]] | int


def rows(connection: Connection, shop: str = SHOP) -> Rows:
    """The whole catalog, but for the time of the last change."""
    column = catalog_product.c
    found = connection.execute(select(column.product_key, column.digests, column.document, column.import_id,
                                      column.origins).where(column.shop_id == shop))
    return {key: (*rest,) for key, *rest in found}  # type: ignore[misc]


def go_back(connection: Connection, to: int) -> Switch:
    imports = Imports(connection, SHOP)
    (target,) = [one for one in imports.recent(1000) if one.number == to]
    made = imports.start_rollback(target, "Ada", "why not")
    switch = History(connection, SHOP).go_back(to, imports.number(made))
    imports.make_current(made, switch)
    return switch


def pot(title: str, amount: str = "1.00") -> dict[Path, Value]:
    return {Path("title"): title, Path("variants[A].price"): amount}


DOCUMENTS = st.dictionaries(
    st.sampled_from("abcd"), st.builds(pot, st.sampled_from(["A", "B"]), st.sampled_from(["1.00", "2.00"])))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(steps=st.lists(DOCUMENTS | st.integers(0, 20), min_size=2, max_size=7))
def test_the_catalog_can_go_back_to_what_it_was_after_every_import(database: Database, steps: list[Step]) -> None:
    """A step is an import of some documents, or a rollback to one of the imports and rollbacks before it."""
    counter = itertools.count()
    with database.write() as connection:
        for table in (catalog_import, catalog_product, catalog_change):
            connection.execute(delete(table))
        after: list[Rows] = []
        for step in steps:
            if isinstance(step, dict):
                take(connection, SHOP, step, origins=f'{{"title":["{next(counter)}"]}}')
            elif after:
                to = step % len(after)
                switch = go_back(connection, to + 1)
                assert rows(connection) == after[to]
                assert switch.products == len(after[to])
            else:
                continue
            after.append(rows(connection))
        for number in range(len(after), 0, -1):
            History(connection, SHOP).go_back(number, 1000 - number)
            assert rows(connection) == after[number - 1]


def test_what_an_import_changed_is_told_by_product_kind_and_group(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, {"a": pot("A"), "b": pot("B"), "c": pot("C"), "d": pot("D")})
        take(connection, SHOP, {"a": pot("A", "2.00"), "b": pot("Bee", "2.00"), "d": pot("D"), "e": pot("E")})
        take(connection, OTHER, {"x": pot("X")})
        history = History(connection, SHOP)
        changed = [ProductChange("a", ChangeKind.CHANGED, (Group.PRICING,)),
                   ProductChange("b", ChangeKind.CHANGED, (Group.CONTENT, Group.PRICING))]
        gone, new = ProductChange("c", ChangeKind.VANISHED, ()), ProductChange("e", ChangeKind.APPEARED, ())
        assert history.changes(2) == [*changed, gone, new]
        assert history.changes(2, kind=ChangeKind.VANISHED) == [gone]
        assert history.changes(2, group=Group.CONTENT) == changed[1:]
        assert history.changes(2, group=Group.PRICING) == changed
        assert history.changes(2, group=Group.MEDIA) == []
        assert [history.changes(2, skip=skip, most=3) for skip in (0, 3, 4)] == [[*changed, gone], [new], []]
        assert [change.product_key for change in history.changes(1, kind=ChangeKind.APPEARED)] == list("abcd")


def test_documents_and_digests_after_an_earlier_import(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, {"a": pot("A"), "b": pot("B"), "z": pot("Z")})
        first = {key: digests for key, (digests, *_) in rows(connection).items()}
        take(connection, SHOP, {"a": pot("A2"), "c": pot("C"), "z": pot("Z")})
        take(connection, SHOP, {"a": pot("A3"), "b": pot("B"), "z": pot("Z")})
        history = History(connection, SHOP)
        assert dict(history.documents_after(1, "abcz")) == {"a": pot("A"), "b": pot("B"), "z": pot("Z")}
        assert dict(history.documents_after(2, "abcz")) == {"a": pot("A2"), "c": pot("C"), "z": pot("Z")}
        assert dict(history.documents_after(3, "abc")) == {"a": pot("A3"), "b": pot("B")}
        assert history.digests_after(1) == {"a": first["a"], "b": first["b"], "c": None}
        assert history.digests_after(3, "abcz") == {
            "a": rows(connection)["a"][0], "b": first["b"], "c": None, "z": first["z"]}


def test_what_is_kept_grows_with_what_changed(database: Database) -> None:
    many = {f"k{number:04}": pot("P" * 1000) for number in range(1100)}
    with database.write() as connection:
        take(connection, SHOP, many)
        take(connection, SHOP, many)
        take(connection, SHOP, {**many, "k0007": pot("New")})
        column = catalog_change.c
        kept = connection.execute(
            select(column.number, func.count(), func.coalesce(func.sum(func.length(column.before_document)), 0))
            .where(column.shop_id == SHOP).group_by(column.number).order_by(column.number)).all()
    assert [number for number, _, _ in kept] == [1, 3]
    assert kept[0][1:] == (1100, 0), "what appeared has nothing before it"
    assert kept[1][1] == 1
    assert 1000 < kept[1][2] < 1200


def test_older_changes_are_forgotten_and_the_newer_ones_still_lead_back(database: Database) -> None:
    with database.write() as connection:
        take(connection, OTHER, {"a": document(title="theirs")})
        after = []
        for number in range(5):
            take(connection, SHOP, {"a": pot(f"A{number}"), f"n{number}": pot("N")})
            after.append(rows(connection))
        history = History(connection, SHOP)
        history.forget(3)
        assert history.changes(3) == []
        assert len(history.changes(4)) == 3
        assert History(connection, OTHER).changes(1) != []
        go_back(connection, 3)
        assert rows(connection) == after[2]


@pytest.mark.parametrize("count", [1, 500, 1201])
def test_many_products_go_back_as_well(database: Database, count: int) -> None:
    with database.write() as connection:
        take(connection, SHOP, {f"k{n}": pot("A") for n in range(count)})
        before = rows(connection)
        take(connection, SHOP, {f"k{n}": pot("B") for n in range(count)})
        take(connection, SHOP, {f"x{n}": pot("A") for n in range(count)})
        switch = go_back(connection, 1)
        assert rows(connection) == before
        assert switch == Switch(appeared=count, vanished=count)
