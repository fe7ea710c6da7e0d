"""Rollback: the catalog is what it was, the bad delivery stays out, and the way back can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.fields import variant_path
from shopsync_pipeline.db.imports import Switch
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import approve_import, one_import, quarantined_rows, recent_imports
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.engine.review import documents
from shopsync_pipeline.engine.rollback import roll_back
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.catalog.feeds.samples import ingram
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync


def catalog(context: Context) -> dict[str, dict[str, object]]:
    return {key: dict(document) for key, document in documents(context)}


def states(context: Context) -> list[str]:
    return [f"{one.kind.value} {one.state.value}" for one in recent_imports(context)]


def test_a_rollback_makes_the_catalog_what_it_was(context: Context, shelf: Shelf) -> None:
    good = ingest(context).import_id
    before = catalog(context)
    shelf.change("L1", price="0.01", title="Broken")
    shelf.remove("L5")
    bad = ingest(context)

    done = roll_back(context, good, by="Ada", reason="wrong prices")

    assert catalog(context) == before
    assert done.switch == Switch(appeared=1, changed=1, unchanged=3, groups={"content": 1, "pricing": 1})
    assert states(context) == ["rollback current", "delivery rolled_back", "delivery superseded"]
    undone = one_import(context, bad.import_id)
    assert (undone.rolled_back_by, undone.rollback_reason) == ("Ada", "wrong prices")
    current = one_import(context)
    assert (current.import_id, current.restores, current.approved_by, current.approval_reason, current.products) == (
        done.import_id, good, "Ada", "wrong prices", 5)
    assert current.files == one_import(context, good).files


def test_the_delivery_that_was_rolled_back_is_not_taken_again(context: Context, shelf: Shelf) -> None:
    good = ingest(context).import_id
    shelf.change("L1", price="0.01")
    bad = ingest(context).import_id
    before = roll_back(context, good, by="Ada", reason="wrong prices").import_id

    report = ingest(context)

    assert (report.unchanged, report.import_id, report.products) == (True, before, 5)
    (told,) = report.notices
    assert "was rolled back at" in told
    assert "UTC by Ada: wrong prices." in told
    assert f"shopsync catalog approve {bad}" in told
    assert len(recent_imports(context)) == 3


def test_it_is_taken_again_once_it_is_approved(context: Context, shelf: Shelf) -> None:
    good = ingest(context).import_id
    shelf.change("L1", price="0.01")
    bad = ingest(context).import_id
    roll_back(context, good, by="Ada", reason="wrong prices")
    approve_import(context, bad, by="Bob", reason="they are right")

    report = ingest(context)

    assert (report.unchanged, report.switch.changed, report.approved_by) == (False, 1, "Bob")
    assert catalog(context)["handle:lamp-1"]["variants[L1].price"] == "0.01"


def test_the_next_good_delivery_is_taken(context: Context, shelf: Shelf) -> None:
    good = ingest(context).import_id
    shelf.change("L1", price="0.01")
    ingest(context)
    roll_back(context, good, by="Ada", reason="wrong prices")
    shelf.change("L1", price="12.00")
    assert ingest(context).switch == Switch(changed=1, unchanged=4, groups={"pricing": 1})
    shelf.change("L1", price="11.00")
    ingest(context)
    assert not one_import(context).notices, "the first delivery is a good one, also when it comes again"


def test_a_rollback_can_be_rolled_back(context: Context, shelf: Shelf) -> None:
    good = ingest(context).import_id
    shelf.change("L1", price="12.00")
    shelf.remove("L5")
    later = ingest(context).import_id
    after = catalog(context)
    rolled = roll_back(context, good, by="Ada", reason="wrong prices").import_id

    roll_back(context, later, by="Bob", reason="they were right")

    assert catalog(context) == after
    assert ingest(context).unchanged, "the delivery that was taken back is good again"
    assert one_import(context, rolled).state == "superseded"
    assert states(context)[0] == "rollback current"


def test_the_store_follows_a_rollback(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    """With the bad delivery still lying there: the next run takes what it wrote back."""
    sync(context)
    good = one_import(context).import_id
    shelf.change("L1", price="4.00")
    sync(context)
    prices = {node["handle"]: node["variants"]["nodes"][0]["price"] for node in dev_store.products()}
    assert prices["lamp-1"] == "4.00"

    roll_back(context, good, by="Ada", reason="wrong prices")
    sync(context)

    prices = {node["handle"]: node["variants"]["nodes"][0]["price"] for node in dev_store.products()}
    assert prices["lamp-1"] == "11.00"


def test_feeds_that_deliver_changes_are_remembered_and_go_back_too(context: Context, shelf: Shelf) -> None:
    """A file of changes says nothing about what did not change; the products still have their prices from it."""
    feed = shelf.file.parent / "PRICE.TXT"

    def day(*changes: dict[int, str]) -> str:
        feed.write_bytes(ingram(*changes))
        return ingest(context).import_id

    def said() -> dict[str, tuple[object, object]]:
        return {key.removeprefix("handle:"): (
            fields[variant_path(f"L{key[-1]}", "price")], fields.get(variant_path(f"L{key[-1]}", "cost")))
            for key, fields in documents(context)}

    first = day({1: "A", 2: "L1", 7: "30.00", 15: "20.00"}, {1: "A", 2: "L2", 7: "40.00", 15: "25.00"})
    assert (said()["lamp-1"], said()["lamp-2"], said()["lamp-3"]) == (
        ("30.00", "20.00"), ("40.00", "25.00"), ("13.00", None))

    day({1: "C", 2: "L2", 7: "44.00", 15: "26.00"}, {1: "A", 2: "L3", 7: "50.00", 15: "30.00"})
    assert (said()["lamp-1"], said()["lamp-2"], said()["lamp-3"]) == (
        ("30.00", "20.00"), ("44.00", "26.00"), ("50.00", "30.00"))

    day({1: "D", 2: "L1", 7: "30.00", 15: "20.00"})
    assert (said()["lamp-1"], said()["lamp-2"]) == (("11.00", None), ("44.00", "26.00"))

    roll_back(context, first, by="Ada", reason="wrong prices")
    assert (said()["lamp-1"], said()["lamp-3"]) == (("30.00", "20.00"), ("13.00", None))
    day({1: "C", 2: "L2", 7: "45.00", 15: "26.00"})
    assert (said()["lamp-1"], said()["lamp-2"], said()["lamp-3"]) == (
        ("30.00", "20.00"), ("45.00", "26.00"), ("13.00", None))


def test_a_rollback_shows_the_quarantine_of_what_it_went_back_to(context: Context, shelf: Shelf) -> None:
    shelf.change("L2", price="twelve")
    good = ingest(context).import_id
    shelf.change("L2", price="12.00")
    ingest(context)
    assert quarantined_rows(context, None, 10) == []
    done = roll_back(context, good, by="Ada", reason="wrong prices")
    assert [row.value for row in quarantined_rows(context, None, 10)] == ["twelve"]
    assert [row.value for row in quarantined_rows(context, done.import_id, 10)] == ["twelve"]


def test_only_the_last_imports_are_kept(make_settings: Callable[..., Settings], shelf: Shelf) -> None:
    context = Context.open(make_settings(SYNC_IMPORTS_KEPT=2))
    ids = []
    for number in range(4):
        shelf.change("L1", price=f"{number + 1}.00", stock="many" if number == 0 else "7")
        ids.append(ingest(context).import_id)
    assert [one.number for one in recent_imports(context)] == [4, 3, None, None]
    assert quarantined_rows(context, ids[0], 10) == []

    with pytest.raises(CatalogError, match=r"no longer kept: only the last 2 imports are \(SYNC_IMPORTS_KEPT\)"):
        roll_back(context, ids[1], by="Ada", reason="x")
    roll_back(context, ids[2], by="Ada", reason="x")

    assert catalog(context)["handle:lamp-1"]["variants[L1].price"] == "3.00"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_where_there_is_no_way_back_a_sentence_says_why(context: Context, shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="has no catalog yet"):
        one_import(context)
    current = ingest(context).import_id
    shelf.file.rename(tmp_path / "elsewhere.csv")
    with pytest.raises(CatalogError):
        ingest(context)
    failed = recent_imports(context)[0].import_id
    for import_id, by, reason, told in (
        (current, "Ada", "x", "is what the catalog stands on, so there is nothing to roll back"),
        (failed, "Ada", "x", "it is failed and never became the catalog"), ("nope", "Ada", "x", "has no import nope"),
        (current, "", "x", "needs a name and a reason"), (current, "Ada", " ", "needs a name and a reason"),
    ):
        with pytest.raises(CatalogError, match=told):
            roll_back(context, import_id, by=by, reason=reason)
    assert states(context) == ["delivery failed", "delivery current"]
