"""What reads of the store show to have changed there, and what of that is an edit."""

from __future__ import annotations

from shopsync_pipeline.core.fields import Path
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.edits import StoreEdit, StoreEdits
from shopsync_pipeline.db.snapshot import Snapshot, apply_written
from shopsync_pipeline_tests.db.samples import NOON, OTHER, SHOP, after_noon, document, links, stored

TITLE, STOCK = Path("title"), Path("variants[A].stock[default]")
A = {Path("variants[A].options"): ["A"]}


def read(database: Database, fields: dict[Path, object], minute: int, product_id: str = "p1") -> None:
    with database.write() as connection:
        Snapshot(connection, SHOP).put(
            [stored(product_id, fields=fields, read_at=after_noon(60 * minute))], read=True)  # type: ignore[arg-type]


def edits(database: Database, product_id: str = "p1", shop: str = SHOP) -> list[StoreEdit]:
    with database.read() as connection:
        return StoreEdits(connection, shop).of(product_id)


def test_an_edit_lies_between_two_reads(database: Database) -> None:
    read(database, {TITLE: "Pot", Path("vendor"): "Acme"}, 0)
    read(database, {TITLE: "Pot", Path("vendor"): "Acme"}, 1)
    read(database, {TITLE: "Jar", Path("vendor"): "Acme", Path("tags"): ["new"]}, 2)
    assert sorted(edits(database), key=lambda edit: edit.path) == [
        StoreEdit(path=Path("tags"), before=None, after=["new"], not_yet_at=after_noon(60), seen_at=after_noon(120)),
        StoreEdit(path=TITLE, before="Pot", after="Jar", not_yet_at=after_noon(60), seen_at=after_noon(120))]
    assert edits(database, "p2") == edits(database, shop=OTHER) == []


def test_a_first_read_and_our_own_writes_are_no_edits(database: Database) -> None:
    read(database, {TITLE: "Pot"}, 0)
    with database.write() as connection:
        snapshot = Snapshot(connection, SHOP)
        (product,) = snapshot.products(["p1"])
        snapshot.put([apply_written(product, {TITLE: "Jar"}, links("p1"), NOON)])
    read(database, {TITLE: "Jar"}, 1)
    assert edits(database) == []


def test_what_shopify_fills_in_is_no_edit_but_a_new_variant_is_one(database: Database) -> None:
    read(database, {TITLE: "Pot", **A}, 0)
    filled = {TITLE: "Pot", **A, Path("handle"): "pot", Path("variants[A].taxable"): True}
    read(database, filled, 1)
    assert edits(database) == []
    read(database, {**filled, Path("variants[B].options"): ["B"]}, 2)
    assert [edit.path for edit in edits(database)] == ["variants[B].options"]


def test_stock_keeps_its_last_move_only(database: Database) -> None:
    for minute, figure in enumerate((9, 8, 7)):
        read(database, {**A, STOCK: figure}, minute)  # type: ignore[dict-item]
    assert [(edit.before, edit.after) for edit in edits(database)] == [(8, 7)]


def test_many_products_are_told_apart(database: Database) -> None:
    for title in ("one", "two"):
        with database.write() as connection:
            Snapshot(connection, SHOP).put((stored(f"p{number}", fields=document(title=title if number % 2 else "same"))
                                            for number in range(1100)), read=True)
    assert [len(edits(database, f"p{number}")) for number in (0, 1, 600, 601, 1099)] == [0, 1, 0, 1, 1]
