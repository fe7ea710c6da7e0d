"""Whether catalog and store came together, judged without any of our code: the delivery's cells, the store as GraphQL
shows it, the history of each product as the store wrote it, and the conflicts on record as rows of a table.

A field is right when the store shows what the delivery says, or when somebody in the store disputed it and that is on
record. Stock that customers moved is theirs until the feed speaks again.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shopsync_pipeline_tests.conftest import DevStore

FIELDS = ("title", "vendor", "kind", "text", "price", "stock", "tags", "pictures", "status")
_PATHS = {"kind": "product_type", "text": "body_html", "pictures": "images"}


@dataclass
class Verdict:
    """What was found. `wrong` is what must not be; `standing` counts fields by why they may differ."""

    products: int = 0
    equal: int = 0
    standing: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def judge(rows: Mapping[str, Mapping[str, str]], away: Mapping[str, object], store: DevStore, database: Path,
          refused: str) -> Verdict:
    """Compares the delivery's rows with what the store shows. `refused`: a SKU whose mutations the store refuses."""
    verdict = Verdict()
    recorded = _recorded(database)
    shown: dict[str, dict[str, Any]] = {}
    for node in store.products():
        for variant in node["variants"]["nodes"]:
            if variant["sku"] in shown:
                verdict.wrong.append(f"{variant['sku']} is in the store twice")
            shown[variant["sku"]] = {**_shown(node, variant), "node": node}
    for sku, row in rows.items():
        verdict.products += 1
        if sku not in shown:
            if sku != refused:
                verdict.wrong.append(f"{sku} is in the delivery and not in the store")
            continue
        for name in FIELDS:
            said, found = _said(row)[name], shown[sku][name]
            if _same(name, said, found):
                verdict.equal += 1
            elif sku == refused:
                verdict.standing["refused by the store"] += 1
            elif why := _why(name, sku, row["Handle"], recorded, store, shown[sku]["node"]):
                verdict.standing[why] += 1
            else:
                verdict.wrong.append(f"{sku} {name}: the delivery says {said!r}, the store shows {found!r}, and "
                                     "nothing is on record")
    for sku in away:
        if sku in shown and shown[sku]["status"] == "ACTIVE" and sku != refused:
            verdict.wrong.append(f"{sku} is gone from the delivery and on sale in the store")
    for sku in shown.keys() - rows.keys() - away.keys():
        verdict.wrong.append(f"{sku} is in the store, and was never delivered")
    verdict.wrong += _annotations(store, shown)
    with sqlite3.connect(database) as connection:
        open_rows = connection.execute(
            "SELECT state, count(*) FROM ledger WHERE state NOT IN ('confirmed', 'rejected', 'not_executed') "
            "GROUP BY state").fetchall()
    verdict.wrong += [f"{count} ledger rows are {state}" for state, count in open_rows]
    return verdict


def _said(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": row["Title"], "vendor": row["Vendor"], "kind": row["Type"], "text": row["Body (HTML)"],
        "price": row["Variant Price"], "stock": int(row["Variant Inventory Qty"]),
        "tags": {tag.strip() for tag in row["Tags"].split(",")}, "pictures": [row["Image Alt Text"]],
        "status": "ACTIVE",
    }


def _shown(node: Mapping[str, Any], variant: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": node["title"], "vendor": node["vendor"], "kind": node["productType"], "text": node["descriptionHtml"],
        "price": variant["price"], "stock": variant["inventoryQuantity"], "tags": set(node["tags"]),
        "pictures": [medium["alt"] for medium in node["media"]["nodes"]], "status": node["status"],
    }


def _same(name: str, said: Any, found: Any) -> bool:
    if name == "tags":  # Both sides' tags stay, and people only ever add one that begins so.
        return bool(said <= found and all(tag.startswith("seen-") for tag in found - said))
    return bool(said == found)


ON_RECORD = ("pending", "kept", "resolved")
"""States of a conflict in which the store may show something else than the delivery says."""


def _why(name: str, sku: str, handle: str, recorded: Mapping[tuple[str, str], set[str]], store: DevStore,
         node: Mapping[str, Any]) -> str:
    """Why the store may show something else; empty if nothing says so."""
    if name == "stock":
        return "stock that customers moved" if _last_actor(store, node, "levels") != "app" else ""
    path = f"variants[{sku}].price" if name == "price" else _PATHS.get(name, name)
    states = recorded.get((f"handle:{handle}", path), set())
    return next((f"on record as {state}" for state in ON_RECORD if state in states), "")


def _last_actor(store: DevStore, node: Mapping[str, Any], name: str) -> str:
    """Who last changed something of a product, as the store's own history tells."""
    actors = [event["actor"] for event in _history(store, node) if name in json.dumps(event["changes"])]
    return str(actors[-1]) if actors else ""


def _history(store: DevStore, node: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.control(f"history?id={node['id'].rpartition('/')[2]}")["history"]
    return found


def _recorded(database: Path) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    with sqlite3.connect(database) as connection:
        for key, path, state in connection.execute("SELECT product_key, path, state FROM sync_conflict"):
            found.setdefault((key, path), set()).add(state)
    return found


def _annotations(store: DevStore, shown: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What another app wrote and is no longer there."""
    for sku, product in shown.items():
        rows = {(row["namespace"], row["key"]): row["value"] for row in product["node"]["metafields"]["nodes"]}
        events = _history(store, product["node"])
        if any(event["actor"] == "other_app" for event in events) and ("other_app", "score") not in rows:
            yield f"{sku}: what another app wrote is gone"
