"""What was sent: the write-ahead ledger, and how far a push has got."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

ledger = Table(
    "ledger", metadata, shop_column(),
    Column("ledger_id", String(36), nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("run_id", String(64)),
    Column("operation", String(32), nullable=False),
    Column("idempotency_key", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("request", Text, nullable=False),
    Column("answer", Text),
    Column("error", Text),
    Column("requested_points", Float),
    Column("actual_points", Float),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    PrimaryKeyConstraint("ledger_id"),
    Index(None, "shop_id", "state"),
    Index(None, "plan_id"),
    Index(None, "shop_id", "run_id"),
    Index(None, "shop_id", "sent_at"),
)

ledger_item = Table(
    "ledger_item", metadata, shop_column(),
    Column("ledger_id", String(36), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("product_key", String(512), nullable=False),
    Column("before", Text, nullable=False),
    Column("sent", Text, nullable=False),
    Column("after", Text),
    PrimaryKeyConstraint("ledger_id", "item_id"),
    Index(None, "shop_id", "product_key"),
)

push_progress = Table(
    "push_progress", metadata, shop_column(),
    Column("plan_id", String(36), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("run_id", String(64)),
    Column("total", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("set_aside", Integer, nullable=False),
    Column("points", Float, nullable=False),
    Column("estimate", Float, nullable=False, server_default="0"),
    Column("restore_rate", Float, nullable=False, server_default="0"),
    Column("bucket", Float, nullable=False, server_default="0"),
    Column("stopped", Text),
    Column("throttled", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("plan_id", "lane"),
)
