"""Every operation the dev store answers, and the guards before them; importing this package registers them all.

A new area (bulk operations, webhooks) is a new module here and a line in the import below.
"""

from shopsync_pipeline.devstore.access import scopes
from shopsync_pipeline.devstore.chaos import refusals
from shopsync_pipeline.devstore.operations import (
    bulk_operations,
    bulk_variants,
    collections,
    events,
    files,
    inventory_activation,
    inventory_moves,
    inventory_reads,
    inventory_writes,
    locations,
    metafield_reads,
    metafield_writes,
    price_lists,
    product_options,
    product_order,
    product_reads,
    product_set,
    product_writes,
    publishing,
    shop_reads,
    staged_uploads,
    tagging,
    webhook_subscriptions,
)
from shopsync_pipeline.devstore.points import limits

__all__ = [
    "bulk_operations",
    "bulk_variants",
    "collections",
    "events",
    "files",
    "inventory_activation",
    "inventory_moves",
    "inventory_reads",
    "inventory_writes",
    "limits",
    "locations",
    "metafield_reads",
    "metafield_writes",
    "price_lists",
    "product_options",
    "product_order",
    "product_reads",
    "product_set",
    "product_writes",
    "publishing",
    "refusals",
    "scopes",
    "shop_reads",
    "staged_uploads",
    "tagging",
    "webhook_subscriptions",
]
