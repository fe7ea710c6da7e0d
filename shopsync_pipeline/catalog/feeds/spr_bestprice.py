"""S.P. Richards' BESTPRICE file: one CSV row of 104 columns for each price of an item, under a header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds import spr
from shopsync_pipeline.catalog.feeds.cells import Cells
from shopsync_pipeline.catalog.feeds.format import Facts, FeedFormat, FeedRow, FeedSource
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect, read_batches

WIDTH = spr.ITEM_WIDTH + spr.CROSS_WIDTH + spr.PRICE_WIDTH
_CROSS, _PRICE = spr.ITEM_WIDTH, spr.ITEM_WIDTH + spr.CROSS_WIDTH
_NUMBER = re.compile(r"\s*\d+(?:\.\d*)?\s*")


def recognise(member: Member, head: str) -> bool:
    """Whether one of the first records has 104 fields, marked I, X and P where the groups begin, or is their header."""
    lines = islice((line for line in head.splitlines() if line.strip()), 5)
    with suppress(csv.Error):
        for fields in csv.reader(lines):
            if len(fields) == WIDTH and (_is_item(fields) or "stocknumber" in fields[1].replace(" ", "").lower()):
                return True
    return False


def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
    """Reads the rows. A price whose dates do not hold on the day of the file is counted and left out."""
    cells = Cells(source.member, account)
    on = source.date()
    with open_text(source.member, source.encoding) as text:
        for batch in read_batches(text, Dialect(), frozenset({WIDTH}), numbered=False):
            for rejected in batch.rejected:
                cells.refuse_row(rejected.line, f"has {rejected.reason}", rejected.text)
            for line, fields in zip(batch.lines, batch.rows, strict=True):
                if not _is_item(fields):
                    if line == 1 and _is_header(fields):
                        account.counts["feed.headers"] += 1
                    else:
                        cells.refuse_row(
                            line, "is not marked I, X and P for one stock number where its three groups begin",
                            ",".join(fields))
                    continue
                sku = " ".join(fields[1].split())
                if not cells.at(line, sku):
                    continue
                facts: Facts = {}
                spr.item(cells, fields, facts)
                if fields[_CROSS]:
                    spr.cross(cells, fields[_CROSS:_PRICE], facts)
                if fields[_PRICE] and not spr.price(cells, fields[_PRICE:], facts, on):
                    account.counts["feed.prices_out_of_date"] += 1
                yield FeedRow(line, sku, facts)


def _is_item(fields: list[str]) -> bool:
    """An item may lack its cross-references or its price, but nothing else stands in their place."""
    return (fields[0].strip() == spr.ITEM and _is_group(fields, _CROSS, spr.CROSS)
            and _is_group(fields, _PRICE, spr.PRICE))


def _is_group(fields: list[str], place: int, mark: str) -> bool:
    return fields[place].strip() in (mark, "") and fields[place + 1] in (fields[1], "")


def _is_header(fields: list[str]) -> bool:
    """Names, that is: no item's mark, and no number anywhere."""
    return fields[0].strip() != spr.ITEM and not any(_NUMBER.fullmatch(field) for field in fields)


FORMAT = FeedFormat(name="spr_bestprice", recognise=recognise, read=read)
