"""Looking ahead of a plan: what must be counted in shop, ledger and catalog before anything of it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.db.ledger import OPEN, LedgerState
from shopsync_pipeline.db.rows import chunks, from_text
from shopsync_pipeline.db.schema import base_product, catalog_product, ledger, ledger_item, snapshot_product

_VARIANTS = {
    "sqlite": "SELECT coalesce(sum((SELECT count(*) FROM json_each(links, '$.variants'))), 0) FROM snapshot_product "
              "WHERE shop_id = :shop",
    "postgresql": "SELECT coalesce(sum((SELECT count(*) FROM json_object_keys(links::json -> 'variants'))), 0) "
                  "FROM snapshot_product WHERE shop_id = :shop",
}


def variants_in_store(connection: Connection, shop_id: str, enough: int) -> int:
    """Variants in the snapshot; no exact count once the products alone, which have one each, are `enough`."""
    products = connection.execute(
        select(func.count()).select_from(snapshot_product).where(snapshot_product.c.shop_id == shop_id)
    ).scalar_one()
    if products >= enough:
        return products
    return int(connection.execute(text(_VARIANTS[connection.dialect.name]), {"shop": shop_id}).scalar_one())


def variants_made_since(connection: Connection, shop_id: str, instant: datetime) -> int:
    """Variants that mutations sent since `instant` created, those whose answer is still out included."""
    creations = (Operation.PRODUCT_CREATE.value, Operation.VARIANTS_CREATE.value)
    rows = connection.execute(
        select(ledger_item.c.sent).join(ledger, ledger.c.ledger_id == ledger_item.c.ledger_id)
        .where(ledger.c.shop_id == shop_id, ledger.c.operation.in_(creations), ledger.c.sent_at >= instant,
               ledger.c.state.in_([state.value for state in (*OPEN, LedgerState.CONFIRMED)]))
    ).scalars()
    made = 0
    for sent in rows:
        made += max(1, len({path[:path.rindex("].")] for path in from_text(sent) if path.startswith("variants[")}))
    return made


def catalog_digests(connection: Connection, shop_id: str, keys: Iterable[str]) -> dict[str, str]:
    """Product key → the digests of its document in the catalog, for those of `keys` that are there."""
    found: dict[str, str] = {}
    for part in chunks(keys):
        found.update(connection.execute(
            select(catalog_product.c.product_key, catalog_product.c.digests)
            .where(catalog_product.c.shop_id == shop_id, catalog_product.c.product_key.in_(part))
        ).all())
    return found


def known_documents(connection: Connection, shop_id: str,
                    keys: Iterable[str]) -> Iterator[tuple[str, dict[Path, Value]]]:
    """(product key, flat map) of products as the catalog has them, or, of those it no longer has, the store."""
    catalog, base, store = catalog_product.c, base_product.c, snapshot_product.c
    for part in chunks(keys):
        missing = set(part)
        for key, document in connection.execute(
            select(catalog.product_key, catalog.document).where(catalog.shop_id == shop_id,
                                                                catalog.product_key.in_(part))
        ):
            missing.discard(key)
            yield key, from_text(document)
        for key, document in connection.execute(
            select(base.product_key, store.document)
            .join(snapshot_product, (store.shop_id == base.shop_id) & (store.product_id == base.product_id))
            .where(base.shop_id == shop_id, base.product_key.in_(sorted(missing)))
        ):
            yield key, from_text(document)


def variants_by_product(connection: Connection, shop_id: str, product_ids: Iterable[str]) -> dict[str, int]:
    """Shopify product id → variants that the snapshot knows of it."""
    found: dict[str, int] = {}
    for part in chunks(product_ids):
        rows = connection.execute(
            select(snapshot_product.c.product_id, snapshot_product.c.links)
            .where(snapshot_product.c.shop_id == shop_id, snapshot_product.c.product_id.in_(part))
        )
        found.update((product_id, len(from_text(links)["variants"])) for product_id, links in rows)
    return found
