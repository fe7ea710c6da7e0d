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
"""Base cost of every mutation. Source: Shopify API limits, "Calculated query cost"."""

INVENTORY_ROWS = 250
"""Rows that one inventorySetQuantities call takes (Shopify's limit on input arrays)."""

PER_VARIANT = 0.2
PER_METAFIELD = 0.4
PER_FILE = 1.9
PER_VARIANT_FILE = 0.6
"""Dynamic input costs of productSet and the variant bulk mutations. Source: field docs of `productSet` and the
changelog on dynamic complexity."""


def connection(first: int, child: float) -> float:
    """Requested cost of a connection with page size `first` whose nodes cost `child` points each.

    Not documented; fitted to recorded query costs: 2 + child × max(1, ⌊2·ln first⌋).
    """
    return 2 + child * max(1, math.floor(2 * math.log(max(first, 1))))


def estimate(operation: Operation, changes: Iterable[Change]) -> float:
    """Points of one plan item. Stock is charged its share of a full batch of `INVENTORY_ROWS` rows."""
    paths = [change.path for change in changes]
    variants = len({path[: path.rindex("].")] for path in paths if path.startswith("variants[")})
    metafields = sum(path.startswith("metafields[") for path in paths)
    pictures = sum(len(c.after) for c in changes if c.path == "images" and isinstance(c.after, list))
    variant_pictures = sum(path.endswith("].image") for path in paths)
    if operation is Operation.INVENTORY_SET:
        return MUTATION * len(paths) / INVENTORY_ROWS
    if operation is Operation.PRODUCT_CREATE:
        inputs = PER_VARIANT * variants + PER_METAFIELD * (metafields + 1)
        files = PER_FILE * pictures + PER_VARIANT_FILE * variant_pictures
        reading = connection(variants, 2) + connection(metafields + 1, 1)
        return MUTATION + inputs + files + reading + (connection(pictures, 1) if pictures else 0)
    if operation is Operation.PRODUCT_UPDATE:
        return MUTATION + (PER_METAFIELD * metafields + connection(metafields, 1) if metafields else 0)
    if operation in (Operation.VARIANTS_UPDATE, Operation.VARIANTS_CREATE):
        return MUTATION + PER_VARIANT * variants + PER_VARIANT_FILE * variant_pictures
    if operation is Operation.MEDIA_SET:
        return MUTATION + PER_FILE * pictures + (connection(pictures, 1) if pictures else 0)
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
