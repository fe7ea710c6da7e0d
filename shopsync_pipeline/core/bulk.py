"""How much of a lane goes by bulk operation: as much as lets the bulk way and the direct way end at the same time.

Pure. Bulk operations spend no points but take long to begin; direct mutations begin at once and are paced by points.
How fast a shop's operations are is published nowhere, so it is measured, remembered and smoothed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Bulk(StrEnum):
    """Whether a push uses bulk operations: where they end sooner, not at all, or for all that can go that way."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


MOST_AT_ONCE = 5
"""Bulk mutations that an app may have running in a shop at once (Shopify docs, "Bulk operations", since 2026-01)."""

FEWEST_LINES = 100
"""Lines below which a lane is not divided over more operations. A guess: with fewer, beginning outweighs running."""

NEWEST_WEIGHT = 0.4
"""How much the newest measurement counts against what was remembered: shops have busy hours, so not all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSpeed:
    """How fast a shop runs one document in bulk.

    `start_seconds`: from the beginning of the upload until the first line runs. `items_per_second`: lines that all
    operations together run, `MOST_AT_ONCE` of them at once where there are lines enough. `at`: when it was measured.
    """

    start_seconds: float
    items_per_second: float
    at: datetime


UNMEASURED = BulkSpeed(start_seconds=30.0, items_per_second=10.0, at=datetime.min.replace(tzinfo=UTC))
"""What is taken before the first measurement. A guess on the slow side, so that the direct way is not left too little:
Shopify publishes neither figure. The first operation replaces it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of an operation: `done` lines, so many `seconds` after its upload began."""

    seconds: float
    done: int


def share_of_bulk(n: int, cost: float, restore_rate: float, bucket: float, speed: BulkSpeed | None) -> int:
    """How many of `n` items should go by bulk, the others directly at the same time, so that all is done soonest.

    `cost`: points of one item sent directly; `restore_rate`: points per second that this lane may spend; `bucket`:
    points at hand; `speed`: as measured, `None` before the first measurement. Of splits that end equally soon, the one
    with the fewest items in bulk. By bulk alone against directly alone, bulk wins from
    n > start / (cost / restore_rate - 1 / items_per_second).
    """
    known = speed or UNMEASURED
    if n <= 0 or cost <= 0 or restore_rate <= 0:
        return 0
    # Both ways' times are monotone in the split, so the first split at which bulk is the later one is found by halving.
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if seconds_of_bulk(middle, known) >= seconds_direct(n - middle, cost, restore_rate, bucket):
            high = middle
        else:
            low = middle + 1
    if low == 0:
        return 0
    before = max(seconds_of_bulk(low - 1, known), seconds_direct(n - low + 1, cost, restore_rate, bucket))
    there = max(seconds_of_bulk(low, known), seconds_direct(n - low, cost, restore_rate, bucket))
    return low - 1 if before <= there else low


def seconds_direct(items: int, cost: float, restore_rate: float, bucket: float) -> float:
    """How long points keep `items` mutations of `cost` points waiting, with `bucket` points at hand."""
    return max(0.0, items * cost - bucket) / restore_rate


def seconds_of_bulk(items: int, speed: BulkSpeed) -> float:
    """How long `items` lines take; no operation is started for none."""
    return speed.start_seconds + items / speed.items_per_second if items > 0 else 0.0


def lines_per_shard(n: int) -> int:
    """Lines of each of the shards that `n` items of one document are divided into, to run at once."""
    shards = max(1, min(MOST_AT_ONCE, n // FEWEST_LINES))
    return -(-n // shards)


def measured(sightings: Sequence[Sighting], at: datetime, *, at_once: int = 1) -> BulkSpeed | None:
    """What one operation's sightings tell of the shop's speed; `None` where they tell nothing.

    They are in the order of time, the last one of the end. `at_once`: operations of the lane that ran beside each
    other, so that the lane's rate is this many times one operation's. An operation that ended between two looks tells
    the time of both parts together; it then counts wholly as the start, and the rate as at least so high.
    """
    running = [seen for seen in sightings if seen.done > 0]
    if not running or running[-1].seconds <= 0:
        return None
    first, last = running[0], running[-1]
    if last.done > first.done and last.seconds > first.seconds:
        rate = (last.done - first.done) / (last.seconds - first.seconds)
        return BulkSpeed(start_seconds=max(0.0, first.seconds - first.done / rate), items_per_second=rate * at_once,
                         at=at)
    return BulkSpeed(start_seconds=first.seconds, items_per_second=first.done / first.seconds * at_once, at=at)


def smoothed(before: BulkSpeed | None, newest: BulkSpeed) -> BulkSpeed:
    """What to remember after another measurement. Seconds are averaged, for a rate those of one item."""
    if before is None:
        return newest
    kept = 1 - NEWEST_WEIGHT
    return BulkSpeed(
        start_seconds=kept * before.start_seconds + NEWEST_WEIGHT * newest.start_seconds,
        items_per_second=1 / (kept / before.items_per_second + NEWEST_WEIGHT / newest.items_per_second),
        at=newest.at,
    )
