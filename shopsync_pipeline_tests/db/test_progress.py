"""The progress of a push as stored: one row a lane, the last report counts."""

from __future__ import annotations

from dataclasses import replace

from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.progress import progress_of, put_progress
from shopsync_pipeline_tests.db.samples import SHOP


def test_the_progress_of_each_lane_is_its_last_report(database: Database) -> None:
    stock = Progress(plan_id="p", lane="stock", run_id="r", total=10)
    content = Progress(plan_id="p", lane="content", run_id=None, total=5, confirmed=2, failed=1, set_aside=1,
                       points=42.5, throttled=3, seconds=1.5, finished=True)
    with database.write() as connection:
        put_progress(connection, SHOP, stock)
        put_progress(connection, SHOP, content)
        put_progress(connection, SHOP, replace(stock, plan_id="q"))
        put_progress(connection, SHOP, replace(stock, confirmed=10, finished=True))
        assert sorted(progress_of(connection, "p"), key=lambda one: one.lane) == [
            content, replace(stock, confirmed=10, finished=True)]
        assert progress_of(connection, "unknown") == []
