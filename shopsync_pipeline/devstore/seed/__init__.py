"""Fills an empty state file with a snapshot of a real shop, so that a plan can be rehearsed on it.

`python -m shopsync_pipeline.devstore.seed --from products.jsonl --state shop.sqlite`.
"""

from shopsync_pipeline.devstore.seed.snapshot import Snapshot, query, read_snapshot, seed

__all__ = ["Snapshot", "query", "read_snapshot", "seed"]
