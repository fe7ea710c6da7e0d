"""The tables, a module for each idea. Every table carries the shop's id, so one database serves many shops.

Documents are JSON kept as text: their key order (a product's own order of variants) must survive, and they are compared
by digest, never searched inside.
"""

from shopsync_pipeline.db.schema.catalog import (
    catalog_change,
    catalog_feed_change,
    catalog_feed_row,
    catalog_finding,
    catalog_import,
    catalog_override,
    catalog_product,
    delivery_file,
    quarantine,
)
from shopsync_pipeline.db.schema.columns import UtcDateTime, metadata
from shopsync_pipeline.db.schema.conflicts import field_rule, sync_conflict
from shopsync_pipeline.db.schema.dead_letters import dead_letter, dead_letter_action
from shopsync_pipeline.db.schema.plans import plan, plan_item, sync_dependency
from shopsync_pipeline.db.schema.points import learned_cost, points_holder, shop_points
from shopsync_pipeline.db.schema.push import ledger, ledger_item, push_progress
from shopsync_pipeline.db.schema.shops import shop, shop_health, writer_lock
from shopsync_pipeline.db.schema.store import base_product, snapshot, snapshot_product, store_edit

__all__ = [
    "UtcDateTime",
    "base_product",
    "catalog_change",
    "catalog_feed_change",
    "catalog_feed_row",
    "catalog_finding",
    "catalog_import",
    "catalog_override",
    "catalog_product",
    "dead_letter",
    "dead_letter_action",
    "delivery_file",
    "field_rule",
    "learned_cost",
    "ledger",
    "ledger_item",
    "metadata",
    "plan",
    "plan_item",
    "points_holder",
    "push_progress",
    "quarantine",
    "shop",
    "shop_health",
    "shop_points",
    "snapshot",
    "snapshot_product",
    "store_edit",
    "sync_conflict",
    "sync_dependency",
    "writer_lock",
]
