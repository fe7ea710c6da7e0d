"""The shared account of a shop's points: one row, locked for each exchange, and a row for each process with a lease.

Instants are the database's own on PostgreSQL, because the clocks of several hosts differ; a SQLite file has one host.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, func, select, update

from shopsync_pipeline.core.points import Account, Grant, Holder, Report, exchange
from shopsync_pipeline.db.rows import insert_absent, now, upsert
from shopsync_pipeline.db.schema import points_holder, shop_points


def exchange_points(connection: Connection, shop_id: str, report: Report) -> Grant:
    """Takes a process's report and gives it a lease, under the lock of the shop's row. One short transaction."""
    found = select(shop_points).where(shop_points.c.shop_id == shop_id).with_for_update()
    if connection.execute(found).first() is None:
        insert_absent(connection, shop_points, {"shop_id": shop_id, "level": 0.0, "spent": 0.0, "counted_at": now()})
        connection.execute(found)
    # Read under the lock only: an instant from before it may lie before the last exchange.
    before = account_of(connection, shop_id)
    instant = _instant(connection)
    after, grant = exchange(before, report, instant.timestamp())
    connection.execute(update(shop_points).where(shop_points.c.shop_id == shop_id).values(
        maximum=after.maximum, restore_rate=after.restore_rate, level=after.level, spent=after.spent,
        counted_at=instant))
    gone = [holder for holder in before.holders if holder not in after.holders]
    if gone:
        connection.execute(delete(points_holder).where(points_holder.c.shop_id == shop_id,
                                                       points_holder.c.holder.in_(gone)))
    mine = after.holders.get(report.holder)
    if mine is not None:
        upsert(connection, points_holder, [{
            "shop_id": shop_id, "holder": report.holder, "held": mine.held, "seen_at": instant,
            "waiting_since": None if mine.waiting_since is None else datetime.fromtimestamp(mine.waiting_since, UTC)}])
    return grant


def account_of(connection: Connection, shop_id: str) -> Account:
    """The account as it was last written; an empty one for a shop that nobody has talked to."""
    row = connection.execute(select(shop_points).where(shop_points.c.shop_id == shop_id)).first()
    if row is None:
        return Account()
    holders = {
        one.holder: Holder(one.held, one.seen_at.timestamp(),
                           None if one.waiting_since is None else one.waiting_since.timestamp())
        for one in connection.execute(select(points_holder).where(points_holder.c.shop_id == shop_id))
    }
    return Account(row.maximum, row.restore_rate, row.level, row.counted_at.timestamp(), row.spent, holders)


def _instant(connection: Connection) -> datetime:
    if connection.dialect.name == "postgresql":
        instant: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return instant
    return now()
