"""The tables. Every table carries the shop's id, so one database serves many shops.

Documents are JSON kept as text: their key order (a product's own order of variants) must survive, and they are compared
by digest, never searched inside.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes aware datetimes only and gives aware UTC back, also on SQLite, which keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Converts to UTC; a naive datetime is a bug and raises `ValueError`."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Attaches or converts to UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _shop() -> Column[str]:
    return Column("shop_id", String(255), nullable=False)


shop = Table(
    "shop", metadata, _shop(),
    Column("name", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("location_id", Text, nullable=False),
    Column("location_name", Text, nullable=False),
    Column("restore_rate", Float),
    Column("bucket_size", Float),
    Column("described_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id"),
)

catalog_import = Table(
    "catalog_import", metadata, _shop(),
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
    "catalog_product", metadata, _shop(),
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
    "catalog_change", metadata, _shop(),
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
    "catalog_feed_row", metadata, _shop(),
    Column("feed", String(255), nullable=False),
    Column("sku", String(255), nullable=False),
    Column("place", Integer, nullable=False),
    Column("mfgpartno", Text),
    Column("manufacturer", Text),
    Column("facts", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "feed", "sku", "place"),
)

catalog_feed_change = Table(
    "catalog_feed_change", metadata, _shop(),
    Column("number", Integer, nullable=False),
    Column("feed", String(255), nullable=False),
    Column("sku", String(255), nullable=False),
    Column("before", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "number", "feed", "sku"),
)

delivery_file = Table(
    "delivery_file", metadata, _shop(),
    Column("file", String(1024), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("surveys", Text, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "file"),
)

quarantine = Table(
    "quarantine", metadata, _shop(),
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

snapshot = Table(
    "snapshot", metadata, _shop(),
    Column("snapshot_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("products", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("points", Float, nullable=False),
    Column("error", Text),
    PrimaryKeyConstraint("snapshot_id"),
    Index(None, "shop_id", "kind", "state", "started_at"),
)

snapshot_product = Table(
    "snapshot_product", metadata, _shop(),
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
    "base_product", metadata, _shop(),
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

plan = Table(
    "plan", metadata, _shop(),
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
    "plan_item", metadata, _shop(),
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
    "sync_dependency", metadata, _shop(),
    Column("plan_id", String(36), nullable=False),
    Column("item_id", String(64), nullable=False),
    Column("depends_on", String(64), nullable=False),
    PrimaryKeyConstraint("plan_id", "item_id", "depends_on"),
)

ledger = Table(
    "ledger", metadata, _shop(),
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
    "ledger_item", metadata, _shop(),
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

# What reads of the store showed to have changed there; our own writes are in the ledger.
store_edit = Table(
    "store_edit", metadata, _shop(),
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

sync_conflict = Table(
    "sync_conflict", metadata, _shop(),
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
    "field_rule", metadata, _shop(),
    Column("rule_id", String(36), nullable=False),
    Column("position", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("rule_id"),
    Index(None, "shop_id", "position", unique=True),
)

# Values that stand in for the catalog's own, over imports. `value` and `catalog_value` are JSON, NULL for absent.
catalog_override = Table(
    "catalog_override", metadata, _shop(),
    Column("product_key", String(512), nullable=False),
    Column("path", String(1024), nullable=False),
    Column("value", Text),
    Column("catalog_value", Text),
    Column("since", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "product_key", "path"),
)

writer_lock = Table(
    "writer_lock", metadata, _shop(),
    Column("what", String(16), nullable=False, server_default="shop"),
    Column("holder", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("token", String(36), nullable=False),
    Column("taken_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("shop_id", "what"),
)

push_progress = Table(
    "push_progress", metadata, _shop(),
    Column("plan_id", String(36), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("run_id", String(64)),
    Column("total", Integer, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("set_aside", Integer, nullable=False),
    Column("points", Float, nullable=False),
    Column("throttled", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("plan_id", "lane"),
)

catalog_finding = Table(
    "catalog_finding", metadata, _shop(),
    Column("import_id", String(36), nullable=False),
    Column("check_name", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("examples", Text, nullable=False),
    PrimaryKeyConstraint("shop_id", "import_id", "check_name"),
)
