"""Connections: one for each request in flight, used again afterwards, and never one that failed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore
import httpx
import pytest

from shopsync_pipeline.shopify.connections import MAKING, SURE, Connections, proxy_of


class Host:
    """A host that counts its connections, answers when it is told to, and can drop one."""

    def __init__(self) -> None:
        self.connections = 0
        self.waiting = 0
        self.drop_next = False
        self.closes = ""
        self.packs = False
        self.go = asyncio.Event()
        self.go.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            self.waiting += 1
            await self.go.wait()
            if self.drop_next:
                self.drop_next = False
                break
            close = b"Connection: close\r\n" if self.closes == "in its answer" else b""
            body, packed = (gzip.compress(b"ok"), b"Content-Encoding: gzip\r\n") if self.packs else (b"ok", b"")
            writer.write(b"HTTP/1.1 200 OK\r\n%b%bContent-Length: %d\r\n\r\n%b" % (close, packed, len(body), body))
            if self.closes:
                break
        writer.close()


@asynccontextmanager
async def serving(host: Host) -> AsyncIterator[httpx.URL]:
    server = await asyncio.start_server(host.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield httpx.URL(f"http://127.0.0.1:{port}/")
    finally:
        server.close()


def test_requests_side_by_side_have_a_connection_each_and_later_ones_use_them_again() -> None:
    async def run() -> tuple[int, int]:
        host = Host()
        async with serving(host) as url, httpx.AsyncClient(transport=Connections(url)) as client:
            host.go.clear()
            asking = [asyncio.create_task(client.get(url)) for _ in range(20)]
            while host.waiting < 20:
                await asyncio.sleep(0.001)
            host.go.set()
            answers = [await task for task in asking]
            together = host.connections
            answers += [await client.get(url) for _ in range(20)]
            assert {answer.text for answer in answers} == {"ok"}
            return together, host.connections

    assert asyncio.run(run()) == (20, 20)


def test_a_connection_that_failed_is_not_used_again() -> None:
    async def run() -> int:
        host = Host()
        async with serving(host) as url, httpx.AsyncClient(transport=Connections(url)) as client:
            await client.get(url)
            host.drop_next = True
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(url)
            assert (await client.get(url)).text == "ok"
            return host.connections

    assert asyncio.run(run()) == 2


def test_a_request_that_is_called_off_spoils_no_other() -> None:
    async def run() -> None:
        host = Host()
        async with serving(host) as url, httpx.AsyncClient(transport=Connections(url)) as client:
            host.go.clear()
            asking = asyncio.create_task(client.get(url))
            while not host.waiting:
                await asyncio.sleep(0.001)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            host.go.set()
            assert (await client.get(url)).text == "ok"

    asyncio.run(run())


def test_a_connection_that_the_host_closed_is_not_used_again() -> None:
    """The host says so in its answer, or closes while the connection lies idle."""
    async def run() -> list[int]:
        host, counts = Host(), []
        async with serving(host) as url, httpx.AsyncClient(transport=Connections(url)) as client:
            host.closes = "in its answer"
            for _ in range(2):
                assert (await client.get(url)).text == "ok"
            counts.append(host.connections)
            host.closes = "afterwards"
            for _ in range(2):
                assert (await client.get(url)).text == "ok"
                await asyncio.sleep(SURE + 0.1)
            counts.append(host.connections)
        return counts

    assert asyncio.run(run()) == [2, 4]


def test_an_answer_that_was_packed_is_unpacked() -> None:
    async def run() -> str:
        host = Host()
        host.packs = True
        async with serving(host) as url, httpx.AsyncClient(transport=Connections(url)) as client:
            return (await client.get(url)).text

    assert asyncio.run(run()) == "ok"


class Slow:
    """Stands for a connection of httpcore that comes about only when it is told to, or fails to."""

    def __init__(self, made: list[Slow]) -> None:
        made.append(self)
        self.go: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.served = 0

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        await self.go
        if "trace" in request.extensions:
            await request.extensions["trace"]("http11.send_request_headers.started", {})
        await asyncio.sleep(0)
        self.served += 1
        return httpcore.Response(200, content=b"ok")

    def is_available(self) -> bool:
        return True

    def has_expired(self) -> bool:
        return False

    async def aclose(self) -> None:
        pass


@asynccontextmanager
async def asked_at_once(requests: int) -> AsyncIterator[
        tuple[list[asyncio.Task[httpx.Response]], list[Slow], Connections]]:
    """Requests on their way, the connections that are being made for them, and their transport."""
    url = httpx.URL("https://shop.test/")
    made: list[Slow] = []
    connections = Connections(url)
    connections._maker.create_connection = lambda _: Slow(made)  # type: ignore[method-assign, assignment, return-value]
    async with httpx.AsyncClient(transport=connections) as client:
        asking = [asyncio.create_task(client.get(url)) for _ in range(requests)]
        await asyncio.sleep(0.05)
        yield asking, made, connections


def test_few_connections_are_made_at_once_and_who_waits_takes_what_is_free_first() -> None:
    async def run() -> tuple[int, list[int]]:
        async with asked_at_once(20) as (asking, made, _):
            at_once = len(made)
            made[0].go.set_result(None)
            await asyncio.sleep(0.05)
            assert sum(task.done() for task in asking) == 16, "one connection serves all who do not make one"
            for one in made[1:]:
                one.go.set_result(None)
            assert {answer.text for answer in await asyncio.gather(*asking)} == {"ok"}
        return at_once, [one.served for one in made]

    at_once, served = asyncio.run(run())
    assert at_once == MAKING
    assert sum(served) == 20


def test_a_connection_that_comes_to_nothing_and_a_waiter_that_is_called_off_hold_nobody_up() -> None:
    async def run() -> None:
        async with asked_at_once(12) as (asking, made, connections):
            for number in (5, 6, 7):
                asking[number].cancel()
            ends = 0
            while not all(task.done() for task in asking):
                for one in [one for one in made if not one.go.done()]:
                    ends += 1
                    if ends % 2:
                        one.go.set_exception(httpcore.ConnectError("refused"))
                    else:
                        one.go.set_result(None)
                await asyncio.sleep(0.01)
            ended = await asyncio.gather(*asking, return_exceptions=True)
        kinds = [type(end).__name__ for end in ended]
        assert kinds.count("CancelledError") == 3
        assert kinds.count("ConnectError") >= 2
        assert kinds.count("Response") + kinds.count("ConnectError") == 9
        assert connections._making == 0

    asyncio.run(run())


def clear_proxies(monkeypatch: pytest.MonkeyPatch, **environment: str) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("environment", "proxy"), [
    ({"https_proxy": "http://proxy.test:3128"}, "proxy.test:3128"),
    ({"https_proxy": "http://proxy.test:3128", "no_proxy": "shop.test"}, None),
    ({"all_proxy": "http://proxy.test:3128"}, "proxy.test:3128"),
    ({}, None),
])
def test_the_operator_s_proxy_is_the_environment_s(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str],
                                                   proxy: str | None) -> None:
    clear_proxies(monkeypatch, **environment)
    found = proxy_of(httpx.URL("https://shop.test/"))
    assert (found and f"{found.url.host.decode()}:{found.url.port}") == proxy


def test_the_operator_s_proxy_counts_on_the_way_to_shopify_and_not_to_a_dev_store(
        monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> list[bytes]:
        asked: list[bytes] = []

        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 403 Not for you\r\nContent-Length: 0\r\n\r\n")
            writer.close()

        proxy = await asyncio.start_server(refuse, "127.0.0.1", 0)
        address = f"http://someone:secret@127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        clear_proxies(monkeypatch, https_proxy=address, http_proxy=address)
        shop = httpx.URL("https://shop.test/")
        async with httpx.AsyncClient(transport=Connections(shop)) as client:
            with pytest.raises(httpx.ProxyError, match="403"):
                await client.get(shop)
        host = Host()
        async with serving(host) as url, httpx.AsyncClient(transport=Connections(url)) as client:
            assert (await client.get(url)).text == "ok"
        proxy.close()
        return asked

    asked, = asyncio.run(run())
    assert asked.startswith(b"CONNECT shop.test:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic c29tZW9uZTpzZWNyZXQ=" in asked
