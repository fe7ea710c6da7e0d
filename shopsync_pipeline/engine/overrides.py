"""Overrides: what of the store stands in for the catalog's own values; shown, and taken away on request."""

from __future__ import annotations

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.overrides import Overrides, StoredOverride
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.names import keys_of
from shopsync_pipeline.engine.rules import path_named


def list_overrides(context: Context, product: str | None = None) -> list[StoredOverride]:
    """All overrides, or those of one product. Raises `ShopsyncError` for a product that the catalog does not have."""
    key = keys_of(context, [product])[0] if product else None
    with context.database.read() as connection:
        return Overrides(connection, context.shop_id).all(key)


def remove_override(context: Context, product: str, field: str) -> None:
    """Takes an override away; the next diff plans the catalog's own value again. Raises `ShopsyncError` for one that
    there is not."""
    (key,) = keys_of(context, [product])
    path = path_named(field, product)
    with context.database.write() as connection:
        if not Overrides(connection, context.shop_id).remove([(key, path)]):
            raise ShopsyncError(f"{product} has no override of {field}. `shopsync overrides list` shows those there "
                                "are.")
        BaseStore(connection, context.shop_id).look_again([key])
