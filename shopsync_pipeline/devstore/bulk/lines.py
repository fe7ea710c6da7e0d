"""One mutation for every line of a file: the lines in a shuffled order, each through the executor of the API.

Lines cost no points and meet no ordered faults. What goes wrong with a line stands in its own result line.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from shopsync_pipeline.devstore.bulk.records import BulkOperation
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.documents import Documents
from shopsync_pipeline.devstore.errors import PlatformError, RequestRefusedError
from shopsync_pipeline.devstore.points.dynamic_cost import refuse_oversized
from shopsync_pipeline.devstore.store import Store

_INDEXED_AT_ONCE: Final = 2_000


@dataclass(frozen=True, slots=True)
class Produced:
    """What one step brought: a result line with its newline, and whether it counts as an object of the root."""

    line: bytes
    root: bool = True


def run_lines(store: Store, documents: Documents, record: BulkOperation, path: Path) -> Iterator[Produced | None]:
    """Runs every line once. A step without a result (None) is only a breath between two pieces of work.

    The order is a shuffle seeded by the operation's number, so the same operation of the same shop runs the same way:
    the platform promises no order, and a file with two writes of one product must be seen to go wrong.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        starts = array("Q")
        place = 0
        while place < len(text):
            starts.append(place)
            end = text.find(b"\n", place)
            place = len(text) if end < 0 else end + 1
            if len(starts) % _INDEXED_AT_ONCE == 0:
                yield None
        chance = Random(record.id)
        order = array("Q", range(len(starts)))
        yield None
        for turn in range(len(order)):
            chosen = chance.randrange(turn, len(order))
            order[turn], order[chosen] = order[chosen], order[turn]
            index = order[turn]
            start = starts[index]
            line = text[start : starts[index + 1] if index + 1 < len(starts) else len(text)].strip()
            if not line:
                yield None
                continue
            answer = run_line(store, documents, record, line)
            yield Produced(json_line({**answer, "__lineNumber": index}))


def run_line(store: Store, documents: Documents, record: BulkOperation, line: bytes) -> dict[str, Any]:
    """Runs the mutation with the variables of one line and commits it, as the app that started the operation.

    Gives `data`, or `errors` when there is none.
    """
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {"errors": [{"message": f"Invalid JSON: {error}"}]}
    if not isinstance(given, dict):
        return {"errors": [{"message": "Invalid JSON: a line must be an object of variables"}]}
    try:
        operation = documents.operation(record.version, record.query, None)
        variables = operation.variables(given)
    except RequestRefusedError as refused:
        return {"errors": [error.as_json() for error in refused.errors]}
    context = Context(store, record.version, variables, store.now())
    context.app, context.scopes = record.app, frozenset(record.scopes)
    compiled = operation.compiled(variables)
    names = []
    try:
        for name, arguments, node in compiled.roots(context):
            context.node = node
            refuse_oversized(name, arguments, context.locations())
            if name == "productSet":
                arguments["synchronous"] = True  # the argument is ignored in bulk
            names.append(name)
    except PlatformError as error:
        return {"errors": [error.as_json()]}
    try:
        data = compiled.run(context)
        store.commit(actor=record.app, action=",".join(names))
    except BaseException:
        # As over HTTP: a mutation that broke half way must not leave half of itself in memory.
        store.load()
        raise
    if context.errors:
        errors = [error.as_json() for error in context.errors]
        answered = data is not None and any(value is not None for value in data.values())
        return {"data": data, "errors": errors} if answered else {"errors": errors}
    return {"data": data}


def json_line(value: dict[str, Any]) -> bytes:
    """A result line as the platform writes it: JSON with escaped slashes, which only text can hold, and a newline."""
    return orjson.dumps(value).replace(b"/", b"\\/") + b"\n"
