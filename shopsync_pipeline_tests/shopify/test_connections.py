"""Connections: one for each request in flight, used again afterwards, and never one that failed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from shopsync_pipeline.shopify.connections import Connections


class Host:
    """A host that counts its connections, answers when it is told to, and can drop one."""

    def __init__(self) -> None:
        self.connections = 0
        self.waiting = 0
        self.drop_next = False
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
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
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


@pytest.mark.parametrize(("environment", "url", "proxy"), [
    ({"https_proxy": "http://proxy.test:3128"}, "https://shop.test/", "http://proxy.test:3128"),
    ({"https_proxy": "http://proxy.test:3128", "no_proxy": "shop.test"}, "https://shop.test/", None),
    ({"all_proxy": "http://proxy.test:3128"}, "https://shop.test/", "http://proxy.test:3128"),
    ({"http_proxy": "http://proxy.test:3128"}, "http://127.0.0.1:1/", None),
    ({}, "https://shop.test/", None),
])
def test_the_operator_s_proxy_counts_on_the_way_to_shopify(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str],
                                                           url: str, proxy: str | None) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = Connections(httpx.URL(url))._proxy
    assert (found and str(found.url)) == (proxy and f"{proxy}")
