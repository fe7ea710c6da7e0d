"""The rows of the plan benchmark: products of 20 fields yesterday and today, one in a hundred changed.

The same values go into Parquet, where the other engines find them, and into our tables, as a finished sync leaves them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from shopsync_pipeline.core.digests import digests
from shopsync_pipeline.core.fields import Path as FieldPath
from shopsync_pipeline.core.fields import Value
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.rows import insert_all, new_id, now, to_text
from shopsync_pipeline.db.schema import base_product, catalog_product, snapshot, snapshot_product

SHOP = "benchmark.myshopify.com"
COLUMNS: dict[str, str] = {
    "title": "'Acme Widget ' || n || ' with a fine name'",
    "handle": "'acme-widget-' || n",
    "body_html": "'<p>Widget ' || n || ' is of some quality and does what it should, every day, for years.</p>'",
    "vendor": "'Vendor ' || n % 300",
    "product_type": "'Type ' || n % 80",
    "status": "'ACTIVE'",
    "seo.title": "'Widget ' || n",
    "seo.description": "'Buy widget ' || n || ' today'",
    "tags": "'new,tag ' || n % 50",
    "metafields[custom.brand]": "'Acme ' || n % 300",
    "sku": "'SKU-' || n",
    "barcode": "lpad(n::VARCHAR, 13, '0')",
    "price": "(10 + n % 500) || '.99'",
    "compare_at_price": "(20 + n % 500) || '.99'",
    "cost": "(5 + n % 500) || '.00'",
    "weight": "(100 + n % 900)::VARCHAR",
    "tracked": "'true'",
    "taxable": "'true'",
    "inventory_policy": "'DENY'",
    "stock": "(n % 90)::VARCHAR",
}
CHANGED = {"title": "|| ', improved'", "price": "|| '9'", "stock": "|| '1'"}
"""What differs today in one product of a hundred: appended to the expression of the field."""

BATCH = 5000


def write_rows(folder: Path, products: int) -> tuple[Path, Path]:
    """Writes yesterday.parquet and today.parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    yesterday, today = folder / "yesterday.parquet", folder / "today.parquet"
    plain = ", ".join(f'{text} AS "{name}"' for name, text in COLUMNS.items())
    fresh = ", ".join(
        f'CASE WHEN n % 100 = 0 THEN {text} {CHANGED[name]} ELSE {text} END AS "{name}"' if name in CHANGED
        else f'{text} AS "{name}"' for name, text in COLUMNS.items())
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for path, columns in ((yesterday, plain), (today, fresh)):
            connection.execute(
                f"COPY (SELECT 'etilize:' || (1000000000 + n) AS key, {columns} FROM range({products}) AS t(n)) "
                f"TO '{path.as_posix()}' (FORMAT parquet)")
    return yesterday, today


def document(values: dict[str, str]) -> dict[FieldPath, Value]:
    """A product's flat map with these 20 values, and the options that every product has."""
    sku = values["sku"]
    fields: dict[str, Value] = {
        **{name: values[name] for name in ("title", "handle", "body_html", "vendor", "product_type", "status",
                                           "seo.title", "seo.description")},
        "tags": list(values["tags"].split(",")),
        "options": ["Title"],
        "metafields[custom.brand]": {"type": "single_line_text_field", "value": values["metafields[custom.brand]"]},
        f"variants[{sku}].options": ["Default Title"],
        **{f"variants[{sku}].{name}": values[name]
           for name in ("sku", "barcode", "price", "compare_at_price", "cost", "inventory_policy")},
        f"variants[{sku}].weight": {"value": values["weight"], "unit": "GRAMS"},
        f"variants[{sku}].tracked": True,
        f"variants[{sku}].taxable": True,
        f"variants[{sku}].stock[default]": int(values["stock"]),
    }
    return {FieldPath(path): value for path, value in fields.items()}


def fill(url: str, yesterday: Path, today: Path) -> int:
    """Puts the rows into our tables: yesterday's are agreed on and in the store, today's are the catalog."""
    database = Database(url)
    database.upgrade()
    count = 0
    with database.write() as connection:
        instant = now()
        connection.execute(snapshot.insert().values(
            shop_id=SHOP, snapshot_id=new_id(), kind="full", state="complete", started_at=instant, finished_at=instant,
            products=0, removed=0, points=0.0))
        for rows in _batches(yesterday, today):
            catalog, store, base = [], [], []
            for before, after in rows:
                number = int(before["key"].rpartition(":")[2])
                gid = f"gid://shopify/Product/{7_000_000_000 + number}"
                old = document(before)
                old_digest, old_text = digests(old), to_text(old)
                new_digest, new_text = old_digest, old_text
                if before != after:
                    new = document(after)
                    new_digest, new_text = digests(new), to_text(new)
                links = to_text({"product": gid, "variants": {before["sku"]: [f"v{number}", f"i{number}"]},
                                 "images": {}})
                catalog.append((SHOP, before["key"], new_digest, new_text, "import", instant, "{}"))
                store.append((SHOP, gid, before["key"], before["handle"], to_text([before["sku"]]), old_digest,
                              old_text, links, instant, instant))
                base.append((SHOP, before["key"], gid, old_digest, old_digest, old_text, old_text, links, instant))
            insert_all(connection, catalog_product, _CATALOG, catalog)
            insert_all(connection, snapshot_product, _STORE, store)
            insert_all(connection, base_product, _BASE, base)
            count += len(rows)
    if database.dialect == "postgresql":
        # What autovacuum does in a running shop: without it no index can answer alone.
        _vacuum(url)
    return count


_CATALOG = ("shop_id", "product_key", "digests", "document", "import_id", "changed_at", "origins")
_STORE = ("shop_id", "product_id", "custom_id", "handle", "skus", "digests", "document", "links", "updated_at",
          "read_at")
_BASE = ("shop_id", "product_key", "product_id", "seen_local", "seen_remote", "local_document", "remote_document",
         "links", "agreed_at")


def _batches(yesterday: Path, today: Path) -> Iterator[list[tuple[dict[str, str], dict[str, str]]]]:
    names = ["key", *COLUMNS]
    chosen = ", ".join(f'"{name}"' for name in names)
    with duckdb.connect() as one, duckdb.connect() as other:
        for connection in (one, other):
            connection.execute("SET enable_progress_bar = false")
        before = one.execute(f"SELECT {chosen} FROM '{yesterday.as_posix()}'")
        after = other.execute(f"SELECT {chosen} FROM '{today.as_posix()}'")
        while rows := before.fetchmany(BATCH):
            fresh: list[Any] = after.fetchmany(BATCH)
            yield [(dict(zip(names, old, strict=True)), dict(zip(names, new, strict=True)))
                   for old, new in zip(rows, fresh, strict=True)]


def _vacuum(url: str) -> None:
    from sqlalchemy import create_engine, text

    from shopsync_pipeline.db.database import normalised_url

    engine = create_engine(normalised_url(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table in (catalog_product, snapshot_product, base_product):
            connection.execute(text(f"VACUUM ANALYZE {table.name}"))
    engine.dispose()


