"""TD Synnex's price and availability file (`<customer>.ap`): fields between tildes, one DTL line for each item.

Amounts: `cost` (contract price, with promotions while they last), `unit_cost` (without), `list_price` (MSRP). The
warehouses' columns differ by country and by the list that one reads, so stock is the total, at location `synnex`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds.cells import Cells, lines_of, text_of
from shopsync_pipeline.catalog.feeds.format import RESTART, Facts, FeedFormat, FeedRow, FeedSource
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.core.errors import CatalogError

_WIDTH = 71
_DETAIL, _HEADER = "DTL", "HDR"
_HEADER_DATE, _HEADER_QUALIFIER, _CHANGES = 2, 4, "U"
_STATUS = {"A": False, "C": False, "S": False, "D": True}
"""Added, changed, changed, deleted."""
LOCATION = "synnex"


def recognise(member: Member, head: str) -> bool:
    """Whether one of the first lines is a DTL line of 71 fields."""
    lines = islice((line for line in head.splitlines() if line.strip()), 5)
    return any(len(fields) == _WIDTH and fields[1].strip() == _DETAIL for fields in (line.split("~") for line in lines))


def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
    """Reads the rows. A file that holds all there is ends what was carried from earlier ones.

    Raises `CatalogError` for a file that says it holds changes only where whole files are expected.
    """
    cells = Cells(source.member, account)
    on = source.date()
    stock_at = ""
    with open_text(source.member, source.encoding) as text:
        for line, fields in lines_of(text, "~"):
            kind = fields[1].strip() if len(fields) > 1 else ""
            if kind == _HEADER and len(fields) < _WIDTH:
                account.counts["feed.headers"] += 1
                at = _day(fields[_HEADER_DATE].strip()) if len(fields) > _HEADER_DATE else None
                stock_at = at.isoformat() if at else ""
                if _header_says_all(source, fields):
                    yield FeedRow(line, "", {}, action=RESTART)
                continue
            if len(fields) != _WIDTH or kind != _DETAIL:
                problem = (f"has {len(fields)} fields where {_WIDTH} are expected" if len(fields) != _WIDTH else
                           f'is marked "{kind[:20]}" where {_DETAIL} is expected')
                cells.refuse_row(line, problem, "~".join(fields))
                continue
            sku = " ".join(fields[4].split())
            if not cells.at(line, sku):
                continue
            facts = _facts(source, cells, fields, on)
            if stock_at:
                facts["stock_at"] = stock_at
            yield FeedRow(line, sku, facts, fields[2].strip(), fields[7].strip())


def _header_says_all(source: FeedSource, fields: list[str]) -> bool:
    qualifier = fields[_HEADER_QUALIFIER].strip().upper() if len(fields) > _HEADER_QUALIFIER else ""
    if qualifier == _CHANGES and not source.changes:
        raise CatalogError(
            f"{source.member.name} says that it holds changes only (qualifier {_CHANGES} in its header); ask for the "
            "full file, or say complete = false in the feed's rule and deliver a full file once.")
    return qualifier != _CHANGES


def _facts(source: FeedSource, cells: Cells, fields: list[str], on: date) -> Facts:
    facts: Facts = {}
    amounts = {"cost": cells.money("contract price", fields[12]), "list_price": cells.money("MSRP", fields[13]),
               "unit_cost": cells.money("unit cost", fields[20])}
    if fields[46].strip().upper() == "Y":
        ends = _day(fields[48].strip())
        if ends is not None and ends < on:
            amounts["cost"] = amounts["unit_cost"]
    facts["amounts"] = {name: amount for name, amount in amounts.items() if amount is not None}
    status = fields[5].strip().upper()
    if status in _STATUS:
        facts["discontinued"] = _STATUS[status]
    elif status:
        cells.refuse("status", status, "not one of A, C, S and D")
    facts["counted"] = True
    quantity = cells.count("total quantity", fields[9])
    if quantity is not None:
        facts["stock"] = source.place({LOCATION: quantity})
    cells.weight(facts, "ship weight", fields[27], source.weight_unit)
    cells.barcode(facts, "UPC", fields[33])
    if title := text_of(fields[6]):
        facts["title"] = title
    if replacement := text_of(fields[64]):
        facts["replacement"] = replacement
    return facts


def _day(digits: str) -> date | None:
    """A date as YYMMDD or YYYYMMDD, both of which these files write; anything else is none."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (6, 8):
        return None
    year, rest = (int(digits[:4]), digits[4:]) if len(digits) == 8 else (2000 + int(digits[:2]), digits[2:])
    try:
        return date(year, int(rest[:2]), int(rest[2:]))
    except ValueError:
        return None


FORMAT = FeedFormat(name="synnex", recognise=recognise, read=read)
