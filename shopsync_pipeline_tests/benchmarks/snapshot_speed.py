"""The whole store in bulk: `python -m shopsync_pipeline_tests.benchmarks.snapshot_speed [--products N]`.

Exports a dev store of single-variant products, two lines each, and prints what we take from the downloaded lines to
committed rows: the first time, again with nothing changed, and with 1 % changed; beside it, in the same run, a bare
parse of the same lines. The time of the dev store itself stands apart.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import orjson

from shopsync_pipeline_tests.benchmarks.child import Measured, measured
from shopsync_pipeline_tests.benchmarks.machine import machine
from shopsync_pipeline_tests.benchmarks.snapshot_work import at_rest, parsed, stored


def downloaded(products: int, path: Path) -> float:
    """Has a dev store export everything into a file; the seconds from the start of the query to the last line."""
    # Loaded here only: processes that are measured load this module too.
    import asyncio
    import time

    from shopsync_pipeline.shopify.bulk.query import export
    from shopsync_pipeline.shopify.client import ShopifyClient
    from shopsync_pipeline.shopify.listings import NOTHING_LISTED
    from shopsync_pipeline_tests.benchmarks.devstore_speed import fill
    from shopsync_pipeline_tests.devstore.client import DevStoreClient
    from shopsync_pipeline_tests.devstore.conftest import start, stop

    async def run(address: str) -> float:
        place = DevStoreClient(address).location()
        async with ShopifyClient(address, "devstore-token") as client:
            clock = time.perf_counter()
            with await export(client, location_id=place, listings=NOTHING_LISTED) as found, path.open("wb") as file:
                seconds = time.perf_counter() - clock
                found.products.copy_to(file)
                return seconds

    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as folder:
        state = Path(folder) / "shop.sqlite"
        fill(state, products, metafields=0)
        process, address = start(state, "--plan", "plus")
        try:
            return asyncio.run(run(address))
        finally:
            stop(process)


def changed(path: Path, target: Path, every: int) -> None:
    """Writes the same lines with another title in each `every`th product."""
    with path.open("rb") as lines, target.open("wb") as written:
        roots = 0
        for line in lines:
            if b'"__parentId"' not in line:
                roots += 1
                if roots % every == 0:
                    row = orjson.loads(line)
                    line = orjson.dumps({**row, "title": row["title"] + " (new)"}) + b"\n"
            written.write(line)


def row(name: str, found: Measured, rest: float, bare: float) -> str:
    """One line of the table."""
    seconds, processor, count = found.answer
    return (f"| {name} | {seconds:.2f} | {processor:.2f} | {processor / bare:.1f} | {found.peak:.0f} | "
            f"{max(0.0, found.peak - rest):.0f} | {count:,} |")


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--lines", type=Path, help="a file to keep the exported lines in, for the next time")
    given = parser.parse_args()
    from shopsync_pipeline.db.database import Database
    from shopsync_pipeline_tests.benchmarks.ingest_speed import fresh_database

    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="shopsync-bench-") as folder, fresh_database(given.database) as url:
        Database(url).upgrade()
        lines, today = given.lines or Path(folder) / "lines.jsonl", Path(folder) / "today.jsonl"
        if not lines.exists():
            seconds = downloaded(given.products, lines)
            print(f"the dev store's own time, from the start of the query to the last line here: {seconds:.1f} s")
        changed(lines, today, 100)
        with lines.open("rb") as file:
            objects = sum(1 for _ in file)
        print(f"{objects:,} lines, {lines.stat().st_size / 2**20:.0f} MiB, into {given.database}\n\n"
              "| what | seconds | processor s | processor ÷ bare parse | peak MiB | above rest | products |\n"
              "| --- | --- | --- | --- | --- | --- | --- |")
        rest = measured(at_rest).peak
        bare = measured(parsed, lines)
        print(row("a bare parse (orjson)", bare, rest, bare.answer[1]))
        for name, path in (("first time", lines), ("again, unchanged", lines), ("again, 1 % changed", today)):
            print(row(f"lines to committed rows, {name}", measured(stored, path, url, objects), rest, bare.answer[1]),
                  flush=True)
    print("\nFor reference, measured elsewhere on another machine, 200,000 lines: airbyte-source-shopify 17.6 s and "
          "317 MB, tap-shopify 44 s and 43 MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
