"""The last choice, which only a whole plan allows: in a small one, metafields may cost less apart from the text.

In a large plan they ride along with it, because their products are read back together. Where so few products are
written that every answer tells all, a long answer can cost more than a row in a call that another product pays for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from shopsync_pipeline.core.batches import batches
from shopsync_pipeline.core.cheapest import by_update
from shopsync_pipeline.core.cost import answer_cost, answered, estimate, input_cost
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.parts import all_parts
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import make_item, ordered
from shopsync_pipeline.core.prices import METAFIELD_ROWS, MUTATION, PER_OWNER

FEW = 6
"""Products up to which all ways are tried (64 then); more of them are read back in any case that matters."""

_CONTENT = (Operation.PRODUCT_UPDATE, Operation.MEDIA_SET, Operation.METAFIELDS_SET)


def whole_plan(items: Iterable[PlanItem]) -> list[PlanItem]:
    """All items of a plan in sending order, those of a small one put together for the fewest points."""
    listed = list(items)
    mixed = [item for item in listed if _mixed(item)]
    if 0 < len(mixed) <= FEW:
        rest = [item for item in listed if item.operation in _CONTENT and item not in mixed]
        ways = [[part for item, apart in zip(mixed, choice, strict=True)
                 for part in (_taken_apart(item) if apart else [item])]
                for choice in product((False, True), repeat=len(mixed))]
        best = min(ways, key=lambda way: content_points([*way, *rest]))
        listed = [item for item in listed if item not in mixed] + best
    return ordered(listed)


def _mixed(item: PlanItem) -> bool:
    metafields = sum(change.path.startswith("metafields[") for change in item.changes)
    return item.operation is Operation.PRODUCT_UPDATE and 0 < metafields < len(item.changes) and (
        metafields <= METAFIELD_ROWS and not item.depends_on)


def _taken_apart(item: PlanItem) -> list[PlanItem]:
    metafields = [change for change in item.changes if change.path.startswith("metafields[")]
    others = [change for change in item.changes if change not in metafields]
    return [make_item(item.product_key, item.product_id, Operation.PRODUCT_UPDATE, others),
            make_item(item.product_key, item.product_id, Operation.METAFIELDS_SET, metafields)]


def content_points(items: Sequence[PlanItem]) -> float:
    """What items of text, pictures and metafields cost together: calls, and answers or the read that replaces them."""
    points, answers, untold = 0.0, 0.0, []
    for batch in batches(items):
        first = batch[0]
        if first.operation is not Operation.METAFIELDS_SET:
            points += input_cost(first.operation, first.changes)
            if cost := answer_cost(first.operation, first.changes):
                answers += cost
                untold.append(answered(first.operation, first.changes))
        elif by_update(batch):
            points += estimate(Operation.PRODUCT_UPDATE, first.changes, told=True)
        else:
            points += MUTATION + PER_OWNER * len(batch)
    return points + min(answers, all_parts(untold).read_cost if untold else 0.0)
