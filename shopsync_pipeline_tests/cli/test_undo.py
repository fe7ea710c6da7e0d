"""`shopsync undo` and `shopsync blame` as an operator uses them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.cli.conftest import Operator
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync
from shopsync_pipeline_tests.engine.undoing import edit, shown

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def changed(make_settings: Callable[..., Settings], operator: Operator, shelf: Shelf) -> str:
    """Two of twenty lamps were changed by the plan whose id this is."""
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE=0.1))
    sync(context)
    shelf.change("L1", title="[bold]Lamp[/bold] One", price="49.00", stock="7")
    shelf.change("L2", title="Lamp Two")
    return sync(context).plan.plan_id


def prices(store: DevStore) -> list[str]:
    return [node["variants"]["nodes"][0]["price"] for node in shown(store).values()]


def test_a_plan_is_shown_first_and_sent_when_that_is_said(operator: Operator, changed: str,
                                                          dev_store: DevStore) -> None:
    edit(dev_store, "lamp-2", title="By hand")

    out = operator.told("undo", "plan", changed)

    assert f"undo of plan {changed}: 1 products to change, 0 to delete, 0 to make anew, about " in out
    assert "  handle:lamp-1 title: [bold]Lamp[/bold] One -> Lamp 1\n" in out
    assert "  handle:lamp-1 variants[L1].price: 49.00 -> 11.00\n" in out
    assert ("handle:lamp-2 title is left alone: edited in the store since; shopsync wrote 'Lamp Two', the store now "
            "shows 'By hand'\n") in out
    assert "1 not taken back: stock is taken back only when that is asked for" in out
    assert prices(dev_store)[0] == "49.00"
    plan = re.search(r"To send it: shopsync undo apply (\S+)", out)
    assert plan is not None

    assert "2 of 2 items took effect, in 2 mutations" in operator.told("undo", "apply", plan[1])
    assert prices(dev_store)[0] == "11.00"
    assert "0 of 0" not in operator.told("undo", "plan", changed)
    assert "There is nothing to send." in operator.told("undo", "plan", changed, "--apply")
    held = operator.told("undo", "held")
    assert f"handle:lamp-1 title: kept, undone (plan {plan[1]})" in held
    assert "catalog [bold]Lamp[/bold] One, store Lamp 1" in held


def test_one_field_of_a_product_at_once(operator: Operator, changed: str, dev_store: DevStore) -> None:
    out = operator.told("undo", "product", "L1", "--field", "price", "--apply")
    assert "undo of the last write to handle:lamp-1, only price" in out
    assert "1 of 1 items took effect" in out
    assert prices(dev_store)[0] == "11.00"
    assert shown(dev_store)["lamp-1"]["title"] == "[bold]Lamp[/bold] One"


def test_a_span_of_time_and_a_forced_field(operator: Operator, changed: str, dev_store: DevStore) -> None:
    edit(dev_store, "lamp-2", title="By hand")
    operator.told("undo", "plan", changed, "--force-fields", "title", "--stock", "--apply")
    assert [shown(dev_store)[handle]["title"] for handle in ("lamp-1", "lamp-2")] == ["Lamp 1", "Lamp 2"]
    assert shown(dev_store)["lamp-1"]["variants"]["nodes"][0]["inventoryQuantity"] == 101
    out = operator.told("undo", "range", "--since", "2020-01-01", "--product", "L20")
    assert "handle:lamp-20 is deleted: it was made by what is undone, and nobody has changed it since" in out
    assert "There is nothing to undo" in operator.refused("undo", "range", "--since", "2020-01-01", "--until",
                                                         "2020-01-02T10:00+01:00")


def test_an_undo_that_needs_approval_is_not_sent(operator: Operator, changed: str, dev_store: DevStore) -> None:
    listed = operator.told("plan", "list")
    first = listed.splitlines()[2].split()[0]
    out = operator.told("undo", "plan", first)
    plan = re.search(r"then shopsync undo apply (\S+)\.", out)
    assert plan is not None
    assert "Needs approval: 20 of 20 linked products (100%)" in out
    assert "may not be sent" in operator.refused("undo", "apply", plan[1])
    assert "may not be sent" in operator.refused("undo", "plan", first, "--apply")
    assert len(dev_store.products()) == 20
    assert "an undo of" not in operator.told("plan", "list")


def test_blame_tells_the_value_and_its_story(operator: Operator, changed: str) -> None:
    out = operator.told("blame", "L1", "price")
    assert out.startswith("handle:lamp-1 variants[L1].price = 49.00\n    shopsync on ")
    assert f"changed in the catalog (run test, plan {changed}, item " in out
    assert "11.00 -> 49.00" not in out
    history = operator.told("blame", "handle:lamp-1", "variants[L1].price", "--history")
    assert history.index("11.00 -> 49.00: shopsync on") < history.index("— -> 11.00: shopsync on")
    assert "handle:lamp-1 title = [bold]Lamp[/bold] One" in operator.told("blame", "L1")


@pytest.mark.parametrize(("arguments", "told"), [
    (("undo", "plan", "nope"), "There is nothing to undo: the ledger has no write that took effect of plan nope."),
    (("undo", "run", "nope"), "of run nope."),
    (("undo", "product", "nope"), "No product is called nope"),
    (("undo", "range", "--since", "yesterday"), "yesterday is no time; write it like 2026-03-01T14:30"),
    (("undo", "range", "--since", "2026-01-02", "--until", "2026-01-01"), "before it begins"),
    (("undo", "apply", "nope"), "This shop has no plan nope"),
    (("blame", "nope"), "No product is called nope"),
])
def test_what_cannot_be_done_is_one_sentence(operator: Operator, arguments: tuple[str, ...], told: str) -> None:
    assert told in operator.refused(*arguments)


def test_without_a_verb_the_verbs_are_listed(operator: Operator) -> None:
    ended = operator.run("undo")
    assert "Usage:" in ended.stdout + ended.stderr
