"""From a plan item to the one request that does it.

Pure: nothing is sent here. Never sends a picture that Shopify has by its address again, and never a guess for an id.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from shopsync_pipeline.core.cost import ANSWERED_COLLECTIONS, MUTATION, estimate
from shopsync_pipeline.core.fields import Operation, Path, Value, place, variants_of
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.product import DEFAULT_OPTION
from shopsync_pipeline.shopify.errors import NotSendable
from shopsync_pipeline.shopify.inputs import (
    ITEM_ATTRIBUTES,
    Input,
    check_location,
    custom_id,
    custom_id_metafield,
    file_input,
    listing_ids,
    media_id,
    metafield_name,
    product_input,
    product_options,
    stock_of,
    subject,
    variant_input,
)
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings

MAX_ROWS = 250
"""Rows in an input list, and nodes in a page (Shopify docs, "API limits")."""


@dataclass(frozen=True, slots=True)
class Request:
    """A document with its variables. `cost` is the estimate in whole points, rounded up so that it is not below what
    Shopify asks; `root` is the payload's name in the answer."""

    document: str
    variables: dict[str, Any]
    cost: float
    root: str

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is as good as once, so that a lost answer may be followed by another try.

        Deletes, and sets of absolute values to things named by id, are, and stock by its idempotency key. What makes
        something (a product, a variant, an upload) is not.
        """
        if self.document == "media_set":
            return all("id" in row for row in self.variables["input"]["files"])
        return self.document in _REPEATABLE


_REPEATABLE = frozenset({"product_update", "variants_update", "metafields_delete", "product_delete", "inventory_set",
                         "publish", "unpublish"})


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known around an item: the ids of its product, where stock is kept, the product's option names, and the
    shop's collections and sales channels."""

    links: Links
    location_id: str
    options: Sequence[str]
    listings: Listings


def request(item: PlanItem, links: Links | None, *, location_id: str, options: Sequence[str] = (),
            listings: Listings = NOTHING_LISTED) -> Request:
    """The request that does `item` (any operation but INVENTORY_SET, for which there is `inventory_request`).

    `links` are the product's remembered links (`None` only for a creation); `options` its option names as the shop
    shows them, needed where variants are made or get other option values; `listings` the shop's collections and sales
    channels. Raises `NotSendable` where an id is unknown or Shopify cannot do what is asked.
    """
    known = _Known(links or Links(product=item.product_id or ""), location_id, options, listings)
    if item.operation is Operation.PRODUCT_CREATE:
        return _create(item, known)
    if not known.links.product:
        raise NotSendable(f"No Shopify id is known for {subject(item)}, so {item.operation.value} cannot be sent; pull "
                          "the shop's products and make a new plan.")
    return _BUILDERS[item.operation](item, known)


def _create(item: PlanItem, known: _Known) -> Request:
    after = item.after()
    rows = variants_of(after)
    names = cast("list[str]", after.get(Path("options"), [DEFAULT_OPTION]))
    pictures = cast("list[Input]", after.get(Path("images"), []))
    named_files = {picture["source"]: file_input(picture["source"], picture["alt"], None) for picture in pictures}
    joined = [change for change in _collections(item) if change.after is not None]
    values: Input = product_input([
        change for change in item.changes
        if change.after is not None and not change.path.startswith("variants[")
        and change.path not in ("options", "images") and change not in joined
    ])
    if joined:
        values["collections"] = listing_ids(joined, known.listings.collections, "manual collection")
    values["metafields"] = [*values.get("metafields", ()), custom_id_metafield(item.product_key)]
    if pictures:
        values["files"] = [named_files[picture["source"]] for picture in pictures]
    files = with_stock = 0
    variants: list[Input] = []
    for key, row in rows.items():
        variant = variant_input(row, names, bulk=False, subject=subject(item, key))
        stock = stock_of(row, subject(item, key))
        if stock is not None:
            with_stock += 1
            variant["inventoryQuantities"] = [{"locationId": known.location_id, "name": "available",
                                               "quantity": stock}]
        if "image" in row:
            if row["image"] not in named_files:
                raise NotSendable(f"The picture of {subject(item, key)}, {row['image']}, is none of its product's.")
            files += 1
            variant["file"] = named_files[row["image"]]
        variants.append(variant)
    if variants:
        values["productOptions"] = product_options(names, list(rows.values()))
        values["variants"] = variants
    size = {"variants": _page(len(variants)), "metafields": _page(len(values["metafields"])),
            "media": _page(len(pictures))}
    return Request("product_set", {
        "identifier": custom_id(item.product_key), "input": values, "locationId": known.location_id,
        **size, "withStock": with_stock > 0, "withMedia": bool(pictures), **_answered(values, joined),
    }, math.ceil(estimate(item.operation, item.changes)), "productSet")


def _collections(item: PlanItem) -> list[Change]:
    return [change for change in item.changes if change.path.startswith("collections[")]


def _answered(values: Input, collections: Sequence[Change]) -> Input:
    """Which of the dearer parts the answer shall tell: those that are written."""
    return {"withCategory": "category" in values, "withCollections": bool(collections),
            "collections": ANSWERED_COLLECTIONS}


def _update(item: PlanItem, known: _Known) -> Request:
    memberships = _collections(item)
    values = product_input([change for change in item.changes if change not in memberships])
    for name, changes in (("collectionsToJoin", [change for change in memberships if change.after is not None]),
                          ("collectionsToLeave", [change for change in memberships if change.after is None])):
        if changes:
            values[name] = listing_ids(changes, known.listings.collections, "manual collection")
    metafields = values.get("metafields", ())
    return Request("product_update", {
        "identifier": {"id": known.links.product}, "product": values,
        "metafields": _page(len(metafields)),
        "metafieldKeys": [f"{row['namespace']}.{row['key']}" for row in metafields],
        "withSeo": "seo" in values, "withMetafields": bool(metafields), **_answered(values, memberships),
    }, math.ceil(estimate(item.operation, item.changes)), "productUpdate")


def _publish(item: PlanItem, known: _Known) -> Request:
    channels = listing_ids(item.changes, known.listings.publications, "sales channel")
    document, root = {Operation.PUBLISH: ("publish", "publishablePublish"),
                      Operation.UNPUBLISH: ("unpublish", "publishableUnpublish")}[item.operation]
    rows = [{"publicationId": channel} for channel in channels]
    return Request(document, {"id": known.links.product, "input": rows}, MUTATION, root)


def _delete_metafields(item: PlanItem, known: _Known) -> Request:
    names = [metafield_name(place(change.path).item or "") for change in item.changes]
    rows = [{"ownerId": known.links.product, **name} for name in names]
    return Request("metafields_delete", {"metafields": rows}, MUTATION, "metafieldsDelete")


def _create_variants(item: PlanItem, known: _Known) -> Request:
    names = _option_names(item, known.options)
    variants, media, with_stock = [], 0, False
    for key, row in variants_of(item.after()).items():
        variant = variant_input(row, names, bulk=True, subject=subject(item, key))
        stock = stock_of(row, subject(item, key))
        if stock is not None:
            with_stock = True
            variant["inventoryQuantities"] = [{"locationId": known.location_id, "availableQuantity": stock}]
        if "image" in row:
            media += 1
            variant["mediaId"] = media_id(str(row["image"]), known.links, subject(item, key))
        variants.append(variant)
    return Request("variants_create", {
        "productId": known.links.product, "variants": variants, "locationId": known.location_id,
        "withStock": with_stock, "withMedia": media > 0,
    }, math.ceil(estimate(item.operation, item.changes)), "productVariantsBulkCreate")


def _update_variants(item: PlanItem, known: _Known) -> Request:
    rows = _changed_attributes(item)
    variants, media = [], 0
    for key, row in rows.items():
        values = variant_input(row, _option_names(item, known.options), bulk=True, subject=subject(item, key))
        if "image" in row:
            media += 1
            source = row["image"]
            values["mediaId"] = None if source is None else media_id(str(source), known.links, subject(item, key))
        variants.append({"id": _link(item, known.links, key).id, **values})
    with_item = any(ITEM_ATTRIBUTES.intersection(row) for row in rows.values())
    return Request("variants_update", {
        "productId": known.links.product, "variants": variants, "withItem": with_item, "withMedia": media > 0,
    }, math.ceil(estimate(item.operation, item.changes)), "productVariantsBulkUpdate")


def _set_media(item: PlanItem, known: _Known) -> Request:
    pictures = cast("list[Input]", item.after().get(Path("images"), []))
    rows = [file_input(picture["source"], picture["alt"], known.links) for picture in pictures]
    size = _page(len(rows))
    return Request("media_set", {"identifier": {"id": known.links.product}, "input": {"files": rows}, "media": size},
                   math.ceil(estimate(item.operation, item.changes)), "productSet")


def _delete(_item: PlanItem, known: _Known) -> Request:
    return Request("product_delete", {"input": {"id": known.links.product}}, MUTATION, "productDelete")


_BUILDERS: Mapping[Operation, Callable[[PlanItem, _Known], Request]] = {
    Operation.PRODUCT_UPDATE: _update,
    Operation.METAFIELDS_DELETE: _delete_metafields,
    Operation.VARIANTS_CREATE: _create_variants,
    Operation.VARIANTS_UPDATE: _update_variants,
    Operation.MEDIA_SET: _set_media,
    Operation.PRODUCT_DELETE: _delete,
    Operation.PUBLISH: _publish,
    Operation.UNPUBLISH: _publish,
}


def inventory_request(items: Sequence[PlanItem], links: Mapping[str, Links], *, location_id: str,
                      idempotency_key: str) -> Request:
    """One request that sets the stock of several INVENTORY_SET items, at most 250 changes together.

    Each row says which figure it replaces (the change's `before`; `None` where the shop showed none, then Shopify does
    not compare), so a figure that an order has moved meanwhile fails the whole request with CHANGE_FROM_QUANTITY_STALE.
    `links`: product key → its links. Repeat it with the same key and the same items only (Shopify keeps keys for 24 h).
    """
    rows = [_stock_row(item, links.get(item.product_key), location_id, index)
            for item in items for index in range(len(item.changes))]
    if not rows or len(rows) > MAX_ROWS:
        raise ValueError(f"{len(rows)} stock changes in one request: give 1 to {MAX_ROWS}.")
    return Request("inventory_set", {
        "input": {"name": "available", "reason": "correction", "quantities": rows,
                  "referenceDocumentUri": f"shopsync://plan-item/{quote(items[0].item_id, safe='')}"},
        "idempotencyKey": idempotency_key,
    }, MUTATION, "inventorySetQuantities")


def _stock_row(item: PlanItem, links: Links | None, location_id: str, index: int) -> Input:
    change = item.changes[index]
    where = place(change.path)
    about = subject(item, where.variant)
    check_location(where.item, about)
    if change.after is None:
        raise NotSendable(f"The stock of {about} cannot be cleared in Shopify; turn its tracking off, or set a number.")
    return {"inventoryItemId": _link(item, links, where.variant or "").inventory_item, "locationId": location_id,
            "quantity": change.after, "changeFromQuantity": change.before}


def _changed_attributes(item: PlanItem) -> dict[str, dict[str, Value | None]]:
    """Variant key → attribute → its new value, `None` where it is cleared; in the order of the changes."""
    rows: dict[str, dict[str, Value | None]] = {}
    for change in item.changes:
        where = place(change.path)
        if where.variant is None or where.field.writer is not Operation.VARIANTS_UPDATE:
            raise NotSendable(f"{change.path} of product {item.product_key} cannot be written together with variants; "
                              "make a new plan.")
        rows.setdefault(where.variant, {})[where.field.attribute] = change.after
    return rows


def _option_names(item: PlanItem, options: Sequence[str]) -> Sequence[str]:
    return cast("list[str]", item.after().get(Path("options"), list(options)))


def _link(item: PlanItem, links: Links | None, key: str) -> VariantLink:
    link = links.variants.get(key) if links else None
    if link is None:
        raise NotSendable(f"No Shopify id is known for {subject(item, key)}; pull the shop's products and make a new "
                          "plan.")
    return link


def _page(count: int) -> int:
    """The size of a connection that shall answer `count` nodes."""
    return max(1, min(count, MAX_ROWS))
