"""A process that asks a shop many questions as fast as it may: `python -m …asking NUMBER`; settings by environment."""

from __future__ import annotations

import asyncio
import sys

from shopsync_pipeline.core.cost import connection
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import load

COST = connection(250, 1) + 3
"""The estimate for the document `shop`."""


async def ask(context: Context, number: int) -> int:
    """Asks so many times at once and says how often the shop refused for lack of points."""
    async with context.client() as client:
        await asyncio.gather(*(client.query("shop", {}, cost=COST) for _ in range(number)))
        return client.bucket.throttled


if __name__ == "__main__":
    print(asyncio.run(ask(Context.open(load()), int(sys.argv[1]))))
