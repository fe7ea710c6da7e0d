"""The points of each shop's bucket, shared by all processes that talk to it, and what requests were seen to cost."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, PrimaryKeyConstraint, String, Table

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

shop_points = Table(
    "shop_points", metadata, shop_column(),
    Column("maximum", Float),
    Column("restore_rate", Float),
    Column("level", Float, nullable=False),
    Column("spent", Float, nullable=False),
    Column("counted_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id"),
)

points_holder = Table(
    "points_holder", metadata, shop_column(),
    Column("holder", String(36), nullable=False),
    Column("held", Float, nullable=False),
    Column("waiting_since", UtcDateTime),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "holder"),
)

learned_cost = Table(
    "learned_cost", metadata, shop_column(),
    Column("document", String(64), nullable=False),
    Column("highest", Float, nullable=False),
    Column("before", Float, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("usual", Float, nullable=False),
    Column("learned_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "document"),
)
