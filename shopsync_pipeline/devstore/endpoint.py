"""One GraphQL request, from its body to its answer: version, document, variables, points, execution, commit.

No HTTP here: the answer is a JSON value, and the app decides what becomes of it on the wire.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore import operations as _registered
from shopsync_pipeline.devstore.bucket import Bucket
from shopsync_pipeline.devstore.config import PLANS
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.cost import MAXIMUM_POINTS
from shopsync_pipeline.devstore.documents import Documents, Operation
from shopsync_pipeline.devstore.dynamic_cost import input_points, refuse_oversized
from shopsync_pipeline.devstore.errors import PlatformError, RequestRefusedError
from shopsync_pipeline.devstore.faults import Faults
from shopsync_pipeline.devstore.schema import served_version
from shopsync_pipeline.devstore.store import Store

assert _registered is not None  # importing the package is what registers the operations
_DOCUMENTATION: Final = "https://shopify.dev/api/usage/rate-limits"


@dataclass(slots=True)
class Stats:
    """What the store was asked since it was opened or reset."""

    requests: int = 0
    throttled: int = 0
    points_spent: float = 0.0
    mutations: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Answer:
    """A JSON body, and whether the connection is to be cut instead of sending it."""

    body: dict[str, Any]
    drop: bool = False


class Endpoint:
    """The GraphQL side of one shop."""

    def __init__(self, store: Store) -> None:
        """The bucket starts full."""
        self.store = store
        self.documents = Documents()
        self.faults = Faults()
        self.stats = Stats()
        self.use_plan(store.config.plan, store.config.speed)

    def use_plan(self, plan: str, speed: float) -> None:
        """Changes plan and speed; the bucket is full again."""
        self.plan, self.speed = plan, speed
        found = PLANS[plan]
        self.bucket = Bucket(found.maximum, found.restore_rate, speed, at=time.monotonic())

    def answer(self, version: str, body: bytes) -> Answer:
        """Answers one request body."""
        self.stats.requests += 1
        served = served_version(version)
        try:
            text, given, name = _read_body(body)
            operation = self.documents.operation(served, text, name)
            variables = operation.variables(given)
        except RequestRefusedError as refused:
            return Answer({"errors": [error.as_json() for error in refused.errors]})
        context = Context(self.store, served, variables, self.store.now())
        return self._run(operation, context)

    def _run(self, operation: Operation, context: Context) -> Answer:
        compiled = operation.compiled(context.variables)
        priced = operation.priced(context.variables)
        roots = compiled.roots(context)
        names = [name for name, _, _ in roots]
        added = sum(input_points(name, arguments) for name, arguments, _ in roots) if operation.is_mutation else 0.0
        requested = round(priced.requested() + added)
        if requested > MAXIMUM_POINTS:
            return Answer({"errors": [_too_dear(requested).as_json()], "extensions": self._cost(requested, None)})
        if self.faults.take("throttle", names) or not self.bucket.admit(requested, time.monotonic()):
            self.stats.throttled += 1
            error = PlatformError("Throttled", "THROTTLED", extensions={"documentation": _DOCUMENTATION})
            return Answer({"errors": [error.as_json()], "extensions": self._cost(requested, None)})
        if operation.is_mutation:
            if self.faults.take("drop_before_write", names):
                return Answer({}, drop=True)
            self.stats.mutations.update(names)
        try:
            for name, arguments, node in roots:
                context.node = node
                refuse_oversized(name, arguments, context.locations())
        except PlatformError as error:
            self.stats.points_spent += requested
            return Answer({"errors": [error.as_json()], "extensions": self._cost(requested, None)})
        data = self._execute(operation, context, compiled, names)
        actual = min(requested, max(0, round(priced.actual(data or {}) + added)))
        self.bucket.refund(requested - actual)
        self.stats.points_spent += actual
        extensions: dict[str, Any] = self._cost(requested, actual)
        if context.search:
            extensions["search"] = context.search
        body: dict[str, Any] = {"data": data}
        if context.errors:
            body["errors"] = [error.as_json() for error in context.errors]
        body["extensions"] = extensions
        dropped = operation.is_mutation and self.faults.take("drop_after_write", names) is not None
        return Answer(body, drop=dropped)

    def _execute(
        self, operation: Operation, context: Context, compiled: Any, names: list[str]
    ) -> dict[str, Any] | None:
        if not operation.is_mutation:
            found: dict[str, Any] | None = compiled.run(context)
            return found
        try:
            found = compiled.run(context)
            self.store.commit(actor="app", action=",".join(names))
        except BaseException:
            # A mutation that broke half way must not leave half of itself in memory.
            self.store.load()
            raise
        return found

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        self.bucket.refill(time.monotonic())
        status = self.bucket.status()
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
