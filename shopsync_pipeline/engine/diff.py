"""Diff: which products differ, what that means for each field, and the plan that follows. Nothing is sent.

Bookkeeping that needs no write to the store (both sides agree, an accepted edit) is recorded here, so that the next
diff has less to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.fields import place
from shopsync_pipeline.core.merge import Dispute, Outcome, Rules
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.core.planning import inputs_digest, plan_hash
from shopsync_pipeline.core.small_plans import whole_plan
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.catalog import Catalog
from shopsync_pipeline.db.conflicts import Conflicts
from shopsync_pipeline.db.overrides import Overrides
from shopsync_pipeline.db.plans import Plans, SavedPlan
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.db.snapshot import Snapshot
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.dead_letters import close_outdated
from shopsync_pipeline.engine.look import Found, Looking, first_contact, gone_mark
from shopsync_pipeline.engine.prepare import prepare
from shopsync_pipeline.engine.rules import rules_of
from shopsync_pipeline.settings import Settings


def diff(context: Context, *, only: Collection[str] | None = None, run_id: str | None = None) -> SavedPlan:
    """Compares catalog, base and snapshot and saves the plan that brings the store in line.

    `only` limits it to some catalog products by key. Raises `ShopsyncError` before the store was ever read completely.
    """
    with context.database.write() as connection:
        if Snapshot(connection, context.shop_id).latest("full") is None:
            raise ShopsyncError(
                f"{context.shop_id} was never read completely, so nothing is known about what it has. Materialize "
                "shopify/snapshot, or run the job full_sync."
            )
        rules = rules_of(context, connection)
        base = BaseStore(connection, context.shop_id)
        keys, gone = list(base.unsettled(only)), base.gone()
        left = gone if only is None else sorted(set(gone).intersection(only))
        matches = first_contact(connection, context.shop_id, keys)
        resolutions = Conflicts(connection, context.shop_id).resolutions()
        looking = Looking(connection, context.shop_id, rules, matches, resolutions,
                          bidirectional=context.settings.bidirectional, unsynced=context.settings.unsynced)
        for part in chunks(keys):
            looking.look_at(part)
        for part in chunks(list(base.unsettled_gone(gone_mark(rules), left))):
            looking.look_at_gone(part)
        _keep(connection, context.shop_id, looking.found)
        still_gone = len(gone) - len(looking.found.forgotten)
        return _save(connection, context.shop_id, looking.found, still_gone, rules, context.settings, only, run_id)


def _keep(connection: Connection, shop_id: str, found: Found) -> None:
    """Writes down what needs no write to the store."""
    base, overrides = BaseStore(connection, shop_id), Overrides(connection, shop_id)
    base.put(found.bases)
    base.remove(found.forgotten)
    overrides.remove(found.ended)
    overrides.put(found.overrides)


def _save(connection: Connection, shop_id: str, found: Found, gone: int, rules: Rules, settings: Settings,
          only: Collection[str] | None, run_id: str | None) -> SavedPlan:
    conflicted = [key for key, made in found.disputes.items() if any(d.outcome is Outcome.CONFLICT for d in made)]
    prepared = prepare(connection, shop_id, settings, whole_plan(found.items), conflicted=conflicted)
    items, in_catalog = prepared.items, Catalog(connection, shop_id).count()
    looked_at = in_catalog if only is None else len(set(only))
    busy = sum(found.products[word] for word in ("create", "update"))
    summary: dict[str, Any] = {
        "catalog": in_catalog,
        "store": Snapshot(connection, shop_id).count(),
        "linked": prepared.linked,
        "products": {**{word: found.products[word] for word in ("create", "update", "conflict", "kept", "accepted")},
                     "in_sync": looked_at - busy - found.products["waiting"], "gone": gone,
                     "retire": found.products["retire"]},
        "fields": _by_field(items),
        "operations": dict(sorted(Counter(item.operation.value for item in items).items())),
        "conflicts": found.outcomes[Outcome.CONFLICT] + sum(
            d.dispute is Dispute.AMBIGUOUS for made in found.disputes.values() for d in made),
        "kept": found.outcomes[Outcome.KEPT],
        **prepared.summary,
    }
    computed_from = " ".join(filter(None, (rules.text(), settings.roll_out.text(), prepared.letters)))
    inputs = inputs_digest(computed_from, found.inputs)
    plans = Plans(connection, shop_id)
    plan_id = plans.save(hash_=plan_hash(inputs, items), inputs=inputs, run_id=run_id, items=items, summary=summary,
                         scope="all" if only is None else ",".join(sorted(only)[:50]), refusals=prepared.refusals,
                         held=prepared.held, seen_local=prepared.seen_local)
    Conflicts(connection, shop_id).record(found.disputes, plan_id, None if only is None else set(only),
                                          found.suggestions, found.items)
    close_outdated(connection, shop_id, plan_id, items, only)
    return plans.get(plan_id)


def _by_field(items: Iterable[PlanItem]) -> dict[str, int]:
    """How many values each field of existing products gets, by field name."""
    counted: Counter[str] = Counter(
        place(change.path).field.name for item in items for change in item.changes
        if item.product_id is not None
    )
    return dict(sorted(counted.items()))
