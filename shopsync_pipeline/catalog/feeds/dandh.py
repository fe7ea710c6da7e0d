"""D&H's ITEMLIST: 17 fields between bars, without header.

Amounts: `cost`, and `rebate` (what comes off it) while the rebate lasts. Stock is at location `dandh`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds.cells import Cells, day_of, first_line, lines_of, text_of
from shopsync_pipeline.catalog.feeds.format import Facts, FeedFormat, FeedRow, FeedSource
from shopsync_pipeline.catalog.reading import Account

_WIDTH = 17
_COUNT = re.compile(r"\s*-?\d+\s*")
_AMOUNT = re.compile(r"\s*\d*\.?\d+\s*")
_DATES = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%Y%m%d")
_DISCONTINUED = frozenset({"d", "disc", "discontinued"})
LOCATION = "dandh"


def recognise(member: Member, head: str) -> bool:
    """Whether the first line has 17 fields with a quantity, a SKU, a cost and a weight in their places."""
    _, first = first_line(head)
    fields = first.split("|")
    return (len(fields) == _WIDTH and _COUNT.fullmatch(fields[1]) is not None and bool(fields[4].strip())
            and _AMOUNT.fullmatch(fields[9]) is not None and _AMOUNT.fullmatch(fields[14]) is not None)


def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
    """Reads the rows."""
    cells = Cells(source.member, account)
    on = source.date()
    with open_text(source.member, source.encoding) as text:
        for line, fields in lines_of(text, "|"):
            if len(fields) != _WIDTH:
                cells.refuse_row(line, f"has {len(fields)} fields where {_WIDTH} are expected", "|".join(fields))
                continue
            sku = " ".join(fields[4].split())
            if not cells.at(line, sku):
                continue
            yield FeedRow(line, sku, _facts(source, cells, fields, on), fields[5].strip(), fields[8].strip())


def _facts(source: FeedSource, cells: Cells, fields: list[str], on: date) -> Facts:
    facts: Facts = {"counted": True}
    quantity = cells.count("quantity", fields[1])
    if quantity is not None:
        facts["stock"] = source.place({LOCATION: quantity})
    amounts = {"cost": cells.money("cost", fields[9])}
    if fields[2].strip().upper() == "Y" and _lasts(cells, fields[3].strip(), on):
        amounts["rebate"] = cells.money("rebate amount", fields[10])
    facts["amounts"] = {name: amount for name, amount in amounts.items() if amount is not None}
    if status := fields[0].strip().lower():
        facts["discontinued"] = status in _DISCONTINUED
    cells.barcode(facts, "UPC", fields[6])
    cells.weight(facts, "weight", fields[14], source.weight_unit)
    if title := text_of(fields[15]) or text_of(fields[16]):
        facts["title"] = title
    return facts


def _lasts(cells: Cells, end: str, on: date) -> bool:
    """Whether a rebate holds on the day; a question mark means that no end is set."""
    if end in ("", "?"):
        return True
    for order in _DATES:
        if (day := day_of(end, order)) is not None:
            return day >= on
    cells.refuse("rebate end", end, "not a date, so the rebate is left out")
    return False


FORMAT = FeedFormat(name="dandh", recognise=recognise, read=read)
