"""What must be known of a shop before it is synced: its name, currency, scopes and stock location; and its custom id.

Never changes anything in a shop but the one metafield definition that shopsync needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shopsync_pipeline.core.cost import MUTATION, connection
from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import ShopifyError, UserErrors
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings, read_collections, read_publications
from shopsync_pipeline.shopify.nodes import CUSTOM_ID

__all__ = ["CUSTOM_ID", "NEEDED_SCOPES", "PUBLICATION_SCOPES", "Shop", "Uses", "describe", "ensure_custom_id"]

NEEDED_SCOPES = ("read_products", "write_products", "read_inventory", "write_inventory", "read_locations")
"""The access scopes that every sync needs; a `write_` scope includes its `read_` one."""

PUBLICATION_SCOPES = ("read_publications", "write_publications")
"""The access scopes that sales channels need, where they are synced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """What is synced beside the usual: products' membership in collections, and the sales channels that have them."""

    collections: bool = False
    publications: bool = False

    @property
    def scopes(self) -> tuple[str, ...]:
        """The access scopes that this takes."""
        return NEEDED_SCOPES + (PUBLICATION_SCOPES if self.publications else ())


THE_USUAL = Uses()


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as it describes itself. `currency` is an ISO code; stock is read and set at `location_id`. `listings` are
    its collections and sales channels, as far as they are synced and the token may see them."""

    domain: str
    name: str
    currency: str
    location_id: str
    location_name: str
    scopes: tuple[str, ...]
    uses: Uses = THE_USUAL
    listings: Listings = NOTHING_LISTED

    @property
    def missing_scopes(self) -> tuple[str, ...]:
        """The scopes that the token lacks for what is synced."""
        return _missing(self.scopes, self.uses.scopes)


def _missing(granted: Iterable[str], needed: Iterable[str]) -> tuple[str, ...]:
    held = set(granted) | {scope.replace("write_", "read_", 1) for scope in granted}
    return tuple(scope for scope in needed if scope not in held)


async def describe(client: ShopifyClient, location: str | None = None, uses: Uses = THE_USUAL) -> Shop:
    """Asks the shop about itself. `location` is the name or id of the stock location; without it, the first active one.

    Raises `SettingsError` when the shop has no such active location.
    """
    answer = await client.query("shop", {}, cost=connection(250, 1) + 3)
    shop = answer.data["shop"]
    active = [node for node in answer.data["locations"]["nodes"] if node["isActive"]]
    chosen = next((node for node in active if location in (None, node["id"], node["name"])), None)
    if chosen is None:
        names = ", ".join(f'"{node["name"]}"' for node in active) or "none"
        wanted = f'no active location "{location}"' if location else "no active location"
        raise SettingsError(f"Shop {shop['myshopifyDomain']} has {wanted}; its active locations are: {names}. "
                            "Set SHOPIFY_LOCATION to one of them.")
    scopes = tuple(scope["handle"] for scope in answer.data["currentAppInstallation"]["accessScopes"])
    may_publish = uses.publications and not _missing(scopes, PUBLICATION_SCOPES)
    listings = Listings(
        collections=await read_collections(client) if uses.collections else None,
        publications=await read_publications(client) if may_publish else None,
    )
    return Shop(
        domain=shop["myshopifyDomain"], name=shop["name"], currency=shop["currencyCode"],
        location_id=chosen["id"], location_name=chosen["name"],
        scopes=scopes, uses=uses, listings=listings,
    )


async def ensure_custom_id(client: ShopifyClient) -> None:
    """Sees to it that products can carry a unique key: makes the metafield definition of type `id` if it is missing.

    Shopify needs it to find a product by our key ("Metafield definition of type 'id' is required when using custom
    ids.", recorded answer). Raises `ShopifyError` when the name is taken by a definition of another type.
    """
    namespace, key = CUSTOM_ID
    answer = await client.query("custom_id_definition", {"namespace": namespace, "key": key},
                                cost=connection(1, 2))
    for node in answer.data["metafieldDefinitions"]["nodes"]:
        found = node["type"]["name"]
        if found != "id":
            raise ShopifyError(f'The shop defines the product metafield {namespace}.{key} with type "{found}" instead '
                               'of "id"; delete that definition in the shop\'s settings (Custom data, Products) and '
                               'run again.')
        return
    definition = {"ownerType": "PRODUCT", "namespace": namespace, "key": key, "name": "Source id", "type": "id",
                  "description": "The product's key in the distributor catalog, kept by shopsync."}
    try:
        await client.mutate("custom_id_define", {"definition": definition}, cost=MUTATION + 1, repeatable=True)
    except UserErrors as refusal:
        # Another process made it between the question and now, or an earlier try whose answer was lost did.
        if set(refusal.codes) != {"TAKEN"}:
            raise
