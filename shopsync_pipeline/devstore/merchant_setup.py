"""What a merchant sets up once: collections, sales channels, price lists, and opening and closing locations.

Apps can only read these, so the control plane makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_location
from shopsync_pipeline.devstore.records import Collection, Location, PriceList, Publication, gid
from shopsync_pipeline.devstore.values.normalise import clean_html, free_handle, handle_from


class MerchantError(Exception):
    """An action that cannot be done; the text says what was wrong with it."""


def _create_collection(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """A collection with `title`, and `handle` and `descriptionHtml` if given; products join it themselves."""
    store, title = context.store, _text(body, "title")
    taken = {row.handle for row in store.collections.values()}
    handle = free_handle(handle_from(str(body.get("handle") or title)), taken.__contains__)
    html = clean_html(str(body.get("descriptionHtml") or ""))
    made = Collection(store.next_id(Collection.KIND), handle, title, context.now, html)
    store.touch(made)
    return {"collection": gid(Collection.KIND, made.id), "handle": handle}


def _create_publication(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """A sales channel with `name`, on which no product is yet."""
    store, name = context.store, _text(body, "name")
    if any(row.name == name for row in store.publications.values()):
        raise MerchantError(f"a sales channel is already called {name!r}")
    made = Publication(store.next_id(Publication.KIND), name)
    store.touch(made)
    return {"publication": gid(Publication.KIND, made.id), "name": name}


def _create_price_list(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """A price list with `name` and `currency` for buyers in `countries` or at `companyLocations` (gids)."""
    store = context.store
    currency = _text(body, "currency")
    made = PriceList(
        store.next_id(PriceList.KIND),
        _text(body, "name"),
        currency,
        [str(code) for code in body.get("countries") or []],
        [str(text) for text in body.get("companyLocations") or []],
    )
    store.touch(made)
    return {"priceList": gid(PriceList.KIND, made.id), "currency": currency}


def _open_location(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Opens a closed location again, or a new one by a name that no other has."""
    store = context.store
    found = _named_location(context, body)
    if found is None:
        found = Location(store.next_id(Location.KIND), _text(body, "location"), context.now, context.now)
    found.active, found.updated_at = True, context.now
    store.touch(found)
    return {"location": gid(Location.KIND, found.id), "isActive": True}


def _close_location(context: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Closes a location; its stock stays on the books and comes back when it opens."""
    store = context.store
    found = _named_location(context, body)
    if found is None:
        raise MerchantError(f"no location is called {body.get('location')!r}")
    if sum(row.active for row in store.locations.values()) == 1 and found.active:
        raise MerchantError(f"{found.name} is the only open location: open another before closing it")
    found.active, found.updated_at = False, context.now
    store.touch(found)
    return {"location": gid(Location.KIND, found.id), "isActive": False}


def _named_location(context: Context, body: dict[str, Any]) -> Location | None:
    name = _text(body, "location")
    rows = context.store.locations.values()
    return find_location(context.store, name) or next((row for row in rows if row.name == name), None)


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MerchantError(f"{name} {value!r} must be a text that is not empty")
    return value.strip()


ACTIONS: Final[dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]]] = {
    "create_collection": _create_collection,
    "create_publication": _create_publication,
    "create_price_list": _create_price_list,
    "open_location": _open_location,
    "close_location": _close_location,
}
