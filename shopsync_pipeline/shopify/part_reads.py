"""Reads of parts of products by id, up to 250 in one request: before a write what it replaces, after it what it made.

Never asks for more than is wanted, and never takes a part for the whole: what comes back says nothing about the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.parts import Parts, all_parts
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.shopify.answered import Written, completed, written
from shopsync_pipeline.shopify.asked import Request
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost
from shopsync_pipeline.shopify.listings import NOTHING_LISTED, Listings
from shopsync_pipeline.shopify.snapshot import nodes_by_id, with_the_rest

_MOST = 250
"""Products a request (Shopify's limit on input arrays)."""


async def read_parts(client: ShopifyClient, ids: Iterable[str], parts: Parts, *,
                     location_id: str) -> dict[str, dict[str, Any]]:
    """Product id → its node with the parts asked for, whole; ids that name no product are left out."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, dict[str, Any]] = {}
    async for _, nodes in nodes_by_id(client, "products_parts", wanted, _variables(parts, location_id),
                                      cost=parts.read_cost, count=_MOST):
        products = [node for node in nodes if "handle" in node]
        whole = await with_the_rest(client, products, location_id)
        found.update((str(node["id"]), node) for node in whole if node is not None)
    return found


def _variables(parts: Parts, location_id: str) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "locationId": location_id, "variants": max(1, parts.variants), "metafields": max(1, parts.metafields),
        "media": max(1, parts.media), "collections": max(1, parts.collections),
        "publications": max(1, parts.publications), "withSeo": parts.seo, "withCategory": parts.category,
        "withOptions": parts.options, "withVariants": parts.variants > 0, "withItems": parts.items,
        "withStock": parts.stock, "withPictures": parts.pictures, "withMetafields": parts.metafields > 0,
        "withMedia": parts.media > 0, "withCollections": parts.collections > 0,
        "withPublications": parts.publications > 0,
    }
    # A null would be read as "none of them"; without the variable all are asked for.
    return asked if parts.asked_keys is None else {**asked, "metafieldKeys": parts.asked_keys}


@dataclass(frozen=True, slots=True)
class Answered:
    """A write whose answer left a part out: its item, request and answer, and the links as the request was given
    them."""

    item: PlanItem
    request: Request
    data: Mapping[str, Any]
    links: Links | None

    @property
    def product_id(self) -> str:
        """The product that the answer is about, which a creation has just made."""
        product = (self.data[self.request.root] or {}).get("product") or {}
        return str(product.get("id", ""))


async def read_back(client: ShopifyClient, answers: Sequence[Answered], *, location_id: str,
                    listings: Listings = NOTHING_LISTED) -> list[Written | None]:
    """What the shop shows after each of the writes, with the parts that their answers left out; `None` for a product
    that is gone again, or whose answer lacks what it should hold: what became of that write must be settled by reading.

    Give up to 250 answers at a time, soon after they came: what other people change between a write and this read is
    taken for the shop's answer to it. A process that dies before leaves writes of which it is only known that they were
    sent; reading the product settles those.
    """
    parts = all_parts(answer.request.untold for answer in answers)
    found = await read_parts(client, [gid for answer in answers if (gid := answer.product_id)], parts,
                             location_id=location_id)
    return [_written(answer, found[answer.product_id], listings) if answer.product_id in found else None
            for answer in answers]


def _written(answer: Answered, node: Mapping[str, Any], listings: Listings) -> Written | None:
    try:
        whole = completed(answer.request, answer.data, node)
        return written(answer.item, answer.request, whole, answer.links, listings)
    except AnswerLost:
        return None
