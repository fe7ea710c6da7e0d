"""Rules that decide, decisions that become rules, decisions taken back, and store values that outlast imports."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.errors import SettingsError, ShopsyncError
from shopsync_pipeline.db.conflicts import ConflictState
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.overrides import list_overrides, remove_override
from shopsync_pipeline.engine.resolve import (
    Chosen,
    decided_conflicts,
    flip,
    open_conflicts,
    resolve,
    resolve_where,
)
from shopsync_pipeline.engine.rules import explain_rule, remove_rule, stored_rules
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import changes_of, conflicts_of, planned, push, sync

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Make = Callable[..., Settings]


def node(store: DevStore, number: int = 1) -> dict[str, object]:
    return next(node for node in store.products() if node["handle"] == f"lamp-{number}")


def edit(store: DevStore, number: int = 1, **fields: object) -> None:
    store.control("merchant", {"action": "edit_product", "handle": f"lamp-{number}", "fields": fields})


def reprice(store: DevStore, sku: str, price: str) -> None:
    store.control("merchant", {"action": "edit_variant", "sku": sku, "fields": {"price": price}})


def price(store: DevStore, number: int = 1) -> str:
    variants = node(store, number)["variants"]
    assert isinstance(variants, dict)
    return str(variants["nodes"][0]["price"])


def with_rules(make_settings: Make, tmp_path: Path, text: str, **given: object) -> Context:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    return Context.open(make_settings(SYNC_RULES_PATH=file, **given))


MERCHANT_PRICES = """
[[rule]]
name = "Acme's prices are the shop's"
group = "pricing"
vendor = "acme"
owner = "merchant"
"""


def test_a_rule_of_the_file_decides(make_settings: Make, shelf: Shelf, dev_store: DevStore, tmp_path: Path) -> None:
    context = with_rules(make_settings, tmp_path, MERCHANT_PRICES)
    sync(context)
    reprice(dev_store, "L1", "1.00")
    shelf.change("L1", price="99.00")

    assert sync(context).mutations == 0

    assert price(dev_store) == "1.00"
    assert open_conflicts(context) == []
    found = explain_rule(context, "L1", "price")
    assert (found.policy.rule, found.policy.owner.value) == ("Acme's prices are the shop's", "merchant")
    assert "rules.toml, rule 1" in found.why
    assert explain_rule(context, "lamp-1", "title").rule is None


def test_a_rule_file_with_a_mistake_stops_the_diff_with_a_sentence(make_settings: Make, shelf: Shelf,
                                                                   dev_store: DevStore, tmp_path: Path) -> None:
    context = with_rules(make_settings, tmp_path, "[[rule]]\nname = 'a'\nfield = 'titel'\nowner = 'merchant'")
    with pytest.raises(SettingsError, match=r'"titel" is no field \(did you mean title\?\)'):
        planned(context)


def test_a_field_that_there_is_not_cannot_be_explained(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    sync(context)
    with pytest.raises(ShopsyncError, match='"colour" is no field'):
        explain_rule(context, "L1", "colour")


def test_tags_of_both_sides_stay_under_merge_fields_for_good(make_settings: Make, shelf: Shelf,
                                                            dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION="merge_fields"))
    sync(context)
    edit(dev_store, tags=["bright", "lamp", "staff pick"])
    shelf.change("L1", tags="bright, led")

    assert sync(context).mutations == 1

    assert node(dev_store)["tags"] == ["bright", "led", "staff pick"]
    assert sync(context).mutations == 0
    assert [(one.path, one.state, one.strategy) for one in conflicts_of(context)] == [
        ("tags", ConflictState.AUTO_RESOLVED, "merge_fields")]
    shelf.change("L1", tags="bright, dimmable")
    assert sync(context).mutations == 1
    assert node(dev_store)["tags"] == ["bright", "dimmable", "staff pick"]
    assert sync(context).mutations == 0


def test_the_side_that_was_seen_to_change_last_wins_under_timestamp_based(make_settings: Make, shelf: Shelf,
                                                                         dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION="timestamp_based", SYNC_AUTO_RESOLVE=True))
    sync(context)
    edit(dev_store, 1, title="Merchant first")
    sync(context)
    shelf.change("L1", title="Catalog later")
    shelf.change("L2", title="Catalog first")
    edit(dev_store, 2, title="Merchant later")

    sync(context)

    assert node(dev_store, 1)["title"] == "Catalog later", "the store's edit was read by an earlier sync"
    assert node(dev_store, 2)["title"] == "Merchant later", "both in one sync: the store is read after the import"
    assert sync(context).mutations == 0


def two_disputes(context: Context, shelf: Shelf, store: DevStore) -> None:
    sync(context)
    for number in (1, 2):
        reprice(store, f"L{number}", "1.00")
        edit(store, number, title=f"Merchant {number}")
        shelf.change(f"L{number}", title=f"Catalog {number}")
    planned(context)


def test_conflicts_are_decided_by_what_they_are_about(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    two_disputes(context, shelf, dev_store)
    assert len(open_conflicts(context)) == 4
    assert [one.path for one in open_conflicts(context, chosen=Chosen(group="content"))] == ["title", "title"]
    assert open_conflicts(context, chosen=Chosen(vendor="Other")) == []
    assert len(open_conflicts(context, chosen=Chosen(vendor="ACME", dispute="edited in the store"))) == 2

    assert resolve_where(context, Chosen(field="variants[].price"), "etilize", by="Ada") == 2

    sync(context)
    assert (price(dev_store, 1), price(dev_store, 2)) == ("11.00", "12.00")
    assert {one.path for one in open_conflicts(context)} == {"title"}
    with pytest.raises(ShopsyncError, match="Say which conflicts"):
        resolve_where(context, Chosen(), "etilize", by="Ada")
    with pytest.raises(ShopsyncError, match="needs a field, a group or a vendor"):
        resolve_where(context, Chosen(dispute="both sides changed"), "etilize", by="Ada", always=True)


def test_always_do_this_is_a_rule_from_then_on_until_it_is_removed(context: Context, shelf: Shelf,
                                                                   dev_store: DevStore) -> None:
    two_disputes(context, shelf, dev_store)

    assert resolve_where(context, Chosen(field="title", vendor="Acme"), "shopify", by="Ada", always=True) == 2

    sync(context)
    shelf.change("L3", title="Catalog 3")
    edit(dev_store, 3, title="Merchant 3")
    assert sync(context).mutations == 0
    assert node(dev_store, 3)["title"] == "Merchant 3"
    (rule,) = stored_rules(context)
    assert (rule.rule.fields, rule.rule.vendors, rule.created_by) == (("title",), ("Acme",), "Ada")
    assert "always do this" in explain_rule(context, "L3", "title").why
    decided = [one for one in decided_conflicts(context) if one.product_key == "handle:lamp-3"]
    assert [(one.rule, one.strategy) for one in decided] == [(rule.rule.name, "shopify_priority")]

    remove_rule(context, rule.rule_id)
    shelf.change("L4", title="Catalog 4")
    edit(dev_store, 4, title="Merchant 4")
    sync(context)
    assert "handle:lamp-4" in {one.product_key for one in open_conflicts(context)}


def test_always_by_id_is_about_this_field_of_this_product(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    two_disputes(context, shelf, dev_store)
    (conflict,) = [one for one in open_conflicts(context) if one.path == "variants[L1].price"]

    resolve(context, [conflict.conflict_id], "etilize", by="Ada", always=True)

    sync(context)
    for sku in ("L1", "L2"):
        reprice(dev_store, sku, "2.00")
    sync(context)
    assert (price(dev_store, 1), price(dev_store, 2)) == ("11.00", "2.00")


def settled(context: Context, shelf: Shelf, store: DevStore, side: str) -> str:
    """A title conflict on lamp 1, decided for a side and carried out, with another edit elsewhere that stands."""
    sync(context)
    edit(store, 2, title="Another edit")
    shelf.change("L1", title="Catalog lamp")
    edit(store, 1, title="Merchant lamp")
    planned(context)
    (conflict,) = open_conflicts(context)
    resolve(context, [conflict.conflict_id], side, by="Ada")
    sync(context)
    sync(context)
    return conflict.conflict_id


def test_a_decision_for_the_store_can_be_taken_back_and_plans_this_field_only(context: Context, shelf: Shelf,
                                                                              dev_store: DevStore) -> None:
    conflict = settled(context, shelf, dev_store, "shopify")
    assert node(dev_store)["title"] == "Merchant lamp"

    flip(context, conflict, "etilize", by="Grace")

    assert changes_of(context, planned(context)) == {("handle:lamp-1", "title"): "Catalog lamp"}
    assert sync(context).mutations == 1
    assert node(dev_store)["title"] == "Catalog lamp"
    assert sync(context).mutations == 0
    assert [(one.resolved_by, one.state) for one in decided_conflicts(context)] == [("Grace", ConflictState.SETTLED)]
    with pytest.raises(ShopsyncError, match="already; there is nothing to change"):
        flip(context, conflict, "etilize", by="Grace")


TOLD, REWRITTEN = '<p>See <a href="ftp://files.example/1">more</a></p>', "<p>See <a>more</a></p>"


def rewritten(context: Context, shelf: Shelf, store: DevStore) -> str:
    """A conflict over a text of which the store makes what it shows already, decided for the store."""
    sync(context)
    shelf.change("L1", text=TOLD)
    edit(store, 1, descriptionHtml=REWRITTEN)
    planned(context)
    (conflict,) = open_conflicts(context)
    resolve(context, [conflict.conflict_id], "shopify", by="Ada")
    assert sync(context).mutations == 0
    return conflict.conflict_id


def test_a_taken_back_decision_is_sent_once_also_where_the_store_makes_its_old_value_of_it(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    conflict = rewritten(context, shelf, dev_store)

    flip(context, conflict, "etilize", by="Grace")

    assert changes_of(context, planned(context)) == {("handle:lamp-1", "body_html"): TOLD}
    assert sync(context).mutations == 1
    assert node(dev_store)["descriptionHtml"] == REWRITTEN
    assert [sync(context).mutations for _ in range(2)] == [0, 0]
    assert [(one.resolved_by, one.state) for one in decided_conflicts(context)] == [("Grace", ConflictState.SETTLED)]
    flip(context, conflict, "etilize", by="Ada")
    assert sync(context).mutations == 1, "and once again, if somebody insists"
    assert sync(context).mutations == 0


def test_a_taken_back_decision_is_planned_until_it_is_sent_and_closed_with_the_push(
        context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    conflict = rewritten(context, shelf, dev_store)
    flip(context, conflict, "etilize", by="Grace")
    plan = planned(context)
    assert [one.state for one in conflicts_of(context, ConflictState.RESOLVED)] == [ConflictState.RESOLVED]
    assert changes_of(context, planned(context)) == changes_of(context, plan), "planned until it is sent"

    push(context, planned(context))

    assert conflicts_of(context, ConflictState.RESOLVED) == []
    assert [one.conflict_id for one in conflicts_of(context, ConflictState.SETTLED)] == [conflict]


def test_a_decision_that_the_catalog_could_not_carry_out_is_not_taken_back(context: Context, shelf: Shelf,
                                                                         dev_store: DevStore) -> None:
    sync(context)
    shelf.change("L1", option="Colour", value="Red")
    sync(context)
    (conflict,) = open_conflicts(context)
    resolve(context, [conflict.conflict_id], "shopify", by="Ada")
    sync(context)

    with pytest.raises(ShopsyncError, match="shopsync does not write options of handle:lamp-1"):
        flip(context, conflict.conflict_id, "etilize", by="Grace")

    assert [one.state for one in conflicts_of(context)] == [ConflictState.SETTLED]


def test_a_decision_for_the_catalog_can_be_taken_back_and_plans_this_field_only(context: Context, shelf: Shelf,
                                                                                dev_store: DevStore) -> None:
    conflict = settled(context, shelf, dev_store, "etilize")
    assert node(dev_store)["title"] == "Catalog lamp"

    flip(context, conflict, "shopify", by="Grace")

    assert changes_of(context, planned(context)) == {("handle:lamp-1", "title"): "Merchant lamp"}
    assert sync(context).mutations == 1
    assert node(dev_store)["title"] == "Merchant lamp"
    assert sync(context).mutations == 0
    (override,) = list_overrides(context, "L1")
    assert (override.path, override.source) == ("title", "decided again by Grace")


def test_an_open_conflict_is_no_decision_to_take_back(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    two_disputes(context, shelf, dev_store)
    with pytest.raises(ShopsyncError, match="is pending, so there is no decision to change"):
        flip(context, open_conflicts(context)[0].conflict_id, "etilize", by="Ada")


def both_ways(make_settings: Make, strategy: str = "shopify_priority") -> Context:
    return Context.open(make_settings(SYNC_BIDIRECTIONAL=True, SYNC_CONFLICT_RESOLUTION=strategy))


def test_an_accepted_store_value_outlasts_imports_and_can_be_given_back(make_settings: Make, shelf: Shelf,
                                                                       dev_store: DevStore) -> None:
    context = both_ways(make_settings)
    sync(context)
    reprice(dev_store, "L1", "2.00")
    assert sync(context).mutations == 0
    (override,) = list_overrides(context)
    assert (override.product_key, override.path, override.override.value, override.override.catalog_value) == (
        "handle:lamp-1", "variants[L1].price", "2.00", "11.00")

    shelf.change("L1", stock="7")
    sync(context)

    assert price(dev_store) == "2.00"
    remove_override(context, "L1", "price")
    assert changes_of(context, planned(context)) == {("handle:lamp-1", "variants[L1].price"): "11.00"}
    assert sync(context).mutations == 1
    assert price(dev_store) == "11.00"
    assert list_overrides(context) == []
    assert sync(context).mutations == 0
    with pytest.raises(ShopsyncError, match="L1 has no override of price"):
        remove_override(context, "L1", "price")


def test_a_catalog_that_moves_on_under_an_override_is_both_changed(make_settings: Make, shelf: Shelf,
                                                                  dev_store: DevStore) -> None:
    context = both_ways(make_settings, "manual_review")
    sync(context)
    reprice(dev_store, "L1", "1.00")
    sync(context)
    resolve(context, [open_conflicts(context)[0].conflict_id], "shopify", by="Ada")
    sync(context)
    assert len(list_overrides(context)) == 1
    shelf.change("L1", price="20.00")

    assert sync(context).mutations == 0

    (conflict,) = open_conflicts(context)
    assert (conflict.dispute, conflict.faces.local, conflict.faces.remote) == ("both sides changed", "20.00", "1.00")
    resolve(context, [conflict.conflict_id], "etilize", by="Ada")
    assert sync(context).mutations == 1
    assert price(dev_store) == "20.00"
    assert list_overrides(context) == []
    assert sync(context).mutations == 0


def test_without_bidirectional_nothing_is_written_to_the_catalog_side(make_settings: Make, shelf: Shelf,
                                                                     dev_store: DevStore) -> None:
    context = Context.open(make_settings(SYNC_CONFLICT_RESOLUTION="shopify_priority"))
    sync(context)
    reprice(dev_store, "L1", "1.00")
    sync(context)
    assert list_overrides(context) == []


def test_a_waiting_conflict_suggests_what_the_rule_would_take(context: Context, shelf: Shelf,
                                                             dev_store: DevStore) -> None:
    sync(context)
    reprice(dev_store, "L1", "1.00")
    edit(dev_store, 1, tags=["bright", "staff pick"])
    shelf.change("L1", tags="bright, led")
    planned(context)
    suggested = {one.path: one.suggestion and one.suggestion.take for one in open_conflicts(context)}
    assert suggested == {"variants[L1].price": "etilize", "tags": "merge"}
