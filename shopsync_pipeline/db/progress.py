"""How far each lane of each plan has got, as last reported by whoever sends it."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Connection, select

from shopsync_pipeline.core.progress import Progress
from shopsync_pipeline.db.rows import now, upsert
from shopsync_pipeline.db.schema import push_progress


def put_progress(connection: Connection, shop_id: str, progress: Progress) -> None:
    """Stores a lane's progress."""
    upsert(connection, push_progress, [{"shop_id": shop_id, **asdict(progress), "updated_at": now()}])


def progress_of(connection: Connection, plan_id: str) -> list[Progress]:
    """The progress of a plan's lanes."""
    rows = connection.execute(select(push_progress).where(push_progress.c.plan_id == plan_id)).mappings()
    return [Progress(**{name: row[name] for name in Progress.__slots__}) for row in rows]
