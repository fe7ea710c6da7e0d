"""What every use case works with: the settings, our database and the shop, opened once and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shopsync_pipeline.db.database import Database
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.client import Patience, ShopifyClient
from shopsync_pipeline.shopify.shop import Uses

if TYPE_CHECKING:
    from shopsync_pipeline.catalog import CatalogRules


@dataclass(frozen=True, slots=True)
class Context:
    """One shop in one database. `shop_id` is the shop's host name, which is how all rows are marked."""

    settings: Settings
    database: Database
    shop_id: str

    @classmethod
    def open(cls, settings: Settings) -> Context:
        """Opens the shop's data. Raises `SettingsError` without a shop, `DatabaseError` without current tables."""
        settings.require_shop()
        database = Database(settings.database_url.get_secret_value())
        database.require_current()
        return cls(settings, database, shop_id(settings.shopify_shop_url))

    def catalog_rules(self) -> CatalogRules:
        """How deliveries become products. Raises `CatalogError` that names all that is wrong with the mapping file."""
        # What reads deliveries takes 40 MB, which a process that only reads the store does without.
        from shopsync_pipeline.catalog import load_mapping

        return load_mapping(self.settings.mapping_path)

    def client(self) -> ShopifyClient:
        """A client for the shop; use it with `async with`."""
        return client_for(self.settings)


def client_for(settings: Settings, *, patience: Patience | None = None) -> ShopifyClient:
    """A client for the configured shop; it needs no database. `patience` says how long it tries, if not as usual."""
    return ShopifyClient(
        settings.shopify_shop_url,
        settings.shopify_access_token.get_secret_value(),
        api_version=settings.shopify_api_version,
        max_concurrent=settings.max_concurrent,
        timeout_seconds=settings.request_timeout,
        patience=patience,
    )


def uses_of(settings: Settings) -> Uses:
    """What is read of the shop, and asked of its token, beside the usual."""
    return Uses(collections=settings.collections, publications=settings.publications)


def shop_id(shop_url: str) -> str:
    """The name under which a shop's rows are kept: `my-shop.myshopify.com`, or host:port of a dev store."""
    host = urlsplit(shop_url if "//" in shop_url else f"https://{shop_url}").netloc.casefold()
    return host if "." in host or ":" in host else f"{host}.myshopify.com"
