"""The local side: imports, products, what replaced what, feeds, overrides, findings."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

catalog_import = Table(
    "catalog_import", metadata, shop_column(),
    Column("import_id", String(36), nullable=False),
    Column("source", Text, nullable=False),
    Column("delivery_digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("counts", Text, nullable=False),
    Column("error", Text),
    Column("kind", String(16), nullable=False, server_default="delivery"),
    # Counts the imports that became current, from 1: the order in which they replaced one another.
    Column("number", Integer),
    Column("products", Integer),
    Column("files", Text, nullable=False, server_default="[]"),
    Column("changes", Text, nullable=False, server_default="{}"),
    Column("refusals", Text, nullable=False, server_default="[]"),
    Column("notices", Text, nullable=False, server_default="[]"),
    Column("approved_by", Text),
    Column("approved_at", UtcDateTime),
    Column("approval_reason", Text),
    Column("rolled_back_by", Text),
    Column("rolled_back_at", UtcDateTime),
    Column("rollback_reason", Text),
    Column("restores", String(36)),
    PrimaryKeyConstraint("import_id"),
    Index(None, "shop_id", "started_at"),
    Index(None, "shop_id", "number", unique=True),
    Index(None, "shop_id", "delivery_digest"),
)

catalog_product = Table(
    "catalog_product", metadata, shop_column(),
    Column("product_key", String(512), nullable=False),
    Column("digests", String(255), nullable=False),
    Column("document", Text, nullable=False),
    Column("import_id", String(36), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("origins", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("shop_id", "product_key"),
    # With its twin in `base_product`, this tells which products changed without touching a document.
    Index("ix_catalog_product_digests", "shop_id", "product_key", "digests"),
)

# What an import replaced, by the import's number: enough to go back, and no more than what changed.
catalog_change = Table(
    "catalog_change", metadata, shop_column(),
    Column("number", Integer, nullable=False),
    Column("product_key", String(512), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("groups", String(255), nullable=False),
    Column("before_digests", String(255)),
    Column("before_import_id", String(36)),
    Column("before_document", Text),
    Column("before_origins", Text),
    PrimaryKeyConstraint("shop_id", "number", "product_key"),
    Index(None, "shop_id", "product_key"),
)

catalog_feed_row = Table(
    "catalog_feed_row", metadata, shop_column(),
    Column("feed", String(255), nullable=False),
    Column("sku", String(255), nullable=False),
    Column("place", Integer, nullable=False),
    Column("mfgpartno", Text),
    Column("manufacturer", Text),
    Column("facts", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "feed", "sku", "place"),
)

catalog_feed_change = Table(
    "catalog_feed_change", metadata, shop_column(),
    Column("number", Integer, nullable=False),
    Column("feed", String(255), nullable=False),
    Column("sku", String(255), nullable=False),
    Column("before", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "number", "feed", "sku"),
)

delivery_file = Table(
    "delivery_file", metadata, shop_column(),
    Column("file", String(1024), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("surveys", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "file"),
)

quarantine = Table(
    "quarantine", metadata, shop_column(),
    Column("import_id", String(36), nullable=False),
    Column("row", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("column_name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("kind", String(16), nullable=False, server_default="row"),
    PrimaryKeyConstraint("import_id", "row"),
)

# Values that stand in for the catalog's own, over imports. `value` and `catalog_value` are JSON, NULL for absent.
catalog_override = Table(
    "catalog_override", metadata, shop_column(),
    Column("product_key", String(512), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("value", Text),
    Column("catalog_value", Text),
    Column("since", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "product_key", "path"),
)

catalog_finding = Table(
    "catalog_finding", metadata, shop_column(),
    Column("import_id", String(36), nullable=False),
    Column("check_name", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("examples", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "import_id", "check_name"),
)
