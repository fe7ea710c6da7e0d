"""The bulk way of a push in one call each, and what a test asks of the books afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.bulk import BulkOperations, Shard
from shopsync_pipeline.db.plans import ItemState, Plans, SavedPlan
from shopsync_pipeline.db.schema import ledger
from shopsync_pipeline.engine.bulk_lane import BulkSender
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.pull import open_shop
from shopsync_pipeline_tests.db import samples
from shopsync_pipeline_tests.engine.steps import items_of


@dataclass(slots=True)
class Outcome:
    """What the bulk way did: the items that it handed back, and what it told of the others by item id."""

    direct: list[PlanItem] = field(default_factory=list)
    told: dict[str, ItemState] = field(default_factory=dict)
    usable: bool = True

    def count(self, state: ItemState) -> int:
        return sum(found is state for found in self.told.values())

    def note(self, items: Sequence[PlanItem], state: ItemState) -> None:
        assert not {item.item_id for item in items} & self.told.keys(), "every item is told once"
        self.told |= {item.item_id: state for item in items}


def by_bulk(context: Context, plan: SavedPlan, items: Sequence[PlanItem] | None = None) -> Outcome:
    """Sends items of a plan (all, if none are given) by bulk operations."""
    outcome = Outcome()

    async def run() -> None:
        async with context.client() as client:
            shop = await open_shop(context, client)
            sender = BulkSender(context, client, shop, plan.plan_id, "test", on_outcome=outcome.note)
            outcome.direct = await sender.run(items_of(context, plan) if items is None else items)
            outcome.usable = sender.usable

    asyncio.run(run())
    return outcome


def adopt(context: Context, plan: SavedPlan) -> tuple[int, Outcome]:
    """What the next process does first: how many shards it took over, and what became of their items."""
    outcome = Outcome()

    async def run() -> int:
        async with context.client() as client:
            shop = await open_shop(context, client)
            return await BulkSender(context, client, shop, plan.plan_id, "next", on_outcome=outcome.note).adopt()

    return asyncio.run(run()), outcome


def states(context: Context, plan: SavedPlan) -> dict[str, ItemState]:
    with context.database.read() as connection:
        return samples.states(Plans(connection, context.shop_id), plan.plan_id)


def shards(context: Context, plan: SavedPlan) -> list[Shard]:
    with context.database.read() as connection:
        return BulkOperations(connection, context.shop_id).of_plan(plan.plan_id)


def unsettled(context: Context) -> int:
    """Ledger rows of which nobody knows what became of them."""
    with context.database.read() as connection:
        return len(connection.execute(select(ledger.c.ledger_id).where(ledger.c.settled_at.is_(None))).all())
