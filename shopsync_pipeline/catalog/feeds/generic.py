"""Price and stock files of any origin, as CSV or Excel workbook: columns by their usual names or by a shop's rule.

A value that cannot be read is quarantined with a sentence; the rest of its row still counts.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds.cells import Cells, first_line, text_of
from shopsync_pipeline.catalog.feeds.columns import Header, check_rule, declared_header, usual_header
from shopsync_pipeline.catalog.feeds.format import (
    DELETE,
    SET,
    Facts,
    FeedFormat,
    FeedRow,
    FeedSource,
    Quantities,
    head_of,
)
from shopsync_pipeline.catalog.feeds.workbook import HEADER_ROWS, is_workbook, sheets_of
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.records import Dialect, read_batches
from shopsync_pipeline.catalog.rules import FeedRule
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.core.product import DEFAULT_LOCATION

_DELIMITERS = (",", ";", "\t", "|")
_LOCATION_LIMIT = 255
_DISCONTINUED = frozenset({
    "d", "disc", "discontinued", "inactive", "x", "e", "purge", "not available", "obsolete", "deleted", "no",
})
_DELETED = frozenset({"d", "del", "delete", "deleted", "remove", "removed"})

Parse = Callable[[Sequence[str], str], Header | None]
"""(names, delimiter) of a first row → the header that it is, if it is one."""


def csv_header(head: str, parse: Parse = usual_header, delimiter: str | None = None) -> Header | None:
    """Reads the first line of a CSV that begins like this; `None` if it is not the header of a feed."""
    _, first = first_line(head)
    for candidate in (delimiter,) if delimiter else sorted(_DELIMITERS, key=first.count, reverse=True):
        names: list[str] = []
        with suppress(csv.Error):
            names = next(csv.reader([first], delimiter=candidate), [])
        if names and (header := parse(names, candidate)) is not None:
            return header
    return None


def declared(rule: FeedRule) -> FeedFormat:
    """The format that a rule declares. Raises `CatalogError` for a rule that makes no sense."""
    check_rule(rule)

    def parse(names: Sequence[str], delimiter: str) -> Header | None:
        return declared_header(rule, names, delimiter)

    def recognise(member: Member, head: str) -> bool:
        return _recognise(member, head, parse, rule)

    def read(source: FeedSource, account: Account) -> Iterator[FeedRow]:
        return _read(source, account, parse, rule)

    return FeedFormat(name=rule.name, recognise=recognise, read=read, complete=rule.complete is not False, rule=rule)


def _recognise(member: Member, head: str, parse: Parse, rule: FeedRule | None) -> bool:
    if is_workbook(head):
        return _sheet_header(sheets_of(member, first_rows=True), parse, rule) is not None
    return csv_header(head, parse, rule.delimiter if rule else None) is not None


def _sheet_header(
    sheets: Iterator[tuple[str, list[list[str]]]], parse: Parse, rule: FeedRule | None,
) -> tuple[Header, list[list[str]], int] | None:
    """(header, rows, number of the header's row) of the first sheet that has a header, or of the rule's sheet."""
    for name, rows in sheets:
        if rule is not None and rule.sheet is not None and name.strip().lower() != rule.sheet.strip().lower():
            continue
        for number, row in enumerate(rows[:HEADER_ROWS], 1):
            header = parse(row, ",")
            if header is not None:
                return header, rows, number
    return None


def _read(source: FeedSource, account: Account, parse: Parse, rule: FeedRule | None) -> Iterator[FeedRow]:
    """Reads a file's rows. Raises `CatalogError` without a header."""
    head = head_of(source.member, source.encoding)
    if is_workbook(head):
        yield from _read_workbook(source, account, parse, rule)
        return
    header = csv_header(head, parse, rule.delimiter if rule else None)
    if header is None:
        raise CatalogError(f"{source.member.name} does not begin with the header of a price and stock feed.")
    # A file that separates its columns by semicolons does so because its numbers hold commas.
    cells = Cells(source.member, account, decimal_comma=header.delimiter == ";",
                  cents=rule is not None and rule.cents)
    rows = _Rows(source, header, cells, account, rule)
    above, _ = first_line(head)
    with open_text(source.member, source.encoding) as text:
        below = islice(text, above, None)
        for batch in read_batches(below, Dialect(header.delimiter), frozenset({len(header.names)}), numbered=False):
            for rejected in batch.rejected:
                cells.refuse_row(rejected.line + above, f"has {rejected.reason}", rejected.text)
            for line, values in zip(batch.lines, batch.rows, strict=True):
                if (row := rows.row(line + above, values)) is not None:
                    yield row


def _read_workbook(source: FeedSource, account: Account, parse: Parse, rule: FeedRule | None) -> Iterator[FeedRow]:
    found = _sheet_header(sheets_of(source.member), parse, rule)
    if found is None:
        sheet = f"sheet {rule.sheet}" if rule is not None and rule.sheet else "sheet"
        raise CatalogError(f"{source.member.name} has no {sheet} with the header of a price and stock feed.")
    header, table, number = found
    rows = _Rows(source, header, Cells(source.member, account, cents=rule is not None and rule.cents), account, rule)
    for line, values in enumerate(table[number:], number + 1):
        if any(value.strip() for value in values) and (row := rows.row(line, values)) is not None:
            yield row


class _Rows:
    """Rows under one header. The first cell that is filled counts where several columns mean the same."""

    def __init__(self, source: FeedSource, header: Header, cells: Cells, account: Account, rule: FeedRule | None,
                 ) -> None:
        self._source = source
        self._header = header
        self._cells = cells
        self._account = account
        self._unit = header.weight_unit or source.weight_unit
        self._discontinued = _DISCONTINUED | {code.strip().lower() for code in (rule.discontinued if rule else ())}
        for name in header.unknown:
            if name:
                account.counts[f"feed.unknown_column.{name[:100]}"] += 1

    def row(self, line: int, values: list[str]) -> FeedRow | None:
        """The row; one that cannot be used is refused."""
        sku = " ".join(self._cell("sku", values)[1].split())
        if not self._cells.at(line, sku):
            return None
        if self._cell("action", values)[1].lower() in _DELETED:
            return FeedRow(line, sku, {}, action=DELETE)
        return FeedRow(line, sku, self._facts(values), self._cell("mfgpartno", values)[1],
                       self._cell("manufacturer", values)[1], SET)

    def _cell(self, meaning: str, values: list[str]) -> tuple[str, str]:
        """(column, text) of a meaning, with empty text where there is none."""
        return self._first(self._header.places.get(meaning, ()), values)

    def _first(self, places: Sequence[int], values: list[str]) -> tuple[str, str]:
        for place in places:
            if text := values[place].strip():
                return self._header.name(place), text
        return self._header.name(places[0]) if places else "", ""

    def _facts(self, values: list[str]) -> Facts:
        cells = self._cells
        facts: Facts = {}
        self._amounts(facts, values)
        if self._header.stock:
            # A quantity that cannot be read must not turn into "sold without counting".
            facts["counted"] = True
            stock = self._stock(values)
            if stock:
                facts["stock"] = self._source.place(stock)
        cells.barcode(facts, *self._cell("barcode", values))
        unit_column, unit_text = self._cell("weight_unit", values)
        column, text = self._cell("weight", values)
        cells.weight(facts, column, text, self._unit, unit_column=unit_column, unit_text=unit_text)
        if status := self._cell("status", values)[1]:
            facts["discontinued"] = status.lower() in self._discontinued
        cells.uom(facts, *self._cell("uom", values))
        if units := cells.number(*self._cell("units", values)):
            facts["units"] = units
        if title := text_of(self._cell("title", values)[1]):
            facts["title"] = title
        cells.instant(facts, *self._cell("stock_at", values))
        if replacement := text_of(self._cell("replacement", values)[1]):
            facts["replacement"] = replacement
        return facts

    def _amounts(self, facts: Facts, values: list[str]) -> None:
        amounts: dict[str, str] = {}
        unreadable = False
        for name, places in self._header.amounts.items():
            column, text = self._first(places, values)
            if not text:
                continue
            read = self._cells.price if name in ("price", "list_price") else self._cells.money
            amount = read(column, text)
            if amount is not None:
                amounts[name] = amount
            elif name == "price":
                unreadable = True
        if unreadable:
            # A product whose price is "call" must not be sold at its list price.
            amounts.pop("list_price", None)
            amounts.pop("compare_at_price", None)
        if amounts:
            facts["amounts"] = amounts
            least = self._cells.count(*self._cell("min_qty", values))
            if least is not None:
                facts["min_qty"] = max(least, 0)

    def _stock(self, values: list[str]) -> Quantities:
        named = " ".join(self._cell("location", values)[1].split())[:_LOCATION_LIMIT]
        stock: Quantities = {}
        for place, location in self._header.stock:
            quantity = self._cells.count(self._header.name(place), values[place])
            if quantity is not None:
                key = location or named or DEFAULT_LOCATION
                stock[key] = stock.get(key, 0) + quantity
        return stock


FORMAT = FeedFormat(
    name="generic",
    recognise=lambda member, head: _recognise(member, head, usual_header, None),
    read=lambda source, account: _read(source, account, usual_header, source.rule),
)
"""The file that no rule and no other format claims."""
