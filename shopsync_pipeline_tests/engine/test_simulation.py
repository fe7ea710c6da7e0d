"""Two hundred rounds of random life in a shop: each ends as the rules promise, by an oracle that knows only the rules.

Feed, merchant, an app and customers change what they like between syncs; products come, go and are deleted on either
side. The oracle is written from docs/decisions.md, and shares no code with the merge.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf, lamp
from shopsync_pipeline_tests.engine.steps import sync

ROUNDS = 200
SEED = int(os.environ.get("SHOPSYNC_SIMULATION_SEED", "5"))
"""Another number is another life."""
DATABASE = os.environ.get("SHOPSYNC_SIMULATION_DATABASE", "sqlite")
"""`sqlite` or `postgresql`."""

RULES = """
[[rule]]
name = "titles are the store's where both changed"
field = "title"
strategy = "shopify_priority"

[[rule]]
name = "tags of both sides stay"
field = "tags"
strategy = "merge_fields"

[[rule]]
name = "an app writes the kind of product"
field = "product_type"
owner = "app:kinds"

[[rule]]
name = "texts are the merchant's"
field = "body_html"
owner = "merchant"
"""
WORDS = ("red", "blue", "new", "sale", "led")
CELLS = {"title": "Title", "vendor": "Vendor", "tags": "Tags", "kind": "Type", "text": "Body (HTML)",
         "price": "Variant Price", "stock": "Variant Inventory Qty"}

Value = Any


@dataclass
class Thing:
    """What the oracle knows of one product: what the store must show, and what both sides last agreed on, by field."""

    shown: dict[str, Value]
    ours: dict[str, Value]
    theirs: dict[str, Value]


@dataclass
class Oracle:
    """What the store must show after each sync, by SKU."""

    things: dict[str, Thing] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def synced(self, catalog: dict[str, dict[str, Value]]) -> None:
        """A sync ran over this catalog."""
        for sku in list(self.things):
            if sku in catalog:
                continue
            if sku in self.deleted:
                del self.things[sku]
            else:
                self.things[sku].shown["status"] = "DRAFT"
        for sku, said in catalog.items():
            thing = self.things.get(sku)
            if thing is None or sku in self.deleted:
                self.things[sku] = Thing(dict(said, status="ACTIVE"), dict(said), dict(said))
                continue
            thing.shown["status"] = "ACTIVE"
            for name, value in said.items():
                self._field(thing, name, value)
        self.deleted.clear()

    def _field(self, thing: Thing, name: str, said: Value) -> None:
        shown, ours, theirs = thing.shown[name], thing.ours[name], thing.theirs[name]
        told_anew, edited = said != ours, shown != theirs
        if said != shown and not told_anew and not edited:
            return
        if said == shown or name in ("kind", "text"):
            wanted = shown
        elif name == "tags":
            merged = merged_tags(said, shown, ours, theirs)
            if merged is None:
                return
            wanted = merged
        elif not told_anew and name in ("title", "vendor"):
            return  # The edit stands, and is remembered as one.
        else:
            stores = (name == "stock" and not told_anew) or (name == "title" and told_anew and edited)
            wanted = shown if stores else said
        thing.shown[name], thing.ours[name], thing.theirs[name] = wanted, said, wanted


def merged_tags(said: Value, shown: Value, ours: Value, theirs: Value) -> Value:
    """What each side added stays, what each removed goes; `None` where one added what the other removed."""
    kept = set()
    for tag in said | shown:
        here, there = tag in said, tag in shown
        if here != there and here != (tag in ours) and there != (tag in theirs):
            return None
        if there if here == (tag in ours) else here:
            kept.add(tag)
    return frozenset(kept)


def said_by(row: dict[str, str]) -> dict[str, Value]:
    """What a row of the delivery says."""
    said: dict[str, Value] = {name: row[cell] for name, cell in CELLS.items()}
    return said | {"tags": frozenset(row["Tags"].split(", ")), "stock": int(row["Variant Inventory Qty"])}


def shown_by(store: DevStore) -> dict[str, dict[str, Value]]:
    """What the store shows, by SKU."""
    found = {}
    for node in store.products():
        (variant,) = node["variants"]["nodes"]
        found[variant["sku"]] = {
            "title": node["title"], "vendor": node["vendor"], "tags": frozenset(node["tags"]),
            "kind": node["productType"], "text": node["descriptionHtml"], "price": variant["price"],
            "stock": variant["inventoryQuantity"], "status": node["status"],
        }
    return found


@dataclass
class Life:
    """Everything that can happen between two syncs, at random."""

    dice: random.Random
    shelf: Shelf
    store: DevStore
    oracle: Oracle
    away: dict[str, dict[str, str]] = field(default_factory=dict)
    made: int = 5

    def happens(self) -> None:
        """A few things, on either side."""
        for _ in range(self.dice.randint(1, 6)):
            self.dice.choice((self.feed_tells, self.feed_tells, self.people_edit, self.people_edit, self.stock_moves,
                              self.feed_drops, self.feed_brings, self.merchant_deletes))()
        self.shelf.write()

    def value(self, name: str) -> str:
        if name == "price":
            return f"{self.dice.randint(10, 15)}.00"
        if name == "tags":
            return ", ".join(["lamp", *(word for word in WORDS if self.dice.random() < 0.4)])
        word = self.dice.choice(WORDS)
        return f"<p>{word}</p>" if name == "text" else f"{name} {word}"

    def feed_tells(self) -> None:
        if self.shelf.rows:
            row = self.shelf.rows[self.dice.choice(sorted(self.shelf.rows))]
            name = self.dice.choice(("title", "vendor", "tags", "kind", "text", "price", "stock"))
            row[CELLS[name]] = str(self.dice.randint(0, 50)) if name == "stock" else self.value(name)

    def feed_drops(self) -> None:
        if len(self.shelf.rows) > 2:
            sku = self.dice.choice(sorted(self.shelf.rows))
            self.away[sku] = self.shelf.rows.pop(sku)

    def feed_brings(self) -> None:
        if self.away and self.dice.random() < 0.8:
            sku = self.dice.choice(sorted(self.away))
            self.shelf.rows[sku] = self.away.pop(sku)
        elif self.made < 9:
            self.made += 1
            self.shelf.rows[f"L{self.made}"] = lamp(self.made)

    def one_in_store(self) -> str | None:
        there = sorted(set(self.oracle.things) - self.oracle.deleted)
        return self.dice.choice(there) if there else None

    def people_edit(self) -> None:
        if (sku := self.one_in_store()) is None:
            return
        name = self.dice.choice(("title", "vendor", "tags", "kind", "text", "price"))
        value = self.value(name)
        shown: Value = frozenset(value.split(", ")) if name == "tags" else value
        if name == "price":
            self.store.control("merchant", {"action": "edit_variant", "sku": sku, "fields": {"price": value}})
        else:
            there = {"kind": "productType", "text": "descriptionHtml"}.get(name, name)
            self.store.control("merchant", {"action": "edit_product", "handle": f"lamp-{sku[1:]}", "fields": {
                there: sorted(shown) if name == "tags" else value}})
        self.oracle.things[sku].shown[name] = shown

    def stock_moves(self) -> None:
        if (sku := self.one_in_store()) is not None:
            figure = self.dice.randint(0, 50)
            self.store.control("merchant", {"action": "set_stock", "sku": sku, "available": figure})
            self.oracle.things[sku].shown["stock"] = figure

    def merchant_deletes(self) -> None:
        if (sku := self.one_in_store()) is not None:
            self.store.control("merchant", {"action": "delete_product", "handle": f"lamp-{sku[1:]}"})
            self.oracle.deleted.add(sku)


@pytest.mark.parametrize("database_url", [DATABASE], indirect=True)
def test_every_round_ends_as_the_rules_promise(make_settings: Callable[..., Settings], shelf: Shelf,
                                               dev_store: DevStore, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES)
    context = Context.open(make_settings(
        SYNC_RULES_PATH=rules, SYNC_CONFLICT_RESOLUTION="etilize_priority", SYNC_MAX_CATALOG_SHRINK=1,
        SYNC_MAX_TABLE_SHRINK=1))
    life = Life(random.Random(SEED), shelf, dev_store, Oracle())
    for number in range(ROUNDS):
        report = sync(context)
        life.oracle.synced({sku: said_by(row) for sku, row in shelf.rows.items()})
        assert report.set_aside == [], number
        assert shown_by(dev_store) == {sku: thing.shown for sku, thing in life.oracle.things.items()}, number
        if number % 10 == 0:
            assert sync(context).mutations == 0, "nothing is left to do"
        life.happens()
