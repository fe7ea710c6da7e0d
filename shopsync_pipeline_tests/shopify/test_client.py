"""What the client does with every way in which a request can end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

import httpx
import orjson
import pytest

from shopsync_pipeline.core.errors import SettingsError, ShopsyncError
from shopsync_pipeline.shopify.client import Answer, Patience, ShopifyClient
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    FilterIgnored,
    Forbidden,
    GraphQLFault,
    ServerFault,
    ShopUnavailable,
    Throttled,
    Unauthorized,
    Unreachable,
    UserErrors,
    already_gone,
)

TOKEN = "shpat_0123456789abcdef"
QUICK = Patience(attempts=3, throttled_seconds=5, first_pause=0.001, longest_pause=0.002, jitter=0)
COST = {"requestedQueryCost": 3, "actualQueryCost": 2,
        "throttleStatus": {"maximumAvailable": 2000, "currentlyAvailable": 1998, "restoreRate": 100}}

Reply = httpx.Response | Exception


def ok(data: dict[str, Any], *, headers: dict[str, str] | None = None, **extensions: Any) -> httpx.Response:
    return httpx.Response(200, json={"data": data, "extensions": {"cost": COST, **extensions}}, headers=headers)


def failed(*codes: str, status: int = 200, data: Any = None, **extensions: Any) -> httpx.Response:
    body: dict[str, Any] = {"errors": [{"message": f"about {code}", "extensions": {"code": code, **extensions}}
                                       for code in codes]}
    return httpx.Response(status, json=body if data is None else {**body, "data": data})


def throttled(*, requested: float = 70, available: float = 66) -> httpx.Response:
    return httpx.Response(200, json={
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": {
            "maximumAvailable": 1000, "currentlyAvailable": available, "restoreRate": 5000}}},
    })


class Wire:
    """A transport that gives the replies in turn and keeps the requests."""

    def __init__(self, replies: Iterable[Reply | Callable[[], Reply]]) -> None:
        self.replies = list(replies)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        assert isinstance(reply, httpx.Response)
        return reply


def ask(*replies: Reply, write: bool = False, repeatable: bool = False, **options: Any) -> tuple[Answer, Wire]:
    wire = Wire(replies)

    async def run() -> Answer:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(wire),
                                 **{"patience": QUICK, **options}) as client:
            if write:
                return await client.mutate("product_delete", {"input": {"id": "gid://shopify/Product/1"}}, cost=10,
                                           repeatable=repeatable)
            return await client.query("shop", {}, cost=3)

    try:
        return asyncio.run(run()), wire
    except ShopsyncError as error:
        error.wire = wire  # type: ignore[attr-defined]
        raise


def tries(error: BaseException) -> int:
    return len(error.wire.requests)  # type: ignore[attr-defined]


def test_a_question_and_its_answer() -> None:
    answer, wire = ask(ok({"shop": {}}, headers={"X-Request-Id": "r-1", "X-Shopify-API-Version": "2026-10"}))
    assert answer == Answer({"shop": {}}, 3, 2, "r-1", "2026-10")
    request = wire.requests[0]
    assert str(request.url) == "https://my-shop.myshopify.com/admin/api/2026-10/graphql.json"
    assert request.headers["X-Shopify-Access-Token"] == TOKEN
    assert request.headers["Content-Type"] == "application/json"
    assert orjson.loads(request.content)["query"].startswith("query Shop")


def test_an_answer_without_costs_is_still_an_answer() -> None:
    answer, _ = ask(httpx.Response(200, json={"data": {"shop": {}}}))
    assert (answer.requested_cost, answer.actual_cost, answer.request_id, answer.version) == (None, None, None, None)


@pytest.mark.parametrize(("reply", "error", "sentence"), [
    (httpx.Response(401, json={"errors": "[API] Invalid API key or access token"}), Unauthorized,
     "check SHOPIFY_ACCESS_TOKEN"),
    (httpx.Response(403, json={"errors": "Forbidden"}), Forbidden, "scopes"),
    (httpx.Response(402, text="Payment Required"), ShopUnavailable, "frozen"),
    (httpx.Response(404, json={"errors": "Not Found"}), ShopUnavailable, "SHOPIFY_SHOP_URL"),
    (httpx.Response(423, text=""), ShopUnavailable, "locked"),
    (httpx.Response(430, text=""), ShopUnavailable, "security"),
    (httpx.Response(540, text=""), ShopUnavailable, "temporarily disabled"),
    (httpx.Response(303, headers={"Location": "/elsewhere"}), ShopUnavailable, "moved"),
    (httpx.Response(301, headers={"Location": "https://evil.example"}), ShopUnavailable, "moved"),
    (httpx.Response(400, text="Bad Request"), GraphQLFault, "its form or its size"),
    (httpx.Response(413, text=""), GraphQLFault, "HTTP 413"),
    (httpx.Response(418, text=""), ShopUnavailable, "not an answer of the Admin API"),
    (failed("INVALID_VARIABLE"), GraphQLFault, "INVALID_VARIABLE"),
    (failed("MAX_COST_EXCEEDED"), GraphQLFault, "MAX_COST_EXCEEDED"),
    (failed("ACCESS_DENIED", data={"shop": None}, requiredAccess="`write_products` access scope."), Forbidden,
     "`write_products` access scope."),
    (httpx.Response(200, json={"errors": "just words"}), GraphQLFault, "just words"),
])
@pytest.mark.parametrize("write", [False, True])
def test_what_is_certain_is_said_once_and_not_repeated(reply: httpx.Response, error: type[ShopsyncError], sentence: str,
                                                       write: bool) -> None:
    with pytest.raises(error, match=sentence) as caught:
        ask(reply, write=write, repeatable=write)
    assert tries(caught.value) == 1
    assert TOKEN not in str(caught.value)


def test_the_missing_scope_and_the_codes_are_told_to_the_program_too() -> None:
    with pytest.raises(Forbidden) as caught:
        ask(failed("ACCESS_DENIED", requiredAccess="`read_locations`"))
    assert caught.value.required == "`read_locations`"
    with pytest.raises(GraphQLFault) as fault:
        ask(failed("undefinedField", "BAD_REQUEST"))
    assert fault.value.codes == ("undefinedField", "BAD_REQUEST")
    with pytest.raises(ShopUnavailable) as closed:
        ask(httpx.Response(423))
    assert closed.value.status == 423


TRANSIENT: list[Reply] = [
    httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.ReadError("reset"),
    httpx.RemoteProtocolError("server closed"), httpx.Response(500), httpx.Response(502), httpx.Response(503),
    httpx.Response(504), httpx.Response(200, text="<html>oops</html>"), failed("INTERNAL_SERVER_ERROR"),
    httpx.Response(200, json={"extensions": {}}), httpx.Response(200, json=[1]),
    httpx.Response(429, headers={"Retry-After": "0.01"}), throttled(),
]


@pytest.mark.parametrize("trouble", TRANSIENT, ids=repr)
def test_a_question_is_asked_again(trouble: Reply) -> None:
    answer, wire = ask(trouble, trouble, ok({"shop": {}}))
    assert answer.data == {"shop": {}}
    assert len(wire.requests) == 3


@pytest.mark.parametrize(("trouble", "error"), [
    (httpx.ConnectError("refused"), Unreachable), (httpx.ReadTimeout("slow"), Unreachable),
    (httpx.Response(502), ServerFault), (failed("INTERNAL_SERVER_ERROR"), ServerFault),
])
def test_a_question_is_given_up_after_the_last_attempt(trouble: Reply, error: type[ShopsyncError]) -> None:
    with pytest.raises(error) as caught:
        ask(trouble)
    assert tries(caught.value) == QUICK.attempts
    assert "my-shop.myshopify.com" in str(caught.value) or error is ServerFault


@pytest.mark.parametrize("refusal", [
    httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.Response(429, headers={"Retry-After": "0.01"}),
    throttled(),
], ids=repr)
def test_a_write_is_sent_again_when_it_was_certainly_not_executed(refusal: Reply) -> None:
    _, wire = ask(refusal, ok({"productDelete": {"userErrors": []}}), write=True)
    assert len(wire.requests) == 2


LOST: list[Reply] = [
    httpx.ReadError("connection reset"), httpx.ReadTimeout("slow"), httpx.WriteError("broken pipe"),
    httpx.RemoteProtocolError("server closed"), httpx.Response(500), httpx.Response(502), httpx.Response(503),
    httpx.Response(504), failed("INTERNAL_SERVER_ERROR"), httpx.Response(200, text="<html>"),
]


@pytest.mark.parametrize("trouble", LOST, ids=repr)
def test_a_write_whose_answer_is_lost_is_not_sent_again(trouble: Reply) -> None:
    with pytest.raises(AnswerLost, match="may or may not have been executed") as caught:
        ask(trouble, ok({"productDelete": {"userErrors": []}}), write=True)
    assert tries(caught.value) == 1


@pytest.mark.parametrize("trouble", LOST, ids=repr)
def test_a_repeatable_write_is(trouble: Reply) -> None:
    _, wire = ask(trouble, ok({"productDelete": {"userErrors": []}}), write=True, repeatable=True)
    assert len(wire.requests) == 2


def test_once_an_answer_was_lost_the_outcome_stays_unknown_whatever_follows() -> None:
    for last in (httpx.ConnectError("refused"), httpx.Response(401), httpx.Response(500)):
        with pytest.raises(AnswerLost):
            ask(httpx.ReadError("reset"), last, write=True, repeatable=True)


def test_retry_after_is_in_seconds_and_patience_ends() -> None:
    patience = Patience(attempts=3, throttled_seconds=0, first_pause=0.001, longest_pause=0.002, jitter=0)
    wire = Wire([httpx.Response(429, headers={"Retry-After": "2.0"})])

    async def run() -> None:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(wire), patience=patience) as client:
            await client.query("shop", {}, cost=3)

    with pytest.raises(Throttled) as caught:
        asyncio.run(run())
    assert caught.value.wait_seconds == 2.0


def test_after_throttled_the_true_cost_is_asked_of_the_bucket() -> None:
    wire = Wire([throttled(requested=500, available=0), ok({"shop": {}})])

    async def run() -> None:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(wire), patience=QUICK) as client:
            started = asyncio.get_running_loop().time()
            await client.query("shop", {}, cost=3)
            assert asyncio.get_running_loop().time() - started >= 500 / 5000
            assert client.bucket.throttled == 1

    asyncio.run(run())


def test_user_errors_are_raised_with_their_place_and_code() -> None:
    rows = [{"field": ["input", "variants", "0", "price"], "message": "must be positive", "code": "INVALID_VARIANT"},
            {"field": None, "message": "Product does not exist"}]
    seen: list[tuple[str, Answer]] = []
    with pytest.raises(UserErrors) as caught:
        ask(ok({"productSet": {"product": None, "userErrors": rows}}), write=True,
            on_answer=lambda name, answer: seen.append((name, answer)))
    error = caught.value
    assert [(row.field, row.code, row.message) for row in error.errors] == [
        ("input.variants.0.price", "INVALID_VARIANT", "must be positive"), ("", None, "Product does not exist")]
    assert error.codes == ("INVALID_VARIANT",)
    assert "input.variants.0.price: must be positive [INVALID_VARIANT]" in str(error)
    assert [(name, answer.actual_cost) for name, answer in seen] == [("product_delete", 2)]


def test_a_deletion_of_what_is_gone_is_recognised() -> None:
    with pytest.raises(UserErrors) as caught:
        ask(ok({"productDelete": {"userErrors": [{"field": ["id"], "message": "Product does not exist"}]}}), write=True)
    assert already_gone(caught.value)


def test_a_payload_of_nothing_is_no_success() -> None:
    with pytest.raises(GraphQLFault, match="neither a result nor an error"):
        ask(ok({"productDelete": None}), write=True)


def test_rows_of_an_ignored_filter_are_not_given_out() -> None:
    search = [{"path": ["products"], "query": "updatedat:>1",
               "warnings": [{"field": "updatedat", "message": "Invalid search field for this query."}]}]
    with pytest.raises(FilterIgnored, match="updatedat: Invalid search field"):
        ask(ok({"products": {"nodes": [{"id": 1}]}}, search=search))
    ask(ok({"products": {}}, search=[{"path": ["products"], "query": "id:1", "warnings": []}]))


def test_another_version_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    wire = Wire([ok({"shop": {}}, headers={"X-Shopify-API-Version": "2027-01"})])

    async def run() -> None:
        async with ShopifyClient("my-shop", TOKEN, transport=httpx.MockTransport(wire)) as client:
            await client.query("shop", {}, cost=3)
            await client.query("shop", {}, cost=3)

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert [record.message for record in caplog.records if "2027-01 instead of 2026-10" in record.message] != []
    assert len([record for record in caplog.records if record.name.endswith("shopify.client")]) == 1


def test_the_token_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(AnswerLost) as caught:
        ask(httpx.ReadError("reset"), write=True)
    client = ShopifyClient("my-shop", TOKEN)
    chain = [caught.value, caught.value.__cause__, caught.value.__cause__ and caught.value.__cause__.__cause__]
    shown = " ".join([caplog.text, repr(client), str(vars(client)), *map(str, chain), *map(repr, chain)])
    assert TOKEN not in shown
    assert repr(client) == "ShopifyClient('my-shop.myshopify.com', api_version='2026-10')"


@pytest.mark.parametrize("token", ["", "with space", "sch\N{LATIN SMALL LETTER U WITH DIAERESIS}", "new\nline"])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ShopifyClient("my-shop", token)
    assert not token or token not in str(caught.value)
