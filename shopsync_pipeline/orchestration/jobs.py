"""Jobs: the same assets, read to a different depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

SNAPSHOT_OP, DIFF_OP = "shopify__snapshot", "sync__diff"

full_sync = dg.define_asset_job(
    "full_sync", selection=dg.AssetSelection.all(),
    config={"ops": {SNAPSHOT_OP: {"config": {"reading": "FULL"}}}},
    description="Reads the whole store, compares it with the whole catalog and sends the plan.",
)

incremental_sync = dg.define_asset_job(
    "incremental_sync", selection=dg.AssetSelection.all(),
    config={"ops": {SNAPSHOT_OP: {"config": {"reading": "CHANGED"}}}},
    description="Reads what changed in the store since the last read and sends what the catalog changed.",
)


@dg.config_mapping(config_schema={"products": dg.Field([str], description=(
    "SKUs, handles, Etilize ids, product keys or Shopify ids of the products to sync"))})
def _named_products(config: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"ops": {
        SNAPSHOT_OP: {"config": {"reading": "PRODUCTS", "products": config["products"]}},
        DIFF_OP: {"config": {"only": config["products"]}},
    }}


sync_products = dg.define_asset_job(
    "sync_products", selection=dg.AssetSelection.all(), config=_named_products,
    description='Syncs named products only. Config: {"products": ["SKU-1", "SKU-2"]}.',
)

default_jobs = [full_sync, incremental_sync, sync_products]
