"""Every accepted difference between a recorded answer and the dev store's, with its reason. Nothing else may differ.

A row that no recording needs any more fails a test, so the table cannot grow stale.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_OTHER_KINDS: Final = (
    "asks about kinds of things that the dev store does not have: orders, customers, companies, pages, articles"
)
_OTHER_MEDIA: Final = "asks about videos and models; the dev store has images"
_GIFTS: Final = "asks about gift cards and selling plans, which are not simulated"
_PREVIEW: Final = "asks for the signed address of a storefront preview; there is no storefront"
_TAXONOMY: Final = "asks for the tree of the product taxonomy, which the dev store does not have"
_BUNDLES: Final = "bundles and unit prices are not simulated"
_DEFINITIONS: Final = "asks for validations and pinning of metafield definitions, which are not simulated"
_PLACES: Final = "asks about a location's postal details, fulfilment service or metafields, which are not simulated"
_FEATURED: Final = "asks for the deprecated featuredImage; featuredMedia is the one that is carried"
_PUBLICATIONS: Final = "asks for older views of publications; resourcePublicationsV2 is the one that is carried"

# What is taken out of a question before it is asked; the rest of the answer must match.
NOT_CARRIED: Final[dict[str, str]] = {
    **dict.fromkeys(("Order", "Customer", "Company", "Page", "Article"), _OTHER_KINDS),
    **dict.fromkeys(("Video", "ExternalVideo", "Model3d"), _OTHER_MEDIA),
    **dict.fromkeys(("Product.requiresSellingPlan", "Product.isGiftCard", "Product.giftCardTemplateSuffix"), _GIFTS),
    "Product.onlineStorePreviewUrl": _PREVIEW,
    **{f"TaxonomyCategory.{name}": _TAXONOMY for name in ("isLeaf", "level", "parentId")},
    **{
        f"{kind}.{name}": _BUNDLES
        for kind in ("ProductVariant", "ProductVariantsBulkInput")
        for name in ("showUnitPrice", "unitPriceMeasurement")
    },
    "ProductVariantsBulkInput.requiresComponents": _BUNDLES,
    **{f"MetafieldDefinition.{name}": _DEFINITIONS for name in ("validations", "pinnedPosition", "validationStatus")},
    **{
        f"Location.{name}": _PLACES
        for name in (
            "addressVerified",
            "deactivatedAt",
            "fulfillmentService",
            "suggestedAddresses",
            "metafield",
            "metafields",
            "inventoryLevels",
        )
    },
    **{f"LocationAddress.{name}": _PLACES for name in ("country", "formatted", "latitude", "longitude", "province")},
    "Product.featuredImage": _FEATURED,
    **{
        f"Product.{name}": _PUBLICATIONS
        for name in ("publications", "availablePublicationsCount", "resourcePublicationsCount")
    },
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """Differences of the exchanges whose "recording:place" matches `exchange`, at paths that match `path`."""

    exchange: str
    path: str
    reason: str

    def covers(self, exchange: str, path: str) -> bool:
        """Whether this row is about that difference."""
        return bool(re.fullmatch(self.exchange, exchange) and re.fullmatch(self.path, path))


_PARSER: Final = "the words of another JSON parser about the same broken value"
_UNASKED: Final = "the recorded question and its answer do not select the same fields"
_DUPLICATE: Final = "productDuplicate is not carried"
_CREATE_MEDIA: Final = (
    "productCreateMedia is deprecated and not carried; media come with productSet, productUpdate or files"
)
_LARGER: Final = "the recorded shop held more products than the recording shows"
_LAG: Final = "totalInventory was recorded while it lagged behind the stock it counts"
_PIXELS: Final = "the dev store never fetches an image, so it does not know its size"
_LENGTHS: Final = "the size of a result follows the lengths of the ids in it"
_OLDER: Final = "recorded of 2025-10, which did not need an idempotency key yet"

ACCEPTED: Final[tuple[Accepted, ...]] = (
    Accepted(
        r"metafields/metafields-set-input-validation:\$\.cases\.invalidValueJson\.response",
        r"\$\.data\.metafieldsSet\.userErrors\[0\]\.message",
        _PARSER,
    ),
    Accepted(
        r"products/inventory-quantity-contracts-2026-04:\$\.inventory\w+\.response",
        r".*\.inventoryAdjustmentGroup\.(id|createdAt)",
        _UNASKED,
    ),
    Accepted(r"products/metafields-set-parity:.*", r".*\.compareDigest", _UNASKED),
    Accepted(r"products/product-handle-dedup-parity:\$\.operations\.productDuplicate", r".*", _DUPLICATE),
    Accepted(r"products/product-create-media-parity:\$\.mutation\.response", r".*", _CREATE_MEDIA),
    Accepted(r"products/product-variants-bulk-(create|update)-parity:.*", r".*\.requiresComponents", _BUNDLES),
    Accepted(r"products/products-common-search-filters:.*", r".*(Count\.count|\.vendorTypeProducts\..*)", _LARGER),
    Accepted(r"products/product-set-parity:\$\.update\.mutation\.response", r".*\.totalInventory", _LAG),
    Accepted(
        r"store-properties/location-activate-deactivate-lifecycle:\$\.upstreamCalls\[0\]", r".*\.isPrimary", _UNASKED
    ),
    Accepted(r"products/product-create-media-parity:\$\.readyRead", r".*\.image\.(width|height)", _PIXELS),
    Accepted(r"products/product-set-parity:.*", r".*\.category\.fullName", _TAXONOMY),
    Accepted(r"products/product-set-parity:\$\.upstreamCalls\[0\]", r"\$\.data\.node", _TAXONOMY),
    Accepted(
        r"store-properties/location-activate-deactivate-lifecycle:\$\.workflow\.\w+WithoutDirective202510",
        r".*",
        _OLDER,
    ),
    Accepted(
        r"bulk-operations/bulk-operation-run-query-group-objects:.*",
        r".*\.(count|objectCount|rootObjectCount|fileSize)",
        _LARGER,
    ),
    Accepted(r"bulk-operations/bulk-operation-run-mutation-created-status:.*", r".*\.fileSize", _LENGTHS),
    Accepted(r"media/staged-upload-targets-parity:.*", r"\$\.data\.stagedUploadsCreate\.\w+", _OTHER_MEDIA),
)
