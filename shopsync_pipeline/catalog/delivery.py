"""What lies in a folder or zip, told by content: one export in one of its shapes, extras, price and stock feeds.

A delivery is described, digested and checked for completeness here, before anything is read into products.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from shopsync_pipeline.catalog.archive import Member, bystanders, members_of
from shopsync_pipeline.catalog.dialect import settled
from shopsync_pipeline.catalog.inquire.tables import (
    BY_NAME,
    CONQUIRE_ONLY,
    CONQUIRE_WIDTHS,
    COUNTED,
    OPTIONAL,
    REQUIRED,
    inquire_name,
)
from shopsync_pipeline.catalog.recognise import (
    CONQUIRE,
    EXTRA,
    FEED,
    FLAT_FILE,
    INQUIRE,
    SHOPIFY_TEMPLATE,
    Recognised,
    recognise,
    recognised_feed,
)
from shopsync_pipeline.catalog.rules import CatalogRules
from shopsync_pipeline.catalog.survey import Survey, SurveyMemory, surveys_of
from shopsync_pipeline.core.errors import CatalogError

_SHAPES = (INQUIRE, FLAT_FILE, SHOPIFY_TEMPLATE)
_DESCRIBED = {
    INQUIRE: "inQuire or conQuire tables", FLAT_FILE: "a flat file", SHOPIFY_TEMPLATE: "a Shopify-template CSV",
}
_LISTED = 8
_DEFAULTS = CatalogRules()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A recognised file or zip member: `size` in bytes, `encoding` as found, `role` the shape, `extra` or `feed`.

    `header`: its first record, where that names columns; `width`: the number of its fields; `dialect`: `mysql` or
    `mssql`; `made_at`: the time that its zip gives it (without time zone, as zips have none); `table`: the name of the
    table that its rows belong to.
    """

    name: str
    size: int
    sha256: str
    encoding: str = "utf-8"
    role: str = ""
    lines: int = 0
    header: tuple[str, ...] = ()
    width: int = 0
    dialect: str = ""
    made_at: datetime | None = None
    table: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A complete delivery. `digest` is over the names and digests of `files`, so equal content has an equal digest.

    `unread`: names of the files that belong to nothing that is read.
    """

    path: Path
    shape: str
    files: tuple[SourceFile, ...]
    digest: str
    feeds: tuple[Path, ...] = ()
    unread: tuple[str, ...] = ()

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


def find_delivery(
    path: Path, feeds: Sequence[Path] = (), *, rules: CatalogRules = _DEFAULTS, memory: SurveyMemory | None = None,
) -> Delivery:
    """Recognises what lies at `path`: a folder (searched recursively), one zip or one CSV.

    Price and stock files are taken from `feeds`, or, when that is empty, from the folder itself. With a `memory`, files
    that have not changed since they were last recognised are not read. Raises `CatalogError` with a sentence when
    something is missing, empty, corrupt, incomplete or not recognisable.
    """
    path = Path(path)
    surveyed = surveys_of(members_of(path), memory)
    named = surveys_of(_feed_members(feeds), memory)
    by_role: dict[str, list[SourceFile]] = {role: [] for role in (*_SHAPES, EXTRA, FEED)}
    unread: list[str] = bystanders(path)
    for member, seen in surveyed:
        found = recognise(member, seen, rules)
        if found is None:
            unread.append(member.name)
        else:
            by_role[found.role].append(_source(member, seen, found))
    if feeds:
        unread += [file.name for file in by_role[FEED]]
        by_role[FEED] = [_named_feed(member, seen, rules) for member, seen in named]
    shape = _shape(path, by_role, unread)
    if shape == INQUIRE:
        # The sender's own join of the same tables often lies beside them.
        unread += [file.name for file in by_role[FLAT_FILE]]
        _check_blocks(path, by_role[INQUIRE])
        shape = _generation(by_role[INQUIRE])
        by_role[shape] = [replace(file, role=shape) for file in by_role[INQUIRE]]
    if shape == SHOPIFY_TEMPLATE:
        unread += [file.name for file in by_role[EXTRA]]
        by_role[EXTRA] = []
    files = tuple(_in_dialects([*by_role[shape], *by_role[EXTRA], *by_role[FEED]]))
    for file in files:
        if file.lines <= bool(file.header) and _must_have_rows(file):
            raise CatalogError(f"{file.name} has no rows: a cut-off export would empty the shop; download it again.")
    return Delivery(path, shape, files, _digest(files), tuple(map(Path, feeds)), tuple(sorted(unread)))


def _feed_members(feeds: Sequence[Path]) -> list[Member]:
    members = [member for feed in feeds for member in members_of(Path(feed))]
    names = [member.name for member in members]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise CatalogError(f"Two feeds are named {twice}; rename one, so that its rows can be told apart.")
    return members


def _source(member: Member, seen: Survey, found: Recognised) -> SourceFile:
    return SourceFile(
        member.name, seen.size, seen.sha256, seen.encoding, found.role, seen.lines, found.header, found.width,
        seen.dialect, member.made_at, found.table)


def _in_dialects(files: Sequence[SourceFile]) -> list[SourceFile]:
    dialects = settled((file.name, file.dialect) for file in files)
    return [replace(file, dialect=dialects[file.name]) for file in files]


def _named_feed(member: Member, seen: Survey, rules: CatalogRules) -> SourceFile:
    if seen.blank:
        raise CatalogError(f"{member.name} has no rows; download the feed again.")
    found = recognised_feed(member, seen, rules)
    if found is None:
        first = next(iter(seen.head.splitlines()), "")[:200]
        raise CatalogError(
            f"{member.name} is no price and stock feed: it is in no distributor's format, and its first line should "
            f"name a SKU column and a price or stock column, and is \"{first}\"; fix the header or map the columns.")
    return _source(member, seen, found)


def _shape(path: Path, by_role: dict[str, list[SourceFile]], unread: list[str]) -> str:
    shapes = [shape for shape in _SHAPES if by_role[shape]]
    if len(shapes) == 1 or shapes == [INQUIRE, FLAT_FILE]:
        return shapes[0]
    if shapes:
        first, second = shapes[0], shapes[-1]
        raise CatalogError(
            f"{path} holds two exports, {_DESCRIBED[first]} ({by_role[first][0].name}) and {_DESCRIBED[second]} "
            f"({by_role[second][0].name}); give each its own folder.")
    seen = sorted([file.name for role in (FEED, EXTRA) for file in by_role[role]] + unread)
    listed = ", ".join(seen[:_LISTED]) + (f" and {len(seen) - _LISTED} more" if len(seen) > _LISTED else "")
    raise CatalogError(
        f"{path} holds no export: looked for inQuire or conQuire tables in zips (such as EN_US_B_product.csv), for a "
        "flat file (a header with ProductId, SKU Type and SKU) and for a CSV in Shopify's template (a header with "
        f"Handle and Title); found {listed or 'no zip, CSV or TXT file'}.")


def _check_blocks(path: Path, files: list[SourceFile]) -> None:
    tables = {file.table for file in files}
    for block, wanted in REQUIRED:
        missing = [table for table in wanted if table not in tables]
        if missing:
            raise CatalogError(
                f"The {block} block of the export in {path} is missing or incomplete: there is no table "
                f"{', '.join(missing)} among the {len(files)} recognised files; deliver tax, basic and sku together.")


def _generation(files: list[SourceFile]) -> str:
    """conQuire's mark is a table or a number of fields that no file of inQuire has; product alone decides nothing."""
    elements = any(file.table in CONQUIRE_ONLY or _block(file) == "E" for file in files)
    widths = {file.table for file in files if CONQUIRE_WIDTHS.get(file.table) == file.width} - {"product"}
    return CONQUIRE if elements or widths else INQUIRE


def _block(file: SourceFile) -> str:
    name = inquire_name(file.name.rsplit("/", 1)[-1])
    return name.block if name is not None else ""


def _must_have_rows(file: SourceFile) -> bool:
    if file.role in (INQUIRE, CONQUIRE):
        return file.table in BY_NAME and file.table not in COUNTED | OPTIONAL
    return file.role != EXTRA


def _digest(files: Sequence[SourceFile]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files, key=lambda file: (file.name, file.sha256)):
        digest.update(f"{file.name}\0{file.sha256}\n".encode())
    return digest.hexdigest()
