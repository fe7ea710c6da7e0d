"""Read-backs gathered while writes go on: many writes wait, each for its own, and one read serves them all.

Waits until a page is full, a moment has passed, or nothing more is coming, whichever is first; never reads twice for
one write.
"""

from __future__ import annotations

import asyncio

from shopsync_pipeline.core.prices import PAGE
from shopsync_pipeline.shopify.answered import Written
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings
from shopsync_pipeline.shopify.part_reads import Answered, read_back


class ReadBacks:
    """The read-backs of one lane; an async context manager, at whose end none is left waiting.

    `most` writes share a read. `linger` is how many seconds the first of them waits for others: the longer, the fewer
    points, and the longer a write is on record as sent and not yet as confirmed.
    """

    def __init__(self, client: ShopifyClient, *, location_id: str, listings: Listings = NOTHING_LISTED,
                 most: int = PAGE, linger: float = 1.0) -> None:
        self._client = client
        self._location_id = location_id
        self._listings = listings
        self._most = most
        self._linger = linger
        self._waiting: list[tuple[Answered, asyncio.Future[Written | None]]] = []
        self._due: asyncio.TimerHandle | None = None
        self._reading: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ReadBacks:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.flush()

    async def written(self, answered: Answered) -> Written | None:
        """What the shop shows after a write, once it was read back; `None` where only reading the product can settle
        what became of it. Raises the `ShopifyError` of a read that failed: then too."""
        loop = asyncio.get_running_loop()
        told: asyncio.Future[Written | None] = loop.create_future()
        self._waiting.append((answered, told))
        if len(self._waiting) >= self._most:
            self._start()
        elif self._due is None:
            self._due = loop.call_later(self._linger, self._start)
        return await told

    async def flush(self) -> None:
        """Reads at once for all that wait, and returns when they were told."""
        self._start()
        while self._reading:
            await asyncio.wait(self._reading)

    def _start(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._waiting:
            task = asyncio.get_running_loop().create_task(self._read(self._waiting))
            self._waiting = []
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _read(self, page: list[tuple[Answered, asyncio.Future[Written | None]]]) -> None:
        try:
            found = await read_back(self._client, [answered for answered, _ in page], location_id=self._location_id,
                                    listings=self._listings)
        except BaseException as error:
            for _, told in page:
                if not told.done():
                    told.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, told), one in zip(page, found, strict=True):
            if not told.done():
                told.set_result(one)
