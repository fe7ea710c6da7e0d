"""S.P. Richards' three groups of columns, which all its price files have: item (I), cross-reference (X), price (P).

BESTPRICE puts the three side by side in one row; the older files hold one group each.

Amounts: `list_price` (retail), `catalog_list_price`, `cost` (net cost of a dealer outside CCP), `cost_ccp3`,
`cost_ccp4`, `promo_cost` and `consumer_price` (the first level, where it holds from the smallest order on),
`catalog_price` (consumer price in the flyer). A dealer's tier picks one of the three costs. All are for the selling
unit; list prices by the retail unit are converted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from shopsync_pipeline.catalog.feeds.cells import Cells, text_of
from shopsync_pipeline.catalog.feeds.format import Facts

ITEM, CROSS, PRICE = "I", "X", "P"
ITEM_WIDTH, CROSS_WIDTH, PRICE_WIDTH = 50, 17, 37

_STATUS = {"A": False, "C": False, "U": False, "D": True}
"""New, changed, unchanged, discontinued."""

_COSTS = ((10, "cost", "NetCost"), (11, "cost_ccp3", "NetCostCCP3"), (12, "cost_ccp4", "NetCostCCP4"))
_LEVELS = ((18, "promo_cost", "Promo1Cost"), (25, "consumer_price", "ConsumerPrice1"))
"""The place of a level's quantity, which its amount follows."""


def item(cells: Cells, row: Sequence[str], facts: Facts, *, weights: bool = True) -> None:
    """Reads a group of item columns. `weights`: they have a decimal point, so that they can be believed."""
    if title := text_of(row[3]):
        facts["title"] = title
    status = row[4].strip().upper()
    if status in _STATUS:
        facts["discontinued"] = _STATUS[status]
    elif status:
        cells.refuse("Status", status, "not one of A, C, D and U")
    if replacement := text_of(row[5]):
        facts["replacement"] = replacement
    cells.uom(facts, "SellingUOM", row[6])
    if weights or "." in row[21]:
        cells.weight(facts, "Weight", row[21], "POUNDS")
    pieces = cells.number("QuantityPerSUOM", row[42])
    if pieces:
        facts["units"] = pieces
    uom, retail_uom = facts.get("uom", ""), row[32].strip().upper()
    for place, name, column, priced_by in ((31, "list_price", "RetailListPrice", retail_uom),
                                           (37, "catalog_list_price", "CatalogListPrice", row[38].strip().upper())):
        amount = cells.money(column, row[place])
        if amount is None:
            continue
        if priced_by not in (uom, ""):
            amount = _converted(cells, row, column, Decimal(amount), priced_by, facts)
        if amount is not None:
            facts.setdefault("amounts", {})[name] = amount


def _converted(
    cells: Cells, row: Sequence[str], column: str, amount: Decimal, priced_by: str, facts: Facts,
) -> str | None:
    """A list price for the selling unit, where the row says how many of the priced units that is."""
    units = None
    if priced_by == row[32].strip().upper():
        units = cells.number("RetailUnits", row[33])
    if units is None and priced_by == "EA":
        units = facts.get("units")
    if units is not None:
        return format(amount * Decimal(units), "f")
    cells.refuse(column, str(amount),
                 f"priced by {priced_by}, and the row does not say how many of them one {facts.get('uom')} is")
    return None


def cross(cells: Cells, row: Sequence[str], facts: Facts) -> None:
    """Reads a group of cross-reference columns: only the UPC is of the product itself."""
    cells.barcode(facts, "UPC", row[3])


def price(cells: Cells, row: Sequence[str], facts: Facts, on: date) -> bool:
    """Reads a group of price columns; whether its dates hold on the day `on`. If not, it has no amounts."""
    if row[6] or row[7]:
        start, end = _day(cells, "StartDate", row[6]), _day(cells, "EndDate", row[7])
        if (start is not None and on < start) or (end is not None and on > end):
            return False
    amounts: dict[str, str] = {}
    for place, name, column in _COSTS:
        amount = cells.money(column, row[place])
        if amount is not None:
            amounts[name] = amount
    least = max(cells.count("MinimumQty", row[9]) or 0, 0)
    for place, name, column in _LEVELS:
        amount = cells.money(column, row[place + 1])
        if amount is not None and (cells.count(f"{column}Qty", row[place]) or 0) <= max(least, 1):
            amounts[name] = amount
    catalog = cells.money("CatalogPrice", row[32])
    if catalog is not None:
        amounts["catalog_price"] = catalog
        if uom := row[33].strip().upper():
            facts["amount_uoms"] = {"catalog_price": uom}
    if amounts:
        facts["amounts"] = facts["amounts"] | amounts if "amounts" in facts else amounts
        facts["min_qty"] = least
    return True


def _day(cells: Cells, column: str, text: str) -> date | None:
    """A date as MMDDYYYY; spreadsheets take its leading zero away."""
    text = text.strip()
    return cells.day(column, text.zfill(8), "%m%d%Y") if text else None
