"""Points: what an operation costs at Shopify, and how long a plan takes at the shop's restore rate.

Estimates made before a run. The answer's own `requestedQueryCost` is the truth; these figures never enter a ledger.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import Change, PlanItem

MUTATION = 10.0
"""Base cost of every mutation. Source: Shopify docs, "API limits"."""

INVENTORY_ROWS = 250
"""Rows that one inventorySetQuantities call takes (Shopify's limit on input arrays)."""

PAGE = 250
"""The largest page of a connection."""

PER_VARIANT = 0.2
PER_METAFIELD = 0.4
PER_FILE = 1.9
PER_VARIANT_FILE = 0.6
"""Dynamic input costs of productSet, productUpdate and the variant bulk mutations. Source: field docs of `productSet`
and the changelogs on dynamic complexity."""

_ITEM_ATTRIBUTES = frozenset({"sku", "cost", "tracked", "requires_shipping", "weight", "country_of_origin", "hs_code"})

ANSWERED_COLLECTIONS = 50
"""Collections of a product that the answer to a write tells about."""


def connection(size: int, child: float) -> float:
    """A connection asked for `size` nodes that cost `child` points each.

    The price grows with the logarithm of `size`, so a large page is much cheaper by the node. Not documented; derived
    from recorded answers.
    """
    return 2 + child * max(1, math.floor(2 * math.log(min(max(size, 1), PAGE))))


def variant_node(*, item: bool = True, stock: bool = True, media: bool = True) -> float:
    """One variant in an answer: itself, its option values (recorded answers count them), its inventory item, the level
    with its quantities, its first picture."""
    return 1 + 1 + (1 if item else 0) + (2 if stock else 0) + (connection(1, 1) if media else 0)


def product_node(variants: int, metafields: int, media: int, *, collections: int = 0, publications: int = 0) -> float:
    """One product as the snapshot reads it, with its connections asked for so many nodes; 0: not asked for."""
    return (1 + 1 + 1 + 1  # itself, seo, options, category
            + connection(variants, variant_node()) + connection(metafields, 1) + connection(media, 1)
            + (connection(collections, 1) if collections else 0)
            + (connection(publications, 2) if publications else 0))  # a publication within what tells of it


def estimate(operation: Operation, changes: Iterable[Change]) -> float:
    """Points of one plan item: what its input costs and what its answer, which tells what Shopify made of it, costs.

    Stock is charged its share of a full batch of `INVENTORY_ROWS` rows.
    """
    listed = list(changes)
    if operation is Operation.INVENTORY_SET:
        return MUTATION * len(listed) / INVENTORY_ROWS
    written = {change.path for change in listed if change.after is not None}
    attributes = [path[path.rindex("].") + 2:] for path in (c.path for c in listed) if path.startswith("variants[")]
    variants = len({c.path[: c.path.rindex("].")] for c in listed if c.path.startswith("variants[")})
    metafields = sum(path.startswith("metafields[") for path in written)
    pictures = sum(len(c.after) for c in listed if c.path == "images" and isinstance(c.after, list))
    shown = attributes.count("image")
    stocked = any(name.startswith("stock[") for name in attributes)
    placed = 1.0 * any(change.path == "category" for change in listed)
    if any(change.path.startswith("collections[") for change in listed):
        placed += connection(ANSWERED_COLLECTIONS, 1)
    inputs = PER_VARIANT * variants + PER_FILE * pictures + PER_VARIANT_FILE * shown
    if operation is Operation.PRODUCT_CREATE:
        metafields += 1  # the custom id
        answer = 2 + connection(variants, variant_node(stock=stocked, media=pictures > 0)) + connection(metafields, 1)
        pages = placed + (connection(pictures, 1) if pictures else 0)
        return MUTATION + inputs + PER_METAFIELD * metafields + answer + pages
    if operation is Operation.PRODUCT_UPDATE:
        seo = any(change.path.startswith("seo.") for change in listed)
        pages = placed + (connection(metafields, 1) if metafields else 0)
        return MUTATION + PER_METAFIELD * metafields + seo + pages
    if operation is Operation.VARIANTS_CREATE:
        return MUTATION + inputs + variant_node(stock=stocked, media=shown > 0) - 1
    if operation is Operation.VARIANTS_UPDATE:
        with_item = not _ITEM_ATTRIBUTES.isdisjoint(attributes)
        return MUTATION + inputs + variant_node(item=with_item, stock=False, media=shown > 0) - 1
    if operation is Operation.MEDIA_SET:
        return MUTATION + inputs + connection(pictures, 1)
    return MUTATION


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will take: points, requests, and seconds at a restore rate with a bucket of points already full."""

    points: float
    requests: int
    seconds: float


def estimate_plan(items: Iterable[PlanItem], *, restore_rate: float, bucket: float) -> Estimate:
    """Totals of a plan. `restore_rate` in points per second, `bucket` in points at hand when the push begins."""
    rows, points, requests = 0, 0.0, 0
    for item in items:
        if item.operation is Operation.INVENTORY_SET:
            rows += len(item.changes)
        else:
            points += item.cost
            requests += 1
    batches = math.ceil(rows / INVENTORY_ROWS)
    points += MUTATION * batches
    return Estimate(points, requests + batches, max(0.0, points - bucket) / restore_rate)
