"""Ingest: a delivery becomes the current catalog, in one transaction, or leaves the one before as it was.

It is read and judged first, with its rows kept aside; only what differs is then written, in seconds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_pipeline.catalog import Delivery, QuarantinedRow, Reading, SourceFile, find_delivery, read
from shopsync_pipeline.catalog.delivery import FEED
from shopsync_pipeline.core.errors import CatalogError, DeliveryRefusedError, in_words
from shopsync_pipeline.core.fields import digests, flatten
from shopsync_pipeline.core.guards import FileFacts, Read, Verdict, judge
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.imports import Import, Imports, Switch
from shopsync_pipeline.db.quarantine import Quarantine, Quarantined
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.staged import CatalogRow, Staged
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.imports import catalog_held, quarantined_rows, require_held, tidy
from shopsync_pipeline.settings import Settings

__all__ = ["IngestReport", "delivery_of", "fingerprint", "ingest", "quarantined_rows", "recognise"]

OWN_DATE = (FEED, "extra")
"""Roles of files that are not made together with the export, so that their dates say nothing about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What an import did. `unchanged`: nothing was read, because this delivery already was the current catalog, or
    because it was rolled back; `notices` then says so.

    `files` are those of the import, as `db.imports.Import` has them. `refusals` are guards that were broken and that
    `approved_by` took responsibility for.
    """

    import_id: str
    source: str
    shape: str
    digest: str
    unchanged: bool
    products: int
    switch: Switch
    counts: Mapping[str, int]
    quarantined: int
    seconds: float
    files: Sequence[Mapping[str, Any]] = ()
    notices: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    approved_by: str | None = None


def delivery_of(context: Context) -> Delivery:
    """The delivery that the settings point at. Raises `CatalogError` that says what is missing."""
    return find_delivery(context.settings.export_path, context.settings.feeds)


def ingest(context: Context) -> IngestReport:
    """Reads the export and the feeds that the settings point at into the catalog.

    A delivery that is already current, or was rolled back, is not read again. Raises `CatalogError`, a
    `DeliveryRefusedError` for one that broke a guard, and `ShopBusyError` while another process changes the catalog;
    the catalog then stays as it was, and the import is on record with the reason.
    """
    started = time.monotonic()
    with catalog_held(context, "an import"):
        delivery = recognise(context)
        with context.database.read() as connection:
            imports = Imports(connection, context.shop_id)
            current, rejected = imports.current(), imports.rejected(delivery.digest)
            count = Catalog(connection, context.shop_id).count()
        if current is not None and current.delivery_digest == delivery.digest:
            return _as_it_was(current, delivery, count, started, current.notices)
        if current is not None and rejected is not None:
            return _as_it_was(current, delivery, count, started, (_was_rolled_back(rejected),))
        return _take(context, delivery, current, started)


def recognise(context: Context) -> Delivery:
    """`delivery_of`, with a delivery that cannot be recognised put on record as a failed import."""
    try:
        return delivery_of(context)
    except CatalogError as error:
        with context.database.write() as connection:
            imports = Imports(connection, context.shop_id)
            imports.fail(imports.start(str(context.settings.export_path), ""), str(error))
        raise


def _as_it_was(current: Import, delivery: Delivery, count: int, started: float,
               notices: tuple[str, ...]) -> IngestReport:
    return IngestReport(
        import_id=current.import_id, source=str(delivery.path), shape=delivery.shape, digest=current.delivery_digest,
        unchanged=True, products=count, switch=Switch(unchanged=count), counts=current.counts,
        quarantined=current.counts.get("quarantined", 0), seconds=time.monotonic() - started, files=current.files,
        notices=notices, refusals=current.refusals, approved_by=current.approved_by if current.refusals else None,
    )


def _was_rolled_back(rejected: Import) -> str:
    reason = (rejected.rollback_reason or "").rstrip(".")
    return (
        f"This delivery was rolled back at {rejected.rolled_back_at:%Y-%m-%d %H:%M} UTC by {rejected.rolled_back_by}: "
        f"{reason}. The catalog stays as it is; approve it to take it again: shopsync catalog approve "
        f'{rejected.import_id} --reason "…".'
    )


def _take(context: Context, delivery: Delivery, current: Import | None, started: float) -> IngestReport:
    files = [_file(file) for file in delivery.files]
    with context.database.read() as connection:
        known = Catalog(connection, context.shop_id).digests()
    with context.database.write() as connection:
        import_id = Imports(connection, context.shop_id).start(str(delivery.path), delivery.digest, files)
    try:
        with Staged(known) as staged, read(delivery) as reading:
            set_aside = [*_stage(staged, reading), *map(_quarantined, reading.quarantine)]
            counts = {**reading.counts, "quarantined": len(set_aside)}
            verdict = judge(_facts(staged.switch().products, counts, files),
                            _facts_of(current) if current else None, context.settings.limits)
            return _switch(context, delivery, import_id, staged, set_aside, counts, verdict, started)
    except DeliveryRefusedError:
        raise
    except BaseException as error:
        with context.database.write() as connection:
            Imports(connection, context.shop_id).fail(import_id, in_words(error))
        raise


def _stage(staged: Staged, reading: Reading) -> list[Quarantined]:
    """Stages all products; answers with those that cannot be kept, because another one has the same key."""
    twice = []
    for row in _rows(reading):
        if not staged.add(row):
            twice.append(Quarantined("", 0, "product key", row.key, (
                f"two products of the delivery have the key {row.key}; the first one is kept")))
    return twice


def _rows(reading: Reading) -> Iterator[CatalogRow]:
    for product in reading.products:
        fields = flatten(product)
        yield CatalogRow(product.key, digests(fields), to_text(fields))


def _quarantined(row: QuarantinedRow) -> Quarantined:
    return Quarantined(row.file, row.line, row.column, row.value, row.reason, "value" if row.row_used else "row")


def _switch(context: Context, delivery: Delivery, import_id: str, staged: Staged, set_aside: Sequence[Quarantined],
            counts: Mapping[str, int], verdict: Verdict, started: float) -> IngestReport:
    """Makes the catalog what was staged, or puts on record why not and raises `DeliveryRefusedError`."""
    with context.database.write() as connection:
        require_held(connection, context)
        imports = Imports(connection, context.shop_id)
        approved = imports.approved(delivery.digest)
        refused = bool(verdict.refusals) and approved is None
        if refused:
            switch = staged.switch()
            imports.refuse(import_id, verdict.refusals, verdict.notices, counts, switch.products)
        else:
            switch = Catalog(connection, context.shop_id).switch(import_id, staged)
            if approved is not None:
                imports.take(approved, import_id)
            imports.make_current(import_id, switch, counts, verdict.refusals, verdict.notices)
        Quarantine(connection, context.shop_id).put(import_id, set_aside)
        tidy(connection, context)
        done = imports.get(import_id)
    if refused:
        raise DeliveryRefusedError(
            f"{delivery.path} is not taken. {' '.join(verdict.refusals)} The catalog stays as it was. Get a complete "
            f'delivery; if this one is right: shopsync catalog approve {import_id} --reason "…".'
        )
    return IngestReport(
        import_id=import_id, source=str(delivery.path), shape=delivery.shape, digest=delivery.digest, unchanged=False,
        products=switch.products, switch=switch, counts=counts, quarantined=len(set_aside),
        seconds=time.monotonic() - started, files=done.files, notices=done.notices, refusals=done.refusals,
        approved_by=done.approved_by,
    )


def _file(file: SourceFile) -> dict[str, Any]:
    """A file as it is kept with the import."""
    made_at: datetime | None = getattr(file, "made_at", None)
    return {"name": file.name, "size": file.size, "sha256": file.sha256, "encoding": file.encoding, "role": file.role,
            "lines": file.lines, "header": list(getattr(file, "header", ())),
            "made_at": made_at.isoformat() if made_at else None}


def _facts(products: int, counts: Mapping[str, int], files: Sequence[Mapping[str, Any]]) -> Read:
    return Read(products=products, counts=counts, files=tuple(
        FileFacts(name=file["name"], encoding=file["encoding"], own_date=file["role"] in OWN_DATE,
                  header=tuple(file["header"]),
                  made_at=datetime.fromisoformat(file["made_at"]) if file["made_at"] else None)
        for file in files))


def _facts_of(current: Import) -> Read:
    products = current.counts.get("products", 0) if current.products is None else current.products
    return _facts(products, current.counts, current.files)


def fingerprint(settings: Settings) -> str:
    """A cheap name for the files that lie ready: their names, sizes and times, without reading them.

    Raises `CatalogError` when the export is not there.
    """
    paths = [settings.export_path, *settings.feeds]
    digest = hashlib.sha256()
    for path in paths:
        if not path.exists():
            raise CatalogError(f"{path} does not exist (see SHOPSYNC_EXPORT_PATH and SHOPSYNC_FEED_PATHS).")
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            stat = file.stat()
            digest.update(f"{file}\t{stat.st_size}\t{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
