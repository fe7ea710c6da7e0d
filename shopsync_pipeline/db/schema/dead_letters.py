"""Dead letters: what Shopify refused, once for each content, and what people and plans did about it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

dead_letter = Table(
    "dead_letter", metadata, shop_column(),
    Column("letter_id", String(36), nullable=False),
    Column("product_key", String(512), nullable=False),
    Column("operation", String(32), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("codes", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("root_key", String(16), nullable=False),
    Column("root_cause", Text, nullable=False),
    Column("named", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("sent", Text, nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("run_id", String(64)),
    Column("times", Integer, nullable=False),
    Column("first_refused", UtcDateTime, nullable=False),
    Column("last_refused", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("letter_id"),
    Index(None, "shop_id", "product_key", "operation", "item_id", unique=True),
    Index(None, "shop_id", "state", "root_key"),
)

dead_letter_action = Table(
    "dead_letter_action", metadata, shop_column(),
    Column("letter_id", String(36), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("letter_id", "seq"),
)
