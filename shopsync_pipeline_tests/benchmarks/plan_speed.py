"""Which of a million products differ, and the plan: `python -m shopsync_pipeline_tests.benchmarks.plan_speed`.

Products of 20 fields, one in a hundred changed, on SQLite or PostgreSQL (`--database`). Beside it, in the same run, the
same question put to pandas, Polars and DuckDB, which have all the values at hand and no digests.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.benchmarks.child import measured
from shopsync_pipeline_tests.benchmarks.ingest_speed import fresh_database
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.benchmarks.plan_rows import COLUMNS, SHOP, fill, write_rows

Answer = tuple[float, float, int]
"""Seconds of the question itself by the clock and of processor, and how many products differ."""


def _timed(ask: Callable[[], int]) -> Answer:
    clock, processor = time.perf_counter(), time.process_time()
    count = ask()
    return time.perf_counter() - clock, time.process_time() - processor, count


def at_rest(url: str) -> Answer:
    """A process that has opened the database and asked nothing yet."""
    with Database(url).read() as connection:
        BaseStore(connection, SHOP)
    return 0.0, 0.0, 0


def differing(url: str) -> Answer:
    """Ours: which products need a look, by stored digests."""
    with Database(url).read() as connection:
        return _timed(lambda: len(list(BaseStore(connection, SHOP).unsettled())))


def planned(url: str) -> Answer:
    """Ours: the whole plan of what differs, merged, costed, bounded and saved."""
    given: dict[str, Any] = {
        "SHOPIFY_SHOP_URL": SHOP, "SHOPIFY_ACCESS_TOKEN": "none", "SHOPSYNC_DATABASE_URL": url, "_env_file": None,
    }
    context = Context.open(Settings(**given))
    return _timed(lambda: int(diff(context).summary["products"]["update"]))


def by_pandas(yesterday: Path, today: Path) -> Answer:
    """pandas: a merge of both frames by key, then each column compared."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        one, other = (connection.execute(f"SELECT * FROM '{path.as_posix()}'").df() for path in (yesterday, today))

    def ask() -> int:
        both = one.merge(other, on="key", how="outer", suffixes=("", "+"))
        differs = both["key"].isna()
        for name in COLUMNS:
            differs |= both[name] != both[f"{name}+"]
        return int(differs.sum())

    return _timed(ask)


def by_polars(yesterday: Path, today: Path) -> Answer:
    """Polars: a join by key, filtered to the rows on which any column differs."""
    import polars as pl

    one, other = pl.read_parquet(yesterday), pl.read_parquet(today)
    differs = pl.any_horizontal([pl.col(name).ne_missing(pl.col(f"{name}+")) for name in COLUMNS])
    return _timed(lambda: one.join(other, on="key", how="full", suffix="+").filter(differs).height)


def by_duckdb(yesterday: Path, today: Path) -> Answer:
    """DuckDB: a full join by key of two tables in memory, where any column differs."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"CREATE TABLE one AS SELECT * FROM '{yesterday.as_posix()}'")
        connection.execute(f"CREATE TABLE other AS SELECT * FROM '{today.as_posix()}'")
        differs = " OR ".join(f'one."{name}" IS DISTINCT FROM other."{name}"' for name in COLUMNS)
        query = f"SELECT key FROM one FULL JOIN other USING (key) WHERE {differs}"
        return _timed(lambda: len(connection.execute(query).fetchall()))


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    print(f"{machine()}\n\n| what | seconds | processor s | peak MiB | above rest | products |\n"
          "| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as folder, fresh_database(given.database) as url:
        yesterday, today = write_rows(Path(folder), given.products)
        before = time.perf_counter()
        filled = measured(fill, url, yesterday, today)
        print(f"| {filled.answer:,} products put into {given.database} | {time.perf_counter() - before:.0f} | | | | |",
              flush=True)
        rest = measured(at_rest, url).peak
        questions: list[tuple[str, Callable[..., Answer], tuple[object, ...]]] = [
            (f"which differ: stored digests ({given.database}), first time", differing, (url,)),
            (f"which differ: stored digests ({given.database}), again", differing, (url,)),
            ("which differ: pandas merge", by_pandas, (yesterday, today)),
            ("which differ: Polars join", by_polars, (yesterday, today)),
            ("which differ: DuckDB join", by_duckdb, (yesterday, today)),
            (f"the whole plan ({given.database})", planned, (url,)),
        ]
        for name, question, arguments in questions:
            found = measured(question, *arguments)
            seconds, processor, count = found.answer
            print(f"| {name} | {seconds:.2f} | {processor:.2f} | {found.peak:.0f} | "
                  f"{max(0.0, found.peak - rest):.0f} | {count:,} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
