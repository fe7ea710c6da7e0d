"""Asynchronous productSet and productDelete: what was asked waits in the shop's time, then is done and committed.

CREATED for the first half of the delay, ACTIVE for the second, then COMPLETE. Pending work survives a restart.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import orjson
from graphql import GraphQLInputObjectType, coerce_input_value

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.records import Operation, gid
from shopsync_pipeline.devstore.schema import carried_schema
from shopsync_pipeline.devstore.store import Store
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

# A worker does the work of one type: it is given the arguments and gives the product's number and the refusals.
Worker = Callable[[Context, dict[str, Any]], tuple[int | None, list[UserError]]]
_WORKERS: Final[dict[str, tuple[str, dict[str, str], Worker]]] = {}


def worker(kind: str, root: str, **inputs: str) -> Callable[[Worker], Worker]:
    """Registers what does the operations of a type; `inputs` names the input type of each argument."""

    def register(work: Worker) -> Worker:
        _WORKERS[kind] = (root, inputs, work)
        return work

    return register


def defer(context: Context, kind: str, product_id: int | None, arguments: dict[str, Any]) -> Operation:
    """Puts an operation off by the delay of the settings; without a delay it is done before the answer is sent."""
    store = context.store
    now = store.clock()
    delay = store.settings.operation_delay_ms / 1_000
    asked = orjson.loads(orjson.dumps(arguments, default=str))
    number = store.next_id(Operation.KIND)
    operation = Operation(number, kind, product_id, [], asked, context.version, now, now + delay)
    store.touch(operation)
    if delay == 0:
        _do(context, operation)
    return operation


def run_due(store: Store) -> None:
    """Does and commits every operation whose time has come, in the order they are due."""
    if not store.pending:
        return
    now = store.clock()
    due = sorted((row.due_at, row.id) for row in store.pending.values() if row.due_at <= now)
    for _, number in due:
        operation = store.pending[number]
        root = _WORKERS[operation.type][0]
        try:
            _do(Context(store, operation.version, {}, store.now(), root=root), operation)
            store.commit(actor="app", action=root)
        except BaseException:
            store.load()
            raise


def _do(context: Context, operation: Operation) -> None:
    _, inputs, work = _WORKERS[operation.type]
    assert operation.asked is not None
    arguments = _read(operation.version, inputs, operation.asked)
    try:
        product_id, errors = work(context, arguments)
    except PlatformError as error:
        product_id, errors = None, [user_error(None, error.message, "JOB_ERROR")]
    operation.product_id = operation.product_id if product_id is None else product_id
    operation.user_errors = list(errors)
    operation.asked = None
    context.store.pending.pop(operation.id, None)
    context.store.touch(operation)


def _read(version: str, inputs: dict[str, str], asked: dict[str, object]) -> dict[str, Any]:
    """The arguments as the API read them the first time: waiting as JSON has made text of their amounts."""
    found: dict[str, Any] = {}
    for name, value in asked.items():
        shape = carried_schema(version).type_map[inputs[name]]
        assert isinstance(shape, GraphQLInputObjectType)
        found[name] = None if value is None else coerce_input_value(value, shape)
    return found


def is_being_deleted(store: Store, product_id: int) -> bool:
    """Whether an asynchronous deletion of the product is still under way."""
    return any(row.type == "ProductDeleteOperation" and row.product_id == product_id for row in store.pending.values())


def status_of(operation: Operation, now: float) -> str:
    """The ProductOperationStatus at `now` (epoch seconds)."""
    if operation.asked is None:
        return "COMPLETE"
    return "CREATED" if now < (operation.made_at + operation.due_at) / 2 else "ACTIVE"


def view(operation: Operation, status: str) -> dict[str, Any]:
    """An operation as the API shows it in a status: what it makes shows when it is complete, what it deletes before."""
    done = status == "COMPLETE"
    deletes = operation.type == "ProductDeleteOperation"
    number = operation.product_id
    return {
        "__typename": operation.type,
        "id": gid(operation.type, operation.id),
        "status": status,
        "product_id": number if deletes != done else None,
        "deletedProductId": gid("Product", number) if deletes and done and number else None,
        "userErrors": operation.user_errors if done else [],
    }
