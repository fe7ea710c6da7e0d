"""The dev store on the wire: the Admin API path, token check, latency, ordered HTTP faults and cut connections.

Everything runs on one event loop and one thread, so a request sees the store between two others, never inside one.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import uuid
from typing import Any, Final

import orjson
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shopsync_pipeline.devstore.config import DevStoreConfig
from shopsync_pipeline.devstore.control import Control
from shopsync_pipeline.devstore.endpoint import Endpoint
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
        self._control_app: ASGIApp = Starlette(routes=self.control.routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one connection event."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        match = _PATH.fullmatch(scope.get("path", "")) if scope["type"] == "http" else None
        if match is None:
            await self._control_app(scope, receive, send)
            return
        body = await _read_body(receive)
        if self.control.latency_ms:
            await asyncio.sleep(self.control.latency_ms / 1_000)
        await self._admin(match[1], body, scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                self.store.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _admin(self, version: str, body: bytes | None, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"x-request-id": str(uuid.uuid4()), "x-shopify-api-version": served_version(version)}
        fault = self.endpoint.faults.take("http_status")
        if fault is not None:
            self.endpoint.stats.requests += 1
            if fault.retry_after is not None:
                headers["retry-after"] = str(fault.retry_after)
            response = _json({"errors": _HTTP_WORDS.get(fault.status, "Service Unavailable")}, fault.status, headers)
        elif scope["method"] != "POST":
            response = _json({"errors": "Not Found"}, 404, headers)
        elif not self._known_token(scope):
            response = _json({"errors": _BAD_TOKEN}, 401, headers)
        elif body is None:
            response = _json({"errors": "Request body is too large"}, 413, headers)
        else:
            answer = self.endpoint.answer(version, body)
            if answer.drop:
                _cut(send)
                await asyncio.sleep(0)
                return
            response = _json(answer.body, 200, headers)
        await response(scope, receive, send)

    def _known_token(self, scope: Scope) -> bool:
        given = next((value for name, value in scope["headers"] if name == b"x-shopify-access-token"), b"")
        return hmac.compare_digest(given, self.config.access_token.encode())


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
