"""What lies in a folder or zip, told by content: an inQuire export, a Shopify-template CSV, price and stock feeds.

A delivery is described, digested and checked for completeness here, before anything is read into products.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shopsync_pipeline.catalog.archive import Member, members_of
from shopsync_pipeline.catalog.feeds.recognise import recognise_feed
from shopsync_pipeline.catalog.inquire.tables import BY_NAME, CONQUIRE_ONLY, COUNTED, REQUIRED, inquire_name
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.shopify_template.columns import is_template_header
from shopsync_pipeline.catalog.staging import Table
from shopsync_pipeline.catalog.survey import Survey, survey
from shopsync_pipeline.core.errors import CatalogError

INQUIRE = "inquire"
SHOPIFY_TEMPLATE = "shopify_template"
_SNIFFED_RECORDS = 50
_RULES = CatalogRules()
FEED = "feed"
_HEADER_LINES = {INQUIRE: 0, SHOPIFY_TEMPLATE: 1, FEED: 1}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A recognised file or zip member: `size` in bytes, `encoding` as found, `role` the shape or `feed`."""

    name: str
    size: int
    sha256: str
    encoding: str = "utf-8"
    role: str = ""
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A complete delivery. `digest` is over the names and digests of `files`, so equal content has an equal digest."""

    path: Path
    shape: str
    files: tuple[SourceFile, ...]
    digest: str
    feeds: tuple[Path, ...] = ()

    def members(self, role: str) -> list[tuple[SourceFile, Member]]:
        """The recognised files of one role with the members to open. Raises `CatalogError` if one has gone."""
        elsewhere = role == FEED and self.feeds
        members = _feed_members(self.feeds) if elsewhere else members_of(self.path)
        found = {member.name: member for member in members}
        chosen = []
        for file in self.files:
            if file.role == role:
                if file.name not in found:
                    raise CatalogError(f"{file.name} was there when {self.path} was looked at and is gone; look again.")
                chosen.append((file, found[file.name]))
        return chosen


def find_delivery(path: Path, feeds: Sequence[Path] = ()) -> Delivery:
    """Recognises what lies at `path`: a folder (searched recursively), one zip or one CSV.

    Price and stock CSVs are taken from `feeds`, or, when that is empty, from the folder itself. Raises `CatalogError`
    with a sentence when something is missing, empty, corrupt, incomplete or not recognisable.
    """
    path = Path(path)
    surveyed = [(member, survey(member)) for member in members_of(path)]
    named = [(member, survey(member)) for member in _feed_members(feeds)]
    by_role: dict[str, list[SourceFile]] = {INQUIRE: [], SHOPIFY_TEMPLATE: [], FEED: []}
    unknown: list[str] = []
    for member, seen in surveyed:
        role = _role(member, seen)
        if role in by_role:
            by_role[role].append(_source(member, seen, role))
        else:
            unknown.append(member.name)
    if feeds:
        by_role[FEED] = [_named_feed(member, seen) for member, seen in named]
    shape = _shape(path, by_role, unknown)
    if shape == INQUIRE:
        _check_blocks(path, by_role[INQUIRE])
    files = (*by_role[shape], *by_role[FEED])
    for file in files:
        if file.lines <= _HEADER_LINES[file.role] and _must_have_rows(file):
            raise CatalogError(f"{file.name} has no rows: a cut-off export would empty the shop; download it again.")
    return Delivery(path, shape, files, _digest(files), tuple(Path(feed) for feed in feeds))


def _feed_members(feeds: Sequence[Path]) -> list[Member]:
    members = [member for feed in feeds for member in members_of(Path(feed))]
    names = [member.name for member in members]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CatalogError(f"Two feeds are named {twice}; rename one, so that its rows can be told apart.")
    return members


def _source(member: Member, seen: Survey, role: str) -> SourceFile:
    return SourceFile(member.name, seen.size, seen.sha256, seen.encoding, role, seen.lines)


def _role(member: Member, seen: Survey) -> str:
    """What a member is. Headers tell of themselves; a positional table needs its name and its number of fields."""
    if is_template_header(_records(seen.head, 1)[0]):
        return SHOPIFY_TEMPLATE
    if recognise_feed(member, seen.head, _RULES) is not None:
        return FEED
    name = inquire_name(member.basename)
    if name is None:
        return ""
    if name.table in BY_NAME and not seen.blank:
        _check_layout(member, BY_NAME[name.table], _records(seen.head, _SNIFFED_RECORDS))
    return INQUIRE


def _records(head: str, wanted: int) -> list[list[str]]:
    """Some records of a file's beginning, as far as they can be read; at least one, which may be empty."""
    found: list[list[str]] = []
    with suppress(csv.Error):
        found.extend(islice(csv.reader(io.StringIO(head, newline=""), escapechar="\\"), wanted))
    return found or [[]]


def _check_layout(member: Member, table: Table, records: list[list[str]]) -> None:
    seen = sorted({len(record) for record in records if record})
    if seen and not table.widths.intersection(seen):
        expected = " or ".join(map(str, sorted(table.widths)))
        raise CatalogError(
            f"{member.name} has rows of {seen[0]} fields where the inQuire table {table.name} has {expected}; it may "
            "come from a conQuire export, so ask for the inQuire zips of the same catalog.")


def _named_feed(member: Member, seen: Survey) -> SourceFile:
    if seen.blank:
        raise CatalogError(f"{member.name} has no rows; download the feed again.")
    if recognise_feed(member, seen.head, _RULES) is None:
        first = next(iter(seen.head.splitlines()), "")[:200]
        raise CatalogError(
            f"{member.name} is no price and stock feed: its first line should name a SKU column and a price or stock "
            f"column, and is \"{first}\"; fix the header or map the columns.")
    return _source(member, seen, FEED)


def _shape(path: Path, by_role: dict[str, list[SourceFile]], unknown: list[str]) -> str:
    shapes = [shape for shape in (INQUIRE, SHOPIFY_TEMPLATE) if by_role[shape]]
    if len(shapes) == 2:
        raise CatalogError(
            f"{path} holds two exports, inQuire tables ({by_role[INQUIRE][0].name}) and a Shopify-template CSV "
            f"({by_role[SHOPIFY_TEMPLATE][0].name}); give each its own folder.")
    if shapes:
        return shapes[0]
    seen = [file.name for file in by_role[FEED]] + unknown
    listed = ", ".join(sorted(seen)[:8]) + (f" and {len(seen) - 8} more" if len(seen) > 8 else "")
    raise CatalogError(
        f"{path} holds no export: looked for inQuire tables in zips (such as EN_US_B_product.csv) and for a CSV in "
        f"Shopify's template (a header with Handle and Title); found {listed or 'no zip, CSV or TXT file'}.")


def _check_blocks(path: Path, files: list[SourceFile]) -> None:
    names = [name for file in files if (name := inquire_name(file.name.rsplit("/", 1)[-1])) is not None]
    tables = {name.table for name in names}
    if tables & CONQUIRE_ONLY:
        raise CatalogError(f"{path} holds a conQuire export, whose tables have other columns than inQuire's; "
                           "ask for the inQuire zips of the same catalog.")
    for block, wanted in REQUIRED:
        missing = [table for table in wanted if table not in tables]
        if missing:
            raise CatalogError(
                f"The {block} block of the export in {path} is missing or incomplete: there is no table "
                f"{', '.join(missing)} among the {len(files)} recognised files; deliver tax, basic and sku together.")


def _must_have_rows(file: SourceFile) -> bool:
    if file.role != INQUIRE:
        return True
    name = inquire_name(file.name.rsplit("/", 1)[-1])
    return name is not None and name.table in BY_NAME and name.table not in COUNTED


def _digest(files: Sequence[SourceFile]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: (file.name, file.sha256)):
        digest.update(f"{file.name}\0{file.sha256}\n".encode())
    return digest.hexdigest()
