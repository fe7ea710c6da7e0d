"""Connections: each request in flight has one of its own, taken from those that lie idle.

A pool looks at every one of its connections (two system calls each) for every request: with 64 in flight that was
3.3 ms of processor time a request, against 0.5 ms with httpcore's connections alone.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

KEEP = 5.0
"""Seconds that a connection may lie idle; httpx's own default."""

SURE = 1.0
"""Seconds in which a connection that was just used is taken for open; later its socket is asked first."""


class Connections(httpx.AsyncBaseTransport):
    """A transport for one host, for answers that are read whole. As many requests may be in flight as are sent.

    An operator's proxy and certificates (the usual environment variables) count on the way to an https host; a plain
    http host is a dev store on this machine.
    """

    def __init__(self, url: httpx.URL) -> None:
        """Connects nothing yet."""
        secure = url.scheme == "https"
        self._origin = _core_url(url).origin
        # It only makes connections here; which one is used is decided below.
        self._maker = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context() if secure else None, keepalive_expiry=KEEP,
            proxy=proxy_of(url) if secure else None)
        self._idle: list[tuple[float, httpcore.AsyncConnectionInterface]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None = None, error: BaseException | None = None,
                        trace: TracebackType | None = None) -> None:
        await self.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request over an idle or a new connection and reads its answer whole. Raises as httpx does."""
        connection = await self._open_one() or self._maker.create_connection(self._origin)
        try:
            response = await connection.handle_async_request(httpcore.Request(
                request.method, _core_url(request.url), headers=request.headers.raw, content=request.stream,
                extensions=request.extensions))
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        except BaseException as error:
            await connection.aclose()
            if (known := _as_httpx(error)) is not None:
                raise known from error
            raise
        if connection.is_available():
            self._idle.append((time.monotonic(), connection))
        else:
            await connection.aclose()
        return httpx.Response(response.status, headers=response.headers, content=content)

    async def aclose(self) -> None:
        """Closes the connections that lie idle."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    async def _open_one(self) -> httpcore.AsyncConnectionInterface | None:
        """An idle connection that the other side has not closed."""
        while self._idle:
            # The one that was used last is the least likely to have been closed.
            since, connection = self._idle.pop()
            if time.monotonic() - since < SURE or not connection.has_expired():
                return connection
            await connection.aclose()
        return None


def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _as_httpx(error: BaseException) -> Exception | None:
    """httpx names its exceptions like httpcore's."""
    kind: Any = getattr(httpx, type(error).__name__, None) if type(error).__module__.startswith("httpcore") else None
    return kind(str(error)) if kind is not None else None


def proxy_of(url: httpx.URL) -> httpcore.Proxy | None:
    """The proxy that this machine's environment names for a host."""
    if proxy_bypass(url.host):
        return None
    proxies = getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address:
        return None
    proxy = httpx.Proxy(address)
    return httpcore.Proxy(_core_url(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw,
                          ssl_context=proxy.ssl_context)
