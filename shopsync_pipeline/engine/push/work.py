"""What all parts of one lane's push share: where it writes to, what it pushes, and the count of what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.group_commit import GroupCommit
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.db.progress import put_progress
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.push.stop import Stop
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.shop import Shop

REPORT_EVERY = 1.0
"""Seconds between two reports of progress."""

OnProgress = Callable[[Progress], None]


class Tally:
    """Counts what became of a lane's items, and reports it: to our database, and to who asked."""

    def __init__(self, context: Context, client: ShopifyClient, progress: Progress,
                 on_progress: OnProgress | None) -> None:
        self._context = context
        self._client = client
        self._on_progress = on_progress
        self._started = time.monotonic()
        self._reported = 0.0
        self.progress = replace(progress, restore_rate=client.bucket.restore_rate or 0.0,
                                bucket=round(client.bucket.available or 0.0, 1))

    @property
    def points(self) -> float:
        """Points charged since the lane began."""
        return self._client.bucket.spent

    def count(self, items: Sequence[PlanItem], state: ItemState) -> None:
        """Counts items that ended in a state."""
        now = self.progress
        self.progress = replace(
            now, confirmed=now.confirmed + len(items) * (state is ItemState.CONFIRMED),
            failed=now.failed + len(items) * (state is ItemState.REJECTED),
            set_aside=now.set_aside + len(items) * (state is ItemState.STALE),
        )

    def report(self, *, force: bool = False, finished: bool = False, stopped: str | None = None) -> Progress:
        """Reports, at most every `REPORT_EVERY` seconds unless forced."""
        instant = time.monotonic()
        if not force and instant - self._reported < REPORT_EVERY:
            return self.progress
        self._reported = instant
        self.progress = replace(
            self.progress, points=round(self.points, 1), throttled=self._client.bucket.throttled,
            seconds=round(instant - self._started, 2), finished=finished, stopped=stopped,
        )
        with self._context.database.write() as connection:
            put_progress(connection, self._context.shop_id, self.progress)
        if self._on_progress is not None:
            self._on_progress(self.progress)
        return self.progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One lane of one plan being pushed to one shop."""

    context: Context
    client: ShopifyClient
    shop: Shop
    plan_id: str
    lane: Lane
    run_id: str | None
    commit: GroupCommit
    tally: Tally
    stop: Stop
    stale: list[str] = field(default_factory=list)
    """Ids of products that a compare-and-set found to be other than the plan took them for."""
    tries: dict[str, int] = field(default_factory=dict)
    """Item id → how often its answer was lost and reading showed no effect."""
    again: list[str] = field(default_factory=list)
    """Ids of such items that are planned again since the feed last looked."""
    held: list[str] = field(default_factory=list)
    """Why the rest of the lane is held, if it is."""

    failed: list[str] = field(default_factory=list)
    """What concerns the shop as a whole and ended the push."""

    @property
    def ends(self) -> bool:
        """Whether nothing more may be sent."""
        return bool(self.held or self.failed) or self.stop.why(self.tally.points) is not None

    @property
    def shop_id(self) -> str:
        """How the shop's rows are marked."""
        return self.context.shop_id


def ids(items: Iterable[PlanItem]) -> list[str]:
    """The ids of items."""
    return [item.item_id for item in items]
