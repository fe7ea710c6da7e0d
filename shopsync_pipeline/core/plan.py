"""A plan is data: ordered items, each one operation on one product with its fields' before and after.

Nothing here sends anything. Two plans from the same inputs are equal to the byte, which is what `Plan.hash` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shopsync_pipeline.core.fields import Operation, Path, Risk, Value


class Lane(StrEnum):
    """What goes out before what: stock never waits behind content. Order of definition is order of sending."""

    STOCK = "stock"
    PRICE = "price"
    CONTENT = "content"
    CREATION = "creation"
    PUBLICATION = "publication"
    REMOVAL = "removal"


class Reason(StrEnum):
    """Why a field is written."""

    NEW = "new in the catalog"
    CATALOG_CHANGED = "changed in the catalog"
    RESTORED = "restored: the catalog owns this field"
    CATALOG_WON = "conflict: the catalog has priority"
    CATALOG_LATER = "conflict: the catalog changed last"
    MERGED = "merged from both sides"
    OVERRIDDEN = "changed by a local override"
    GONE = "gone from the catalog"
    REVIEWED = "conflict: decided by review"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what Shopify shows now, what it shall show, and why. `None` stands for absent.

    `catalog` is what the catalog says where `after` combines both sides (`MERGED`), and means nothing elsewhere.
    """

    path: Path
    before: Value | None
    after: Value | None
    reason: Reason
    catalog: Value | None = None

    @property
    def said(self) -> Value | None:
        """The catalog's part in this change, which becomes the local face of the base."""
        return self.catalog if self.reason is Reason.MERGED else self.after

    def inverse(self) -> Change:
        """The change that takes this one back."""
        return Change(self.path, self.after, self.before, Reason.UNDONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One operation on one product. `cost` is the estimate in points; `depends_on` holds item ids that go first.

    `product_id` is Shopify's id, `None` for a product that does not exist there yet.
    """

    item_id: str
    product_key: str
    product_id: str | None
    operation: Operation
    lane: Lane
    risk: Risk
    changes: tuple[Change, ...]
    cost: float
    depends_on: tuple[str, ...] = ()

    def after(self) -> dict[Path, Value]:
        """The values that this item writes, without the fields that it clears."""
        return {change.path: change.after for change in self.changes if change.after is not None}

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back to an equal value."""
        return {
            "item_id": self.item_id,
            "product_key": self.product_key,
            "product_id": self.product_id,
            "operation": self.operation.value,
            "lane": self.lane.value,
            "risk": self.risk.value,
            "changes": [[c.path, c.before, c.after, c.reason.value, *([c.catalog] if c.reason is Reason.MERGED else [])]
                        for c in self.changes],
            "cost": self.cost,
            "depends_on": list(self.depends_on),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlanItem:
        """The item written by `to_json`."""
        return cls(
            item_id=data["item_id"],
            product_key=data["product_key"],
            product_id=data["product_id"],
            operation=Operation(data["operation"]),
            lane=Lane(data["lane"]),
            risk=Risk(data["risk"]),
            changes=tuple(Change(Path(p), before, after, Reason(why), *said)
                          for p, before, after, why, *said in data["changes"]),
            cost=data["cost"],
            depends_on=tuple(data["depends_on"]),
        )
