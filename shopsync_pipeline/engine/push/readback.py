"""Read back: what answers left out because it is told cheaper for many products at once, 250 in one request.

Whoever waits for it holds no place among the requests in flight, so that many come together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.prices import PAGE
from shopsync_pipeline.engine.push.work import Work
from shopsync_pipeline.shopify.errors import ShopifyError
from shopsync_pipeline.shopify.part_reads import Answered, read_back
from shopsync_pipeline.shopify.writes import Written

SOON, LATER = 2.0, 10.0
"""Seconds that an answer waits for others at the most: what other people change meanwhile is taken for the shop's own
rewriting. Nobody is likely to edit a product in the seconds after it was made."""

PARKED = 2 * PAGE
"""Answers that may wait at once."""

_Waiting = tuple[Answered, asyncio.Future[Written | None]]


class ReadBack:
    """Gathers answers and reads back what they left out. Use as an async context manager."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: list[_Waiting] = []
        self._due: asyncio.TimerHandle | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self.parked = 0
        """Answers that wait to be completed."""
        self._news: Callable[[], None] = lambda: None

    def listen(self, news: Callable[[], None]) -> None:
        """Told of each answer that begins to wait."""
        self._news = news

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        if self._due is not None:
            self._due.cancel()
        for task in self._reading:
            task.cancel()

    async def complete(self, answer: Answered) -> Written | None:
        """What the shop shows after a write, once it was read; `None` where only settling can tell.

        Raises a `ShopifyError` of the read.
        """
        done: asyncio.Future[Written | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((answer, done))
        self.parked += 1
        self._news()
        try:
            if len(self._waiting) >= PAGE:
                self.flush()
            else:
                self._be_due(LATER if answer.item.operation is Operation.PRODUCT_CREATE else SOON)
            return await done
        finally:
            self.parked -= 1

    def flush(self) -> None:
        """Reads back what waits, now."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        if self._waiting:
            together, self._waiting = self._waiting, []
            task = asyncio.create_task(self._read(together))
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    def _be_due(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        if self._due is None or loop.time() + seconds < self._due.when():
            if self._due is not None:
                self._due.cancel()
            self._due = loop.call_later(seconds, self.flush)

    async def _read(self, together: list[_Waiting]) -> None:
        work = self._work
        try:
            shown = await read_back(work.client, [answer for answer, _ in together],
                                    location_id=work.shop.location_id, listings=work.shop.listings)
        except ShopifyError as error:
            for _, done in together:
                if not done.done():
                    done.set_exception(error)
            return
        for (_, done), written in zip(together, shown, strict=True):
            if not done.done():
                done.set_result(written)
