"""The bulk part of a lane: its last items go by bulk operations while the first go directly, where that ends sooner.

Lines of a bulk operation run minutes after their products were looked at. So by itself only what cannot overwrite an
edit goes that way; updates do where the operator accepts that age (SYNC_REREAD_AFTER), or with SYNC_BULK=always.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from shopsync_pipeline.core.bulk import Bulk, seconds_of_bulk
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.engine.bulk_lane import BulkSender
from shopsync_pipeline.engine.push.feed import Feed
from shopsync_pipeline.engine.push.work import Work, ids

CHUNK = 10_000
"""Items that are handed over together, so that memory stays flat however long the lane is."""

FEWEST = 50
"""Items below which bulk is not worth its start."""

LOOK_EVERY = 0.25
"""Seconds after which a running operation is asked whether the push has to stop."""

OVERWRITES_NOTHING = frozenset({Operation.PRODUCT_CREATE, Operation.PUBLISH, Operation.UNPUBLISH,
                                Operation.INVENTORY_SET})
"""What makes something new, sets what only we set, or compares before it sets."""


class BulkPart:
    """Sends the end of a lane by bulk operations. `feed` gives the rest, and leaves alone what is claimed here."""

    def __init__(self, work: Work, feed: Feed) -> None:
        self._work = work
        self._feed = feed
        self._sender = BulkSender(work.context, work.client, work.shop, work.plan_id, work.run_id,
                                  on_outcome=work.tally.count)

    async def begin(self) -> asyncio.Task[None] | None:
        """Claims the first items and begins to send them; `None` where nothing goes by bulk."""
        claimed = await self._claim()
        return asyncio.create_task(self._run(claimed)) if claimed else None

    async def _run(self, claimed: list[PlanItem]) -> None:
        while claimed:
            back: Sequence[PlanItem] = ()
            try:
                back = await self._send(await self._feed.fit(claimed))
            finally:
                # The feed may have been through the whole lane while they were on their way.
                self._work.again.extend(ids(back))
                self._feed.release({item.product_key for item in claimed})
            claimed = [] if back or self._work.ends else await self._claim()

    async def _send(self, items: Sequence[PlanItem]) -> Sequence[PlanItem]:
        """Sends items; those that have to go directly after all are planned again, and returned."""
        if not items:
            return ()
        sending = asyncio.create_task(self._sender.run(items))
        called_off = False
        try:
            while not sending.done():
                await asyncio.wait([sending], timeout=LOOK_EVERY)
                if self._work.ends and not called_off:
                    called_off = True
                    await self._sender.cancel()
        finally:
            sending.cancel()
        return sending.result()

    async def _claim(self) -> list[PlanItem]:
        """The next items that go by bulk, kept from the feed; none where no more should."""
        planned = await asyncio.to_thread(self._planned) if self._sender.usable else {}
        for operation, (count, cost) in planned.items():
            share = self._sender.share(operation, count, cost)
            if not share or not self._may(operation, share):
                continue
            items = await asyncio.to_thread(self._last, operation, min(share, CHUNK))
            claimed = self._feed.claim(items)
            if claimed:
                return claimed
        return []

    def _may(self, operation: Operation, share: int) -> bool:
        settings = self._work.context.settings
        if settings.bulk is Bulk.ALWAYS:
            return True
        return share >= FEWEST and (operation in OVERWRITES_NOTHING or self._fresh_enough(operation, share))

    def _fresh_enough(self, operation: Operation, share: int) -> bool:
        settings = self._work.context.settings
        return seconds_of_bulk(share, self._sender.speed(operation)) <= settings.reread_after

    def _planned(self) -> dict[Operation, tuple[int, float]]:
        work = self._work
        with work.context.database.read() as connection:
            return Plans(connection, work.shop_id).planned(work.plan_id, work.lane)

    def _last(self, operation: Operation, most: int) -> list[PlanItem]:
        work = self._work
        with work.context.database.read() as connection:
            return Plans(connection, work.shop_id).last(work.plan_id, work.lane, operation, most)
