"""The one request that changes a product's own fields: text, tags, status, category, collections, metafields.

Pure: nothing is sent here.
"""

from __future__ import annotations

from shopsync_pipeline.core.cost import answered
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.parts import Parts
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.prices import ALIASES
from shopsync_pipeline.shopify.asked import Known, Request, memberships_of, page, points, untold
from shopsync_pipeline.shopify.inputs import Input, listing_ids, metafield_name, product_input


def update(item: PlanItem, known: Known) -> Request:
    """Also for metafields alone, where a call to themselves costs more."""
    memberships = memberships_of(item)
    values = product_input([change for change in item.changes if change not in memberships])
    for name, changes in (("collectionsToJoin", [change for change in memberships if change.after is not None]),
                          ("collectionsToLeave", [change for change in memberships if change.after is None])):
        if changes:
            values[name] = listing_ids(changes, known.listings.collections, "manual collection")
    parts = answered(Operation.PRODUCT_UPDATE, item.changes)
    return Request("product_update", {
        "identifier": {"id": known.links.product}, "product": values, **_told_metafields(parts, told=known.told),
        "withSeo": known.told and parts.seo, "withCategory": known.told and parts.category,
        "withCollections": known.told and parts.collections > 0, "collections": max(1, parts.collections),
    }, points(item, known, Operation.PRODUCT_UPDATE), "productUpdate", untold(item, known, Operation.PRODUCT_UPDATE))


def _told_metafields(parts: Parts, *, told: bool) -> Input:
    """Which metafields the answer tells: a few by a field each, which is cheaper, more by a connection."""
    keys = sorted(parts.keys)
    few = told and 0 < len(keys) <= ALIASES
    found: Input = {"withMetafields": told and len(keys) > ALIASES, "metafields": page(parts.metafields),
                    "metafieldKeys": keys}
    for place_of in range(ALIASES):
        shown = few and place_of < len(keys)
        name = metafield_name(keys[place_of]) if shown else {"namespace": None, "key": ""}
        found |= {f"with{place_of + 1}": shown, f"namespace{place_of + 1}": name["namespace"],
                  f"key{place_of + 1}": name["key"]}
    return found
