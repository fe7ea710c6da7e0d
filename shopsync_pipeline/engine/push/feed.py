"""The feed: a lane's items, page by page, looked at again just before they go, in chains that may run side by side.

Pages are as long as what the shop takes within the time after which a product would have to be read again. Items of
one product never run side by side: each may change the ids that the next one needs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shopsync_pipeline.core.batches import Batch, Limits, batches
from shopsync_pipeline.core.cost import read_back
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.plans import ItemState, Plans
from shopsync_pipeline.db.rows import chunks
from shopsync_pipeline.engine.fitness import Fitness, examine
from shopsync_pipeline.engine.push.outcomes import Outcomes
from shopsync_pipeline.engine.push.work import Work
from shopsync_pipeline.engine.reread import reread
from shopsync_pipeline.shopify.writes import Digests

FEWEST, MOST = 20, 1000
"""Bounds on the items of one page."""

GROWTH = 3
"""How many times as long as the one before a page may be. The first are short: a full bucket is lost time until more is
sent than comes back."""

_NEVER = (ItemState.REJECTED, ItemState.STALE, ItemState.HELD)

SHARED = frozenset({Operation.INVENTORY_SET, Operation.METAFIELDS_SET, Operation.METAFIELDS_DELETE})
"""Operations whose calls carry rows of many products."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Batches that go one after the other. `fitness`: what was found out about their products; `digests`: by what
    metafields are compared; `late`: items whose answers leave out what is read back together."""

    batches: tuple[Batch, ...]
    fitness: Fitness
    digests: Digests
    late: frozenset[str]

    @property
    def items(self) -> int:
        """How many items it is."""
        return sum(map(len, self.batches))

    @property
    def products(self) -> set[str]:
        """Keys of the products that it writes to."""
        return {item.product_key for batch in self.batches for item in batch}


class Feed:
    """Gives the chains of a lane. Tell it of each that is through with `done`.

    `only` limits it to items by id.
    """

    def __init__(self, work: Work, outcomes: Outcomes, *, only: Collection[str] | None = None) -> None:
        self._work = work
        self._outcomes = outcomes
        self._only = only
        self._busy: set[str] = set()
        self._freed = asyncio.Event()
        self.idle = False
        """Whether nothing more comes before something that is on its way is through."""

    def done(self, chain: Chain) -> None:
        """Says that a chain is through, whatever became of it."""
        self.release(chain.products)

    def claim(self, items: Iterable[PlanItem]) -> list[PlanItem]:
        """Those of `items` whose products are not on their way; the feed leaves those products alone from now on."""
        claimed = [item for item in items if item.product_key not in self._busy]
        self._busy |= {item.product_key for item in claimed}
        return claimed

    def release(self, products: Collection[str]) -> None:
        """Says that products are no longer on their way."""
        self._busy -= set(products)
        self._freed.set()

    async def fit(self, items: Sequence[PlanItem]) -> list[PlanItem]:
        """Those of `items` that still fit both sides, looked at now; the others are set aside with their reason."""
        return [item for part in chunks(items, MOST) for item in (await self._looked_at(part))[0]]

    async def chains(self) -> AsyncIterator[Chain]:
        """All chains of the lane. Asks for the next page only when the last was taken, so that it is as it is now.

        Goes through the lane until nothing is on its way and a round finds nothing that may go: what then is left waits
        for something that does not go in this lane.
        """
        going_on, most = True, FEWEST
        while going_on:
            moved, deferred, after = False, False, -1
            while page := await asyncio.to_thread(self._page, after, min(most, self._size())):
                after, most = page[-1][0], min(MOST, most * GROWTH)
                items = [item for _, item in page if self._only is None or item.item_id in self._only]
                ready, some_wait = await self._ready(items)
                deferred = deferred or some_wait
                chains = await self._examined(ready)
                going = {key for chain in chains for key in chain.products}
                self.release({item.product_key for item in ready} - going)
                for chain in chains:
                    moved = True
                    yield chain
            going_on = (deferred and moved) or await self._another_round(deferred=deferred)

    async def _another_round(self, *, deferred: bool) -> bool:
        """Waits for what is on its way; tells whether there may be something to send after it."""
        again = self._work.again
        freed = False
        self.idle = True
        while self._busy and not freed:
            self._freed.clear()
            await self._freed.wait()
            freed = deferred or bool(again)
        self.idle = False
        found = bool(again) or freed
        again.clear()
        return found

    def _page(self, after: int, most: int) -> list[tuple[int, PlanItem]]:
        work = self._work
        with work.context.database.read() as connection:
            return Plans(connection, work.shop_id).page(work.plan_id, work.lane, after=after, most=most)

    def _size(self) -> int:
        bucket, progress = self._work.client.bucket, self._work.tally.progress
        cost = progress.estimate / progress.total if progress.total else 0.0
        if cost <= 0 or bucket.restore_rate is None:
            return MOST
        soon = (bucket.available or 0.0) + bucket.restore_rate * max(1.0, self._work.context.settings.reread_after / 2)
        return max(FEWEST, min(MOST, int(soon / cost)))

    async def _ready(self, items: Sequence[PlanItem]) -> tuple[list[PlanItem], bool]:
        """The items that may go by what they wait for, whose products are busy from now on; and whether some have to
        wait for another round."""
        states = await asyncio.to_thread(self._states, items)
        ready: list[PlanItem] = []
        going: set[str] = set()
        lost: list[tuple[PlanItem, str]] = []
        deferred = False
        for item in items:
            firsts = [first for first in item.depends_on if first not in going]
            if any(states.get(first, ItemState.STALE) in _NEVER for first in firsts):
                lost.append((item, "what it waits for did not take effect"))
            elif item.product_key in self._busy or any(states[f] is not ItemState.CONFIRMED for f in firsts):
                deferred = True
            else:
                ready.append(item)
                going.add(item.item_id)
        self._busy |= {item.product_key for item in ready}
        await self._outcomes.set_aside(lost)
        return ready, deferred

    def _states(self, items: Sequence[PlanItem]) -> Mapping[str, ItemState]:
        firsts = dict.fromkeys(first for item in items for first in item.depends_on)
        if not firsts:
            return {}
        with self._work.context.database.read() as connection:
            return Plans(connection, self._work.shop_id).states_of(self._work.plan_id, firsts)

    async def _examined(self, items: Sequence[PlanItem]) -> list[Chain]:
        """Items that still fit both sides, in chains; the others are set aside with their reason."""
        if not items:
            return []
        fit, fitness, digests = await self._looked_at(items)
        limits, late = Limits(stock_rows=self._work.context.settings.batch_size), read_back(fit)
        return [Chain(part, fitness, digests, late) for part in _parts(fit, limits)]

    async def _looked_at(self, items: Sequence[PlanItem]) -> tuple[list[PlanItem], Fitness, Digests]:
        """Those of `items` that still fit both sides, and what was found out; the others are set aside."""
        work = self._work
        digests = await reread(work.context, work.client, work.shop, items)
        fitness = await asyncio.to_thread(self._examine, items)
        await self._outcomes.set_aside([(item, fitness.unfit[item.item_id]) for item in items
                                        if item.item_id in fitness.unfit])
        return [item for item in items if item.item_id not in fitness.unfit], fitness, digests

    def _examine(self, items: Sequence[PlanItem]) -> Fitness:
        with self._work.context.database.read() as connection:
            return examine(connection, self._work.shop_id, self._work.plan_id, items)


def _parts(items: Sequence[PlanItem], limits: Limits) -> Iterator[tuple[Batch, ...]]:
    """What goes one after the other: the items of a product each, but those that share calls with other products and
    go before no other item of theirs together."""
    by_product: dict[str, list[PlanItem]] = {}
    for item in items:
        by_product.setdefault(item.product_key, []).append(item)
    sharing: list[PlanItem] = []
    for of_product in by_product.values():
        operations = {item.operation for item in of_product}
        if len(operations) == 1 and operations <= SHARED:
            sharing += of_product
        else:
            yield tuple((item,) for item in of_product)
    for batch in batches(sharing, limits):
        yield (batch,)
