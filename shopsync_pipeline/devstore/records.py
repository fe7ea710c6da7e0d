"""What the shop remembers: one slotted record per thing, with plain values that serialise as they are.

Times are UTC text of second precision ("2026-11-01T10:00:00Z"), as the API shows them, so they sort as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from shopsync_pipeline.devstore.bulk.records import BulkOperation, StagedUpload
from shopsync_pipeline.devstore.webhooks.records import Subscription


def gid(kind: str, number: int) -> str:
    """The global id of a thing: gid("Product", 7) is "gid://shopify/Product/7"."""
    return f"gid://shopify/{kind}/{number}"


@dataclass(slots=True)
class OptionValue:
    """One value of a product option."""

    KIND: ClassVar[str] = "ProductOptionValue"
    id: int
    name: str
    has_variants: bool = True


@dataclass(slots=True)
class Option:
    """One product option with its values in order."""

    KIND: ClassVar[str] = "ProductOption"
    id: int
    name: str
    values: list[OptionValue]


@dataclass(slots=True)
class Level:
    """Stock of one item at one location. `others` are the further quantities by name (damaged, incoming and so on).

    on_hand is available, committed and those of `others` that lie in the building; committed is what that leaves.
    """

    available: int
    on_hand: int
    created_at: str
    updated_at: str
    active: bool = True
    others: dict[str, int] | None = None


@dataclass(slots=True)
class Item:
    """The inventory item behind one variant. `cost` is in the shop's currency; `levels` is keyed by location number."""

    KIND: ClassVar[str] = "InventoryItem"
    id: int
    variant_id: int
    created_at: str
    updated_at: str
    tracked: bool = False
    requires_shipping: bool = True
    cost: Decimal | None = None
    weight: float = 0.0
    weight_unit: str = "KILOGRAMS"
    country: str | None = None
    province: str | None = None
    harmonized_code: str | None = None
    levels: dict[int, Level] = field(default_factory=dict)


@dataclass(slots=True)
class Variant:
    """One variant; `values` are its option values in the order of the product's options."""

    KIND: ClassVar[str] = "ProductVariant"
    id: int
    product_id: int
    values: list[str]
    price: Decimal
    created_at: str
    updated_at: str
    item: Item
    position: int = 1
    sku: str | None = None
    barcode: str | None = None
    compare_at_price: Decimal | None = None
    taxable: bool = True
    tax_code: str | None = None
    inventory_policy: str = "DENY"
    media_ids: list[int] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The variant's shown name: its option values joined."""
        return " / ".join(self.values)


@dataclass(slots=True)
class Product:
    """One product; variants and media are held by number, in order."""

    KIND: ClassVar[str] = "Product"
    id: int
    handle: str
    title: str
    created_at: str
    updated_at: str
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: list[str] = field(default_factory=list)
    status: str = "ACTIVE"
    template_suffix: str | None = None
    seo_title: str | None = None
    seo_description: str | None = None
    category: str | None = None
    published_at: str | None = None
    options: list[Option] = field(default_factory=list)
    variant_ids: list[int] = field(default_factory=list)
    media_ids: list[int] = field(default_factory=list)
    publications: dict[int, str] = field(default_factory=dict)
    collection_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Metafield:
    """One metafield of one owner; `owner` is the owner's gid."""

    KIND: ClassVar[str] = "Metafield"
    id: int
    owner: str
    namespace: str
    key: str
    type: str
    value: str
    created_at: str
    updated_at: str


@dataclass(slots=True)
class Definition:
    """A metafield definition; `unique` says whether two owners may hold the same value."""

    KIND: ClassVar[str] = "MetafieldDefinition"
    id: int
    owner_type: str
    namespace: str
    key: str
    name: str
    type: str
    description: str | None = None
    unique: bool = False


@dataclass(slots=True)
class MediaFile:
    """One image. Nothing is ever downloaded: `source` is what the caller named, `url` the address the shop shows.

    Between the epoch seconds `made_at` and `settled_at` it is being processed; `broken` files end up FAILED.
    """

    KIND: ClassVar[str] = "MediaImage"
    id: int
    source: str
    url: str
    created_at: str
    updated_at: str
    alt: str | None = None
    mime_type: str = "image/jpeg"
    made_at: float = 0.0
    settled_at: float = 0.0
    broken: bool = False


@dataclass(slots=True)
class Location:
    """A place that holds stock, while it is active. `address` has the keys of the API's LocationAddress."""

    KIND: ClassVar[str] = "Location"
    id: int
    name: str
    created_at: str
    updated_at: str
    active: bool = True
    fulfills_orders: bool = True
    ships: bool = True
    address: dict[str, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class Publication:
    """A place where products can be shown."""

    KIND: ClassVar[str] = "Publication"
    id: int
    name: str


@dataclass(slots=True)
class Collection:
    """A hand-picked collection; which products are in it is written on the products."""

    KIND: ClassVar[str] = "Collection"
    id: int
    handle: str
    title: str
    updated_at: str
    description_html: str = ""
    publications: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class PriceList:
    """Prices in one currency for the buyers of some countries (ISO 3166 codes) or company locations (gids)."""

    KIND: ClassVar[str] = "PriceList"
    id: int
    name: str
    currency: str
    countries: list[str] = field(default_factory=list)
    company_locations: list[str] = field(default_factory=list)


@dataclass(slots=True)
class FixedPrice:
    """What one variant costs on one price list, in the currency of the list."""

    KIND: ClassVar[str] = "PriceListPrice"
    id: int
    price_list_id: int
    variant_id: int
    price: Decimal
    compare_at_price: Decimal | None = None


@dataclass(slots=True)
class StockChange:
    """One row of an adjustment group."""

    name: str
    delta: int
    item_id: int
    location_id: int
    document: str | None = None


@dataclass(slots=True)
class AdjustmentGroup:
    """What one accepted inventory call did."""

    KIND: ClassVar[str] = "InventoryAdjustmentGroup"
    id: int
    created_at: str
    reason: str
    reference: str | None
    changes: list[StockChange]


@dataclass(slots=True)
class IdempotencyKey:
    """A key that an inventory call has used: what was asked (digest), when (epoch seconds), and what it made."""

    KIND: ClassVar[str] = "IdempotencyKey"
    id: int
    root: str
    key: str
    asked: str
    used_at: float
    group_id: int | None


@dataclass(slots=True)
class Operation:
    """An asynchronous productSet or productDelete. `asked` holds its arguments until it is done, then None.

    It was made at `made_at` and will be done at `due_at`, in epoch seconds of the shop's time.
    """

    KIND: ClassVar[str] = "ProductOperation"
    id: int
    type: str
    product_id: int | None
    user_errors: list[dict[str, object]]
    asked: dict[str, object] | None = None
    version: str = ""
    made_at: float = 0.0
    due_at: float = 0.0


Record = (
    Product
    | Variant
    | Metafield
    | Definition
    | MediaFile
    | Location
    | Publication
    | Collection
    | PriceList
    | FixedPrice
    | AdjustmentGroup
    | IdempotencyKey
    | Operation
    | StagedUpload
    | BulkOperation
    | Subscription
)
