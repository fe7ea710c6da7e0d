"""The access token: a given one, or one that the app's own id and secret are exchanged for and that is renewed in time.

Never shows a token or a secret: not in a repr, an error or a log line, and no request object keeps one for long.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import orjson
from pydantic import SecretStr

from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.shopify.address import token_endpoint
from shopsync_pipeline.shopify.errors import ServerFault, Unauthorized, Unreachable

EARLY = 300.0
"""Seconds before its end at which a token is renewed, or a tenth of its life where that is less."""


class TokenSource(Protocol):
    """Where the access token comes from. May be shared by the clients of a process, one after another or at once."""

    async def token(self) -> SecretStr:
        """A token that is good by all that is known. Raises `Unauthorized`, `Unreachable` or `ServerFault`."""

    async def renewed(self, refused: SecretStr) -> SecretStr | None:
        """Another token than `refused`, which the shop answered with 401; `None` where there can be none."""


class StaticToken:
    """A token that was given and cannot be renewed."""

    def __init__(self, token: str | SecretStr) -> None:
        """Raises `SettingsError` for what no header can carry."""
        self._token = token if isinstance(token, SecretStr) else SecretStr(token)
        if not _fits_a_header(self._token.get_secret_value()):
            raise SettingsError("The Shopify access token is empty or holds spaces or unusual characters; copy it "
                                "again into SHOPIFY_ACCESS_TOKEN.")

    async def token(self) -> SecretStr:
        """The given one."""
        return self._token

    async def renewed(self, refused: SecretStr) -> SecretStr | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class _Held:
    """A token with the instants at which it was got and should be renewed (`None`: not known)."""

    token: SecretStr
    renew_at: float | None


class ClientCredentials:
    """Exchanges an app's id and secret for tokens (client credentials grant; facts: Shopify docs, "Client credentials
    grant"): good for about 24 hours, no refresh token, one simply asks again. Older tokens stay good until they expire.

    `clock` gives seconds (monotonic).
    """

    def __init__(self, shop_url: str, client_id: str, client_secret: str | SecretStr, *,
                 timeout_seconds: float = 30.0, transport: httpx.AsyncBaseTransport | None = None,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._url = httpx.URL(token_endpoint(shop_url))
        self._client_id = client_id
        self._secret = client_secret if isinstance(client_secret, SecretStr) else SecretStr(client_secret)
        self._timeout = timeout_seconds
        self._transport = transport
        self._clock = clock
        self._held: _Held | None = None

    def __repr__(self) -> str:
        return f"ClientCredentials({self._url.netloc.decode('ascii')!r}, {self._client_id!r})"

    async def token(self) -> SecretStr:
        """The token that is held, or a new one where there is none or its time is nearly over."""
        held = self._held
        if held is None or (held.renew_at is not None and self._clock() >= held.renew_at):
            return await self._exchange()
        return held.token

    async def renewed(self, refused: SecretStr) -> SecretStr | None:
        """A new token, unless another request that met the same refusal has got one already."""
        held = self._held
        if held is not None and held.token.get_secret_value() != refused.get_secret_value():
            return held.token
        return await self._exchange()

    async def _exchange(self) -> SecretStr:
        form = {"grant_type": "client_credentials", "client_id": self._client_id,
                "client_secret": self._secret.get_secret_value()}
        host = self._url.netloc.decode("ascii")
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=self._timeout, follow_redirects=False,
                                         trust_env=self._url.scheme == "https") as http:
                response = await http.post(self._url, data=form, headers={"Accept": "application/json"})
        except httpx.TransportError as error:
            raise Unreachable(f"{host} gave no access token ({type(error).__name__}). Check the shop's address and "
                              "this machine's network.") from error
        body = _json(response)
        if response.status_code in (httpx.codes.TOO_MANY_REQUESTS, *range(500, 600)):
            raise ServerFault(f"{host} answered HTTP {response.status_code} to the request for an access token; try "
                              "again later.")
        if response.status_code != httpx.codes.OK:
            raise Unauthorized(
                f"{host} gave no access token: HTTP {response.status_code}, {_reason(body)}. Check SHOPIFY_CLIENT_ID "
                "and SHOPIFY_CLIENT_SECRET, that the app is installed in the shop, and that app and shop belong to the "
                "same organisation.")
        token = body.get("access_token")
        if not isinstance(token, str) or not _fits_a_header(token):
            raise ServerFault(f"{host} answered the request for an access token with none; try again later.")
        lasts = body.get("expires_in")
        renew_at = None
        if isinstance(lasts, int | float) and lasts > 0:
            renew_at = self._clock() + lasts - min(EARLY, lasts / 10)
        self._held = _Held(SecretStr(token), renew_at)
        return self._held.token


class Bearer(httpx.Auth):
    """Puts the token on each request as it leaves, so that no client or request object prints it; once after a 401 the
    token is renewed and the request goes again, which is safe for a write too: a refused token executes nothing."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        # Requests that leave together must not each ask for a token.
        self._one_asks = asyncio.Lock()

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sends the request, and once again with a renewed token."""
        async with self._one_asks:
            token = await self._source.token()
        request.headers["X-Shopify-Access-Token"] = token.get_secret_value()
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        async with self._one_asks:
            renewed = await self._source.renewed(token)
        if renewed is not None:
            request.headers["X-Shopify-Access-Token"] = renewed.get_secret_value()
            yield request


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _reason(body: dict[str, Any]) -> str:
    """The refusal in the endpoint's own short words (RFC 6749, 5.2); never the whole body, which might repeat ours."""
    error = body.get("error")
    return f'"{error}"' if isinstance(error, str) and error.replace("_", "").isalnum() and len(error) < 60 else (
        "without a reason")
