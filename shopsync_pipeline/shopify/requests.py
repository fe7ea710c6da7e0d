"""From a plan item to the one request that does it.

Pure: nothing is sent here. Never sends a picture that Shopify has by its address again, and never a guess for an id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from shopsync_pipeline.core.cost import answered
from shopsync_pipeline.core.documents import variants_of
from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.parts import ITEM_ATTRIBUTES
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.prices import MUTATION
from shopsync_pipeline.core.product import DEFAULT_OPTION
from shopsync_pipeline.shopify.asked import Known, Request, link, memberships_of, owner_of, page, points, untold
from shopsync_pipeline.shopify.errors import NotSendable
from shopsync_pipeline.shopify.inputs import (
    Input,
    custom_id,
    custom_id_metafield,
    file_input,
    listing_ids,
    media_id,
    product_input,
    product_options,
    stock_of,
    subject,
    variant_input,
)
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings
from shopsync_pipeline.shopify.shared_calls import metafields_request
from shopsync_pipeline.shopify.updates import update


def request(item: PlanItem, links: Links | None, *, location_id: str, options: Sequence[str] = (),
            listings: Listings = NOTHING_LISTED, told: bool = True) -> Request:
    """The request that does `item` alone (any operation but INVENTORY_SET, for which there is `inventory_request`).

    `links` are the product's remembered links (`None` only for a creation); `options` its option names as the shop
    shows them, needed where variants are made or get other option values; `listings` the shop's collections and sales
    channels. `told=False` leaves out of the answer what costs points, to be read back (`core.cost.read_back` says when
    that pays). Raises `NotSendable` where an id is unknown or Shopify cannot do what is asked.
    """
    known = Known(links or Links(product=item.product_id or ""), location_id, options, listings, told)
    if item.operation is Operation.PRODUCT_CREATE:
        return _create(item, known)
    owner_of(item, known.links)
    return _BUILDERS[item.operation](item, known)


def _create(item: PlanItem, known: Known) -> Request:
    after = item.after()
    rows = variants_of(after)
    names = cast("list[str]", after.get(Path("options"), [DEFAULT_OPTION]))
    pictures = cast("list[Input]", after.get(Path("images"), []))
    named_files = {picture["source"]: file_input(picture["source"], picture["alt"], None) for picture in pictures}
    joined = [change for change in memberships_of(item) if change.after is not None]
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
    parts = answered(item.operation, item.changes)
    size = {"variants": page(len(variants)), "metafields": page(parts.metafields), "media": page(len(pictures))}
    return Request("product_set", {
        "identifier": custom_id(item.product_key), "input": values, "locationId": known.location_id, **size,
        "told": known.told, "withStock": with_stock > 0, "withMedia": known.told and bool(pictures),
        "withPictures": parts.pictures,
        "withMetafields": known.told and parts.metafields > 0, "metafieldKeys": parts.asked_keys,
        "withCategory": known.told and parts.category, "withCollections": known.told and bool(joined),
        "collections": max(1, parts.collections),
    }, points(item, known), "productSet", untold(item, known))


def _publish(item: PlanItem, known: Known) -> Request:
    channels = listing_ids(item.changes, known.listings.publications, "sales channel")
    document, root = {Operation.PUBLISH: ("publish", "publishablePublish"),
                      Operation.UNPUBLISH: ("unpublish", "publishableUnpublish")}[item.operation]
    rows = [{"publicationId": channel} for channel in channels]
    return Request(document, {"id": known.links.product, "input": rows}, MUTATION, root)


def _create_variants(item: PlanItem, known: Known) -> Request:
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
    }, points(item, known), "productVariantsBulkCreate")


def _update_variants(item: PlanItem, known: Known) -> Request:
    rows = _changed_attributes(item)
    variants, media = [], 0
    for key, row in rows.items():
        values = variant_input(row, _option_names(item, known.options), bulk=True, subject=subject(item, key))
        if "image" in row:
            media += 1
            source = row["image"]
            values["mediaId"] = None if source is None else media_id(str(source), known.links, subject(item, key))
        variants.append({"id": link(item, known.links, key).id, **values})
    return Request("variants_update", {
        "productId": known.links.product, "variants": variants, "withMedia": media > 0,
        "withOptions": any("options" in row for row in rows.values()),
        "withItem": any(ITEM_ATTRIBUTES.intersection(row) for row in rows.values()),
    }, points(item, known), "productVariantsBulkUpdate")


def _set_media(item: PlanItem, known: Known) -> Request:
    """The pictures, and the plain fields that ride along."""
    pictures = cast("list[Input]", item.after().get(Path("images"), []))
    values = product_input([change for change in item.changes if change.path != "images"])
    if any(change.path == "images" for change in item.changes):
        values["files"] = [file_input(picture["source"], picture["alt"], known.links) for picture in pictures]
    parts = answered(item.operation, item.changes)
    return Request("media_set", {
        "identifier": {"id": known.links.product}, "input": values, "media": page(parts.media),
        "told": known.told and parts.media > 0, "withSeo": known.told and parts.seo,
        "withCategory": known.told and parts.category,
    }, points(item, known), "productSet", untold(item, known))


def _set_metafields(item: PlanItem, known: Known) -> Request:
    return metafields_request([item], {item.product_key: known.links})


def _delete(_item: PlanItem, known: Known) -> Request:
    return Request("product_delete", {"input": {"id": known.links.product}}, MUTATION, "productDelete")


_BUILDERS: Mapping[Operation, Callable[[PlanItem, Known], Request]] = {
    Operation.PRODUCT_UPDATE: update,
    Operation.METAFIELDS_SET: _set_metafields,
    Operation.METAFIELDS_DELETE: _set_metafields,
    Operation.VARIANTS_CREATE: _create_variants,
    Operation.VARIANTS_UPDATE: _update_variants,
    Operation.MEDIA_SET: _set_media,
    Operation.PRODUCT_DELETE: _delete,
    Operation.PUBLISH: _publish,
    Operation.UNPUBLISH: _publish,
}


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
