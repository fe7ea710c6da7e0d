"""The dev store on the wire: the Admin API path, token check, latency, ordered HTTP faults and cut connections.

Everything runs on one event loop and one thread, so a request sees the store between two others, never inside one.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shopsync_pipeline.devstore.access.oauth import PATH as TOKEN_PATH
from shopsync_pipeline.devstore.access.oauth import grant
from shopsync_pipeline.devstore.background import Background
from shopsync_pipeline.devstore.config import DevStoreConfig
from shopsync_pipeline.devstore.control import Control
from shopsync_pipeline.devstore.endpoint import Caller, Endpoint
from shopsync_pipeline.devstore.rehearsal import Rehearsal
from shopsync_pipeline.devstore.schema import carried_schema, served_version
from shopsync_pipeline.devstore.store import Store

_PATH: Final = re.compile(r"/admin/api/([\w-]+)/graphql\.json")
_BAD_TOKEN: Final = "[API] Invalid API key or access token (unrecognized login or wrong password)"
_MAXIMUM_BODY: Final = 12 * 1024 * 1024


class DevStore:
    """The ASGI application of one shop. The Admin API is answered here, the control plane by Starlette."""

    def __init__(self, config: DevStoreConfig) -> None:
        """Opens the state file; raises DevStoreError when it cannot be used."""
        self.config = config
        self.store = Store(config)
        self.endpoint = Endpoint(self.store)
        self.control = Control(self.endpoint)
        self.background = Background(self.store, self.control, lambda name: self.rehearsal.apps.secret_of(name))
        self.rehearsal = Rehearsal(self.endpoint, self.control)
        self._control_app: ASGIApp = Starlette(routes=[*self.control.routes(), *self.background.routes()])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one connection event."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        path = scope.get("path", "") if scope["type"] == "http" else ""
        match = _PATH.fullmatch(path)
        if match is not None:
            await self._timed(match[1], scope, receive, send)
        elif path == TOKEN_PATH and scope["method"] == "POST":
            kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"").decode("latin-1")
            status, answer = grant(self.rehearsal.apps, kind, await _read_body(receive) or b"")
            await _json(answer, status, {})(scope, receive, send)
        else:
            self.endpoint.settle()
            await self._control_app(scope, receive, send)

    async def _timed(self, version: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts a request in flight and makes it take its time: half of it before the work, half before the answer."""
        stats = self.endpoint.stats
        stats.in_flight += 1
        stats.in_flight_maximum = max(stats.in_flight_maximum, stats.in_flight)
        try:
            body = await _read_body(receive)
            wait = self.control.latency.draw() / 2_000
            if wait:
                await asyncio.sleep(wait)
            await self._admin(version, body, wait, scope, receive, send)
        finally:
            stats.in_flight -= 1

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.background.start()
                self.rehearsal.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.rehearsal.stop()
                await self.background.stop()
                self.store.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _admin(
        self, version: str, body: bytes | None, wait: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        headers = {"x-request-id": str(uuid.uuid4()), "x-shopify-api-version": served_version(version)}
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        token = self.rehearsal.apps.find(given.get(b"x-shopify-access-token", ""))
        trouble = self.rehearsal.mixture.draw()
        keys: list[tuple[str, str]] = []
        status = self._ordered_status(headers) or (trouble.status if trouble else 0)
        if status:
            response = self._refuse(_HTTP_WORDS.get(status, "Service Unavailable"), status, headers)
        elif scope["method"] != "POST":
            response = self._refuse("Not Found", 404, headers)
        elif token is None:
            response = self._refuse(_BAD_TOKEN, 401, headers)
        elif body is None:
            response = self._refuse("Request body is too large", 413, headers)
        else:
            cost_debug, search_debug = (given.get(name) == "1" for name in _DEBUG)
            caller = Caller(token.app, frozenset(token.scopes), cost_debug, search_debug)
            answer = self.endpoint.answer(version, body, caller, trouble.kind if trouble else None)
            if answer.drop:
                self.endpoint.stats.dropped += 1
                _cut(send)
                await asyncio.sleep(0)
                return
            keys = answer.keys
            response = _json(answer.body, 200, headers)
        self.store.busy_keys.update(keys)
        try:
            if wait:
                await asyncio.sleep(wait)
            await response(scope, receive, send)
        finally:
            self.store.busy_keys.difference_update(keys)

    def _ordered_status(self, headers: dict[str, str]) -> int:
        """The HTTP status this request was ordered to be refused with, 0 for none."""
        fault = self.endpoint.faults.take("http_status")
        if fault is None:
            return self.store.settings.refuse_status or 0
        if fault.retry_after is not None:
            headers["retry-after"] = str(fault.retry_after)
        return fault.status

    def _refuse(self, sentence: str, status: int, headers: dict[str, str]) -> Response:
        self.endpoint.stats.requests += 1
        self.endpoint.stats.refused[str(status)] += 1
        return _json({"errors": sentence}, status, headers)


_DEBUG: Final = (b"shopify-graphql-cost-debug", b"shopify-search-query-debug")
_HTTP_WORDS: Final = {
    401: _BAD_TOKEN,
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    423: "Locked",
    429: "Too Many Requests",
    430: "Shopify Security Rejection",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def create_app(config: DevStoreConfig) -> DevStore:
    """The application of one dev store, to be served by uvicorn."""
    for version in ("2026-07", "2026-10"):
        carried_schema(version)
    return DevStore(config)


async def _read_body(receive: Receive) -> bytes | None:
    """The request body, or None when it is larger than the platform takes."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= _MAXIMUM_BODY:
            chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks) if size <= _MAXIMUM_BODY else None


def _json(value: Any, status: int, headers: dict[str, str]) -> Response:
    return Response(orjson.dumps(value), status, headers, "application/json; charset=utf-8")


def _cut(send: Send) -> None:
    """Closes the connection without an answer, which is what a lost answer looks like to a client.

    ASGI has no word for it, so this reaches for the transport behind uvicorn's `send`.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise ConnectionAbortedError("the connection was cut on order, and this server cannot do it any other way")
    transport.abort()
