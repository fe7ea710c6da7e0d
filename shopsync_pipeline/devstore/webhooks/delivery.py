"""One delivery: its headers with the signature, the waits between its tries, and a single try over HTTP.

The platform gives a receiver one second to accept a connection and five in all, and tries again eight times over four
hours, each wait twice the one before.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

RETRIES: Final = 8
RETRY_SPAN: Final = 4 * 3_600
_FIRST_WAIT: Final = RETRY_SPAN / (2**RETRIES - 1)


@dataclass(slots=True)
class Delivery:
    """One body on its way to one address; `due` and `began` are epoch seconds of the shop's time.

    `next` is a delivery that may leave only when this one has been tried.
    """

    webhook_id: str
    event_id: str
    subscription_id: int
    topic: str
    uri: str
    headers: dict[str, str]
    body: bytes
    due: float
    tries: int = 0
    began: float | None = None
    next: Delivery | None = None


def wait_after(tries: int) -> float:
    """Seconds to wait after so many failed tries: about a minute at first, two hours at last, four hours together."""
    return float(_FIRST_WAIT * 2 ** (tries - 1))


def topic_name(topic: str) -> str:
    """A topic as headers write it: the last underscore parts the resource from what happened to it."""
    resource, _, happened = topic.lower().rpartition("_")
    return f"{resource}/{happened}"


def signature(secret: str, body: bytes) -> str:
    """X-Shopify-Hmac-Sha256: base64 of the HMAC-SHA256 of the raw body by the app's secret."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def headers_of(
    *,
    topic: str,
    body: bytes,
    secret: str,
    shop: str,
    version: str,
    webhook_id: str,
    event_id: str,
    triggered: float,
    name: str | None,
) -> dict[str, str]:
    """Everything the platform sends beside the body. `triggered` is epoch seconds; only the body is signed."""
    moment = datetime.fromtimestamp(triggered, UTC)
    found = {
        "Content-Type": "application/json",
        "User-Agent": "Shopify-Captain-Hook",
        "X-Shopify-Topic": topic_name(topic),
        "X-Shopify-Hmac-Sha256": signature(secret, body),
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-API-Version": version,
        "X-Shopify-Webhook-Id": webhook_id,
        "X-Shopify-Event-Id": event_id,
        "X-Shopify-Triggered-At": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z",
    }
    if name is not None:
        found["X-Shopify-Name"] = name
    return found


async def attempt(
    client: httpx.AsyncClient, delivery: Delivery, *, connect: float, total: float
) -> tuple[int | None, str | None]:
    """Tries once, within so many seconds; gives the HTTP status, and what was wrong unless it was a 2xx."""
    try:
        async with asyncio.timeout(total):
            response = await client.post(
                delivery.uri,
                content=delivery.body,
                headers=delivery.headers,
                timeout=httpx.Timeout(total, connect=min(connect, total)),
            )
    except TimeoutError:
        return None, f"no answer within {total:g} seconds"
    except httpx.TimeoutException as error:
        return None, f"{type(error).__name__} within {total:g} seconds"
    except httpx.HTTPError as error:
        return None, f"{type(error).__name__}: {error}"
    if response.is_success:
        return response.status_code, None
    return response.status_code, f"the receiver answered {response.status_code}"
