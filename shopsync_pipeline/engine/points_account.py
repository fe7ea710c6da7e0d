"""The account of a shop's points in our database, which all processes share; learned costs are stored along with it."""

from __future__ import annotations

import asyncio
import time

from sqlalchemy.exc import SQLAlchemyError

from shopsync_pipeline.core.errors import DatabaseError
from shopsync_pipeline.core.learned import CostMemory, Learned
from shopsync_pipeline.core.points import Grant, Report
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.learned import remember_costs
from shopsync_pipeline.db.points import exchange_points

SAVE_EVERY = 30.0
"""Seconds between two times that learned costs are stored while requests go on."""


class PointsAccount:
    """The account as `engine.points.SharedPoints` asks for it."""

    def __init__(self, database: Database, shop_id: str, costs: CostMemory) -> None:
        self._database = database
        self._shop = shop_id
        self._costs = costs
        self._saved_at = time.monotonic()

    async def exchange(self, report: Report) -> Grant:
        """One exchange, in a thread. Raises `DatabaseError` when the database does not answer."""
        learned: dict[str, Learned] = {}
        if report.want == 0 or time.monotonic() - self._saved_at > SAVE_EVERY:
            learned, self._saved_at = self._costs.take_changed(), time.monotonic()
        return await asyncio.to_thread(self._exchanged, report, learned)

    def _exchanged(self, report: Report, learned: dict[str, Learned]) -> Grant:
        try:
            with self._database.write() as connection:
                grant = exchange_points(connection, self._shop, report)
                remember_costs(connection, self._shop, learned)
                return grant
        except SQLAlchemyError as error:
            raise DatabaseError(
                f"The points of {self._shop}, which all processes share, could not be reckoned with "
                f"({type(error).__name__}). Check that the database answers (shopsync doctor), and run again."
            ) from error
