"""Links: which Shopify ids stand for the names of our document. Remembered with the base, so that a renamed SKU or a
re-hosted picture is still known for what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class VariantLink:
    """Shopify's ids of one variant: the variant and its inventory item, as full `gid://shopify/…` texts."""

    id: str
    inventory_item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Shopify's ids of one product: its own, its variants' by variant key, its pictures' (media) by source key."""

    product: str
    variants: Mapping[str, VariantLink] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    def variant_keys(self) -> dict[str, str]:
        """Variant id → variant key."""
        return {link.id: key for key, link in self.variants.items()}

    def image_sources(self) -> dict[str, str]:
        """Media id → source key."""
        return {media: source for source, media in self.images.items()}

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back to an equal value."""
        return {
            "product": self.product,
            "variants": {key: [link.id, link.inventory_item] for key, link in self.variants.items()},
            "images": dict(self.images),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Links:
        """The links written by `to_json`."""
        return cls(
            product=data["product"],
            variants={key: VariantLink(*ids) for key, ids in data["variants"].items()},
            images=dict(data["images"]),
        )
