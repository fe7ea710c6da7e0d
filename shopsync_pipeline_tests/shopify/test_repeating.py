"""What the client sends again, when, and at which shops it does not even try."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from shopsync_pipeline.core.breaker import TOLERANCE
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.shopify import gate
from shopsync_pipeline.shopify.answers import retry_after
from shopsync_pipeline.shopify.client import Patience, ShopifyClient
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    ServerFault,
    ShopPaused,
    ShopUnavailable,
    Throttled,
    Unreachable,
    UserErrors,
)
from shopsync_pipeline.shopify.gate import OwnHealth
from shopsync_pipeline_tests.shopify.test_client import QUICK, TOKEN, Wire, ask, failed, ok, tries

DATED = {"Date": "Fri, 27 Nov 2026 12:00:00 GMT"}


@pytest.mark.parametrize(("headers", "seconds"), [
    ({"Retry-After": "2.0"}, 2.0), ({"Retry-After": " 3 "}, 3.0), ({"Retry-After": "-1"}, 0.0),
    ({"Retry-After": "Fri, 27 Nov 2026 12:00:07 GMT", **DATED}, 7.0),
    ({"Retry-After": "Fri, 27 Nov 2026 11:59:00 GMT", **DATED}, 0.0),
    ({"Retry-After": "Friday, 27-Nov-26 12:00:07 GMT", **DATED}, 7.0),
    ({}, None), ({"Retry-After": "soon"}, None), ({"Retry-After": "nan"}, None), ({"Retry-After": "inf"}, None),
    ({"Retry-After": ""}, None),
])
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Response(429, headers=headers)) == seconds


def test_a_date_without_the_answers_own_is_held_against_our_clock() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    told = retry_after(httpx.Response(503, headers={"Retry-After": soon}))
    assert told is not None
    assert 20 < told <= 30


def test_a_429_that_names_no_time_waits_as_shopifys_own_clients_do() -> None:
    with pytest.raises(Throttled) as caught:
        ask(httpx.Response(429), patience=Patience(throttled_seconds=0))
    assert caught.value.wait_seconds == 1.0


@pytest.mark.parametrize(("status", "write", "error"), [(429, True, Throttled), (503, False, ServerFault)])
def test_a_wait_that_is_longer_than_patience_is_not_begun(status: int, write: bool, error: type[ShopsyncError]) -> None:
    with pytest.raises(error) as caught:
        ask(httpx.Response(status, headers={"Retry-After": "3600"}), write=write)
    assert tries(caught.value) == 1


def test_a_server_that_asks_for_time_gets_it() -> None:
    started = time.monotonic()
    _, wire = ask(httpx.Response(503, headers={"Retry-After": "0.2"}), ok({"shop": {}}))
    assert len(wire.requests) == 2
    assert time.monotonic() - started >= 0.2


def refusing(code: str | None, message: str = "Something went wrong.", root: str = "productDelete") -> httpx.Response:
    return ok({root: {"userErrors": [{"field": None, "message": message, "code": code}]}})


DONE = ok({"productDelete": {"userErrors": []}})


@pytest.mark.parametrize("refusal", [
    refusing(None, "Another operation already in progress. Please wait until current one is finished."),
    refusing("IDEMPOTENCY_CONCURRENT_REQUEST"), failed("IDEMPOTENCY_CONCURRENT_REQUEST"),
], ids=["in progress", "key under way", "key under way, top level"])
def test_a_refusal_that_passes_and_changed_nothing_is_sent_again_as_it_was(refusal: httpx.Response) -> None:
    _, wire = ask(refusal, refusal, DONE, write=True)
    assert len(wire.requests) == 3
    assert len({request.content for request in wire.requests}) == 1, "the same key"


@pytest.mark.parametrize("code", ["GENERIC_ERROR", "JOB_ERROR", "INTERNAL_ERROR"])
def test_a_failure_within_the_mutation_is_repeated_only_where_that_is_safe(code: str) -> None:
    _, wire = ask(refusing(code), DONE, write=True, repeatable=True)
    assert len(wire.requests) == 2
    with pytest.raises(AnswerLost, match=code) as caught:
        ask(refusing(code), DONE, write=True)
    assert tries(caught.value) == 1
    assert caught.value.codes == (code,)


@pytest.mark.parametrize("code", [
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "CHANGE_FROM_QUANTITY_STALE",
    "SUBSCRIPTION_VIOLATION", "OPERATION_IN_PROGRESS", "NEXT_YEARS"])
def test_a_refusal_that_needs_another_deed_is_not_repeated(code: str) -> None:
    with pytest.raises(UserErrors) as caught:
        ask(refusing(code), DONE, write=True, repeatable=True)
    assert tries(caught.value) == 1


def test_after_a_lost_answer_only_a_telling_refusal_settles_it() -> None:
    lost = httpx.ReadError("reset")
    with pytest.raises(UserErrors, match="Product does not exist"):
        ask(lost, refusing(None, "Product does not exist"), write=True, repeatable=True)
    with pytest.raises(UserErrors):
        ask(lost, refusing("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"), write=True, repeatable=True)
    with pytest.raises(AnswerLost):
        ask(lost, refusing("IDEMPOTENCY_CONCURRENT_REQUEST"), write=True, repeatable=True)


def test_a_shop_that_refused_us_as_a_whole_is_asked_no_more() -> None:
    wire, health = Wire([httpx.Response(402, text="Payment Required")]), OwnHealth()

    async def run(*names: type[ShopsyncError]) -> None:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(wire), patience=QUICK,
                                 health=health) as client:
            for name in names:
                with pytest.raises(name) as caught:
                    await client.query("shop", {}, cost=3)
                assert TOKEN not in str(caught.value)

    asyncio.run(run(ShopUnavailable, ShopPaused))
    asyncio.run(run(ShopPaused))
    assert len(wire.requests) == 1
    assert health.read().paused


def test_a_write_in_doubt_stays_in_doubt_when_the_shop_is_paused_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LOOK_EVERY", timedelta(0))
    health = OwnHealth()

    def refuse(request: httpx.Request) -> httpx.Response:
        health.change(lambda state: state.refused(datetime.now(UTC), "HTTP 423.", timedelta(hours=1)))
        raise httpx.ReadError("reset")

    async def run() -> None:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(refuse), patience=QUICK,
                                 health=health) as client:
            await client.mutate("product_delete", {"input": {"id": "1"}}, cost=10, repeatable=True)

    with pytest.raises(AnswerLost, match="is paused since"):
        asyncio.run(run())


def test_a_shop_that_only_fails_is_left_alone_after_a_while() -> None:
    wire = Wire([httpx.ConnectError("refused")])
    patience = Patience(attempts=3, first_pause=0.001, longest_pause=0.002, jitter=0, paused_seconds=0)

    async def run() -> int:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(wire), patience=patience) as client:
            for _ in range(9):
                with pytest.raises((Unreachable, ShopPaused)) as caught:
                    await client.mutate("product_delete", {"input": {"id": "1"}}, cost=10)
            assert isinstance(caught.value, ShopPaused)
        return len(wire.requests)

    assert asyncio.run(run()) == TOLERANCE.faults
