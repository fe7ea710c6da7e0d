"""Reads about the shop itself: shop, locations, publications, the app and its scopes, and node(s) of any kind."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.config import API_SCOPES
from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.ids import find_node, read_id
from shopsync_pipeline.devstore.records import Location, Operation, Publication, gid
from shopsync_pipeline.devstore.registry import attributes, field, query

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
            "publicDisplayName": config.plan.capitalize(),
            "partnerDevelopment": True,
            "shopifyPlus": config.plan in ("plus", "enterprise"),
        },
        "primaryDomain": {"id": gid("Domain", _DOMAIN_NUMBER), "host": config.shop, "url": url, "sslEnabled": True},
    }


@query("currentAppInstallation")
def current_app_installation(_source: Any, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """The app that holds the token, with the scopes it was granted."""
    scopes = [{"handle": scope, "description": scope.replace("_", " ").capitalize()} for scope in API_SCOPES]
    return {"id": gid("AppInstallation", 1_000_000_003), "accessScopes": scopes}


@query("locations")
def locations(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """All locations, in the order they were opened."""
    rows = sorted(context.store.locations.values(), key=lambda row: row.id, reverse=bool(arguments.get("reverse")))
    return page(rows, arguments, descending=bool(arguments.get("reverse")))


@query("location")
def location(_source: Any, context: Context, arguments: dict[str, Any]) -> Location | None:
    """One location; without an id the primary one."""
    if arguments.get("id") is None:
        return next(iter(context.store.locations.values()))
    return context.store.locations.get(read_id(arguments["id"], "Location"))


@query("publications")
def publications(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """The sales channels products can be published to."""
    rows = sorted(context.store.publications.values(), key=lambda row: row.id, reverse=bool(arguments.get("reverse")))
    return page(rows, arguments, descending=bool(arguments.get("reverse")))


@query("node")
def node(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """Whatever the id names."""
    return _shown(find_node(context.store, arguments["id"]))


@query("nodes")
def nodes(_source: Any, context: Context, arguments: dict[str, Any]) -> list[Any]:
    """Whatever the ids name, null for the ones that name nothing."""
    return [_shown(find_node(context.store, text)) for text in arguments["ids"]]


@query("productOperation")
def product_operation(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """An asynchronous productSet or productDelete, which here has always finished."""
    return _shown(find_node(context.store, arguments["id"]))


def _shown(found: Any) -> Any:
    return operation_view(found) if isinstance(found, Operation) else found


def operation_view(operation: Operation, status: str = "COMPLETE") -> dict[str, Any]:
    """An operation as the API shows it; the call that makes it says CREATED, later reads say COMPLETE."""
    number = operation.product_id
    deleted = operation.type == "ProductDeleteOperation"
    return {
        "__typename": operation.type,
        "id": gid(operation.type, operation.id),
        "status": status,
        "product_id": None if deleted or status == "CREATED" else number,
        "deletedProductId": gid("Product", number) if deleted and number and status == "COMPLETE" else None,
        "userErrors": operation.user_errors,
    }


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


@field("Location", "isActive", "fulfillsOnlineOrders", "shipsInventory")
def always(_source: Any, _context: Context, _arguments: dict[str, Any]) -> bool:
    """A location of this shop is always open and always ships."""
    return True


@field("Publication", "id")
def publication_id(source: Publication, _context: Context, _arguments: dict[str, Any]) -> str:
    """The publication's gid."""
    return gid("Publication", source.id)


@field("Publication", "autoPublish")
def publication_auto(_source: Publication, _context: Context, _arguments: dict[str, Any]) -> bool:
    """New products are never published by themselves."""
    return False


attributes("Location", createdAt="created_at", updatedAt="updated_at")
