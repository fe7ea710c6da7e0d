"""Every operation the dev store answers; importing this package registers them all.

A new area (bulk operations, webhooks) is a new module here and a line in the import below.
"""

from shopsync_pipeline.devstore.operations import (
    bulk_variants,
    files,
    inventory_reads,
    inventory_writes,
    metafield_reads,
    metafield_writes,
    product_reads,
    product_set,
    product_writes,
    publishing,
    shop_reads,
    tagging,
)

__all__ = [
    "bulk_variants",
    "files",
    "inventory_reads",
    "inventory_writes",
    "metafield_reads",
    "metafield_writes",
    "product_reads",
    "product_set",
    "product_writes",
    "publishing",
    "shop_reads",
    "tagging",
]
