"""Doctor: what is set, what is missing, and whether each outside thing answers. Changes nothing, shows no secret."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from shopsync_pipeline.catalog import find_delivery
from shopsync_pipeline.catalog.sources import Location, Look
from shopsync_pipeline.core.errors import DatabaseError, ShopsyncError
from shopsync_pipeline.core.points import LEASE_SECONDS
from shopsync_pipeline.db.database import Database, normalised_url
from shopsync_pipeline.db.learned import cost_factors
from shopsync_pipeline.db.points import account_of
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.context import Context, client_for, shop_id, uses_of
from shopsync_pipeline.engine.fetch import seen_places
from shopsync_pipeline.engine.health import health_of
from shopsync_pipeline.engine.prepare import AS_ESTIMATED
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.client import Patience
from shopsync_pipeline.shopify.shop import describe


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is well, and a sentence about it."""

    name: str
    well: bool
    says: str


def shown_settings(settings: Settings) -> list[tuple[str, str, str]]:
    """(environment variable, value with secrets masked, what it is for) of every setting."""
    rows = []
    for name, info in Settings.model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            shown = _masked(value.get_secret_value(), address="URL" in (info.alias or ""))
        else:
            shown = re.sub(r"//[^/@]*@", "//…@", str(getattr(value, "value", "" if value is None else value)))
        rows.append((info.alias or name, shown, info.description or ""))
    return rows


def _masked(text: str, *, address: bool) -> str:
    """A secret as it may be shown: of a database's address everything but the password and the options."""
    if not text:
        return ""
    if address:
        with suppress(DatabaseError):
            return normalised_url(text).set(query={}).render_as_string(hide_password=True)
    return "set (hidden)"


async def examine(settings: Settings) -> list[Finding]:
    """Looks at the database, the shop and the export, each on its own, so that one fault does not hide another."""
    return [_database(settings), await _shop(settings), _export(settings)]


def _held_back(settings: Settings) -> str | None:
    """Why the shop is not asked: it is paused or left alone. `None` where it may be, or our database cannot tell."""
    with suppress(ShopsyncError):
        url = normalised_url(settings.database_url.get_secret_value())
        if url.get_backend_name() != "sqlite" or (url.database and Path(url.database).exists()):
            found = health_of(Context.open(settings))
            return None if found.serves else found.says
    return None


def _database(settings: Settings) -> Finding:
    try:
        url = normalised_url(settings.database_url.get_secret_value())
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).exists():
            # Opening it would make it, and looking must change nothing.
            raise DatabaseError(f"The database file {url.database} does not exist yet. Run `shopsync db upgrade`.")
        database = Database(settings.database_url.get_secret_value())
        database.require_current()
    except ShopsyncError as error:
        return Finding("database", False, str(error))
    known = _known(database, settings)
    return Finding("database", True, f"{database.dialect} answers and has this version's tables{known}")


def _known(database: Database, settings: Settings) -> str:
    """Who else spends the shop's points, and which requests cost otherwise than estimated, as far as is known."""
    if not settings.shopify_shop_url:
        return ""
    with database.read() as connection:
        shop = shop_id(settings.shopify_shop_url)
        holders = [one.held for one in account_of(connection, shop).holders.values()
                   if now().timestamp() - one.seen < LEASE_SECONDS]
        factors = cost_factors(connection, shop)
    told = ""
    if holders:
        told += (f"; {len(holders)} process{'es' * (len(holders) > 1)} hold{'s' * (len(holders) == 1)} "
                 f"{sum(holders):.0f} of the shop's points")
    unlike = [f"{document} {factor:.2f}" for document, factor in factors.items() if abs(factor - 1) > AS_ESTIMATED]
    if unlike:
        told += f"; charged otherwise than estimated, by factor: {', '.join(unlike)}"
    return told


async def _shop(settings: Settings) -> Finding:
    try:
        settings.require_shop()
        if (says := _held_back(settings)) is not None:
            return Finding("shop", False, says)
        async with client_for(settings, patience=Patience(attempts=1, throttled_seconds=5)) as client:
            shop = await describe(client, settings.shopify_location or None, uses_of(settings))
            rate = client.bucket.restore_rate
    except ShopsyncError as error:
        return Finding("shop", False, str(error))
    if shop.missing_scopes:
        return Finding("shop", False, (
            f"{shop.domain} answers, but the token lacks the scopes {', '.join(shop.missing_scopes)}. Grant them to "
            "the app in the store's admin and install it again."
        ))
    return Finding("shop", True, (
        f"{shop.domain} ({shop.name}) answers; prices are in {shop.currency}, stock is kept at {shop.location_name}, "
        f"{rate:g} points come back a second"
    ))


def _export(settings: Settings) -> Finding:
    try:
        places = seen_places(settings)
        waiting = [_waiting(place.location, place.seen) for place in places if place.seen and not place.seen.current]
        if waiting:
            # Fetching would change something, so that is left to the import.
            return Finding("export", True, "; ".join(waiting))
        export, *feeds = [place.path for place in places]
        delivery = find_delivery(export, feeds)
    except ShopsyncError as error:
        return Finding("export", False, str(error))
    fetched = "".join(f"; {place.location} answers, with nothing new" for place in places if place.seen)
    size = sum(file.size for file in delivery.files)
    return Finding("export", True, (
        f"{delivery.path} is an export of shape {delivery.shape}: {len(delivery.files)} files, {size / 1e6:.1f} MB"
        f"{fetched}"
    ))


def _waiting(location: Location, seen: Look) -> str:
    left_out = f" ({' '.join(seen.listing.skipped)})" if seen.listing.skipped else ""
    size = sum(file.size or 0 for file in seen.listing.files)
    return (f"{location} answers: {len(seen.listing.files)} files, {size / 1e6:.1f} MB; what is new is fetched by the "
            f"next import{left_out}")
