"""What a shop may decide about how its catalog is read: the values behind the mapping file (`catalog.toml`).

The defaults are those that real storefronts built on this content converge on; without a mapping file they apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shopsync_pipeline.core.quality import DEFAULTS, Threshold

SINGLE = "single_line_text_field"
LIST = "list.single_line_text_field"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetafieldRule:
    """A metafield of every product: `values` are templates, the first that says something counts.

    `type` is Shopify's metafield type. A list type takes each value of a repeatable placeholder as an item, a text
    type joins them with commas, any other type takes the first.
    """

    namespace: str
    key: str
    type: str
    values: tuple[str, ...]


def _usual(key: str, value: str, kind: str = SINGLE) -> MetafieldRule:
    return MetafieldRule(namespace="custom", key=key, type=kind, values=(value,))


USUAL_METAFIELDS = (
    _usual("etilize_id", "{id}"),
    _usual("manufacturer", "{manufacturer}"),
    _usual("mpn", "{mpn}"),
    _usual("unspsc", "{code:UNSPSC}"),
    _usual("product_line", "{attribute:12389}"),
    _usual("product_series", "{attribute:112816}"),
    _usual("color", "{attribute:11122}", LIST),
    _usual("country_of_origin", "{attribute:11113883}"),
    _usual("recycled", "{attribute:11114053}"),
    _usual("recycled_content", "{attribute:11114054}"),
    _usual("post_consumer_waste", "{attribute:11114055}"),
    _usual("assembly_required", "{attribute:11114056}"),
)
"""What every storefront built on this content shows. A repeatable attribute is a list, always, because a metafield's
definition has one type. The number in `{attribute:…}` is the attribute's id without its two-digit prefix: the prefix
(34 basic sheet, 32 detailed sheet) names the sheet that a fact stands on, the rest names the fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRules:
    """Templates by field. A template is text with placeholders in braces (`{description:2}`, `{attribute:113319}`,
    `{vendor} {mpn}`); it says something when each placeholder has a value, and of several templates the first that
    says something counts. Of `tags` every template counts, once for each value of a repeatable placeholder. Attributes
    that `marketing` may use are not repeated in the specification table. `content/templates.py` has all placeholders.
    """

    title: tuple[str, ...] = ("{description:2}", "{description:0}", "{description:1}", "{feed:title}", "{vendor} {mpn}",
                              "Product {id}")
    vendor: tuple[str, ...] = ("{attribute:113319}", "{brand}", "{manufacturer}")
    product_type: tuple[str, ...] = ("{category}",)
    tags: tuple[str, ...] = ("{category.each}",)
    marketing: tuple[str, ...] = ("{description:4}", "{attribute:1452}", "{description:1}", "{description:3}")
    handle: tuple[str, ...] = ("{title} {sku}", "{title} {id}")
    sku: tuple[str, ...] = ("{sku}",)
    seo_title: tuple[str, ...] = ()
    seo_description: tuple[str, ...] = ()
    spec_table: bool = True
    bullets: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """`size_limit`: no main image wider than this many pixels. `angles`: the order of the further pictures, after which
    the numbered views follow. `limit`: images of one product (Shopify takes 250)."""

    host: str = "https://content.etilize.com"
    size_limit: int = 3000
    limit: int = 250
    angles: tuple[str, ...] = (
        "Front", "Rear", "Left", "Right", "Top", "Bottom", "Hero-Shot", "In-Package", "Out-of-Package", "Jack-Pack",
        "Life-Style", "Zoom-Closeup", "Labeled-Images", "Line-Art", "Collections", "Finish", "Frame", "Shell", "Swatch",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationRules:
    """Relation kind → `namespace.key` of the list metafield that holds the related products.

    `value`: handle or sku. A kind without a metafield is not read. `limit`: items of one list (Shopify takes 128)."""

    metafields: Mapping[str, str] = field(default_factory=dict)
    value: str = "handle"
    limit: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRules:
    """Products that agree in all `group_by` templates become variants of one; `options` is option name → templates.

    `group_by` takes `{attribute:TAIL}`, `{manufacturer}` and `{category}` only. Empty: one product, one variant.
    `title`: templates for the title of the whole, read from the member with the lowest product id; empty: its title.
    """

    group_by: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    title: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRules:
    """When a product is ACTIVE; one that is not becomes `otherwise` (DRAFT or ARCHIVED), with the reason counted.

    `requires`: what it must have, of `REQUIREMENTS`; a price it must have in any case, since Shopify sells what has
    none for nothing. `inventory_policy`: DENY or CONTINUE; a discontinued product always has DENY.
    """

    requires: tuple[str, ...] = ("price",)
    discontinued_while_stock_lasts: bool = True
    otherwise: str = "DRAFT"
    inventory_policy: str = "DENY"


REQUIREMENTS = ("price", "image", "stock", "description", "barcode", "vendor", "category", "sku", "weight")
"""What `PublishRules.requires` may name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """How a price is made. The first rule counts whose `vendors`, `categories` and `feeds` (each empty: any) fit.

    `sources`: names of the feed's amounts, by preference. `markup`: share on top of the source by its name (0.35 =
    35 %, -0.1 = 10 % off), `*` for every other source. `minimum_margin`: share of the price that must stay above cost;
    without a cost there is then no price. `endings` (0.99, 0.95) or `step` (0.05): what a price is rounded to, else
    whole cents; `rounding`: up, down or nearest. `compare_at` and `cost`: names of amounts by preference; compare-at is
    only given when it is higher than the price.

    `uom`: `as_priced`, or the unit to sell by (`EA`); amounts, stock and weight are then converted. `units`: pieces in
    a unit (`BX` = 10) where the feed does not say.
    """

    name: str = "default"
    sources: tuple[str, ...] = ("price", "list_price")
    markup: Mapping[str, Decimal] = field(default_factory=dict)
    minimum_margin: Decimal | None = None
    endings: tuple[Decimal, ...] = ()
    step: Decimal | None = None
    rounding: str = "nearest"
    compare_at: tuple[str, ...] = ("compare_at_price", "list_price")
    cost: tuple[str, ...] = ("cost",)
    uom: str = "as_priced"
    units: Mapping[str, Decimal] = field(default_factory=dict)
    vendors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRule:
    """A feed of the shop's own: files whose name fits `files` (a glob) are read with `columns` (meaning → header
    names, globs allowed) instead of by their usual names; without `columns` the rule only adjusts how a known format
    is read. `systems`: code systems that its SKUs belong to, by preference; empty: all. `amounts`: further money
    columns, name → header names. `cents`: money without a decimal point is cents. `sheet`: the worksheet of an XLSX.
    `location`: the one location key for all of its quantities. `complete`: each file holds all there is (`False`:
    changes since the last one; `None`: as the format is). `discontinued`: further values of status that mean it."""

    name: str
    files: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    systems: tuple[str, ...] = ()
    delimiter: str | None = None
    cents: bool = False
    sheet: str | None = None
    weight_unit: str | None = None
    location: str | None = None
    complete: bool | None = None
    discontinued: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogRules:
    """How deliveries become products.

    `code_systems`: names in `productskus` by preference; the first that a product has gives its SKU, and prices join
    on all of them. `locale`: `EN_US`; `None` means the locale that the export was made for, else its first active one.
    `category_tree`: `etilize`, `mapped` (the distributor's own), or `auto`: mapped where it was delivered.
    `extras`: which files of `Extras/` are read. `manufacturers`: a feed's name of a maker → Etilize's.
    `feed_systems`: feed format → code systems its SKUs belong to. `default_weight_unit`: Shopify's WeightUnit for feeds
    that name none. `stock_by_location`: quantities keep the feed's warehouses; otherwise they are added up,
    since a shop ships from one place. `title_limit`, `handle_limit`: Shopify's own limits, in characters.
    """

    code_systems: tuple[str, ...] = (
        "SP Richards", "SPRC", "SPR Special Order", "Novexco", "CWS_A", "Ingram Micro USA", "Synnex", "D&H",
        "D&H Canada", "Westcon Group", "TechData", "Distributor SKU",
    )
    barcode_systems: tuple[str, ...] = ("UPC", "GTIN", "EAN")
    locale: str | None = None
    category_tree: str = "auto"
    extras: tuple[str, ...] = ("mapped_category", "productresources")
    product: ProductRules = ProductRules()
    metafields: tuple[MetafieldRule, ...] = USUAL_METAFIELDS
    images: ImageRules = ImageRules()
    relations: RelationRules = RelationRules()
    variants: VariantRules = VariantRules()
    publish: PublishRules = PublishRules()
    pricing: tuple[PriceRule, ...] = (PriceRule(),)
    feeds: tuple[FeedRule, ...] = ()
    feed_systems: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {
        "spr_bestprice": ("SP Richards", "SPR Special Order"), "spr_legacy": ("SP Richards", "SPR Special Order"),
        "spr_stock": ("SP Richards", "SPR Special Order"),
        "synnex": ("Synnex",), "ingram": ("Ingram Micro USA",), "dandh": ("D&H", "D&H Canada"),
    })
    manufacturers: Mapping[str, str] = field(default_factory=dict)
    quality: Mapping[str, Threshold] = field(default_factory=lambda: dict(DEFAULTS))
    default_weight_unit: str = "POUNDS"
    stock_by_location: bool = False
    title_limit: int = 255
    handle_limit: int = 255
