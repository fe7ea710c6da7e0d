"""The sender: one chain of mutations, each under a ledger row that was written first, and what its answer means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from shopsync_pipeline.core.batches import Batch, blamed
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.links import Links
from shopsync_pipeline.core.parts import Parts
from shopsync_pipeline.core.plan import Lane, PlanItem
from shopsync_pipeline.core.settlement import Effect
from shopsync_pipeline.db.base import BaseStore
from shopsync_pipeline.db.ledger import Ahead, Sent
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.engine.confirm import Confirmed
from shopsync_pipeline.engine.push.feed import SHARED, Chain
from shopsync_pipeline.engine.push.outcomes import Fate, Outcomes
from shopsync_pipeline.engine.push.post import Post, WithdrawnError
from shopsync_pipeline.engine.push.readback import ReadBack
from shopsync_pipeline.engine.push.work import Work
from shopsync_pipeline.engine.sending import idempotency_key, option_names
from shopsync_pipeline.engine.settle import STATE, settle
from shopsync_pipeline.shopify.client import Answer
from shopsync_pipeline.shopify.errors import AnswerLost, GraphQLFault, NotSendable, ShopifyError, UserErrors
from shopsync_pipeline.shopify.faults import Fault, Todo, fault_of
from shopsync_pipeline.shopify.part_reads import Answered
from shopsync_pipeline.shopify.writes import (
    Request,
    Written,
    inventory_request,
    inventory_written,
    metafields_request,
    metafields_written,
    request,
    written,
)

SENDS = 3
"""How often one mutation is sent at the most, when its answers keep getting lost and reading shows no effect."""

_AGAIN = frozenset({Todo.RETRY, Todo.WAIT, Todo.NEW_KEY})
"""What is sent again at once; the client has paused before, where the fault asks for it."""

_WHOLE_SHOP = frozenset({Todo.STOP, Todo.REFRESH_TOKEN, Todo.PAUSE_SHOP})
"""What concerns the shop as a whole and no item."""

PRIORITY = {lane: place for place, lane in enumerate(Lane)}
"""Which lane's requests get points first, where several push at once: the lower number."""

_MANY = frozenset({"inventory_set", "metafields_set", "metafields_delete"})
"""Documents that carry rows of many products."""


class Sender:
    """Sends the chains of one lane."""

    def __init__(self, work: Work, outcomes: Outcomes, post: Post, readback: ReadBack) -> None:
        self._work = work
        self._post = post
        self._outcomes = outcomes
        self._readback = readback

    async def send(self, chain: Chain) -> None:
        """Sends the batches of a chain, one after the other, each only if what it waits for in the chain took effect.

        What was lost on the way is planned again, with all that comes after it in the chain, and the feed looks at it
        anew. Raises a `ShopifyError` that concerns the shop as a whole; what was not executed then stays planned.
        """
        confirmed: set[str] = set()
        before: set[str] = set()
        linked = chain.fitness.linked
        links = {key: linked[key].links for key in chain.products if key in linked}
        for batch in chain.batches:
            if self._work.ends:
                return
            waits_for = {first for item in batch for first in item.depends_on} & before
            before.update(item.item_id for item in batch)
            if waits_for - confirmed:
                await self._outcomes.set_aside([(item, "what it waits for did not take effect") for item in batch])
                continue
            if len(before) > len(batch):
                links = await asyncio.to_thread(self._links, batch)
            went = await self._send(batch, links, chain)
            if went is Effect.DONE:
                confirmed.update(item.item_id for item in batch)
            elif went is Effect.NOT_DONE:
                return

    def _links(self, batch: Batch) -> dict[str, Links]:
        with self._work.context.database.read() as connection:
            bases = BaseStore(connection, self._work.shop_id).get([item.product_key for item in batch])
        return {key: agreed.links for key, agreed in bases.items()}

    async def _send(self, batch: Batch, links: Mapping[str, Links], chain: Chain) -> Effect:
        """Sends one batch, again where Shopify says that it may succeed later. `DONE`: it took effect as a whole;
        `NOT_DONE`: it is planned again; `UNTOLD`: it, or a part of it, ended otherwise, which is written down."""
        last: ShopifyError | None = None
        attempt = 0
        for _ in range(SENDS):
            try:
                key, sending = self._request(batch, links, chain, attempt)
            except NotSendable as error:
                await self._outcomes.rejected(batch, str(error), error)
                return Effect.UNTOLD
            sent = await self._outcomes.write_ahead(Ahead(
                plan_id=self._work.plan_id, run_id=self._work.run_id, operation=batch[0].operation.value,
                idempotency_key=key, request={"document": sending.document, "variables": sending.variables},
                items=batch, whole=_about_to_go(batch, chain),
            ))
            try:
                answer = await self._post.send(sending)
            except AnswerLost as error:
                return await self._lost(batch, sent, str(error))
            except (UserErrors, GraphQLFault) as error:
                last = error
                fault = fault_of(error)
                if fault.todo not in _AGAIN:
                    return await self._refused(batch, sent, error, fault, links, chain)
                await self._outcomes.refused(sent, error, ())
                attempt += fault.todo is Todo.NEW_KEY
            except WithdrawnError:
                await self._outcomes.not_sent(sent, "the push ended before it left")
                return Effect.NOT_DONE
            except ShopifyError as error:
                self._work.failed.append(str(error))
                await self._outcomes.not_sent(sent, str(error))
                raise
            except asyncio.CancelledError:
                await asyncio.shield(self._outcomes.unknown(sent, "the push was stopped before the answer came"))
                raise
            else:
                return await self._answered(batch, sent, sending, answer, links)
        await self._outcomes.rejected(batch, str(last), last)
        return Effect.UNTOLD

    async def _answered(self, batch: Batch, sent: Sent, sending: Request, answer: Answer,
                        links: Mapping[str, Links]) -> Effect:
        """Confirms a mutation that was answered. Where the rest of what it made cannot be read, it stays unknown: the
        next run reads it."""
        try:
            return await self._confirm(batch, sent, sending, answer, links)
        except AnswerLost as error:
            return await self._lost(batch, sent, str(error))
        except ShopifyError as error:
            self._work.failed.append(str(error))
            await self._outcomes.unknown(sent, f"it was answered, but not read back: {error}")
            raise
        except asyncio.CancelledError:
            await asyncio.shield(self._outcomes.unknown(sent, "the push was stopped before it was read back"))
            raise

    async def _lost(self, batch: Batch, sent: Sent, why: str) -> Effect:
        """What became of a mutation whose answer was lost; nothing is sent again without another look at it."""
        await self._outcomes.unknown(sent, why)
        effects = await settle(self._work.context, self._work.client, self._work.shop, [sent])
        effect = effects[sent.ledger_id]
        if effect is not Effect.NOT_DONE:
            self._outcomes.counted(batch, STATE[effect])
            return effect
        tries = self._work.tries
        for item in batch:
            tries[item.item_id] = tries.get(item.item_id, 0) + 1
        over = [item for item in batch if tries[item.item_id] >= SENDS]
        self._work.again.extend(item.item_id for item in batch)
        if over:
            await self._outcomes.rejected(over, f"sent {SENDS} times; each answer was lost and nothing took effect")
        return effect

    def _request(self, batch: Batch, links: Mapping[str, Links], chain: Chain, attempt: int) -> tuple[str, Request]:
        key = idempotency_key(self._work.plan_id, batch, attempt=attempt)
        first, shop = batch[0], self._work.shop
        if first.operation is Operation.INVENTORY_SET:
            return key, inventory_request(batch, links, location_id=shop.location_id, idempotency_key=key)
        if first.operation in SHARED:
            return key, metafields_request(batch, links, digests=chain.digests)
        options = option_names(chain.fitness.store.get(first.product_id or "", {}))
        return key, request(first, links.get(first.product_key), location_id=shop.location_id, options=options,
                            listings=shop.listings, told=first.item_id not in chain.late)

    async def _confirm(self, batch: Batch, sent: Sent, sending: Request, answer: Answer,
                       links: Mapping[str, Links]) -> Effect:
        """Writes down what an answer says, after it was completed where it left something out."""
        item = batch[0]
        if sending.document in _MANY:
            after = (inventory_written(batch, answer.data) if item.operation is Operation.INVENTORY_SET
                     else metafields_written(batch, sending, answer.data))
            await self._outcomes.confirmed(
                sent, [Confirmed(one, after[one.item_id], links[one.product_key]) for one in batch], answer)
            return Effect.DONE
        known = links.get(item.product_key)
        if sending.untold == Parts():
            result: Written | None = written(item, sending, answer.data, known, self._work.shop.listings)
        else:
            result = await self._readback.complete(Answered(item, sending, answer.data, known))
        if result is None or not result.complete:
            # The answer had no room for all variants or pictures; reading the product by id shows the rest.
            await settle(self._work.context, self._work.client, self._work.shop, [sent],
                         answers={sent.ledger_id: answer})
            self._outcomes.counted(batch, ItemState.CONFIRMED)
            return Effect.DONE
        await self._outcomes.confirmed(sent, [Confirmed(item, result.fields, result.links)], answer)
        return Effect.DONE

    async def _refused(self, batch: Batch, sent: Sent, error: UserErrors | GraphQLFault, fault: Fault,
                       links: Mapping[str, Links], chain: Chain) -> Effect:
        """What becomes of a batch that Shopify refused, by the table of faults.

        One bad row refuses a whole batch of stock; the rows that the answer names are taken out, or halving finds them,
        and the others still go.
        """
        # A deletion that was sent twice, because its first answer was lost, is refused the second time: it is gone.
        if batch[0].operation is Operation.PRODUCT_DELETE:
            effects = await settle(self._work.context, self._work.client, self._work.shop, [sent])
            if effects[sent.ledger_id] is Effect.DONE:
                self._outcomes.counted(batch, ItemState.CONFIRMED)
                return Effect.DONE
        if fault.todo is Todo.HOLD_LANE:
            await self._outcomes.hold_lane(sent, error, fault.sentence)
            return Effect.UNTOLD
        if fault.todo in _WHOLE_SHOP:
            self._work.failed.append(str(error))
            await self._outcomes.not_sent(sent, str(error))
            raise error
        guilty = batch if len(batch) == 1 else _named(batch, error)
        aside = fault.todo is Todo.SET_ASIDE
        if aside:
            self._work.stale.extend(item.product_id for item in guilty if item.product_id is not None)
        state, cause = (ItemState.STALE, None) if aside else (ItemState.REJECTED, error)
        await self._outcomes.refused(sent, error, [Fate(item, state, str(error), cause, alone=len(batch) == 1)
                                                   for item in guilty])
        others = tuple(item for item in batch if item not in guilty)
        if not guilty:
            middle = len(batch) // 2
            await self._send(batch[:middle], links, chain)
            await self._send(batch[middle:], links, chain)
        elif others:
            await self._send(others, links, chain)
        return Effect.UNTOLD


def _named(batch: Batch, error: UserErrors | GraphQLFault) -> Batch:
    """The items of a shared call whose rows the answer names."""
    return blamed(batch, [one.field for one in error.errors]) if isinstance(error, UserErrors) else ()


def _about_to_go(batch: Sequence[PlanItem], chain: Chain) -> dict[str, Mapping[Path, Value]]:
    """Everything that products which are about to be deleted show, by item id: an undo makes them anew from it."""
    return {item.item_id: chain.fitness.store.get(item.product_id or "", {}) for item in batch
            if item.operation is Operation.PRODUCT_DELETE}
