"""An offer: what all feed rows about one SKU say together. Every feed reader ends in these values.

Rows of one SKU differ in their warehouse; for everything else the last row that says something wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import orjson

from shopsync_pipeline.core.product import DEFAULT_LOCATION, Stock, Weight

_DISCONTINUED = frozenset({
    "d", "disc", "discontinued", "inactive", "x", "e", "purge", "not available", "obsolete", "deleted", "no",
})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Price and stock of one SKU. Money in the shop's currency.

    `amounts`: every money column by name (`price`, `list_price`, `cost`, `cost_ccp3`, …), each for one `uom`.
    `uom`: the unit that amounts are for, upper case (`EA`, `DZ`); `units`: pieces in it, where the feed says so.
    `counted`: the feed has a column of quantities; `stock` then holds those that could be read. `title`: the feed's own
    description. `stock_at`: ISO date or instant of the quantities, where the feed has one. `feed`: the name of the
    format or of the feed's rule.
    `rows`: fact (`price`, `stock`, `barcode`, `weight`, …) → (file index, line) of the row that said it.
    """

    feed: str = ""
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    uom: str | None = None
    units: Decimal | None = None
    weight: Weight | None = None
    barcode: str | None = None
    title: str | None = None
    discontinued: bool = False
    counted: bool = False
    stock: tuple[Stock, ...] = ()
    stock_at: str | None = None
    rows: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None

    @property
    def sellable(self) -> bool:
        """Whether the product may be shown: it has a price, and a discontinued one still has stock."""
        return self.price is not None and (not self.discontinued or any(level.available > 0 for level in self.stock))


def encode(facts: Mapping[str, str | int]) -> str:
    """A feed row's facts (`price`, `list_price`, `compare_at_price`, `cost`, `counted`, `available`, `location`,
    `weight`, `weight_unit`, `barcode`, `status`) as the text in which they are staged."""
    return orjson.dumps(facts).decode()


def offer_of(rows: Iterable[str]) -> Offer:
    """Merges the staged rows of one SKU, in file order."""
    said: dict[str, str | int] = {}
    stock: dict[str, int] = {}
    for row in rows:
        facts = orjson.loads(row)
        if "available" in facts:
            stock[facts.get("location", DEFAULT_LOCATION)] = facts["available"]
        said |= facts
    price, listed = _money(said, "price"), _money(said, "list_price")
    compare = _money(said, "compare_at_price")
    if compare is None and listed is not None and price is not None and listed > price:
        compare = listed
    weight = None
    if "weight" in said and "weight_unit" in said:
        weight = Weight(value=Decimal(str(said["weight"])), unit=str(said["weight_unit"]))
    amounts = {name: Decimal(str(said[name])) for name in ("price", "list_price", "compare_at_price", "cost")
               if name in said}
    return Offer(
        amounts=amounts, price=price, compare_at_price=compare, cost=_money(said, "cost"), weight=weight,
        barcode=str(said["barcode"]) if "barcode" in said else None,
        discontinued=str(said.get("status", "")).strip().lower() in _DISCONTINUED,
        counted="counted" in said,
        stock=tuple(Stock(location=location, available=stock[location]) for location in sorted(stock)),
    )


def _money(said: Mapping[str, str | int], name: str) -> Decimal | None:
    return Decimal(str(said[name])) if name in said else None
