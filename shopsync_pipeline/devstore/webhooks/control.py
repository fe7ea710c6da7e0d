"""Webhooks in the control plane: what was sent, what waits, and trouble to order for the next deliveries."""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline.devstore.records import gid
from shopsync_pipeline.devstore.webhooks.delivery import topic_name
from shopsync_pipeline.devstore.webhooks.dispatcher import Dispatcher, Trouble

_KINDS: Final = ("delay", "drop", "duplicate", "reorder")
_NAMES: Final = {"count", "kind", "seconds", "topic"}
_SHOWN: Final = 200


class WebhookControl:
    """GET and POST /__devstore/webhooks."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        """`dispatcher` is the shop's."""
        self.dispatcher = dispatcher

    def show(self, query: dict[str, Any]) -> dict[str, Any]:
        """Subscriptions, what waits, and the log, oldest first; `topic` narrows it, `limit` (200) keeps its end."""
        dispatcher = self.dispatcher
        try:
            limit = int(query.get("limit", _SHOWN))
        except ValueError as error:
            raise OrderError(f"limit {query['limit']!r} is not a whole number") from error
        entries = [entry for entry in dispatcher.log if query.get("topic") in (None, entry["topic"])]
        now = dispatcher.store.clock()
        return {
            "subscriptions": [
                {"id": gid(one.KIND, one.id), "topic": topic_name(one.topic), "uri": one.uri}
                for one in dispatcher.store.subscriptions.values()
            ],
            "waiting": [
                {
                    "webhook_id": delivery.webhook_id,
                    "topic": topic_name(delivery.topic),
                    "tries": delivery.tries,
                    "due_in_seconds": max(0.0, delivery.due - now),
                }
                for delivery in dispatcher.waiting()
            ],
            "orders": self._orders(),
            "log": entries[-limit:] if limit > 0 else [],
        }

    def act(self, body: dict[str, Any]) -> dict[str, Any]:
        """Orders trouble for the next `count` deliveries; an empty body sends what is held and drops the orders."""
        dispatcher = self.dispatcher
        if not body:
            dispatcher.release()
            dispatcher.troubles.clear()
            return {"orders": []}
        if unknown := set(body) - _NAMES:
            raise OrderError(f"webhooks has no {', '.join(sorted(unknown))}: it knows {', '.join(sorted(_NAMES))}")
        kind, count, seconds = body.get("kind"), body.get("count", 1), body.get("seconds", 0)
        if kind not in _KINDS:
            raise OrderError(f"kind {kind!r} is not known: choose one of {', '.join(_KINDS)}")
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise OrderError(f"count {count!r} must be a whole number from 1 up")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise OrderError(f"seconds {seconds!r} must be a number from 0 up")
        topic = body.get("topic")
        if topic is not None and not isinstance(topic, str):
            raise OrderError(f"topic {topic!r} must be text such as products/update")
        named = topic.upper().replace("/", "_") if topic is not None else None
        dispatcher.troubles.append(Trouble(kind, count, named, float(seconds)))
        return {"orders": self._orders()}

    def _orders(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": trouble.kind,
                "remaining": trouble.remaining,
                "topic": topic_name(trouble.topic) if trouble.topic is not None else None,
                "held": len(trouble.held),
            }
            for trouble in self.dispatcher.troubles
        ]
