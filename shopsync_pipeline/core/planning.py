"""From decisions to a plan: which operation writes which fields, in which lane, after what.

Pure: the same merges give the same plan, to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from shopsync_pipeline.core.cheapest import chosen
from shopsync_pipeline.core.cost import INVENTORY_ROWS, METAFIELD_ROWS, estimate
from shopsync_pipeline.core.digests import canonical_json
from shopsync_pipeline.core.fields import Fields, Group, Operation, Path, Risk, place
from shopsync_pipeline.core.merge import Decision, Outcome, ProductMerge, Situation
from shopsync_pipeline.core.plan import Change, Lane, PlanItem, Reason

_LANES = {
    Operation.INVENTORY_SET: Lane.STOCK,
    Operation.PRODUCT_UPDATE: Lane.CONTENT,
    Operation.METAFIELDS_SET: Lane.CONTENT,
    Operation.METAFIELDS_DELETE: Lane.CONTENT,
    Operation.MEDIA_SET: Lane.CONTENT,
    Operation.VARIANTS_UPDATE: Lane.CONTENT,
    Operation.VARIANTS_CREATE: Lane.CREATION,
    Operation.PRODUCT_CREATE: Lane.CREATION,
    Operation.PUBLISH: Lane.PUBLICATION,
    Operation.UNPUBLISH: Lane.PUBLICATION,
    Operation.PRODUCT_DELETE: Lane.REMOVAL,
}
_TAKEN_AWAY_BY = {"metafields[]": Operation.METAFIELDS_DELETE, "publications[]": Operation.UNPUBLISH}
"""Fields whose elements are taken away by another operation than the one that sets them."""

_PUTS_BACK = {Operation.METAFIELDS_DELETE: Operation.METAFIELDS_SET, Operation.UNPUBLISH: Operation.PUBLISH}
_WRITES_VARIANTS = (Operation.VARIANTS_UPDATE, Operation.VARIANTS_CREATE)
_LANE_ORDER = {lane: index for index, lane in enumerate(Lane)}
_OPERATION_ORDER = {operation: index for index, operation in enumerate(Operation)}
_RISKS = (Risk.LOW, Risk.MEDIUM, Risk.HIGH)


def items_for(product_key: str, merge: ProductMerge, *, product_id: str | None, remote: Fields) -> list[PlanItem]:
    """The plan items of one product, in the order in which they must be sent. `remote` is what Shopify shows now."""
    pushes = list(merge.having(Outcome.PUSH))
    if not pushes:
        return []
    if merge.situation is Situation.NEW:
        return _creation(product_key, [_change(decision) for decision in pushes])
    grouped: dict[Operation, list[Change]] = {}
    for decision in pushes:
        grouped.setdefault(_operation(decision, remote), []).append(_change(decision))
    return arrange(
        make_item(product_key, product_id, operation, part)
        for operation, changes in chosen(grouped).items()
        for part in _parts(operation, changes, new_pictures=Operation.MEDIA_SET in grouped)
    )


def _creation(product_key: str, changes: Sequence[Change]) -> list[PlanItem]:
    """The making of a product, and then its publication, for which Shopify has an operation of its own."""
    publications = [change for change in changes if place(change.path).field.writer is Operation.PUBLISH]
    made = make_item(product_key, None, Operation.PRODUCT_CREATE,
                     [change for change in changes if change not in publications])
    if not publications:
        return [made]
    return [made, _after(make_item(product_key, None, Operation.PUBLISH, publications), made)]


def _parts(operation: Operation, changes: list[Change], *, new_pictures: bool) -> Iterator[list[Change]]:
    """The changes of one operation, in as many items as it takes: stock by the rows of a call, and variants' pictures
    apart from their prices where they have to wait for the product's own pictures."""
    if operation is Operation.INVENTORY_SET:
        for start in range(0, len(changes), INVENTORY_ROWS):
            yield changes[start:start + INVENTORY_ROWS]
        return
    late = [change for change in changes
            if new_pictures and operation is Operation.VARIANTS_UPDATE and change.path.endswith("].image")]
    for part in ([change for change in changes if change not in late], late):
        if part:
            yield part


def make_item(product_key: str, product_id: str | None, operation: Operation, changes: Sequence[Change]) -> PlanItem:
    """One item with its name (a digest of what it does), lane, risk and cost. It depends on nothing yet."""
    places = [place(change.path).field for change in changes]
    lane = _LANES[operation]
    if operation is Operation.VARIANTS_UPDATE and any(field.group is Group.PRICING for field in places):
        lane = Lane.PRICE
    whole = operation in (Operation.PRODUCT_CREATE, Operation.PRODUCT_DELETE, Operation.VARIANTS_CREATE)
    text = canonical_json([product_key, product_id, operation.value, [[c.path, c.before, c.after] for c in changes]])
    return PlanItem(
        item_id=hashlib.blake2b(text.encode(), digest_size=12).hexdigest(),
        product_key=product_key,
        product_id=product_id,
        operation=operation,
        lane=lane,
        risk=Risk.HIGH if whole else max((field.risk for field in places), key=_RISKS.index),
        changes=tuple(changes),
        cost=round(estimate(operation, changes), 2),
    )


def arrange(items: Iterable[PlanItem]) -> list[PlanItem]:
    """Items of one product with their dependencies, each in a lane no earlier than those it waits for.

    Stock counts only once the variant is tracked, and a variant's picture must first be a picture of the product.
    """
    listed = list(items)
    media = next((item for item in listed if item.operation is Operation.MEDIA_SET and _touches(item, "images")), None)
    arranged = [
        _after(item, media) if media and item.operation in _WRITES_VARIANTS and _touches(item, "].image") else item
        for item in listed
    ]
    tracking = next((item for item in arranged if _touches(item, "].tracked")), None)
    if tracking and tracking.operation is Operation.VARIANTS_UPDATE:
        arranged = [_after(item, tracking) if item.operation is Operation.INVENTORY_SET else item for item in arranged]
    return sorted(arranged, key=_sending_order)


def _touches(item: PlanItem, ending: str) -> bool:
    return any(change.path.endswith(ending) for change in item.changes)


def _after(item: PlanItem, first: PlanItem) -> PlanItem:
    lane = max(item.lane, first.lane, key=_LANE_ORDER.__getitem__)
    return replace(item, depends_on=(*item.depends_on, first.item_id), lane=lane)


def _sending_order(item: PlanItem) -> tuple[int, int, int]:
    return _LANE_ORDER[item.lane], len(item.depends_on), _OPERATION_ORDER[item.operation]


def ordered(items: Iterable[PlanItem]) -> list[PlanItem]:
    """All items of a plan in sending order: by lane, what waits for others last, then by product."""
    def position(item: PlanItem) -> tuple[int, int, str, int, str]:
        lane, waits_for, operation = _sending_order(item)
        return lane, waits_for, item.product_key, operation, item.item_id

    return sorted(items, key=position)


def _operation(decision: Decision, remote: Fields) -> Operation:
    where = place(decision.path)
    if where.variant is not None and Path(f"variants[{where.variant}].options") not in remote:
        return Operation.VARIANTS_CREATE
    if where.field.name in _TAKEN_AWAY_BY and decision.value is None:
        return _TAKEN_AWAY_BY[where.field.name]
    if where.field.writer is None:
        raise ValueError(f"{decision.path} has no writer, so the merge must not ask for it to be pushed")
    return where.field.writer


def _change(decision: Decision) -> Change:
    reason = decision.reason or Reason.CATALOG_CHANGED
    catalog = decision.faces.local if reason is Reason.MERGED else None
    return Change(decision.path, decision.faces.remote, decision.value, reason, catalog)


def inverse(item: PlanItem, created_id: str | None = None) -> list[PlanItem]:
    """The items that take `item` back, each planned like any other.

    `created_id` is Shopify's id of what a creation made. Raises `ValueError` for what cannot be taken back by a plan
    item (new variants: they are not removed without being asked for).
    """
    if item.operation is Operation.PRODUCT_CREATE:
        return [make_item(item.product_key, created_id, Operation.PRODUCT_DELETE, [c.inverse() for c in item.changes])]
    if item.operation is Operation.PRODUCT_DELETE:
        return _creation(item.product_key, [c.inverse() for c in item.changes])
    if item.operation is Operation.VARIANTS_CREATE:
        raise ValueError(f"new variants of {item.product_key} cannot be taken back by a plan item")
    undone: dict[Operation, list[Change]] = {}
    for change in item.changes:
        operation = _PUTS_BACK.get(item.operation, item.operation)
        if operation is item.operation and change.before is None:
            operation = _TAKEN_AWAY_BY.get(place(change.path).field.name, operation)
        undone.setdefault(operation, []).append(change.inverse())
    if len(undone.get(Operation.METAFIELDS_SET, ())) > METAFIELD_ROWS:
        undone[Operation.PRODUCT_UPDATE] = undone.pop(Operation.METAFIELDS_SET)
    return arrange(make_item(item.product_key, item.product_id, op, changes) for op, changes in undone.items())


def plan_hash(inputs: str, items: Iterable[PlanItem]) -> str:
    """The name of a plan's content: sha256 over its inputs' digest and the canonical text of its items in order."""
    digest = hashlib.sha256(inputs.encode())
    for item in items:
        digest.update(canonical_json(item.to_json()).encode())
    return digest.hexdigest()


def inputs_digest(rules: str, products: Mapping[str, str]) -> str:
    """Digest of what a plan was computed from: the rules, and per planned product what both sides showed."""
    digest = hashlib.sha256(rules.encode())
    for key in sorted(products):
        digest.update(f"\n{key}\t{products[key]}".encode())
    return digest.hexdigest()


def first_changes(items: Sequence[PlanItem], most: int) -> Iterator[tuple[PlanItem, Change]]:
    """The first changes of a plan for a person to look at: one field an item, at most `most`."""
    for item in items[:most]:
        if item.changes:
            yield item, item.changes[0]
