"""Shopify's side: the store as it was last read."""

import asyncio
from enum import Enum

import dagster as dg
from pydantic import Field

from shopsync_pipeline.engine.apply import recover
from shopsync_pipeline.engine.names import linked_ids
from shopsync_pipeline.engine.pull import pull, pull_products
from shopsync_pipeline.orchestration.keys import OWNERS, SNAPSHOT, SOURCE_GROUP, WRITER_POOL
from shopsync_pipeline.orchestration.resources import Shopsync


class Reading(Enum):
    """How much of the store is read."""

    FULL = "full"
    CHANGED = "changed"
    PRODUCTS = "products"


class SnapshotConfig(dg.Config):
    """How the store is read."""

    reading: Reading = Field(Reading.CHANGED, description=(
        "full: every product. changed: those updated since the last read (every product, the first time). "
        "products: only those named."))
    products: list[str] = Field([], description="SKUs, handles, Etilize ids, product keys or Shopify ids")


@dg.asset(key=SNAPSHOT, group_name=SOURCE_GROUP, kinds={"shopify"}, owners=OWNERS, pool=WRITER_POOL)
def snapshot(context: dg.AssetExecutionContext, config: SnapshotConfig,
             shopsync: dg.ResourceParam[Shopsync]) -> dg.MaterializeResult[None]:
    """The store's products with all that is synced. What a run left open when it died is settled first."""
    with shopsync.opened() as opened:
        settled = asyncio.run(recover(opened, f"run {context.run.run_id}"))
        if settled:
            context.log.info(f"settled {settled} mutations of a run that ended before their answers came")
        if config.reading is Reading.PRODUCTS:
            report = asyncio.run(pull_products(opened, linked_ids(opened, config.products)))
        else:
            report = asyncio.run(pull(
                opened, full=config.reading is Reading.FULL,
                on_read=lambda count: context.log.info(f"{count} products read"),
            ))
    return dg.MaterializeResult(metadata={
        "dagster/row_count": report.total,
        "reading": report.kind,
        "products_read": report.products,
        "products_removed": report.removed,
        "mutations_settled": settled,
        "points": round(report.points, 1),
        "seconds": round(report.seconds, 2),
    })
