"""The demo: a sample export meets a local store in three real runs, each followed by a table of what it did.

It uses the same processes, jobs and database as production; only the shop is local. Everything it makes is under
`.shopsync/demo` and is made anew each time, while Dagster keeps the history of all runs.
"""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from shopsync_pipeline.api.jobs import DagsterApi
from shopsync_pipeline.catalog import write_sample_export
from shopsync_pipeline.cli.local_shop import TOKEN, LocalShop
from shopsync_pipeline.cli.processes import answers, dagster, devstore, require_free_port
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Path as FieldPath
from shopsync_pipeline.core.fields import Value
from shopsync_pipeline.db.conflicts import Conflict
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.resolve import open_conflicts
from shopsync_pipeline.engine.review import RunOutcome, documents, run_outcome, written_values
from shopsync_pipeline.orchestration.keys import PROGRESS_TAG
from shopsync_pipeline.orchestration.metadata import shown
from shopsync_pipeline.settings import load

INDEX_LAG = 2.5
"""Seconds after which the dev store's search, like Shopify's, has heard of an edit."""


def run(console: Console, *, products: int, store_port: int, ui_port: int) -> None:
    """Runs the whole demo. Raises `ShopsyncError` when a run fails or a port is taken."""
    shop = LocalShop(port=store_port)
    require_free_port(store_port, "the dev store", "--store-port")
    require_free_port(ui_port, "Dagster's UI", "--ui-port")
    shutil.rmtree(shop.root, ignore_errors=True)
    shop.root.mkdir(parents=True)
    console.rule("[bold]shopsync: the first sync, end to end")
    with console.status("Writing a sample export…"):
        made = write_sample_export(shop.export, products=products)
    console.print(f"{made.products} products are in {shop.export}, their prices and stock in {made.feed.name}.")
    os.environ.update(shop.environment())
    settings = load()
    with ExitStack() as children:
        store = children.enter_context(devstore(store_port, shop.state, TOKEN, shop.root / "devstore.log"))
        ui = children.enter_context(dagster(ui_port, shop.environment(), shop.root / "dagster.log"))
        url = f"http://127.0.0.1:{ui_port}"
        with console.status("Starting the dev store and Dagster…"):
            Database(settings.database_url.get_secret_value()).upgrade()
            store.wait_until(lambda: answers(shop.url), seconds=60)
            ui.wait_until(lambda: _loaded(url), seconds=180)
        console.print(f"The dev store (Plus plan: 1,000 points a second) answers at {shop.url}, Dagster at {url}.")
        with DagsterApi(url) as api:
            _three_runs(console, _Runner(console, api, Context.open(settings)), shop, made.feed)
    console.rule("[bold]that was it")
    console.print(
        "To look at these runs in Dagster's UI, with the dev store still holding these products:\n\n"
        "    [bold]make dev[/bold]\n\n"
        "To see and decide the waiting conflict:\n\n"
        "    [bold].venv/bin/shopsync conflicts list[/bold]\n"
        "    [bold].venv/bin/shopsync conflicts resolve ID --take etilize[/bold]   (or shopify)"
    )


def _loaded(url: str) -> bool:
    if not answers(f"{url}/server_info"):
        return False
    with DagsterApi(url) as api:
        return api.location_error() is None


@dataclass(frozen=True)
class _Runner:
    console: Console
    api: DagsterApi
    context: Context

    def run(self, job: str) -> tuple[RunOutcome, float]:
        """Launches a job, shows its progress, and returns what it did and how many seconds it ran."""
        run_id = self.api.launch(job, tags={"shopsync/requested_by": "demo"})
        with self.console.status(f"{job}: waiting for its turn…") as status:
            while not (state := self.api.run(run_id)).ended:
                progress = state.tags.get(PROGRESS_TAG)
                status.update(f"{job}: {progress or state.status.lower()}")
                time.sleep(0.3)
        if state.status != "SUCCESS":
            reasons = self.api.why_failed(run_id) or ["Dagster's UI shows its log"]
            raise ShopsyncError(f"Run {run_id} of {job} ended as {state.status}: {' '.join(reasons)}")
        return run_outcome(self.context, run_id), state.seconds

    def table(self, title: str, outcome: RunOutcome, seconds: float) -> None:
        """Prints what a run did."""
        products = outcome.plan.summary["products"]
        table = Table("created", "updated", "in sync", "kept", "conflicts", "mutations", "points", "seconds",
                      title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAVY, pad_edge=False,
                      collapse_padding=True)
        table.add_row(str(products["create"]), str(products["update"]), str(products["in_sync"]),
                      str(outcome.plan.summary["kept"]), str(outcome.plan.summary["conflicts"]),
                      str(outcome.mutations), f"{outcome.points:g}", f"{seconds:.1f}")
        self.console.print(table)
        for key, operation, state, note in outcome.set_aside:
            self.console.print(f"  not applied: {operation} of {key} is {state}: {note}", markup=False)


def _three_runs(console: Console, runner: _Runner, shop: LocalShop, feed: Path) -> None:
    console.print("\n[bold]1.[/bold] The store is empty: everything in the catalog is new.")
    outcome, seconds = runner.run("full_sync")
    runner.table("full_sync", outcome, seconds)

    console.print("\n[bold]2.[/bold] A merchant edits two products in the store; the distributor sends new prices.")
    edits = _edits(runner.context)
    for line in _make_edits(shop, feed, edits):
        console.print(f"   {line}", markup=False, highlight=False)
    with console.status("Shopify's search takes a moment to hear of the edits…"):
        time.sleep(INDEX_LAG)
    outcome, seconds = runner.run("incremental_sync")
    runner.table("incremental_sync", outcome, seconds)
    _what_happened(console, runner.context, outcome)

    console.print("\n[bold]3.[/bold] Nothing changes any more: a run must find nothing to send.")
    outcome, seconds = runner.run("incremental_sync")
    runner.table("incremental_sync again", outcome, seconds)
    if outcome.mutations:
        raise ShopsyncError(f"The third run sent {outcome.mutations} mutations; it should have sent none.")


@dataclass(frozen=True)
class _Edits:
    """SKUs and handles of the three products that the demo touches."""

    titled: tuple[str, str]
    contested: str
    repriced: str


def _edits(context: Context) -> _Edits:
    """Picks products that have a price: the first three by key, so that every demo shows the same ones."""
    found = []
    for _, document in documents(context):
        skus = [value for path, value in document.items() if path.endswith("].sku")]
        priced = any(path.endswith("].price") for path in document)
        if priced and skus:
            found.append((str(skus[0]), str(document[FieldPath("title")])))
        if len(found) == 3:
            return _Edits(titled=found[0], contested=found[1][0], repriced=found[2][0])
    raise ShopsyncError("The sample export has fewer than three products with a price; ask for more with --products.")


def _make_edits(shop: LocalShop, feed: Path, edits: _Edits) -> list[str]:
    sku, title = edits.titled
    new_title = f"{title[:200]} (staff pick)"
    _merchant(shop, {"action": "edit_product", "sku": sku, "fields": {"title": new_title}})
    prices = _reprice(feed, {edits.contested: Decimal("1.10"), edits.repriced: Decimal("0.95")})
    _merchant(shop, {"action": "edit_variant", "sku": edits.contested, "fields": {"price": "999.00"}})
    old, new = prices[edits.repriced]
    was, becomes = prices[edits.contested]
    return [
        f'merchant: title of {sku} becomes "{new_title}"',
        f"merchant: price of {edits.contested} becomes 999.00",
        f"feed:     price of {edits.contested} goes from {was} to {becomes}",
        f"feed:     price of {edits.repriced} goes from {old} to {new}",
    ]


def _merchant(shop: LocalShop, action: Mapping[str, Any]) -> None:
    response = httpx.post(f"{shop.url}/__devstore/merchant", json=action, timeout=30, trust_env=False)
    if response.status_code != httpx.codes.OK:
        raise ShopsyncError(f"The dev store did not take the merchant's edit {dict(action)}: {response.text}")


def _reprice(feed: Path, factors: Mapping[str, Decimal]) -> dict[str, tuple[str, str]]:
    """Multiplies the prices of some SKUs in the feed; returns old and new ones."""
    with feed.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    changed = {}
    for row in rows:
        sku, old = row["SKU"], row["Price"]
        if sku in factors:
            row["Price"] = str((Decimal(old.replace(",", "")) * factors[sku]).quantize(Decimal("0.01")))
            changed[sku] = (old, row["Price"])
    with feed.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return changed


def _what_happened(console: Console, context: Context, outcome: RunOutcome) -> None:
    for key, path, before, after in written_values(context, outcome.plan.plan_id):
        _line(console, "pushed", "green", key, path, f"{shown(before)} → {shown(after)}")
    for conflict in open_conflicts(context, kept=True):
        _conflict_line(console, conflict)


def _conflict_line(console: Console, conflict: Conflict) -> None:
    faces = conflict.faces
    if conflict.state.value == "kept":
        _line(console, "kept", "cyan", conflict.product_key, conflict.path, f"the store's {shown(faces.remote)}")
    else:
        told = f"catalog {shown(faces.local)}, store {shown(faces.remote)}, agreed before {shown(faces.base_remote)}"
        _line(console, "waits", "yellow", conflict.product_key, conflict.path, told)


def _line(console: Console, word: str, colour: str, key: str, path: str, told: Value) -> None:
    console.print(f"   [{colour}]{word:<7}[/{colour}]", end="")
    console.print(f"{key}  {path}: {told}", markup=False, highlight=False, soft_wrap=True)
