"""Calls that many products share: stock by the 250 rows, metafields by the 25, metafields to delete by the 250.

Pure: nothing is sent here. What may go together is decided in `core.batches`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast
from urllib.parse import quote

from shopsync_pipeline.core.cheapest import by_update
from shopsync_pipeline.core.fields import Operation, place
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.prices import METAFIELD_ROWS, MUTATION, PER_OWNER
from shopsync_pipeline.shopify.asked import MAX_ROWS, Known, Request, check_rows, link, owner_of
from shopsync_pipeline.shopify.errors import NotSendable
from shopsync_pipeline.shopify.inputs import Input, check_location, metafield_name, subject
from shopsync_pipeline.shopify.listings import NOTHING_LISTED
from shopsync_pipeline.shopify.updates import update


def inventory_request(items: Sequence[PlanItem], links: Mapping[str, Links], *, location_id: str,
                      idempotency_key: str) -> Request:
    """One request that sets the stock of several INVENTORY_SET items, at most 250 changes together.

    Each row says which figure it replaces (the change's `before`; `None` where the shop showed none, then Shopify does
    not compare), so a figure that an order has moved meanwhile fails the whole request with CHANGE_FROM_QUANTITY_STALE.
    `links`: product key → its links. Repeat it with the same key and the same items only (Shopify keeps keys for 24 h).
    """
    rows = [_stock_row(item, links.get(item.product_key), location_id, index)
            for item in items for index in range(len(item.changes))]
    check_rows(len(rows), MAX_ROWS, "stock changes")
    return Request("inventory_set", {
        "input": {"name": "available", "reason": "correction", "quantities": rows,
                  "referenceDocumentUri": f"shopsync://plan-item/{quote(items[0].item_id, safe='')}"},
        "idempotencyKey": idempotency_key,
    }, MUTATION, "inventorySetQuantities")


Digests: TypeAlias = Mapping[tuple[str, str], str | None]
"""(Product id, `custom.brand`) → Metafield.compareDigest as last read, `None` where the shop shows no such metafield.
A metafield that is not in it was not read."""


def metafields_request(items: Sequence[PlanItem], links: Mapping[str, Links], *,
                       digests: Digests | None = None) -> Request:
    """One request that does METAFIELDS_SET items, at most 25 changes together, or METAFIELDS_DELETE items, at most 250.

    Every metafield of which `digests` knows something is set only if the shop still shows what was read: the digest
    must be the same, or (`None`) there must still be no such metafield; else the whole call is refused with
    STALE_OBJECT. The others are set blindly. A product that has the call to itself goes by productUpdate where that is
    cheaper (`core.cheapest.by_update`). Repeating it is safe: a value that is there already is accepted whatever the
    digest (recorded answers).
    """
    owners = {item.item_id: owner_of(item, links.get(item.product_key)) for item in items}
    if items[0].operation is Operation.METAFIELDS_DELETE:
        rows = [{"ownerId": owners[item.item_id], **metafield_name(place(change.path).item or "")}
                for item in items for change in item.changes]
        check_rows(len(rows), MAX_ROWS, "metafields to delete")
        return Request("metafields_delete", {"metafields": rows}, MUTATION, "metafieldsDelete")
    if by_update(items):
        known = Known(Links(product=owners[items[0].item_id]), "", (), NOTHING_LISTED, told=True)
        return update(items[0], known)
    rows = [_metafield_row(item, owners[item.item_id], change, digests or {})
            for item in items for change in item.changes]
    check_rows(len(rows), METAFIELD_ROWS, "metafields to set")
    cost = MUTATION + PER_OWNER * len(set(owners.values()))
    return Request("metafields_set", {"metafields": rows}, cost, "metafieldsSet")


def _metafield_row(item: PlanItem, owner: str, change: Change, digests: Digests) -> Input:
    name = place(change.path).item or ""
    if change.after is None:
        raise NotSendable(f"{change.path} of {subject(item)} cannot be cleared by setting it; make a new plan.")
    row = {"ownerId": owner, **metafield_name(name), **cast("Input", change.after)}
    return {**row, "compareDigest": digests[owner, name]} if (owner, name) in digests else row


def _stock_row(item: PlanItem, links: Links | None, location_id: str, index: int) -> Input:
    change = item.changes[index]
    where = place(change.path)
    about = subject(item, where.variant)
    check_location(where.item, about)
    if change.after is None:
        raise NotSendable(f"The stock of {about} cannot be cleared in Shopify; turn its tracking off, or set a number.")
    return {"inventoryItemId": link(item, links, where.variant or "").inventory_item, "locationId": location_id,
            "quantity": change.after, "changeFromQuantity": change.before}
