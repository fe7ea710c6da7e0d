"""Guards: whether what was read of a delivery may become the catalog, seen from what the last accepted one had.

Values in, sentences with figures out. A refusal keeps the delivery out until a person approves it; a notice only tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """A file of a delivery. `own_date`: it is a feed or an extra, made at another time than the export. `header`: the
    names of its columns, empty for a positional file. `made_at`: when it was written, without a zone, `None` where
    nobody says."""

    name: str
    encoding: str
    own_date: bool = False
    header: tuple[str, ...] = ()
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read: products that can be sold, `<table>.read` and `<table>.quarantined` rows, and the files."""

    products: int
    counts: Mapping[str, int]
    files: tuple[FileFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Shares from 0 to 1: of products and of a table's rows that a delivery may lack against the last one, and of a
    table's rows that may be unusable. `max_spread`: between the oldest and the newest file of the export."""

    max_catalog_shrink: float = 0.2
    max_table_shrink: float = 0.5
    max_quarantine_share: float = 0.05
    max_spread: timedelta = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a delivery is refused (empty: it is not), and what else a person should know of it."""

    refusals: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def judge(found: Read, last: Read | None, limits: Limits) -> Verdict:
    """Judges a delivery against the last one that was accepted, `None` if it is the first."""
    refusals = [*_products(found, last, limits), *_dates(found, limits), *_quarantine(found, last, limits)]
    notices: list[str] = []
    if last is not None:
        refusals += _tables(found, last, limits)
        for before, now in _same_files(last.files, found.files):
            lost, new = _columns(before, now)
            refusals += lost
            notices += new
            if before.encoding != now.encoding:
                notices.append(f"{now.name} is {now.encoding} now and was {before.encoding} in the last delivery; look "
                               "at some accented letters.")
    return Verdict(tuple(refusals), tuple(notices))


def _products(found: Read, last: Read | None, limits: Limits) -> Iterable[str]:
    if found.products == 0:
        yield "The delivery holds no product that can be sold (published, not an accessory stub)."
    elif last is not None and last.products - found.products > limits.max_catalog_shrink * last.products:
        yield (f"The delivery has {found.products:,} products that can be sold, the last one had {last.products:,}: "
               f"{_less(found.products, last.products)} less; more than {limits.max_catalog_shrink:.0%} is taken for a "
               "delivery cut short (SYNC_MAX_CATALOG_SHRINK).")


def _tables(found: Read, last: Read, limits: Limits) -> Iterable[str]:
    here = _tables_of(found.counts)
    for table, before in _tables_of(last.counts).items():
        rows = here.get(table, 0)
        if before - rows > limits.max_table_shrink * before:
            yield (f"{table} has {rows:,} rows, in the last delivery it had {before:,}: {_less(rows, before)} less; "
                   f"more than {limits.max_table_shrink:.0%} is taken for a file cut short (SYNC_MAX_TABLE_SHRINK).")


def _less(found: int, before: int) -> str:
    return f"{1 - found / before:.0%}"


def _tables_of(counts: Mapping[str, int]) -> dict[str, int]:
    """Table → rows read, without the sum of all. Of feeds the rows that are in force count, because a file of changes
    is as long as the day was busy."""
    found = {name.removesuffix(".read"): count for name, count in counts.items()
             if name.endswith(".read") and name != "rows.read" and count}
    if counts.get("feed.rows"):
        found["feed"] = counts["feed.rows"]
    return found


def _dates(found: Read, limits: Limits) -> Iterable[str]:
    dated = sorted((file.made_at, file.name) for file in found.files if file.made_at is not None and not file.own_date)
    if not dated:
        return
    (oldest, first), (newest, last) = dated[0], dated[-1]
    if newest - oldest > limits.max_spread:
        apart, allowed = (spread / timedelta(hours=1) for spread in (newest - oldest, limits.max_spread))
        yield (f"The export's files are of different dates: {first} of {oldest:%Y-%m-%d %H:%M} and {last} of "
               f"{newest:%Y-%m-%d %H:%M}, {apart:,.1f} hours apart; more than {allowed:g} is taken for a "
               "mixture of two exports (SYNC_MAX_DELIVERY_SPREAD_HOURS).")


def _quarantine(found: Read, last: Read | None, limits: Limits) -> Iterable[str]:
    for table, rows in _tables_of(found.counts).items():
        bad = found.counts.get(f"{table}.quarantined", 0)
        share = bad / rows
        # What was accepted once is known; only more of it is news.
        if share > limits.max_quarantine_share and share > (_share(last.counts, table) if last else 0.0):
            yield (f"{bad:,} of {rows:,} rows of {table} cannot be used ({share:.1%}); more than "
                   f"{limits.max_quarantine_share:.1%} is taken for another layout or a broken file "
                   "(SYNC_MAX_QUARANTINE_SHARE).")


def _share(counts: Mapping[str, int], table: str) -> float:
    rows = counts.get(f"{table}.read", 0)
    return counts.get(f"{table}.quarantined", 0) / rows if rows else 0.0


def _columns(before: FileFacts, now: FileFacts) -> tuple[list[str], list[str]]:
    """Columns that a file lost (refused) and gained (told), without regard to case and space around them."""
    if not before.header:
        return [], []
    if not now.header:
        return [f"{now.name} has no line of column names any more; in the last delivery it began with "
                f"{_listed(before.header)}."], []
    had, has = _named(before.header), _named(now.header)
    lost = [name for folded, name in had.items() if folded not in has]
    new = [name for folded, name in has.items() if folded not in had]
    one, many = ("column", "columns")
    return (
        [f"{now.name} lacks {len(lost)} {one if len(lost) == 1 else many} that the last delivery had: {_listed(lost)}."]
        if lost else [],
        [f"{now.name} has {len(new)} new {one if len(new) == 1 else many}: {_listed(new)}."] if new else [],
    )


def _named(header: Iterable[str]) -> dict[str, str]:
    return {name.strip().casefold(): name.strip() for name in header if name.strip()}


def _listed(names: Iterable[str], most: int = 8) -> str:
    listed = list(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")


def _same_files(last: tuple[FileFacts, ...], found: tuple[FileFacts, ...]) -> Iterable[tuple[FileFacts, FileFacts]]:
    """Files of two deliveries that are the same one: by name, or by the name without its digits (a date, a number)
    where that is unmistakable on both sides."""
    by_name = {file.name: file for file in last}
    undated_last, undated_found = _undated(last), _undated(found)
    for file in found:
        if file.name in by_name:
            yield by_name[file.name], file
            continue
        shape = _without_digits(file.name)
        before = undated_last.get(shape, [])
        if len(before) == 1 and len(undated_found[shape]) == 1:
            yield before[0], file


def _undated(files: tuple[FileFacts, ...]) -> dict[str, list[FileFacts]]:
    found: dict[str, list[FileFacts]] = {}
    for file in files:
        found.setdefault(_without_digits(file.name), []).append(file)
    return found


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "#", name)
