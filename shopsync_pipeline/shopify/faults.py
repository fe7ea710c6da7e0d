"""Each error of the remote side as a line of the table of faults: what it is, and what to do about it.

The only place that joins exception types and codes; everybody else asks `fault_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shopsync_pipeline.core.faults import (
    ANSWER_LOST,
    NO_ANSWER,
    NO_CONNECTION,
    UNRENEWABLE,
    Fault,
    Kind,
    Row,
    Source,
    Todo,
    decisive,
    row_of,
)
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    FilterIgnored,
    Forbidden,
    GraphQLFault,
    NotSendable,
    ReadIncomplete,
    ServerFault,
    ShopifyError,
    ShopPaused,
    ShopUnavailable,
    Throttled,
    Unauthorized,
    Unreachable,
    UserError,
    UserErrors,
)

__all__ = ["Fault", "Kind", "Todo", "fault_of", "fault_of_bulk", "fault_of_line"]

_HTTP_CODE = "HTTP_"
"""How a status stands among an error's codes."""


def fault_of(error: ShopifyError) -> Fault:
    """What `error` means and what to do about it."""
    match error:
        case UserErrors():
            rows = [row_of(Source.USER_ERROR, one.code, root=error.root, message=one.message) for one in error.errors]
            return _fault(decisive(rows), error, error.codes)
        case GraphQLFault():
            return _of_codes(error, error.codes or ("",), error.codes)
        case ServerFault():
            return _of_codes(error, error.codes, error.codes) if error.codes else _fault(
                row_of(Source.TRANSPORT, NO_ANSWER), error)
        case ShopUnavailable():
            return _fault(row_of(Source.HTTP, str(error.status)), error, (f"{_HTTP_CODE}{error.status}",))
        case Throttled():
            return _fault(row_of(Source.GRAPHQL, "THROTTLED"), error)
        case Unauthorized():
            return _fault(row_of(Source.HTTP, UNRENEWABLE), error, (f"{_HTTP_CODE}401",))
        case Forbidden():
            return _fault(row_of(Source.HTTP, "403"), error)
        case AnswerLost():
            return _fault(row_of(Source.TRANSPORT, ANSWER_LOST), error, error.codes)
        case Unreachable():
            return _fault(row_of(Source.TRANSPORT, NO_CONNECTION), error)
        case ShopPaused():
            return Fault(Kind.WALL, Todo.STOP, (), str(error))
        case FilterIgnored():
            return Fault(Kind.BUG, Todo.STOP, (), str(error))
        case ReadIncomplete():
            # Nothing was stored or removed, and another read may be whole.
            return Fault(Kind.TRANSIENT, Todo.RETRY, (), str(error))
        case NotSendable():
            return Fault(Kind.REJECTED, Todo.DEAD_LETTER, (), str(error))
        case _:
            # What we say ourselves of a shop, such as a definition of another type: a person has to see to it.
            return Fault(Kind.REJECTED, Todo.STOP, (), str(error))


def fault_of_bulk(code: str, told: str) -> Fault:
    """What a bulk operation's `errorCode`, or its status where it has none, means. `told` is a sentence about it."""
    return _told(row_of(Source.BULK, code), (code,), told)


def fault_of_line(root: str, line: Mapping[str, Any]) -> Fault | None:
    """What one line of a bulk mutation's results says went wrong (`errors`, or `userErrors` under `root`), or `None`.

    Source: Shopify docs, "Import data": a completed operation never means that all its lines succeeded.
    """
    errors = line.get("errors")
    if errors:
        rows: list[Any] = errors if isinstance(errors, list) else [errors]
        found: list[Mapping[str, Any]] = [row if isinstance(row, Mapping) else {"message": str(row)} for row in rows]
        codes = [str((row.get("extensions") or {}).get("code") or "") for row in found]
        told = "; ".join(str(row.get("message", "no message")) for row in found[:5])
        return _told(decisive(row_of(Source.GRAPHQL, code) for code in codes), tuple(filter(None, codes)),
                     f"Shopify refused {root}: {told}.")
    payload = (line.get("data") or {}).get(root)
    if payload is None:
        return Fault(Kind.REJECTED, Todo.DEAD_LETTER, (), f"Shopify answered {root} with nothing.")
    refused = payload.get("userErrors")
    return fault_of(UserErrors(root, [UserError.from_row(row) for row in refused])) if refused else None


def _of_codes(error: ShopifyError, codes: Iterable[str], shown: Sequence[str]) -> Fault:
    return _fault(decisive(map(_row_of_code, codes)), error, shown)


def _row_of_code(code: str) -> Row:
    if code.startswith(_HTTP_CODE):
        return row_of(Source.HTTP, code.removeprefix(_HTTP_CODE))
    return row_of(Source.GRAPHQL, code)


def _fault(row: Row, error: ShopifyError, codes: Sequence[str] = ()) -> Fault:
    return _told(row, codes, str(error))


def _told(row: Row, codes: Sequence[str], told: str) -> Fault:
    """`told` with the way out of a wall behind it; the other errors say theirs themselves."""
    sentence = f"{told} {row.way_out}" if row.todo is Todo.HOLD_LANE else told
    return Fault(row.kind, row.todo, tuple(codes), sentence, row.certain, row.pause)
