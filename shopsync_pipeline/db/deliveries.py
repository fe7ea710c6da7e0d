"""Files of deliveries that were looked at: what each was found to hold, so that an unchanged one is not read again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, select

from shopsync_pipeline.db.rows import now, upsert
from shopsync_pipeline.db.schema import delivery_file

FORGOTTEN_AFTER = timedelta(days=60)
"""A file that was not seen for this long has gone; what it held is no longer remembered."""


class Deliveries:
    """The files that one shop's deliveries were made of, over one open transaction."""

    def __init__(self, connection: Connection, shop_id: str) -> None:
        """Binds the repository to a transaction and a shop."""
        self._connection = connection
        self._shop = shop_id

    def recall(self, file: str, size: int, mtime_ns: int) -> str | None:
        """The text remembered of a file that still has the same size in bytes and time in nanoseconds."""
        return self._connection.execute(select(delivery_file.c.surveys).where(
            delivery_file.c.shop_id == self._shop, delivery_file.c.file == file, delivery_file.c.size == size,
            delivery_file.c.mtime_ns == mtime_ns,
        )).scalar_one_or_none()

    def remember(self, file: str, size: int, mtime_ns: int, surveys: str) -> None:
        """Remembers a text about a file as it is now, instead of what was known of it; forgets files long gone."""
        instant = now()
        upsert(self._connection, delivery_file, [{
            "shop_id": self._shop, "file": file, "size": size, "mtime_ns": mtime_ns, "surveys": surveys,
            "seen_at": instant,
        }])
        self._connection.execute(delete(delivery_file).where(
            delivery_file.c.shop_id == self._shop, delivery_file.c.seen_at < instant - FORGOTTEN_AFTER))

    def seen(self, file: str) -> None:
        """Notes that a file was met again unchanged."""
        self._connection.execute(delivery_file.update().where(
            delivery_file.c.shop_id == self._shop, delivery_file.c.file == file).values(seen_at=now()))
