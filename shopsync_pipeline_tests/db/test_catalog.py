"""The catalog: a switch that touches only what changed, and products found under what people call them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Switch
from shopsync_pipeline.db.schema import catalog_product
from shopsync_pipeline.db.staged import Spool, Staged
from shopsync_pipeline_tests.db.samples import OTHER, SHOP, document, row, take

POT: dict[Path, Value] = {
    Path("variants[B].sku"): "B", Path("variants[A].sku"): "A", Path("title"): 'Pot é\x00\\ "\t\n\r\u2028🪴',
}


def price(amount: str, title: str = "Pot") -> dict[Path, Value]:
    return {Path("title"): title, Path("variants[A].price"): amount}


def test_a_switch_counts_what_it_changed(database: Database) -> None:
    a, b = document(title="A"), document(title="B")
    with database.write() as connection:
        switches = [take(connection, SHOP, documents)[1] for documents in (
            {"a": a, "b": b}, {"b": b, "a": a}, {"a": a, "b": document(title="New"), "c": POT}, {"c": POT}, {})]
    assert switches == [
        Switch(appeared=2), Switch(unchanged=2), Switch(appeared=1, changed=1, unchanged=1, groups={"content": 1}),
        Switch(vanished=2, unchanged=1), Switch(vanished=1)]
    assert [switch.products for switch in switches] == [2, 2, 3, 1, 0]


def test_a_changed_product_counts_in_each_group_in_which_it_changed(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, {"a": price("1.00"), "b": price("1.00"), "c": price("1.00")})
        _, switch = take(connection, SHOP, {"a": price("2.00"), "b": price("2.00", "Jar"), "c": price("1.00")})
    assert switch == Switch(changed=2, unchanged=1, groups={"content": 1, "pricing": 2})


def test_rows_that_did_not_change_are_not_rewritten(database: Database) -> None:
    with database.write() as connection:
        first, _ = take(connection, SHOP, {"a": document(title="A"), "b": document(title="B")}, origins='{"old":[]}')
        second, _ = take(connection, SHOP, {"a": document(title="A"), "b": document(title="New")},
                         origins='{"new":[]}')
        column = catalog_product.c
        rows = connection.execute(select(column.product_key, column.import_id, column.origins)).all()
    assert sorted(rows) == [("a", first, '{"old":[]}'), ("b", second, '{"new":[]}')]


def test_documents_come_back_as_they_were_in_their_own_order(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, {"a\t\\N": POT, "b": document(title="B")})
    with database.read() as connection:
        ((key, digest, found),) = Catalog(connection, SHOP).documents(["a\t\\N", "unknown"])
    assert (key, digest, found) == ("a\t\\N", digests(POT), POT)
    assert list(found) == list(POT)


def test_many_products_are_read_in_order_of_key(database: Database) -> None:
    keys = [f"k{number:04}" for number in range(1203)]
    with database.write() as connection:
        take(connection, SHOP, {key: document(title=key) for key in reversed(keys)})
        catalog = Catalog(connection, SHOP)
        assert catalog.count() == 1203
        assert [(key, dict(found)) for key, found in catalog.all_documents()] == [(k, {"title": k}) for k in keys]
        assert len(list(catalog.documents(keys))) == 1203
        assert catalog.digests() == {key: digests(document(title=key)) for key in keys}


def test_shops_do_not_see_each_other(database: Database) -> None:
    with database.write() as connection:
        take(connection, SHOP, {"a": document(title="A")})
        assert take(connection, OTHER, {"a": document(title="B")})[1] == Switch(appeared=1)
        take(connection, OTHER, {})
        ours, theirs = Catalog(connection, SHOP), Catalog(connection, OTHER)
        assert (ours.count(), theirs.count()) == (1, 0)
        assert (ours.named("a"), theirs.named("a")) == (["a"], [])


def test_of_two_rows_with_one_key_the_first_is_kept(database: Database) -> None:
    with Staged({"gone": "x"}) as staged:
        assert staged.add(row("a", document(title="First")))
        assert not staged.add(row("a", document(title="Second")))
        assert [kept.document_text for kept, _ in staged.rows()] == ['{"title":"First"}']
        assert staged.switch() == Switch(appeared=1, vanished=1)
        assert staged.vanished() == ["gone"]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1500])
def test_what_is_spooled_comes_back_in_order_and_more_than_once(count: int) -> None:
    spool: Spool[tuple[int, str]] = Spool()
    for number in range(count):
        spool.add((number, "\n\x00é"))
    expected = [(number, "\n\x00é") for number in range(count)]
    assert (list(spool), list(spool)) == (expected, expected)
    spool.close()


PRODUCTS: dict[str, dict[Path, Value]] = {
    "etilize:1": {Path("title"): "SKU-9", Path("handle"): "red-pot", Path("variants[R1].sku"): "R1"},
    "etilize:2": {Path("title"): 'has .sku":"R1" in it', Path("handle"): "r1", Path("variants[B].sku"): "B%_1"},
    "etilize:3": {Path("handle"): "twin", Path("variants[T].sku"): "T"},
    "etilize:4": {Path("handle"): "other-twin", Path("variants[T].sku"): "T"},
    "handle:etilize-1": {Path("handle"): "etilize-1", Path("variants[Q].sku"): 'Q"\\'},
}


@pytest.mark.parametrize(("name", "keys"), [
    ("etilize:2", ["etilize:2"]), ("2", ["etilize:2"]), ("R1", ["etilize:1"]), ("red-pot", ["etilize:1"]),
    ("r1", ["etilize:2"]), ("B%_1", ["etilize:2"]), ("BxX1", []), ("T", ["etilize:3", "etilize:4"]),
    ('Q"\\', ["handle:etilize-1"]), ("etilize-1", ["handle:etilize-1"]), ("SKU-9", []), ("nothing", []), ("", []),
])
def test_a_product_is_found_under_what_people_call_it(database: Database, name: str, keys: list[str]) -> None:
    with database.write() as connection:
        take(connection, SHOP, PRODUCTS)
        assert Catalog(connection, SHOP).named(name) == keys
