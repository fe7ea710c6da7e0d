"""The post: takes mutations to the shop, each in a request of its own while there is room, else several in one.

Requests in flight are bounded (SYNC_MAX_CONCURRENT). Where that bound, and not the points, holds a push up, those that
wait travel together; each still has its own answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from shopsync_pipeline.shopify.client import Answer, ShopifyClient
from shopsync_pipeline.shopify.combined import MOST, together
from shopsync_pipeline.shopify.errors import ShopifyError
from shopsync_pipeline.shopify.writes import Request

_Letter = tuple[Request, asyncio.Future[Answer]]


class WithdrawnError(Exception):
    """A request never left, because the push ends."""


class Post:
    """Sends requests of one `priority`, at most `most` at a time, until `closed` says that nothing more may leave. Use
    as an async context manager."""

    def __init__(self, client: ShopifyClient, *, most: int, priority: int, closed: Callable[[], bool]) -> None:
        self._client = client
        self._most = most
        self._priority = priority
        self._closed = closed
        self._waiting: deque[_Letter] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._waiting.clear()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def send(self, request: Request) -> Answer:
        """The answer to a mutation. Raises what `ShopifyClient.mutate` raises, and `WithdrawnError`."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        self._go()
        return await answer

    def _go(self) -> None:
        if self._closed():
            while self._waiting:
                _, answer = self._waiting.popleft()
                if not answer.done():
                    answer.set_exception(WithdrawnError())
        while self._waiting and len(self._under_way) < self._most:
            letters = self._next()
            if letters:
                task = asyncio.create_task(self._take(letters))
                self._under_way.add(task)
                task.add_done_callback(self._arrived)

    def _next(self) -> list[_Letter]:
        """What goes in the next request: as many as leave to each free place about the same.

        What makes or deletes something goes alone: it takes the shop long, and must not be lost together with others.
        """
        many = min(MOST, -(-len(self._waiting) // (self._most - len(self._under_way))))
        letters: list[_Letter] = []
        while self._waiting and len(letters) < many:
            if self._waiting[0][1].done():
                self._waiting.popleft()  # Nobody waits any more for what was called off before it left.
            elif letters and _goes_alone(self._waiting[0][0]):
                break
            else:
                letters.append(self._waiting.popleft())
                if _goes_alone(letters[-1][0]):
                    return letters
        group = next(together([request for request, _ in letters], points=self._spare()), ())
        self._waiting.extendleft(reversed(letters[len(group):]))
        return letters[:len(group)]

    def _spare(self) -> float:
        """Points that one request may ask for without keeping all others waiting: half of the bucket."""
        return (self._client.bucket.maximum or 0.0) / 2

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._go()

    async def _take(self, letters: list[_Letter]) -> None:
        try:
            answers = await self._ask([request for request, _ in letters])
        except BaseException as error:
            for _, answer in letters:
                if not answer.done():
                    answer.set_exception(error if isinstance(error, ShopifyError) else asyncio.CancelledError())
            if not isinstance(error, ShopifyError):
                raise
            return
        for (_, answer), told in zip(letters, answers, strict=True):
            if answer.done():
                continue
            if isinstance(told, ShopifyError):
                answer.set_exception(told)
            else:
                answer.set_result(told)

    async def _ask(self, requests: list[Request]) -> list[Answer | ShopifyError]:
        if len(requests) > 1:
            return await self._client.mutate_many(requests, priority=self._priority)
        (request,) = requests
        return [await self._client.mutate(request.document, request.variables, cost=request.cost,
                                          repeatable=request.repeatable, priority=self._priority)]


def _goes_alone(request: Request) -> bool:
    return not request.repeatable or request.document == "product_delete"
