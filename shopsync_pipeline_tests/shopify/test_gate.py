"""The gate before a shop: who is let through, who waits, who is refused, and what two processes know of each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.core.breaker import Breaker, Phase, Tolerance
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    ServerFault,
    ShopifyError,
    ShopPaused,
    ShopUnavailable,
    Throttled,
    Unauthorized,
    Unreachable,
    UserError,
    UserErrors,
)
from shopsync_pipeline.shopify.gate import Gate, OwnHealth

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SHOP = "x.myshopify.com"
STRICT = Tolerance(faults=3, rest=timedelta(seconds=5), longest=timedelta(seconds=20), lease=timedelta(seconds=30))
DOWN = ServerFault("Shop x answered HTTP 503.", codes=("HTTP_503",))
FROZEN = ShopUnavailable("Shop x answered HTTP 402. The shop is frozen for unpaid bills.", status=402)


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Counted(OwnHealth):
    """The common state, which tells how often it was asked and changed."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = self.changes = 0

    def read(self) -> Breaker:
        self.reads += 1
        return super().read()

    def change(self, step: Callable[[Breaker], Breaker]) -> Breaker:
        self.changes += 1
        return super().change(step)


class Scene:
    """One shop, its common state and a clock; `gate` is one process's."""

    def __init__(self) -> None:
        self.time = Time()
        self.health = Counted()

    def gate(self, patience: float = 60) -> Gate:
        return Gate(SHOP, self.health, patience=patience, tolerance=STRICT, clock=self.time, sleep=self.time.sleep)


async def ask(gate: Gate, ends: ShopifyError | None = None) -> None:
    """One request that ends well, or so."""
    if ends is None:
        async with gate.passing():
            return
    with suppress(type(ends)):
        async with gate.passing():
            raise ends


def run(script: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(script())


def test_a_shop_that_answers_costs_one_look_a_second() -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        for _ in range(100):
            await ask(gate)
        assert (scene.health.reads, scene.health.changes) == (1, 0)
        scene.time.now += timedelta(seconds=1)
        await ask(gate)
        assert (scene.health.reads, scene.health.changes) == (2, 0)

    run(script)


def test_faults_in_a_row_are_written_down_only_when_they_are_too_many(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        await ask(gate, DOWN)
        await ask(gate, Unreachable("no connection"))
        await ask(gate)
        await ask(gate, DOWN)
        await ask(gate, AnswerLost("lost"))
        assert scene.health.changes == 0
        with caplog.at_level(logging.WARNING):
            await ask(gate, DOWN)
        assert scene.health.changes == 1

    run(script)
    assert scene.health.read().phase is Phase.OPEN
    assert "is left alone after faults in a row" in caplog.text
    assert "Shop x answered HTTP 503." in caplog.text


@pytest.mark.parametrize("ends", [
    Throttled("no points"), Unauthorized("no token"), UserErrors("productSet", [UserError("", None, "no title")]),
    UserErrors("productDelete", [UserError("", None, "Another operation already in progress.")]),
    AnswerLost("GENERIC_ERROR", codes=("GENERIC_ERROR",), answered=True),
], ids=lambda error: type(error).__name__)
def test_an_answer_of_any_kind_is_a_sign_of_life(ends: ShopifyError) -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        for _ in range(2):
            await ask(gate, DOWN)
        for _ in range(9):
            await ask(gate, ends)
        await ask(gate, DOWN)
        assert scene.health.read().phase is Phase.CLOSED

    run(script)


def test_requests_wait_for_the_probe_and_follow_it() -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        for _ in range(3):
            await ask(gate, DOWN)
        order: list[str] = []

        async def request(name: str) -> None:
            async with gate.passing():
                order.append(f"{name} goes")
                await asyncio.sleep(0)
                order.append(f"{name} ends")

        await asyncio.gather(*(request(name) for name in "abc"))
        assert order[0][0] == order[1][0], "nobody goes beside the probe"
        assert len(order) == 6

    run(script)
    assert sum(scene.time.slept) >= 5
    assert max(scene.time.slept) <= 1, "a person's word is heard within a second"
    assert scene.health.read() == Breaker()


def test_a_request_without_patience_is_told_instead() -> None:
    scene = Scene()

    async def script() -> None:
        for _ in range(3):
            await ask(scene.gate(), DOWN)  # Three processes with one fault each have not had three in a row.
        await ask(scene.gate())
        gate = scene.gate()
        for _ in range(3):
            await ask(gate, DOWN)
        with pytest.raises(ShopPaused, match=r"is left alone .* HTTP 503\. The next probe goes at 2026-11-27 12:00:05 "
                                             r"UTC.*Nothing was sent\.") as told:
            await ask(scene.gate(patience=4))
        assert told.value.until == NOON + timedelta(seconds=5)
        await ask(scene.gate(patience=5))

    run(script)


def test_probes_in_vain_make_the_rests_longer_until_patience_ends() -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate(patience=12)
        for _ in range(3):
            await ask(gate, DOWN)
        await ask(gate, DOWN)  # the first probe, after 5 s
        with pytest.raises(ShopPaused):
            await ask(scene.gate(patience=9), DOWN)
        await ask(gate, DOWN)  # the second, after 10 more
        with pytest.raises(ShopPaused):
            await ask(gate)
        assert scene.health.read().rest == timedelta(seconds=20)

    run(script)


def test_a_frozen_shop_is_paused_for_all_processes_at_once_with_an_alert(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    async def script() -> None:
        other = scene.gate()
        await ask(other)
        with caplog.at_level(logging.ERROR), pytest.raises(ShopUnavailable, match=r"is paused .*next probe") as told:
            async with scene.gate().passing():
                raise FROZEN
        assert told.value.status == 402
        scene.time.now += timedelta(seconds=1)
        before = list(scene.time.slept)
        with pytest.raises(ShopPaused, match=r"is paused since 2026-11-27 12:00:00 UTC: .*frozen for unpaid bills\. "
                                             r"The next probe goes at 2026-11-27 13:00:00 UTC, or at once after"):
            await ask(other)
        assert scene.time.slept == before, "nobody waits an hour"

    run(script)
    (alert,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "x.myshopify.com is paused since" in alert.message


def test_many_refusals_at_once_are_one_alert(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()

        async def request() -> None:
            try:
                async with gate.passing():
                    await asyncio.sleep(0)
                    raise FROZEN
            except ShopUnavailable:
                pass

        await asyncio.gather(*(request() for _ in range(8)))

    with caplog.at_level(logging.ERROR):
        run(script)
    assert len(caplog.records) == 1
    assert scene.health.changes == 1


def test_an_hour_later_one_request_finds_out(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        await ask(gate, FROZEN)
        scene.time.now += timedelta(hours=1)
        await ask(gate, FROZEN)
        state = scene.health.read()
        assert (state.since, state.probe_at) == (NOON, NOON + timedelta(hours=2))
        with pytest.raises(ShopPaused):
            await ask(gate)
        scene.time.now += timedelta(hours=1)
        await ask(gate)
        assert scene.health.read() == Breaker()
        await ask(scene.gate())

    run(script)


def test_a_persons_word_lets_it_go_at_once() -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        await ask(gate, ShopUnavailable("HTTP 430.", status=430))
        assert scene.health.read().probe_at == NOON + timedelta(hours=6)
        scene.health.change(lambda state: state.resumed(scene.time.now))
        await ask(gate)
        assert scene.health.read() == Breaker()

    run(script)


def test_a_probe_that_is_called_off_leaves_its_turn() -> None:
    scene = Scene()

    async def script() -> None:
        gate = scene.gate()
        await ask(gate, FROZEN)
        scene.time.now += timedelta(hours=1)

        async def slow() -> None:
            async with gate.passing():
                await asyncio.sleep(60)

        task = asyncio.create_task(slow())
        await asyncio.sleep(0)
        assert scene.health.read().phase is Phase.HALF_OPEN
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert scene.health.read().probe_due(scene.time.now)
        await ask(gate)

    run(script)
