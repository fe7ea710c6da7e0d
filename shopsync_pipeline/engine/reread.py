"""Reread: what is about to be written is looked at once more, just before, and nothing else.

Shopify compares before it sets only stock and metafields; for all other fields this read is what shows an edit made
since the plan. It asks for the parts that are about to be written, so it says nothing about how old the rest is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.parts import Parts, all_parts, merged, parts_of
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.prices import PAGE
from shopsync_pipeline.db.rows import chunks, now
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import keep, known_links
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.listings import Listings
from shopsync_pipeline.shopify.nodes import Node, digests_of, fields_of_parts
from shopsync_pipeline.shopify.part_reads import read_parts
from shopsync_pipeline.shopify.shop import Shop
from shopsync_pipeline.shopify.snapshot import FoundById, all_answers, read_by_ids
from shopsync_pipeline.shopify.writes import Digests

_NOT_ASKED = (Operation.INVENTORY_SET, Operation.PRODUCT_CREATE)
"""Stock is compared by its own mutation; what does not exist yet cannot be edited."""


async def reread(context: Context, client: ShopifyClient, shop: Shop, items: Sequence[PlanItem]) -> Digests:
    """Reads again what plan items are about to write, of products that were not read as a whole for
    `SYNC_REREAD_AFTER` seconds, 250 products in a request; and, at any age, metafields that are about to be set, whose
    digests it returns: by them the mutation compares (`shopify.writes.metafields_request`).

    What differs from before is in the snapshot then, and noted as an edit, so that `engine.fitness` sets the items
    aside that would overwrite it. Products that are gone leave the snapshot. A product that is about to be deleted, or
    has other variants than are known, is read whole.
    """
    asked, known = await asyncio.to_thread(_asked, context, items)
    found = _Found()
    whole = [gid for gid, wanted in asked.items() if wanted.whole]
    # A page costs what its dearest product asks for, so those with variants are read apart from those without.
    pages: list[tuple[dict[str, StoredProduct], Parts]] = []
    for variants in (False, True):
        group = {gid: wanted.parts for gid, wanted in asked.items()
                 if wanted.parts is not None and gid in known and (wanted.parts.variants > 0) is variants}
        for ids in chunks(sorted(group), PAGE):
            page = {gid: known[gid] for gid in ids}
            pages.append((page, _enough(all_parts(group[gid] for gid in page), page.values())))
    shown = await all_answers(read_parts(client, page, parts, location_id=shop.location_id) for page, parts in pages)
    for (page, parts), nodes in zip(pages, shown, strict=True):
        found.take(page, nodes, parts, shop.listings)
    whole += found.renamed
    read = await read_by_ids(client, whole, known=known_links(context), location_id=shop.location_id,
                             listings=shop.listings)
    if whole or found.products or found.missing:
        await asyncio.to_thread(_keep, context, found, read)
    return _asked_digests(items, found.digests)


def _asked(context: Context, items: Sequence[PlanItem]) -> tuple[dict[str, _Wanted], dict[str, StoredProduct]]:
    """What is to be read of each product, and what is known of those of which parts are."""
    by_product: dict[str, list[PlanItem]] = {}
    for item in items:
        if item.product_id is not None and item.operation not in _NOT_ASKED:
            by_product.setdefault(item.product_id, []).append(item)
    latest = now() - timedelta(seconds=context.settings.reread_after)
    with context.database.read() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        old = set(snapshot.read_until(sorted(by_product), latest))
        asked = {gid: _wanted(of_product, old=gid in old) for gid, of_product in by_product.items()}
        return asked, {product.product_id: product for product in snapshot.products(
            gid for gid, wanted in asked.items() if wanted.parts is not None)}


def _keep(context: Context, found: _Found, read: FoundById) -> None:
    with context.database.write() as connection:
        snapshot = Snapshot(connection, context.shop_id)
        keep(snapshot, read)
        snapshot.put(found.products, read=True, seen_at=found.at)
        snapshot.remove(found.missing)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be read of a product: the whole, parts, or (`None`) no part."""

    whole: bool = False
    parts: Parts | None = None


def _wanted(items: Sequence[PlanItem], *, old: bool) -> _Wanted:
    if old and any(item.operation is Operation.PRODUCT_DELETE for item in items):
        return _Wanted(whole=True)
    due = [item for item in items if old or item.operation is Operation.METAFIELDS_SET]
    return _Wanted(parts=parts_of(change for item in due for change in item.changes) if due else None)


def _enough(parts: Parts, products: Collection[StoredProduct]) -> Parts:
    """These parts, in pages that hold all variants and pictures that the products are known to have."""
    variants = max((len(product.links.variants) for product in products), default=0) if parts.variants else 0
    pictures = max((len(product.links.images) for product in products), default=0) if parts.media else 0
    return replace(parts, variants=min(max(parts.variants, variants), PAGE),
                   media=min(max(parts.media, pictures), PAGE))


@dataclass(slots=True)
class _Found:
    """What reads of parts showed: the products with what is known of them now, and those that are gone."""

    products: list[StoredProduct] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    """Products whose variants are others than known."""
    digests: dict[str, Mapping[str, str]] = field(default_factory=dict)
    at: datetime = field(default_factory=now)

    def take(self, page: Mapping[str, StoredProduct], nodes: Mapping[str, Node], parts: Parts,
             listings: Listings) -> None:
        """Adds one page."""
        self.at = now()
        for gid, before in page.items():
            node = nodes.get(gid)
            if node is None:
                self.missing.append(gid)
                continue
            self.digests[gid] = digests_of(node)
            shown = fields_of_parts(node, before.links, listings)
            if shown is None:
                self.renamed.append(gid)
            else:
                self.products.append(_now(before, node, merged(before.document, shown, parts)))


def _now(before: StoredProduct, node: Node, document: dict[Path, Value]) -> StoredProduct:
    """The product with what was read of it. It counts as read when all of it was."""
    skus = tuple(str(value) for path, value in document.items()
                 if path.startswith("variants[") and path.endswith("].sku"))
    return replace(before, document=document, handle=str(node["handle"]), skus=skus,
                   updated_at=datetime.fromisoformat(node["updatedAt"]))


def _asked_digests(items: Sequence[PlanItem], read: Mapping[str, Mapping[str, str]]) -> Digests:
    """By product and metafield; `None` where there is none now."""
    return {(item.product_id or "", key): read[item.product_id or ""].get(key)
            for item in items
            if item.operation is Operation.METAFIELDS_SET and item.product_id in read
            for key in (place(change.path).item or "" for change in item.changes)}
