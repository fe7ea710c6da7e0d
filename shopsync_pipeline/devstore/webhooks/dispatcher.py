"""Sends what was committed to whoever subscribed, tries again what failed, and gives up on who never answers.

Deliveries live in memory: what is still waiting when the dev store stops is lost, as the platform promises none. A
subscription is removed when a delivery's eight retries have failed and nothing else reached it meanwhile.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from shopsync_pipeline.devstore.persistence import Change
from shopsync_pipeline.devstore.records import gid
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.webhooks.addresses import refusal
from shopsync_pipeline.devstore.webhooks.delivery import RETRIES, Delivery, attempt, headers_of, topic_name, wait_after
from shopsync_pipeline.devstore.webhooks.events import Event, events_of
from shopsync_pipeline.devstore.webhooks.records import Subscription
from shopsync_pipeline.devstore.webhooks.shaping import passes, shaped

_AT_ONCE: Final = 10
_KEPT_LOG: Final = 2_000
# A bulk run can make events faster than any receiver takes them; what does not fit is lost and logged.
_MAXIMUM_WAITING: Final = 20_000
_TICK_SECONDS: Final = 0.02


@dataclass(slots=True)
class Trouble:
    """Trouble ordered for the next `remaining` deliveries: "delay" (by `seconds`), "drop", "duplicate" or "reorder"."""

    kind: str
    remaining: int = 1
    topic: str | None = None
    seconds: float = 0.0
    held: list[Delivery] = field(default_factory=list)


class Dispatcher:
    """The outgoing webhooks of one shop."""

    def __init__(self, store: Store, secret_of: Callable[[str], str]) -> None:
        """Idle until `attach` and the first event; `secret_of` gives the secret of an app by its name."""
        self.store = store
        self.secret_of = secret_of
        self.log: deque[dict[str, Any]] = deque(maxlen=_KEPT_LOG)
        self.troubles: list[Trouble] = []
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._turn = 0
        self._sending: set[asyncio.Task[None]] = set()
        self._pump: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None
        self._last_bodies: dict[tuple[int, str, str], bytes] = {}
        self._reached: dict[int, float] = {}

    def attach(self) -> None:
        """Begins to listen for committed changes."""
        self.store.observers.append(self._observe)
        self.store.reset_observers.append(self.forget)
        self.store.restore_observers.append(self.forget)

    def forget(self) -> None:
        """Drops everything that waits, is logged or was ordered: the shop was reset, or is another one."""
        for task in self._sending:
            task.cancel()
        self._waiting.clear()
        self._last_bodies.clear()
        self._reached.clear()
        self.troubles.clear()
        self.log.clear()

    async def stop(self) -> None:
        """Ends all sending."""
        tasks = [*self._sending, *([self._pump] if self._pump is not None else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._client is not None:
            await self._client.aclose()
        self._pump, self._client = None, None

    def waiting(self) -> list[Delivery]:
        """What is still to be sent, soonest first."""
        return [delivery for _, _, delivery in sorted(self._waiting)]

    def release(self) -> None:
        """Sends what is held for reordering, latest first, and ends that trouble."""
        for trouble in [one for one in self.troubles if one.kind == "reorder"]:
            self._let_go(trouble)

    # -- from changes to deliveries ----------------------------------------------------------------

    def _observe(self, changes: list[Change]) -> None:
        subscriptions = self.store.subscriptions.values()
        wanted = {subscription.topic for subscription in subscriptions}
        if not wanted:
            return
        for event in events_of(self.store, changes, wanted):
            event_id = str(uuid.uuid4())
            for subscription in subscriptions:
                if subscription.topic == event.topic and passes(subscription.filter, event.payload):
                    self._emit(subscription, event, event_id)

    def _emit(self, subscription: Subscription, event: Event, event_id: str) -> None:
        store = self.store
        body = orjson.dumps(shaped(store, subscription, event))
        webhook_id, now = str(uuid.uuid4()), store.clock()
        headers = headers_of(
            topic=event.topic,
            body=body,
            secret=self.secret_of(subscription.app),
            shop=store.config.shop,
            version=subscription.version,
            webhook_id=webhook_id,
            event_id=event_id,
            triggered=now,
            name=subscription.name,
        )
        delivery = Delivery(
            webhook_id, event_id, subscription.id, event.topic, subscription.uri, headers, body, due=now
        )
        key = (subscription.id, event.topic, event.resource)
        if subscription.include_fields:
            # With only some fields, a body that says what the last one said is not sent.
            if self._last_bodies.get(key) == body:
                self._note(delivery, "debounced", "the body is the same as the last one about this resource")
                return
            self._last_bodies[key] = body
        sentence = refusal(subscription.uri)
        if sentence is not None:
            self._note(delivery, "refused", sentence)
        elif len(self._waiting) >= _MAXIMUM_WAITING:
            self._note(delivery, "lost", f"{_MAXIMUM_WAITING} deliveries were waiting already")
        else:
            self._meet_trouble(delivery)

    def _meet_trouble(self, delivery: Delivery) -> None:
        trouble = next((one for one in self.troubles if one.topic in (None, delivery.topic)), None)
        if trouble is None:
            self._queue(delivery)
            return
        trouble.remaining -= 1
        if trouble.kind == "reorder":
            trouble.held.append(delivery)
            if trouble.remaining <= 0:
                self._let_go(trouble)
            return
        if trouble.remaining <= 0:
            self.troubles.remove(trouble)
        if trouble.kind == "drop":
            self._note(delivery, "lost", "it was ordered to be lost")
            return
        if trouble.kind == "duplicate":
            self._queue(_copy(delivery))
        delivery.due += trouble.seconds
        self._queue(delivery)

    def _let_go(self, trouble: Trouble) -> None:
        """Sends what was held one after another, latest first: at once, the order would be left to chance."""
        self.troubles.remove(trouble)
        for earlier, later in itertools.pairwise(trouble.held):
            later.next = earlier
        if trouble.held:
            self._queue(trouble.held[-1])

    def _queue(self, delivery: Delivery) -> None:
        self._turn += 1
        heapq.heappush(self._waiting, (delivery.due, self._turn, delivery))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._run())

    # -- sending -----------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Sends what is due, few at a time, and ends when nothing is left. The shop's clock may jump at any moment."""
        if self._client is None:
            # Proxies of the environment are left alone: nothing may leave this machine.
            self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False)
        while self._waiting or self._sending:
            now = self.store.clock()
            while self._waiting and self._waiting[0][0] <= now and len(self._sending) < _AT_ONCE:
                task = asyncio.create_task(self._send(heapq.heappop(self._waiting)[2]))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            if self._sending:
                await asyncio.wait(self._sending, timeout=_TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(_TICK_SECONDS)

    async def _send(self, delivery: Delivery) -> None:
        await self._try(delivery)
        if delivery.next is not None:
            self._queue(delivery.next)
            delivery.next = None

    async def _try(self, delivery: Delivery) -> None:
        store = self.store
        if delivery.subscription_id not in store.subscriptions:
            self._note(delivery, "given up", "the subscription is gone")
            return
        delivery.tries += 1
        if delivery.began is None:
            delivery.began = store.clock()
        settings = store.settings
        assert self._client is not None
        status, problem = await attempt(
            self._client,
            delivery,
            connect=settings.webhook_connect_ms / 1_000,
            total=settings.webhook_timeout_ms / 1_000,
        )
        if problem is None:
            self._reached[delivery.subscription_id] = store.clock()
            self._note(delivery, "delivered", None, status)
            return
        self._note(delivery, "failed", problem, status)
        if delivery.tries <= RETRIES:
            delivery.due = store.clock() + wait_after(delivery.tries) / settings.webhook_speed
            self._queue(delivery)
        else:
            self._give_up(delivery)

    def _give_up(self, delivery: Delivery) -> None:
        """Removes the subscription of a delivery that never got through, unless another one did since it began."""
        subscription = self.store.subscriptions.get(delivery.subscription_id)
        assert delivery.began is not None
        if subscription is None or self._reached.get(subscription.id, 0.0) >= delivery.began:
            self._note(delivery, "given up", f"{RETRIES} retries have failed")
            return
        self._note(delivery, "given up", f"{RETRIES} retries have failed, and the subscription was removed")
        self.store.remove(subscription)
        self.store.commit(actor="shop", action="webhookSubscriptionRemove")

    def _note(self, delivery: Delivery, result: str, sentence: str | None, status: int | None = None) -> None:
        self.log.append(
            {
                "at": self.store.clock(),
                "result": result,
                "topic": topic_name(delivery.topic),
                "subscription": gid(Subscription.KIND, delivery.subscription_id),
                "uri": delivery.uri,
                "webhook_id": delivery.webhook_id,
                "event_id": delivery.event_id,
                "try": delivery.tries,
                "status": status,
                "reason": sentence,
                "payload": delivery.body.decode(),
            }
        )


def _copy(delivery: Delivery) -> Delivery:
    return Delivery(
        delivery.webhook_id,
        delivery.event_id,
        delivery.subscription_id,
        delivery.topic,
        delivery.uri,
        delivery.headers,
        delivery.body,
        delivery.due,
    )
