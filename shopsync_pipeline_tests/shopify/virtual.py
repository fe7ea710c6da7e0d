"""Virtual seconds and Shopify's side of the bucket, for tests of who may send when: nothing here waits in earnest."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Coroutine, Sized
from dataclasses import dataclass, field
from typing import Any

from shopsync_pipeline.shopify.throttle import ThrottleStatus


@dataclass
class Time:
    """Virtual seconds: sleepers wake in order, and only when everything else has run as far as it can."""

    now: float = 0.0
    most_steps: int = 20_000
    sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    serial: itertools.count[int] = field(default_factory=itertools.count)

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self.sleepers, (self.now + max(seconds, 0.0), next(self.serial), future))
        await future

    async def drive(self, work: Coroutine[Any, Any, object]) -> object:
        """Runs `work` to its end, moving time on whenever all of it sleeps."""
        task = asyncio.ensure_future(work)
        ready: Sized = vars(asyncio.get_running_loop())["_ready"]
        steps = 0
        while not task.done():
            await asyncio.sleep(0)
            while ready:
                await asyncio.sleep(0)
            steps += 1
            assert steps < self.most_steps, f"{self.now} s have passed and there is no end: something goes in circles"
            if task.done():
                break
            while self.sleepers and self.sleepers[0][2].done():
                heapq.heappop(self.sleepers)
            assert self.sleepers, "everything waits and nobody sleeps: the bucket is stuck"
            self.now, _, future = heapq.heappop(self.sleepers)
            future.set_result(None)
        return await task


@dataclass
class Server:
    """Shopify's side: deducts the requested cost on arrival, refunds the difference when it was executed."""

    time: Time
    maximum: float = 100.0
    rate: float = 50.0
    level: float = 100.0
    at: float = 0.0
    refused: int = 0

    def hold(self, points: float) -> None:
        self.level = min(self.maximum, self.level + (self.time.now - self.at) * self.rate) - points
        self.at = self.time.now

    async def serve(self, requested: float, actual: float, delays: tuple[float, float, float]) -> ThrottleStatus:
        await self.time.sleep(delays[0])
        self.hold(requested)
        if self.level < -1e-6:
            self.refused += 1
        await self.time.sleep(delays[1])
        self.hold(actual - requested)
        status = ThrottleStatus(self.maximum, self.level, self.rate)
        await self.time.sleep(delays[2])
        return status
