"""What `snapshot_speed` measures, apart from it: each runs in a process that loads what it needs and no more."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import known_links
from shopsync_pipeline.engine.pull_bulk import store
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.bulk.query import Export
from shopsync_pipeline.shopify.bulk.spool import Spool
from shopsync_pipeline.shopify.listings import NOTHING_LISTED

_PIECE = 1 << 16
"""Bytes that come from the network at once."""

Answer = tuple[float, float, int]
"""Seconds by the clock and of processor, and products."""


def at_rest() -> Answer:
    """A process that has loaded all this and done nothing."""
    return 0.0, 0.0, 0


def parsed(path: Path) -> Answer:
    """A bare parse of the lines, one by one; nothing is kept."""
    clock, processor, count = time.perf_counter(), time.process_time(), 0
    with path.open("rb") as lines:
        for line in lines:
            count += "__parentId" not in orjson.loads(line)
    return time.perf_counter() - clock, time.process_time() - processor, count


def stored(path: Path, url: str, objects: int) -> Answer:
    """Ours: from the lines to committed rows."""
    given: dict[str, Any] = {"SHOPIFY_SHOP_URL": "bench", "SHOPIFY_ACCESS_TOKEN": "none", "SHOPSYNC_DATABASE_URL": url,
                             "_env_file": None}
    context = Context.open(Settings(**given))
    clock, processor = time.perf_counter(), time.process_time()
    began = datetime.now(UTC)
    with tempfile.TemporaryFile() as file, path.open("rb") as lines:
        spool, rest = Spool(file, "products"), b""
        while piece := lines.read(_PIECE):
            *whole, rest = (rest + piece).split(b"\n")
            spool.add(whole)
        spool.close(objects)
        done = asyncio.run(store(context, Export(began, spool, None, None), NOTHING_LISTED, known=known_links(context),
                                 was_here=lambda _: False))
    assert not done.again
    return time.perf_counter() - clock, time.process_time() - processor, done.count
