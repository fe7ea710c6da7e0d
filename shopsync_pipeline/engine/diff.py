"""Diff: which products differ, what that means for each field, and the plan that follows. Nothing is sent.

Bookkeeping that needs no write to the store (both sides agree, an accepted edit) is recorded here, so that the next
diff has less to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import Fields, Operation, Path, Value, digests, place, variants_of
from shopsync_pipeline.core.matching import LocalIdentity, Matches, RemoteIdentity, match
from shopsync_pipeline.core.merge import (
    WHOLE_PRODUCT,
    Base,
    Decision,
    Dispute,
    Faces,
    Outcome,
    ProductMerge,
    Resolution,
    Rules,
    Situation,
    merge_product,
)
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import inputs_digest, items_for, ordered, plan_hash
from shopsync_pipeline.core.renames import rename, rename_links, renamed_variants
from shopsync_pipeline.db.base import Agreed, BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.conflicts import Conflicts
from shopsync_pipeline.db.plans import Plans, SavedPlan
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.snapshot import Snapshot, StoredProduct
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.prepare import prepare
from shopsync_pipeline.settings import Settings


@dataclass(slots=True)
class _Found:
    """What a diff gathers, product by product."""

    items: list[PlanItem] = field(default_factory=list)
    inputs: dict[str, str] = field(default_factory=dict)
    disputes: dict[str, list[Decision]] = field(default_factory=dict)
    bases: list[Agreed] = field(default_factory=list)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    products: Counter[str] = field(default_factory=Counter)


def diff(context: Context, *, only: Collection[str] | None = None, run_id: str | None = None) -> SavedPlan:
    """Compares catalog, base and snapshot and saves the plan that brings the store in line.

    `only` limits it to some catalog products by key. Raises `ShopsyncError` before the store was ever read completely.
    """
    rules = context.settings.rules
    with context.database.write() as connection:
        if Snapshot(connection, context.shop_id).latest("full") is None:
            raise ShopsyncError(
                f"{context.shop_id} was never read completely, so nothing is known about what it has. Materialize "
                "shopify/snapshot, or run the job full_sync."
            )
        keys = list(BaseStore(connection, context.shop_id).unsettled(only))
        matches = _matches(connection, context.shop_id, keys)
        resolutions = Conflicts(connection, context.shop_id).resolutions()
        found = _Found()
        for part in chunks(keys):
            _look_at(connection, context.shop_id, part, matches, rules, resolutions, found)
        BaseStore(connection, context.shop_id).put(found.bases)
        return _save(connection, context.shop_id, found, context.settings, only, run_id)


def _look_at(connection: Connection, shop_id: str, keys: list[str], matches: Matches, rules: Rules,
             resolutions: Mapping[str, Mapping[Path, Resolution]], found: _Found) -> None:
    local = {key: (seen, document) for key, seen, document in Catalog(connection, shop_id).documents(keys)}
    bases = BaseStore(connection, shop_id).get(keys)
    ids = {key: bases[key].links.product if key in bases else matches.linked.get(key) for key in keys}
    snapshot = Snapshot(connection, shop_id)
    store = {product.product_id: product for product in snapshot.products(filter(None, ids.values()))}
    for key in keys:
        if key in matches.ambiguous:
            _ambiguous(key, matches.ambiguous[key], found)
            continue
        seen_local, document = local[key]
        remote, base = _under_our_names(snapshot, document, store.get(ids[key] or ""), bases.get(key))
        merge = _merge(document, remote, base, rules, resolutions.get(key, {}))
        _gather(key, merge, seen_local, remote, base, found)


def _under_our_names(snapshot: Snapshot, document: Fields, remote: StoredProduct | None,
                     base: Agreed | None) -> tuple[StoredProduct | None, Agreed | None]:
    """Store and base with their variants called as the catalog calls them now, where it gave one another SKU."""
    if remote is None or base is None:
        return remote, base
    renames = renamed_variants(document, remote.document, base.local)
    if not renames:
        return remote, base
    called = replace(remote, document=rename(remote.document, renames), links=rename_links(remote.links, renames))
    snapshot.put([called])
    return (
        replace(called, digests=digests(called.document)),
        replace(base, local=rename(base.local, renames), remote=rename(base.remote, renames),
                links=rename_links(base.links, renames)),
    )


def _matches(connection: Connection, shop_id: str, keys: list[str]) -> Matches:
    """First contact: store products for catalog products that have no base yet, seen all together."""
    unlinked_keys = BaseStore(connection, shop_id).unlinked(keys)
    if not unlinked_keys:
        return Matches()
    free = [RemoteIdentity(product_id, custom_id, skus, handle)
            for product_id, custom_id, handle, skus in Snapshot(connection, shop_id).identities(unlinked=True)]
    if not free:
        return Matches()
    unlinked = Catalog(connection, shop_id).documents(unlinked_keys)
    return match((_identity(key, document) for key, _, document in unlinked), free)


def _identity(key: str, document: Fields) -> LocalIdentity:
    skus = tuple(str(values["sku"]) for values in variants_of(document).values() if "sku" in values)
    handle = document.get(Path("handle"))
    return LocalIdentity(key, skus, handle if isinstance(handle, str) else None)


def _merge(document: Fields, remote: StoredProduct | None, base: Agreed | None, rules: Rules,
           resolutions: Mapping[Path, Resolution]) -> ProductMerge:
    return merge_product(
        local=document, remote=remote.document if remote else None,
        base=Base(base.local, base.remote) if base else None, rules=rules, resolutions=resolutions,
    )


def _ambiguous(key: str, products: tuple[str, ...], found: _Found) -> None:
    faces = Faces(local=key, remote=list(products))
    found.disputes[key] = [Decision(WHOLE_PRODUCT, Outcome.CONFLICT, faces, None, Dispute.AMBIGUOUS)]
    found.products["conflict"] += 1


def _gather(key: str, merge: ProductMerge, seen_local: str, remote: StoredProduct | None, base: Agreed | None,
            found: _Found) -> None:
    outcomes = Counter(decision.outcome for decision in merge.decisions)
    found.outcomes.update(outcomes)
    items = items_for(key, merge, product_id=remote.product_id if remote else None,
                      remote=remote.document if remote else {})
    found.items.extend(items)
    if items:
        found.inputs[key] = seen_local + (remote.digests if remote else "")
    disputes = [d for d in merge.decisions if d.dispute is not None or d.outcome is Outcome.KEPT]
    if disputes:
        found.disputes[key] = disputes
    if remote is not None:
        settled = not items and not outcomes[Outcome.CONFLICT] and not outcomes[Outcome.KEPT]
        found.bases.append(_agree(key, merge, remote, base, (seen_local, remote.digests) if settled else ("", "")))
    for word, applies in (
        ("create", merge.situation is Situation.NEW),
        ("update", merge.situation is Situation.LINKED and bool(items)),
        ("conflict", bool(outcomes[Outcome.CONFLICT])),
        ("kept", bool(outcomes[Outcome.KEPT])),
        ("accepted", bool(outcomes[Outcome.ACCEPTED])),
        ("settled", not items and not disputes),
    ):
        found.products[word] += applies


def _agree(key: str, merge: ProductMerge, remote: StoredProduct, base: Agreed | None, seen: tuple[str, str]) -> Agreed:
    """The base after what both sides agree on, or what was accepted, is written into it."""
    local = dict(base.local) if base else {}
    shown = dict(base.remote) if base else {}
    for decision in merge.decisions:
        if decision.outcome in (Outcome.AGREED, Outcome.ACCEPTED) and decision.path != WHOLE_PRODUCT:
            put_face(local, decision.path, decision.faces.local)
            put_face(shown, decision.path, decision.faces.remote)
    links = remote.links if base is None else replace(base.links, variants={**base.links.variants,
                                                                             **remote.links.variants})
    return Agreed(product_key=key, local=local, remote=shown, links=links, seen_local=seen[0], seen_remote=seen[1])


def put_face(face: dict[Path, Value], path: Path, value: Value | None) -> None:
    """Sets a field of one face of a base; `None` (absent) takes it out."""
    if value is None:
        face.pop(path, None)
    else:
        face[path] = value


def _save(connection: Connection, shop_id: str, found: _Found, settings: Settings, only: Collection[str] | None,
          run_id: str | None) -> SavedPlan:
    base, catalog = BaseStore(connection, shop_id), Catalog(connection, shop_id)
    conflicted = [key for key, made in found.disputes.items() if any(d.outcome is Outcome.CONFLICT for d in made)]
    prepared = prepare(connection, shop_id, settings, ordered(found.items), conflicted=conflicted)
    items, in_catalog = prepared.items, catalog.count()
    looked_at = in_catalog if only is None else len(set(only))
    busy = sum(found.products[word] for word in ("create", "update"))
    waiting = len([key for key, made in found.disputes.items()
                   if key not in found.inputs and any(d.outcome in (Outcome.CONFLICT, Outcome.KEPT) for d in made)])
    summary: dict[str, Any] = {
        "catalog": in_catalog,
        "store": Snapshot(connection, shop_id).count(),
        "linked": base.count(),
        "products": {**{word: found.products[word] for word in ("create", "update", "conflict", "kept", "accepted")},
                     "in_sync": looked_at - busy - waiting, "gone": base.gone()},
        "fields": _by_field(items),
        "operations": dict(sorted(Counter(item.operation.value for item in items).items())),
        "conflicts": found.outcomes[Outcome.CONFLICT] + sum(
            d.dispute is Dispute.AMBIGUOUS for made in found.disputes.values() for d in made),
        "kept": found.outcomes[Outcome.KEPT],
        **prepared.summary,
    }
    decided_by = f"{settings.rules.default_strategy.value} {settings.roll_out.text()}"
    inputs = inputs_digest(decided_by, found.inputs)
    plans = Plans(connection, shop_id)
    plan_id = plans.save(hash_=plan_hash(inputs, items), inputs=inputs, run_id=run_id, items=items, summary=summary,
                         scope="all" if only is None else ",".join(sorted(only)[:50]), refusals=prepared.refusals,
                         held=prepared.held, seen_local=prepared.seen_local)
    Conflicts(connection, shop_id).record(found.disputes, plan_id, None if only is None else set(only))
    return plans.get(plan_id)


def _by_field(items: Iterable[PlanItem]) -> dict[str, int]:
    """How many values each field of existing products gets, by field name."""
    counted: Counter[str] = Counter(
        place(change.path).field.name for item in items for change in item.changes
        if item.operation is not Operation.PRODUCT_CREATE
    )
    return dict(sorted(counted.items()))


def keys_of(context: Context, wanted: Iterable[str]) -> list[str]:
    """Catalog keys for what an operator names: product keys, Etilize product ids, Shopify ids, handles or SKUs.

    Raises `ShopsyncError` that names each one that the catalog does not have.
    """
    names = _cleaned(wanted)
    by_name = _names(context)
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ShopsyncError(
            f"The catalog has no product {', '.join(unknown[:10])}. Name products by SKU, handle, Etilize id, product "
            "key (etilize:…) or Shopify id."
        )
    return sorted({by_name[name] for name in names})


def linked_ids(context: Context, wanted: Iterable[str]) -> list[str]:
    """Shopify ids of those named products that are in the store already."""
    by_name = _names(context)
    keys = {by_name[name] for name in _cleaned(wanted) if name in by_name}
    with context.database.read() as connection:
        linked = BaseStore(connection, context.shop_id).linked()
    return sorted(linked[key] for key in keys if key in linked)


def _cleaned(wanted: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in wanted if name.strip()))


def _names(context: Context) -> dict[str, str]:
    """Everything that a product can be called by → its catalog key."""
    by_name: dict[str, str] = {}
    with context.database.read() as connection:
        for key, document in Catalog(connection, context.shop_id).all_documents():
            identity = _identity(key, document)
            for name in (key, key.partition(":")[2], identity.handle, *identity.skus):
                if name:
                    by_name.setdefault(name, key)
        for key, product_id in BaseStore(connection, context.shop_id).linked().items():
            by_name.setdefault(product_id, key)
            by_name.setdefault(product_id.rpartition("/")[2], key)
    return by_name
