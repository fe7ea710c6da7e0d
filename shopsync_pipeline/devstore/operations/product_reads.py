"""Reads of products and variants: by id, by identifier, and page by page with a search query."""

from __future__ import annotations

from typing import Any

from shopsync_pipeline.devstore.connections import by_place, page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.ids import find_product, find_variant, read_id
from shopsync_pipeline.devstore.records import MediaFile, Option, OptionValue, Product, Variant, gid
from shopsync_pipeline.devstore.registry import attributes, field, query
from shopsync_pipeline.devstore.search.find import (
    count_products,
    count_variants,
    select_products,
    select_variants,
)
from shopsync_pipeline.devstore.search.order import sorted_products
from shopsync_pipeline.devstore.views import ImageView, OptionView, SelectedOption


@query("product")
def product(_source: Any, context: Context, arguments: dict[str, Any]) -> Product | None:
    """The product with this id."""
    return context.store.products.get(read_id(arguments["id"], "Product"))


@query("productByIdentifier")
def product_by_identifier(_source: Any, context: Context, arguments: dict[str, Any]) -> Product | None:
    """The product with this id, handle, or unique metafield value."""
    return find_by_identifier(context, arguments["identifier"])


def find_by_identifier(context: Context, identifier: dict[str, Any]) -> Product | None:
    """The product an identifier input names; raises NOT_FOUND for a custom id without a definition of type id."""
    store = context.store
    if "id" in identifier:
        return find_product(store, identifier["id"])
    if "handle" in identifier:
        return store.product_by_handle(identifier["handle"])
    custom = identifier["customId"]
    namespace = custom.get("namespace") or ""
    definition = store.definition("PRODUCT", namespace, custom["key"])
    if definition is None or definition.type != "id" or not definition.unique:
        raise PlatformError("Metafield definition of type 'id' is required when using custom ids.", "NOT_FOUND")
    owner = store.by_unique.get((namespace, custom["key"], custom["value"]))
    return find_product(store, owner) if owner else None


@query("products")
def products(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of the products the query selects, in the order of sortKey."""
    reverse = bool(arguments.get("reverse"))
    order = arguments.get("sortKey") or "ID"
    forwards = arguments if order in ("ID", "RELEVANCE", "UPDATED_AT") and not reverse else None
    rows = select_products(context, arguments.get("query"), "products", forwards)
    ordered, key = sorted_products(context.store, rows, order, reverse=reverse)
    return page(ordered, arguments, key, descending=reverse)


@query("productsCount")
def products_count(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """How many products the query selects; over the limit the count says AT_LEAST."""
    return count(count_products(context, arguments.get("query"), "productsCount"), arguments.get("limit"))


def count(total: int, limit: int | None = None) -> dict[str, Any]:
    """A Count, capped at `limit`."""
    if limit is not None and total > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": total, "precision": "EXACT"}


@query("productVariant")
def product_variant(_source: Any, context: Context, arguments: dict[str, Any]) -> Variant | None:
    """The variant with this id."""
    read_id(arguments["id"], "ProductVariant")
    return find_variant(context.store, arguments["id"])


@query("productVariants")
def product_variants(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of the variants the query selects, by id."""
    reverse = bool(arguments.get("reverse"))
    rows = select_variants(context, arguments.get("query"), "productVariants", None if reverse else arguments)
    return page(rows[::-1] if reverse else rows, arguments, descending=reverse)


@query("productVariantsCount")
def product_variants_count(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """How many variants the query selects."""
    return count(count_variants(context, arguments.get("query"), "productVariantsCount"), arguments.get("limit"))


# -- product ----------------------------------------------------------------------------------------

attributes(
    "Product",
    descriptionHtml="description_html",
    productType="product_type",
    createdAt="created_at",
    updatedAt="updated_at",
    publishedAt="published_at",
    templateSuffix="template_suffix",
)
attributes(
    "ProductVariant",
    taxCode="tax_code",
    inventoryPolicy="inventory_policy",
    createdAt="created_at",
    updatedAt="updated_at",
    inventoryItem="item",
)


@field("Product", "id")
def product_id(source: Product, _context: Context, _arguments: dict[str, Any]) -> str:
    """The product's gid."""
    return f"gid://shopify/Product/{source.id}"


@field("ProductVariant", "id")
def variant_id(source: Variant, _context: Context, _arguments: dict[str, Any]) -> str:
    """The variant's gid."""
    return f"gid://shopify/ProductVariant/{source.id}"


@field("Product", "legacyResourceId")
@field("ProductVariant", "legacyResourceId")
def legacy_id(source: Product | Variant, _context: Context, _arguments: dict[str, Any]) -> str:
    """The number in the gid, as text."""
    return str(source.id)


@field("Product", "seo")
def seo(source: Product, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """Title and description for search engines; null means that the page falls back to the product's own."""
    return {"title": source.seo_title, "description": source.seo_description}


@field("Product", "category")
def category(source: Product, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The taxonomy category, named by its number: this shop carries no copy of the taxonomy."""
    if source.category is None:
        return None
    name = source.category.rsplit("/", 1)[-1]
    return {"id": source.category, "name": name, "fullName": name}


@field("Product", "totalInventory")
def total_inventory(source: Product, context: Context, _arguments: dict[str, Any]) -> int:
    """Available stock of all tracked variants at all locations."""
    variants = context.store.variants
    return sum(available(variants[number]) for number in source.variant_ids if variants[number].item.tracked)


def available(variant: Variant) -> int:
    """Available stock of a variant at all its active locations."""
    return sum(level.available for level in variant.item.levels.values() if level.active)


@field("Product", "tracksInventory")
def tracks_inventory(source: Product, context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether any variant's stock is counted."""
    return any(context.store.variants[number].item.tracked for number in source.variant_ids)


@field("Product", "hasOnlyDefaultVariant")
def has_only_default_variant(source: Product, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether the product was never given options."""
    return [option.name for option in source.options] == ["Title"] and len(source.variant_ids) == 1


@field("Product", "onlineStoreUrl")
def online_store_url(source: Product, context: Context, _arguments: dict[str, Any]) -> str | None:
    """Where customers see the product, when it is active and published."""
    shown = source.status == "ACTIVE" and source.publications
    return f"https://{context.config.shop}/products/{source.handle}" if shown else None


@field("Product", "options")
def options(source: Product, _context: Context, arguments: dict[str, Any]) -> list[OptionView]:
    """The options in order."""
    return [OptionView(option, place) for place, option in enumerate(source.options[: arguments.get("first")], 1)]


@field("ProductOption", "id")
def option_id(source: OptionView, _context: Context, _arguments: dict[str, Any]) -> str:
    """The option's gid."""
    return gid("ProductOption", source.option.id)


@field("ProductOption", "values")
def option_values_in_use(source: OptionView, _context: Context, _arguments: dict[str, Any]) -> list[str]:
    """Names of the values that a variant has."""
    return [value.name for value in source.option.values if value.has_variants]


attributes("ProductOption", name="option.name", optionValues="option.values")
attributes("ProductOptionValue", hasVariants="has_variants")


@field("ProductOptionValue", "id")
def option_value_id(source: OptionValue, _context: Context, _arguments: dict[str, Any]) -> str:
    """The option value's gid."""
    return gid("ProductOptionValue", source.id)


@field("Product", "variants")
def variants_of(source: Product, context: Context, arguments: dict[str, Any]) -> Any:
    """The variants in position order."""
    variants = context.store.variants
    reverse = bool(arguments.get("reverse"))
    rows = [variants[number] for number in (reversed(source.variant_ids) if reverse else source.variant_ids)]
    return page(rows, arguments, lambda row: (row.position, row.id), descending=reverse)


@field("Product", "variantsCount")
def variants_count(source: Product, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """How many variants the product has."""
    return count(len(source.variant_ids))


# -- variant ----------------------------------------------------------------------------------------


@field("ProductVariant", "price")
def price(source: Variant, _context: Context, _arguments: dict[str, Any]) -> str:
    """The price as text with two decimals."""
    return str(source.price)


@field("ProductVariant", "compareAtPrice")
def compare_at_price(source: Variant, _context: Context, _arguments: dict[str, Any]) -> str | None:
    """The former price as text with two decimals."""
    return None if source.compare_at_price is None else str(source.compare_at_price)


@field("ProductVariant", "displayName")
def display_name(source: Variant, context: Context, _arguments: dict[str, Any]) -> str:
    """Product and variant title together."""
    return f"{context.store.products[source.product_id].title} - {source.title}"


@field("ProductVariant", "inventoryQuantity")
def inventory_quantity(source: Variant, _context: Context, _arguments: dict[str, Any]) -> int:
    """Available stock at all locations."""
    return available(source)


@field("ProductVariant", "availableForSale")
def available_for_sale(source: Variant, _context: Context, _arguments: dict[str, Any]) -> bool:
    """Whether a customer could buy it now."""
    return not source.item.tracked or source.inventory_policy == "CONTINUE" or available(source) > 0


@field("ProductVariant", "requiresComponents")
def requires_components(_source: Variant, _context: Context, _arguments: dict[str, Any]) -> bool:
    """This shop has no bundles."""
    return False


@field("ProductVariant", "product")
def variant_product(source: Variant, context: Context, _arguments: dict[str, Any]) -> Product:
    """The product the variant belongs to."""
    return context.store.products[source.product_id]


@field("ProductVariant", "selectedOptions")
def selected_options(source: Variant, context: Context, _arguments: dict[str, Any]) -> list[SelectedOption]:
    """The variant's option values with their option names."""
    owner = context.store.products[source.product_id]
    return [
        SelectedOption(option.name, value, owner, place)
        for place, (option, value) in enumerate(zip(owner.options, source.values, strict=True))
    ]


@field("SelectedOption", "optionValue")
def selected_option_value(source: SelectedOption, _context: Context, _arguments: dict[str, Any]) -> OptionValue:
    """The option value behind a selected option."""
    option: Option = source.product.options[source.place]
    return next(value for value in option.values if value.name == source.value)


# -- media ------------------------------------------------------------------------------------------


@field("Product", "media")
@field("ProductVariant", "media")
def media(source: Product | Variant, context: Context, arguments: dict[str, Any]) -> Any:
    """The media in their order."""
    rows = _files(source, context, arguments)
    return page(rows, arguments, by_place(rows))


@field("Product", "images")
def images(source: Product, context: Context, arguments: dict[str, Any]) -> Any:
    """The images in their order."""
    rows = [ImageView(found, "ProductImage") for found in _files(source, context, arguments)]
    return page(rows, arguments, by_place(rows))


def _files(source: Product | Variant, context: Context, arguments: dict[str, Any]) -> list[MediaFile]:
    found = [context.store.files[number] for number in source.media_ids]
    return found[::-1] if arguments.get("reverse") else found


@field("Product", "mediaCount")
def media_count(source: Product, _context: Context, _arguments: dict[str, Any]) -> dict[str, Any]:
    """How many media the product has."""
    return count(len(source.media_ids))


@field("Product", "featuredMedia")
def featured_media(source: Product, context: Context, _arguments: dict[str, Any]) -> MediaFile | None:
    """The first of the media."""
    return context.store.files[source.media_ids[0]] if source.media_ids else None


@field("ProductVariant", "image")
def variant_image(source: Variant, context: Context, _arguments: dict[str, Any]) -> ImageView | None:
    """The variant's own image."""
    return ImageView(context.store.files[source.media_ids[0]]) if source.media_ids else None
