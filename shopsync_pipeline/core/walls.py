"""Walls: what the platform itself will not take, found before anything is sent.

A change beyond a wall is held with the reason, so that the rest of its product still goes; what only has to be spread
(over days, over calls) is told and goes. Figures: Shopify's documentation and recorded refusals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from shopsync_pipeline.core.cost import INVENTORY_ROWS
from shopsync_pipeline.core.fields import Field, Operation, Value, place
from shopsync_pipeline.core.plan import Change, PlanItem

TEXT = 255
"""Characters of a title, handle, vendor, product type, tag, option name or option value."""

OPTIONS = 3
TAGS = 250
MEDIA = 250
INPUT_ROWS = 250
VARIANTS = 2048
LIST_ITEMS = 128
METAFIELD_BYTES = {"json": 128 * 1024, "url": 2048, "id": 2048, "link": 65_536}
METAFIELD_BYTES_USUAL = 64 * 1024

_SHORT_TEXTS = frozenset({"title", "handle", "vendor", "product_type"})
EXAMPLES = 10


class Fate(StrEnum):
    """What becomes of that which meets a wall."""

    HELD = "not sent"
    SPLIT = "sent in parts"
    DAYS = "sent over days"


@dataclass(slots=True)
class Wall:
    """One limit that a plan meets: which products (the first few, and how many), and what will happen."""

    name: str
    limit: int
    fate: Fate
    sentence: str
    count: int = 0
    products: list[str] = field(default_factory=list)
    last: str = ""

    def met_by(self, product_key: str) -> None:
        """Counts one more product; items of one product come one after another."""
        if product_key == self.last:
            return
        self.last = product_key
        self.count += 1
        if len(self.products) < EXAMPLES:
            self.products.append(product_key)

    def to_json(self) -> dict[str, Any]:
        """A JSON object for a plan's summary."""
        return {"name": self.name, "limit": self.limit, "fate": self.fate.value, "sentence": self.sentence,
                "count": self.count, "products": self.products}


@dataclass(frozen=True, slots=True)
class Beyond:
    """A change or item that the platform would refuse: the wall's name, its limit, and why in a sentence."""

    wall: str
    limit: int
    why: str


def beyond(change: Change) -> Beyond | None:
    """The wall that a change's new value stands behind; `None` if Shopify will take it."""
    if change.after is None:
        return None
    where = place(change.path)
    return _value_beyond(where.field, change, where.item or "")


def _value_beyond(of: Field, change: Change, item: str) -> Beyond | None:
    value = change.after
    if of.name in _SHORT_TEXTS and isinstance(value, str) and len(value) > TEXT:
        return Beyond(of.name, TEXT, f"{of.name} has {len(value)} characters; Shopify takes {TEXT}")
    if of.name in ("options", "variants[].options") and isinstance(value, list):
        if of.name == "options" and len(value) > OPTIONS:
            return Beyond("options", OPTIONS, f"the product has {len(value)} options; Shopify takes {OPTIONS}")
        return _longest(value, "option names" if of.name == "options" else "option values")
    if of.name == "tags" and isinstance(value, list):
        if len(value) > TAGS:
            return Beyond("tags", TAGS, f"the product has {len(value)} tags; Shopify takes {TAGS}")
        return _longest(value, "tag lengths")
    if of.name == "images" and isinstance(value, list) and len(value) > MEDIA:
        return Beyond("media", MEDIA, f"the product has {len(value)} pictures; Shopify takes {MEDIA}")
    if of.name == "metafields[]" and isinstance(value, dict):
        return _metafield(item, value)
    return None


def _longest(texts: Sequence[Value], name: str) -> Beyond | None:
    for text in texts:
        if isinstance(text, str) and len(text) > TEXT:
            return Beyond(name, TEXT, f'"{text[:40]}…" has {len(text)} characters; Shopify takes {TEXT} ({name})')
    return None


def _metafield(name: str, value: dict[str, Value]) -> Beyond | None:
    kind, text = str(value.get("type", "")), value.get("value")
    if not isinstance(text, str):
        return None
    if kind.startswith("list."):
        kind = kind.removeprefix("list.")
        most = 2 * LIST_ITEMS if kind == "metaobject_reference" else LIST_ITEMS
        try:
            items = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(items, list):
            return None
        if len(items) > most:
            return Beyond("metafield lists", most,
                          f"the metafield {name} has {len(items)} items; Shopify takes {most} in a list")
        parts = [one if isinstance(one, str) else orjson.dumps(one).decode() for one in items]
    else:
        parts = [text]
    size = METAFIELD_BYTES.get(kind, METAFIELD_BYTES_USUAL)
    longest = max((len(part.encode(errors="surrogatepass")) for part in parts), default=0)
    if longest > size:
        return Beyond("metafield sizes", size,
                      f"the metafield {name} ({kind}) has {longest} bytes; Shopify takes {size}")
    return None


def item_beyond(item: PlanItem, variants_in_store: int) -> Beyond | None:
    """The wall that an item as a whole stands behind. `variants_in_store`: variants that its product has already."""
    if item.operation in (Operation.PRODUCT_CREATE, Operation.VARIANTS_CREATE):
        total = variants_in_store + new_variants(item)
        if total > VARIANTS:
            return Beyond("variants of a product", VARIANTS,
                          f"the product would have {total} variants; Shopify takes {VARIANTS}")
    rows = sum(change.path.startswith("metafields[") for change in item.changes)
    if rows > INPUT_ROWS:
        return Beyond("rows of an input", INPUT_ROWS,
                      f"{rows} metafields would go in one input; Shopify takes {INPUT_ROWS} rows")
    return None


def new_variants(item: PlanItem) -> int:
    """Variants that an item creates; a product without a variant of its own still gets one."""
    if item.operation not in (Operation.PRODUCT_CREATE, Operation.VARIANTS_CREATE):
        return 0
    keys = {change.path[:change.path.rindex("].")] for change in item.changes if change.path.startswith("variants[")}
    return max(1, len(keys))


def stock_calls(items: Iterable[PlanItem]) -> Wall | None:
    """The wall of 250 rows for stock, where a plan has more of them: every call takes that many."""
    wall = Wall("rows of stock", INVENTORY_ROWS, Fate.SPLIT, "")
    rows = 0
    for item in items:
        if item.operation is Operation.INVENTORY_SET:
            rows += len(item.changes)
            wall.met_by(item.product_key)
    if rows <= INVENTORY_ROWS:
        return None
    wall.sentence = f"{rows} rows of stock go in {-(-rows // INVENTORY_ROWS)} calls of {INVENTORY_ROWS} rows"
    return wall


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyLimit:
    """The wall of new variants: past `wall` variants in the shop only `a_day` may be made each day.

    `in_store` and `made_today` are counted before the plan; `applies` is false for a shop whose plan knows no such
    limit.
    """

    wall: int
    a_day: int
    in_store: int
    made_today: int
    applies: bool = True


@dataclass(slots=True)
class Creations:
    """Takes new variants one item after another, as the shop will: those with room today, then the rest."""

    limit: DailyLimit
    taken: int = 0
    waiting: int = 0

    def has_room(self, count: int) -> bool:
        """Whether an item that makes `count` variants can go today; it is counted either way."""
        total = self.limit.in_store + self.taken + count
        past = min(self.limit.made_today + self.taken + count, total - self.limit.wall)
        if self.limit.applies and total > self.limit.wall and past > self.limit.a_day:
            self.waiting += count
            return False
        self.taken += count
        return True

    @property
    def days(self) -> int:
        """Days until all are made, today included."""
        return 1 + -(-self.waiting // max(1, self.limit.a_day)) if self.waiting else min(1, self.taken)
