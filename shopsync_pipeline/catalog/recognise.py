"""What one file of a delivery is, told by its first records: by its header, or by its name and number of fields.

A headerless table needs both, because nothing else in it says which table it is.
"""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from shopsync_pipeline.catalog.archive import Member
from shopsync_pipeline.catalog.dialect import MSSQL
from shopsync_pipeline.catalog.extras.tables import delimiter_of, extra_of
from shopsync_pipeline.catalog.feeds.recognise import recognise_feed
from shopsync_pipeline.catalog.flat_file.columns import is_flat_header
from shopsync_pipeline.catalog.inquire.tables import BY_NAME, inquire_name
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.shopify_template.columns import is_template_header
from shopsync_pipeline.catalog.survey import Survey
from shopsync_pipeline.catalog.tables import Table
from shopsync_pipeline.core.errors import CatalogError

INQUIRE = "inquire"
CONQUIRE = "conquire"
FLAT_FILE = "flat_file"
SHOPIFY_TEMPLATE = "shopify_template"
FEED = "feed"
EXTRA = "extra"

_SNIFFED_RECORDS = 50
_UTF16 = ("\xff\xfe", "\xfe\xff")
"""The two byte-order marks of UTF-16, as text of Windows-1252 shows them."""
_DELIMITERS = ",;\t|~"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file is: its `role` (a shape, `feed` or `extra`), its table, its header if it has one, and the number
    of its fields."""

    role: str
    table: str = ""
    header: tuple[str, ...] = ()
    width: int = 0


def recognise(member: Member, seen: Survey, rules: CatalogRules) -> Recognised | None:
    """What a surveyed member is, or `None`. Raises `CatalogError` for a table whose files never have that many
    fields."""
    if seen.head.startswith(_UTF16) and member.basename.lower().endswith(".csv"):
        raise CatalogError(
            f"{member.name} is UTF-16 text, and catalog text is UTF-8 or Windows-1252; deliver it as UTF-8.")
    records = records_of(seen.head, backslash=seen.dialect != MSSQL)
    first = tuple(name.strip() for name in records[0])
    if is_template_header(first):
        return Recognised(SHOPIFY_TEMPLATE, "template", first, len(first))
    if is_flat_header(first):
        return Recognised(FLAT_FILE, FLAT_FILE, first, len(first))
    extra = extra_of(member.basename)
    if extra is not None:
        name, known = extra
        records = records_of(seen.head, backslash=seen.dialect != MSSQL, delimiter=delimiter_of(seen.head))
        if known.table is not None and known.rule in rules.extras and not seen.blank:
            _check_layout(member, known.table, records)
        return _positional(EXTRA, name, records)
    named = inquire_name(member.basename)
    if named is not None:
        if named.table in BY_NAME and not seen.blank:
            _check_layout(member, BY_NAME[named.table], records)
        return _positional(INQUIRE, named.table, records)
    return recognised_feed(member, seen, rules)


def recognised_feed(member: Member, seen: Survey, rules: CatalogRules) -> Recognised | None:
    """A surveyed member as a feed of prices or stock, or `None` if it is none."""
    if recognise_feed(member, seen.head, rules) is None:
        return None
    first = next((line for line in seen.head.splitlines() if line.strip()), "")
    return _positional(FEED, FEED, records_of(first, backslash=False, delimiter=max(_DELIMITERS, key=first.count)))


def records_of(head: str, *, backslash: bool, delimiter: str = ",", wanted: int = _SNIFFED_RECORDS) -> list[list[str]]:
    """Some whole records of a file's beginning, as far as they can be read; at least one, which may be empty."""
    found: list[list[str]] = []
    escape = "\\" if backslash else None
    with suppress(csv.Error):
        found.extend(islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, escapechar=escape), wanted))
    if len(found) > 1 and not head.endswith(("\n", "\r")) and len(found) < wanted:
        # The beginning may end within a record.
        found.pop()
    return found or [[]]


def _positional(role: str, table: str, records: list[list[str]]) -> Recognised:
    first = records[0]
    wordy = bool(first) and bool(first[0].strip()) and not any(any(map(str.isdigit, cell)) for cell in first)
    widths = [len(record) for record in records if record]
    header = tuple(name.strip() for name in first) if wordy else ()
    return Recognised(role, table, header, max(widths, key=widths.count, default=0))


def _check_layout(member: Member, table: Table, records: list[list[str]]) -> None:
    seen = sorted({len(record) for record in records if record})
    if seen and not table.widths.intersection(seen):
        expected = " or ".join(map(str, sorted(table.widths)))
        raise CatalogError(
            f"{member.name} has rows of {seen[0]} fields where a file of the table {table.name} has {expected}; it "
            "is cut short or of another kind of export, so download it again or ask its sender for the layout.")
