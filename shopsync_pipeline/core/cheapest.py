"""The choice of mutations for what one product needs: which operation carries which changes, for the fewest points.

Pure. What is safe comes before what is cheap: an existing product's variants, metafields and collections never go by
productSet, which takes away whatever its lists do not name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shopsync_pipeline.core.cost import answer_cost
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.prices import METAFIELD_ROWS, MUTATION, PER_METAFIELD, PER_OWNER


def chosen(changes: Mapping[Operation, Sequence[Change]]) -> dict[Operation, list[Change]]:
    """Changes of an existing product, given by the operation that writes each, under the operations that do it for the
    fewest points.

    - Metafields ride along with a productUpdate that is sent anyway (0.4 each). Alone, up to 25 go by metafieldsSet,
      whose calls products share (4 a product and 10 a call, against 10 and 0.4 each), and which compares before it
      sets. More than 25 of one product stay with productUpdate, because they must not be torn apart.
    - Text, tags, status and the like go along with new pictures, whose productSet is sent anyway, so that one mutation
      is saved; unless a productUpdate is needed all the same, for collections or for many metafields.
    """
    found = {operation: list(listed) for operation, listed in changes.items()}
    update = found.pop(Operation.PRODUCT_UPDATE, [])
    metafields = [change for change in update if change.path.startswith("metafields[")]
    memberships = [change for change in update if change.path.startswith("collections[")]
    plain = [change for change in update if change not in metafields and change not in memberships]
    torn = len(metafields) > METAFIELD_ROWS
    if Operation.MEDIA_SET in found and not memberships and not torn:
        found[Operation.MEDIA_SET] += plain
        plain = []
    if plain or memberships or torn:
        found[Operation.PRODUCT_UPDATE] = update
    elif metafields:
        found[Operation.METAFIELDS_SET] = metafields
    return found


def by_update(batch: Sequence[PlanItem]) -> bool:
    """Whether a batch of metafields is sent by productUpdate after all: a product that has a call to itself and few
    metafields costs less that way (11.4 for one, against 14).

    It is not compared with what the shop shows then, as nothing that productUpdate writes is; the read just before
    leaves an edit a moment to be lost in, as with all other fields.
    """
    if len(batch) != 1:
        return False
    (item,) = batch
    rows = len(item.changes)
    told = answer_cost(Operation.PRODUCT_UPDATE, item.changes)
    return MUTATION + PER_METAFIELD * rows + told < MUTATION + PER_OWNER
