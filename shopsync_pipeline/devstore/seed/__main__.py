"""`python -m shopsync_pipeline.devstore.seed`: a snapshot into a state file, from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from shopsync_pipeline.devstore.config import DevStoreError
from shopsync_pipeline.devstore.seed.snapshot import QUERIES, query, read_snapshot, seed


def main(arguments: list[str] | None = None) -> int:
    """Seeds from the command line; returns 0, or 2 with a sentence when it cannot."""
    parser = argparse.ArgumentParser(prog="devstore seed", description="Fill an empty dev store from a bulk query.")
    parser.add_argument("--print-query", choices=QUERIES, help="print the bulk query to run on the real shop, and end")
    parser.add_argument("--from", dest="products", type=Path, help="JSONL of the products bulk query")
    parser.add_argument("--inventory", type=Path, help="JSONL of the inventory bulk query; without it, stock is 0")
    parser.add_argument("--state", type=Path, help="the new state file")
    parser.add_argument("--shop", default="demo-store.myshopify.com", help="the domain the dev store will answer to")
    given = parser.parse_args(arguments)
    if given.print_query:
        print(query(given.print_query), end="")
        return 0
    if given.products is None or given.state is None:
        parser.error("--from and --state are needed to seed")
    try:
        snapshot = read_snapshot(given.products, given.inventory)
        seed(snapshot, given.state, given.shop)
    except DevStoreError as error:
        print(error, file=sys.stderr)
        return 2
    print(
        f"{given.state}: {len(snapshot.products)} products, {len(snapshot.variants)} variants, "
        f"{len(snapshot.metafields)} metafields, {len(snapshot.media)} images, {len(snapshot.locations)} locations"
    )
    for kind, count in sorted(snapshot.left_out.items()):
        print(f"left out: {count} of {kind}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
