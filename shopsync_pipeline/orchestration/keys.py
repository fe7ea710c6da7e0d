"""Names that more than one module needs: asset keys, groups, the writer's pool, run tags."""

from __future__ import annotations

import dagster as dg

EXPORT = dg.AssetKey(["etilize", "export"])
LOCAL_CATALOG = dg.AssetKey(["etilize", "local_catalog"])
SNAPSHOT = dg.AssetKey(["shopify", "snapshot"])
DIFF = dg.AssetKey(["sync", "diff"])
APPLIED = dg.AssetKey(["shopify", "applied_mutations"])

SOURCE_GROUP = "source"
RECONCILE_GROUP = "reconcile"
APPLY_GROUP = "apply"

WRITER_POOL = "shopify_admin_api"
"""Whoever talks to the shop holds this pool. Its limit is 1; the database's writer lock guards what pools cannot."""

PROGRESS_TAG = "shopsync/progress"
PLAN_TAG = "shopsync/plan"
OWNERS = ["team:catalog"]
