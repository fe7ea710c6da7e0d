"""Ingest: a delivery becomes the current catalog, in one transaction, or leaves the one before as it was.

It is read and judged first, with its rows kept aside; only what differs is then written, in seconds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from shopsync_pipeline.catalog import CarriedRow, CatalogRules, Delivery, Reading, SourceFile, find_delivery, read
from shopsync_pipeline.catalog.documents import PROJECTION
from shopsync_pipeline.catalog.recognise import EXTRA, FEED, SHOPIFY_TEMPLATE
from shopsync_pipeline.core.errors import CatalogError, DeliveryRefusedError, in_words
from shopsync_pipeline.core.guards import FileFacts, Read, Verdict, judge
from shopsync_pipeline.core.observer import Observer
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.feed_state import FeedRow, FeedState, StagedFeeds
from shopsync_pipeline.db.imports import Import, Imports, Switch
from shopsync_pipeline.db.quarantine import Quarantine, Quarantined
from shopsync_pipeline.db.rows import from_text
from shopsync_pipeline.db.staged import CatalogRow, Staged
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.delivery_memory import DeliveryMemory
from shopsync_pipeline.engine.fetch import local_paths
from shopsync_pipeline.engine.imports import catalog_held, quarantined_rows, require_held, tidy
from shopsync_pipeline.engine.quality import keep_findings

__all__ = ["IngestReport", "delivery_of", "ingest", "quarantined_rows", "recognise"]

OWN_DATE = (FEED, EXTRA)
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


def delivery_of(context: Context, rules: CatalogRules | None = None) -> Delivery:
    """The delivery that the settings point at, fetched if it lies on a server; files that did not change since they
    were last seen are not read. Raises `CatalogError` that says what is missing."""
    return find_delivery(*local_paths(context.settings), rules=rules or context.catalog_rules(),
                         memory=DeliveryMemory(context))


def taken_as(delivery: Delivery, rules: CatalogRules) -> str:
    """The digest under which an import is kept: of the files, of the rules, and of how this version projects. With any
    of them another, the delivery is read again."""
    return hashlib.sha256(f"{delivery.digest}\n{PROJECTION}\n{rules!r}".encode()).hexdigest()


def ingest(context: Context) -> IngestReport:
    """Reads the export and the feeds that the settings point at into the catalog.

    A delivery that is already current, or was rolled back, is not read again. Raises `CatalogError`, a
    `DeliveryRefusedError` for one that broke a guard, and `ShopBusyError` while another process changes the catalog;
    the catalog then stays as it was, and the import is on record with the reason.
    """
    started = time.monotonic()
    with catalog_held(context, "an import"):
        rules = context.catalog_rules()
        delivery = recognise(context, rules)
        digest = taken_as(delivery, rules)
        with context.database.read() as connection:
            imports = Imports(connection, context.shop_id)
            current, rejected = imports.current(), imports.rejected(digest)
            count = Catalog(connection, context.shop_id).count()
        if current is not None and current.delivery_digest == digest:
            return _as_it_was(current, delivery, count, started, current.notices)
        if current is not None and rejected is not None:
            return _as_it_was(current, delivery, count, started, (_was_rolled_back(rejected),))
        return _Taking(context, delivery, rules, digest, current, started).run()


def recognise(context: Context, rules: CatalogRules | None = None) -> Delivery:
    """`delivery_of`, with a delivery that cannot be recognised put on record as a failed import."""
    try:
        return delivery_of(context, rules)
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


class _Taking:
    """One delivery on its way into the catalog."""

    def __init__(self, context: Context, delivery: Delivery, rules: CatalogRules, digest: str,
                 current: Import | None, started: float) -> None:
        self._context = context
        self._delivery = delivery
        self._rules = rules
        self._digest = digest
        self._current = current
        self._started = started
        self._files = [_file(file) for file in delivery.files]
        self._observer = Observer()

    def run(self) -> IngestReport:
        context = self._context
        with context.database.read() as connection:
            known = Catalog(connection, context.shop_id).digests()
            feeds = FeedState(connection, context.shop_id)
            said = feeds.digests()
            carried = [CarriedRow(row.feed, row.sku, row.mfgpartno or "", row.manufacturer or "", row.facts)
                       for row in feeds.rows()]
        with context.database.write() as connection:
            import_id = Imports(connection, context.shop_id).start(
                str(self._delivery.path), self._digest, self._files)
        try:
            with Staged(known) as staged, StagedFeeds(said) as state, \
                    read(self._delivery, self._rules, carried=carried) as reading:
                set_aside = [*self._stage(staged, reading), *(
                    Quarantined(row.file, row.line, row.column, row.value, row.reason, row.kind)
                    for row in reading.quarantine)]
                state.add_all(FeedRow(row.feed, row.sku, row.mfgpartno, row.manufacturer, row.facts)
                              for row in reading.carried)
                counts = {**reading.counts, "quarantined": len(set_aside)}
                verdict = judge(_facts(staged.switch().products, counts, self._files),
                                _facts_of(self._current) if self._current else None, context.settings.limits)
                return self._switch(import_id, staged, state, set_aside, counts, verdict)
        except DeliveryRefusedError:
            raise
        except BaseException as error:
            with context.database.write() as connection:
                Imports(connection, context.shop_id).fail(import_id, in_words(error))
            raise

    def _stage(self, staged: Staged, reading: Reading) -> list[Quarantined]:
        """Stages all products; answers with those that cannot be kept, because another one has the same key."""
        twice = []
        for document in reading.documents(children=self._context.settings.catalog_processes):
            if staged.add(CatalogRow(*document)):
                self._observer.observe(document.key, from_text(document.document))
            else:
                twice.append(Quarantined("", 0, "product key", document.key, (
                    f"two products of the delivery have the key {document.key}; the first one is kept")))
        return twice

    def _switch(self, import_id: str, staged: Staged, state: StagedFeeds, set_aside: Sequence[Quarantined],
                counts: Mapping[str, int], verdict: Verdict) -> IngestReport:
        """Makes the catalog what was staged, or puts on record why not and raises `DeliveryRefusedError`."""
        context, shop_id = self._context, self._context.shop_id
        with context.database.write() as connection:
            require_held(connection, context)
            imports = Imports(connection, shop_id)
            approved = imports.approved(self._digest)
            refused = bool(verdict.refusals) and approved is None
            if refused:
                switch = staged.switch()
                imports.refuse(import_id, verdict.refusals, verdict.notices, counts, switch.products)
            else:
                switch = Catalog(connection, shop_id).switch(import_id, staged)
                FeedState(connection, shop_id).switch(imports.get(import_id).number or 0, state)
                if approved is not None:
                    imports.take(approved, import_id)
                keep_findings(connection, shop_id, import_id, self._observer, counts, quarantine=set_aside,
                              stock_at=_stock_time(self._delivery), thresholds=self._rules.quality)
                imports.make_current(import_id, switch, counts, verdict.refusals, verdict.notices)
            Quarantine(connection, shop_id).put(import_id, set_aside)
            tidy(connection, context)
            done = imports.get(import_id)
        if refused:
            raise DeliveryRefusedError(
                f"{self._delivery.path} is not taken. {' '.join(verdict.refusals)} The catalog stays as it was. Get a "
                f'complete delivery; if this one is right: shopsync catalog approve {import_id} --reason "…".'
            )
        return IngestReport(
            import_id=import_id, source=str(self._context.settings.export_path), shape=self._delivery.shape,
            digest=self._digest, unchanged=False, products=switch.products, switch=switch, counts=counts,
            quarantined=len(set_aside), seconds=time.monotonic() - self._started, files=done.files,
            notices=done.notices, refusals=done.refusals, approved_by=done.approved_by,
        )


def _stock_time(delivery: Delivery) -> datetime | None:
    """When the oldest of the files that hold stock was made: feeds, else a template CSV; `None` without either."""
    members = delivery.members(FEED) or delivery.members(SHOPIFY_TEMPLATE)
    times = [file.made_at.replace(tzinfo=UTC) if file.made_at is not None
             else datetime.fromtimestamp(member.file.stat().st_mtime, UTC) for file, member in members]
    return min(times, default=None)


def _file(file: SourceFile) -> dict[str, Any]:
    """A file as it is kept with the import."""
    return {"name": file.name, "size": file.size, "sha256": file.sha256, "encoding": file.encoding, "role": file.role,
            "lines": file.lines, "header": list(file.header),
            "table": file.table, "made_at": file.made_at.isoformat() if file.made_at else None}


def _facts(products: int, counts: Mapping[str, int], files: Sequence[Mapping[str, Any]]) -> Read:
    return Read(products=products, counts=counts, files=tuple(
        FileFacts(name=file["name"], encoding=file["encoding"], own_date=file["role"] in OWN_DATE,
                  header=tuple(file["header"]),
                  made_at=datetime.fromisoformat(file["made_at"]) if file["made_at"] else None)
        for file in files))


def _facts_of(current: Import) -> Read:
    products = current.counts.get("products", 0) if current.products is None else current.products
    return _facts(products, current.counts, current.files)
