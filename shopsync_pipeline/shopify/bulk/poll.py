"""Waits for a bulk operation to end: asks rarely while it is far from its end and often when it is near.

A webhook that tells the end is not guaranteed to come, so asking is the way; a question costs one point.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shopsync_pipeline.shopify.bulk.faults import BulkFault, BulkStalled
from shopsync_pipeline.shopify.client import ShopifyClient

POLL_COST = 1.0
"""Points of `bulkOperation(id:)`."""
SHORTEST_PAUSE = 0.2
"""Seconds between two questions at the least."""
LONGEST_PAUSE = 10.0
"""Seconds between two questions at the most."""
_SHARE = 0.15
"""A pause is this share of the time waited so far: so much later than it could have been is an end noticed at most."""


class BulkStatus(StrEnum):
    """Where a bulk operation stands, in Shopify's words. COMPLETED does not say that every line of it succeeded."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in (BulkStatus.CREATED, BulkStatus.RUNNING, BulkStatus.CANCELING)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkOperation:
    """A bulk operation as Shopify last told of it.

    `object_count`: lines of the result so far; `file_size`: bytes of the whole result, uncompressed. `url`: the result
    file, `None` while it runs and where it has no lines; `partial_url`: what a failed one had written. Both links are
    open to whoever has them, for seven days. `error_code`: ACCESS_DENIED, INTERNAL_SERVER_ERROR or TIMEOUT.
    """

    id: str
    status: BulkStatus
    error_code: str | None
    object_count: int
    file_size: int | None
    url: str | None
    partial_url: str | None
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def from_node(cls, node: Mapping[str, Any]) -> BulkOperation:
        """Reads the fragment `ReadBulkOperation`; its counters are texts (UnsignedInt64)."""
        size, completed = node["fileSize"], node["completedAt"]
        return cls(
            id=str(node["id"]), status=BulkStatus(node["status"]), error_code=node["errorCode"],
            object_count=int(node["objectCount"]), file_size=None if size is None else int(size), url=node["url"],
            partial_url=node["partialDataUrl"], created_at=datetime.fromisoformat(node["createdAt"]),
            completed_at=None if completed is None else datetime.fromisoformat(completed),
        )

    def __repr__(self) -> str:
        # The links open the shop's data to whoever has them, so they stay out of logs and errors.
        return f"BulkOperation({self.id!r}, {self.status.value}, {self.object_count} objects, {self.error_code})"


async def look_at(client: ShopifyClient, operation_id: str) -> BulkOperation:
    """How a bulk operation stands now. Raises `BulkFault` for one that Shopify does not know, and what `query`
    raises."""
    answer = await client.query("bulk_operation", {"id": operation_id}, cost=POLL_COST)
    node = answer.data["bulkOperation"]
    if node is None:
        raise BulkFault(f"Shop {client.host} knows no bulk operation {operation_id}: another app started it, or it is "
                        "long gone. Start it again.")
    return BulkOperation.from_node(node)


async def wait_for(client: ShopifyClient, operation_id: str, *, patience: float, expected_objects: int | None = None,
                   on_poll: Callable[[BulkOperation], None] | None = None) -> BulkOperation:
    """The operation once it has ended, however it ended.

    `patience`: seconds for which it may show no progress; then `BulkStalled` is raised, and it may go on running. With
    `expected_objects`, the lines that the result will have, its end is foreseen and asked for in time. `on_poll` is
    told each state, the last one too. Raises what `look_at` raises.
    """
    started = progressed = time.monotonic()
    last: tuple[BulkStatus, int] | None = None
    while True:
        operation = await look_at(client, operation_id)
        now = time.monotonic()
        if on_poll is not None:
            on_poll(operation)
        if operation.status.ended:
            return operation
        if last != (operation.status, operation.object_count):
            last, progressed = (operation.status, operation.object_count), now
        if now - progressed >= patience:
            raise BulkStalled(
                f"Bulk operation {operation_id} in shop {client.host} is {operation.status.value} with "
                f"{operation.object_count:,} objects and has not moved for {now - progressed:.0f} s. It may still end; "
                "look at https://www.shopifystatus.com, then run this again."
            )
        pause = pause_before_next(now - started, done=operation.object_count, of=expected_objects)
        await asyncio.sleep(min(pause, max(SHORTEST_PAUSE, patience - (now - progressed))))


def pause_before_next(elapsed: float, *, done: int = 0, of: int | None = None) -> float:
    """Seconds until the next question, `elapsed` seconds into the waiting, with `done` lines `of` so many expected.

    Half the time that the rest will take where that can be foreseen, and in any case a share of the time waited.
    """
    pause = elapsed * _SHARE
    if of is not None and 0 < done < of:
        pause = min(pause, elapsed * (of - done) / done / 2)
    elif of is not None and done >= of:
        pause = SHORTEST_PAUSE
    return min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)
