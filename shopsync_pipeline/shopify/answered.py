"""From Shopify's answer to a write to what the shop shows now, under our names, with the ids that the write made.

Never takes what was sent for what is shown (Shopify rewrites HTML, handles, tags), except stock, whose answer holds no
figures, and publications, whose answer would cost more than the write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from shopsync_pipeline.core.documents import flatten, variants_of
from shopsync_pipeline.core.fields import Fields, Operation, Path, Value
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.product import Product, ProductKey, VariantKey
from shopsync_pipeline.shopify import nodes
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.errors import AnswerLost
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings


@dataclass(frozen=True, slots=True)
class Written:
    """What the shop shows after a write: for each path of the item its value as answered, `None` where it is absent;
    and the product's links, with the ids that the write made.

    `complete` is false when the answer could not hold everything (more than 250 variants or pictures, or more than 50
    collections): fields and links lack the rest, and the product has to be read by id.
    """

    fields: dict[Path, Value | None]
    links: Links
    complete: bool = True


def written(item: PlanItem, request: Request, data: Mapping[str, Any], links: Links | None,
            listings: Listings = NOTHING_LISTED) -> Written:
    """Reads the answer `data` to the `request` of `item`; `links` and `listings` as they were given to the request.

    Raises `AnswerLost` when the payload lacks the thing that was written, because then nobody knows what is shown.
    """
    payload = data[request.root]
    known = links or Links(product=item.product_id or "")
    if item.operation is Operation.METAFIELDS_SET and request.document == "product_update":
        return _updated(item, request, payload, known, listings)
    match item.operation:
        case Operation.PRODUCT_CREATE:
            return _created(item, request, _there(payload, "product", request), listings)
        case Operation.PRODUCT_UPDATE:
            return _updated(item, request, payload, known, listings)
        case Operation.VARIANTS_CREATE | Operation.VARIANTS_UPDATE:
            return _variants(item, _there(payload, "productVariants", request), known)
        case Operation.MEDIA_SET:
            return _media(item, request, _there(payload, "product", request), known, listings)
        case Operation.METAFIELDS_SET:
            return Written(metafields_written([item], request, data)[item.item_id], known)
        case Operation.METAFIELDS_DELETE | Operation.PRODUCT_DELETE:
            return Written(_face(item, {}), known)
        case Operation.PUBLISH | Operation.UNPUBLISH:
            if payload is None:
                raise AnswerLost(f"The answer to {request.document} holds no result, so what it did is unknown. Read "
                                 "the product again before deciding.")
            return Written(_sent(item), known)
        case Operation.INVENTORY_SET:
            return Written(_sent(item), known)


def inventory_written(items: Sequence[PlanItem], data: Mapping[str, Any]) -> dict[str, dict[Path, Value | None]]:
    """What the shop shows after an `inventory_request` of `items`: item id → path → units.

    The answer holds differences only (`quantityAfterChange` is null in all recorded answers), and the call sets
    absolute figures or fails as a whole: an answer without errors means that exactly the figures sent are shown.
    """
    if data.get("inventorySetQuantities") is None:
        raise AnswerLost("The answer to inventory_set holds no result, so the stock may or may not have been set. "
                         "Read the products again before deciding.")
    return {item.item_id: _sent(item) for item in items}


def metafields_written(items: Sequence[PlanItem], request: Request,
                       data: Mapping[str, Any]) -> dict[str, dict[Path, Value | None]]:
    """What the shop shows after a `metafields_request` of several items: item id → path → type and value as answered.

    The answer lists the metafields in the order of the request's rows (recorded answers); an answer that does not is
    worth nothing, and raises `AnswerLost`.
    """
    payload = data[request.root]
    if request.document == "metafields_delete":
        _there(payload, "deletedMetafields", request)
        return {item.item_id: _face(item, {}) for item in items}
    rows, asked = _there(payload, "metafields", request), request.variables["metafields"]
    if [(row["namespace"], row["key"]) for row in rows] != [(row["namespace"], row["key"]) for row in asked]:
        raise AnswerLost(f"The answer to {request.document} lists other metafields than were sent, so what the shop "
                         "shows is unknown. Read the products again before deciding.")
    shown = iter(rows)
    return {item.item_id: {change.path: {"type": row["type"], "value": row["value"]}
                           for change, row in zip(item.changes, shown, strict=False)} for item in items}


def completed(request: Request, data: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """The answer `data` with the parts that it left out (`request.untold`) as they were `read` back just after.

    The product's plain fields stay as answered: what others changed between the write and the read is no answer to it.
    """
    payload = data[request.root]
    node = _there(payload, "product", request)
    return {**data, request.root: {**payload, "product": {**read, **node}}}


def _updated(item: PlanItem, request: Request, payload: Mapping[str, Any], links: Links,
             listings: Listings) -> Written:
    node = _there(payload, "product", request)
    aliased = [row for name in ("metafield1", "metafield2", "metafield3") if (row := node.get(name))]
    if aliased:
        node = {**node, "metafields": {"nodes": aliased}}
    shown = nodes.product_scalars(node, listings)
    return Written(_face(item, flatten(Product(key=ProductKey(item.product_key), **shown))), links,
                   complete=not _more_collections(node))


def _there(payload: Mapping[str, Any] | None, name: str, request: Request) -> Any:
    found = (payload or {}).get(name)
    if found is None:
        raise AnswerLost(f"The answer to {request.document} holds no {name}, so what it did is unknown. Read the "
                         "product again before deciding.")
    return found


def _face(item: PlanItem, shown: Fields) -> dict[Path, Value | None]:
    return {change.path: shown.get(change.path) for change in item.changes}


def _sent(item: PlanItem) -> dict[Path, Value | None]:
    return {change.path: change.after for change in item.changes}


def _more_collections(node: Mapping[str, Any]) -> bool:
    return bool(((node.get("collections") or {}).get("pageInfo") or {}).get("hasNextPage"))


def _created(item: PlanItem, request: Request, node: Mapping[str, Any], listings: Listings) -> Written:
    rows = node["variants"]["nodes"]
    media = (node.get("media") or {}).get("nodes") or ()
    sent = request.variables["input"]
    links = Links(
        product=str(node["id"]),
        variants=_name_new(item, rows, nodes.option_names(node)),
        images=_name_pictures(item, sent.get("files", ()), media, Links(product=str(node["id"]))),
    )
    remote = nodes.remote_product(node, known=links, listings=listings)
    whole = (not (node["variants"].get("pageInfo") or {}).get("hasNextPage")
             and len(media) >= len(sent.get("files", ())) and not _more_collections(node))
    return Written(_face(item, remote.fields), remote.links, complete=whole)


def _variants(item: PlanItem, rows: Sequence[Mapping[str, Any]], links: Links) -> Written:
    if item.operation is Operation.VARIANTS_CREATE:
        made = _name_new(item, rows, ())
        links = replace(links, variants={**links.variants, **made})
    sources = links.image_sources()
    keys = links.variant_keys()
    shown = Product(key=ProductKey(item.product_key), title="", variants=tuple(
        nodes.variant(row, VariantKey(keys[row["id"]]), (), sources) for row in rows if row["id"] in keys
    ))
    return Written(_face(item, flatten(shown)), links)


def _name_new(item: PlanItem, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, VariantLink]:
    """The answered variants by the keys of the item, matched by option values, which are unique in a product."""
    keys = {_fold(cast("list[str]", values.get("options", []))): key
            for key, values in variants_of(item.after()).items()}
    found = {keys.get(_fold(nodes.option_values(row, names))): nodes.variant_link(row) for row in rows}
    return {key: link for key, link in found.items() if key is not None}


def _fold(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(value.split()).casefold() for value in values)


def _media(item: PlanItem, request: Request, node: Mapping[str, Any], links: Links, listings: Listings) -> Written:
    plain = flatten(Product(key=ProductKey(item.product_key), **nodes.product_scalars(node, listings)))
    files = request.variables["input"].get("files")
    if files is None:
        return Written(_face(item, plain), links)
    media = node["media"]["nodes"]
    known = replace(links, images=_name_pictures(item, files, media, links))
    sources = nodes.media_sources(media, known)
    images: list[Value] = [{"source": image.source, "alt": image.alt} for image in nodes.images(media, sources)]
    shown: dict[Path, Value] = {**plain, Path("images"): images} if images else dict(plain)
    now = replace(links, images={sources[row["id"]]: str(row["id"]) for row in media})
    return Written(_face(item, shown), now, complete=len(media) >= len(files))


def _name_pictures(item: PlanItem, files: Sequence[Mapping[str, Any]], media: Sequence[Mapping[str, Any]],
                   links: Links) -> dict[str, str]:
    """Source key → media id of the answered media. New ones are known by their place alone, so they get their names
    only when the answer has as many as were sent and every picture sent by id stands where it was sent."""
    named = {source: gid for source, gid in links.images.items() if gid in {row["id"] for row in media}}
    in_place = len(files) == len(media) and all(
        file.get("id") in (None, row["id"]) for file, row in zip(files, media, strict=True)
    )
    if in_place:
        pictures = cast("list[dict[str, str]]", item.after().get(Path("images"), []))
        named.update((picture["source"], str(row["id"])) for picture, row in zip(pictures, media, strict=True))
    return named
