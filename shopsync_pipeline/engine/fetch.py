"""Fetch: the delivery that the settings name, as paths of this machine, and a cheap name for what lies ready.

What lies on a server is mirrored under SHOPSYNC_SPOOL_PATH; what lies here is read where it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shopsync_pipeline.catalog.sources import Address, Credentials, Location, Look, Patience, fetch, look, parse
from shopsync_pipeline.core.errors import CatalogError
from shopsync_pipeline.settings import Settings


def local_paths(settings: Settings) -> tuple[Path, tuple[Path, ...]]:
    """The export's path, and those of the feeds, here: what lies on servers is fetched first, as far as it changed.

    Raises `CatalogError`; what was fetched before then stays as it is.
    """
    export, *feeds = [
        fetch(place, _credentials(settings, place), settings.spool_path, Patience(timeout=settings.source_timeout)).path
        for place in _places(settings)
    ]
    return export, tuple(feeds)


@dataclass(frozen=True, slots=True)
class Place:
    """The export or a feed: where it lies, the path that it has or will have here, and what its server shows."""

    location: Location
    path: Path
    seen: Look | None = None


def seen_places(settings: Settings) -> list[Place]:
    """The export, then each feed. What lies on servers is listed with one try each, and not fetched.

    Raises `CatalogError`.
    """
    patience = Patience(timeout=settings.source_timeout, attempts=1)
    found = []
    for location in _places(settings):
        if isinstance(location, Address):
            seen = look(location, _credentials(settings, location), settings.spool_path, patience)
            found.append(Place(location, seen.path, seen))
        else:
            found.append(Place(location, location))
    return found


def fingerprint(settings: Settings) -> str:
    """A cheap name for the files that lie ready: their names, sizes and times, without reading or fetching them, and
    for the mapping file, which is read.

    Raises `CatalogError` when the export is not there or its server does not answer at the first try.
    """
    digest = hashlib.sha256()
    for place in seen_places(settings):
        for line in _lines(place.path) if place.seen is None else _lines_of_server(place.location, place.seen):
            digest.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    if settings.mapping_path is not None and settings.mapping_path.is_file():
        digest.update(settings.mapping_path.read_bytes())
    return digest.hexdigest()


def _places(settings: Settings) -> list[Location]:
    return [parse(place) for place in (settings.export_path, *settings.feeds)]


def _credentials(settings: Settings, place: Location) -> Credentials:
    given = Credentials(
        user=settings.source_user, password=settings.source_password.get_secret_value(), key=settings.source_key,
        known_hosts=settings.source_known_hosts, authorities=settings.source_ca)
    return given.of(place, settings.source_netrc) if isinstance(place, Address) else given


def _lines(path: Path) -> Iterator[str]:
    if not path.exists():
        raise CatalogError(f"{path} does not exist (see SHOPSYNC_EXPORT_PATH and SHOPSYNC_FEED_PATHS).")
    for file in sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]:
        stat = file.stat()
        yield f"{file}\t{stat.st_size}\t{stat.st_mtime_ns}"


def _lines_of_server(location: Location, seen: Look) -> Iterator[str]:
    for file in seen.listing.files:
        yield f"{location}\t{file.name}\t{file.size}\t{file.modified}"
