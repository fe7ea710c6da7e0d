"""Prepare: between deciding and saving, a plan's items meet the shop's walls, the roll-out's limits and the bounds.

Every plan goes through here, whoever made its items: what waits is held with its reason, and what would do too much is
refused with the figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from shopsync_pipeline.core.bounds import Figures, judge, moved
from shopsync_pipeline.core.cost import estimate_plan
from shopsync_pipeline.core.dead_letters import Letter, set_apart
from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.plan import Change, Lane, PlanItem
from shopsync_pipeline.core.rollout import Held, Hold, held_back, risk_of
from shopsync_pipeline.core.walls import (
    Beyond,
    Creations,
    DailyLimit,
    Fate,
    Wall,
    beyond,
    item_beyond,
    new_variants,
    stock_calls,
)
from shopsync_pipeline.db.ahead import (
    catalog_digests,
    known_documents,
    variants_by_product,
    variants_in_store,
    variants_made_since,
)
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.learned import cost_factors
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.db.shops import KnownShop, known_shop
from shopsync_pipeline.engine.dead_letters import letters_about, text_of
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.documents import WRITES

PLUS_BUCKET = 20_000.0
"""Points that the bucket of a Plus shop holds at the least; those shops have no daily limit on new variants."""

USUAL_RATE = 100.0
"""Points a second of a shop that was not asked yet."""

AS_ESTIMATED = 0.05
"""How far what a shop usually charges may lie from our estimate before plans reckon with it: less is rounding."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan ready to be saved: its items, why some of them wait, why it needs approval, and what people read first.

    `seen_local`: product key → digests of the catalog's document as it is now, where values come from it. `linked`:
    products that are linked. `letters` is the text of the dead letters that had a say, which belongs to what the plan
    was computed from.
    """

    items: list[PlanItem]
    held: dict[str, Held]
    refusals: list[str]
    summary: dict[str, Any]
    seen_local: dict[str, str]
    linked: int
    letters: str = ""


def prepare(connection: Connection, shop_id: str, settings: Settings, items: Sequence[PlanItem], *,
            conflicted: Iterable[str] = (), from_catalog: bool = True) -> Prepared:
    """Judges items that are in sending order. `conflicted`: products that wait for a decision. `from_catalog`: the
    values come from the catalog, so that an empty one is suspicious and a changed one is asked again before sending.

    `summary` has the keys estimate, lanes, risks, groups, held, walls, monitoring and phase.
    """
    shop = known_shop(connection, shop_id)
    walls: dict[str, Wall] = {}
    letters = letters_about(connection, shop_id, items)
    kept, held = _held(connection, shop_id, settings, items, walls, letters)
    figures = Figures()
    creations = Creations(_daily_limit(connection, shop_id, settings, shop, kept))
    for item in kept:
        if item.item_id in held:
            continue
        count = new_variants(item)
        if count and not creations.has_room(count):
            held[item.item_id] = _tomorrow(creations.limit)
            _wall(walls, "new variants a day", creations.limit.a_day, Fate.DAYS, "").met_by(item.product_key)
            continue
        figures.add(item)
    figures.new_variants, figures.creation_days = creations.taken + creations.waiting, creations.days
    if creations.waiting:
        limit = creations.limit
        walls["new variants a day"].sentence = (
            f"past {limit.wall} variants the shop may make {limit.a_day} a day; {limit.made_today} were made today, "
            f"{creations.taken} go now, {creations.waiting} wait, {creations.days} days in all")
    sent = [item for item in kept if item.item_id not in held]
    rows = stock_calls(sent)
    linked = BaseStore(connection, shop_id).count()
    in_catalog = Catalog(connection, shop_id).count() if from_catalog else 1
    refusals = judge(settings.bounds, figures, linked=linked, catalog=in_catalog, conflicted=conflicted)
    summary: dict[str, Any] = {
        **_estimates(sent, shop, settings.headroom, cost_factors(connection, shop_id)),
        "risks": dict(sorted(Counter(item.risk.value for item in sent).items())),
        "groups": dict(sorted(moved(sent).items())),
        "held": dict(sorted(Counter(why.hold.value for why in held.values()).items())),
        "walls": [wall.to_json() for wall in [*walls.values(), *([rows] if rows else [])]],
        "monitoring": settings.monitoring,
        "phase": settings.roll_out.phase.value,
    }
    keys = sorted({item.product_key for item in kept}) if from_catalog else []
    return Prepared(kept, held, refusals, summary, catalog_digests(connection, shop_id, keys), linked,
                    text_of(letters))


def _held(connection: Connection, shop_id: str, settings: Settings, items: Sequence[PlanItem],
          walls: dict[str, Wall], letters: Mapping[str, Sequence[Letter]]) -> tuple[list[PlanItem], dict[str, Held]]:
    roll_out = settings.roll_out
    outside: dict[str, Held] = {}
    if roll_out.categories:
        for key, document in known_documents(connection, shop_id, sorted({item.product_key for item in items})):
            tags = document.get(Path("tags"), [])
            why = roll_out.outside(str(document.get(Path("product_type"), "")),
                                   [str(tag) for tag in tags] if isinstance(tags, list) else [])
            if why is not None:
                outside[key] = why
    variants = variants_by_product(connection, shop_id, sorted({
        item.product_id for item in items
        if item.product_id is not None and item.operation is Operation.VARIANTS_CREATE}))

    def of_item(item: PlanItem) -> Held | None:
        if item.product_key in outside:
            return outside[item.product_key]
        return _behind(item_beyond(item, variants.get(item.product_id or "", 0)), item, walls)

    def of_change(item: PlanItem, change: Change) -> Held | None:
        return roll_out.beyond_phase(risk_of(item, change)) or _behind(beyond(change), item, walls)

    def apart(item: PlanItem) -> Sequence[tuple[PlanItem, Held | None]]:
        return set_apart(item, letters.get(item.product_key, ()))

    return held_back(items, of_item, of_change, apart)


def _behind(found: Beyond | None, item: PlanItem, walls: dict[str, Wall]) -> Held | None:
    if found is None:
        return None
    wall = _wall(walls, found.wall, found.limit, Fate.HELD,
                 f"what is beyond {found.limit} is not sent; the rest of the product is")
    wall.met_by(item.product_key)
    return Held(Hold.WALL, found.why)


def _wall(walls: dict[str, Wall], name: str, limit: int, fate: Fate, sentence: str) -> Wall:
    return walls.setdefault(name, Wall(name, limit, fate, sentence))


def _daily_limit(connection: Connection, shop_id: str, settings: Settings, shop: KnownShop | None,
                 items: Sequence[PlanItem]) -> DailyLimit:
    """The daily limit on new variants, with what counts towards it. Nothing is counted where it cannot matter."""
    wall, a_day = settings.variant_wall, settings.daily_variants
    plus = shop is not None and (shop.bucket_size or 0.0) >= PLUS_BUCKET
    wanted = sum(new_variants(item) for item in items)
    if plus or not a_day or not wanted:
        return DailyLimit(wall=wall, a_day=a_day, in_store=0, made_today=0, applies=False)
    in_store = variants_in_store(connection, shop_id, wall)
    made = 0
    if in_store + wanted > wall:
        made = variants_made_since(connection, shop_id, _midnight(now()))
    return DailyLimit(wall=wall, a_day=a_day, in_store=in_store, made_today=made)


def _midnight(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _tomorrow(limit: DailyLimit) -> Held:
    return Held(Hold.DAILY_LIMIT, f"past {limit.wall} variants the shop may make {limit.a_day} new ones a day, and "
                                  "today's are used up; the next day's plan has it again")


def _estimates(items: Sequence[PlanItem], shop: KnownShop | None, headroom: float,
               factors: Mapping[str, float]) -> dict[str, Any]:
    """Points, requests and seconds: of the plan, and of each lane as it comes, with what the bucket then still has.

    `headroom`: the share of the bucket that is left to others; `factors`: document → what it is usually charged, by
    our estimate.
    """
    rate = ((shop.restore_rate if shop else None) or USUAL_RATE) * (1 - headroom)
    bucket = ((shop.bucket_size if shop else None) or 0.0) * (1 - headroom)
    total = estimate_plan(_as_charged(items, factors), restore_rate=rate, bucket=bucket)
    lanes: dict[str, Any] = {}
    for lane in Lane:
        of_lane = [item for item in items if item.lane is lane]
        if of_lane:
            found = estimate_plan(_as_charged(of_lane, factors), restore_rate=rate, bucket=bucket)
            bucket = max(0.0, bucket - found.points)
            lanes[lane.value] = {"items": len(of_lane), "points": round(found.points, 1), "requests": found.requests,
                                 "seconds": round(found.seconds, 1)}
    return {
        "estimate": {"points": round(total.points, 1), "requests": total.requests, "seconds": round(total.seconds, 1),
                     "restore_rate": rate},
        "lanes": lanes,
    }


def _as_charged(items: Iterable[PlanItem], factors: Mapping[str, float]) -> Iterator[PlanItem]:
    """The items with the cost that the shop usually charges. Stock is not charged by the item but by the batch."""
    known = {operation: factor for operation, document in WRITES.items()
             if abs((factor := factors.get(document, 1.0)) - 1) > AS_ESTIMATED}
    for item in items:
        yield replace(item, cost=item.cost * known[item.operation]) if item.operation in known else item
