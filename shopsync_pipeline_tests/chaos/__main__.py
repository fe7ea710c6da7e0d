"""Runs the chaos for some minutes, lets it come to rest, and prints the report: `--minutes 30 --seed 1`."""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shopsync_pipeline.db.database import Database
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.chaos.feed import Feed
from shopsync_pipeline_tests.chaos.oracle import Verdict, judge
from shopsync_pipeline_tests.chaos.worker import Worker
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.devstore.conftest import start, stop

PRODUCTS = 150
REFUSED = "L7"
LIFE = {"edits_per_second": 0.4, "orders_per_second": 1.0, "metafields_per_second": 0.4}
FAULTS = {"drop_before_write": 1.5, "drop_after_write": 1.5, "throttle": 3,
          "http_status": {"500": 1, "502": 0.5, "503": 1.5, "429": 1}}
"""Percent of all requests: ten in a hundred go wrong."""

CRASH_EVERY = 25.0
"""Seconds between two crashes of the sync, on average."""

FULL_EVERY = 8
"""Each so many syncs the whole store is read; between them what changed since the last."""

REST = 25
"""Syncs within which the shop has to come to rest once everybody is gone."""

RULES = """
[[rule]]
name = "tags of both sides stay"
field = "tags"
strategy = "merge_fields"

[[rule]]
name = "a person decides about texts"
field = "body_html"
strategy = "manual_review"
"""


@dataclass
class Chaos:
    """One run of it. `folder` holds the files of all parts."""

    folder: Path
    seed: int
    store: DevStore
    rounds: int = 0
    crashes: int = 0
    mutations: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Makes the delivery and the database; nothing happens yet."""
        self._dice = random.Random(self.seed)
        self.feed = Feed(self.folder / "export", PRODUCTS, self.seed)
        self.database = self.folder / "shopsync.db"
        Database(f"sqlite:///{self.database}").upgrade()
        (self.folder / "rules.toml").write_text(RULES, encoding="utf-8")
        self._worker = self._new_worker()

    def _new_worker(self) -> Worker:
        everything = ("UPDATED", "ARCHIVED", "DELETED", "ZERO_STOCK", "CONFLICT", "UNPUBLISHED")
        return Worker({
            "SHOPIFY_SHOP_URL": self.store.url, "SHOPIFY_ACCESS_TOKEN": TOKEN,
            "SHOPSYNC_DATABASE_URL": f"sqlite:///{self.database}", "SHOPSYNC_EXPORT_PATH": str(self.folder / "export"),
            "SYNC_RULES_PATH": str(self.folder / "rules.toml"), "SYNC_CONFLICT_RESOLUTION": "etilize_priority",
            "SYNC_MAX_CATALOG_SHRINK": "1", "SYNC_MAX_TABLE_SHRINK": "1", "SYNC_MAX_MEDIAN_PRICE_MOVE": "100",
            "SYNC_MAX_PRICE_RISE": "100", "SYNC_MAX_PRICE_DROP": "1", "SYNC_CATALOG_PROCESSES": "0",
            **{f"SYNC_MAX_{name}_SHARE": "1" for name in everything},
        }, self.folder / "worker.log")

    def sync(self, *, full: bool) -> dict[str, Any] | None:
        """One sync, by a new process where the last one died."""
        self.rounds += 1
        told = self._worker.sync(full=full)
        if told is None:
            self._worker.end()
            self._worker = self._new_worker()
            return None
        self.mutations += told.get("mutations", 0)
        self.memory.append(told["memory"])
        if told["error"]:
            self.errors[told["error"][:110]] += 1
        if told.get("refusals"):
            self.errors[f"plan refused: {told['refusals'][0][:90]}"] += 1
        return told

    def run(self, minutes: float) -> None:
        """The wild part: everybody at work at once."""
        self.sync(full=True)
        self.store.control("refusals", {"sku": REFUSED, "message": "This product may not be changed."})
        self.store.control("life", {**LIFE, "seed": self.seed})
        self.store.control("mixture", {**FAULTS, "seed": self.seed})
        self.feed.start(every=1.5)
        until = time.monotonic() + minutes * 60
        killer = threading.Thread(target=self._kill, args=[until], daemon=True)
        killer.start()
        while time.monotonic() < until:
            self.sync(full=self.rounds % FULL_EVERY == 0)
        killer.join()
        self.feed.stop()

    def _kill(self, until: float) -> None:
        while (pause := self._dice.expovariate(1 / CRASH_EVERY)) < until - time.monotonic():
            time.sleep(pause)
            self._worker.process.kill()
            self.crashes += 1

    def come_to_rest(self) -> tuple[int, bool]:
        """Everybody is gone; syncs until two in a row have nothing to do. How many that took, and whether they did."""
        self.store.control("life", {})
        self.store.control("mixture", {})
        quiet = 0
        for number in range(1, REST + 1):
            told = self.sync(full=quiet > 0 or number % FULL_EVERY == 0)
            busy = told is None or told["error"] is not None or told["mutations"] > told["set_aside"]
            quiet = 0 if busy else quiet + 1
            if quiet == 2:
                return number, True
        return REST, False

    def end(self) -> None:
        """Ends the process that syncs."""
        self._worker.end()


def report(chaos: Chaos, verdict: Verdict, before: dict[str, Any], seconds: float, rest: tuple[int, bool]) -> str:
    """The run in Markdown."""
    stats, drawn = chaos.store.control("stats"), before["drawn"]
    points = before["points"]
    share = points / (before["rate"] * before["seconds"])
    with sqlite3.connect(chaos.database) as connection:
        conflicts = dict(connection.execute("SELECT state, count(*) FROM sync_conflict GROUP BY state").fetchall())
        ledger = dict(connection.execute("SELECT state, count(*) FROM ledger GROUP BY state").fetchall())
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        letters = dict(connection.execute("SELECT state, count(*) FROM dead_letter GROUP BY state").fetchall()
                       ) if "dead_letter" in tables else {}

    def told(counts: Any) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in sorted(dict(counts).items())) or "none"

    memory = chaos.memory
    lines = [
        f"# Chaos of {seconds / 60:.1f} minutes, seed {chaos.seed}", "", machine(), "",
        "| what | figure |", "|---|---|",
        f"| syncs | {chaos.rounds:,} |",
        f"| crashes (SIGKILL) | {chaos.crashes:,} |",
        f"| changes of the delivery | {told(chaos.feed.done)} |",
        f"| people in the store | {told(before['life'])} |",
        f"| faults | {told(drawn)}, of {before['requests']:,} requests |",
        f"| mutations, as the ledger ended | {told(ledger)} |",
        f"| points | {points:,.0f}, {share:.0%} of what the shop restores in that time |",
        f"| conflicts on record | {told(conflicts)} |",
        f"| dead letters | {told(letters)} |",
        f"| syncs that ended with an error | {sum(chaos.errors.values()):,} |",
        f"| memory of a sync process, first and last | {memory[0]} MiB, {memory[-1]} MiB (most {max(memory)}) |",
        f"| database at the end | {chaos.database.stat().st_size / 2**20:.1f} MiB |",
        f"| syncs until two had nothing to do | {rest[0]}{'' if rest[1] else ', and it did not come to rest'} |",
        f"| products in the store | {stats['products']:,} |",
        f"| fields that show what the delivery says | {verdict.equal:,} of {verdict.products * 9:,} |",
        f"| fields that may differ | {told(verdict.standing)} |",
        f"| fields that must not differ, and do | {len(verdict.wrong)} |",
        "", *(f"- error, {count} times: {error}" for error, count in chaos.errors.most_common(12)),
        "", *(f"- WRONG: {why}" for why in verdict.wrong[:40]),
        "" if verdict.wrong or not rest[1] else "Catalog and store came together.",
    ]
    return "\n".join(lines)


def main() -> int:
    """Prints the report; status 1 if the shop did not converge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Keep database, delivery and log in this folder.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="shopsync-chaos-", ignore_cleanup_errors=True) as name:
        folder = given.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        process, url = start(folder / "store.db", "--token", TOKEN, "--index-lag-ms", "2000", "--latency-ms", "30")
        chaos = Chaos(folder, given.seed, DevStore(url))
        started = time.monotonic()
        try:
            chaos.run(given.minutes)
            stats = chaos.store.control("stats")
            before = {"drawn": chaos.store.control("mixture")["drawn"], "points": stats["points_spent"],
                      "life": chaos.store.control("life")["done"], "requests": stats["requests"], "rate": 100,
                      "seconds": time.monotonic() - started}
            rest = chaos.come_to_rest()
            verdict = judge(chaos.feed.rows, chaos.feed.away, chaos.store, chaos.database, REFUSED)
            print(report(chaos, verdict, before, time.monotonic() - started, rest), flush=True)
        finally:
            chaos.end()
            stop(process)
    return 0 if rest[1] and not verdict.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
