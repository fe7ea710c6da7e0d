"""Hold: what an undo took back is not sent again by the next sync, under any strategy.

Fields are held by the base (see `settle.confirm`); a product that an undo deleted, or made anew after it had left the
catalog, is held by a decision on record, as if a person had reviewed it, until somebody decides otherwise or undoes the
undo.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from shopsync_pipeline.core.fields import Path, Strategy, Value
from shopsync_pipeline.core.merge import (
    LEFT_CATALOG,
    WHOLE_PRODUCT,
    Base,
    Decision,
    Dispute,
    Outcome,
    Rules,
    Side,
    merge_product,
)
from shopsync_pipeline.core.written import held
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.conflicts import Conflicts, ConflictState
from shopsync_pipeline.db.decided import record_decision
from shopsync_pipeline.db.ledger import Ledger
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context

BY_UNDO = "an undo"
"""Who decided, on the record of a decision that an undo made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A field whose catalog value is not sent because it was undone by `plan_id`; `None`: absent.

    For a product that an undo deleted or made anew, `path` is `product` and `conflict_id` names the decision that holds
    it.
    """

    product_key: str
    path: Path
    catalog: Value | None
    store: Value | None
    plan_id: str | None
    conflict_id: str | None = None


def hold_deleted(connection: Connection, shop_id: str, product_key: str) -> bool:
    """Records that a product stays deleted although the catalog has it. False, and nothing is recorded, where the
    catalog does not have it."""
    local = next((document for _, _, document in Catalog(connection, shop_id).documents([product_key])), None)
    base = BaseStore(connection, shop_id).get([product_key]).get(product_key)
    if local is None or base is None:
        return False
    merge = merge_product(local=local, remote=None, base=Base(base.local, base.remote),
                          rules=Rules(Strategy.MANUAL_REVIEW))
    for decision in merge.decisions:
        record_decision(connection, shop_id, product_key, decision, Side.SHOPIFY, by=BY_UNDO)
    return True


def hold_recreated(connection: Connection, shop_id: str, product_key: str) -> None:
    """Records that a product which an undo made anew stays although the catalog no longer has it, where that is so."""
    if not any(True for _ in Catalog(connection, shop_id).documents([product_key])):
        decision = Decision(WHOLE_PRODUCT, Outcome.ACCEPTED, LEFT_CATALOG, None, Dispute.LEFT_CATALOG)
        record_decision(connection, shop_id, product_key, decision, Side.SHOPIFY, by=BY_UNDO)


def held_by_undo(context: Context) -> list[Held]:
    """Everything that undos hold back, by product and path."""
    found: list[Held] = []
    with context.database.read() as connection:
        keys = Ledger(connection, context.shop_id).products_undone()
        for part in chunks(keys):
            found += _held(connection, context.shop_id, part)
        found += _held_whole(connection, context.shop_id)
    return sorted(found, key=lambda one: (one.product_key, one.path))


def _held_whole(connection: Connection, shop_id: str) -> list[Held]:
    decided = {
        conflict.product_key: conflict
        for conflict in Conflicts(connection, shop_id).find(ConflictState.RESOLVED, most=1_000_000)
        if conflict.path == WHOLE_PRODUCT and conflict.resolved_by == BY_UNDO
    }
    bases = BaseStore(connection, shop_id).get(decided)
    # The decision stands on record until the next diff, also where the product was made anew by then.
    there = {product.product_id for product in Snapshot(connection, shop_id).products(
        sorted(agreed.links.product for agreed in bases.values()))}
    return [
        Held(product_key=key, path=WHOLE_PRODUCT, catalog=conflict.faces.local, store=conflict.faces.remote,
             plan_id=None, conflict_id=conflict.conflict_id)
        for key, conflict in decided.items()
        if key in bases and (bases[key].links.product in there) == (conflict.faces.remote is not None)
    ]


def held_of(connection: Connection, shop_id: str, product_key: str) -> dict[Path, Held]:
    """What undos hold back of one product, by path."""
    return {one.path: one for one in _held(connection, shop_id, [product_key])}


def _held(connection: Connection, shop_id: str, keys: list[str]) -> list[Held]:
    bases = BaseStore(connection, shop_id).get(keys)
    writes = Ledger(connection, shop_id).writes(keys)
    local = {key: document for key, _, document in Catalog(connection, shop_id).documents(keys)}
    store = {product.product_id: product.document for product in Snapshot(connection, shop_id).products(
        sorted(agreed.links.product for agreed in bases.values()))}
    found = []
    for key, agreed in bases.items():
        remote = store.get(agreed.links.product)
        if remote is None or key not in local:
            continue
        by = {path: write.plan_id for write in writes.get(key, []) for path in write.sent}
        for path in held(writes.get(key, []), local=local[key], agreed=agreed.local, remote=remote):
            found.append(Held(product_key=key, path=path, catalog=local[key].get(path), store=remote.get(path),
                              plan_id=by[path]))
    return found
