"""The canonical document: the one shape to which the catalog and Shopify are both projected.

Frozen values only; two documents are equal when their fields are equal. Nothing here knows where a value came from.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NewType

ProductKey = NewType("ProductKey", str)
"""Our own stable name of a product: `etilize:1012345678`, or `handle:clay-plant-pot` where the source has no ids.
Kept in Shopify as the product's custom id."""

VariantKey = NewType("VariantKey", str)
"""Name of a variant within its product: its SKU, or its option values (`Red / Large`) where it has no unique SKU."""

DEFAULT_LOCATION = "default"
"""Stock location key of a feed that names no warehouse; settings map it to a Shopify location."""

DEFAULT_OPTION = "Title"
DEFAULT_OPTION_VALUE = "Default Title"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A shipping weight. `unit` is Shopify's WeightUnit: GRAMS, KILOGRAMS, OUNCES or POUNDS."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Available units of one variant at one location key. `available` may be negative (oversold)."""

    location: str = DEFAULT_LOCATION
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metafield:
    """A custom field: `namespace.key`, its Shopify type (`single_line_text_field`, …) and its value as Shopify text."""

    namespace: str
    key: str
    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture by its stable source key (the address that the catalog gives) and its alternative text."""

    source: str
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One sellable unit. Money is `Decimal` in the shop's currency; `None` means that the source does not say.

    `options` holds one value per name in `Product.options`, in that order. `inventory_policy` is DENY or CONTINUE.
    `image` is the `source` of one of the product's images. `country_of_origin` is an ISO 3166 code of two letters, and
    `hs_code` the digits of the Harmonized System code; customs forms ask for both.
    """

    key: VariantKey
    sku: str | None = None
    options: tuple[str, ...] = (DEFAULT_OPTION_VALUE,)
    barcode: str | None = None
    price: Decimal | None = None
    compare_at_price: Decimal | None = None
    cost: Decimal | None = None
    weight: Weight | None = None
    taxable: bool | None = None
    requires_shipping: bool | None = None
    tracked: bool | None = None
    inventory_policy: str | None = None
    image: str | None = None
    country_of_origin: str | None = None
    hs_code: str | None = None
    stock: tuple[Stock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product with its variants. `None`, and an empty tuple, mean that the source has no opinion.

    `status` is ACTIVE, DRAFT, ARCHIVED or UNLISTED. `category` is an id of Shopify's product taxonomy (`el-2-2`,
    alone or at the end of a `gid://`), `template_suffix` the theme's template. `collections` are handles of collections
    that people fill by hand, `publications` the names of sales channels (`Online Store`).
    """

    key: ProductKey
    title: str
    handle: str | None = None
    body_html: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    tags: tuple[str, ...] = ()
    status: str | None = None
    seo_title: str | None = None
    seo_description: str | None = None
    options: tuple[str, ...] = (DEFAULT_OPTION,)
    variants: tuple[Variant, ...] = ()
    metafields: tuple[Metafield, ...] = ()
    images: tuple[Image, ...] = ()
    category: str | None = None
    template_suffix: str | None = None
    collections: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()


def variant_keys(rows: list[tuple[str | None, tuple[str, ...]]]) -> list[VariantKey]:
    """Names the variants of one product from their (sku, option values): the SKU where it is unique, else the options.

    The result has the order and length of `rows`. Option values are unique within a product on Shopify, so a SKU that
    is missing or used twice (both happen in real exports) never makes two variants share a name.
    """
    times = Counter(sku for sku, _ in rows) if len(rows) > 1 else {sku: 1 for sku, _ in rows}
    texts = {" / ".join(options) for _, options in rows}
    return [
        VariantKey(sku) if sku and times[sku] == 1 and sku not in texts else VariantKey(" / ".join(options))
        for sku, options in rows
    ]


def money(value: Decimal) -> str:
    """Canonical text of an amount: two decimals, half up (`12.5` → `12.50`), as Shopify answers it."""
    text = str(value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
    return "0.00" if text == "-0.00" else text


def plain(value: Decimal) -> str:
    """Canonical text of a measure: no exponent and no trailing zeros (`1.50` → `1.5`, `1E+2` → `100`)."""
    text = format(value.normalize(), "f")
    return "0" if text in {"-0", ""} else text
