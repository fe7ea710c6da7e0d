"""Reads about the shop itself: shop, locations, publications, the app and its scopes, and node(s) of any kind."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore import deferred
from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_node, read_id
from shopsync_pipeline.devstore.records import Location, Operation, Publication, gid
from shopsync_pipeline.devstore.registry import attributes, field, query
from shopsync_pipeline.devstore.views import CatalogView

_SHOP_NUMBER = 1_000_000_001
_DOMAIN_NUMBER = 1_000_000_002


@query("shop")
@field("ProductCreatePayload", "shop")
@field("ProductDeletePayload", "shop")
@field("PublishablePublishPayload", "shop")
@field("PublishableUnpublishPayload", "shop")
def shop(_source: Any, context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The one shop."""
    config = context.config
    name = config.shop.removesuffix(".myshopify.com")
    url = f"https://{config.shop}"
    plan = context.store.settings.plan
    return {
        "id": gid("Shop", _SHOP_NUMBER),
        "name": name,
        "myshopifyDomain": config.shop,
        "email": f"owner@{config.shop}",
        "currencyCode": config.currency,
        "url": url,
        "ianaTimezone": "Etc/UTC",
        "weightUnit": "KILOGRAMS",
        "plan": {
            "publicDisplayName": plan.capitalize(),
            "partnerDevelopment": True,
            "shopifyPlus": plan in ("plus", "enterprise"),
        },
        "primaryDomain": {"id": gid("Domain", _DOMAIN_NUMBER), "host": config.shop, "url": url, "sslEnabled": True},
    }


@query("currentAppInstallation")
def current_app_installation(_source: Any, context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The app that holds the token, with the scopes the token was granted."""
    granted = sorted(context.scopes)
    scopes = [{"handle": scope, "description": scope.replace("_", " ").capitalize()} for scope in granted]
    return {"id": gid("AppInstallation", 1_000_000_003), "accessScopes": scopes}


@query("locations")
def locations(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """The active locations (closed ones too with includeInactive), in the order they were opened."""
    everywhere = bool(arguments.get("includeInactive"))
    shown = [row for row in context.store.locations.values() if row.active or everywhere]
    rows = sorted(shown, key=lambda row: row.id, reverse=bool(arguments.get("reverse")))
    return page(rows, arguments, descending=bool(arguments.get("reverse")))


@query("location")
def location(_source: Any, context: Context, arguments: dict[str, Any]) -> Location | None:
    """One location; without an id the primary one."""
    if arguments.get("id") is None:
        return next(iter(context.store.locations.values()))
    return context.store.locations.get(read_id(arguments["id"], "Location"))


@query("publications")
def publications(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """The sales channels products can be published to; this shop has no catalogs of other types."""
    if arguments.get("catalogType", "APP") != "APP":
        return page([], arguments)
    rows = sorted(context.store.publications.values(), key=lambda row: row.id, reverse=bool(arguments.get("reverse")))
    return page(rows, arguments, descending=bool(arguments.get("reverse")))


@query("node")
def node(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """Whatever the id names."""
    return _shown(context, find_node(context.store, arguments["id"]))


@query("nodes")
def nodes(_source: Any, context: Context, arguments: dict[str, Any]) -> list[Any]:
    """Whatever the ids name, null for the ones that name nothing."""
    return [_shown(context, find_node(context.store, text)) for text in arguments["ids"]]


@query("productOperation")
def product_operation(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """An asynchronous productSet or productDelete, finished or not."""
    return _shown(context, find_node(context.store, arguments["id"]))


def _shown(context: Context, found: Any) -> Any:
    if isinstance(found, Operation):
        return deferred.view(found, deferred.status_of(found, context.store.clock()))
    return found


@field("ProductSetOperation", "product")
@field("ProductDeleteOperation", "product")
def operation_product(source: dict[str, Any], context: Context, _arguments: dict[str, Any]) -> Any:
    """The product an operation made or changed."""
    return context.store.products.get(source["product_id"])


@field("Location", "id")
def location_id(source: Location, _context: Context, _arguments: dict[str, Any]) -> str:
    """The location's gid."""
    return gid("Location", source.id)


@field("Location", "legacyResourceId")
def location_number(source: Location, _context: Context, _arguments: dict[str, Any]) -> str:
    """The location's number as text."""
    return str(source.id)


@field("Location", "isPrimary")
def location_is_primary(source: Location, context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether this is the location the shop started with."""
    return source.id == min(context.store.locations)


@field("Location", "isActive")
def location_is_open(source: Location, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether the location is open."""
    return source.active


@field("Location", "fulfillsOnlineOrders")
def location_fulfills(source: Location, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether orders are sent from here; a closed location sends nothing."""
    return source.active and source.fulfills_orders


@field("Location", "shipsInventory")
def location_ships(source: Location, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether shipping rates are reckoned from here; so it is for the location a shop starts with."""
    return source.active and source.ships


@field("Publication", "id")
def publication_id(source: Publication, _context: Context, _arguments: dict[str, Any]) -> str:
    """The publication's gid."""
    return gid("Publication", source.id)


@field("Publication", "autoPublish")
def publication_auto(_source: Publication, _context: Context, _arguments: dict[str, Any]) -> bool:
    """New products are never published by themselves."""
    return False


@field("Publication", "catalog")
def publication_catalog(source: Publication, _context: Context, _arguments: dict[str, Any]) -> CatalogView:
    """The catalog behind a sales channel."""
    return CatalogView(source)


@field("AppCatalog", "id")
def catalog_id(source: CatalogView, _context: Context, _arguments: dict[str, Any]) -> str:
    """The catalog's gid; it has the channel's number."""
    return gid("AppCatalog", source.publication.id)


@field("AppCatalog", "title")
def catalog_title(source: CatalogView, _context: Context, _arguments: dict[str, Any]) -> str:
    """The catalog's title, which is not the channel's name."""
    return f"Channel Catalog {source.publication.id}"


@field("AppCatalog", "status")
def catalog_status(_source: CatalogView, _context: Context, _arguments: dict[str, Any]) -> str:
    """Catalogs of sales channels are always active."""
    return "ACTIVE"


@field("AppCatalog", "apps")
def catalog_apps(source: CatalogView, _context: Context, arguments: dict[str, Any]) -> Any:
    """The one app that is the sales channel; merchants know the channel by its title."""
    name = source.publication.name
    row = {"id": gid("App", source.publication.id), "title": name, "handle": name.lower().replace(" ", "_")}
    return page([row], arguments, lambda _row: (1, 1))


attributes("Location", createdAt="created_at", updatedAt="updated_at")
