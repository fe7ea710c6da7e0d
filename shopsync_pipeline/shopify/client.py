"""The one way to talk to a shop: sends a named document, waits for points, repeats what is safe to repeat.

Never repeats a write that may have been executed unless it is declared repeatable, and never shows the access token.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import httpx
import orjson
import stamina
from pydantic import SecretStr

from shopsync_pipeline.core.breaker import Health
from shopsync_pipeline.core.faults import Todo
from shopsync_pipeline.core.learned import CostMemory
from shopsync_pipeline.shopify.address import endpoint
from shopsync_pipeline.shopify.answers import Answer, Cost, fault_of_body, fault_of_status, parse
from shopsync_pipeline.shopify.auth import Bearer, StaticToken, TokenSource
from shopsync_pipeline.shopify.combined import NAME, Combined, combine
from shopsync_pipeline.shopify.connections import Connections
from shopsync_pipeline.shopify.documents import document
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    GraphQLFault,
    ServerFault,
    ShopifyError,
    Throttled,
    Unreachable,
    UserError,
    UserErrors,
)
from shopsync_pipeline.shopify.faults import fault_of
from shopsync_pipeline.shopify.gate import Gate, OwnHealth
from shopsync_pipeline.shopify.throttle import MAX_CONCURRENT, PointsBucket

if TYPE_CHECKING:
    from shopsync_pipeline.shopify.asked import Request

__all__ = ["DEFAULT_API_VERSION", "Answer", "Patience", "ShopifyClient"]

log = logging.getLogger(__name__)

DEFAULT_API_VERSION = "2026-10"

# These end before a byte of the request is on the wire, so the shop cannot have seen it.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on. `attempts` counts all tries that end in connection and server faults. Being throttled is no
    fault; its end is `throttled_seconds` after the first refusal of the call. `paused_seconds` is how long a request
    waits for a shop that is left alone after faults in a row. Pauses grow from `first_pause` to `longest_pause`
    seconds, with up to `jitter` seconds added at random."""

    attempts: int = 5
    throttled_seconds: float = 300.0
    paused_seconds: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 20.0
    jitter: float = 1.0


class _LostError(AnswerLost):
    """One try of a write ended without a usable answer; inside this module only."""


class ShopifyClient:
    """A shop's Admin GraphQL API at one pinned version; an async context manager.

    `shop_url` takes the forms of `address.endpoint`. `timeout_seconds` bounds connecting, and each wait for bytes;
    Shopify itself gives up after about 10 s. All clients of one shop must share one `bucket`, or have buckets whose
    supplies share one account. `costs` remembers what documents really ask; estimates are raised by it. `on_answer` is
    told the document's name and every good or refused (`userErrors`) answer, for metrics and the ledger; it must not
    raise. `access_token` is the token itself, or what renews it. `health` is the shop's state that all processes share;
    without it this client keeps one of its own.
    """

    def __init__(self, shop_url: str, access_token: str | SecretStr | TokenSource, *,
                 api_version: str = DEFAULT_API_VERSION, max_concurrent: int = MAX_CONCURRENT,
                 timeout_seconds: float = 30.0, transport: httpx.AsyncBaseTransport | None = None,
                 bucket: PointsBucket | None = None, costs: CostMemory | None = None,
                 on_answer: Callable[[str, Answer], None] | None = None, patience: Patience | None = None,
                 health: Health | None = None) -> None:
        tokens = StaticToken(access_token) if isinstance(access_token, str | SecretStr) else access_token
        self.api_version = api_version
        self._url = httpx.URL(endpoint(shop_url, api_version))
        self.bucket = bucket if bucket is not None else PointsBucket(max_concurrent=max_concurrent)
        self.costs = costs if costs is not None else CostMemory()
        self._on_answer = on_answer
        self._patience = patience if patience is not None else Patience()
        self._gate = Gate(self.host, health or OwnHealth(), patience=self._patience.paused_seconds)
        self._warned = False
        self._http = httpx.AsyncClient(
            auth=Bearer(tokens), transport=transport or Connections(self._url), timeout=timeout_seconds,
            follow_redirects=False, trust_env=False,
            headers={"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "shopsync"},
        )

    def __repr__(self) -> str:
        return f"ShopifyClient({self.host!r}, api_version={self.api_version!r})"

    @property
    def host(self) -> str:
        """The shop's host, with the port of a dev store."""
        return self._url.netloc.decode("ascii")

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        try:
            await self.bucket.release()
        finally:
            await self._http.__aexit__(*exc_info)

    async def query(self, name: str, variables: Mapping[str, Any], *, cost: float, priority: int = 0) -> Answer:
        """Asks document `name`; `cost` is the estimate in points, and a lower `priority` goes first. Repeats after
        connection faults, 5xx, 429, THROTTLED.

        Raises `Unreachable`, `ServerFault`, `Throttled`, `Unauthorized`, `Forbidden`, `ShopUnavailable`,
        `GraphQLFault`, `FilterIgnored`; `ShopPaused` before anything is sent.
        """
        return await self._call(name, variables, cost, priority, writes=False, repeatable=True)

    async def mutate(self, name: str, variables: Mapping[str, Any], *, cost: float, repeatable: bool = False,
                     priority: int = 0) -> Answer:
        """Sends the write `name`; `cost` is the estimate in points, and a lower `priority` goes first.

        Repeats only what was certainly not executed: no connection made, THROTTLED and 429 (refused for lack of points
        before execution), and the userErrors that the table of faults calls certain and transient. Everything else
        without a usable answer, also 503, which a gateway may give while the write goes on behind it, raises
        `AnswerLost`; with `repeatable` (deletes, sets of absolute values, `@idempotent` with the same key) it is first
        tried again. Raises `UserErrors` when the payload has any, and what `query` raises.
        """
        return await self._call(name, variables, cost, priority, writes=True, repeatable=repeatable)

    async def mutate_many(self, requests: Sequence[Request], *, priority: int = 0) -> list[Answer | ShopifyError]:
        """Sends several writes in one request (`combined.together` says which may go together): for each its answer, or
        what was wrong with it. A lower `priority` goes first.

        Each stands for itself: `UserErrors`, `Forbidden` and `GraphQLFault` are about one of them, and the others were
        executed. `AnswerLost` is about all, or about one whose root failed; then nobody knows what became of it. A
        request that was refused as a whole, before anything ran, is sent again one by one, so that each gets its own
        verdict, whatever that is. Else what concerns the shop is raised, as by `mutate`, and then none was executed.
        """
        composed = combine(requests)
        try:
            answer = await self._call(NAME, composed.variables, composed.cost, priority, writes=True,
                                      repeatable=composed.repeatable, composed=composed)
        except AnswerLost as lost:
            return [AnswerLost(str(lost)) for _ in requests]
        except GraphQLFault as fault:
            if len(requests) == 1:
                return [fault]
            return [await self._alone(request, priority) for request in requests]
        verdicts: list[Answer | ShopifyError] = []
        shares = zip(composed.shares(answer.requested_cost), composed.shares(answer.actual_cost), strict=True)
        for place, (data, (requested, actual)) in enumerate(zip(composed.payloads(answer.data), shares, strict=True)):
            fault_of_one = answer.faults.get(place)
            if isinstance(fault_of_one, ServerFault):
                fault_of_one = AnswerLost(f"{fault_of_one} The write may or may not have been executed; read the "
                                          "product again before deciding.")
            verdicts.append(fault_of_one or _verdict(Answer(data, requested, actual, answer.request_id,
                                                            answer.version)))
        return verdicts

    async def _alone(self, request: Request, priority: int) -> Answer | ShopifyError:
        try:
            return await self.mutate(request.document, request.variables, cost=request.cost,
                                     repeatable=request.repeatable, priority=priority)
        except ShopifyError as error:
            # Also what concerns the shop is told here and not raised: those before it may have been executed.
            return error

    async def _call(self, name: str, variables: Mapping[str, Any], cost: float, priority: int, *, writes: bool,
                    repeatable: bool, composed: Combined | None = None) -> Answer:
        text = composed.text if composed else document(name)
        content = orjson.dumps({"query": text, "variables": dict(variables)})
        retrying = _Retrying(self._patience, repeatable=repeatable, cost=self.costs.expected(name, cost))
        retrying.estimate, retrying.priority = cost, priority
        try:
            async for attempt in stamina.retry_context(
                on=retrying.pause_after, attempts=None, timeout=None, wait_initial=self._patience.first_pause,
                wait_max=self._patience.longest_pause, wait_jitter=self._patience.jitter,
            ):
                with attempt:
                    async with self._gate.passing():
                        return await self._try(name, content, retrying, writes=writes, composed=composed)
        except ShopifyError as error:
            # A refusal of a repetition tells what became of the first try, unless it says to try once more.
            told = isinstance(error, UserErrors | GraphQLFault) and fault_of(error).todo is not Todo.RETRY
            if told or not retrying.lost:
                raise
            raise AnswerLost(
                f"The answer to {name} was lost, so the write may or may not have been executed. Read the product "
                f"again before deciding. What happened: {error}", codes=tuple(fault_of(error).codes),
            ) from error
        raise AssertionError("a retry context ends by returning or raising")

    async def _try(self, name: str, content: bytes, retrying: _Retrying, *, writes: bool,
                   composed: Combined | None) -> Answer:
        async with self.bucket.admit(retrying.cost, retrying.priority) as ticket:
            try:
                response = await self._http.post(self._url, content=content)
            except ShopifyError:
                # There is no token, so nothing was asked; or the token was refused, which costs no points.
                ticket.settle(actual=0.0, status=None)
                raise
            except _NEVER_SENT as error:
                ticket.settle(actual=0.0, status=None)
                raise Unreachable(
                    f"No connection to {self.host} could be made ({type(error).__name__}: {error}). Check the shop's "
                    f'address and this machine\'s network, for example with "curl -sI {self._url.scheme}://{self.host}".'
                ) from error
            except httpx.TransportError as error:
                told = f"The connection to {self.host} failed before {name} was answered ({type(error).__name__})."
                if writes:
                    raise _LostError(told) from error
                raise Unreachable(f"{told} Check this machine's network and https://www.shopifystatus.com.") from error
            body, cost = parse(response)
            self.costs.observe(name, retrying.estimate, cost.requested, cost.actual)
            fault = fault_of_status(response, self.host)
            single = composed.faults(body, response) if composed and fault is None else None
            if fault is None and single is None:
                fault = fault_of_body(name, body, response)
            if isinstance(fault, Throttled):
                retrying.learn(cost)
                ticket.refused(cost.status)
                raise fault
            ticket.settle(actual=cost.actual if cost.actual is not None else cost.requested, status=cost.status)
        self._check_version(response)
        if isinstance(fault, ServerFault) and writes:
            raise _LostError(str(fault), codes=fault.codes, wait_seconds=fault.wait_seconds) from fault
        if fault is not None:
            raise fault
        assert body is not None
        answer = Answer(body["data"] or {}, cost.requested, cost.actual, response.headers.get("X-Request-Id"),
                        response.headers.get("X-Shopify-API-Version"), single or {})
        if self._on_answer is not None:
            self._on_answer(name, answer)
        if writes and composed is None:
            _raise_user_errors(answer.data)
        return answer

    def _check_version(self, response: httpx.Response) -> None:
        served = response.headers.get("X-Shopify-API-Version")
        if served and served != self.api_version and not self._warned:
            self._warned = True
            log.warning(
                "Shop %s answers with API version %s instead of %s: the pinned version is no longer, or not yet, "
                "served. Update shopsync before the differences matter.", self.host, served, self.api_version,
            )


class _Retrying:
    """The memory of one call across its tries: how many faults, for how long throttled, whether an answer was lost."""

    def __init__(self, patience: Patience, *, repeatable: bool, cost: float) -> None:
        self._patience = patience
        self._repeatable = repeatable
        self._faults = 0
        self._first_refused_at: float | None = None
        self.lost = False
        self.cost = cost
        self.estimate = cost
        self.priority = 0

    def learn(self, cost: Cost) -> None:
        """A THROTTLED answer tells the true requested cost: ask the bucket for that much next time."""
        if cost.requested is not None:
            self.cost = max(self.cost, cost.requested)

    def pause_after(self, error: Exception) -> bool | float:
        """Whether to try again after `error` by the table of faults: `False`, `True` (the usual pause), or seconds."""
        self.lost = self.lost or isinstance(error, _LostError)
        if isinstance(error, Throttled):
            return self._pause_throttled(error)
        if isinstance(error, _LostError):
            again = self._repeatable
        else:
            again = isinstance(error, ShopifyError) and fault_of(error).todo is Todo.RETRY
        self._faults += again
        if not again or self._faults >= self._patience.attempts:
            return False
        told = error.wait_seconds if isinstance(error, _LostError | ServerFault) else None
        return True if told is None else told <= self._patience.throttled_seconds and told

    def _pause_throttled(self, error: Throttled) -> bool | float:
        now = time.monotonic()
        if self._first_refused_at is None:
            self._first_refused_at = now
        wait = error.wait_seconds or 0.0
        if now - self._first_refused_at + wait >= self._patience.throttled_seconds:
            return False
        # Points come back at a known rate, for which the bucket waits before the next try; the small pause here only
        # keeps us from spinning when the answers tell no bucket.
        return error.wait_seconds if error.wait_seconds is not None else 0.1


def _verdict(answer: Answer) -> Answer | ShopifyError:
    try:
        _raise_user_errors(answer.data)
    except ShopifyError as error:
        return error
    return answer


def _raise_user_errors(data: Mapping[str, Any]) -> None:
    for root, payload in data.items():
        if payload is None:
            raise GraphQLFault(f"Shopify answered {root} with nothing, neither a result nor an error.")
        errors = payload.get("userErrors")
        if errors:
            refusal = UserErrors(root, [UserError.from_row(row) for row in errors])
            if fault_of(refusal).todo is Todo.RETRY and not refusal.certain:
                raise _LostError(str(refusal), codes=refusal.codes, answered=True) from refusal
            raise refusal
