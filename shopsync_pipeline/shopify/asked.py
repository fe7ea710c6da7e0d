"""A request as it is sent: the document, its variables, what it costs, and what its answer leaves out.

Pure, as all that builds on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shopsync_pipeline.core.cost import answered, estimate
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.links import Links, VariantLink
from shopsync_pipeline.core.parts import Parts
from shopsync_pipeline.core.plan import Change, PlanItem
from shopsync_pipeline.core.prices import PAGE
from shopsync_pipeline.shopify.errors import NotSendable
from shopsync_pipeline.shopify.inputs import subject
from shopsync_pipeline.shopify.listings import Listings

NOTHING = Parts()

MAX_ROWS = PAGE
"""Rows in an input list, and nodes in a page."""


@dataclass(frozen=True, slots=True)
class Request:
    """A document with its variables. `cost` is the estimate in whole points, rounded up so that it is not below what
    Shopify asks; `root` is the payload's name in the answer.

    `untold`: what the answer leaves out because it is read back cheaper together with other products
    (`readback.read_back`); empty where the answer tells all that was written.
    """

    document: str
    variables: dict[str, Any]
    cost: float
    root: str
    untold: Parts = NOTHING

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is as good as once, so that a lost answer may be followed by another try.

        Deletes, and sets of absolute values to things named by id, are, and stock by its idempotency key. What makes
        something (a product, a variant, an upload) is not.
        """
        if self.document == "media_set":
            return all("id" in row for row in self.variables["input"].get("files", ()))
        return self.document in _REPEATABLE


_REPEATABLE = frozenset({"product_update", "variants_update", "metafields_set", "metafields_delete", "product_delete",
                         "inventory_set", "publish", "unpublish"})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around an item: the ids of its product, where stock is kept, the product's option names, the shop's
    collections and sales channels; and whether the answer shall tell everything that is written."""

    links: Links
    location_id: str
    options: Sequence[str]
    listings: Listings
    told: bool


def points(item: PlanItem, known: Known, operation: Operation | None = None) -> int:
    """The estimate of a request in whole points, rounded up."""
    return math.ceil(estimate(operation or item.operation, item.changes, told=known.told))


def untold(item: PlanItem, known: Known, operation: Operation | None = None) -> Parts:
    """What the answer leaves out."""
    return NOTHING if known.told else answered(operation or item.operation, item.changes)


def owner_of(item: PlanItem, links: Links | None) -> str:
    """The product that an item is about; raises `NotSendable` where its id is unknown."""
    product = (links.product if links else "") or item.product_id
    if not product:
        raise NotSendable(f"No Shopify id is known for {subject(item)}, so {item.operation.value} cannot be sent; pull "
                          "the shop's products and make a new plan.")
    return product


def link(item: PlanItem, links: Links | None, key: str) -> VariantLink:
    """The ids of a variant; raises `NotSendable` where they are unknown."""
    link = links.variants.get(key) if links else None
    if link is None:
        raise NotSendable(f"No Shopify id is known for {subject(item, key)}; pull the shop's products and make a new "
                          "plan.")
    return link


def memberships_of(item: PlanItem) -> list[Change]:
    """The changes that are about collections."""
    return [change for change in item.changes if change.path.startswith("collections[")]


def check_rows(count: int, most: int, what: str) -> None:
    """Raises unless a call of `count` rows is within the platform's limit."""
    if not 0 < count <= most:
        raise ValueError(f"{count} {what} in one request: give 1 to {most}.")


def page(count: int) -> int:
    """The size of a connection that shall answer `count` nodes."""
    return max(1, min(count, MAX_ROWS))
