"""Rollback: the catalog becomes what it was after an earlier import, as a new import that can itself be undone."""

from __future__ import annotations

import time
from dataclasses import dataclass

from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.db.feed_state import FeedState
from shopsync_pipeline.db.history import History
from shopsync_pipeline.db.imports import Import, Imports, ImportState, Switch
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import catalog_held, kept_number, require_held, tidy


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackReport:
    """What a rollback did: its own import, the one that it went back to, and what it changed."""

    import_id: str
    restored: Import
    switch: Switch
    seconds: float


def roll_back(context: Context, import_id: str, *, by: str, reason: str) -> RollbackReport:
    """Makes the catalog what it was after an import. The deliveries that this undoes are not taken again unless a
    person approves them.

    Raises `CatalogError` where there is no way back, and `ShopBusyError` while another process changes the catalog.
    """
    started = time.monotonic()
    by, reason = by.strip(), reason.strip()
    if not by or not reason:
        raise CatalogError("A rollback needs a name and a reason; both are kept with the imports that it undoes.")
    with catalog_held(context, f"a rollback by {by}"), context.database.write() as connection:
        require_held(connection, context)
        imports = Imports(connection, context.shop_id)
        target = imports.get(import_id)
        if target.state is ImportState.CURRENT:
            raise CatalogError(f"Import {import_id} is what the catalog stands on, so there is nothing to roll back. "
                               "`shopsync catalog imports` shows those before it.")
        to = kept_number(context, target)
        made = imports.start_rollback(target, by, reason)
        imports.undo(to, target, by, reason)
        number = imports.number(made)
        switch = History(connection, context.shop_id).go_back(to, number)
        FeedState(connection, context.shop_id).go_back(to, number)
        imports.make_current(made, switch)
        tidy(connection, context)
    return RollbackReport(import_id=made, restored=target, switch=switch, seconds=time.monotonic() - started)
