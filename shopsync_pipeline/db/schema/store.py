"""The remote side as last read, its edits, and the base that both sides agreed on."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

snapshot = Table(
    "snapshot", metadata, shop_column(),
    Column("snapshot_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("products", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("points", Float, nullable=False),
    Column("error", Text),
    # How the whole store was read: bulk or pages; what that took decides how it is read next.
    Column("way", String(8)),
    PrimaryKeyConstraint("snapshot_id"),
    Index(None, "shop_id", "kind", "state", "started_at"),
)

snapshot_product = Table(
    "snapshot_product", metadata, shop_column(),
    Column("product_id", String(255), nullable=False),
    Column("custom_id", String(512)),
    Column("handle", String(255), nullable=False),
    Column("skus", Text, nullable=False),
    Column("digests", String(255), nullable=False),
    Column("document", Text, nullable=False),
    Column("links", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
    # Group of fields → when a read first saw it other than the read before; what we wrote ourselves does not count.
    Column("seen_changed", Text, nullable=False, server_default="{}"),
    PrimaryKeyConstraint("shop_id", "product_id"),
    Index("ix_snapshot_product_digests", "shop_id", "product_id", "digests"),
)

base_product = Table(
    "base_product", metadata, shop_column(),
    Column("product_key", String(512), nullable=False),
    Column("product_id", String(255), nullable=False),
    Column("seen_local", String(255), nullable=False),
    Column("seen_remote", String(255), nullable=False),
    Column("local_document", Text, nullable=False),
    Column("remote_document", Text, nullable=False),
    Column("links", Text, nullable=False),
    Column("agreed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "product_key"),
    Index(None, "shop_id", "product_id", unique=True),
    Index("ix_base_product_seen_local", "shop_id", "product_key", "seen_local"),
    Index("ix_base_product_seen_remote", "shop_id", "product_id", "seen_remote"),
)

# What reads of the store showed to have changed there; our own writes are in the ledger.
store_edit = Table(
    "store_edit", metadata, shop_column(),
    Column("edit_id", String(36), nullable=False),
    Column("product_id", String(255), nullable=False),
    Column("path", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("not_yet_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("edit_id"),
    Index(None, "shop_id", "product_id"),
)
