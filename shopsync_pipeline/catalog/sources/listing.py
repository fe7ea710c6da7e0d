"""What servers say about their files, in the three forms there are: MLSD facts, Unix `ls -l`, and MS-DOS `dir`.

Pure. A line that fits no form is an error, never left out: a file that is not seen would be taken for deleted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum


class Kind(Enum):
    """What an entry is. `OTHER` is neither file, folder nor link: a device, a pipe, a link that is not followed."""

    FILE = "file"
    FOLDER = "directory"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing: `size` in bytes, `modified` as whole seconds since 1970, both `None` where not told."""

    name: str
    kind: Kind
    size: int | None = None
    modified: int | None = None


class UnknownLineError(ValueError):
    """A line of a listing that is in none of the known forms."""


_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}
_UNIX = re.compile(
    r"(?P<kind>[-bcdlpsD])[-rwxsStTlL]{9}\S*\s+.*?(?P<size>\d+)\s+(?P<month>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+"
    r"(?P<when>\d{4}|\d{1,2}:\d{2})\s(?P<name>.+)")
_DOS = re.compile(
    r"(?P<month>\d{2})-(?P<day>\d{2})-(?P<year>\d{2}|\d{4})\s+(?P<hour>\d{2}):(?P<minute>\d{2})\s*(?P<half>[AaPp][Mm])?"
    r"\s+(?P<size><[A-Z]+>|\d+)\s+(?P<name>.+)")
_KINDS = {"-": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK}
_STAMP = re.compile(r"(\d{14})(?:\.\d+)?")


def of_facts(name: str, facts: Mapping[str, str]) -> Entry | None:
    """An entry from the facts of MLSD (RFC 3659), whose times are UTC; `None` for the folder itself and its parent."""
    told = facts.get("type", "file").lower()
    if told in ("cdir", "pdir"):
        return None
    kind = {"file": Kind.FILE, "dir": Kind.FOLDER}.get(told, Kind.OTHER)
    if told.startswith(("os.unix=slink", "os.unix=symlink")):
        kind = Kind.LINK
    size = facts.get("size", "")
    return Entry(name, kind, int(size) if size.isdecimal() else None, stamp(facts.get("modify", "")))


def stamp(text: str) -> int | None:
    """Seconds since 1970 of `YYYYMMDDHHMMSS[.sss]` in UTC, which MLSD and MDTM use; `None` for anything else."""
    found = _STAMP.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return int(datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def of_line(line: str, now: datetime) -> Entry | None:
    """An entry from a line of LIST; `None` for the lines that are none (`total 12`, an empty one).

    Times of LIST are in a zone that nobody tells and are taken for UTC: good for telling that a file changed, not for
    telling when. Raises `UnknownLineError`.
    """
    if not line.strip() or re.fullmatch(r"total \d+", line.strip(), re.IGNORECASE):
        return None
    if found := _UNIX.fullmatch(line):
        return _of_unix(found, now)
    if found := _DOS.fullmatch(line):
        return _of_dos(found)
    raise UnknownLineError(line)


def _of_unix(found: re.Match[str], now: datetime) -> Entry:
    kind, name = _KINDS.get(found["kind"], Kind.OTHER), found["name"]
    if kind is Kind.LINK:
        name = name.split(" -> ", 1)[0]
    month = _MONTHS.get(found["month"].lower())
    return Entry(name, kind, int(found["size"]), _seconds(month, found["day"], found["when"], now))


def _seconds(month: int | None, day: str, when: str, now: datetime) -> int | None:
    if month is None:
        return None
    hour, _, minute = when.partition(":") if ":" in when else ("0", "", "0")
    # A year is shown for old files only. Else it is this year's date, or last year's where that is still to come.
    year = now.year if ":" in when else int(when)
    try:
        told = datetime(year, month, int(day), int(hour), int(minute), tzinfo=UTC)
        if ":" in when and told > now + timedelta(days=1):
            told = told.replace(year=year - 1)
    except ValueError:
        return None
    return int(told.timestamp())


def _of_dos(found: re.Match[str]) -> Entry:
    year, hour = int(found["year"]), int(found["hour"])
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].lower() == "pm" else 0)
    try:
        told = datetime(year, int(found["month"]), int(found["day"]), hour, int(found["minute"]), tzinfo=UTC)
        modified: int | None = int(told.timestamp())
    except ValueError:
        modified = None
    if found["size"].isdecimal():
        return Entry(found["name"], Kind.FILE, int(found["size"]), modified)
    return Entry(found["name"], Kind.FOLDER if found["size"] == "<DIR>" else Kind.OTHER, None, modified)
