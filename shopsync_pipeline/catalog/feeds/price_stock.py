"""The generic price and stock CSV: any delimiter, columns known by their usual names, numbers as people write them.

A value that cannot be read is quarantined with a sentence; the rest of its row still counts.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from shopsync_pipeline.catalog.archive import Member, open_text
from shopsync_pipeline.catalog.feeds.offer import encode
from shopsync_pipeline.catalog.reading import Account, QuarantinedRow
from shopsync_pipeline.catalog.records import Dialect, read_batches
from shopsync_pipeline.catalog.values import decimal_number, gtin_problem, weight_unit, whole_number
from shopsync_pipeline.core.errors import CatalogError

TABLE = "feed"

ALIASES: dict[str, tuple[str, ...]] = {
    "sku": ("sku", "stock number", "stocknumber", "item number", "item no", "item", "part number", "product code",
            "distributor sku", "variant sku", "item sku"),
    "price": ("price", "selling price", "sell price", "sale price", "retail price", "unit price", "variant price"),
    "list_price": ("list price", "msrp", "rrp", "retail list price", "srp", "catalog price"),
    "compare_at_price": ("compare at price", "compare price", "was price", "variant compare at price"),
    "cost": ("cost", "unit cost", "net cost", "dealer cost", "net price", "dealer net price", "cost per item",
             "cost price", "your cost"),
    "available": ("stock", "qty", "quantity", "available", "qty available", "quantity available", "on hand",
                  "qty on hand", "quantity on hand", "inventory", "available quantity", "stock quantity",
                  "variant inventory qty"),
    "barcode": ("upc", "gtin", "barcode", "ean", "upc code", "variant barcode"),
    "weight": ("weight", "ship weight", "shipping weight", "weight lb", "weight lbs", "weight kg", "weight oz",
               "weight g", "weight grams", "unit weight"),
    "weight_unit": ("weight unit", "weight uom", "variant weight unit"),
    "location": ("warehouse", "location", "dc", "branch", "warehouse code", "location code"),
    "status": ("status", "item status", "product status"),
    "mfgpartno": ("mpn", "mfg part no", "mfgpartno", "manufacturer part number", "mfr part number", "mfg part number"),
}
"""Column → the header names that mean it, compared without case, punctuation and underscores."""

_DELIMITERS = (",", ";", "\t", "|")
_FIELD_OF = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_MONEY = ("price", "list_price", "compare_at_price", "cost")
_UNIT_IN_HEADER = re.compile(r"\b(lbs?|kg|oz|g|grams)$")


@dataclass(frozen=True, slots=True)
class Header:
    """A feed's first line: the place of each known column, and the names that nobody knows."""

    delimiter: str
    width: int
    names: tuple[str, ...]
    places: dict[str, int]
    unit: str | None = None
    unknown: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One row of a feed: the facts about a SKU as staged text (see `feeds.offer`)."""

    line: int
    sku: str
    mfgpartno: str
    facts: str


def recognise(head: str) -> bool:
    """Whether text that begins like this is such a feed: a SKU column and a price, cost or stock column are named."""
    return parse_header(head) is not None


def parse_header(head: str) -> Header | None:
    """Reads the first line; `None` if it is not the header of a price and stock feed."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    for delimiter in sorted(_DELIMITERS, key=first.count, reverse=True):
        try:
            names = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        header = _header(names, delimiter)
        if header is not None:
            return header
    return None


def _header(names: list[str], delimiter: str) -> Header | None:
    places: dict[str, int] = {}
    unknown: list[str] = []
    unit = None
    for place, name in enumerate(names):
        folded = re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
        known = _FIELD_OF.get(folded)
        if known is None or known in places:
            unknown.append(name.strip())
            continue
        places[known] = place
        if known == "weight" and (match := _UNIT_IN_HEADER.search(folded)):
            unit = weight_unit(match[1])
    if "price" not in places and "list_price" in places:
        # Only a feed without any price of its own sells at the list price; an unreadable price never becomes one.
        places["price"] = places.pop("list_price")
    if "sku" not in places or not places.keys() & {*_MONEY, "available"}:
        return None
    return Header(delimiter, len(names), tuple(names), places, unit, tuple(unknown))


def read_feed(member: Member, encoding: str, default_unit: str, account: Account) -> Iterator[FeedRow]:
    """Reads a feed's rows; whatever cannot be used goes to `account`. Raises `CatalogError` without a header."""
    with open_text(member, encoding) as text:
        header = parse_header("".join(islice(text, 20)))
    if header is None:
        raise CatalogError(f"{member.name} does not begin with the header of a price and stock feed.")
    for name in header.unknown:
        if name:
            account.counts[f"feed.unknown_column.{name}"] += 1
    reader = _Rows(member, header, default_unit, account)
    with open_text(member, encoding) as text:
        begun = False
        for batch in read_batches(text, Dialect(header.delimiter), frozenset({header.width}), numbered=False):
            for row in batch.rejected:
                account.refuse(TABLE, QuarantinedRow(
                    member.name, row.line, "", row.text[:500],
                    f"row {row.line} of {member.basename} has {row.reason}; fix the feed"))
            for line, values in zip(batch.lines, batch.rows, strict=True):
                if not begun:
                    begun = True
                    continue
                found = reader.row(line, values)
                if found is not None:
                    account.used(TABLE, 1)
                    yield found


class _Rows:
    def __init__(self, member: Member, header: Header, default_unit: str, account: Account) -> None:
        self._member = member
        self._header = header
        self._unit = header.unit or default_unit
        self._account = account
        # A file that separates its columns by semicolons does so because its numbers hold commas.
        self._decimal_comma = header.delimiter == ";"

    def row(self, line: int, values: list[str]) -> FeedRow | None:
        cells = {name: values[place].strip() for name, place in self._header.places.items()}
        sku = cells["sku"]
        if not sku:
            self._account.refuse(TABLE, QuarantinedRow(
                self._member.name, line, self._name("sku"), "",
                f"row {line} of {self._member.basename} has no SKU; fix the feed"))
            return None
        facts: dict[str, str | int] = {}
        for name in _MONEY:
            if cells.get(name):
                self._money(line, sku, name, cells[name], facts)
        if "available" in cells:
            # A quantity that cannot be read must not turn into "sold without counting".
            facts["counted"] = 1
        if cells.get("available"):
            try:
                facts["available"] = whole_number(cells["available"], decimal_comma=self._decimal_comma)
                if cells.get("location"):
                    facts["location"] = cells["location"]
            except ValueError as error:
                self._refuse(line, sku, "available", cells["available"], str(error))
        if cells.get("barcode"):
            self._barcode(line, sku, cells["barcode"], facts)
        if cells.get("weight"):
            self._weight(line, sku, cells, facts)
        if cells.get("status"):
            facts["status"] = cells["status"]
        return FeedRow(line, sku, cells.get("mfgpartno", ""), encode(facts))

    def _money(self, line: int, sku: str, name: str, text: str, facts: dict[str, str | int]) -> None:
        try:
            amount = decimal_number(text, decimal_comma=self._decimal_comma)
        except ValueError as error:
            self._refuse(line, sku, name, text, str(error))
            return
        if amount < 0:
            self._refuse(line, sku, name, text, "an amount below zero")
        elif amount == 0 and name in ("price", "list_price"):
            self._refuse(line, sku, name, text, "a price of zero would give the product away")
        elif amount != 0 or name == "cost":
            facts[name] = str(amount)

    def _barcode(self, line: int, sku: str, text: str, facts: dict[str, str | int]) -> None:
        code = re.sub(r"[\s-]", "", text)
        problem = gtin_problem(code)
        if problem is None:
            facts["barcode"] = code
        else:
            self._refuse(line, sku, "barcode", text, problem)

    def _weight(self, line: int, sku: str, cells: dict[str, str], facts: dict[str, str | int]) -> None:
        try:
            value = decimal_number(cells["weight"], decimal_comma=self._decimal_comma)
        except ValueError as error:
            self._refuse(line, sku, "weight", cells["weight"], str(error))
            return
        unit = self._unit
        if cells.get("weight_unit"):
            try:
                unit = weight_unit(cells["weight_unit"])
            except ValueError as error:
                self._refuse(line, sku, "weight_unit", cells["weight_unit"], str(error))
                return
        if value < 0:
            self._refuse(line, sku, "weight", cells["weight"], "a weight below zero")
        elif value > 0:
            facts["weight"] = format(value.normalize(), "f")
            facts["weight_unit"] = unit

    def _name(self, name: str) -> str:
        return self._header.names[self._header.places[name]].strip()

    def _refuse(self, line: int, sku: str, name: str, text: str, reason: str) -> None:
        column = self._name(name)
        self._account.refuse_value(
            self._member.name, line, column, text,
            f'{column} for SKU {sku} is "{text}": {reason} (row {line} of {self._member.basename}); '
            "fix the feed or map the column")
