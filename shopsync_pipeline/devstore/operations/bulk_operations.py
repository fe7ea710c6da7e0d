"""bulkOperationRunMutation, bulkOperationRunQuery, bulkOperationCancel, and the reads of operations.

Starting one only writes its record; the runner hears of it when the request is committed.
"""

from __future__ import annotations

import re
import secrets
from typing import Any, Final

from shopsync_pipeline.devstore.bulk.files import MAXIMUM_UPLOAD
from shopsync_pipeline.devstore.bulk.records import RUNNING, BulkOperation, StagedUpload
from shopsync_pipeline.devstore.bulk.rules import identifier_errors, mutation_errors, query_errors
from shopsync_pipeline.devstore.bulk.staging import BULK_VARIABLES, upload_of
from shopsync_pipeline.devstore.bulk.storage import link_expired, result_url
from shopsync_pipeline.devstore.clock import epoch_of
from shopsync_pipeline.devstore.connections import page
from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.documents import Documents
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.ids import number_of, read_id
from shopsync_pipeline.devstore.records import gid
from shopsync_pipeline.devstore.registry import attributes, field, mutation, query, record_type
from shopsync_pipeline.devstore.search.find import filtered
from shopsync_pipeline.devstore.search.syntax import Node, Not, Term, parse_query
from shopsync_pipeline.devstore.values.user_errors import UserError, user_error

MAXIMUM_AT_ONCE: Final = 5
_DOCUMENTS: Final = Documents()
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SEARCHED_STATUSES: Final = ("canceled", "canceling", "completed", "created", "failed", "running")
_TYPES: Final = ("mutation", "query")
_NO_FILE: Final = (
    "The JSONL file could not be found. Try uploading the file again, and check that you've entered the URL correctly "
    "for the stagedUploadPath mutation argument."
)
record_type("BulkOperation")(BulkOperation)


@mutation("bulkOperationRunMutation")
def bulk_operation_run_mutation(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Starts a mutation for every line of an uploaded file; document, identifier, file and room are checked in turn."""
    text = arguments["mutation"]
    upload = upload_of(context.store, arguments["stagedUploadPath"])
    errors = (
        mutation_errors(text, context.version)
        or identifier_errors(arguments.get("clientIdentifier"))
        or _file_errors(upload)
        or _room_errors(context, "MUTATION")
    )
    if errors:
        return {"bulkOperation": None, "userErrors": errors}
    assert upload is not None
    started = _start(context, "MUTATION", text)
    started.upload_id, started.upload_etag = upload.id, upload.etag
    return {"bulkOperation": started, "userErrors": []}


@mutation("bulkOperationRunQuery")
def bulk_operation_run_query(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Starts the export of a query."""
    text = arguments["query"]
    errors = query_errors(text, context.version, _DOCUMENTS) or _room_errors(context, "QUERY")
    if errors:
        return {"bulkOperation": None, "userErrors": errors}
    started = _start(context, "QUERY", text)
    started.group_objects = bool(arguments.get("groupObjects"))
    return {"bulkOperation": started, "userErrors": []}


def _start(context: Context, kind: str, text: str) -> BulkOperation:
    store = context.store
    started = BulkOperation(
        id=store.next_id(BulkOperation.KIND),
        type=kind,
        query=text,
        version=context.version,
        secret=secrets.token_hex(14),
        created_at=context.now,
        started_at=store.clock(),
        app=context.app,
        scopes=sorted(context.scopes),
    )
    store.touch(started)
    return started


def _own(context: Context) -> list[BulkOperation]:
    """The operations of the app that asks; it never sees another's."""
    return [one for one in context.store.bulk_operations.values() if one.app == context.app]


def _file_errors(upload: StagedUpload | None) -> list[UserError]:
    if upload is None or upload.resource != BULK_VARIABLES or upload.size is None:
        return [user_error(None, _NO_FILE, "NO_SUCH_FILE")]
    if upload.size == 0:
        return [user_error(None, "The input file is empty.", "INVALID_STAGED_UPLOAD_FILE")]
    if upload.size > MAXIMUM_UPLOAD:
        sentence = "The input file size exceeds the maximum allowed size of 100 MB."
        return [user_error(None, sentence, "INVALID_STAGED_UPLOAD_FILE")]
    return []


def _room_errors(context: Context, kind: str) -> list[UserError]:
    """Since 2026-01 an app may have five operations of each type at once in a shop."""
    running = [gid(one.KIND, one.id) for one in _own(context) if one.type == kind and one.status in RUNNING]
    if len(running) < MAXIMUM_AT_ONCE:
        return []
    sentence = (
        f"A bulk {kind.lower()} operation for this app and shop is already in progress: {', '.join(sorted(running))}."
    )
    return [user_error(None, sentence, "OPERATION_IN_PROGRESS")]


@mutation("bulkOperationCancel")
def bulk_operation_cancel(_source: Any, context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """Asks an operation to stop; what it has done stays done."""
    number = number_of(arguments["id"], BulkOperation.KIND)
    found = next((one for one in _own(context) if one.id == number), None)
    if found is None:
        return {"bulkOperation": None, "userErrors": [user_error(["id"], "Bulk operation does not exist")]}
    status = _status(found, context)
    if status not in RUNNING:
        sentence = f"A bulk operation cannot be canceled when it is {status.lower()}"
        return {"bulkOperation": found, "userErrors": [user_error(None, sentence)]}
    found.status = "CANCELING"
    context.store.touch(found)
    return {"bulkOperation": found, "userErrors": []}


@query("bulkOperation")
def bulk_operation(_source: Any, context: Context, arguments: dict[str, Any]) -> BulkOperation | None:
    """The operation with this id."""
    text = arguments["id"]
    if "://" in text and number_of(text, BulkOperation.KIND) is None:
        raise PlatformError(f"Invalid id: {text}", "RESOURCE_NOT_FOUND", locations=context.locations())
    number = read_id(text, BulkOperation.KIND)
    return next((one for one in _own(context) if one.id == number), None)


@query("currentBulkOperation")
def current_bulk_operation(_source: Any, context: Context, arguments: dict[str, Any]) -> BulkOperation | None:
    """The newest operation of a type; deprecated since apps may have several at once, and still polled by many."""
    found = (row for row in _own(context) if row.type == arguments["type"])
    return max(found, key=lambda row: row.id, default=None)


@query("bulkOperations")
def bulk_operations(_source: Any, context: Context, arguments: dict[str, Any]) -> Any:
    """A page of operations: newest first, and oldest first in reverse, which is how the platform was recorded."""
    if arguments.get("first") is not None and arguments.get("last") is not None:
        sentence = "providing both first and last is not supported"
        raise PlatformError(sentence, "BAD_REQUEST", locations=context.locations())
    text = arguments.get("query")
    rows = _own(context)
    if text and not _check_values(context, parse_query(text), text):
        rows = []
    rows = filtered(context, rows, text if rows else None, _SEARCH_FIELDS, (), "bulkOperations")
    finished = arguments.get("sortKey") == "COMPLETED_AT"

    def key(row: BulkOperation) -> tuple[str, int]:
        return ((row.completed_at or "") if finished else row.created_at), row.id

    descending = not arguments.get("reverse")
    return page(sorted(rows, key=key, reverse=descending), arguments, key, descending=descending)


def _check_values(context: Context, tree: Node | None, text: str) -> bool:
    """False when a filter has a value that no operation can have, which selects nothing and is warned of."""
    warnings = []
    for term in _terms(tree):
        if term.field == "created_at" and not _is_time(term.value):
            sentence = "Invalid timestamp for query filter `created_at`."
            raise PlatformError(sentence, "BAD_REQUEST", locations=context.locations())
        accepted = {"status": _SEARCHED_STATUSES, "operation_type": _TYPES}.get(term.field or "")
        if accepted is not None and term.value.lower() not in accepted:
            sentence = f"Input `{term.value}` is not an accepted value."
            warnings.append({"field": term.field, "message": sentence, "code": "invalid_value"})
    if warnings:
        context.search.append({"path": ["bulkOperations"], "query": text, "warnings": warnings})
    return not warnings


def _terms(tree: Node | None) -> list[Term]:
    if tree is None:
        return []
    if isinstance(tree, Term):
        return [tree]
    if isinstance(tree, Not):
        return _terms(tree.inner)
    return [term for part in tree.parts for term in _terms(part)]


def _is_time(text: str) -> bool:
    if _DAY.fullmatch(text):
        return True
    try:
        epoch_of(text)
    except ValueError:
        return False
    return True


_SEARCH_FIELDS: Final = {
    "id": lambda row, _store: row.id,
    "created_at": lambda row, _store: row.created_at,
    "operation_type": lambda row, _store: row.type,
    "status": lambda row, _store: row.status,
}


def _status(record: BulkOperation, context: Context) -> str:
    expired = record.status == "COMPLETED" and record.result and link_expired(context.store, record)
    return "EXPIRED" if expired else record.status


attributes("BulkOperation", createdAt="created_at", completedAt="completed_at", errorCode="error_code")


@field("BulkOperation", "id")
def operation_id(source: BulkOperation, _context: Context, _arguments: dict[str, Any]) -> str:
    """The operation's gid."""
    return gid(source.KIND, source.id)


@field("BulkOperation", "status")
def operation_status(source: BulkOperation, context: Context, _arguments: dict[str, Any]) -> str:
    """Where it stands; EXPIRED once its result can no longer be fetched."""
    return _status(source, context)


@field("BulkOperation", "objectCount")
def object_count(source: BulkOperation, _context: Context, _arguments: dict[str, Any]) -> str:
    """Lines written so far, as text."""
    return str(source.object_count)


@field("BulkOperation", "rootObjectCount")
def root_object_count(source: BulkOperation, _context: Context, _arguments: dict[str, Any]) -> str:
    """Lines of the root so far, as text."""
    return str(source.root_count)


@field("BulkOperation", "fileSize")
def file_size(source: BulkOperation, _context: Context, _arguments: dict[str, Any]) -> str | None:
    """Bytes of a complete result, as text."""
    return None if source.file_size is None else str(source.file_size)


@field("BulkOperation", "url")
def operation_url(source: BulkOperation, context: Context, _arguments: dict[str, Any]) -> str | None:
    """The result: a complete one, or what a canceled operation had written; null when there is not a line."""
    return result_url(context.store, source) if source.result and source.status in ("COMPLETED", "CANCELED") else None


@field("BulkOperation", "partialDataUrl")
def partial_data_url(source: BulkOperation, context: Context, _arguments: dict[str, Any]) -> str | None:
    """What a failed operation had written."""
    return result_url(context.store, source) if source.result and source.status == "FAILED" else None
