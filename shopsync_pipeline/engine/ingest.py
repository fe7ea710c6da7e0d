"""Ingest: a delivery becomes the current catalog, in one transaction, or leaves the one before as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from shopsync_pipeline.catalog import Delivery, QuarantinedRow, Reading, find_delivery, read
from shopsync_pipeline.core.errors import CatalogError, in_words
from shopsync_pipeline.core.fields import Path, Value, flatten
from shopsync_pipeline.core.observer import Observer
from shopsync_pipeline.db.catalog import Catalog, Switch
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.fetch import local_paths
from shopsync_pipeline.engine.quality import keep_findings


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What an import did. `unchanged`: this delivery already was the current catalog, so nothing was read."""

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


def delivery_of(context: Context) -> Delivery:
    """The delivery that the settings point at. Raises `CatalogError` that says what is missing."""
    return find_delivery(*local_paths(context.settings))


def ingest(context: Context) -> IngestReport:
    """Reads the export and the feeds that the settings point at into the catalog.

    A delivery that is already current is not read again. Raises `CatalogError`; the catalog then stays as it was.
    """
    started = time.monotonic()
    delivery = delivery_of(context)
    with context.database.read() as connection:
        catalog = Catalog(connection, context.shop_id)
        current, count = catalog.current_import(), catalog.count()
    if current is not None and current.delivery_digest == delivery.digest:
        return IngestReport(
            import_id=current.import_id, source=str(delivery.path), shape=delivery.shape, digest=delivery.digest,
            unchanged=True, products=count, switch=Switch(0, 0, 0, count), counts=current.counts,
            quarantined=current.counts.get("quarantined", 0), seconds=time.monotonic() - started,
        )
    with context.database.write() as connection:
        import_id = Catalog(connection, context.shop_id).start_import(str(delivery.path), delivery.digest)
    last = current.counts if current else {}
    try:
        with context.database.write() as connection:
            catalog = Catalog(connection, context.shop_id)
            observer = Observer()
            switch, counts, reading = _switch(catalog, import_id, delivery, observer)
            _require_whole(delivery, last, counts, context.settings.max_catalog_shrink)
            keep_findings(connection, context.shop_id, import_id, observer, counts, quarantine=reading.quarantine,
                          stock_at=_stock_time(delivery))
            catalog.finish_import(import_id, "current", counts)
    except BaseException as error:
        with context.database.write() as connection:
            Catalog(connection, context.shop_id).finish_import(import_id, "failed", {}, in_words(error))
        raise
    return IngestReport(
        import_id=import_id, source=str(delivery.path), shape=delivery.shape, digest=delivery.digest, unchanged=False,
        products=switch.appeared + switch.changed + switch.unchanged, switch=switch, counts=counts,
        quarantined=counts["quarantined"], seconds=time.monotonic() - started,
    )


def _switch(
    catalog: Catalog, import_id: str, delivery: Delivery, observer: Observer,
) -> tuple[Switch, dict[str, int], Reading]:
    reading = read(delivery)
    switch = catalog.replace(import_id, _documents(reading, observer))
    if switch.appeared + switch.changed + switch.unchanged == 0:
        raise CatalogError(
            f"{delivery.path} was read but holds no product that can be sold (published, not an accessory stub). The "
            "catalog stays as it was; look at the delivery."
        )
    rows = [asdict(row) for row in reading.quarantine]
    catalog.set_quarantine(import_id, [
        {"file": row["file"], "line": row["line"], "column_name": row["column"], "value": row["value"],
         "reason": row["reason"]}
        for row in rows
    ])
    counts = {**reading.counts, "quarantined": len(rows)}
    return switch, counts, reading


def _require_whole(delivery: Delivery, last: Mapping[str, int], counts: Mapping[str, int], most: float) -> None:
    """Raises `CatalogError` with the figures for a delivery that lacks much of what the last one had."""
    for name, word in (("products", "products that can be sold"), ("feed.read", "rows of price and stock")):
        before, found = last.get(name, 0), counts.get(name, 0)
        if before - found > most * before:
            raise CatalogError(
                f"{delivery.path} has {found} {word}, the last delivery had {before}: {1 - found / before:.0%} less, "
                f"and more than {most:.0%} is taken for a delivery cut short. The catalog stays as it was. Get a "
                "complete one; if this one is right, set SYNC_MAX_CATALOG_SHRINK=1 for one run."
            )


def _documents(reading: Reading, observer: Observer) -> Iterator[tuple[str, dict[Path, Value]]]:
    for product in reading.products:
        document = flatten(product)
        observer.observe(product.key, document)
        yield product.key, document


def _stock_time(delivery: Delivery) -> datetime | None:
    """When the oldest of the files that hold stock was written: feeds, else a template CSV; `None` without either."""
    members = delivery.members("feed") or delivery.members("shopify_template")
    times = [member.file.stat().st_mtime for _, member in members]
    return datetime.fromtimestamp(min(times), UTC) if times else None


def quarantined_rows(context: Context, import_id: str | None, most: int) -> list[QuarantinedRow]:
    """The first rows of an import (`None`: the current one) that could not be used, with the reason."""
    with context.database.read() as connection:
        catalog = Catalog(connection, context.shop_id)
        if import_id is None:
            current = catalog.current_import()
            if current is None:
                return []
            import_id = current.import_id
        rows = catalog.quarantined(import_id, most)
    return [QuarantinedRow(row["file"], row["line"], row["column_name"], row["value"], row["reason"]) for row in rows]
