"""What an HTTP answer of the Admin API means: one table for statuses, one for GraphQL error codes.

Decides only; what to do about it (repeat, wait, give up) is the client's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from shopsync_pipeline.shopify.errors import (
    FilterIgnored,
    Forbidden,
    GraphQLFault,
    ServerFault,
    ShopifyError,
    ShopUnavailable,
    Throttled,
    Unauthorized,
)
from shopsync_pipeline.shopify.throttle import ThrottleStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer. Costs are in points, `None` where Shopify left them out (it does at times: recorded answers).

    `request_id` is the X-Request-Id that Shopify's support asks for; `version` is the version that really served us.
    """

    data: dict[str, Any]
    requested_cost: float | None
    actual_cost: float | None
    request_id: str | None
    version: str | None
    faults: Mapping[int, ShopifyError] = field(default_factory=dict)
    """Of several mutations in one request, those that were refused by a top-level error, by their place."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The `extensions.cost` of an answer, good or bad."""

    requested: float | None = None
    actual: float | None = None
    status: ThrottleStatus | None = None


# Statuses by which Shopify says that the shop as a whole does not serve us (Shopify docs, "Response status and error
# codes"; 540 is Shopify's own).
_UNAVAILABLE = {
    303: "Shopify answers that the shop moved; check SHOPIFY_SHOP_URL for the shop's myshopify.com name.",
    402: "The shop is frozen for unpaid bills; its owner must settle them before anything can be synced.",
    404: "There is no shop, or no such API version, at this address; check SHOPIFY_SHOP_URL.",
    406: "Shopify does not accept the form of our requests at this address; check SHOPIFY_SHOP_URL.",
    423: "The shop is locked by Shopify; its owner must contact Shopify support.",
    430: "Shopify rejected the request for security reasons; wait some hours before the next attempt.",
    540: "The shop's API is temporarily disabled by Shopify; try again later.",
}
_REFUSED = frozenset({400, 413, 414, 415, 422})
"""Statuses by which a request was refused as such, before anything was executed."""
DEFAULT_RETRY_SECONDS = 1.0
"""Pause after a 429 that names none (Shopify's own clients wait as long)."""

_SERVER_CODES = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})


def parse(response: httpx.Response) -> tuple[dict[str, Any] | None, Cost]:
    """The JSON object of an answer (`None` where it is none) and what it says about cost."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None, Cost()
    if not isinstance(body, dict):
        return None, Cost()
    return body, _cost(body)


def _cost(body: Mapping[str, Any]) -> Cost:
    cost = (body.get("extensions") or {}).get("cost") or {}
    throttle = cost.get("throttleStatus")
    status = None
    if throttle:
        status = ThrottleStatus(throttle["maximumAvailable"], throttle["currentlyAvailable"], throttle["restoreRate"])
    return Cost(cost.get("requestedQueryCost"), cost.get("actualQueryCost"), status)


def fault_of_status(response: httpx.Response, host: str) -> ShopifyError | None:
    """What an HTTP status other than 200 means, or `None` for 200."""
    status = response.status_code
    if status == 200:
        return None
    said = f"Shop {host} answered HTTP {status}{_trace(response)}."
    if status == 401:
        return Unauthorized(f"{said} The access token was refused; check SHOPIFY_ACCESS_TOKEN, and that the app is "
                            "still installed in the shop.")
    if status == 403:
        return Forbidden(f"{said} The app may not do this; give it the scopes read_products, write_products, "
                         "read_inventory, write_inventory and read_locations.")
    if status == 429:
        wait = retry_after(response)
        return Throttled(f"{said} It asks to wait {wait:g} s.", wait_seconds=wait)
    if status in _REFUSED:
        return GraphQLFault(f"{said} It does not take the request as it is, for its form or its size.",
                            codes=(f"HTTP_{status}",))
    if status in _UNAVAILABLE:
        return ShopUnavailable(f"{said} {_UNAVAILABLE[status]}", status=status)
    if status >= 500:
        return ServerFault(f"{said} Shopify failed; try again later, and see https://www.shopifystatus.com.")
    if 300 <= status < 400:
        return ShopUnavailable(f"{said} {_UNAVAILABLE[303]}", status=status)
    return ShopUnavailable(f"{said} That is not an answer of the Admin API; check SHOPIFY_SHOP_URL.", status=status)


def retry_after(response: httpx.Response) -> float:
    """Seconds to wait by the answer's Retry-After, which Shopify gives in seconds with decimals (`2.0`)."""
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return DEFAULT_RETRY_SECONDS


def fault_of_body(name: str, body: Mapping[str, Any] | None, response: httpx.Response) -> ShopifyError | None:
    """What the body of an HTTP 200 says went wrong with document `name`, or `None` when nothing did."""
    if body is None:
        return ServerFault(f"The answer to {name} is not JSON{_trace(response)}; try again later.")
    errors = body.get("errors")
    if errors:
        return _fault_of_errors(name, errors, response)
    if not isinstance(body.get("data"), dict):
        return ServerFault(f"The answer to {name} holds no data{_trace(response)}; try again later.")
    return _fault_of_search(name, body)


def _fault_of_errors(name: str, errors: Any, response: httpx.Response) -> ShopifyError:
    # 401 and 403 answers, and some 200 ones, carry `errors` as bare text.
    rows: Sequence[Any] = errors if isinstance(errors, list) else [errors]
    found: list[Mapping[str, Any]] = [row if isinstance(row, Mapping) else {"message": str(row)} for row in rows]
    extensions: list[Mapping[str, Any]] = [row.get("extensions") or {} for row in found]
    codes = tuple(str(part["code"]) for part in extensions if part.get("code"))
    told = "; ".join(str(row.get("message", "no message")) for row in found[:5])
    said = f"Shopify refused {name}: {told}{' [' + ', '.join(codes) + ']' if codes else ''}{_trace(response)}."
    if "THROTTLED" in codes:
        return Throttled(said)
    if "ACCESS_DENIED" in codes:
        required = next((str(part["requiredAccess"]) for part in extensions if part.get("requiredAccess")), None)
        needs = f" Shopify asks for: {required}." if required else ""
        return Forbidden(f"{said}{needs} Give the app this scope and install it again.", required=required)
    if _SERVER_CODES.intersection(codes):
        return ServerFault(f"{said} Try again later.")
    return GraphQLFault(said, codes=codes)


def _fault_of_search(name: str, body: Mapping[str, Any]) -> ShopifyError | None:
    warnings = [
        f'{warning.get("field")}: {warning.get("message")}'
        for search in (body.get("extensions") or {}).get("search") or ()
        for warning in search.get("warnings") or ()
    ]
    if not warnings:
        return None
    return FilterIgnored(f"Shopify did not apply the whole filter of {name} ({'; '.join(warnings)}), so its rows are "
                         "not those that were asked for. They were thrown away.")


def _trace(response: httpx.Response) -> str:
    request_id = response.headers.get("X-Request-Id")
    return f" (request {request_id})" if request_id else ""
