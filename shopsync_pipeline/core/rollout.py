"""Roll-out: which items of a plan may go at all, and which of those go first.

Items that wait stay in the plan as `held`, each with its reason; nothing is dropped from a plan in silence.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import groupby

from shopsync_pipeline.core.fields import Operation, Risk, place
from shopsync_pipeline.core.plan import Change, Lane, PlanItem
from shopsync_pipeline.core.planning import arrange, make_item, ordered

RISKS = tuple(Risk)
"""From the least to the most harmful."""

WHOLE = frozenset({Operation.PRODUCT_CREATE, Operation.PRODUCT_DELETE, Operation.VARIANTS_CREATE})
"""Operations that are sent whole or not at all."""


class Hold(StrEnum):
    """Why an item waits."""

    PHASE = "phase"
    CATEGORY = "category"
    WALL = "wall"
    DAILY_LIMIT = "daily_limit"
    CANARY = "canary"
    WAITS = "waits"
    DEAD_LETTER = "dead_letter"


@dataclass(frozen=True, slots=True)
class Held:
    """Why one item or change waits: the kind, and a sentence for people."""

    hold: Hold
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RollOut:
    """How far a roll-out has come.

    `phase` is the highest risk that is sent; `categories` are globs over product types and tags, without regard to case
    (none: all products); `canary_share` (0 to 1) of each lane's items goes first, and the rest only if no more than
    `canary_max_failed` (0 to 1) of those failed or had gone stale.
    """

    phase: Risk = Risk.HIGH
    categories: tuple[str, ...] = ()
    canary_share: float = 0.0
    canary_max_failed: float = 0.1

    def beyond_phase(self, risk: Risk) -> Held | None:
        """Why something of this risk waits, if it does."""
        if RISKS.index(risk) <= RISKS.index(self.phase):
            return None
        return Held(Hold.PHASE, f"its risk is {risk.value} and SYNC_PHASE sends up to {self.phase.value}")

    def outside(self, product_type: str, tags: Iterable[str]) -> Held | None:
        """Why a product waits that is in none of the categories which are rolled out."""
        if not self.categories:
            return None
        names = [product_type, *tags]
        if any(fnmatchcase(name.casefold(), glob.casefold()) for name in names for glob in self.categories):
            return None
        return Held(Hold.CATEGORY, f'neither its product type "{product_type}" nor a tag is in SYNC_CATEGORIES')

    def text(self) -> str:
        """The one text of what decides which items wait; part of what a plan was computed from."""
        return f"phase={self.phase.value} categories={','.join(self.categories)}"


OfItem = Callable[[PlanItem], Held | None]
OfChange = Callable[[PlanItem, Change], Held | None]
Apart = Callable[[PlanItem], Sequence[tuple[PlanItem, Held | None]]]
"""An item in parts that together are the whole, each with why it waits if it does."""


def _as_it_is(item: PlanItem) -> Sequence[tuple[PlanItem, Held | None]]:
    return ((item, None),)


def held_back(items: Sequence[PlanItem], of_item: OfItem, of_change: OfChange,
              apart: Apart = _as_it_is) -> tuple[list[PlanItem], dict[str, Held]]:
    """The items in sending order, and by item id those of them that wait.

    `apart` cuts out what was refused before; then `of_item` judges each part as a whole, `of_change` one field. A field
    that waits is taken into an item of its own, so that the others still go; what depends on an item that waits, waits
    too.
    """
    by_product = sorted(items, key=lambda item: item.product_key)
    kept: list[PlanItem] = []
    waiting: dict[str, Held] = {}
    cut = False
    for _, group in groupby(by_product, key=lambda item: item.product_key):
        of_product = list(group)
        parts = [part for item in of_product for part in _parts(item, of_item, of_change, apart)]
        if len(parts) == len(of_product) and all(held is None for _, held in parts):
            kept += of_product
            continue
        cut = True
        arranged = _arranged([item for item, _ in parts])
        verdicts = {item.item_id: held for item, held in parts if held is not None}
        for item in arranged:  # in sending order, so what an item waits for was judged before
            held = verdicts.get(item.item_id)
            if held is None and any(first in verdicts for first in item.depends_on):
                held = Held(Hold.WAITS, "what it depends on is held")
                verdicts[item.item_id] = held
        waiting |= verdicts
        kept += arranged
    return (ordered(kept), waiting) if cut else (list(items), {})


def _arranged(parts: Sequence[PlanItem]) -> list[PlanItem]:
    """The parts of one product with their dependencies: those that follow from what they write, and of those that they
    came with (a publication waits for the creation), the ones on items that are still whole."""
    there = {item.item_id: item for item in parts}
    came_with = {item.item_id: item.depends_on for item in parts}
    found = []
    for item in arrange(replace(item, depends_on=(), lane=_own_lane(item)) for item in parts):
        for first in came_with[item.item_id]:
            if first in there and first not in item.depends_on:
                lane = max(item.lane, there[first].lane, key=_LANES.index)
                item = replace(item, depends_on=(*item.depends_on, first), lane=lane)
        found.append(item)
    return ordered(found)


_LANES = tuple(Lane)


def _own_lane(item: PlanItem) -> Lane:
    """The lane of an item that waits for nothing."""
    return make_item(item.product_key, item.product_id, item.operation, item.changes).lane if item.depends_on else \
        item.lane


def _parts(item: PlanItem, of_item: OfItem, of_change: OfChange,
           apart: Apart) -> Iterator[tuple[PlanItem, Held | None]]:
    """An item as it is, or in as many parts as there are verdicts on its fields."""
    for part, held in apart(item):
        yield from ((part, held),) if held is not None else _judged(part, of_item, of_change)


def _judged(item: PlanItem, of_item: OfItem, of_change: OfChange) -> Iterator[tuple[PlanItem, Held | None]]:
    whole = of_item(item)
    by_change = [of_change(item, change) for change in item.changes]
    if whole is None and item.operation in WHOLE:
        whole = next((held for held in by_change if held is not None), None)
    verdicts = [whole] * len(by_change) if whole is not None else by_change
    if not item.changes or len(set(verdicts)) == 1:
        yield item, whole if not item.changes else verdicts[0]
        return
    for verdict in dict.fromkeys(verdicts):
        changes = [change for change, found in zip(item.changes, verdicts, strict=True) if found == verdict]
        part = make_item(item.product_key, item.product_id, item.operation, changes)
        yield replace(part, depends_on=item.depends_on), verdict


def risk_of(item: PlanItem, change: Change) -> Risk:
    """The risk of one field of an item; of an operation on the whole, the item's."""
    return item.risk if item.operation in WHOLE else place(change.path).field.risk


def canary(items: Sequence[PlanItem], share: float) -> set[str]:
    """Ids of the items of one lane that go first: `share` of them, rounded up, by a hash of the product's key.

    The same products are chosen every time. What such an item waits for within the lane goes with it.
    """
    wanted = math.ceil(round(share * len(items), 6))
    chosen = sorted(items, key=lambda item: (_lot(item.product_key), item.item_id))[:wanted]
    by_id = {item.item_id: item for item in items}
    found: set[str] = set()
    waiting = [item.item_id for item in chosen]
    while waiting:
        item_id = waiting.pop()
        if item_id in by_id and item_id not in found:
            found.add(item_id)
            waiting += by_id[item_id].depends_on
    return found


def _lot(product_key: str) -> bytes:
    return hashlib.blake2b(product_key.encode(), digest_size=8).digest()
