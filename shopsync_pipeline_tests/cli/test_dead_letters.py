"""`shopsync dead-letters`: what an operator sees of refusals, and every way to deal with them."""

from __future__ import annotations

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.cli.conftest import Operator
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def refuse(store: DevStore, *skus: str, count: int | None = 1) -> None:
    for sku in skus:
        store.control("refusals", {"sku": sku, "message": f'Title "[bold]{sku}[/bold]" is taken', "field": ["title"],
                                   "root": "productUpdate", "count": count})


@pytest.fixture
def refused(operator: Operator, synced: Context, shelf: Shelf, dev_store: DevStore) -> list[str]:
    """The ids of two letters with one root cause, the last refused first."""
    refuse(dev_store, "L1", "L2")
    for number in (1, 2):
        shelf.change(f"L{number}", title=f"Bad {number}", tags="bright, new")
    sync(synced)
    return [line.split()[0] for line in operator.told("dead-letters", "list").splitlines()[::2]]


def test_nothing_was_refused(operator: Operator, synced: Context) -> None:
    for command in ("list", "groups"):
        assert operator.told("dead-letters", command) == "There is no such dead letter.\n"
    assert operator.told("dead-letters", "retry", "--all") == "There is no such dead letter.\n"
    assert "Name dead letters by id, or say" in operator.refused("dead-letters", "retry")
    assert "There is no dead letter nope" in operator.refused("dead-letters", "show", "nope")


def test_letters_are_listed_shown_and_grouped(operator: Operator, refused: list[str]) -> None:
    listed = operator.told("dead-letters", "list", "--product", "L1")
    (letter,) = [line.split()[0] for line in listed.splitlines()[::2]]
    assert listed.splitlines()[0] == f"{letter}  open  handle:lamp-1  product_update  title"
    assert 'Title "[bold]L1[/bold]" is taken. Nothing was changed by it.' in listed, "an answer is no markup"
    assert "refused once, last 2" in listed
    assert operator.told("dead-letters", "list", "--operation", "publish") == "There is no such dead letter.\n"
    assert len(operator.told("dead-letters", "list", "--most", "1").splitlines()) == 2

    shown = operator.told("dead-letters", "show", letter)
    assert "Shopify named what it refused; the rest of the product is sent without it." in shown
    assert "refused: title: Lamp 1 → Bad 1 (changed in the catalog)" in shown
    assert 'sent with it: tags: ["bright", "lamp"] → ["bright", "new"]' in shown

    grouped = operator.told("dead-letters", "groups").splitlines()
    key, count, cause = grouped[0].split("  ")
    assert (count, cause) == ("2", 'product_update: Shopify refused productUpdate: title: Title "…" is taken')
    assert grouped[1].startswith("    handle:lamp-1, handle:lamp-2; newest 2")
    assert len(operator.told("dead-letters", "list", "--group", key).splitlines()) == 4
    assert '"dead" is no state of a dead letter' in operator.refused("dead-letters", "list", "--state", "dead")


def test_letters_are_sent_again_by_id_and_by_group(operator: Operator, refused: list[str], synced: Context) -> None:
    group = operator.told("dead-letters", "groups").split()[0]
    both = operator.refused("dead-letters", "retry", refused[0], "--group", group)
    assert "one of these" in both
    assert operator.told("dead-letters", "retry", refused[0], "--by", "Ada", "--reason", "asked") == (
        "1 will be sent again. The next run carries it out.\n")
    assert operator.told("dead-letters", "retry", "--group", group).startswith("1 will be sent again.")
    assert operator.told("dead-letters", "list") == "There is no such dead letter.\n"
    assert len(operator.told("dead-letters", "list", "--state", "retrying").splitlines()) == 4

    sync(synced)

    shown = operator.told("dead-letters", "show", refused[0])
    assert " UTC retrying by Ada: asked" in shown
    assert " UTC resolved by shopsync: written in plan " in shown
    assert "is resolved (written in plan" in operator.refused("dead-letters", "retry", refused[0])


def test_a_letter_gets_another_value(operator: Operator, refused: list[str], synced: Context,
                                     dev_store: DevStore) -> None:
    told = operator.told("dead-letters", "edit", refused[0], "title", "Good", "--by", "Ada", "--reason", "shorter")
    assert told == ("title will be Good. The next run carries it out. `shopsync overrides list` shows the value, and "
                    "removes it.\n")
    assert "edited by Ada: shorter" in operator.told("overrides", "list")
    sync(synced)
    assert "Good" in {node["title"] for node in dev_store.products()}
    letter = refused[1]
    assert 'has no field "vendor"' in operator.refused("dead-letters", "edit", letter, "vendor", "Acme")
    assert "Give a value, or --clear" in operator.refused("dead-letters", "edit", letter, "tags")
    assert "{ is not JSON" in operator.refused("dead-letters", "edit", letter, "tags", "{", "--json")
    assert 'tags will be ["a", "b"]' in operator.told("dead-letters", "edit", letter, "tags", '["b", "a"]', "--json")
    assert "tags will be —" in operator.told("dead-letters", "edit", letter, "tags", "--clear")


def test_letters_are_discarded_with_a_reason(operator: Operator, refused: list[str], synced: Context,
                                             dev_store: DevStore) -> None:
    assert operator.run("dead-letters", "discard", refused[0]).returncode == 2, "a reason must be given"
    assert operator.told("dead-letters", "discard", refused[0], "--reason", "not ours", "--by", "Ada") == (
        "1 discarded; each is planned again once its input changes.\n")
    assert operator.told("dead-letters", "discard", "--all", "--reason", "nor that").startswith("1 discarded")
    sync(synced)
    assert {node["title"] for node in dev_store.products()}.isdisjoint({"Bad 1", "Bad 2"})
    assert "discarded by Ada: not ours" in operator.told("dead-letters", "show", refused[0])
