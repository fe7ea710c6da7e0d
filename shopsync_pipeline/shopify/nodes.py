"""From what Shopify answers about a product to the canonical document, whole or in part.

Never asks the network and never guesses an identity: a variant or picture that is known by its Shopify id keeps its
name, whatever was renamed; the others are named by the rules of the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from shopsync_pipeline.core.documents import flatten
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.product import (
    DEFAULT_OPTION,
    Image,
    Metafield,
    Product,
    ProductKey,
    Stock,
    Variant,
    VariantKey,
    Weight,
    variant_keys,
)
from shopsync_pipeline.shopify.flat import product_fields, put_variant, typed
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings

CUSTOM_ID = ("shopsync", "source_id")
"""Namespace and key of the metafield that holds a product's own key in Shopify (type `id`, unique in the shop)."""

Node: TypeAlias = Mapping[str, Any]
"""A GraphQL object as answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteProduct:
    """A product as the shop shows it: the flat map of its fields, the ids behind its names, and when it last changed.

    `updated_at` has whole seconds (Shopify's precision). `custom_id` is the product's key where shopsync made it.
    """

    fields: dict[Path, Value]
    links: Links
    updated_at: datetime
    custom_id: str | None
    handle: str
    skus: tuple[str, ...]


def remote_product(node: Node, *, known: Links | None, listings: Listings = NOTHING_LISTED) -> RemoteProduct:
    """Projects a complete product node (all its variants, metafields and media in it).

    `known` are the links remembered for this product. A variant that it does not know is named by its SKU or option
    values; one whose name is taken by a known variant is named by its option values, or by its id as well. A picture
    that it does not know is named by its media id. Stock counts only where it is tracked. `listings` name the
    collections and sales channels; what they do not name is left out.
    """
    found = projected(node, known=known, listings=listings)
    return RemoteProduct(
        fields=typed(found.fields), links=Links.from_json(found.links), updated_at=found.updated_at,
        custom_id=found.custom_id, handle=found.handle, skus=found.skus,
    )


def fields_of_parts(node: Node, known: Links, listings: Listings = NOTHING_LISTED) -> dict[Path, Value] | None:
    """The fields that a product node tells, which may hold a part of the product only; what it lacks is absent.

    `None` where it has other variants than are known, so that they must be named anew from the whole product.
    """
    rows, keys = _nodes(node, "variants"), known.variant_keys()
    if "variants" in node and {row["id"] for row in rows} != set(keys):
        return None
    media = _nodes(node, "media")
    sources = media_sources(media, known)
    return flatten(Product(
        key=ProductKey(""),
        variants=tuple(variant(row, VariantKey(keys[row["id"]]), option_names(node), sources) for row in rows),
        images=tuple(images(media, sources)),
        publications=listings.publications_of(str(row["publication"]["id"]) for row in _nodes(node, "publications")),
        **product_scalars(node, listings),
    ))


def digests_of(node: Node) -> dict[str, str]:
    """`custom.brand` → compareDigest of the metafields that a product node tells."""
    return {f"{row['namespace']}.{row['key']}": str(row["compareDigest"]) for row in _nodes(node, "metafields")}


class Projected(NamedTuple):
    """What `RemoteProduct` holds, with the links as `Links.to_json` writes them: for reading a hundred thousand, where
    making the objects would take as long as all else."""

    product_id: str
    fields: dict[str, Any]
    links: dict[str, Any]
    updated_at: datetime
    custom_id: str | None
    handle: str
    skus: tuple[str, ...]


def projected(node: Node, *, known: Links | None, listings: Listings = NOTHING_LISTED) -> Projected:
    """The same as `remote_product`, as plain values."""
    product_id = str(node["id"])
    metafields, media, rows = _nodes(node, "metafields"), _nodes(node, "media"), _nodes(node, "variants")
    custom_id = None
    if metafields:
        custom_id = next((str(row["value"]) for row in metafields if _is_custom_id(row)), None)
        if custom_id is not None:
            metafields = [row for row in metafields if not _is_custom_id(row)]
    sources = media_sources(media, known) if media else {}
    names = option_names(node)
    options = [option_values(row, names) for row in rows]
    keys = _name_variants(rows, options, known)
    fields = product_fields(node, names, media, sources, metafields, listings)
    variants: dict[str, list[str]] = {}
    skus: list[str] = []
    for row, key, values in zip(rows, keys, options, strict=True):
        put_variant(fields, row, key, values, sources)
        variants[key] = [row["id"], row["inventoryItem"]["id"]]
        if sku := row["sku"]:
            skus.append(sku)
    links = {"product": product_id, "variants": variants,
             "images": {sources[row["id"]]: row["id"] for row in media} if media else {}}
    return Projected(product_id, fields, links, datetime.fromisoformat(node["updatedAt"]), custom_id, node["handle"],
                     tuple(skus))


def product_scalars(node: Node, listings: Listings = NOTHING_LISTED) -> dict[str, Any]:
    """What a product node says beside variants, media and publications, as arguments of `Product`; lacking parts are
    absent."""
    seo = node.get("seo") or {}
    return {
        "title": node.get("title") or "",
        "handle": node.get("handle"),
        "body_html": node.get("descriptionHtml"),
        "vendor": node.get("vendor"),
        "product_type": node.get("productType"),
        "tags": tuple(node.get("tags") or ()),
        "status": node.get("status"),
        "category": (node.get("category") or {}).get("id"),
        "template_suffix": node.get("templateSuffix"),
        "collections": listings.collections_of(str(row["id"]) for row in _nodes(node, "collections")),
        "seo_title": seo.get("title"),
        "seo_description": seo.get("description"),
        "options": option_names(node),
        "metafields": tuple(
            Metafield(namespace=row["namespace"], key=row["key"], type=row["type"], value=row["value"])
            for row in _nodes(node, "metafields") if not _is_custom_id(row)
        ),
    }


def option_names(node: Node) -> tuple[str, ...]:
    """The names of a product's options, in their order; Shopify's default option where the node does not list them."""
    return tuple([row["name"] for row in node.get("options") or ()]) or (DEFAULT_OPTION,)


def option_values(row: Node, names: Sequence[str]) -> tuple[str, ...]:
    """A variant's option values in the order of `names`, or in their own order where the names differ."""
    selected: Sequence[Node] = row.get("selectedOptions") or ()
    if len(selected) == 1:
        return (str(selected[0]["value"]),)
    values = {str(option["name"]): str(option["value"]) for option in selected}
    return tuple(values[name] for name in names) if set(names) == set(values) else tuple(values.values())


def name_variants(rows: Sequence[Node], names: Sequence[str], known: Links | None) -> list[VariantKey]:
    """The names of a product's variants, in order, all different; a known id keeps its name."""
    return _name_variants(rows, [option_values(row, names) for row in rows], known)


def _name_variants(rows: Sequence[Node], options: Sequence[tuple[str, ...]], known: Links | None) -> list[VariantKey]:
    if len(rows) == 1 and not known:
        return [VariantKey(rows[0].get("sku") or " / ".join(options[0]))]
    remembered = known.variant_keys() if known else {}
    usual = variant_keys([(row.get("sku") or None, values) for row, values in zip(rows, options, strict=True)])
    if not remembered and len(set(usual)) == len(usual):
        return usual
    taken = {remembered[row["id"]] for row in rows if row["id"] in remembered}
    keys: list[VariantKey] = []
    for row, values, proposed in zip(rows, options, usual, strict=True):
        if row["id"] in remembered:
            keys.append(VariantKey(remembered[row["id"]]))
            continue
        by_options = " / ".join(values)
        free = next(name for name in (proposed, by_options, f"{by_options} #{numeric(row['id'])}") if name not in taken)
        taken.add(free)
        keys.append(VariantKey(free))
    return keys


def variant(row: Node, key: VariantKey, names: Sequence[str], sources: Mapping[str, str]) -> Variant:
    """Projects a variant node; what the node does not hold is absent. `sources`: media id → picture's source key."""
    item = row.get("inventoryItem") or {}
    tracked = item.get("tracked")
    media = next(iter(_nodes(row, "media")), None)
    return Variant(
        key=key,
        sku=row.get("sku"),
        options=option_values(row, names),
        barcode=row.get("barcode"),
        price=_decimal(row.get("price")),
        compare_at_price=_decimal(row.get("compareAtPrice")),
        cost=_decimal((item.get("unitCost") or {}).get("amount")),
        weight=_weight((item.get("measurement") or {}).get("weight")),
        taxable=row.get("taxable"),
        requires_shipping=item.get("requiresShipping"),
        tracked=tracked,
        inventory_policy=row.get("inventoryPolicy"),
        country_of_origin=item.get("countryCodeOfOrigin"),
        hs_code=item.get("harmonizedSystemCode"),
        image=sources.get(media["id"], media["id"]) if media else None,
        stock=_stock(item) if tracked else (),
    )


def variant_link(row: Node) -> VariantLink:
    """The ids of a variant node."""
    return VariantLink(id=str(row["id"]), inventory_item=str(row["inventoryItem"]["id"]))


def media_sources(media: Iterable[Node], known: Links | None) -> dict[str, str]:
    """Media id → source key: the remembered one, else the media id itself."""
    remembered = known.image_sources() if known else {}
    return {str(row["id"]): remembered.get(row["id"], str(row["id"])) for row in media}


def images(media: Iterable[Node], sources: Mapping[str, str]) -> list[Image]:
    """The pictures of a product in their order. Videos count too, so that a plan that would drop one shows it."""
    return [Image(source=sources[row["id"]], alt=row.get("alt") or "") for row in media]


def numeric(gid: str) -> str:
    """The number at the end of a Shopify id: `gid://shopify/Product/42` → `42`."""
    return gid.rsplit("/", 1)[-1].split("?", 1)[0]


def _is_custom_id(row: Node) -> bool:
    return (row["namespace"], row["key"]) == CUSTOM_ID


def _nodes(node: Node, connection: str) -> Sequence[Node]:
    held = node.get(connection)
    return held["nodes"] if held else ()


def _decimal(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def _weight(weight: Node | None) -> Weight | None:
    return None if weight is None else Weight(value=Decimal(str(weight["value"])), unit=weight["unit"])


def _stock(item: Node) -> tuple[Stock, ...]:
    level = item.get("inventoryLevel") or {}
    quantities = level.get("quantities") or ()
    return tuple(Stock(available=row["quantity"]) for row in quantities if row["name"] == "available")
