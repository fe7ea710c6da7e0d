"""Connections: each request in flight has one of its own, taken from those that lie idle.

A pool looks at every one of its connections (two system calls each) for every request: with 64 in flight that was
3.3 ms of processor time a request, against 0.5 ms with httpcore's connections alone.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

KEEP = 4.0
"""Seconds that a connection may lie idle: less than the five after which many servers close, so that none closes just
as it is used."""

MAKING = 4
"""Connections that are made side by side. A shop's first answers must not wait until a hundred TLS handshakes are
through: its bucket is full meanwhile, and points are lost."""

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
        self._making = 0
        self._turns: deque[asyncio.Future[httpcore.AsyncConnectionInterface | None]] = deque()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None = None, error: BaseException | None = None,
                        trace: TracebackType | None = None) -> None:
        await self.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request over an idle or a new connection and reads its answer whole. Raises as httpx does."""
        connection, making = await self._take()
        extensions = {**request.extensions, "trace": making.told} if making else request.extensions
        try:
            response = await connection.handle_async_request(httpcore.Request(
                request.method, _core_url(request.url), headers=request.headers.raw, content=request.stream,
                extensions=extensions))
            try:
                content = await response.aread()
            finally:
                await response.aclose()
        except BaseException as error:
            await connection.aclose()
            if (known := _as_httpx(error)) is not None:
                raise known from error
            raise
        finally:
            if making:
                making.over()
        if connection.is_available():
            self._give_back(connection)
        else:
            await connection.aclose()
        return httpx.Response(response.status, headers=response.headers, content=content)

    async def aclose(self) -> None:
        """Closes the connections that lie idle."""
        while self._idle:
            await self._idle.pop()[1].aclose()

    async def _take(self) -> tuple[httpcore.AsyncConnectionInterface, _Making | None]:
        """An idle connection that the other side has not closed, or a new one."""
        while self._idle:
            # The one that was used last is the least likely to have been closed.
            since, connection = self._idle.pop()
            if time.monotonic() - since < SURE or not connection.has_expired():
                return connection, None
            await connection.aclose()
        if self._making < MAKING:
            self._making += 1
        elif (given := await self._turn()) is not None:
            return given, None
        return self._maker.create_connection(self._origin), _Making(self._made)

    async def _turn(self) -> httpcore.AsyncConnectionInterface | None:
        """Waits for a connection that is free again, or (`None`) for leave to make one."""
        turn: asyncio.Future[httpcore.AsyncConnectionInterface | None] = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                given = turn.result()
                if given is None:
                    self._made()
                else:
                    self._give_back(given)
            raise

    def _next_turn(self) -> asyncio.Future[httpcore.AsyncConnectionInterface | None] | None:
        while self._turns:
            turn = self._turns.popleft()
            if not turn.done():
                return turn
        return None

    def _give_back(self, connection: httpcore.AsyncConnectionInterface) -> None:
        if (turn := self._next_turn()) is not None:
            turn.set_result(connection)
        else:
            self._idle.append((time.monotonic(), connection))

    def _made(self) -> None:
        """A connection was made, or came to nothing: the next one may be made."""
        if (turn := self._next_turn()) is not None:
            turn.set_result(None)
        else:
            self._making -= 1


class _Making:
    """One connection being made: `over` is passed on once, when its first request begins to travel or at its end."""

    def __init__(self, over: Callable[[], None]) -> None:
        self._over: Callable[[], None] | None = over

    def over(self) -> None:
        """It is made, or came to nothing."""
        over, self._over = self._over, None
        if over is not None:
            over()

    async def told(self, event: str, info: Mapping[str, Any]) -> None:
        """What httpcore tells of the request that makes it (its documentation, "Extensions": trace)."""
        if event == "http11.send_request_headers.started":
            self.over()


def file_client(url: httpx.URL, timeout_seconds: float) -> httpx.AsyncClient:
    """A client for one file of a storage service, which may travel in pieces; proxy and certificates count as above.
    `timeout_seconds` bounds each wait for the network."""
    secure = url.scheme == "https"
    return httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False, verify=secure, trust_env=secure)


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
