"""Bounds: how much a plan may do before a named person must have looked at it.

Shares are of the products that are linked to the store. A plan beyond a bound is refused with the figures and the worst
examples; it is never cut down to size in silence.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from statistics import median

from shopsync_pipeline.core.fields import Operation, Value, place
from shopsync_pipeline.core.plan import Change, PlanItem, Reason

WORST = 5
"""Examples that a refusal names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much a plan may do without a person's approval. Shares and price moves are fractions: 0.5 is a half.

    `max_price_rise` and `max_price_drop` hold for every single variant (a price from 10 to 15 rose by 0.5); the default
    pair catches a decimal point that slipped by one place. Shares are not judged below `smallest` linked products,
    and the median not below as many price moves: there one product is a large share.
    """

    max_updated_share: float = 0.5
    max_archived_share: float = 0.1
    max_deleted_share: float = 0.02
    max_unpublished_share: float = 0.1
    max_price_rise: float = 8.0
    max_price_drop: float = 0.8
    max_median_price_move: float = 0.5
    max_zero_stock_share: float = 0.3
    max_conflict_share: float = 0.5
    max_creation_days: float = 7.0
    smallest: int = 20


@dataclass(slots=True)
class Figures:
    """What a plan would do, counted item by item with `add`. Products are named by key. A price that a person decided
    on in review moves nothing here.

    `creation_days` is how many days its new variants take at the shop's daily limit, 1 or less where none applies.
    """

    updated: dict[str, None] = field(default_factory=dict)
    archived: dict[str, None] = field(default_factory=dict)
    deleted: dict[str, None] = field(default_factory=dict)
    unpublished: dict[str, None] = field(default_factory=dict)
    emptied: dict[str, None] = field(default_factory=dict)
    moves: list[float] = field(default_factory=list)
    price_moves: list[tuple[float, str, str, str, str]] = field(default_factory=list)
    creation_days: float = 0.0
    new_variants: int = 0

    @classmethod
    def of(cls, items: Iterable[PlanItem]) -> Figures:
        """The figures of items."""
        figures = cls()
        for item in items:
            figures.add(item)
        return figures

    def add(self, item: PlanItem) -> None:
        """Counts one more item. A creation, and what follows on it, changes nothing that is there, so no share holds it
        back."""
        if item.product_id is None:
            return
        if item.operation is Operation.PRODUCT_DELETE:
            self.deleted[item.product_key] = None
            return
        self.updated[item.product_key] = None
        if item.operation is Operation.UNPUBLISH:
            self.unpublished[item.product_key] = None
        for change in item.changes:
            if change.path == "status":
                self._status(item.product_key, change)
            elif change.path.endswith("].price") and change.reason is not Reason.REVIEWED:
                self._price(item.product_key, change)
            elif item.operation is Operation.INVENTORY_SET and _to_zero(change):
                self.emptied[item.product_key] = None

    def _status(self, key: str, change: Change) -> None:
        if change.after == "ARCHIVED":
            self.archived[key] = None
        if change.before == "ACTIVE" and change.after != "ACTIVE":
            self.unpublished[key] = None

    def _price(self, key: str, change: Change) -> None:
        before, after = _amount(change.before), _amount(change.after)
        if before is None or after is None or before <= 0:
            return
        move = float((after - before) / before)
        self.moves.append(abs(move))
        self.price_moves.append((move, key, change.path, str(change.before), str(change.after)))


def _amount(value: Value | None) -> Decimal | None:
    if not isinstance(value, str):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _to_zero(change: Change) -> bool:
    before, after = change.before, change.after
    return isinstance(before, int) and isinstance(after, int) and before > 0 >= after


def judge(bounds: Bounds, figures: Figures, *, linked: int, catalog: int, conflicted: Iterable[str] = ()) -> list[str]:
    """Why a plan must not be sent without approval: one sentence with figures and examples for each bound that it
    breaks. `conflicted` are the products that wait for a decision, `catalog` the products that the catalog has."""
    found = []
    if catalog == 0 and linked > 0:
        found.append(
            f"The catalog is empty but {linked} products of the shop are linked to it. An export was probably cut "
            "short; read a complete one before syncing."
        )
    if linked >= bounds.smallest:
        for products, share, words, name in (
            (figures.updated, bounds.max_updated_share, "would be updated", "SYNC_MAX_UPDATED_SHARE"),
            (figures.archived, bounds.max_archived_share, "would be archived", "SYNC_MAX_ARCHIVED_SHARE"),
            (figures.deleted, bounds.max_deleted_share, "would be deleted", "SYNC_MAX_DELETED_SHARE"),
            (figures.unpublished, bounds.max_unpublished_share, "would be taken out of sale",
             "SYNC_MAX_UNPUBLISHED_SHARE"),
            (figures.emptied, bounds.max_zero_stock_share, "would have their stock set to zero",
             "SYNC_MAX_ZERO_STOCK_SHARE"),
            (dict.fromkeys(conflicted), bounds.max_conflict_share, "have conflicts", "SYNC_MAX_CONFLICT_SHARE"),
        ):
            if len(products) > share * linked:
                found.append(
                    f"{len(products)} of {linked} linked products ({len(products) / linked:.0%}) {words}; the bound is "
                    f"{share:.0%} ({name}), for example {_names(products)}. Look at the plan, then approve it or raise "
                    "the bound."
                )
    return [*found, *_prices(bounds, figures), *_creations(bounds, figures)]


def _prices(bounds: Bounds, figures: Figures) -> Iterable[str]:
    for word, bound, name, sign in (("rise", bounds.max_price_rise, "SYNC_MAX_PRICE_RISE", 1),
                                    ("fall", bounds.max_price_drop, "SYNC_MAX_PRICE_DROP", -1)):
        beyond = [move for move in figures.price_moves if sign * move[0] > bound]
        if beyond:
            worst = heapq.nlargest(WORST, beyond, key=lambda move: (sign * move[0], move[1:]))
            told = ", ".join(f"{key} {path} {before} → {after} ({move:+.0%})"
                             for move, key, path, before, after in worst)
            count = len({key for _, key, *_ in beyond})
            yield (f"Prices of {count} {'product' if count == 1 else 'products'} would {word} by more than {bound:.0%} "
                   f"({name}): {told}. Look at the feed, then approve the plan or raise the bound.")
    if len(figures.moves) >= bounds.smallest and median(figures.moves) > bounds.max_median_price_move:
        yield (f"The median of {len(figures.moves)} price moves is {median(figures.moves):.0%}; the bound is "
               f"{bounds.max_median_price_move:.0%} (SYNC_MAX_MEDIAN_PRICE_MOVE). A feed in another currency or column "
               "looks like this; look at it, then approve the plan or raise the bound.")


def _creations(bounds: Bounds, figures: Figures) -> Iterable[str]:
    if figures.creation_days > bounds.max_creation_days:
        yield (f"{figures.new_variants} variants would be created, which takes {figures.creation_days:.0f} days at the "
               f"shop's daily limit; the bound is {bounds.max_creation_days:g} days (SYNC_MAX_CREATION_DAYS). Ask "
               "Shopify to lift the limit or move to Plus, then approve the plan or raise the bound.")


def _names(products: dict[str, None]) -> str:
    return ", ".join(sorted(products)[:WORST])


def moved(items: Iterable[PlanItem]) -> Counter[str]:
    """How many values of existing products each field group gets."""
    return Counter(
        place(change.path).field.group.value for item in items
        if item.product_id is not None and item.operation is not Operation.PRODUCT_DELETE for change in item.changes
    )
