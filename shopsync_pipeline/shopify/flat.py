"""The flat map of a product node, in one go: what `core.documents.flatten` makes of the canonical document, without it.

A snapshot of a large shop spends most of its time here, so the document itself, its decimals and its paths are not
built. A law in the tests holds both ways equal, down to the order of the paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from shopsync_pipeline.core.documents import canonical_tags, category_id
from shopsync_pipeline.core.fields import Path, Value
from shopsync_pipeline.core.product import DEFAULT_LOCATION, money, plain
from shopsync_pipeline.shopify.listings import Listings

_TEXTS = (("title", "title"), ("handle", "handle"), ("body_html", "descriptionHtml"), ("vendor", "vendor"),
          ("product_type", "productType"), ("status", "status"), ("template_suffix", "templateSuffix"))
_STOCK = f"stock[{DEFAULT_LOCATION}]"
_BY_NAME = itemgetter("namespace", "key")


def product_fields(node: Mapping[str, Any], names: Sequence[str], media: Sequence[Mapping[str, Any]],
                   sources: Mapping[str, str], metafields: Sequence[Mapping[str, Any]],
                   listings: Listings) -> dict[str, Any]:
    """The fields of a product without its variants. `names`: its options; `sources`: media id → source key;
    `metafields`: its metafields without our own."""
    fields: dict[str, Any] = {}
    for path, name in _TEXTS:
        if text := node.get(name):
            fields[path] = text
    if (placed := node.get("category")) and (category := category_id(placed.get("id"))):
        fields["category"] = category
    if seo := node.get("seo"):
        if text := seo.get("title"):
            fields["seo.title"] = text
        if text := seo.get("description"):
            fields["seo.description"] = text
    if (tags := node.get("tags")) and (sorted_tags := canonical_tags(tags)):
        fields["tags"] = sorted_tags
    fields["options"] = list(names)
    if media:
        fields["images"] = [{"source": sources[row["id"]], "alt": row.get("alt") or ""} for row in media]
    if held := node.get("collections"):
        for handle in sorted(set(listings.collections_of(str(row["id"]) for row in held["nodes"]))):
            fields[f"collections[{handle}]"] = True
    if held := node.get("publications"):
        channels = listings.publications_of(str(row["publication"]["id"]) for row in held["nodes"])
        for channel in sorted(set(channels)):
            fields[f"publications[{channel}]"] = True
    for row in sorted(metafields, key=_BY_NAME) if len(metafields) > 1 else metafields:
        fields[f"metafields[{row['namespace']}.{row['key']}]"] = {"type": row["type"], "value": row["value"]}
    return fields


def put_variant(fields: dict[str, Any], row: Mapping[str, Any], key: str, options: Sequence[str],
                sources: Mapping[str, str]) -> None:
    """Adds the fields of one variant under its name. Stock counts only where it is tracked."""
    of = f"variants[{key}]."
    get = row.get
    if options:
        fields[of + "options"] = list(options)
    if text := get("sku"):
        fields[of + "sku"] = text
    if text := get("barcode"):
        fields[of + "barcode"] = text
    if (flag := get("taxable")) is not None:
        fields[of + "taxable"] = flag
    item = get("inventoryItem") or {}
    if (flag := item.get("requiresShipping")) is not None:
        fields[of + "requires_shipping"] = flag
    tracked = item.get("tracked")
    if tracked is not None:
        fields[of + "tracked"] = tracked
    if text := get("inventoryPolicy"):
        fields[of + "inventory_policy"] = text
    if (held := get("media")) and held["nodes"]:
        shown = held["nodes"][0]["id"]
        fields[of + "image"] = sources.get(shown, shown)
    if (text := item.get("countryCodeOfOrigin")) and (text := text.strip().upper()):
        fields[of + "country_of_origin"] = text
    if (text := item.get("harmonizedSystemCode")) and (text := "".join(sign for sign in text if sign.isalnum())):
        fields[of + "hs_code"] = text
    if (amount := get("price")) is not None:
        fields[of + "price"] = _money(amount)
    if (amount := get("compareAtPrice")) is not None:
        fields[of + "compare_at_price"] = _money(amount)
    if (amount := (item.get("unitCost") or {}).get("amount")) is not None:
        fields[of + "cost"] = _money(amount)
    weight = (item.get("measurement") or {}).get("weight")
    if weight is not None and weight["value"] and (value := _weight(weight["value"])) != "0":
        fields[of + "weight"] = {"value": value, "unit": weight["unit"]}
    if tracked:
        for quantity in (item.get("inventoryLevel") or {}).get("quantities") or ():
            if quantity["name"] == "available" and quantity["quantity"] is not None:
                fields[of + _STOCK] = quantity["quantity"]


def typed(fields: dict[str, Any]) -> dict[Path, Value]:
    """The same map under its proper type; every key is a path of the registry."""
    return cast("dict[Path, Value]", fields)


# A shop has far fewer amounts than products.
@lru_cache(maxsize=8192)
def _money(text: Any) -> str:
    return money(Decimal(str(text)))


@lru_cache(maxsize=8192)
def _weight(value: Any) -> str:
    return plain(Decimal(str(value)))
