"""Changes: what an import changed, product by product, and how any two of those that are kept differ."""

from __future__ import annotations

import pytest

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.fields import Group
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.history import ChangeKind
from shopsync_pipeline.db.imports import Switch
from shopsync_pipeline.engine.changes import Change, changes, compare
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline_tests.engine.shelf import Shelf, lamp
from shopsync_pipeline_tests.engine.steps import sync


def told(found: list[Change]) -> list[tuple[str, str, dict[str, tuple[object, object]]]]:
    return [(change.kind.value, change.product_key,
             {field.path: (field.before, field.after) for field in change.fields}) for change in found]


PRICE, TITLE, STOCK = "variants[L1].price", "title", "variants[L2].stock[default]"


@pytest.fixture
def three(context: Context, shelf: Shelf) -> list[str]:
    """Three imports: the second gives L1 another price and title, the third takes L5 away and adds L6."""
    ids = [ingest(context).import_id]
    shelf.change("L1", price="99.00", title="Lamp One")
    shelf.change("L2", stock="7")
    ids.append(ingest(context).import_id)
    shelf.rows["L6"] = lamp(6)
    shelf.change("L1", title="Lamp 1")
    shelf.remove("L5")
    ids.append(ingest(context).import_id)
    return ids


def test_each_change_is_told_field_by_field(context: Context, three: list[str]) -> None:
    assert told(changes(context, three[1])) == [
        ("changed", "handle:lamp-1", {TITLE: ("Lamp 1", "Lamp One"), PRICE: ("11.00", "99.00")}),
        ("changed", "handle:lamp-2", {STOCK: (102, 7)}),
    ]
    assert told(changes(context, three[2])) == [
        ("changed", "handle:lamp-1", {TITLE: ("Lamp One", "Lamp 1")}), ("vanished", "handle:lamp-5", {}),
        ("appeared", "handle:lamp-6", {})]
    assert [change.kind for change in changes(context, three[0])] == [ChangeKind.APPEARED] * 5


def test_changes_can_be_had_by_kind_by_group_and_page_by_page(context: Context, three: list[str]) -> None:
    everything = changes(context, three[2])
    assert changes(context, three[2], kind=ChangeKind.VANISHED) == everything[1:2]
    assert changes(context, three[1], group=Group.INVENTORY) == changes(context, three[1])[1:]
    assert changes(context, three[1], group=Group.MEDIA) == []
    assert [changes(context, three[2], skip=skip, most=1) for skip in range(4)] == [
        *([change] for change in everything), []]


def test_two_imports_are_compared_whatever_lies_between(context: Context, three: list[str]) -> None:
    """The title went away and came back, so only the price and the stock differ."""
    found = compare(context, three[0], three[2])
    assert (found.older.import_id, found.newer.import_id) == (three[0], three[2])
    assert found.switch == Switch(appeared=1, changed=2, vanished=1, unchanged=2, groups={"pricing": 1, "inventory": 1})
    assert {name: told(examples) for name, examples in found.examples.items()} == {
        "pricing": [("changed", "handle:lamp-1", {PRICE: ("11.00", "99.00")})],
        "inventory": [("changed", "handle:lamp-2", {STOCK: (102, 7)})],
        "vanished": [("vanished", "handle:lamp-5", {})], "appeared": [("appeared", "handle:lamp-6", {})],
    }
    assert compare(context, three[2], three[0]) == found
    assert compare(context, three[0]) == found
    middle = compare(context, three[0], three[1])
    assert middle.switch == Switch(changed=2, unchanged=3, groups={"content": 1, "pricing": 1, "inventory": 1})
    assert compare(context, three[1], three[1]).switch == Switch(unchanged=5)


def test_only_the_first_examples_are_shown(context: Context, shelf: Shelf) -> None:
    first = ingest(context).import_id
    for number in range(1, 6):
        shelf.change(f"L{number}", price="1.00")
    ingest(context)
    found = compare(context, first, examples=2)
    assert found.switch.changed == 5
    assert [change.product_key for change in found.examples["pricing"]] == ["handle:lamp-1", "handle:lamp-2"]


def test_an_import_that_changed_nothing_that_is_kept_is_told(context: Context, three: list[str]) -> None:
    with pytest.raises(CatalogError, match="This shop has no import nope"):
        changes(context, "nope")
    with pytest.raises(CatalogError, match="This shop has no import nope"):
        compare(context, three[0], "nope")


def test_a_sync_looks_at_what_the_imports_changed_and_at_nothing_else(context: Context, shelf: Shelf) -> None:
    """The change set of all imports since the last sync is what the digests say; there is no second list."""
    for _ in range(2):  # the second run sees that the first one left nothing to do
        sync(context)
    shelf.change("L1", price="99.00")
    first = ingest(context).import_id
    shelf.change("L3", title="Lamp Three")
    second = ingest(context).import_id
    with context.database.read() as connection:
        unsettled = list(BaseStore(connection, context.shop_id).unsettled())
    assert unsettled == ["handle:lamp-1", "handle:lamp-3"]
    assert unsettled == [change.product_key for one in (first, second) for change in changes(context, one)]
