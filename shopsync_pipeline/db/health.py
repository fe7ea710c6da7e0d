"""Whether a shop serves us, as one row that all processes share: what the breaker and its pauses are kept in.

Faults in a row are not kept: each process counts its own, and writes only when the shop is to be left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from shopsync_pipeline.core.breaker import Breaker, Phase
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.rows import insert_absent, now
from shopsync_pipeline.db.schema import shop_health


class ShopHealth:
    """The shared state of one shop; a `core.breaker.Health`."""

    def __init__(self, database: Database, shop_id: str) -> None:
        self._database = database
        self._shop_id = shop_id

    def read(self) -> Breaker:
        """The state now; a shop that was never in trouble has no row and is served."""
        with self._database.read() as connection:
            return breaker_of(connection, self._shop_id)

    def change(self, step: Callable[[Breaker], Breaker]) -> Breaker:
        """Replaces the state by `step` of it. Others wait meanwhile, so of two that claim the probe one gets it."""
        with self._database.write() as connection:
            return change(connection, self._shop_id, step)


def breaker_of(connection: Connection, shop_id: str) -> Breaker:
    """The state of a shop."""
    row = connection.execute(select(shop_health).where(shop_health.c.shop_id == shop_id)).mappings().first()
    return Breaker() if row is None else _breaker(row)


def change(connection: Connection, shop_id: str, step: Callable[[Breaker], Breaker]) -> Breaker:
    """Replaces the state of a shop by `step` of it, in the caller's transaction; returns the new one."""
    asked = select(shop_health).where(shop_health.c.shop_id == shop_id).with_for_update()
    row = connection.execute(asked).mappings().first()
    if row is None:
        # Two may be the first at once; then the second finds the first's row.
        insert_absent(connection, shop_health, {"shop_id": shop_id, **_values(Breaker())})
        row = connection.execute(asked).mappings().one()
    before = _breaker(row)
    after = replace(step(before), faults=())
    if after != before:
        connection.execute(update(shop_health).where(shop_health.c.shop_id == shop_id).values(**_values(after)))
    return after


def resume(connection: Connection, shop_id: str, *, by: str, reason: str) -> Breaker:
    """Lets the next request to a shop go as a probe; who said so, when and why is kept. Returns the new state."""
    after = change(connection, shop_id, lambda before: before.resumed(now()))
    connection.execute(update(shop_health).where(shop_health.c.shop_id == shop_id).values(
        resumed_by=by, resumed_for=reason, resumed_at=now()))
    return after


def _values(breaker: Breaker) -> dict[str, Any]:
    return {
        "phase": breaker.phase.value, "paused": breaker.paused, "why": breaker.why, "since": breaker.since,
        "rest_seconds": breaker.rest.total_seconds(), "probe_at": breaker.probe_at, "prober": breaker.prober,
        "changed_at": now(),
    }


def _breaker(row: Mapping[Any, Any]) -> Breaker:
    return Breaker(phase=Phase(row["phase"]), paused=row["paused"], why=row["why"], since=row["since"],
                   rest=timedelta(seconds=row["rest_seconds"]), probe_at=row["probe_at"], prober=row["prober"])
