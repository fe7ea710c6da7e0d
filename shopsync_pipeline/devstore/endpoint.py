"""One GraphQL request, from its body to its answer: version, document, variables, points, execution, commit.

No HTTP here: the answer is a JSON value, and the app decides what becomes of it on the wire.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore import operations as _registered
from shopsync_pipeline.devstore.access.apps import OWN_APP
from shopsync_pipeline.devstore.config import API_SCOPES, PLANS
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.deferred import run_due
from shopsync_pipeline.devstore.documents import Documents, Operation
from shopsync_pipeline.devstore.errors import PlatformError, RequestRefusedError
from shopsync_pipeline.devstore.faults import Faults
from shopsync_pipeline.devstore.points.bucket import Bucket
from shopsync_pipeline.devstore.points.cost import MAXIMUM_POINTS
from shopsync_pipeline.devstore.points.cost_debug import cost_fields
from shopsync_pipeline.devstore.points.dynamic_cost import input_points, refuse_oversized
from shopsync_pipeline.devstore.schema import served_version
from shopsync_pipeline.devstore.store import Store

assert _registered is not None  # importing the package is what registers the operations
_DOCUMENTATION: Final = "https://shopify.dev/api/usage/rate-limits"


@dataclass(slots=True)
class Stats:
    """What the store was asked since it was opened or reset. `refused` counts the answers that were not 200."""

    requests: int = 0
    throttled: int = 0
    points_spent: float = 0.0
    mutations: Counter[str] = field(default_factory=Counter)
    queries: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    dropped: int = 0
    in_flight: int = 0
    in_flight_maximum: int = 0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the app (whose bucket pays), the scopes of its token, and what it wants explained."""

    app: str = OWN_APP
    scopes: frozenset[str] = frozenset(API_SCOPES)
    cost_debug: bool = False
    search_debug: bool = False


@dataclass(slots=True)
class Answer:
    """A JSON body, whether to cut the connection instead of sending it, and the idempotency keys it has used."""

    body: dict[str, Any]
    drop: bool = False
    keys: list[tuple[str, str]] = field(default_factory=list)


_OWN: Final = Caller()


class Endpoint:
    """The GraphQL side of one shop."""

    def __init__(self, store: Store) -> None:
        """Every app's bucket starts full."""
        self.store = store
        self.buckets: dict[str, Bucket] = {}
        self.documents = Documents()
        self.faults = Faults()
        self.stats = Stats()
        self.use_plan(store.config.plan, store.config.speed)

    def use_plan(self, plan: str, speed: float) -> None:
        """Changes plan and speed; every bucket is full again."""
        self.plan, self.speed = plan, speed
        self.store.settings.plan = plan
        self.buckets.clear()

    def bucket(self, app: str) -> Bucket:
        """The bucket of one app on this shop, which runs in the shop's time."""
        found = self.buckets.get(app)
        if found is None:
            plan = PLANS[self.plan]
            found = Bucket(plan.maximum, plan.restore_rate, self.speed, at=self.store.clock())
            self.buckets[app] = found
        return found

    def settle(self) -> None:
        """Lets everything happen whose time has come: asynchronous operations, and search taking changes in."""
        run_due(self.store)
        self.store.index.ripen(self.store.clock())

    def answer(self, version: str, body: bytes, caller: Caller = _OWN, trouble: str | None = None) -> Answer:
        """Answers one request body; `trouble` is a fault that was drawn for this request."""
        self.settle()
        self.stats.requests += 1
        served = served_version(version)
        try:
            text, given, name = _read_body(body)
            operation = self.documents.operation(served, text, name)
            variables = operation.variables(given)
        except RequestRefusedError as refused:
            return Answer({"errors": [error.as_json() for error in refused.errors]})
        context = Context(self.store, served, variables, self.store.now())
        context.app, context.scopes, context.search_debug = caller.app, caller.scopes, caller.search_debug
        return self._run(operation, context, caller, trouble)

    def _run(self, operation: Operation, context: Context, caller: Caller, trouble: str | None) -> Answer:
        bucket = self.bucket(caller.app)
        compiled = operation.compiled(context.variables)
        priced = operation.priced(context.variables)
        roots = compiled.roots(context)
        names = [name for name, _, _ in roots]
        added = sum(input_points(name, arguments) for name, arguments, _ in roots) if operation.is_mutation else 0.0
        requested = round(priced.requested() + added)
        if requested > MAXIMUM_POINTS:
            return self._refuse(_too_dear(requested), bucket, requested)
        throttled = trouble == "throttle" or self.faults.take("throttle", names)
        if throttled or not bucket.admit(requested, self.store.clock()):
            self.stats.throttled += 1
            error = PlatformError("Throttled", "THROTTLED", extensions={"documentation": _DOCUMENTATION})
            return self._refuse(error, bucket, requested)
        lost = operation.is_mutation and self.faults.take("drop_before_write", names)
        if lost or trouble == "drop_before_write":
            return Answer({}, drop=True)
        (self.stats.mutations if operation.is_mutation else self.stats.queries).update(names)
        try:
            for name, arguments, node in roots:
                context.node = node
                refuse_oversized(name, arguments, context.locations())
        except PlatformError as error:
            self.stats.points_spent += requested
            return self._refuse(error, bucket, requested)
        data = self._execute(operation, context, compiled, names)
        actual = min(requested, max(0, round(priced.actual(data or {}) + added)))
        bucket.refund(requested - actual)
        self.stats.points_spent += actual
        extensions: dict[str, Any] = self._cost(bucket, requested, actual)
        if caller.cost_debug:
            extensions["cost"]["fields"] = cost_fields(
                priced, operation.node.selection_set, operation.fragments, added
            )
        if context.search:
            extensions["search"] = context.search
        body: dict[str, Any] = {"data": data}
        if context.errors:
            body["errors"] = [error.as_json() for error in context.errors]
        body["extensions"] = extensions
        dropped = operation.is_mutation and self.faults.take("drop_after_write", names) is not None
        return Answer(body, drop=dropped or trouble == "drop_after_write", keys=context.keys)

    def _refuse(self, error: PlatformError, bucket: Bucket, requested: int) -> Answer:
        return Answer({"errors": [error.as_json()], "extensions": self._cost(bucket, requested, None)})

    def _execute(
        self, operation: Operation, context: Context, compiled: Any, names: list[str]
    ) -> dict[str, Any] | None:
        if not operation.is_mutation:
            found: dict[str, Any] | None = compiled.run(context)
            return found
        try:
            found = compiled.run(context)
            self.store.commit(actor=context.app, action=",".join(names))
        except BaseException:
            # A mutation that broke half way must not leave half of itself in memory.
            self.store.load()
            raise
        return found

    def _cost(self, bucket: Bucket, requested: int, actual: int | None) -> dict[str, Any]:
        bucket.refill(self.store.clock())
        status = bucket.status()
        return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}}


def _read_body(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestRefusedError([PlatformError(f"the request body is not JSON: {error}", "BAD_REQUEST")]) from None
    if not isinstance(found, dict) or not isinstance(found.get("query"), str):
        raise RequestRefusedError([PlatformError("the request body needs a query of type String", "BAD_REQUEST")])
    variables = found.get("variables") or {}
    if not isinstance(variables, dict):
        raise RequestRefusedError([PlatformError("variables must be an object", "BAD_REQUEST")])
    return found["query"], variables, found.get("operationName")


def _too_dear(requested: int) -> PlatformError:
    return PlatformError(
        f"Query cost is {requested}, which exceeds the single query max cost limit ({MAXIMUM_POINTS}).",
        "MAX_COST_EXCEEDED",
        extensions={"cost": requested, "maxCost": MAXIMUM_POINTS, "documentation": _DOCUMENTATION},
    )
