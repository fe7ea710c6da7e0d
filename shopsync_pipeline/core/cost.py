"""Points: what an operation costs at Shopify, and how long a plan takes at the shop's restore rate.

Estimates made before a run. The answer's own `requestedQueryCost` is the truth; these figures never enter a ledger.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.parts import ITEM_ATTRIBUTES, Parts, all_parts, parts_of
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.prices import (
    ALIASES,
    INVENTORY_ROWS,
    METAFIELD_ROWS,
    MUTATION,
    PAGE,
    PER_FILE,
    PER_METAFIELD,
    PER_OWNER,
    PER_VARIANT,
    PER_VARIANT_FILE,
    connection,
)

__all__ = ["INVENTORY_ROWS", "METAFIELD_ROWS", "MUTATION", "PAGE", "Estimate", "answer_cost", "connection", "estimate",
           "estimate_plan", "input_cost", "product_node", "read_back", "variant_node"]

_TOLD_LATER = frozenset({Operation.PRODUCT_CREATE, Operation.PRODUCT_UPDATE, Operation.MEDIA_SET})
"""Operations whose answers may leave out what costs points, because a read of up to 250 products tells it cheaper."""

_SHARED_CALLS = {Operation.INVENTORY_SET: INVENTORY_ROWS, Operation.METAFIELDS_SET: METAFIELD_ROWS,
                 Operation.METAFIELDS_DELETE: PAGE}
"""Operations of which one call serves many products, and the rows that it takes."""


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


def input_cost(operation: Operation, changes: Iterable[Change]) -> float:
    """Points of one item when its answer tells only what is free: the mutation and what its input adds.

    What shares calls with other items (stock, metafields alone) is charged its share of full calls.
    """
    listed = list(changes)
    if operation in _SHARED_CALLS:
        rows = len(listed)
        owner = PER_OWNER * math.ceil(rows / METAFIELD_ROWS) if operation is Operation.METAFIELDS_SET else 0.0
        return owner + MUTATION * rows / _SHARED_CALLS[operation]
    attributes = [path[path.rindex("].") + 2:] for path in (c.path for c in listed) if path.startswith("variants[")]
    variants = len({c.path[: c.path.rindex("].")] for c in listed if c.path.startswith("variants[")})
    metafields = sum(c.path.startswith("metafields[") for c in listed if c.after is not None)
    pictures = sum(len(c.after) for c in listed if c.path == "images" and isinstance(c.after, list))
    shown = attributes.count("image")
    inputs = PER_VARIANT * variants + PER_FILE * pictures + PER_VARIANT_FILE * shown
    if operation is Operation.PRODUCT_CREATE:
        return MUTATION + inputs + PER_METAFIELD * (metafields + 1)  # and the custom id
    if operation is Operation.PRODUCT_UPDATE:
        return MUTATION + PER_METAFIELD * metafields
    if operation is Operation.VARIANTS_CREATE:
        stocked = any(name.startswith("stock[") for name in attributes)
        return MUTATION + inputs + variant_node(stock=stocked, media=shown > 0) - 1
    if operation is Operation.VARIANTS_UPDATE:
        told = parts_of(listed)
        return (MUTATION + inputs + ("options" in attributes) + (not ITEM_ATTRIBUTES.isdisjoint(attributes))
                + (connection(1, 1) if told.pictures else 0))
    return MUTATION + (inputs if operation is Operation.MEDIA_SET else 0.0)


def answer_cost(operation: Operation, changes: Iterable[Change]) -> float:
    """Points that the answer adds when it tells all that was written, for operations whose answer may be left out."""
    if operation not in _TOLD_LATER:
        return 0.0
    return _points_of(operation, answered(operation, changes))


def _points_of(operation: Operation, parts: Parts) -> float:
    aliased = operation is Operation.PRODUCT_UPDATE and 0 < parts.metafields <= ALIASES
    return parts.answer_cost - (connection(parts.metafields, 1) - parts.metafields if aliased else 0)


def answered(operation: Operation, changes: Iterable[Change]) -> Parts:
    """The parts that an answer to an operation has to tell, beside the free ones."""
    listed = list(changes)
    if operation is Operation.PRODUCT_UPDATE:
        # What an update clears, it does not tell by name: an absent metafield needs no answer.
        return parts_of(change for change in listed if not (change.path.startswith("metafields[") and not change.after))
    if operation is Operation.PRODUCT_CREATE:
        # Search texts and options are filled by Shopify, and the ids of variants are always needed.
        return parts_of(listed) | Parts(seo=True, options=True, variants=1, items=True)
    return parts_of(listed)


def estimate(operation: Operation, changes: Iterable[Change], *, told: bool = False) -> float:
    """Points of one plan item. `told`: with an answer that tells all that was written; else that is read back with
    many others, for about a fifth of a point each (`read_back`)."""
    listed = list(changes)
    return input_cost(operation, listed) + (answer_cost(operation, listed) if told else 0.0)


def read_back(items: Sequence[PlanItem]) -> frozenset[str]:
    """The ids of those items, sent at about the same time, whose answers had better leave out what costs points: all
    that have such an answer where reading their products back, 250 in one request, costs less than the answers do."""
    dear = {item.item_id: cost for item in items if (cost := answer_cost(item.operation, item.changes)) > 0}
    if not dear:
        return frozenset()
    parts = all_parts(answered(item.operation, item.changes) for item in items if item.item_id in dear)
    return frozenset(dear) if parts.read_cost * math.ceil(len(dear) / PAGE) < sum(dear.values()) else frozenset()


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will take: points, requests, and seconds at a restore rate with a bucket of points already full."""

    points: float
    requests: int
    seconds: float


def estimate_plan(items: Iterable[PlanItem], *, restore_rate: float, bucket: float) -> Estimate:
    """Totals of a plan. `restore_rate` in points per second, `bucket` in points at hand when the push begins.

    What shares calls is counted in full calls; what is read back, in full pages, lane by lane.
    """
    points, requests = 0.0, 0
    rows = dict.fromkeys(_SHARED_CALLS, 0)
    answers: dict[Operation, _Answers] = {}
    for item in items:
        if item.operation in rows:
            rows[item.operation] += len(item.changes)
            if item.operation is Operation.METAFIELDS_SET:
                points += PER_OWNER
            continue
        points += item.cost
        requests += 1
        if item.operation in _TOLD_LATER:
            answers.setdefault(item.operation, _Answers()).add(item)
    for operation, count in rows.items():
        calls = math.ceil(count / _SHARED_CALLS[operation])
        points, requests = points + MUTATION * calls, requests + calls
    for of_operation in answers.values():
        pages = math.ceil(of_operation.count / PAGE)
        reading = of_operation.parts.read_cost * pages
        if reading < of_operation.points:
            points, requests = points + reading, requests + pages
        else:
            points += of_operation.points
    return Estimate(points, requests, max(0.0, points - bucket) / restore_rate)


class _Answers:
    """What the answers of one kind of items would cost together, and what reading them back takes."""

    __slots__ = ("_seen", "count", "parts", "points")

    def __init__(self) -> None:
        self.count, self.points, self.parts = 0, 0.0, Parts()
        self._seen: set[Parts] = set()

    def add(self, item: PlanItem) -> None:
        parts = answered(item.operation, item.changes)
        cost = _points_of(item.operation, parts)
        if cost > 0:
            self.count += 1
            self.points += cost
            if parts.keys <= self.parts.keys and replace(parts, keys=frozenset()) in self._seen:
                return
            self._seen.add(replace(parts, keys=frozenset()))
            self.parts |= parts
