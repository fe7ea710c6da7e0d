"""An offer: what all feed rows about one product say together. Every feed reader ends in these values.

Rows of one distributor add up, and for each fact the last row that says something wins. Between distributors the first
one that has a price sells; what others have in stock stays at their own locations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import orjson

from shopsync_pipeline.catalog.feeds.format import Facts
from shopsync_pipeline.core.product import Stock, Weight

_NO_PRICES = frozenset({"rebate"})
"""Amounts that nothing can be sold by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Price and stock of one product. Money in the shop's currency.

    `amounts`: every money column by name (`price`, `list_price`, `cost`, `cost_ccp3`, …), each for one `uom`.
    `uom`: the unit that amounts are for, upper case (`EA`, `DZ`); `units`: pieces in it, where the feed says so.
    `counted`: a feed has quantities; `stock` then holds those that could be read. `title`: the feed's own description.
    `stock_at`: ISO date or instant of the oldest quantities, where feeds have one. `replacement`: the SKU that follows
    this one. `feed`: the name of the format or of the feed's rule that gave the amounts.
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
    replacement: str | None = None
    rows: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def price(self) -> Decimal | None:
        """The feed's own selling price, or its list price where it has none."""
        return self.amounts.get("price", self.amounts.get("list_price"))

    @property
    def compare_at_price(self) -> Decimal | None:
        """The price to compare with; a list price only where it is above the price."""
        listed = self.amounts.get("list_price")
        above = listed if listed is not None and self.price is not None and listed > self.price else None
        return self.amounts.get("compare_at_price", above)

    @property
    def cost(self) -> Decimal | None:
        """What the distributor charges, by the amount of that name."""
        return self.amounts.get("cost")

    @property
    def sellable(self) -> bool:
        """Whether the product may be shown: it has a price, and a discontinued one still has stock."""
        return self.price is not None and (not self.discontinued or any(level.available > 0 for level in self.stock))


class _Row(NamedTuple):
    """A staged row: `rank` says how early its distributor comes, 0 first."""

    rank: int
    file: int
    line: int
    facts: Facts


def encode(feed: str, facts: Facts) -> str:
    """A feed row's facts as the JSON object in which they are staged and carried."""
    return orjson.dumps({**facts, "feed": feed}).decode()


def offer_of(rows: Iterable[str]) -> Offer:
    """Merges the staged rows of one product, each the JSON array of rank, file index, line and facts, in any order.

    Of several distributors the one with the lowest rank that has a price sells, and one that has not discontinued the
    product goes before one that has.
    """
    staged = sorted((_Row(*orjson.loads(row)) for row in rows), key=lambda row: row[:3])
    sides = [_Side(list(group)) for _, group in groupby(staged, key=lambda row: row.rank)]
    if not sides:
        return Offer()
    # Python's sort is stable, so that the ranks decide among equals.
    sides.sort(key=lambda side: (not side.amounts.keys() - _NO_PRICES, side.discontinued))
    first = sides[0]
    places = dict(first.places)
    stock: dict[str, int] = {}
    weight = barcode = title = stock_at = None
    for side in sides:
        for location, available in side.stock.items():
            stock.setdefault(location, available)
        stock_at = min(filter(None, (stock_at, side.said.get("stock_at"))), default=None)
        for name in ("weight", "barcode", "title", "stock", "stock_at"):
            if name in side.places:
                places.setdefault(name, side.places[name])
        if weight is None and "weight" in side.said:
            weight = Weight(value=Decimal(side.said["weight"]), unit=side.said["weight_unit"])
        barcode = barcode or side.said.get("barcode")
        title = title or side.said.get("title")
    units = first.said.get("units")
    return Offer(
        feed=first.feed, amounts={name: Decimal(amount) for name, amount in first.amounts.items()},
        uom=first.uom, units=Decimal(units) if units is not None else None, weight=weight, barcode=barcode,
        title=title, discontinued=first.discontinued, counted=any("counted" in side.said for side in sides),
        stock=tuple(Stock(location=location, available=stock[location]) for location in sorted(stock)),
        stock_at=stock_at, replacement=first.said.get("replacement"), rows=places,
    )


class _Side:
    """All rows of one distributor about one product."""

    def __init__(self, rows: list[_Row]) -> None:
        self.said: Facts = {}
        self.stock: dict[str, int] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self.feed = rows[-1].facts.get("feed", "")
        amounts: dict[str, str] = {}
        level: dict[str, str] = {}
        least: int | None = None
        uoms: dict[str, str] = {}
        priced_by = None
        discontinued: dict[str, bool] = {}
        for row in rows:
            facts, place = row.facts, (row.file, row.line)
            self.said |= facts
            if "stock" in facts:
                self.stock |= facts["stock"]
            for name in facts:
                self.places[name] = place
            if "discontinued" in facts:
                discontinued[facts.get("feed", "")] = facts["discontinued"]
            said = facts.get("amounts")
            if not said:
                continue
            if "min_qty" in facts:
                quantity = facts["min_qty"]
                if least is not None and quantity > least:
                    continue
                if least is None or quantity < least:
                    level = {}
                least = quantity
                level |= said
            else:
                amounts |= said
            if "amount_uoms" in facts:
                uoms |= facts["amount_uoms"]
            self.feed = facts.get("feed", "")
            priced_by = facts.get("uom", priced_by)
            self.places |= dict.fromkeys(said, place)
        for name in ("amounts", "amount_uoms", "feed", "min_qty"):
            self.places.pop(name, None)
        self.uom = priced_by or self.said.get("uom")
        self.amounts = amounts | level
        for name, uom in uoms.items():
            if uom != self.uom:
                self.amounts.pop(name, None)
        # The files of one distributor are of different dates; that one of them still knows the product proves nothing.
        self.discontinued = any(discontinued.values())
