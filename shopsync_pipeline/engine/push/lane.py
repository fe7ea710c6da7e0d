"""One lane on its way out: chains side by side, as many as the shop's points let go, until all is sent or it is time
to stop."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Collection

from shopsync_pipeline.core.cost import MUTATION
from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.db.shops import still_writing
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.pull import keep, known_links
from shopsync_pipeline.engine.push.bulk_part import BulkPart
from shopsync_pipeline.engine.push.feed import Chain, Feed
from shopsync_pipeline.engine.push.outcomes import Outcomes
from shopsync_pipeline.engine.push.post import Post
from shopsync_pipeline.engine.push.readback import PARKED, ReadBack
from shopsync_pipeline.engine.push.sender import PRIORITY, Sender
from shopsync_pipeline.engine.push.stop import GRACE
from shopsync_pipeline.engine.push.work import Work
from shopsync_pipeline.shopify.snapshot import read_by_ids

BEAT_EVERY = 10.0
"""Seconds between two signs of life of the shop's writer; well below `db.shops.SILENT_AFTER`."""

AHEAD = 50
"""Items that are made ready before they can be sent, so that a page is read while the one before is on its way."""

UNDER_WAY = 10_000
"""Items on their way at the most, which bounds the memory of a push however many of them travel in one request."""

WIDEST, TOGETHER = 300, 10
"""Chains on their way side by side at the most, in all and for each request that is allowed; those that find no request
of their own share one."""

LOOK_EVERY = 0.25
"""Seconds after which a lane that waits looks whether it has to stop or to report."""


async def send_lane(work: Work, *, only: Collection[str] | None = None) -> str | None:
    """Sends the items of a lane that are planned (`only`: those with these ids); says why it stopped early, if it did.

    Raises the first error that concerns the shop as a whole, after what was in flight is through; what was not sent
    stays planned.
    """
    outcomes = Outcomes(work)
    feed = Feed(work, outcomes, only=only)
    beating = asyncio.create_task(_beat(work))
    try:
        bulk = await BulkPart(work, feed).begin() if only is None else None
        post = Post(work.client, most=work.context.settings.max_concurrent, priority=PRIORITY[work.lane],
                    closed=lambda: work.ends)
        async with post, ReadBack(work) as readback:
            stopped = await _Sending(work, feed, Sender(work, outcomes, post, readback), readback, bulk).run()
        if stopped is None:
            await _look_again(work)
        return stopped
    finally:
        beating.cancel()


async def _beat(work: Work) -> None:
    """Tells other hosts that this one still writes, also while all requests wait for points; stops if it does not."""
    while True:
        await asyncio.sleep(BEAT_EVERY)
        with work.context.database.write() as connection:
            if not still_writing(connection, work.shop_id):
                work.stop.ask("another process took over the shop, because this one was silent for too long")
                return


async def _look_again(work: Work) -> None:
    """Reads the products whose compare-and-set failed: no search may ever show what changed in them, and the next diff
    decides by what they show now."""
    stale, work.stale[:] = sorted(set(work.stale)), []
    found = await read_by_ids(work.client, stale, known=known_links(work.context), location_id=work.shop.location_id,
                              listings=work.shop.listings)
    if stale:
        with work.context.database.write() as connection:
            keep(Snapshot(connection, work.shop_id), found)


class _Sending:
    """The chains in flight of one lane."""

    def __init__(self, work: Work, feed: Feed, sender: Sender, readback: ReadBack,
                 bulk: asyncio.Task[None] | None) -> None:
        self._work = work
        self._feed = feed
        self._sender = sender
        self._readback = readback
        self._bulk = bulk
        self._ready: deque[Chain] = deque()
        self._taken = asyncio.Event()
        self._running: dict[asyncio.Task[None], Chain] = {}
        self._ended: list[asyncio.Task[None]] = []
        self._items = 0
        self._news = asyncio.Event()
        readback.listen(self._news.set)
        self._failed: BaseException | None = None
        self._stopped: str | None = None
        progress = work.tally.progress
        # A batch of stock costs as much as any small mutation, however little its rows cost.
        self._cost = max(MUTATION, progress.estimate / progress.total if progress.total else MUTATION)

    async def run(self) -> str | None:
        """Takes chains from the feed and sends them."""
        # The next page is made ready while the last one is being sent.
        feeding = asyncio.create_task(self._fill())
        feeding.add_done_callback(lambda _: self._news.set())
        try:
            while self._failed is None:
                self._stopped = self._must_stop()
                if self._stopped is not None:
                    break
                self._start_what_is_ready()
                if feeding.done() and (feeding.exception() is not None or not self._ready):
                    self._failed = feeding.exception()
                    break
                self._hurry(fed=not self._ready and self._feed.idle)
                await self._for_news(LOOK_EVERY)
                self._look_at_bulk()
                self._reap()
                self._work.tally.report()
        finally:
            feeding.cancel()
            await self._let_end()
            await self._let_bulk_end()
            await asyncio.gather(feeding, return_exceptions=True)
        if self._failed is not None:
            raise self._failed
        return self._stopped

    async def _for_news(self, seconds: float) -> None:
        """Until a chain is ready or through, for so long at the most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def _look_at_bulk(self) -> None:
        if self._bulk is not None and self._bulk.done() and (error := self._bulk.exception()) is not None:
            self._failed = self._failed or error

    def _must_stop(self) -> str | None:
        return self._work.stop.why(self._work.tally.points)

    async def _fill(self) -> None:
        async for chain in self._feed.chains():
            self._ready.append(chain)
            self._news.set()
            while sum(chain.items for chain in self._ready) >= AHEAD:
                self._taken.clear()
                await self._taken.wait()

    def _start_what_is_ready(self) -> None:
        while self._ready and self._has_room():
            chain = self._ready.popleft()
            self._taken.set()
            task = asyncio.create_task(self._sender.send(chain))
            self._running[task] = chain
            self._items += chain.items
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._ended.append(task)
        self._news.set()

    def _has_room(self) -> bool:
        parked = self._readback.parked
        return (len(self._running) - parked < self._width() and parked < PARKED
                and self._items + self._ready[0].items <= max(UNDER_WAY, self._ready[0].items))

    def _hurry(self, *, fed: bool) -> None:
        """Reads back at once where nothing else could join what waits for it."""
        parked = self._readback.parked
        if parked and parked == len(self._running) and (fed or parked >= PARKED):
            self._readback.flush()

    def _width(self) -> int:
        """How many chains are worth having on their way side by side."""
        most = self._work.context.settings.max_concurrent
        together = 1 if self._work.lane is Lane.CREATION else TOGETHER
        return min(self._work.client.bucket.worth(self._cost), most * together, max(most, WIDEST))

    def _reap(self) -> None:
        ended, self._ended = self._ended, []
        for task in ended:
            chain = self._running.pop(task)
            self._items -= chain.items
            self._feed.done(chain)
            if not task.cancelled() and (error := task.exception()) is not None:
                self._failed = self._failed or error

    async def _let_end(self) -> None:
        """Lets what is in flight come to its end: however long it takes, or for `GRACE` seconds once it has to stop."""
        loop = asyncio.get_running_loop()
        until: float | None = None
        while self._running:
            if until is None and (self._failed is not None or self._must_stop() is not None):
                until = loop.time() + GRACE
            self._hurry(fed=True)
            left = LOOK_EVERY if until is None else min(LOOK_EVERY, until - loop.time())
            if left <= 0:
                self._stopped = self._must_stop()
                for task in self._running:
                    task.cancel()
                await asyncio.wait(self._running)
            else:
                await self._for_news(left)
            self._reap()
            self._work.tally.report()

    async def _let_bulk_end(self) -> None:
        """Lets bulk operations come to their end, or be called off within `GRACE` seconds; what then still runs at
        Shopify is adopted by the next push."""
        if self._bulk is None:
            return
        await asyncio.wait([self._bulk], timeout=GRACE)
        if not self._bulk.done():
            self._stopped = self._stopped or self._must_stop()
            self._bulk.cancel()
            await asyncio.wait([self._bulk])
        if not self._bulk.cancelled():
            self._look_at_bulk()
