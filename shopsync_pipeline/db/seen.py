"""When the catalog was seen to change, by group of fields: what `timestamp_based` compares with the store's times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from shopsync_pipeline.core.fields import Group
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.schema import catalog_product


def catalog_changed(connection: Connection, shop_id: str, keys: Iterable[str]) -> dict[str, dict[Group, datetime]]:
    """Product key → group → when an import last changed it.

    The import's time is known for the product as a whole, so every group has it: the latest that it can be.
    """
    found: dict[str, dict[Group, datetime]] = {}
    for part in chunks(keys):
        rows = connection.execute(
            select(catalog_product.c.product_key, catalog_product.c.changed_at)
            .where(catalog_product.c.shop_id == shop_id, catalog_product.c.product_key.in_(part))
        )
        found.update({key: dict.fromkeys(Group, instant) for key, instant in rows})
    return found
