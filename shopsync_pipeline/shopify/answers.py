"""What an HTTP answer of the Admin API means, as one of our errors; which kind it is stands in `core.faults`.

Decides only; what to do about it (repeat, wait, give up) is the client's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx
import orjson

from shopsync_pipeline.core.faults import Kind, Source, Todo, decisive, row_of
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


DEFAULT_RETRY_SECONDS = 1.0
"""Pause after a 429 that names none (Shopify's own clients wait as long)."""


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
    row = row_of(Source.HTTP, str(status))
    said = f"Shop {host} answered HTTP {status}{_trace(response)}. {row.means} {row.way_out}".rstrip()
    if row.todo is Todo.REFRESH_TOKEN:
        return Unauthorized(said)
    if status == httpx.codes.FORBIDDEN:
        return Forbidden(said)
    if row.kind is Kind.THROTTLED:
        told = retry_after(response)
        wait = DEFAULT_RETRY_SECONDS if told is None else told
        return Throttled(f"{said} It asks to wait {wait:g} s.", wait_seconds=wait)
    if row.kind is Kind.TRANSIENT:
        return ServerFault(said, codes=(f"HTTP_{status}",), wait_seconds=retry_after(response))
    if row.kind is Kind.BUG:
        return GraphQLFault(said, codes=(f"HTTP_{status}",))
    return ShopUnavailable(said, status=status)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait by the answer's Retry-After, `None` without one that can be read.

    Shopify gives seconds with decimals (`2.0`); HTTP allows a date as well (RFC 9110, 10.2.3), which gateways in
    between use. A date is held against the answer's own `Date`, so that this machine's clock need not be right.
    """
    told = response.headers.get("Retry-After", "").strip()
    try:
        seconds = float(told)
    except ValueError:
        then = _date(told)
        if then is None:
            return None
        seconds = (then - (_date(response.headers.get("Date", "")) or datetime.now(UTC))).total_seconds()
    return max(0.0, seconds) if isfinite(seconds) else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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
    row = decisive(row_of(Source.GRAPHQL, str(part.get("code") or "")) for part in extensions)
    if row.kind is Kind.THROTTLED:
        return Throttled(said)
    if row.kind is Kind.AUTH:
        required = next((str(part["requiredAccess"]) for part in extensions if part.get("requiredAccess")), None)
        needs = f" Shopify asks for: {required}." if required else ""
        return Forbidden(f"{said}{needs} Give the app this scope and install it again.", required=required)
    if row.kind is Kind.TRANSIENT and not row.certain:
        return ServerFault(f"{said} Try again later.", codes=codes)
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
