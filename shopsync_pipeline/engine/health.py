"""Whether the shop is served, in a sentence, and going on by a person's word. Asks only our database, never the shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shopsync_pipeline.core.breaker import Phase
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.health import breaker_of
from shopsync_pipeline.db.health import resume as resume_shop
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """`serves`: requests go. `paused`: the shop as a whole refused us; else it is only left alone after faults in a
    row. `says` is the sentence for people, with the way out; `probe_at` is when the next probe may go."""

    shop_id: str
    serves: bool
    paused: bool
    since: datetime | None
    probe_at: datetime | None
    says: str


def health_of(context: Context) -> HealthReport:
    """How the shop stands."""
    with context.database.read() as connection:
        breaker = breaker_of(connection, context.shop_id)
    return HealthReport(
        shop_id=context.shop_id, serves=breaker.phase is Phase.CLOSED, paused=breaker.paused, since=breaker.since,
        probe_at=breaker.probe_at, says=breaker.sentence(context.shop_id, now()))


def resume(context: Context, *, by: str, reason: str) -> HealthReport:
    """Lets the next request go as a probe, at once. Raises `ShopsyncError` where nothing holds requests back."""
    if health_of(context).serves:
        raise ShopsyncError(f"{context.shop_id} is neither paused nor left alone: requests go as usual, and there is "
                            "nothing to resume.")
    with context.database.write() as connection:
        resume_shop(connection, context.shop_id, by=by, reason=reason)
    return health_of(context)
