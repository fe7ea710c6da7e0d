"""Fitness: whether an item of a saved plan may still go, asked of both sides just before it is sent.

A plan may be minutes or days old. An item goes only if the catalog still asks for it, what it waits for took effect,
and the store still shows what it was planned for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shopsync_pipeline.core.digests import differing_groups
from shopsync_pipeline.core.fields import Operation, Path, Value, place
from shopsync_pipeline.core.plan import PlanItem, Reason
from shopsync_pipeline.core.undo import undoes
from shopsync_pipeline.db.ahead import catalog_digests
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.db.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Fitness:
    """What was found out about items: item id → why it must not go (of those for which that is so), product key →
    what was agreed on, Shopify's product id → what the store showed when it was last read."""

    unfit: Mapping[str, str]
    linked: Mapping[str, Agreed]
    store: Mapping[str, Mapping[Path, Value]]


def examine(connection: Connection, shop_id: str, plan_id: str, items: Sequence[PlanItem]) -> Fitness:
    """Looks at items that are about to be sent. What they wait for is not looked at here."""
    linked = BaseStore(connection, shop_id).get(dict.fromkeys(item.product_key for item in items))
    ids = {item.product_id for item in items if item.product_id is not None}
    ids.update(agreed.links.product for agreed in linked.values())
    store = {product.product_id: product.document for product in Snapshot(connection, shop_id).products(sorted(ids))}
    found = _outdated_items(connection, shop_id, plan_id, items)
    for item in items:
        if item.item_id not in found and (why := _unready(item, linked, store)):
            found[item.item_id] = why
    return Fitness(found, linked, store)


def _outdated_items(connection: Connection, shop_id: str, plan_id: str, items: Sequence[PlanItem]) -> dict[str, str]:
    """Of the items whose product has another document in the catalog now, those that write what it no longer says."""
    seen = Plans(connection, shop_id).seen_local(plan_id, [item.item_id for item in items])
    found = _back(connection, shop_id, items)
    asked = {item.product_key for item in items if seen.get(item.item_id)}
    digests = catalog_digests(connection, shop_id, sorted(asked))
    changed = {item.product_key for item in items
               if item.product_key in asked and digests.get(item.product_key) != seen[item.item_id]}
    if not changed:
        return found
    documents = {key: document for key, _, document in Catalog(connection, shop_id).documents(sorted(changed))}
    for item in items:
        if item.product_key in changed:
            key = item.product_key
            why = _outdated(item, seen[item.item_id], digests.get(key, ""), documents.get(key))
            if why:
                found[item.item_id] = why
    return found


def _back(connection: Connection, shop_id: str, items: Sequence[PlanItem]) -> dict[str, str]:
    """The items that retire a product because it left the catalog, of those products that are in it again."""
    retired = [item for item in items if any(change.reason is Reason.GONE for change in item.changes)]
    there = catalog_digests(connection, shop_id, sorted({item.product_key for item in retired}))
    return {item.item_id: "the product is in the catalog again; the next diff looks at it again"
            for item in retired if item.product_key in there}


def _outdated(item: PlanItem, seen: str, digest: str, document: Mapping[Path, Value] | None) -> str:
    """Why the catalog is no longer what the item was planned from; empty if it is.

    `seen` and `digest` are the digests of the catalog's document then and now; `document` is the one of now. What an
    override says stands nowhere in the catalog, so a group that did not change is not compared.
    """
    if document is None:
        return "the product is no longer in the catalog"
    changed = differing_groups(seen, digest)
    for change in item.changes:
        if place(change.path).field.group in changed and document.get(change.path) != change.said:
            return f"the catalog's {change.path} changed after the plan was made; the next diff looks at it again"
    return ""


def _unready(item: PlanItem, linked: Mapping[str, Agreed], store: Mapping[str, Mapping[Path, Value]]) -> str:
    """Why an item may not go for what the store shows; empty if it may."""
    made = linked[item.product_key].links.product if item.product_key in linked else ""
    if item.operation is not Operation.PRODUCT_CREATE:
        # What follows on a creation was planned before the product had an id.
        return _stale(item, store.get(item.product_id or made))
    if made in store:
        return f"the product exists by now as {made}"
    return ""


def _stale(item: PlanItem, document: Mapping[Path, Value] | None) -> str:
    """Why the store is no longer what the item was planned for; empty if it is."""
    if document is None:
        return "the product is no longer in the store"
    if item.operation is Operation.PRODUCT_DELETE and undoes(item):
        # What an undo deletes, it deletes only if nobody has touched it: the item names everything that was there.
        seen = {change.path: change.before for change in item.changes}
        touched = [path for path in {**seen, **document} if seen.get(path) != document.get(path)]
        return f"{touched[0]} was changed in the store since, so the product is not deleted" if touched else ""
    for change in item.changes:
        if document.get(change.path) != change.before:
            return f"{change.path} is no longer {change.before!r} in the store; the next diff looks at it again"
    return ""
