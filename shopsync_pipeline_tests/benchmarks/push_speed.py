"""How near a push comes to the shop's own speed limit: `python -m shopsync_pipeline_tests.benchmarks.push_speed`.

A saved plan of productUpdate items is pushed by the production path to a dev store that charges points like a real
shop; beside it, on the same server, two third-party clients do the same updates in their customary ways. The floor is
what the points alone take: (points charged - bucket) / restore rate. What was lost is found by reading the store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Path as FieldPath
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.imports import Imports
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.db.staged import CatalogRow
from shopsync_pipeline.engine.apply import push
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.pull import pull
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.benchmarks.child import measured
from shopsync_pipeline_tests.benchmarks.devstore_speed import fill
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.devstore.client import DevStoreClient
from shopsync_pipeline_tests.devstore.clients.certificate import certify
from shopsync_pipeline_tests.devstore.conftest import start, stop

CLIENTS = Path(__file__).parent / "clients"
TOKEN = "devstore-token"
TRUST = "certificate.pem"
SIZES = {1000: ("plus", 6000, 20_000), 100: ("standard", 400, 2_000)}
"""Restore rate → plan, updates, points in the full bucket."""

LATENCIES = (0, 100, 500)
UPDATE = """mutation Update($product: ProductUpdateInput!) {
  productUpdate(product: $product) { product { id title } userErrors { field message } } }"""
_TITLES = """query T($after: String) { products(first: 250, after: $after) {
  nodes { id title descriptionHtml } pageInfo { hasNextPage endCursor } } }"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement. `seconds` by the clock, `processor` seconds of the client's process, `sent` updates of all."""

    client: str
    rate: int
    latency: int
    updates: int
    sent: int
    seconds: float
    floor: float
    throttled: float
    lost: int
    points: float
    processor: float
    note: str = ""

    def row(self) -> str:
        """A row of the table."""
        over = "–" if self.floor <= 0 else f"{self.seconds / self.floor:.3f}"
        sent = f"{self.sent:,}" if self.sent == self.updates else f"{self.sent:,} of {self.updates:,}"
        return (f"| {self.rate:,}/s | {self.latency} ms | {self.client} | {sent} | {self.seconds:.1f} | "
                f"{self.floor:.1f} | {over} | {self.throttled:.2%} | {self.lost:,} | "
                f"{self.points / max(1, self.sent - self.lost):.1f} | {self.processor:.1f} | {self.note} |")


HEAD = ("| restore | latency | client | updates sent | wall s | floor s | wall ÷ floor | throttled | lost | points an "
        "update | processor s | |\n|---|---|---|---|---|---|---|---|---|---|---|---|")


def new_title(gid: str) -> str:
    """What a product is called after its update."""
    return f"Renamed {gid.rpartition('/')[2]}"


def new_text(gid: str) -> str:
    """How it is described."""
    number = gid.rpartition("/")[2]
    return f"<p>Number {number} was described anew, at an ordinary length for a catalog of this kind.</p>"


@dataclass
class Bench:
    """A dev store on https, a saved plan that updates each of its products, and both put back before each cell."""

    folder: Path
    rate: int
    url: str
    shop: DevStoreClient
    plan_id: str = ""
    gids: list[str] = field(default_factory=list)

    @property
    def updates(self) -> int:
        """How many products there are."""
        return SIZES[self.rate][1]

    @property
    def trust(self) -> Path:
        """The certificate that clients have to believe."""
        return self.folder / TRUST

    def control(self, name: str, body: dict[str, Any]) -> None:
        """An order to the dev store."""
        self.shop.control(name, body)

    def prepare(self) -> None:
        """Reads the store, agrees on all it shows, and saves the plan after the catalog changed title and text."""
        self.control("settings", {"plan": "enterprise", "speed": 10_000})
        planned = measured(_planned, self.environment(self.folder / "prepared.db"), str(self.trust))
        self.plan_id, self.gids = planned.answer
        assert len(self.gids) == self.updates
        self.control("snapshot", {"path": str(self.folder / "store.snapshot")})

    def environment(self, database: Path) -> dict[str, Any]:
        """Settings as production has them, with bounds wide enough for all products at once."""
        return {"SHOPIFY_SHOP_URL": self.url, "SHOPIFY_ACCESS_TOKEN": TOKEN, "_env_file": None,
                "SHOPSYNC_DATABASE_URL": f"sqlite:///{database}", "SYNC_MAX_UPDATED_SHARE": 1.0}

    def begin(self, latency: int) -> None:
        """The store as it was, its bucket full, its answers that slow."""
        plan = SIZES[self.rate][0]
        self.control("restore", {"path": str(self.folder / "store.snapshot")})
        self.control("settings", {"plan": plan, "speed": 1, "latency_ms": latency})

    def ended(self, before: dict[str, Any], client: str, latency: int, seconds: float, processor: float, sent: int,
              note: str = "") -> Cell:
        """The cell, after what the store was asked since `before`, and reading what it shows."""
        after = self.shop.stats()
        points = after["points_spent"] - before["points_spent"]
        requests = after["requests"] - before["requests"]
        self.control("settings", {"plan": "enterprise", "speed": 10_000, "latency_ms": 0})
        shown = self._shown()
        changed = sum(shown[gid] == (new_title(gid), new_text(gid)) for gid in self.gids)
        bucket = SIZES[self.rate][2]
        return Cell(client, self.rate, latency, self.updates, sent, seconds, (points - bucket) / self.rate,
                    (after["throttled"] - before["throttled"]) / requests, sent - changed, points, processor, note)

    def _shown(self) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        after = None
        while True:
            page = self.shop.data(_TITLES, {"after": after})["products"]
            found |= {node["id"]: (node["title"], node["descriptionHtml"]) for node in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]


def _planned(environment: dict[str, Any], trust: str) -> tuple[str, list[str]]:
    os.environ["SSL_CERT_FILE"] = trust
    settings = Settings(**environment)
    Database(settings.database_url.get_secret_value()).upgrade()
    context = Context.open(settings)
    asyncio.run(pull(context, full=True))
    with context.database.write() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        gids = sorted(gid for gid, *_ in snapshot.identities())
        products = list(snapshot.products(gids))
        keys = {product.product_id: f"etilize:{product.product_id.rpartition('/')[2]}" for product in products}
        BaseStore(connection, context.shop_id).put([
            Agreed(product_key=keys[product.product_id], local=product.document, remote=product.document,
                   links=product.links)
            for product in products
        ])
        imports = Imports(connection, context.shop_id)
        import_id = imports.start("here", "digest")
        rows = []
        for product in products:
            document = {**product.document, FieldPath("title"): new_title(product.product_id),
                        FieldPath("body_html"): new_text(product.product_id)}
            rows.append(CatalogRow(keys[product.product_id], digests(document), to_text(document)))
        imports.make_current(import_id, Catalog(connection, context.shop_id).replace(import_id, rows))
    plan = diff(context)
    assert not plan.refusals, plan.refusals
    assert plan.summary["operations"] == {"product_update": len(gids)}, plan.summary["operations"]
    return plan.plan_id, gids


def _pushed(environment: dict[str, Any], plan_id: str, trust: str) -> tuple[float, float, int]:
    os.environ["SSL_CERT_FILE"] = trust
    context = Context.open(Settings(**environment))
    clock, processor = time.perf_counter(), time.process_time()
    report = asyncio.run(push(context, plan_id))
    assert not report.set_aside, report.set_aside[:3]
    return time.perf_counter() - clock, time.process_time() - processor, report.mutations


def ours(bench: Bench, latency: int) -> Cell:
    """The production path: `engine.apply.push` of the saved plan."""
    database = bench.folder / "run.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{database}{part}").unlink(missing_ok=True)
        if Path(f"{bench.folder / 'prepared.db'}{part}").exists():
            shutil.copy(f"{bench.folder / 'prepared.db'}{part}", f"{database}{part}")
    bench.begin(latency)
    before = bench.shop.stats()
    done = measured(_pushed, bench.environment(database), bench.plan_id, str(bench.trust))
    seconds, processor, mutations = done.answer
    return bench.ended(before, "shopsync", latency, seconds, processor, bench.updates,
                       f"{mutations:,} mutations, {done.peak:.0f} MiB")


def theirs(bench: Bench, latency: int, name: str, command: list[str], at_once: int, patience: float) -> Cell:
    """A third-party client: a program that is told what to update, and how many at once."""
    bench.begin(latency)
    before = bench.shop.stats()
    work = bench.folder / "work.json"
    work.write_text(json.dumps({
        "port": int(bench.url.rpartition(":")[2]), "token": TOKEN, "document": UPDATE, "at_once": at_once,
        "patience": patience,
        "products": [{"id": gid, "title": new_title(gid), "descriptionHtml": new_text(gid)} for gid in bench.gids],
    }))
    trust = {"SSL_CERT_FILE": str(bench.trust), "NODE_EXTRA_CA_CERTS": str(bench.trust), "PYTHONPATH": ""}
    done = subprocess.run([command[0], command[1], str(work), *command[2:]], env={**os.environ, **trust},
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name} ended with status {done.returncode}: {done.stderr[-500:]}")
    told = json.loads(done.stdout)
    results: dict[str, int] = told["results"]
    cut = results.pop("not sent", 0)
    bad = ", ".join(f"{count:,} {word}" for word, count in results.items() if word != "done")
    note = "; ".join(part for part in (bad, f"ended after {patience:.0f} s" if cut else "") if part)
    way = "one at a time" if at_once == 1 else f"{at_once} at once"
    return bench.ended(before, f"{name}, {way}", latency, told["seconds"], told["processor"], bench.updates - cut, note)


@contextmanager
def bench(folder: Path, rate: int) -> Iterator[Bench]:
    """A prepared bench for one restore rate."""
    folder.mkdir()
    cert, key = certify(folder)
    cert.rename(folder / TRUST)
    fill(folder / "store.db", SIZES[rate][1])
    process, url = start(folder / "store.db", "--tls-cert", str(folder / TRUST), "--tls-key", str(key))
    shop = DevStoreClient(url, trust=ssl.create_default_context(cafile=str(folder / TRUST)))
    try:
        made = Bench(folder, rate, url, shop)
        made.prepare()
        yield made
    finally:
        shop.http.close()  # The store waits for its clients before it stops.
        stop(process)


def third_parties(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Clients that could be installed: their name, and the program with its arguments."""
    folder.mkdir(parents=True, exist_ok=True)
    python = folder / "python" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / "python")], check=True)
    if _installed([str(python), "-m", "pip", "install", "--quiet", "ShopifyAPI"], "ShopifyAPI"):
        yield "ShopifyAPI (Python)", [str(python), str(CLIENTS / "with_shopify_api.py")]
    node, npm, package = shutil.which("node"), shutil.which("npm"), "@shopify/admin-api-client"
    if node is None or npm is None:
        print(f"{package} is left out: it needs node and npm")
    elif (folder / "node_modules" / package).exists() or _installed(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), package], package):
        yield f"{package} (Node)", [node, str(CLIENTS / "with_admin_api_client.mjs"), str(folder)]


def _installed(command: list[str], what: str) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{what} is left out, it could not be installed: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.returncode == 0


def main() -> int:
    """Prints the table, cell by cell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rate", type=int, choices=sorted(SIZES), action="append", help="Only this restore rate.")
    parser.add_argument("--latency", type=int, action="append", help="Only this latency, in milliseconds.")
    parser.add_argument("--only", choices=("ours", "theirs"))
    parser.add_argument("--patience", type=float, default=120.0,
                        help="Seconds after which a third-party client is stopped; what it sent by then counts.")
    given = parser.parse_args()
    print(f"{machine()}\n\n{HEAD}", flush=True)
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-", ignore_cleanup_errors=True) as folder:
        kept = Path(tempfile.gettempdir()) / "shopsync-bench-clients"
        others = list(third_parties(kept)) if given.only != "ours" else []
        for rate in given.rate or sorted(SIZES, reverse=True):
            with bench(Path(folder) / str(rate), rate) as made:
                for latency in given.latency or LATENCIES:
                    if given.only != "theirs":
                        print(ours(made, latency).row(), flush=True)
                    for name, command in others:
                        for at_once in (1, 10):
                            print(theirs(made, latency, name, command, at_once, given.patience).row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
