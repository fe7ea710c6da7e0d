"""What a feed format is, and the row in which every format ends: facts about one SKU, said by one line of a file.

A format is recognised by what its files hold, never by their names. Reading a line never raises.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple, TypedDict

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.reading import Account
from shopsync_pipeline.catalog.rules import FeedRule
from shopsync_pipeline.core.errors import CatalogError

TABLE = "feed"
"""The name under which rows of feeds are counted."""

SET, DELETE, RESTART = "set", "delete", "restart"
"""What a row does: say something about a SKU, take the SKU away, or (without a SKU) end all that was said before."""

Quantities = dict[str, int]
"""Units by location key."""

_HEAD = 1 << 16


class Facts(TypedDict, total=False):
    """What one row says. Numbers are texts, because they are staged as JSON and must stay exact.

    `amounts`: money by name, each for one `uom`; `amount_uoms`: the amounts that the file prices by another unit, so
    that they hold only where that is the unit after all. `min_qty`: the amounts hold from this quantity on. `units`:
    pieces in one `uom`. `counted`: the file has quantities; `stock`: those that could be read, by location key.
    `stock_at`: ISO date or UTC instant of the quantities. `weight_unit`: Shopify's WeightUnit. `replacement`: the SKU
    that follows this one.
    """

    feed: str
    amounts: dict[str, str]
    amount_uoms: dict[str, str]
    min_qty: int
    uom: str
    units: str
    counted: bool
    stock: Quantities
    stock_at: str
    barcode: str
    weight: str
    weight_unit: str
    discontinued: bool
    title: str
    replacement: str


class FeedRow(NamedTuple):
    """One row of a feed. `line` counts from 1; `action` is `SET`, `DELETE` or `RESTART`."""

    line: int
    sku: str
    facts: Facts
    mfgpartno: str = ""
    manufacturer: str = ""
    action: str = SET


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A file to read: `weight_unit` is for files that name none, `rule` the shop's own rule about it, if any.

    `changes`: the file may hold changes only, because earlier rows are carried along.
    """

    member: Member
    encoding: str
    weight_unit: str
    rule: FeedRule | None = None
    changes: bool = False

    def place(self, quantities: Quantities) -> Quantities:
        """Quantities by location key, added up where the rule names one location for them all."""
        if self.rule is None or self.rule.location is None or not quantities:
            return quantities
        return {self.rule.location: sum(quantities.values())}

    def date(self) -> date:
        """The day (UTC) on which the file was made, by its entry in the zip or else by its time of modification.

        Prices hold from day to day, so this decides which of them are in force. Raises `CatalogError`.
        """
        try:
            if self.member.inner is not None:
                with zipfile.ZipFile(self.member.file) as archive:
                    year, month, day = archive.getinfo(self.member.inner).date_time[:3]
                return date(year, month, day)
            return datetime.fromtimestamp(self.member.file.stat().st_mtime, UTC).date()
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            raise CatalogError(f"{self.member.name} has no date that can be read ({error}); download it again.",
                               ) from error


def head_of(member: Member, encoding: str) -> str:
    """The decoded beginning of a member, without a byte-order mark; of a workbook what its bytes decode to."""
    with member.open() as stream:
        return stream.read(_HEAD).decode(encoding, errors="replace").removeprefix("\ufeff")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFormat:
    """A way of writing a feed.

    `recognise` takes the member and its decoded beginning; `read` yields the rows that can be used, and what cannot
    goes to the account. `complete`: a file holds all there is, so that nothing is carried from import to import.
    `whole_rows`: a row says everything about its SKU, so that a later one replaces it; otherwise the rows of a file
    add up. `rule`: the shop's own rule by which it is read.
    """

    name: str
    recognise: Callable[[Member, str], bool]
    read: Callable[[FeedSource, Account], Iterator[FeedRow]]
    complete: bool = True
    whole_rows: bool = False
    rule: FeedRule | None = None

    def rows(self, source: FeedSource, account: Account) -> Iterator[FeedRow]:
        """Reads a file and counts the rows that were used."""
        used = 0
        try:
            for row in self.read(source, account):
                used += row.action != RESTART
                yield row
        finally:
            account.used(TABLE, used)
