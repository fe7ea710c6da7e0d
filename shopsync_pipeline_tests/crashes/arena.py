"""A dev store with our database beside it, both at the start of a day, and both brought back there in milliseconds.

The database is a SQLite file that is copied, the store restores a snapshot of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.product import Product
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.staged import CatalogRow
from shopsync_pipeline.engine.apply import push
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.pull import pull
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.crashes.world import CHANNEL, COLLECTIONS, catalog
from shopsync_pipeline_tests.devstore.conftest import start, stop

SPEED = 200
"""Points come back so many times as fast as in a real shop: a crash is about order, not about waiting."""

_EVERYTHING = """
query Everything($after: String) {
  products(first: 10, after: $after, sortKey: ID) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id handle title descriptionHtml vendor productType status tags seo { title description } templateSuffix
      options { name optionValues { name } }
      metafields(first: 10) { nodes { namespace key type value } }
      media(first: 8) { nodes { id alt ... on MediaImage { image { url } } } }
      collections(first: 4, sortKey: TITLE) { nodes { handle } }
      resourcePublicationsV2(first: 4, onlyPublished: false) { nodes { publication { name } } }
      variants(first: 6) { nodes {
        id sku barcode price compareAtPrice taxable inventoryPolicy inventoryQuantity
        selectedOptions { name value }
        media(first: 1) { nodes { alt } }
        inventoryItem { id tracked requiresShipping unitCost { amount } }
      } }
    }
  }
}
"""


class Arena:
    """One dev store and the database that syncs it. `folder` holds the files of both."""

    def __init__(self, folder: Path, url: str, **settings: Any) -> None:
        """`settings` are environment variables over those of `environment`."""
        self.store = DevStore(url)
        self.folder = folder
        self._given = settings
        self._runs = 0

    def environment(self, database: Path) -> dict[str, Any]:
        """Everything is synced, nothing is bounded, stock goes five rows at a time: many requests from few products."""
        wide_open = dict.fromkeys(("UPDATED", "ARCHIVED", "DELETED", "ZERO_STOCK", "CONFLICT", "UNPUBLISHED"), 1)
        return {
            "SHOPIFY_SHOP_URL": self.store.url, "SHOPIFY_ACCESS_TOKEN": TOKEN, "_env_file": None,
            "SHOPSYNC_DATABASE_URL": f"sqlite:///{database}", "SHOPSYNC_EXPORT_PATH": self.folder / "no-export",
            "SYNC_COLLECTIONS": True, "SYNC_PUBLICATIONS": True, "SYNC_GONE_POLICY": "delete", "SYNC_BATCH_SIZE": 5,
            "SYNC_MAX_CONCURRENT": 4, **{f"SYNC_MAX_{name}_SHARE": share for name, share in wide_open.items()},
            **self._given,
        }

    @property
    def _snapshot(self) -> Path:
        return self.folder / "store.snapshot"

    @property
    def _prepared(self) -> Path:
        return self.folder / "prepared.db"

    def prepare(self) -> None:
        """Syncs today's catalog, then lets the catalog say what it says tomorrow, and remembers both."""
        self.store.control("reset", {})
        for title in COLLECTIONS:
            self.store.control("merchant", {"action": "create_collection", "title": title})
        self.store.control("merchant", {"action": "create_publication", "name": CHANNEL})
        working = self.folder / "preparing.db"
        Database(f"sqlite:///{working}").upgrade()
        context = Context.open(Settings(**self.environment(working)))
        say(context, catalog(of_tomorrow=False))
        asyncio.run(pull(context, full=True))
        report = asyncio.run(push(context, diff(context).plan_id))
        assert not report.set_aside, report.set_aside
        asyncio.run(pull(context, full=True))
        assert not diff(context).summary["operations"], "today's catalog is in the store"
        say(context, catalog(of_tomorrow=True))
        with sqlite3.connect(working) as source, sqlite3.connect(self._prepared) as target:
            source.backup(target)
        self.store.control("snapshot", {"path": str(self._snapshot)})

    def begin(self) -> Path:
        """Brings store and database back to where `prepare` ended; returns the database of this run."""
        self.store.control("fault", {})
        self.store.control("mixture", {})
        self.store.control("refusals", {})
        self.store.control("settings", {"latency_ms": 0})
        self.store.control("restore", {"path": str(self._snapshot)})
        self._runs += 1
        database = self.folder / f"run-{self._runs}.db"
        shutil.copy(self._prepared, database)
        return database

    def contents(self) -> dict[str, Any]:
        """What the store shows by custom id, without its ids; fails where anything is in the store twice."""
        found: dict[str, Any] = {}
        skus: Counter[str] = Counter()
        for node in everything(self.store):
            (custom_id,) = [row["value"] for row in node["metafields"]["nodes"] if row["namespace"] == "shopsync"]
            assert custom_id not in found, f"{custom_id} is in the store twice"
            skus.update(variant["sku"] for variant in node["variants"]["nodes"])
            found[custom_id] = without_ids(node)
        twice = [sku for sku, count in skus.items() if count > 1]
        assert not twice, f"{twice} are in the store twice"
        return found


def everything(store: DevStore) -> list[dict[str, Any]]:
    """Every product of a store with all that is synced, in order of id."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = store.graphql(_EVERYTHING, {"after": after})["products"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def without_ids(value: Any) -> Any:
    """An answer without ids; of a picture's address the file name, without the sign that tells a second upload."""
    if isinstance(value, dict):
        return {name: _file(inner) if name == "url" else without_ids(inner)
                for name, inner in value.items() if name != "id"}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value


def _file(url: str) -> str:
    name = url.rpartition("/")[2].partition("?")[0]
    return re.sub(r"_[0-9a-f]{8}-[0-9a-f-]{27}(?=\.)", "", name)


def say(context: Context, products: list[Product]) -> None:
    """The catalog is these products from now on, as after an import."""
    with context.database.write() as connection:
        imports = Imports(connection, context.shop_id)
        import_id = imports.start("here", "digest")
        documents = {product.key: flatten(product) for product in products}
        rows = [CatalogRow(name, digests(document), to_text(document)) for name, document in documents.items()]
        imports.make_current(import_id, Catalog(connection, context.shop_id).replace(import_id, rows))


@contextmanager
def arena(folder: Path, **settings: Any) -> Iterator[Arena]:
    """A prepared arena on a dev store of its own, in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    process: subprocess.Popen[str]
    process, url = start(folder / "store.db", "--token", TOKEN, "--plan", "plus", "--speed", str(SPEED))
    try:
        made = Arena(folder, url, **settings)
        made.prepare()
        yield made
    finally:
        stop(process)


def left_open(database: Path) -> dict[str, int]:
    """Ledger rows whose outcome is not known, by state, read past our own code."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT state, count(*) FROM ledger GROUP BY state").fetchall()
    return {state: count for state, count in rows if state not in ("confirmed", "rejected", "not_executed", "failed")}


def in_flight(database: Path) -> str:
    """What a process that died had on its way, as its ledger says: `price variants_update ×2`."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT p.lane, p.operation, count(DISTINCT l.ledger_id) FROM ledger l JOIN ledger_item i USING (ledger_id)"
            " JOIN plan_item p ON p.plan_id = i.plan_id AND p.item_id = i.item_id WHERE l.state IN ('sent', 'unknown')"
            " GROUP BY 1, 2").fetchall()
    return ", ".join(f"{lane} {operation} ×{count}" for lane, operation, count in rows)


def disagreements(database: Path, store: DevStore) -> list[str]:
    """Where the base does not say what the store shows: products, the ids of variants and pictures, and values."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT b.product_key, b.product_id, b.links, b.remote_document, s.document FROM base_product b "
            "LEFT JOIN snapshot_product s ON s.shop_id = b.shop_id AND s.product_id = b.product_id").fetchall()
    shown = {node["id"]: node for node in everything(store)}
    found = [f"{gid} is in the store and in no base" for gid in sorted(set(shown) - {row[1] for row in rows})]
    for name, gid, links, base, snapshot in rows:
        node = shown.get(gid)
        if node is None:
            found.append(f"{name}: {gid} is not in the store")
            continue
        found += [f"{name}: {why}" for why in _of_links(json.loads(links), node)]
        read = json.loads(snapshot or "{}")
        found += [f"{name}: {path} is {value!r} in the base and {read.get(path)!r} in the store"
                  for path, value in json.loads(base).items() if read.get(path) != value]
    return found


def _of_links(links: dict[str, Any], node: dict[str, Any]) -> Iterator[str]:
    variants = {variant["id"]: variant["sku"] for variant in node["variants"]["nodes"]}
    for name, (variant, _item) in links["variants"].items():
        if variants.get(variant) != name:
            yield f"variant {name} is linked to {variant}, which the store has as {variants.get(variant)}"
    gone = set(links["images"].values()) - {medium["id"] for medium in node["media"]["nodes"]}
    if gone:
        yield f"pictures {sorted(gone)} are linked and not in the store"
