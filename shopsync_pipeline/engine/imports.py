"""Imports on record, and what all that change the catalog share: one at a time, and no more history than is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from shopsync_pipeline.core.errors import CatalogError, DatabaseError, ShopBusyError
from shopsync_pipeline.db.feed_state import FeedState
from shopsync_pipeline.db.history import History
from shopsync_pipeline.db.imports import Import, ImportKind, Imports, ImportState
from shopsync_pipeline.db.quarantine import Quarantine, Quarantined
from shopsync_pipeline.db.shops import Written, still_writing, writing_to
from shopsync_pipeline.engine.context import Context

BEAT_EVERY = 10.0
"""Seconds between two signs of life of whoever changes the catalog; well below `db.shops.SILENT_AFTER`."""


@contextmanager
def catalog_held(context: Context, holder: str) -> Iterator[None]:
    """Holds the one right to change the catalog. Imports that died in the middle are put on record as failed.

    Raises `ShopBusyError` that names the other when somebody else is changing it.
    """
    with writing_to(context.database, context.shop_id, holder, Written.CATALOG), _beating(context):
        with context.database.write() as connection:
            Imports(connection, context.shop_id).fail_dead()
        yield


@contextmanager
def _beating(context: Context) -> Iterator[None]:
    """Tells other hosts that this one is alive, also while a large file is read for minutes."""
    ended = Event()

    def beat() -> None:
        while not ended.wait(BEAT_EVERY):
            # A beat that fails is tried again; whether we still hold the catalog is asked before it is changed.
            with suppress(DBAPIError, DatabaseError), context.database.write() as connection:
                still_writing(connection, context.shop_id, Written.CATALOG)

    thread = Thread(target=beat, name="catalog beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def require_held(connection: Connection, context: Context) -> None:
    """Raises `ShopBusyError` if somebody took us for dead and the catalog is no longer ours to change.

    From here to the end of the transaction nobody can take it.
    """
    if not still_writing(connection, context.shop_id, Written.CATALOG):
        raise ShopBusyError(
            f"This process was silent for so long that another one took over the catalog of {context.shop_id}. Nothing "
            "was changed; run it again."
        )


def tidy(connection: Connection, context: Context) -> None:
    """Deletes what imports replaced, and what they put into quarantine, beyond those that are kept."""
    imports, kept = Imports(connection, context.shop_id), context.settings.imports_kept
    current = imports.current()
    if current is not None and current.number is not None:
        until = current.number - kept
        History(connection, context.shop_id).forget(until)
        FeedState(connection, context.shop_id).forget(until)
        imports.forget_numbers(until)
    Quarantine(connection, context.shop_id).keep_only(imports.with_quarantine_kept(kept))


def recent_imports(context: Context, most: int = 20) -> list[Import]:
    """The last imports, newest first."""
    with context.database.read() as connection:
        return Imports(connection, context.shop_id).recent(most)


def one_import(context: Context, import_id: str | None = None) -> Import:
    """An import by id, or the one that the catalog stands on.

    Raises `CatalogError` for an id that this shop does not have, or before the first import.
    """
    with context.database.read() as connection:
        imports = Imports(connection, context.shop_id)
        found = imports.get(import_id) if import_id is not None else imports.current()
    if found is None:
        raise CatalogError(f"{context.shop_id} has no catalog yet. Materialize etilize/local_catalog first.")
    return found


def kept_number(context: Context, found: Import) -> int:
    """The number of an import whose changes are kept. Raises `CatalogError` that says why there is none."""
    if found.number is None:
        if found.state in (ImportState.SUPERSEDED, ImportState.ROLLED_BACK, ImportState.TAKEN):
            why = (f"what it changed is no longer kept: only the last {context.settings.imports_kept} imports are "
                   "(SYNC_IMPORTS_KEPT)")
        else:
            why = f"it is {found.state.value} and never became the catalog"
        raise CatalogError(f"Import {found.import_id} of {found.started_at:%Y-%m-%d %H:%M} changed nothing that can be "
                           f"looked at or undone: {why}.")
    return found.number


def approve_import(context: Context, import_id: str, *, by: str, reason: str) -> Import:
    """Allows the delivery of a refused or rolled back import to be taken; name and reason are kept.

    Raises `CatalogError` where there is nothing to approve.
    """
    if not by.strip() or not reason.strip():
        raise CatalogError("An approval needs a name and a reason; both are kept with the import.")
    with context.database.write() as connection:
        imports = Imports(connection, context.shop_id)
        found = imports.get(import_id)
        if found.kind is ImportKind.ROLLBACK or found.state not in (ImportState.REFUSED, ImportState.ROLLED_BACK):
            what = "a rollback" if found.kind is ImportKind.ROLLBACK else found.state.value
            raise CatalogError(f"Import {import_id} is {what}, so there is nothing to approve. Only a delivery that "
                               "was refused or rolled back can be approved.")
        imports.approve(import_id, by.strip(), reason.strip())
        return imports.get(import_id)


def quarantined_rows(context: Context, import_id: str | None, most: int | None, *, kind: str | None = None,
                     skip: int = 0) -> list[Quarantined]:
    """Rows of an import (`None`: the current one) that could not be used, with the reason, in file order.

    `most` of `None` gives all. A rollback shows those of the import that it went back to. Raises `CatalogError` for an
    id that this shop does not have.
    """
    with context.database.read() as connection:
        imports = Imports(connection, context.shop_id)
        found = imports.get(import_id) if import_id is not None else imports.current()
        while found is not None and found.restores is not None:
            found = imports.get(found.restores)
        if found is None:
            return []
        return Quarantine(connection, context.shop_id).of(found.import_id, kind, skip=skip, most=most)


def quarantine_kinds(context: Context, import_id: str | None) -> dict[str, int]:
    """Kind → quarantined rows that are kept of an import (`None`: the current one)."""
    found = one_import(context, import_id)
    with context.database.read() as connection:
        return Quarantine(connection, context.shop_id).kinds(found.restores or found.import_id)
