"""What every use case works with: the settings, our database and the shop, opened once and checked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import SecretStr

from shopsync_pipeline.core.breaker import Health
from shopsync_pipeline.core.learned import CostMemory
from shopsync_pipeline.db.database import Database
from shopsync_pipeline.db.health import ShopHealth
from shopsync_pipeline.db.learned import learned_costs
from shopsync_pipeline.engine.points import SharedPoints
from shopsync_pipeline.engine.points_account import PointsAccount
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.auth import ClientCredentials, StaticToken, TokenSource
from shopsync_pipeline.shopify.client import Patience, ShopifyClient
from shopsync_pipeline.shopify.shop import Uses
from shopsync_pipeline.shopify.throttle import OwnPoints, PointsBucket, Supply

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
        """A client for the shop; use it with `async with`. It shares the shop's points with all other processes that
        use this database, knows what requests were seen to cost, and obeys and tells the shop's state."""
        with self.database.read() as connection:
            costs = CostMemory(learned_costs(connection, self.shop_id))
        account = PointsAccount(self.database, self.shop_id, costs)
        supply = SharedPoints(account.exchange, headroom=self.settings.headroom)
        return client_for(self.settings, supply=supply, costs=costs, health=ShopHealth(self.database, self.shop_id))


def client_for(settings: Settings, *, patience: Patience | None = None, supply: Supply | None = None,
               costs: CostMemory | None = None, health: Health | None = None) -> ShopifyClient:
    """A client for the configured shop. `patience` says how long it tries, if not as usual. Without `supply`, `costs`
    and `health` it needs no database, and reckons with nobody else's requests."""
    bucket = PointsBucket(
        max_concurrent=settings.max_concurrent, base_delay=settings.base_delay,
        supply=supply if supply is not None else OwnPoints(headroom=settings.headroom),
    )
    return ShopifyClient(
        settings.shopify_shop_url,
        _tokens(settings),
        api_version=settings.shopify_api_version,
        timeout_seconds=settings.request_timeout,
        bucket=bucket,
        costs=costs,
        patience=patience,
        health=health,
    )


def _tokens(settings: Settings) -> TokenSource:
    """A given token goes before an app's id and secret."""
    if settings.shopify_access_token.get_secret_value() or not settings.shopify_client_id:
        return StaticToken(settings.shopify_access_token)
    return _app(settings.shopify_shop_url, settings.shopify_client_id, settings.shopify_client_secret,
                settings.request_timeout)


@cache
def _app(shop_url: str, client_id: str, secret: SecretStr, timeout: float) -> ClientCredentials:
    """One source a process and app: a token is good for a day, and every lane of a push has a client of its own."""
    return ClientCredentials(shop_url, client_id, secret, timeout_seconds=timeout)


def uses_of(settings: Settings) -> Uses:
    """What is read of the shop, and asked of its token, beside the usual."""
    return Uses(collections=settings.collections, publications=settings.publications)


def shop_id(shop_url: str) -> str:
    """The name under which a shop's rows are kept: `my-shop.myshopify.com`, or host:port of a dev store."""
    host = urlsplit(shop_url if "//" in shop_url else f"https://{shop_url}").netloc.casefold()
    return host if "." in host or ":" in host else f"{host}.myshopify.com"
