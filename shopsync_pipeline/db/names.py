"""What a person calls a product: its key, Etilize id, Shopify id, handle or a SKU."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, union

from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.rows import to_text
from shopsync_pipeline.db.schema import base_product, catalog_product, ledger_item, snapshot_product


def keys_named(connection: Connection, shop_id: str, name: str) -> list[str]:
    """The keys of all products of the catalog, the store or the ledger that are called `name`, sorted.

    What identifies a product outright (key, id) goes before what only describes it (handle, SKU).
    """
    keys = [name, f"etilize:{name}", f"handle:{name}"]
    ids = [name, f"gid://shopify/Product/{name}"]
    outright = connection.execute(union(*(
        select(table.c.product_key).where(table.c.shop_id == shop_id, table.c.product_key.in_(keys))
        for table in (catalog_product, base_product, ledger_item)
    ), select(base_product.c.product_key).where(
        base_product.c.shop_id == shop_id, base_product.c.product_id.in_(ids)))).scalars().all()
    if outright:
        return sorted(set(outright))
    in_store = connection.execute(
        select(base_product.c.product_key)
        .join(snapshot_product, (snapshot_product.c.shop_id == base_product.c.shop_id)
              & (snapshot_product.c.product_id == base_product.c.product_id))
        .where(base_product.c.shop_id == shop_id,
               or_(snapshot_product.c.handle == name,
                   snapshot_product.c.skus.contains(to_text(name), autoescape=True)))
    ).scalars()
    return sorted({*in_store, *Catalog(connection, shop_id).named(name)})
