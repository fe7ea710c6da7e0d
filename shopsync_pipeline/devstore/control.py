"""The control plane, /__devstore/…: look at the store, reset it, change settings, order faults, act as the merchant.

It is for tests and rehearsals on this machine: it asks for no token and costs no points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shopsync_pipeline.devstore.chaos.latency import Latency
from shopsync_pipeline.devstore.config import PLANS, DevStoreError
from shopsync_pipeline.devstore.endpoint import Endpoint, Stats
from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline.devstore.faults import KINDS, STATUSES, Fault, Faults
from shopsync_pipeline.devstore.merchant import act, named_product
from shopsync_pipeline.devstore.merchant_setup import MerchantError
from shopsync_pipeline.devstore.settings import Settings

PREFIX: Final = "/__devstore"
_Action = Callable[[dict[str, Any]], Any]


class ControlError(Exception):
    """A control request that makes no sense; the text says why."""


class Control:
    """The control plane of one endpoint. `latency` is drawn from by the app on every request."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Starts with the latency of the configuration."""
        self.endpoint = endpoint
        self.latency = Latency(endpoint.store.config.latency_ms)
        self._mounted: dict[str, tuple[_Action, _Action]] = {}

    def mount(self, name: str, show: _Action, act: _Action) -> None:
        """Adds an area: GET /__devstore/<name> shows it, POST acts on it. Before `routes` is called."""
        self._mounted[name] = (show, act)

    def routes(self) -> list[BaseRoute]:
        """The routes to mount."""
        posts: dict[str, Callable[[dict[str, Any]], Any]] = {
            "reset": self.reset,
            "settings": self.settings,
            "fault": self.fault,
            "merchant": self.merchant,
            "clock": self.clock,
        }
        routes: list[BaseRoute] = [Route(f"{PREFIX}/stats", self._get(lambda _query: self.stats()))]
        routes.append(Route(f"{PREFIX}/history", self._get(self.history)))
        for name, (show, do) in self._mounted.items():
            routes.append(Route(f"{PREFIX}/{name}", self._get(show), methods=["GET"]))
            posts[name] = do
        routes.extend(Route(f"{PREFIX}/{name}", _post(action), methods=["POST"]) for name, action in posts.items())
        return routes

    def _get(self, read: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Any]:
        async def respond(request: Request) -> Response:
            return _respond(read, dict(request.query_params))

        return respond

    def stats(self) -> dict[str, Any]:
        """Counts since the start or the last reset, and what the store holds now."""
        endpoint, store = self.endpoint, self.endpoint.store
        stats = endpoint.stats
        return {
            "requests": stats.requests,
            "throttled": stats.throttled,
            "points_spent": stats.points_spent,
            "mutations": dict(stats.mutations),
            "queries": dict(stats.queries),
            "refused": dict(stats.refused),
            "dropped": stats.dropped,
            "in_flight": stats.in_flight,
            "in_flight_maximum": stats.in_flight_maximum,
            "search_waiting": store.index.waiting,
            "products": len(store.products),
            "variants": len(store.variants),
            "metafields": len(store.metafields_by_id),
            "files": len(store.files),
            "settings": self._settings(),
            "open_faults": [
                {"kind": fault.kind, "remaining": fault.remaining, "root": fault.root} for fault in endpoint.faults.open
            ],
        }

    def history(self, query: dict[str, Any]) -> dict[str, Any]:
        """Every change of one product, named by id, handle or sku; a deleted one only by id."""
        number = str(query.get("id") or "").rsplit("/", 1)[-1]
        if not number.isdigit():
            number = str(named_product(self.endpoint.store, query).id)
        return {"history": self.endpoint.store.file.history(int(number))}

    def reset(self, _body: dict[str, Any]) -> dict[str, Any]:
        """Empties the shop, the counts and the faults, fills the buckets, and takes lag, delays and walls back."""
        store = self.endpoint.store
        store.settings = Settings.of(store.config)
        store.refusals.clear()
        store.reset()
        self.endpoint.faults = Faults()
        # What is in flight stays counted, or the count would fall below nothing when it ends.
        self.endpoint.stats = Stats(in_flight=self.endpoint.stats.in_flight)
        self.endpoint.use_plan(self.endpoint.plan, self.endpoint.speed)
        return self.stats()

    def _settings(self) -> dict[str, Any]:
        given = {"plan": self.endpoint.plan, "latency_ms": self.latency.given, "speed": self.endpoint.speed}
        return {**self.endpoint.store.settings.as_json(), **given}

    def settings(self, body: dict[str, Any]) -> dict[str, Any]:
        """Changes plan, latency_ms, speed and whatever `Settings` knows, all or none; what is not named stays."""
        others = {name: value for name, value in body.items() if name not in ("plan", "latency_ms", "speed")}
        plan, speed = body.get("plan", self.endpoint.plan), body.get("speed", self.endpoint.speed)
        if plan not in PLANS:
            raise ControlError(f"plan {plan!r} is not known: choose one of {', '.join(PLANS)}")
        if not _is_number(speed) or speed <= 0:
            raise ControlError(f"speed {speed!r} must be a number above 0")
        latency = Latency(body["latency_ms"]) if "latency_ms" in body else self.latency
        self.endpoint.store.settings.change(others)
        self.latency = latency
        if "plan" in body or "speed" in body:
            self.endpoint.use_plan(plan, float(speed))
        return self._settings()

    def fault(self, body: dict[str, Any]) -> dict[str, Any]:
        """Orders `count` faults of a kind; an empty body cancels the open ones."""
        if not body:
            self.endpoint.faults.open.clear()
            return {"open_faults": []}
        kind, count, status = body.get("kind"), body.get("count", 1), body.get("status", 503)
        if kind not in KINDS:
            raise ControlError(f"fault {kind!r} is not known: choose one of {', '.join(KINDS)}")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ControlError(f"count {count!r} must be a whole number from 1 up")
        if kind == "http_status" and status not in STATUSES:
            raise ControlError(f"status {status!r} is not one of {', '.join(map(str, STATUSES))}")
        self.endpoint.faults.open.append(Fault(kind, count, status, body.get("retry_after"), body.get("root")))
        return {"open_faults": self.stats()["open_faults"]}

    def clock(self, body: dict[str, Any]) -> dict[str, Any]:
        """Moves the shop's time forward by `advance_seconds`; an empty body only reads it."""
        seconds = body.get("advance_seconds", 0)
        if not _is_number(seconds) or seconds < 0 or set(body) - {"advance_seconds"}:
            raise ControlError(f"the clock takes advance_seconds, a number from 0 up, and was given {body!r}")
        store = self.endpoint.store
        store.advance_clock(seconds)
        self.endpoint.settle()
        return {"now": store.now(), "epoch": store.clock(), "advanced_seconds": store.time.advanced}

    def merchant(self, body: dict[str, Any]) -> dict[str, Any]:
        """Does what a merchant or a customer would do."""
        return act(self.endpoint.store, body)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _post(action: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        raw = await request.body()
        try:
            body = orjson.loads(raw) if raw.strip() else {}
        except orjson.JSONDecodeError as error:
            return _json({"error": f"the body is not JSON: {error}"}, 400)
        if not isinstance(body, dict):
            return _json({"error": "the body must be a JSON object"}, 400)
        return _respond(action, body)

    return respond


def _respond(action: Callable[[dict[str, Any]], Any], given: dict[str, Any]) -> Response:
    try:
        return _json(action(given), 200)
    except (ControlError, DevStoreError, MerchantError, OrderError) as error:
        return _json({"error": str(error)}, 400)


def _json(value: Any, status: int) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")
