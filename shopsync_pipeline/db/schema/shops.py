"""The shops that this database serves, who writes to each, and whether each is served by Shopify."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

shop = Table(
    "shop", metadata, shop_column(),
    Column("name", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("location_id", Text, nullable=False),
    Column("location_name", Text, nullable=False),
    Column("restore_rate", Float),
    Column("bucket_size", Float),
    Column("described_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id"),
)

writer_lock = Table(
    "writer_lock", metadata, shop_column(),
    Column("what", String(16), nullable=False, server_default="shop"),
    Column("holder", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("token", String(36), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "what"),
)

shop_health = Table(
    "shop_health", metadata, shop_column(),
    Column("phase", String(16), nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("since", UtcDateTime),
    Column("rest_seconds", Float, nullable=False),
    Column("probe_at", UtcDateTime),
    Column("prober", String(36)),
    Column("resumed_by", Text),
    Column("resumed_for", Text),
    Column("resumed_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id"),
)
