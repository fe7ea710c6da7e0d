"""Which access scope each root field demands, and the platform's refusal for a token that lacks it.

Only root fields are guarded: a field reached through an object that may be read is shown with it.
"""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.registry import guard

_DOCUMENTATION: Final = "https://shopify.dev/api/usage/access-scopes"
# Any one of a field's scopes will do. Fields that are not named need none: shop, events, bulk operations, webhooks.
_DEMANDED: Final[dict[tuple[str, ...], str]] = {
    ("read_products",): (
        "product productByIdentifier products productsCount productVariant productVariants productVariantsCount "
        "productOperation metafieldDefinitions collection collectionByIdentifier collections collectionsCount "
        "priceList priceLists"
    ),
    ("write_products",): (
        "productSet productCreate productUpdate productDelete productVariantsBulkCreate productVariantsBulkUpdate "
        "productVariantsBulkDelete productVariantsBulkReorder productOptionsCreate productOptionUpdate "
        "productOptionsDelete productOptionsReorder metafieldsSet metafieldsDelete metafieldDefinitionCreate tagsAdd "
        "tagsRemove priceListFixedPricesAdd priceListFixedPricesUpdate priceListFixedPricesDelete"
    ),
    ("read_inventory",): "inventoryItem inventoryItems inventoryLevel",
    ("write_inventory",): (
        "inventorySetQuantities inventoryAdjustQuantities inventoryActivate inventoryBulkToggleActivation "
        "inventorySetOnHandQuantities inventoryMoveQuantities"
    ),
    ("read_locations", "read_inventory"): "location locations",
    ("write_locations",): "locationAdd locationActivate locationDeactivate locationDelete locationEdit",
    ("read_publications",): "publications",
    ("write_publications",): "publishablePublish publishableUnpublish",
    ("write_files",): "fileCreate fileUpdate",
}
REQUIRED: Final = {root: scopes for scopes, roots in _DEMANDED.items() for root in roots.split()}


@guard
def refuse_missing_scope(context: Context, root: str, _arguments: dict[str, Any]) -> None:
    """Raises ACCESS_DENIED when the token has none of the scopes; a write scope holds the read scope too."""
    required = REQUIRED.get(root)
    if required is None:
        return
    held = context.scopes
    if any(scope in held or scope.replace("read_", "write_") in held for scope in required):
        return
    access = " or ".join(f"`{scope}`" for scope in required) + " access scope."
    raise PlatformError(
        f"Access denied for {root} field. Required access: {access}",
        "ACCESS_DENIED",
        locations=context.locations(),
        extensions={"documentation": _DOCUMENTATION, "requiredAccess": access},
    )
