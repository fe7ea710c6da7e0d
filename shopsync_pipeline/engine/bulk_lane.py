"""The bulk way out of a lane: shards are written ahead, uploaded, started, waited for and settled, five at once.

Nothing is lost by trying: what Shopify never began is handed back to be sent directly, and what it began goes on
without us. A process that dies leaves rows that tell how far each shard got, and `adopt` goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from shopsync_pipeline.core.bulk import (
    MOST_AT_ONCE,
    UNMEASURED,
    Bulk,
    BulkSpeed,
    Sighting,
    measured,
    share_of_bulk,
    smoothed,
)
from shopsync_pipeline.core.fields import Operation
from shopsync_pipeline.core.plan import PlanItem
from shopsync_pipeline.db.bulk import BulkOperations, Shard, ShardState
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.bulk_results import OnOutcome, Settler
from shopsync_pipeline.engine.bulk_shards import ShardFile, ShardWriter, Waves, batches
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.shopify.bulk.faults import BulkFault, BulkStalled
from shopsync_pipeline.shopify.bulk.mutations import USUAL_DOCUMENT, cancel, find, start
from shopsync_pipeline.shopify.bulk.poll import BulkOperation, BulkStatus, wait_for
from shopsync_pipeline.shopify.bulk.staged import UploadFailed, upload
from shopsync_pipeline.shopify.client import ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost, GraphQLFault, ShopifyError, UserErrors
from shopsync_pipeline.shopify.shop import Shop

log = logging.getLogger(__name__)

PATIENCE = 1800.0
"""Seconds without progress after which an operation is called off. Shopify itself gives a mutation a day."""
CANCEL_PATIENCE = 600.0
"""Seconds that calling it off may take."""
ROOM_PATIENCE = 600.0
"""Seconds to wait for a place among the operations of other processes, while none of ours is running."""
FIND_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each look for an operation that may have been started."""
CLOCKS_APART = timedelta(minutes=10)
"""How far Shopify's clock and ours may differ when an operation is looked for."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_UPLOADS = 2
_BAD_FILE = frozenset({"NO_SUCH_FILE", "INVALID_STAGED_UPLOAD_FILE", "INTERNAL_FILE_SERVER_ERROR"})


@dataclass(slots=True)
class _Started:
    """An operation that Shopify made of a shard: its id, and how long it took to bring it the file."""

    operation_id: str
    upload_seconds: float
    accepted: float = field(default_factory=time.monotonic)
    sightings: list[Sighting] = field(default_factory=list)

    def see(self, operation: BulkOperation) -> None:
        """Notes how many lines are done."""
        self.sightings.append(Sighting(self.upload_seconds + time.monotonic() - self.accepted, operation.object_count))


class BulkSender:
    """Sends items of one plan by bulk operations; `on_outcome` is told what became of items, after it is committed.

    What is handed over was looked at just before (`reread`, `unfit`): here no precondition is asked any more.
    """

    def __init__(self, context: Context, client: ShopifyClient, shop: Shop, plan_id: str, run_id: str | None, *,
                 on_outcome: OnOutcome) -> None:
        self._context = context
        self._client = client
        self._plan_id = plan_id
        self._run_id = run_id
        self._shop = shop
        self._on_outcome = on_outcome
        self._settler = Settler(context, client, shop, self._note)
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._running: set[str] = set()
        self._undone: set[str] = set()
        self._canceled = False
        self.usable = context.settings.bulk is not Bulk.NEVER
        """Whether bulk operations can be used in this run: not if a setting forbids them, or Shopify refused one of our
        documents."""

    def share(self, operation: Operation, n: int, cost: float) -> int:
        """How many of `n` items of one operation, each of `cost` points, should be handed to `run`, by the bucket as
        it stands and the shop's speed as remembered."""
        if not self.usable:
            return 0
        if self._context.settings.bulk is Bulk.ALWAYS:
            return n
        bucket = self._client.bucket
        return share_of_bulk(n, cost, bucket.restore_rate or 0.0, bucket.available or 0.0, self.speed(operation))

    def speed(self, operation: Operation) -> BulkSpeed:
        """How fast the shop runs an operation in bulk, as remembered or, before the first, as guessed."""
        with self._context.database.read() as connection:
            known = BulkOperations(connection, self._context.shop_id).speed(USUAL_DOCUMENT[operation])
        return known or UNMEASURED

    async def run(self, items: Sequence[PlanItem]) -> list[PlanItem]:
        """Sends `items`, which are in sending order; returns those that have to go the direct way after all.

        `items` may be read as they are asked for, once and then once a wave (a product's second item is in the second);
        no more of them is held than a batch, beside what is returned.

        Raises the first `ShopifyError` that concerns the shop as a whole; operations that are running then go on, and
        the next `adopt` settles them.
        """
        direct: list[PlanItem] = []
        self._undone.clear()
        waves = Waves(items)
        for number, counts in enumerate(waves.sizes):
            back: list[PlanItem] = []
            try:
                async with asyncio.TaskGroup() as group:
                    async for shard in self._shards(waves.wave(number), counts, back):
                        group.create_task(self._send(shard, back))
            except* ShopifyError as failures:
                raise _first(failures) from None
            self._undone.update(item.item_id for item in back)
            direct += back
        return direct

    async def adopt(self) -> int:
        """Settles what an earlier process left: operations that are running are waited for, those that ended are read.

        Returns how many shards there were. Items that were not done are planned again. Call it before anything else
        settles ledger rows or sends items: what looks lost may be running still.
        """
        with self._context.database.read() as connection:
            left = BulkOperations(connection, self._context.shop_id).unfinished()
        try:
            async with asyncio.TaskGroup() as group:
                for shard in left:
                    group.create_task(self._adopt(shard))
        except* ShopifyError as failures:
            raise _first(failures) from None
        return len(left)

    async def cancel(self) -> None:
        """Calls off all operations of this sender; `run` then settles what they had done and hands the rest back."""
        self._canceled = True
        for operation_id in list(self._running):
            await self._call_off(operation_id)

    async def _shards(self, wave: Iterable[PlanItem], counts: Mapping[Operation, int],
                      direct: list[PlanItem]) -> AsyncIterator[ShardFile]:
        writer = ShardWriter(self._context, self._shop, self._plan_id, self._run_id, counts)
        for part in batches(wave):
            ready = [item for item in part if self.usable and not self._undone.intersection(item.depends_on)]
            going = {item.item_id for item in ready}
            taken = await asyncio.to_thread(writer.take, ready)
            direct += [item for item in part if item.item_id not in going]
            direct += taken.direct
            if taken.rejected:
                self._note(taken.rejected, ItemState.REJECTED)
            for shard in taken.full:
                yield shard
        for shard in await asyncio.to_thread(writer.rest):
            yield shard

    async def _send(self, file: ShardFile, direct: list[PlanItem]) -> None:
        async with self._places:
            try:
                started = await self._start(file)
            except ShopifyError as error:
                if self._shard(file).state is ShardState.PREPARING:
                    await self._settler.abandon(self._shard(file), f"not sent: {error}")
                raise
            finally:
                file.file.close()
            if started is None:
                shard = self._shard(file)
                # An answer that was lost leaves it `starting`: then only reading tells what was done.
                if shard.state is ShardState.STARTING:
                    direct += await self._settler.settle_by_reading(shard)
                direct += await self._settler.abandon(shard, "no bulk operation was made of it")
                return
            operation = await self._wait(started, file.lines)
        direct += await self._settler.settle(self._shard(file), operation)
        if operation.status is BulkStatus.COMPLETED:
            self._remember(file, started)

    async def _start(self, file: ShardFile) -> _Started | None:
        """Uploads a shard and has Shopify start it; `None` where no operation was made, and items go directly."""
        for _ in range(_UPLOADS):
            if not self.usable or self._canceled:
                return None
            began = time.monotonic()
            try:
                path = await upload(self._client, file.file, f"{file.shard_id}.jsonl")
            except (UploadFailed, UserErrors, GraphQLFault, AnswerLost) as error:
                log.warning("A file could not be uploaded, so its %d items are sent directly: %s", file.lines, error)
                return None
            seconds = time.monotonic() - began
            try:
                operation_id = await self._start_in_room(file, path)
            except UserErrors as error:
                if not self._refused(error):
                    return None
                continue
            if operation_id is None:
                return None
            with self._context.database.write() as connection:
                BulkOperations(connection, self._context.shop_id).running(file.shard_id, operation_id)
            return _Started(operation_id, seconds)
        return None

    async def _start_in_room(self, file: ShardFile, path: str) -> str | None:
        """Starts an uploaded shard as soon as there is room; `None` if there is none, or nobody knows whether it was
        started. Raises `UserErrors` when it is refused for another reason."""
        waited, pause = 0.0, _FIRST_PAUSE
        while True:
            with self._context.database.write() as connection:
                BulkOperations(connection, self._context.shop_id).starting(file.shard_id, path)
            try:
                return await start(self._client, file.document, file.mark, path)
            except AnswerLost:
                return await self._find(self._shard(file))
            except UserErrors as error:
                self._not_started(file)
                if "OPERATION_IN_PROGRESS" not in error.codes:
                    raise
            except GraphQLFault as error:
                self._not_started(file)
                log.warning("Shopify did not start a bulk operation, so its %d items are sent directly: %s", file.lines,
                            error)
                return None
            except ShopifyError:
                # All others are raised before Shopify executes anything.
                self._not_started(file)
                raise
            if self._canceled or (waited >= ROOM_PATIENCE and not self._running):
                log.warning("Other processes kept all of the shop's bulk operations busy for %.0f s, so %d items are "
                            "sent directly", waited, file.lines)
                return None
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, _LONGEST_PAUSE)

    def _refused(self, error: UserErrors) -> bool:
        """What a refusal to start means: true if another upload may help."""
        if _BAD_FILE.intersection(error.codes):
            return True
        # Most of the rules for documents are told without a code, by the argument's name (recorded answers).
        if "INVALID_MUTATION" in error.codes or any(row.field in ("mutation", "query") for row in error.errors):
            self.usable = False
            log.warning("Shopify does not take one of our documents in bulk, so this run sends everything directly. "
                        "Update shopsync, or set SYNC_BULK=never. %s", error)
        else:
            log.warning("Shopify did not start a bulk operation, so its items are sent directly: %s", error)
        return False

    async def _find(self, shard: Shard) -> str | None:
        """The operation of a shard that may have been started, looked for until it would show if it were there."""
        since = (shard.starting_at or shard.prepared_at) - CLOCKS_APART
        for pause in FIND_PAUSES:
            await asyncio.sleep(pause)
            found = await find(self._client, shard.shard_id.replace("-", ""), since)
            if found is not None:
                return found
        return None

    async def _wait(self, started: _Started, lines: int | None) -> BulkOperation:
        self._running.add(started.operation_id)
        try:
            try:
                return await wait_for(self._client, started.operation_id, patience=PATIENCE, expected_objects=lines,
                                      on_poll=started.see)
            except BulkStalled as error:
                log.warning("%s It is called off now.", error)
                await self._call_off(started.operation_id)
                return await wait_for(self._client, started.operation_id, patience=CANCEL_PATIENCE, on_poll=started.see)
        finally:
            self._running.discard(started.operation_id)

    async def _call_off(self, operation_id: str) -> None:
        try:
            await cancel(self._client, operation_id)
        except UserErrors as error:
            log.info("Bulk operation %s ended before it was called off: %s", operation_id, error)

    async def _adopt(self, shard: Shard) -> None:
        operation_id = shard.operation_id
        if shard.state is ShardState.PREPARING:
            await self._settler.abandon(shard, "its process died before it was sent")
            return
        if operation_id is None:
            operation_id = await self._find(shard)
            if operation_id is None:
                await self._settler.settle_by_reading(shard)
                await self._settler.abandon(shard, "no bulk operation was made of it")
                return
            with self._context.database.write() as connection:
                BulkOperations(connection, self._context.shop_id).running(shard.shard_id, operation_id)
        log.info("Bulk operation %s was left by an earlier process and is adopted", operation_id)
        try:
            operation = await self._wait(_Started(operation_id, 0.0), shard.lines)
        except BulkStalled:
            raise
        except BulkFault as error:
            log.warning("%s Its products are read instead.", error)
            await self._settler.settle_by_reading(shard)
            await self._settler.abandon(shard, "Shopify no longer knows its operation")
            return
        await self._settler.settle(shard, operation)

    def _remember(self, file: ShardFile, started: _Started) -> None:
        newest = measured(started.sightings, now(), at_once=file.at_once)
        if newest is None:
            return
        with self._context.database.write() as connection:
            bulk = BulkOperations(connection, self._context.shop_id)
            bulk.remember_speed(file.document, smoothed(bulk.speed(file.document), newest))

    def _not_started(self, file: ShardFile) -> None:
        with self._context.database.write() as connection:
            BulkOperations(connection, self._context.shop_id).not_started(file.shard_id)

    def _shard(self, file: ShardFile) -> Shard:
        with self._context.database.read() as connection:
            return BulkOperations(connection, self._context.shop_id).get(file.shard_id)

    def _note(self, items: Sequence[PlanItem], state: ItemState) -> None:
        if state is not ItemState.CONFIRMED:
            self._undone.update(item.item_id for item in items)
        self._on_outcome(items, state)


async def adopt_left(context: Context, client: ShopifyClient, shop: Shop) -> int:
    """Settles all bulk operations that earlier processes left in the shop, whichever plan they are of; see
    `BulkSender.adopt`."""
    return await BulkSender(context, client, shop, "", None, on_outcome=lambda _items, _state: None).adopt()


def _first(failures: BaseExceptionGroup[ShopifyError]) -> ShopifyError:
    error: BaseException = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, ShopifyError)
    return error
