"""Tokens: got with the app's id and secret, renewed before they end, once after a 401, and never shown."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from shopsync_pipeline.core.errors import SettingsError, ShopsyncError
from shopsync_pipeline.shopify.auth import ClientCredentials, StaticToken, TokenSource
from shopsync_pipeline.shopify.client import Patience, ShopifyClient
from shopsync_pipeline.shopify.errors import AnswerLost, ServerFault, ShopifyError, Unauthorized, Unreachable
from shopsync_pipeline.shopify.shop import describe
from shopsync_pipeline_tests.conftest import ROOT

ID, SECRET = "client-7", "shpss_hush_0123456789"
QUICK = Patience(attempts=3, throttled_seconds=5, first_pause=0.001, longest_pause=0.002, jitter=0)
DENIED = httpx.Response(401, json={"errors": "[API] Invalid API key or access token"})


class Platform:
    """A shop that gives out tokens t1, t2, … and takes the `good` ones. `grants` are answers in place of a token."""

    def __init__(self, *grants: httpx.Response | Exception, lasts: int | None = 86_399) -> None:
        self.grants = list(grants)
        self.lasts = lasts
        self.given: list[str] = []
        self.good: set[str] = set()
        self.forms: list[dict[str, list[str]]] = []
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        if request.url.path == "/admin/oauth/access_token":
            return self._grant(request)
        token = request.headers["X-Shopify-Access-Token"]
        self.asked.append((str(request.url.path), token))
        return httpx.Response(200, json={"data": {"shop": {}, "productDelete": {"userErrors": []}}}) \
            if token in self.good else DENIED

    def _grant(self, request: httpx.Request) -> httpx.Response:
        assert "X-Shopify-Access-Token" not in request.headers
        self.forms.append(parse_qs(request.content.decode()))
        if self.grants:
            answer = self.grants.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        token = f"shpat_{len(self.given) + 1}"
        self.given.append(token)
        self.good.add(token)
        body: dict[str, Any] = {"access_token": token, "scope": "write_products"}
        return httpx.Response(200, json=body if self.lasts is None else {**body, "expires_in": self.lasts})


class Scene:
    """A platform, a clock in seconds, and a source of tokens."""

    def __init__(self, *grants: httpx.Response | Exception, lasts: int | None = 86_399) -> None:
        self.platform = Platform(*grants, lasts=lasts)
        self.seconds = 0.0
        self.transport = httpx.MockTransport(self.platform)
        self.source = ClientCredentials("my-shop", ID, SECRET, transport=self.transport, clock=lambda: self.seconds)

    def client(self, source: TokenSource | str | None = None) -> ShopifyClient:
        return ShopifyClient("my-shop", self.source if source is None else source, transport=self.transport,
                             patience=QUICK)

    def ask(self, *, times: int = 1, write: bool = False) -> None:
        """So many requests at once, by a client of their own."""
        async def run() -> None:
            async with self.client() as client:
                await asyncio.gather(*(
                    client.mutate("product_delete", {"input": {"id": "1"}}, cost=10) if write else
                    client.query("shop", {}, cost=3) for _ in range(times)))

        asyncio.run(run())


def test_a_token_is_asked_for_with_id_and_secret_and_used() -> None:
    scene = Scene()
    scene.ask()
    assert scene.platform.forms == [
        {"grant_type": ["client_credentials"], "client_id": [ID], "client_secret": [SECRET]}]
    assert scene.platform.asked == [("/admin/api/2026-10/graphql.json", "shpat_1")]


def test_one_token_serves_many_requests_and_clients() -> None:
    scene = Scene()
    scene.ask(times=6)
    scene.ask(times=6)
    assert scene.platform.given == ["shpat_1"]


@pytest.mark.parametrize(("lasts", "still", "renewed"), [(86_399, 86_098, 86_100), (100, 89, 91)])
def test_it_is_renewed_before_it_ends(lasts: int, still: float, renewed: float) -> None:
    scene = Scene(lasts=lasts)
    scene.ask()
    scene.seconds = still
    scene.ask()
    assert scene.platform.given == ["shpat_1"]
    scene.seconds = renewed
    scene.ask(times=3)
    assert scene.platform.given == ["shpat_1", "shpat_2"]
    assert scene.platform.asked[-1][1] == "shpat_2"


def test_a_token_whose_end_is_not_told_is_renewed_when_it_is_refused() -> None:
    scene = Scene(lasts=None)
    scene.ask()
    scene.seconds = 1e9
    scene.ask()
    assert scene.platform.given == ["shpat_1"]
    scene.platform.good.clear()
    scene.ask()
    assert scene.platform.given == ["shpat_1", "shpat_2"]


@pytest.mark.parametrize("write", [False, True])
def test_after_a_401_it_is_renewed_once_and_the_request_goes_again(write: bool) -> None:
    scene = Scene()
    scene.ask()
    scene.platform.good.clear()
    scene.platform.asked.clear()
    scene.ask(times=4, write=write)
    assert scene.platform.given == ["shpat_1", "shpat_2"], "the four that were refused share the new token"
    assert [token for _, token in scene.platform.asked].count("shpat_2") == 4


@pytest.mark.parametrize("write", [False, True])
def test_a_401_to_the_new_token_too_is_the_end(write: bool) -> None:
    scene = Scene()
    scene.ask()
    scene.platform.good = set()
    scene.platform._grant = lambda _: httpx.Response(  # type: ignore[method-assign]
        200, json={"access_token": "shpat_revoked", "expires_in": 9})
    scene.platform.asked.clear()
    with pytest.raises(Unauthorized, match="SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET"):
        scene.ask(write=write)
    assert [token for _, token in scene.platform.asked] == ["shpat_1", "shpat_revoked"]


def test_a_given_token_cannot_be_renewed() -> None:
    scene = Scene()

    async def run() -> None:
        async with scene.client("shpat_given") as client:
            await client.query("shop", {}, cost=3)

    with pytest.raises(Unauthorized):
        asyncio.run(run())
    assert scene.platform.forms == []
    assert len(scene.platform.asked) == 1
    assert asyncio.run(StaticToken("shpat_given").token()).get_secret_value() == "shpat_given"


@pytest.mark.parametrize(("grant", "told"), [
    (httpx.Response(401, json={"error": "invalid_client", "error_description": SECRET}), '"invalid_client"'),
    (httpx.Response(400, json={"error": "application_cannot_be_found"}), '"application_cannot_be_found"'),
    (httpx.Response(400, text=f"<html>{SECRET}</html>"), "without a reason"),
    (httpx.Response(403, json={"error": f"no {SECRET}"}), "without a reason"),
])
def test_an_app_that_is_refused_is_told_and_not_asked_again(grant: httpx.Response, told: str) -> None:
    scene = Scene(grant)
    with pytest.raises(Unauthorized, match=told) as error:
        scene.ask(write=True)
    assert "SHOPIFY_CLIENT_SECRET" in str(error.value)
    assert SECRET not in str(error.value)
    assert len(scene.platform.forms) == 1
    assert scene.platform.asked == []


@pytest.mark.parametrize("trouble", [
    httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.Response(503), httpx.Response(429),
    httpx.Response(200, text="<html>"), httpx.Response(200, json={"access_token": "with space"})], ids=repr)
def test_a_hiccup_of_the_token_endpoint_loses_no_write(trouble: httpx.Response | Exception) -> None:
    scene = Scene(trouble, trouble)
    scene.ask(write=True)
    assert len(scene.platform.forms) == 3
    assert len(scene.platform.asked) == 1
    lasting = Scene(*[trouble] * 3)
    with pytest.raises((Unreachable, ServerFault)) as error:
        lasting.ask(write=True)
    assert not isinstance(error.value, AnswerLost), "nothing was sent, so nothing is in doubt"


def test_what_never_left_costs_no_points() -> None:
    scene = Scene(httpx.Response(401, json={"error": "invalid_client"}))

    async def run() -> float:
        async with scene.client() as client:
            with pytest.raises(Unauthorized):
                await client.query("shop", {}, cost=3)
            return client.bucket.spent

    assert asyncio.run(run()) == 0


def test_no_secret_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(httpx.Response(503), httpx.ReadError(f"cut in {SECRET}"))
    with caplog.at_level(logging.DEBUG):
        scene.ask()
    client = scene.client()
    failed = Scene(*[httpx.Response(500)] * 3)
    with caplog.at_level(logging.DEBUG), pytest.raises(ShopifyError) as error:
        failed.ask()
    shown = " ".join([caplog.text, repr(scene.source), repr(client), str(vars(client)), str(vars(scene.source)),
                      repr(error.value), str(error.value), repr(StaticToken("shpat_given")),
                      str(vars(StaticToken("shpat_given")))])
    assert SECRET not in shown
    assert "shpat_" not in shown
    assert repr(scene.source) == "ClientCredentials('my-shop.myshopify.com', 'client-7')"


def test_the_secret_goes_to_no_other_machine() -> None:
    with pytest.raises(SettingsError):
        ClientCredentials("http://shop.example", ID, SECRET)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dev store with an app of our own."""
    state = tmp_path_factory.mktemp("auth") / "state.sqlite"
    command = [sys.executable, "-m", "shopsync_pipeline.devstore", "--port", "0", "--state", str(state), "--token",
               "unused", "--client-id", ID, "--client-secret", SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("devstore ready "), line
        yield line.split()[-1]
        process.terminate()


def control(address: str, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(f"{address}/__devstore/{path}", json=body, trust_env=False)
    assert answer.status_code == httpx.codes.OK, answer.text
    return answer.json()


def asking(address: str, source: TokenSource) -> Callable[[], str]:
    async def run() -> str:
        async with ShopifyClient(address, source, patience=QUICK) as client:
            return (await describe(client)).domain

    return lambda: asyncio.run(run())


def test_at_a_store_over_a_socket_a_day_is_survived(address: str) -> None:
    source = ClientCredentials(address, ID, SECRET)
    ask = asking(address, source)
    assert ask() == "demo-store.myshopify.com"
    first = asyncio.run(source.token()).get_secret_value()
    assert ask() == "demo-store.myshopify.com"
    assert asyncio.run(source.token()).get_secret_value() == first
    control(address, "clock", {"advance_seconds": 86_400})
    assert ask() == "demo-store.myshopify.com", "our clock has not moved, so it was the 401 that told"
    assert asyncio.run(source.token()).get_secret_value() != first


def test_at_a_store_over_a_socket_a_wrong_secret_is_told(address: str, tmp_path: Path) -> None:
    with pytest.raises(ShopsyncError, match=r"HTTP 401, \"invalid_client\"\. Check SHOPIFY_CLIENT_ID") as error:
        asking(address, ClientCredentials(address, ID, "not-this-one"))()
    assert "not-this-one" not in str(error.value)
