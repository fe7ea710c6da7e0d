"""The shops that this database serves, and who is writing to each at the moment."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, delete, select, update

from shopsync_pipeline.core.errors import ShopBusyError
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.rows import insert_absent, new_id, now, upsert
from shopsync_pipeline.db.schema import shop, writer_lock

SILENT_AFTER = timedelta(seconds=90)
"""A writer on another host that was not seen for this long is taken for dead; a living one reports far more often."""


class Written(StrEnum):
    """What a writer holds: the `shop` itself, or our `catalog` of it. Neither waits for the other."""

    SHOP = "shop"
    CATALOG = "catalog"


_IN_WORDS = {
    Written.SHOP: "{shop} is being written to by", Written.CATALOG: "The catalog of {shop} is being changed by",
}

TOKEN = new_id()
"""Tells this process from an earlier one that had the same number (a container's first process always has)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownShop:
    """A shop as it last described itself. `restore_rate` is in points per second, `bucket_size` in points."""

    shop_id: str
    name: str
    currency: str
    location_id: str
    location_name: str
    restore_rate: float | None = None
    bucket_size: float | None = None


def remember_shop(connection: Connection, known: KnownShop) -> None:
    """Stores what a shop said about itself."""
    upsert(connection, shop, [{**asdict(known), "described_at": now()}])


def known_shop(connection: Connection, shop_id: str) -> KnownShop | None:
    """What a shop last said about itself, `None` before it was first reached."""
    row = connection.execute(select(shop).where(shop.c.shop_id == shop_id)).mappings().first()
    if row is None:
        return None
    return KnownShop(**{name: row[name] for name in KnownShop.__slots__})


@contextmanager
def writing_to(database: Database, shop_id: str, holder: str, what: Written = Written.SHOP) -> Iterator[None]:
    """Holds the one right to write to a shop, or to its catalog, across processes and hosts.

    A holder that died is replaced at once when it ran on this host, else after `SILENT_AFTER`. Raises `ShopBusyError`
    that names the holder when somebody else is writing.
    """
    with database.write() as connection:
        mine = {
            "shop_id": shop_id, "what": what.value, "holder": holder, "host": socket.gethostname(),
            "process": os.getpid(), "token": TOKEN, "taken_at": now(), "seen_at": now(),
        }
        while not insert_absent(connection, writer_lock, mine):
            row = connection.execute(
                select(writer_lock).where(writer_lock.c.shop_id == shop_id, writer_lock.c.what == what.value)
                .with_for_update()
            ).mappings().first()
            if row is None:
                continue  # Let go between the two statements; a rival may be as quick as we are.
            if _alive(row["host"], row["process"], row["token"], row["seen_at"]):
                raise ShopBusyError(
                    f"{_IN_WORDS[what].format(shop=shop_id)} {row['holder']} (process {row['process']} on "
                    f"{row['host']}, since {row['taken_at']:%H:%M:%S} UTC). Wait for it to end, or terminate that run."
                )
            upsert(connection, writer_lock, [mine])
            break
    try:
        yield
    finally:
        with database.write() as connection:
            connection.execute(delete(writer_lock).where(*_mine(shop_id, what)))


def still_writing(connection: Connection, shop_id: str, what: Written = Written.SHOP) -> bool:
    """Tells other hosts that this process still holds the shop; says whether it does.

    Asked within a transaction, the answer holds until its end: nobody can take the right over meanwhile.
    """
    beat = update(writer_lock).where(*_mine(shop_id, what)).values(seen_at=now())
    return connection.execute(beat).rowcount == 1


def _mine(shop_id: str, what: Written) -> tuple[ColumnElement[bool], ...]:
    return writer_lock.c.shop_id == shop_id, writer_lock.c.what == what.value, writer_lock.c.token == TOKEN


def _alive(host: str, process: int, token: str, seen_at: datetime) -> bool:
    if host != socket.gethostname():
        return now() - seen_at < SILENT_AFTER
    if process == os.getpid():
        return token == TOKEN
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
