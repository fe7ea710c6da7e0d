"""What a shop may decide about the projection of catalog content to the canonical document.

The defaults are those that real storefronts built on this content converge on.
"""

from __future__ import annotations

from dataclasses import dataclass

SINGLE = "single_line_text_field"
LIST = "list.single_line_text_field"


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
