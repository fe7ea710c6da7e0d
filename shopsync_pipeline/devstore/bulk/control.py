"""Bulk operations in the control plane: what runs and what was staged, and trouble to order for an operation."""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.bulk.runner import BulkRunner, Order
from shopsync_pipeline.devstore.errors import OrderError
from shopsync_pipeline.devstore.ids import number_of
from shopsync_pipeline.devstore.records import gid

_ACTIONS: Final = ("cancel", "fail", "release", "stall")
_CODES: Final = ("ACCESS_DENIED", "INTERNAL_SERVER_ERROR", "TIMEOUT")
_TYPES: Final = ("MUTATION", "QUERY")
_NAMES: Final = {"action", "after", "error_code", "id", "type"}


class BulkControl:
    """GET and POST /__devstore/bulk."""

    def __init__(self, runner: BulkRunner) -> None:
        """`runner` is the shop's."""
        self.runner = runner

    def show(self, _query: dict[str, Any]) -> dict[str, Any]:
        """Every operation, oldest first, every upload, and the orders that have not struck yet."""
        store = self.runner.store
        return {
            "operations": [
                {
                    "id": gid(record.KIND, record.id),
                    "type": record.type,
                    "status": record.status,
                    "objects": record.object_count,
                    "error_code": record.error_code,
                }
                for record in store.bulk_operations.values()
            ],
            "uploads": [
                {"key": record.key, "method": record.method, "size": record.size} for record in store.uploads.values()
            ],
            "orders": [self._shown(order) for order in self.runner.orders],
        }

    def act(self, body: dict[str, Any]) -> dict[str, Any]:
        """Orders fail, stall or cancel; "release" lets stalled operations go on; an empty body drops the orders."""
        if not body:
            self.runner.orders.clear()
            return {"orders": []}
        if unknown := set(body) - _NAMES:
            raise OrderError(f"bulk has no {', '.join(sorted(unknown))}: it knows {', '.join(sorted(_NAMES))}")
        action = body.get("action")
        if action not in _ACTIONS:
            raise OrderError(f"action {action!r} is not known: choose one of {', '.join(_ACTIONS)}")
        if action == "release":
            self.runner.release()
        else:
            self.runner.orders.append(_order(action, body))
        return {"orders": [self._shown(order) for order in self.runner.orders]}

    @staticmethod
    def _shown(order: Order) -> dict[str, Any]:
        named = gid("BulkOperation", order.id) if order.id is not None else None
        return {"action": order.action, "after": order.after, "type": order.type, "id": named}


def _order(action: str, body: dict[str, Any]) -> Order:
    after, kind, code = body.get("after", 0), body.get("type"), body.get("error_code", "INTERNAL_SERVER_ERROR")
    if isinstance(after, bool) or not isinstance(after, int) or after < 0:
        raise OrderError(f"after {after!r} must be a whole number of lines from 0 up")
    if kind is not None and kind not in _TYPES:
        raise OrderError(f"type {kind!r} is not one of {', '.join(_TYPES)}")
    if code not in _CODES:
        raise OrderError(f"error_code {code!r} is not one of {', '.join(_CODES)}")
    number = None
    if body.get("id") is not None:
        number = number_of(str(body["id"]), "BulkOperation")
        if number is None:
            raise OrderError(f"id {body['id']!r} does not name a bulk operation")
    return Order(action, after, kind, number, code)
