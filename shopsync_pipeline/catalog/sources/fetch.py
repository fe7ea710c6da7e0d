"""Fetch: what lies at a location becomes a path of this machine, with only the changed files downloaded.

A delivery is taken as a whole: while one of its files is still being written, what was fetched before stays.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from shopsync_pipeline.catalog.sources.credentials import Credentials
from shopsync_pipeline.catalog.sources.location import Address, Location
from shopsync_pipeline.catalog.sources.remote import Listing, Patience, Remote, RemoteFile
from shopsync_pipeline.catalog.sources.spool import Spool
from shopsync_pipeline.core.errors import CatalogError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Where a delivery lies now, and what it took: the names that were downloaded, and how many others were kept or
    removed. `skipped` has a sentence for each thing that was left out."""

    path: Path
    downloaded: tuple[str, ...] = ()
    kept: int = 0
    removed: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What lies at an address now. `current`: the spool holds exactly that; then it lies at `path`."""

    listing: Listing
    path: Path
    current: bool


def fetch(location: Location, credentials: Credentials, spool: Path, patience: Patience | None = None) -> Fetched:
    """Makes `location` readable here: a path as it is, an address as a mirror below the folder `spool`.

    Files whose name, size and time are those of the mirror are not downloaded again; files that are gone on the server
    go. Raises `CatalogError`, and then the mirror is what it was: whole.
    """
    if isinstance(location, Path):
        return Fetched(path=location)
    place = Spool(spool, location)
    with place.locked(), Remote(location, credentials, patience or Patience()) as remote:
        before = remote.listing()
        missing = place.missing(before.files)
        place.make_room(before.files, missing)
        for file in missing:
            remote.copy(file, place.incoming / file.name)
            place.arrived(file)
            log.info("Fetched %s from %s.", file.name, location)
        if missing:
            _require_at_rest(location, before, remote.listing())
        removed = place.let_in(before.files)
    for sentence in before.skipped:
        log.warning("%s", sentence)
    return Fetched(path=_path(place, before), downloaded=tuple(file.name for file in missing),
                   kept=len(before.files) - len(missing), removed=removed, skipped=before.skipped)


def look(address: Address, credentials: Credentials, spool: Path, patience: Patience | None = None) -> Look:
    """What lies at the address, without downloading or changing anything. Raises `CatalogError`."""
    place = Spool(spool, address)
    with Remote(address, credentials, patience or Patience()) as remote:
        listing = remote.listing()
    return Look(listing=listing, path=_path(place, listing), current=place.is_current(listing.files))


def _path(place: Spool, listing: Listing) -> Path:
    return place.delivery / listing.files[0].name if listing.single else place.delivery


def _require_at_rest(address: Address, before: Listing, after: Listing) -> None:
    """Raises `CatalogError` that names the files that changed while the delivery was fetched."""
    then, now = _by_name(before.files), _by_name(after.files)
    told = [sentence for name in sorted(then.keys() | now.keys())
            if (sentence := _changed(name, then.get(name), now.get(name)))]
    if told:
        more = f", and {len(told) - 3} more" if len(told) > 3 else ""
        raise CatalogError(
            f"The delivery at {address} changed while it was fetched: {', '.join(told[:3])}{more}. It is not taken, "
            "and the one before stays. Fetch again once the upload has ended; what came whole is not fetched twice.")


def _changed(name: str, then: RemoteFile | None, now: RemoteFile | None) -> str:
    if then is None:
        return f"{name} appeared"
    if now is None:
        return f"{name} vanished"
    if then.size != now.size:
        return f"{name} went from {then.size} to {now.size} bytes"
    return f"{name} was written again" if then.modified != now.modified else ""


def _by_name(files: Iterable[RemoteFile]) -> dict[str, RemoteFile]:
    return {file.name: file for file in files}
