"""From canonical values to Shopify's input objects: one table of names, and the few shapes that are not one to one.

Never leaves out what it cannot express: a value that Shopify has no way to take is an error that names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from shopsync_pipeline.core.fields import Value, place
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.product import DEFAULT_LOCATION, DEFAULT_OPTION, DEFAULT_OPTION_VALUE
from shopsync_pipeline.shopify.errors import NotSendable
from shopsync_pipeline.shopify.nodes import CUSTOM_ID

Input: TypeAlias = dict[str, Any]
"""A GraphQL input object."""

PRODUCT_TEXTS = {"title": "title", "body_html": "descriptionHtml", "vendor": "vendor", "product_type": "productType",
                 "handle": "handle", "template_suffix": "templateSuffix"}
"""Text fields of a product → their input name; cleared by empty text."""

_VARIANT_NAMES = {"price": "price", "compare_at_price": "compareAtPrice", "barcode": "barcode", "taxable": "taxable",
                  "inventory_policy": "inventoryPolicy"}
_ITEM_NAMES = {"cost": "cost", "tracked": "tracked", "requires_shipping": "requiresShipping",
               "country_of_origin": "countryCodeOfOrigin", "hs_code": "harmonizedSystemCode"}
_CLEARED_BY_NULL = frozenset({"compare_at_price", "barcode", "cost", "country_of_origin", "hs_code"})


def product_input(changes: Sequence[Change]) -> Input:
    """The product's own fields of `changes`, metafields included, as productSet and productUpdate take them alike."""
    result: Input = {}
    for change in changes:
        where = place(change.path)
        name, value = where.field.name, change.after
        if name in PRODUCT_TEXTS:
            result[PRODUCT_TEXTS[name]] = value if value is not None else ""
        elif name == "tags":
            result["tags"] = value if value is not None else []
        elif name.startswith("seo."):
            result.setdefault("seo", {})[where.field.name.removeprefix("seo.")] = value if value is not None else ""
        elif name == "category":
            result["category"] = None if value is None else _category(str(value))
        elif name == "status" and value is not None:
            result["status"] = value
        elif name == "metafields[]" and value is not None and where.item is not None:
            result.setdefault("metafields", []).append({**metafield_name(where.item), **cast("Input", value)})
        else:
            raise NotSendable(f"{change.path} cannot be {'cleared' if value is None else 'written'} together with the "
                              "product's own fields; make a new plan.", paths=[change.path])
    return result


_CATEGORY_ID = re.compile(r"[a-z]{2}(-[0-9]+)*")


def _category(category: str) -> str:
    if not _CATEGORY_ID.fullmatch(category):
        raise NotSendable(f'The category "{category}" is not an id of Shopify\'s product taxonomy (such as "el-2-2"); '
                          "map the catalog's category to one.", paths=["category"])
    return f"gid://shopify/TaxonomyCategory/{category}"


def listing_ids(changes: Sequence[Change], known: Mapping[str, str] | None, kind: str) -> list[str]:
    """The Shopify ids of the collections or sales channels (`kind`, for errors) that changes are about."""
    found = []
    for change in changes:
        name = place(change.path).item or ""
        if known is None:
            raise NotSendable(f"{change.path} cannot be written, because {kind}s are not synced in this shop.",
                              paths=[one.path for one in changes])
        if name not in known:
            names = ", ".join(f'"{other}"' for other in sorted(known)[:10]) or "none"
            raise NotSendable(f'The shop has no {kind} "{name}"; it has: {names}. Make it in the shop, or correct the '
                              "name.", paths=[one.path for one in changes if (place(one.path).item or "") not in known])
        found.append(known[name])
    return found


def metafield_name(item: str) -> dict[str, str]:
    """`custom.brand` → namespace and key."""
    namespace, _, key = item.partition(".")
    return {"namespace": namespace, "key": key}


def custom_id_metafield(product_key: str) -> Input:
    """The metafield that carries a product's key."""
    return {"namespace": CUSTOM_ID[0], "key": CUSTOM_ID[1], "type": "id", "value": product_key}


def custom_id(product_key: str) -> Input:
    """The identifier by which Shopify finds (or makes) the product of a key."""
    return {"customId": {"namespace": CUSTOM_ID[0], "key": CUSTOM_ID[1], "value": product_key}}


def variant_input(values: Mapping[str, Value | None], options: Sequence[str], *, bulk: bool, subject: str) -> Input:
    """One variant by attribute, without stock and picture. `None` clears; `options` are the product's option names.

    `bulk`: the shape of productVariantsBulkCreate/Update, where the SKU belongs to the inventory item; else that of
    productSet. `subject` names the variant in errors.
    """
    result: Input = {}
    item: Input = {}
    for attribute, value in values.items():
        if attribute == "image" or attribute.startswith("stock["):
            continue
        if value is None and attribute not in _CLEARED_BY_NULL | {"sku", "weight"}:
            raise NotSendable(f"{attribute} of {subject} cannot be cleared in Shopify; give it a value.")
        if attribute == "options":
            result["optionValues"] = option_values(cast("list[str]", value), options, subject)
        elif attribute == "sku":
            (item if bulk else result)["sku"] = value if value is not None else ""
        elif attribute == "weight":
            item["measurement"] = {"weight": _weight(cast("Input | None", value))}
        elif attribute in _ITEM_NAMES:
            item[_ITEM_NAMES[attribute]] = value
        else:
            result[_VARIANT_NAMES[attribute]] = value
    if item:
        result["inventoryItem"] = item
    return result


def option_values(values: Sequence[str], names: Sequence[str], subject: str) -> list[Input]:
    """The option values of one variant, each with the name of its option."""
    if not names and list(values) == [DEFAULT_OPTION_VALUE]:
        names = [DEFAULT_OPTION]
    if len(names) != len(values):
        raise NotSendable(f"{subject} has {len(values)} option values and its product {len(names)} option names; read "
                          "the product again and make a new plan.")
    return [{"optionName": name, "name": value} for name, value in zip(names, values, strict=True)]


def _weight(weight: Input | None) -> Input:
    # Zero is how Shopify says "no weight", there is no null for it.
    return {"value": float(weight["value"]), "unit": weight["unit"]} if weight else {"value": 0.0, "unit": "GRAMS"}


def product_options(names: Sequence[str], variants: Sequence[Mapping[str, Value]]) -> list[Input]:
    """productSet's options: every value that a variant has, in the order of the variants."""
    columns = [dict.fromkeys(cast("list[str]", values["options"])[index] for values in variants)
               for index in range(len(names))]
    return [{"name": name, "position": index + 1, "values": [{"name": value} for value in columns[index]]}
            for index, name in enumerate(names)]


def stock_of(values: Mapping[str, Value], subject: str) -> int | None:
    """The stock of a new variant, where it is tracked; raises for a location that this shop's settings do not map."""
    for attribute, value in values.items():
        if attribute.startswith("stock["):
            check_location(attribute[len("stock["):-1], subject)
            return cast("int", value) if values.get("tracked") is True else None
    return None


def check_location(location: str | None, subject: str) -> None:
    """Raises unless the location key is the one that stands for the shop's stock location."""
    if location != DEFAULT_LOCATION:
        raise NotSendable(f'The stock of {subject} is for location "{location}", and only "{DEFAULT_LOCATION}" is '
                          "mapped to a Shopify location; check the feed's mapping.")


def file_input(source: str, alt: str | None, links: Links | None) -> Input:
    """One picture: by id where Shopify has it (sending its address again would upload it again), else by address."""
    known = links.images.get(source) if links else None
    media = known or (source if source.startswith("gid://shopify/") else None)
    named: Input = {"id": media} if media else {"originalSource": source, "contentType": "IMAGE"}
    return named if alt is None else {**named, "alt": alt}


def media_id(source: str, links: Links, subject: str) -> str:
    """The media id of a picture that must be in the shop already."""
    named = file_input(source, None, links)
    if "id" not in named:
        raise NotSendable(f"The picture of {subject}, {source}, is not in Shopify yet; send the product's pictures "
                          "first.")
    return str(named["id"])


def subject(item: PlanItem, variant: str | None = None) -> str:
    """How errors name what an item is about."""
    product = f"product {item.product_key}"
    return product if variant is None else f'variant "{variant}" of {product}'
