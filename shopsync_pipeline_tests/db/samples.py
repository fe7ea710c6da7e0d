"""What the database's tests share: one shop, small plan items, stored products."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.plan import Change, Lane, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.imports import Imports, Switch
from shopsync_pipeline.db.ledger import Ledger, LedgerState, Sent, Settled
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.snapshot import StoredProduct
from shopsync_pipeline.db.staged import CatalogRow

SHOP, OTHER = "one.myshopify.com", "two.myshopify.com"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def after_noon(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def document(**fields: Value) -> dict[Path, Value]:
    return {Path(path): value for path, value in fields.items()}


def links(product_id: str) -> Links:
    return Links(product=product_id, variants={"A": VariantLink(f"{product_id}/v", f"{product_id}/i")},
                 images={"pot.jpg": f"{product_id}/m"})


def states(plans: Plans, plan_id: str, lane: Lane | None = None) -> dict[str, ItemState]:
    """Item id → state."""
    return {item.item_id: state for item, state, _ in plans.items_with_state(plan_id) if lane in (None, item.lane)}


def stored(product_id: str, *, custom_id: str | None = None, handle: str = "pot", skus: tuple[str, ...] = (),
           fields: dict[Path, Value] | None = None, read_at: datetime = NOON) -> StoredProduct:
    return StoredProduct(product_id=product_id, custom_id=custom_id, handle=handle, skus=skus,
                         document={Path("title"): "Pot"} if fields is None else fields, links=links(product_id),
                         updated_at=NOON, read_at=read_at)


def item(key: str, path: str = "title", before: Value | None = "old", after: Value | None = "new",
         operation: Operation = Operation.PRODUCT_UPDATE) -> PlanItem:
    return make_item(key, f"gid/{key}", operation, [Change(Path(path), before, after, Reason.CATALOG_CHANGED)])


def stock(key: str, after: int) -> PlanItem:
    return item(key, "variants[A].stock[default]", 0, after, Operation.INVENTORY_SET)


def row(key: str, fields: Mapping[Path, Value], origins: str = "{}") -> CatalogRow:
    return CatalogRow(key, digests(fields), to_text(fields), origins)


def take(connection: Connection, shop: str, documents: Mapping[str, Mapping[Path, Value]], *, digest: str = "d",
         origins: str = "{}") -> tuple[str, Switch]:
    """An import that makes `documents` the whole catalog: its id, and what it changed."""
    imports = Imports(connection, shop)
    import_id = imports.start("export.zip", digest)
    switch = Catalog(connection, shop).replace(import_id, [row(key, fields, origins)
                                                           for key, fields in documents.items()])
    imports.make_current(import_id, switch)
    return import_id, switch


def settle(ledger: Ledger, sent: Sent, state: LedgerState, **more: Any) -> None:
    """Settles one mutation."""
    ledger.settle([Settled(ledger_id=sent.ledger_id, state=state, **more)])
