"""Ingram Micro's PRICE.TXT: comma-separated fields padded to fixed widths, unquoted, without header; changes only.

Amounts: `list_price` (retail), `cost` (customer price), `special_cost` where the special price is an amount and not a
flag. Newer files have 27 fields, of which the 25th is the quantity on hand; older ones only say whether there is any.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import islice

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds.cells import Cells, first_line, lines_of, text_of
from shopsync_pipeline.catalog.feeds.format import DELETE, Facts, FeedFormat, FeedRow, FeedSource
from shopsync_pipeline.catalog.reading import Account

_WIDTHS = range(24, 28)
_FULL = 27
_QUANTITY, _REPLACEMENT = 24, 23
_ACTIONS = ("A", "C", "D")
_AMOUNT = re.compile(r"\s*\d+(?:\.\d*)?\s*")
LOCATION = "ingram"


def recognise(member: Member, head: str) -> bool:
    """Whether the first line is an action, a SKU, and numbers where retail and customer price are."""
    _, first = first_line(head)
    fields = first.split(",")
    return (len(fields) in _WIDTHS and fields[0].strip() in _ACTIONS and bool(fields[1].strip())
            and _AMOUNT.fullmatch(fields[6]) is not None and _AMOUNT.fullmatch(fields[14]) is not None)


def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
    """Reads the rows: A and C say everything about a SKU, D takes it away."""
    cells = Cells(source.member, account)
    with open_text(source.member, source.encoding) as text:
        for line, fields in lines_of(text, ","):
            if len(fields) not in _WIDTHS:
                fields = _quoted(fields)
            if len(fields) not in _WIDTHS:
                cells.refuse_row(line, f"has {len(fields)} fields where {_WIDTHS[0]} to {_WIDTHS[-1]} are expected",
                                 ",".join(fields))
                continue
            action, sku = fields[0].strip(), " ".join(fields[1].split())
            if action not in _ACTIONS:
                cells.refuse_row(line, f'has the action "{action[:20]}" where A, C or D is expected', ",".join(fields),
                                 "action")
                continue
            if not cells.at(line, sku):
                continue
            yield FeedRow(line, sku, {}, action=DELETE) if action == "D" else FeedRow(
                line, sku, _facts(source, cells, fields), fields[7].strip(), fields[3].strip())


def _quoted(fields: list[str]) -> list[str]:
    """The fields of a line that protects its commas by quotes after all; the same ones where that fails."""
    line = ",".join(fields)
    if '"' not in line:
        return fields
    try:
        return next(csv.reader(islice((line,), 1), strict=True), fields)
    except csv.Error:
        return fields


def _facts(source: FeedSource, cells: Cells, fields: list[str]) -> Facts:
    facts: Facts = {}
    amounts = {"list_price": cells.money("retail price", fields[6]), "cost": cells.money("customer price", fields[14])}
    if _AMOUNT.fullmatch(fields[15]):
        amounts["special_cost"] = cells.money("special price", fields[15])
    facts["amounts"] = {name: amount for name, amount in amounts.items() if amount is not None}
    cells.weight(facts, "weight", fields[8], source.weight_unit)
    cells.barcode(facts, "UPC", fields[9])
    if title := text_of(f"{fields[4]} {fields[5]}"):
        facts["title"] = title
    available, status = fields[16].strip().upper(), fields[17].strip().upper()
    quantified = len(fields) == _FULL and bool(fields[_QUANTITY].strip())
    if quantified:
        facts["counted"] = True
        quantity = cells.count("available quantity", fields[_QUANTITY])
        if quantity is not None:
            facts["stock"] = source.place({LOCATION: quantity})
    # Without a quantity, "not available" is all that the file says about stock, and it must not be sold on.
    facts["discontinued"] = status == "D" or (available == "N" and not quantified)
    if len(fields) == _FULL and (replacement := fields[_REPLACEMENT].strip()):
        facts["replacement"] = replacement
    return facts


FORMAT = FeedFormat(name="ingram", recognise=recognise, read=read, complete=False, whole_rows=True)
