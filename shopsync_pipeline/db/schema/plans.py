"""Plans, their items and what waits for what."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

plan = Table(
    "plan", metadata, shop_column(),
    Column("plan_id", String(36), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("inputs", String(64), nullable=False),
    Column("scope", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("run_id", String(64)),
    Column("summary", Text, nullable=False),
    Column("refusals", Text, nullable=False),
    Column("approved_by", Text),
    Column("approved_at", UtcDateTime),
    Column("approval_reason", Text),
    Column("approved_hash", String(64)),
    Column("continued_by", Text),
    Column("continued_at", UtcDateTime),
    Column("continue_reason", Text),
    PrimaryKeyConstraint("plan_id"),
    Index(None, "shop_id", "created_at"),
)

plan_item = Table(
    "plan_item", metadata, shop_column(),
    Column("plan_id", String(36), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("product_key", String(512), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("operation", String(32), nullable=False),
    Column("risk", String(16), nullable=False),
    Column("cost", Float, nullable=False),
    Column("document", Text, nullable=False),
    Column("seen_local", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("hold", String(16)),
    Column("note", Text),
    PrimaryKeyConstraint("plan_id", "seq"),
    Index(None, "plan_id", "item_id", unique=True),
    Index(None, "shop_id", "product_key"),
)

sync_dependency = Table(
    "sync_dependency", metadata, shop_column(),
    Column("plan_id", String(36), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("depends_on", String(64), nullable=False),
    PrimaryKeyConstraint("plan_id", "item_id", "depends_on"),
)
