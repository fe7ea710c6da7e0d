"""S.P. Richards' stock file (`sprfull.ezoh`): fixed width, one line for each item with a quantity for each of its
distribution centers, which an earlier line names. Location keys are `spr-` and the center's number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds.cells import Cells
from shopsync_pipeline.catalog.feeds.format import Facts, FeedFormat, FeedRow, FeedSource
from shopsync_pipeline.catalog.reading import Account

_HEADER, _CENTERS, _ITEM = "H0", "I1", "Q1"
_CENTERS_LINE = re.compile(r"^I1.{15}\d{3}", re.MULTILINE)
_SKU, _STATUS, _UOM, _QUANTITIES = slice(2, 17), 17, slice(18, 20), 20
_CENTER_WIDTH, _QUANTITY_WIDTH = 3, 6
_DISCONTINUED = {"A": False, "D": True, "X": True, "E": True}
"""Active, discontinued by S.P. Richards, discontinued by the maker, about to be purged."""


def recognise(member: Member, head: str) -> bool:
    """Whether the first line is a header, center or item line and some line lists distribution centers."""
    return head.lstrip("\r\n")[:2] in (_HEADER, _CENTERS) and _CENTERS_LINE.search(head) is not None


def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
    """Reads the item lines. Centers at a line's end that are not there have none of the item."""
    cells = Cells(source.member, account)
    centers: list[str] = []
    with open_text(source.member, source.encoding) as text:
        for number, line in enumerate(text, 1):
            line = line.rstrip("\r\n")
            kind = line[:2]
            if kind == _ITEM:
                row = _item(source, cells, centers, number, line)
                if row is not None:
                    yield row
            elif kind == _CENTERS:
                centers = _centers(line)
                account.counts["feed.headers"] += 1
            elif kind == _HEADER:
                account.counts["feed.headers"] += 1
            elif line.strip():
                cells.refuse_row(number, f"is none of {_HEADER}, {_CENTERS} and {_ITEM}", line)


def _centers(line: str) -> list[str]:
    """Location keys in the order of the columns; empty for a number that is none, because its column still counts."""
    numbers = line[_STATUS:].rstrip()
    found = [numbers[at:at + _CENTER_WIDTH] for at in range(0, len(numbers), _CENTER_WIDTH)]
    return [f"spr-{number}" if len(number) == _CENTER_WIDTH and number.isascii() and number.isdigit() else ""
            for number in found]


def _item(source: FeedSource, cells: Cells, centers: list[str], number: int, line: str) -> FeedRow | None:
    sku = " ".join(line[_SKU].split())
    if not centers:
        cells.refuse_row(number, f"has no {_CENTERS} line before it that names its distribution centers", line)
        return None
    if not cells.at(number, sku):
        return None
    quantities = line[_QUANTITIES:].rstrip()
    facts: Facts = {"counted": True}
    status = line[_STATUS:_STATUS + 1].strip().upper()
    if status in _DISCONTINUED:
        facts["discontinued"] = _DISCONTINUED[status]
    elif status:
        cells.refuse("status", status, "not one of A, D, X and E")
    cells.uom(facts, "UOM", line[_UOM])
    stock: dict[str, int] = {}
    for place, center in enumerate(centers):
        text = quantities[place * _QUANTITY_WIDTH:(place + 1) * _QUANTITY_WIDTH]
        if text.isdigit() and len(text) == _QUANTITY_WIDTH and text.isascii():
            count: int | None = int(text)
        elif not text.strip():
            count = 0
        elif len(text) < _QUANTITY_WIDTH:
            cells.refuse(center or "quantity", text, "a quantity that is cut off")
            continue
        else:
            count = cells.count(center or "quantity", text)
        if count is not None and center:
            stock[center] = count
    facts["stock"] = source.place(stock)
    return FeedRow(number, sku, facts)


FORMAT = FeedFormat(name="spr_stock", recognise=recognise, read=read)
