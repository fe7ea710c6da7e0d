"""When the catalog was seen to change, by group of fields: what `timestamp_based` compares with the store's times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from shopsync_pipeline.core.fields import Group
from shopsync_pipeline.db.history import ChangeKind
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.schema import catalog_change, catalog_import, catalog_product


def catalog_changed(connection: Connection, shop_id: str, keys: Iterable[str]) -> dict[str, dict[Group, datetime]]:
    """Product key → group → when an import last changed it.

    The kept imports say which groups each of them changed. A group that none of them names was changed before the
    first of them that changed the product at all, so that one's time is the latest that it can be.
    """
    found: dict[str, dict[Group, datetime]] = {}
    product, change, done = catalog_product.c, catalog_change.c, catalog_import.c
    instant = func.coalesce(done.finished_at, done.started_at, type_=done.started_at.type)
    for part in chunks(keys):
        rows = connection.execute(
            select(product.product_key, product.changed_at)
            .where(product.shop_id == shop_id, product.product_key.in_(part)))
        found.update({key: dict.fromkeys(Group, at) for key, at in rows})
        touched: set[str] = set()
        changes = connection.execute(
            select(change.product_key, change.kind, change.groups, instant)
            .select_from(catalog_change.join(
                catalog_import, and_(done.shop_id == change.shop_id, done.number == change.number)))
            .where(change.shop_id == shop_id, change.product_key.in_(part)).order_by(change.number))
        for key, kind, groups, at in changes:
            if key not in found:
                continue
            named = groups.strip(",").split(",") if kind == ChangeKind.CHANGED else [group.value for group in Group]
            if key not in touched:
                touched.add(key)
                found[key] = dict.fromkeys(Group, at)
            found[key].update({Group(name): at for name in named if name})
    return found
