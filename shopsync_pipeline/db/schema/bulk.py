"""Bulk operations that were prepared or started for a shop, which line of each carries what, and how fast they were."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

bulk_operation = Table(
    "bulk_operation", metadata, shop_column(),
    Column("shard_id", String(36), nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("run_id", String(64)),
    Column("operation", String(32), nullable=False),
    Column("document", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at_once", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", String(64)),
    Column("first_item", String(64)),
    Column("last_item", String(64)),
    Column("staged_path", Text),
    Column("operation_id", String(255)),
    Column("outcome", Text),
    Column("prepared_at", UtcDateTime, nullable=False),
    Column("starting_at", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    PrimaryKeyConstraint("shard_id"),
    Index(None, "shop_id", "state"),
    Index(None, "plan_id"),
)

# One line carries one plan item under one ledger row, whose state says what became of it.
bulk_line = Table(
    "bulk_line", metadata, shop_column(),
    Column("shard_id", String(36), nullable=False),
    Column("line", Integer, nullable=False),
    Column("ledger_id", String(36), nullable=False),
    PrimaryKeyConstraint("shard_id", "line"),
    Index(None, "ledger_id", unique=True),
)

bulk_speed = Table(
    "bulk_speed", metadata, shop_column(),
    Column("document", String(64), nullable=False),
    Column("start_seconds", Float, nullable=False),
    Column("items_per_second", Float, nullable=False),
    Column("measured_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "document"),
)
