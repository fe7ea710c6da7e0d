"""What a shop may decide about how its catalog is read: the values behind the mapping file (`catalog.toml`).

The defaults are those that real storefronts built on this content converge on; without a mapping file they apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

SINGLE = "single_line_text_field"
LIST = "list.single_line_text_field"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetafieldRule:
    """A metafield of every product: `values` are templates, the first that says something counts.

    `type` is Shopify's metafield type. A list type takes each value of a repeatable attribute as an item.
    """

    namespace: str
    key: str
    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRules:
    """Templates by field. A template is text with placeholders in braces (`{description:2}`, `{attribute:113319}`,
    `{vendor} {mpn}`); it says something when each placeholder has a value, and of several templates the first that
    says something counts. Of `tags` every template counts, once for each value of a repeatable placeholder."""

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
    """`size_limit`: no main image wider than this many pixels. `angles`: the order of the further pictures."""

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

    `value`: handle or sku. A kind without a metafield is not read."""

    metafields: Mapping[str, str] = field(default_factory=dict)
    value: str = "handle"
    limit: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRules:
    """Products that agree in all `group_by` templates become variants of one; `options` is option name → templates.

    Both take `{attribute:TAIL}`, `{manufacturer}` and `{category}` only. Empty `group_by`: one product, one variant.
    """

    group_by: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRules:
    """When a product is ACTIVE; one that is not becomes `otherwise` (DRAFT or ARCHIVED), with the reason counted."""

    requires: tuple[str, ...] = ("price",)
    discontinued_while_stock_lasts: bool = True
    otherwise: str = "DRAFT"
    inventory_policy: str = "DENY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """How a price is made. The first rule counts whose `vendors`, `categories` and `feeds` (each empty: any) fit.

    `sources`: names of the feed's amounts, by preference. `markup`: share on top of the source by its name (0.35 =
    35 %). `minimum_margin`: share of the selling price that must stay above cost. `round_to`: endings (0.99, 0.95) or
    a step; `rounding`: up, down or nearest. `uom`: `as_priced`, or the unit to sell by.
    """

    sources: tuple[str, ...] = ("price", "list_price")
    markup: Mapping[str, Decimal] = field(default_factory=dict)
    minimum_margin: Decimal | None = None
    round_to: Decimal | None = None
    rounding: str = "nearest"
    compare_at: tuple[str, ...] = ("compare_at_price", "list_price")
    cost: tuple[str, ...] = ("cost",)
    uom: str = "as_priced"
    vendors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    name: str = "default"


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
    that name none. `title_limit`, `handle_limit`: Shopify's own limits, in characters.
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
    metafields: tuple[MetafieldRule, ...] = ()
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
    default_weight_unit: str = "POUNDS"
    title_limit: int = 255
    handle_limit: int = 255


@dataclass(frozen=True, slots=True)
class SpecMetafield:
    """A specification that becomes a metafield: `tail` is the attribute id without its two-digit prefix.

    The prefix (34 basic sheet, 32 detailed sheet) names the sheet that a fact stands on, the tail names the fact. A
    repeatable attribute has the type `list.single_line_text_field`, always, because a definition has one type.
    """

    tail: int
    key: str
    type: str = SINGLE


SPEC_METAFIELDS = (
    SpecMetafield(12389, "product_line"),
    SpecMetafield(112816, "product_series"),
    SpecMetafield(11122, "color", LIST),
    SpecMetafield(11113883, "country_of_origin"),
    SpecMetafield(11114053, "recycled"),
    SpecMetafield(11114054, "recycled_content"),
    SpecMetafield(11114055, "post_consumer_waste"),
    SpecMetafield(11114056, "assembly_required"),
)


@dataclass(frozen=True, slots=True)
class ProjectionRules:
    """How an export becomes products.

    `code_systems`: names in `productskus` by preference; the first that a product has gives its SKU, and prices join
    on all of them. `locale`: `EN_US`; `None` means the locale that the export was made for, else its first active one.
    `image_size_limit`: no main image wider than this many pixels. `default_weight_unit`: Shopify's WeightUnit for
    feeds that name none. `title_limit`, `handle_limit`, `image_limit`: Shopify's own limits, in characters and images.
    """

    code_systems: tuple[str, ...] = (
        "SP Richards", "SPRC", "SPR Special Order", "Novexco", "CWS_A", "Ingram Micro USA", "Synnex", "D&H",
        "D&H Canada", "Westcon Group", "TechData", "Distributor SKU",
    )
    barcode_systems: tuple[str, ...] = ("UPC", "GTIN", "EAN")
    locale: str | None = None
    metafield_namespace: str = "custom"
    spec_metafields: tuple[SpecMetafield, ...] = SPEC_METAFIELDS
    image_host: str = "https://content.etilize.com"
    image_size_limit: int = 3000
    image_limit: int = 250
    title_limit: int = 255
    handle_limit: int = 255
    default_weight_unit: str = "POUNDS"
