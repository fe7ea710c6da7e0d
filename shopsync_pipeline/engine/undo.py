"""Undo: a plan that takes back what a run, a plan, or a span of time wrote, to all products or to some.

Nothing is sent before the plan is: it is saved, costed and bounded like any other, and names what it leaves alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from shopsync_pipeline.core.errors import PlanRefusedError, ShopsyncError
from shopsync_pipeline.core.fields import Operation, place
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import inputs_digest, plan_hash
from shopsync_pipeline.core.small_plans import whole_plan
from shopsync_pipeline.core.undo import Clash, Fate, Left, ProductUndo, Wish, undo_product
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.ledger import UNDO_OF, Ledger, Span
from shopsync_pipeline.db.names import keys_named
from shopsync_pipeline.db.plans import Plans, SavedPlan
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.apply import ApplyReport, push, recover
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.prepare import prepare
from shopsync_pipeline.engine.pull import known_links, open_shop, pull_products, stored
from shopsync_pipeline.engine.push.work import OnProgress
from shopsync_pipeline.shopify.snapshot import read_by_custom_ids

MOST_NAMED = 500
"""Clashes, and fields that are left, that a plan keeps by name; all are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What shall be undone: the writes of a run, of a plan, or of a span of time, to `products` only if any are named.

    `products` alone mean the last plan that wrote to each (and of it, a field that is asked for). `since` counts,
    `until` does not; both are aware. `wish` says which fields, and what besides.
    """

    run: str | None = None
    plan: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    products: tuple[str, ...] = ()
    wish: Wish = field(default_factory=Wish)

    def check(self) -> None:
        """Raises `ShopsyncError` where it is not clear what shall be undone."""
        spanned = self.since is not None or self.until is not None
        given = [name for name, there in (("a run", self.run), ("a plan", self.plan), ("a span of time", spanned))
                 if there]
        if len(given) > 1:
            raise ShopsyncError(f"Name either {' or '.join(given)} to undo, not both.")
        if not given and not self.products:
            raise ShopsyncError("Name what to undo: a run, a plan, a span of time, or products.")
        for name, instant in (("since", self.since), ("until", self.until)):
            if instant is not None and instant.tzinfo is None:
                raise ShopsyncError(f"{name} is {instant.isoformat()}, without a time zone; write it like "
                                    f"{instant.isoformat()}Z.")
        if self.since and self.until and self.until <= self.since:
            raise ShopsyncError(f"The span ends at {self.until.isoformat()}, before it begins at "
                                f"{self.since.isoformat()}.")

    def words(self, keys: Sequence[str]) -> str:
        """What is undone, in words; `keys` are the products that were named."""
        if self.run or self.plan:
            what = f"run {self.run}" if self.run else f"plan {self.plan}"
        elif self.since or self.until:
            what = " ".join(f"{word} {instant.isoformat()}" for word, instant in
                            (("since", self.since), ("until", self.until)) if instant)
        else:
            what = "the last write"
        named = f" to {', '.join(keys[:5])}{' …' if len(keys) > 5 else ''}" if keys else ""
        fields = f", only {', '.join(self.wish.fields)}" if self.wish.fields else ""
        return f"{what}{named}{fields}"


@dataclass(slots=True)
class _Found:
    """What is gathered, product by product."""

    items: list[PlanItem] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    clashes: list[Clash] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    fates: list[tuple[str, Fate, str, str | None]] = field(default_factory=list)
    products: Counter[str] = field(default_factory=Counter)


async def plan_undo(context: Context, asked: Asked, *, run_id: str | None = None) -> SavedPlan:
    """Reads the products concerned again and saves the plan that takes back what was asked for; nothing is sent.

    Earlier plans that were not sent are superseded. Raises `ShopsyncError` where nothing was written that could be
    undone, `ShopBusyError` while a run that died has to be settled and another process writes.
    """
    asked.check()
    await recover(context, f"run {run_id}" if run_id else "shopsync undo")
    named = [named_product(context, name) for name in asked.products]
    with context.database.read() as connection:
        spans = _spans(connection, context.shop_id, asked, named)
        bases = BaseStore(connection, context.shop_id).get(spans)
    scope = UNDO_OF + asked.words(named)
    if not spans:
        raise ShopsyncError("There is nothing to undo: the ledger has no write that took effect of "
                            f"{asked.words(named)}.")
    if bases:
        await pull_products(context, sorted(agreed.links.product for agreed in bases.values()))
    await _find_made_anew(context, sorted(spans))
    found = _Found()
    with context.database.write() as connection:
        for part in chunks(sorted(spans)):
            _look_at(connection, context.shop_id, {key: spans[key] for key in part}, asked.wish, found)
        return _save(connection, context, found, scope, run_id)


def named_product(context: Context, name: str) -> str:
    """The key of the product that a person calls `name`. Raises `ShopsyncError` where there is none, or more."""
    with context.database.read() as connection:
        keys = keys_named(connection, context.shop_id, name.strip())
    if not keys:
        raise ShopsyncError(f"No product is called {name}, neither in the catalog nor in the store. Name it by SKU, "
                            "handle, Etilize id, product key (etilize:…) or Shopify id.")
    if len(keys) > 1:
        raise ShopsyncError(f"{len(keys)} products are called {name}: {', '.join(keys[:10])}. Name one by its key.")
    return keys[0]


def _spans(connection: Connection, shop_id: str, asked: Asked, named: Sequence[str]) -> dict[str, Span]:
    """Product key → which of its writes are taken back."""
    ledger = Ledger(connection, shop_id)
    if asked.run or asked.plan or asked.since or asked.until:
        span = Span(run_id=asked.run, plan_id=asked.plan, since=asked.since, until=asked.until)
        keys = ledger.products_written(span) if not named else ledger.writes(named, span)
        return dict.fromkeys(keys, span)
    found = {}
    for key, writes in ledger.writes(named).items():
        last = next((write for write in reversed(writes) if any(map(asked.wish.wants, write.sent))), None)
        if last is not None:
            found[key] = Span(plan_id=last.plan_id)
    return found


async def _find_made_anew(context: Context, keys: Sequence[str]) -> None:
    """Looks for products that the store no longer has under the id that is remembered: by custom id they are found if
    somebody made them anew, and a creation would change those."""
    with context.database.read() as connection:
        bases = BaseStore(connection, context.shop_id).get(keys)
        there = {product.product_id for product in Snapshot(connection, context.shop_id).products(
            sorted(agreed.links.product for agreed in bases.values()))}
    missing = [key for key in keys if key not in bases or bases[key].links.product not in there]
    if not missing:
        return
    async with context.client() as client:
        shop = await open_shop(context, client)
        found = await read_by_custom_ids(client, missing, known=known_links(context), location_id=shop.location_id)
    with context.database.write() as connection:
        Snapshot(connection, context.shop_id).put(
            (stored(product) for product in found.values() if product is not None), read=True)


def _look_at(connection: Connection, shop_id: str, spans: Mapping[str, Span], wish: Wish, found: _Found) -> None:
    keys = list(spans)
    ledger, snapshot = Ledger(connection, shop_id), Snapshot(connection, shop_id)
    bases = BaseStore(connection, shop_id).get(keys)
    catalog = {key: document for key, _, document in Catalog(connection, shop_id).documents(keys)}
    store = {product.product_id: product for product in snapshot.products(
        [agreed.links.product for agreed in bases.values()])}
    missing = [key for key in keys if key not in bases or bases[key].links.product not in store]
    anew = {product.custom_id: product for product in snapshot.with_custom_ids(missing)}
    every = ledger.writes(keys)
    for span in dict.fromkeys(spans.values()):
        for key, chosen in ledger.writes([key for key in keys if spans[key] == span], span).items():
            taken = {(write.plan_id, write.item_id, write.at) for write in chosen}
            later = [write for write in every[key] if write.at >= chosen[0].at
                     and (write.plan_id, write.item_id, write.at) not in taken]
            remote = (store.get(bases[key].links.product) if key in bases else None) or anew.get(key)
            _gather(key, undo_product(
                key, chosen, later, product_id=remote.product_id if remote else None,
                remote=remote.document if remote else None, catalog=catalog.get(key), wish=wish,
            ), remote.digests if remote else "", bases[key].links.product if key in bases else None, found)


def _gather(key: str, undo: ProductUndo, seen: str, known_id: str | None, found: _Found) -> None:
    found.items.extend(undo.items)
    found.clashes.extend(undo.clashes)
    found.left.extend(undo.left)
    if undo.items:
        found.inputs[key] = seen
    if undo.fate is not None:
        found.fates.append((key, undo.fate, undo.told, known_id))
    for word, applies in (
        ("create", undo.fate is Fate.RECREATED), ("delete", undo.fate is Fate.DELETED),
        ("update", bool(undo.items) and undo.fate in (None, Fate.DRAFTED)), ("conflict", bool(undo.clashes)),
        ("in_sync", not undo.items and not undo.clashes),
    ):
        found.products[word] += applies


def _save(connection: Connection, context: Context, found: _Found, scope: str, run_id: str | None) -> SavedPlan:
    base = BaseStore(connection, context.shop_id)
    # No value of an undo comes from the catalog, so an empty one is no reason to refuse it.
    prepared = prepare(connection, context.shop_id, context.settings, whole_plan(found.items), from_catalog=False,
                       conflicted=dict.fromkeys(clash.product_key for clash in found.clashes))
    items = prepared.items
    why = Counter(left.why for left in found.left)
    summary: dict[str, Any] = {
        "catalog": Catalog(connection, context.shop_id).count(),
        "store": Snapshot(connection, context.shop_id).count(),
        "linked": base.count(),
        "products": {**{word: found.products[word] for word in ("create", "update", "delete", "conflict", "in_sync")},
                     "kept": 0, "accepted": 0, "gone": len(base.gone())},
        "fields": dict(sorted(Counter(place(change.path).field.name for item in items for change in item.changes
                                      if item.operation is not Operation.PRODUCT_CREATE).items())),
        "operations": dict(sorted(Counter(item.operation.value for item in items).items())),
        "conflicts": len(found.clashes),
        "kept": 0,
        **prepared.summary,
        "undo": {
            "clashes": [{"product": clash.product_key, "field": clash.path, "before": clash.before,
                         "wrote": clash.wrote, "now": clash.now, "why": clash.why}
                        for clash in found.clashes[:MOST_NAMED]],
            "left": [{"product": left.product_key, "field": left.path, "why": left.why}
                     for left in found.left[:MOST_NAMED]],
            "left_counts": dict(why.most_common()),
            "products": [{"product": key, "fate": fate.value, "why": told, "id": known_id}
                         for key, fate, told, known_id in found.fates[:MOST_NAMED]],
        },
    }
    inputs = inputs_digest(scope, found.inputs)
    plans = Plans(connection, context.shop_id)
    return plans.get(plans.save(hash_=plan_hash(inputs, items), inputs=inputs, scope=scope, run_id=run_id, items=items,
                                summary=summary, refusals=prepared.refusals, held=prepared.held))


def require_undo(plan: SavedPlan) -> SavedPlan:
    """The plan itself, if it takes something back. Raises `PlanRefusedError` for any other."""
    if not plan.scope.startswith(UNDO_OF):
        raise PlanRefusedError(f"Plan {plan.plan_id} is no undo but a plan for {plan.scope}; materialize "
                               "shopify/applied_mutations to send it.")
    return plan


async def send_undo(context: Context, plan_id: str, *, run_id: str | None = None,
                    on_progress: OnProgress | None = None) -> ApplyReport:
    """Sends an undo plan, lane by lane; safe to call again after a crash.

    Raises `PlanRefusedError` for a plan that is no undo, was superseded, or needs approval.
    """
    with context.database.read() as connection:
        require_undo(Plans(connection, context.shop_id).get(plan_id)).require_sendable()
    return await push(context, plan_id, run_id=run_id, on_progress=on_progress)


def sentences(context: Context, plan: SavedPlan) -> list[str]:
    """What a person must know of an undo plan: what becomes of products as a whole, what clashes, what is left.

    A product that is made anew gets a new Shopify id, which is named once the plan was sent.
    """
    undo, told = plan.summary["undo"], []
    with context.database.read() as connection:
        ids = {key: agreed.links.product for key, agreed in BaseStore(connection, context.shop_id).get(
            [one["product"] for one in undo["products"] if one["fate"] == Fate.RECREATED.value]).items()}
    for one in undo["products"]:
        line = f"{one['product']} is {one['fate']}: {one['why']}"
        new = ids.get(one["product"])
        if one["fate"] == Fate.RECREATED.value and new is not None and new != one["id"]:
            line += f": {new}" + (f" (it was {one['id']})" if one["id"] else "")
        told.append(line)
    told += [f"{one['product']} {one['field']} is left alone: {one['why']}; shopsync wrote {_shown(one['wrote'])}, the "
             f"store now shows {_shown(one['now'])}" for one in undo["clashes"]]
    told += [f"{count} not taken back: {why}" for why, count in undo["left_counts"].items()]
    return told


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)
