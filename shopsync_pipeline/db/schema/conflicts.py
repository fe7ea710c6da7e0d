"""Conflicts and the rules that people made of them."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Table, Text

from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata, shop_column

sync_conflict = Table(
    "sync_conflict", metadata, shop_column(),
    Column("conflict_id", String(36), nullable=False),
    Column("product_key", String(512), nullable=False),
    Column("path", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("dispute", Text, nullable=False),
    Column("strategy", String(32)),
    Column("faces", Text, nullable=False),
    Column("resolution", String(16)),
    Column("resolved_by", Text),
    Column("resolved_at", UtcDateTime),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False),
    Column("plan_id", String(36)),
    Column("rule", Text),
    Column("suggestion", Text),
    PrimaryKeyConstraint("conflict_id"),
    Index(None, "shop_id", "state", "product_key"),
)

# Rules that "always do this" wrote; they come before those of the rule file, by position.
field_rule = Table(
    "field_rule", metadata, shop_column(),
    Column("rule_id", String(36), nullable=False),
    Column("position", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("rule_id"),
    Index(None, "shop_id", "position", unique=True),
)
