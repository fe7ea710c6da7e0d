"""S.P. Richards' older price files, one group of columns each (`…-I.txt`, `…-X.txt`, `…-P.txt`), without header.

Their money has implied cents: 0001999 is 19.99. What weighs how much is told only where a decimal point is written.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds import spr
from shopsync_pipeline.catalog.feeds.cells import Cells, first_line
from shopsync_pipeline.catalog.feeds.format import Facts, FeedFormat, FeedRow, FeedSource
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect, read_batches

_DELIMITERS = (",", "\t", "|", "~", ";")
_WIDTHS = {spr.ITEM: range(44, spr.ITEM_WIDTH + 1), spr.CROSS: range(14, spr.CROSS_WIDTH + 1),
           spr.PRICE: range(34, spr.PRICE_WIDTH + 1)}
"""Fields by group: the last columns of each are newer than the files."""


def recognise(member: Member, head: str) -> bool:
    """Whether the first record begins with I, X or P, a stock number and the same number stripped of its marks."""
    return _sniff(head) is not None


def _sniff(head: str) -> tuple[str, str] | None:
    """(group, delimiter) of a file that begins like this."""
    _, first = first_line(head)
    for delimiter in _DELIMITERS:
        try:
            fields = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        group = fields[0].strip() if fields else ""
        if len(fields) in _WIDTHS.get(group, ()) and _bare(fields[1]) == _bare(fields[2]) != "":
            return group, delimiter
    return None


def _bare(number: str) -> str:
    return "".join(character for character in number.upper() if character.isalnum())


def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
    """Reads the rows of one group. A price whose dates do not hold on the day of the file is counted and left out."""
    cells = Cells(source.member, account, cents=True)
    with open_text(source.member, source.encoding) as text:
        group, delimiter = _sniff(text.read(1 << 16)) or (spr.ITEM, ",")
    on = source.date()
    with open_text(source.member, source.encoding) as text:
        for batch in read_batches(text, Dialect(delimiter), frozenset(_WIDTHS[group]), numbered=False):
            for rejected in batch.rejected:
                cells.refuse_row(rejected.line, f"has {rejected.reason}", rejected.text)
            for line, fields in zip(batch.lines, batch.rows, strict=True):
                if fields[0].strip() != group:
                    cells.refuse_row(line, f"does not begin with {group} as the others do", delimiter.join(fields))
                    continue
                sku = " ".join(fields[1].split())
                if not cells.at(line, sku):
                    continue
                facts: Facts = {}
                if group == spr.ITEM:
                    spr.item(cells, fields, facts, weights=False)
                elif group == spr.CROSS:
                    spr.cross(cells, fields, facts)
                elif not spr.price(cells, fields, facts, on):
                    account.counts["feed.prices_out_of_date"] += 1
                yield FeedRow(line, sku, facts)


FORMAT = FeedFormat(name="spr_legacy", recognise=recognise, read=read)
