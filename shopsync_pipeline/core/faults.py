"""Everything that Shopify or the way to it can answer instead of a result, as one table: what it is, and what to do.

Data only, keyed by where a code was found and the code itself; `shopify/faults.py` joins it with the exceptions, and
docs/errors.md is written from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache


class Kind(StrEnum):
    """What sort of fault it is, the weightiest last: of several in one answer the last one here decides."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    BUG = "bug"
    WALL = "wall"
    AUTH = "auth"


class Todo(StrEnum):
    """What is done about it."""

    RETRY = "retry"
    WAIT = "wait"
    SETTLE = "settle"
    NEW_KEY = "new_key"
    SET_ASIDE = "set_aside"
    DEAD_LETTER = "dead_letter"
    REFRESH_TOKEN = "refresh_token"
    PAUSE_SHOP = "pause_shop"
    HOLD_LANE = "hold_lane"
    STOP = "stop"


MEANING: dict[Kind, str] = {
    Kind.TRANSIENT: "It passes by itself; the same request may succeed a little later.",
    Kind.THROTTLED: "Not enough points, or too many at once; nothing was executed.",
    Kind.CONFLICT: "The store is not as it was when the plan was made.",
    Kind.REJECTED: "Shopify does not take this value for this product; sending it again changes nothing.",
    Kind.BUG: "The request itself is wrong, which is our fault and not the data's.",
    Kind.WALL: "A limit of the platform or of the shop's plan, or the shop as a whole does not serve us.",
    Kind.AUTH: "The access, or the address of the shop, is not right.",
}
"""What each kind says."""

DEED: dict[Todo, str] = {
    Todo.RETRY: "The same request goes again, with its key, after a pause that grows and has jitter (or after "
                "Retry-After).",
    Todo.WAIT: "It goes again when points or a place are free.",
    Todo.SETTLE: "The product is read by id first; only what had no effect goes again.",
    Todo.NEW_KEY: "It goes again under a new idempotency key.",
    Todo.SET_ASIDE: "The item is set aside; the next run reads the product and plans anew.",
    Todo.DEAD_LETTER: "The item becomes a dead letter with Shopify's answer; the rest goes on.",
    Todo.REFRESH_TOKEN: "A new token is asked for, once, and the request goes again with it.",
    Todo.PAUSE_SHOP: "The shop is paused with an alert; nothing is sent until a probe succeeds or a person resumes it.",
    Todo.HOLD_LANE: "The rest of the lane is held; the other lanes go on.",
    Todo.STOP: "The run ends with the sentence; nothing is tried again.",
}
"""What each deed is."""


class Source(StrEnum):
    """Where a code was found."""

    TRANSPORT = "transport"
    HTTP = "HTTP status"
    GRAPHQL = "top-level GraphQL error"
    USER_ERROR = "userError of a mutation"
    BULK = "bulk operation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `code` may be a pattern (`5??`); with `says`, the error has no telling code and is known
    by how its message begins. `root` limits the row to one mutation. `certain`: nothing at all was executed. `pause` is
    how long a paused shop rests before its first probe."""

    source: Source
    code: str
    kind: Kind
    todo: Todo
    means: str
    way_out: str = ""
    root: str = ""
    says: str = ""
    certain: bool = True
    pause: timedelta | None = None

    def concerns(self, source: Source, root: str) -> bool:
        """Whether this line is about errors that are found there."""
        return self.source is source and self.root in ("", root)


def _rows(source: Source, kind: Kind, todo: Todo, codes: str, means: str, way_out: str = "", *, root: str = "",
          certain: bool = True, pause: timedelta | None = None) -> list[Row]:
    return [Row(source=source, code=code, kind=kind, todo=todo, means=means, way_out=way_out, root=root,
                certain=certain, pause=pause) for code in codes.split()]


def _says(source: Source, kind: Kind, todo: Todo, says: str, means: str, *, root: str = "") -> Row:
    return Row(source=source, code="", kind=kind, todo=todo, means=means, root=root, says=says)


NO_CONNECTION, NO_ANSWER, ANSWER_LOST = "no_connection", "no_answer", "answer_lost"
UNRENEWABLE = "401 after a renewal"
HOUR = timedelta(hours=1)
NIGHT = timedelta(hours=6)

_LATER = ("It may go on when Shopify's day is over, 24 hours after the limit was met, or at once where Shopify lifts "
          "the limit for the shop (then set SYNC_DAILY_VARIANTS=0).")
_PLAN_CAP = "It may go on once the shop's plan allows more, or products were deleted."

_TRANSPORT: list[Row] = [
    *_rows(Source.TRANSPORT, Kind.TRANSIENT, Todo.RETRY, NO_CONNECTION,
           "No connection was made, so the shop saw nothing: a write may go again too."),
    *_rows(Source.TRANSPORT, Kind.TRANSIENT, Todo.RETRY, NO_ANSWER, "A question got no answer, or none that is JSON."),
    *_rows(Source.TRANSPORT, Kind.TRANSIENT, Todo.SETTLE, ANSWER_LOST,
           "A write was sent and its answer is lost: it may have been executed.", certain=False),
]

_TOKEN = ("check SHOPIFY_ACCESS_TOKEN, or SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET, and that the app is still "
          "installed in the shop.")

_HTTP: list[Row] = [
    *_rows(Source.HTTP, Kind.AUTH, Todo.REFRESH_TOKEN, "401", f"The access token was refused; {_TOKEN}"),
    Row(source=Source.HTTP, code=UNRENEWABLE, kind=Kind.AUTH, todo=Todo.STOP,
        means=f"The token cannot be renewed, or the new one was refused too; {_TOKEN}"),
    *_rows(Source.HTTP, Kind.AUTH, Todo.STOP, "403", "The app may not do this.",
           "Give it the scopes read_products, write_products, read_inventory, write_inventory and read_locations, and "
           "install it again."),
    *_rows(Source.HTTP, Kind.WALL, Todo.PAUSE_SHOP, "402", "The shop is frozen for unpaid bills.",
           "Its owner must settle them before anything can be synced.", pause=HOUR),
    *_rows(Source.HTTP, Kind.WALL, Todo.PAUSE_SHOP, "423", "The shop is locked by Shopify.",
           "Its owner must contact Shopify support.", pause=HOUR),
    *_rows(Source.HTTP, Kind.WALL, Todo.PAUSE_SHOP, "430", "Shopify rejected the request for security reasons.",
           "Asking again soon makes it worse.", pause=NIGHT),
    *_rows(Source.HTTP, Kind.WALL, Todo.PAUSE_SHOP, "540", "The shop's API is temporarily disabled by Shopify.",
           pause=HOUR),
    *_rows(Source.HTTP, Kind.THROTTLED, Todo.WAIT, "429", "Too many requests; Retry-After says how long to wait."),
    *_rows(Source.HTTP, Kind.BUG, Todo.DEAD_LETTER, "400 413 414 415 422",
           "Shopify does not take the request as it is, for its form or its size."),
    *_rows(Source.HTTP, Kind.AUTH, Todo.STOP, "3??", "The shop moved.",
           "Check SHOPIFY_SHOP_URL for the shop's myshopify.com name."),
    *_rows(Source.HTTP, Kind.AUTH, Todo.STOP, "404", "There is no shop, or no such API version, at this address.",
           "Check SHOPIFY_SHOP_URL and SHOPIFY_API_VERSION."),
    *_rows(Source.HTTP, Kind.AUTH, Todo.STOP, "406", "The form of our requests is not accepted at this address.",
           "Check SHOPIFY_SHOP_URL."),
    *_rows(Source.HTTP, Kind.TRANSIENT, Todo.RETRY, "5??",
           "Shopify failed (a question goes again; of a write the outcome is unknown, so the product is read by id).",
           "Try again later, and see https://www.shopifystatus.com.", certain=False),
]

_KEYS: list[Row] = [row for source in (Source.GRAPHQL, Source.USER_ERROR) for row in (
    *_rows(source, Kind.TRANSIENT, Todo.RETRY, "IDEMPOTENCY_CONCURRENT_REQUEST",
           "The same request is under way; its own key keeps it from being executed twice."),
    *_rows(source, Kind.TRANSIENT, Todo.NEW_KEY, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",
           "The first request under this key failed, and Shopify answers that again until the key is a day old."),
    *_rows(source, Kind.TRANSIENT, Todo.NEW_KEY, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH",
           "The key was used for another request."),
    *_rows(source, Kind.WALL, Todo.HOLD_LANE, "VARIANT_THROTTLE_EXCEEDED",
           "The shop has 50,000 variants and made as many new ones today as its plan allows.", _LATER),
    *_rows(source, Kind.WALL, Todo.HOLD_LANE, "SUBSCRIPTION_VIOLATION",
           "The shop's plan allows no more SKUs.", _PLAN_CAP),
)]

_GRAPHQL: list[Row] = [
    *_rows(Source.GRAPHQL, Kind.THROTTLED, Todo.WAIT, "THROTTLED", "The shop's bucket holds fewer points than asked."),
    *_rows(Source.GRAPHQL, Kind.AUTH, Todo.STOP, "ACCESS_DENIED", "The token lacks a scope.",
           "Give the app the scope that the message names and install it again."),
    *_rows(Source.GRAPHQL, Kind.TRANSIENT, Todo.RETRY, "INTERNAL_SERVER_ERROR TIMEOUT SERVICE_UNAVAILABLE",
           "Shopify failed. A question goes again; of a write the outcome is unknown.", certain=False),
    *_rows(Source.GRAPHQL, Kind.BUG, Todo.DEAD_LETTER,
           "MAX_COST_EXCEEDED MAX_INPUT_SIZE_EXCEEDED", "The request is larger than the platform takes."),
    *_rows(Source.GRAPHQL, Kind.BUG, Todo.DEAD_LETTER,
           "INVALID_VARIABLE BAD_REQUEST INVALID_FIELD_ARGUMENTS GRAPHQL_PARSE_FAILED GRAPHQL_VALIDATION_FAILED",
           "The variables or the arguments are not what the schema asks for."),
    *_rows(Source.GRAPHQL, Kind.BUG, Todo.DEAD_LETTER,
           "argumentNotAccepted undefinedField missingRequiredArguments [a-z]*",
           "The document does not fit the schema of the version that serves us (codes that begin with a small letter "
           "come from its validation).", "Update shopsync, or pin SHOPIFY_API_VERSION to a version it knows."),
    *_rows(Source.GRAPHQL, Kind.CONFLICT, Todo.SET_ASIDE, "RESOURCE_NOT_FOUND",
           "What the request names by id is not there."),
    *_rows(Source.GRAPHQL, Kind.CONFLICT, Todo.SET_ASIDE, "NOT_FOUND",
           "The metafield definition of our key was deleted in the store; the next read makes it anew."),
    *_rows(Source.GRAPHQL, Kind.REJECTED, Todo.DEAD_LETTER, "INVALID_PRODUCT_TAXONOMY_NODE_ID",
           "Shopify's taxonomy has no such category.", "Correct the category in the catalog or the mapping."),
]

_USER_ERRORS: list[Row] = [
    _says(Source.USER_ERROR, Kind.TRANSIENT, Todo.RETRY, "Another operation already in progress",
          "The product is being worked on (an earlier deletion, for example)."),
    _says(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE, "Owner does not exist", "The product was deleted."),
    _says(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE, "Product does not exist",
          "The product was deleted (of a deletion, that it is done)."),
    _says(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE, "Resource does not exist", "The product was deleted."),
    _says(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE, "Publication does not exist",
          "The sales channel was removed; the next run reads them anew."),
    _says(Source.USER_ERROR, Kind.BUG, Todo.DEAD_LETTER, "Exceeded the maximum metafields input limit",
          "More than 25 metafields in one request.", root="metafieldsSet"),
    *_rows(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE,
           "CHANGE_FROM_QUANTITY_STALE COMPARE_QUANTITY_STALE", "Stock moved since it was read (an order, a person)."),
    *_rows(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE, "STALE_OBJECT INVALID_COMPARE_DIGEST",
           "The metafield was changed since it was read."),
    *_rows(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE,
           "PRODUCT_DOES_NOT_EXIST NOT_FOUND PRODUCT_VARIANT_DOES_NOT_EXIST MUST_BE_FOR_THIS_PRODUCT "
           "AT_LEAST_ONE_VARIANT_DOES_NOT_BELONG_TO_THE_PRODUCT OPTION_DOES_NOT_EXIST "
           "OPTION_VALUE_DOES_NOT_EXIST INVALID_INVENTORY_ITEM INVENTORY_ITEM_NOT_FOUND ITEM_NOT_STOCKED_AT_LOCATION "
           "FILE_DOES_NOT_EXIST REFERENCE_TARGET_DOES_NOT_EXIST",
           "What the request names was deleted or moved in the store."),
    *_rows(Source.USER_ERROR, Kind.CONFLICT, Todo.SET_ASIDE,
           "VARIANT_ALREADY_EXISTS VARIANT_ALREADY_EXISTS_CHANGE_OPTION_VALUE",
           "Somebody made it in the store meanwhile."),
    *_rows(Source.USER_ERROR, Kind.TRANSIENT, Todo.RETRY, "NON_READY_STATE FILE_LOCKED",
           "Shopify is still working on the picture."),
    *_rows(Source.USER_ERROR, Kind.TRANSIENT, Todo.RETRY, "GENERIC_ERROR JOB_ERROR INTERNAL_ERROR",
           "Shopify failed within the mutation. What may go twice does, under its key; else the product is read first.",
           certain=False),
    *_rows(Source.USER_ERROR, Kind.TRANSIENT, Todo.RETRY, "FAILED_TO_STOCK_AT_LOCATION FAILED_TO_UNSTOCK_FROM_LOCATION",
           "Shopify could not do it at the moment."),
    *_rows(Source.USER_ERROR, Kind.AUTH, Todo.DEAD_LETTER, "APP_NOT_AUTHORIZED",
           "The metafield belongs to another app.", "Leave it out of the sync with a rule."),
    *_rows(Source.USER_ERROR, Kind.BUG, Todo.DEAD_LETTER,
           "ID_NOT_ALLOWED INPUT_MISMATCH MISSING_FIELD_REQUIRED METAFIELD_MISMATCH VARIANTS_INPUT_MISSING "
           "PRODUCT_OPTIONS_INPUT_MISSING PRODUCT_VARIANT_ID_MISSING CANNOT_SPECIFY_BOTH MUST_SPECIFY_ONE_OF_PAIR "
           "NO_KEY_ON_CREATE NO_INVENTORY_QUANTITES_DURING_UPDATE NO_INVENTORY_QUANTITIES_ON_VARIANTS_UPDATE "
           "INVENTORY_QUANTITIES_LIMIT_EXCEEDED COMPARE_QUANTITY_REQUIRED INVALID_REASON INVALID_REFERENCE_DOCUMENT "
           "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR MISSING_ARGUMENTS TOO_MANY_ARGUMENTS "
           "INVALID_DUPLICATE_MODE_FOR_TYPE INVALID_DUPLICATE_RESOLUTION_MODE",
           "The request is put together in a way that the mutation does not take."),
    *_rows(Source.USER_ERROR, Kind.BUG, Todo.DEAD_LETTER, "INVALID_NAME", "There is no such kind of quantity.",
           root="inventorySetQuantities"),
    *_rows(Source.USER_ERROR, Kind.WALL, Todo.HOLD_LANE,
           "INVALID_LOCATION LOCATION_NOT_FOUND TRACKED_VARIANT_LOCATION_NOT_FOUND",
           "The stock location was closed or deleted, so no row of stock can be written.",
           "It may go on once SHOPIFY_LOCATION names an active location."),
    *_rows(Source.USER_ERROR, Kind.WALL, Todo.HOLD_LANE,
           "UNACCEPTABLE_TRIAL_ASSET UNACCEPTABLE_UNVERIFIED_TRIAL_ASSET NON_IMAGE_MEDIA_PER_SHOP_LIMIT_EXCEEDED",
           "The shop's plan does not take the file.", _PLAN_CAP),
    *_rows(Source.USER_ERROR, Kind.WALL, Todo.HOLD_LANE,
           "RESOURCE_TYPE_LIMIT_EXCEEDED RESOURCE_TYPE_LIMIT_EXCEEDED_BY_APP LIMIT_EXCEEDED",
           "The shop has as many metafield definitions as it may.", "It may go on once one of them was deleted.",
           root="metafieldDefinitionCreate"),
]

_BULK_START = "bulkOperationRunMutation", "bulkOperationRunQuery"
_BULK: list[Row] = [
    *(row for root in _BULK_START for row in (
        *_rows(Source.USER_ERROR, Kind.THROTTLED, Todo.WAIT, "OPERATION_IN_PROGRESS",
               "Five operations of this kind run already.", root=root),
        *_rows(Source.USER_ERROR, Kind.THROTTLED, Todo.WAIT, "LIMIT_REACHED",
               "The shop's allowance of bulk operations is used up for the moment.", root=root))),
    *_rows(Source.USER_ERROR, Kind.TRANSIENT, Todo.RETRY, "INTERNAL_FILE_SERVER_ERROR",
           "Shopify could not read the uploaded file.", root="bulkOperationRunMutation"),
    *_rows(Source.USER_ERROR, Kind.TRANSIENT, Todo.SETTLE, "NO_SUCH_FILE",
           "The uploaded file is not there any more (uploads are kept for a day); what is still due is uploaded again.",
           root="bulkOperationRunMutation"),
    *_rows(Source.USER_ERROR, Kind.BUG, Todo.DEAD_LETTER, "INVALID_MUTATION INVALID_STAGED_UPLOAD_FILE",
           "The document or the file is not what a bulk operation takes; its items go the direct way.",
           root="bulkOperationRunMutation"),
    *_rows(Source.USER_ERROR, Kind.BUG, Todo.STOP, "INVALID", "The document is not what a bulk operation takes.",
           root="bulkOperationRunQuery"),
    *_rows(Source.BULK, Kind.AUTH, Todo.STOP, "ACCESS_DENIED", "The token lacks a scope.",
           "Give the app the scope and install it again."),
    *_rows(Source.BULK, Kind.TRANSIENT, Todo.SETTLE, "INTERNAL_SERVER_ERROR TIMEOUT",
           "The operation ended half-way. A read starts anew; of a push the lines without an answer are settled.",
           certain=False),
    *_rows(Source.BULK, Kind.TRANSIENT, Todo.SETTLE, "CANCELED EXPIRED",
           "The operation was stopped, by a person or because it stalled; what it did not answer is settled.",
           certain=False),
]

ROWS: tuple[Row, ...] = (*_TRANSPORT, *_HTTP, *_KEYS, *_GRAPHQL, *_USER_ERRORS, *_BULK)
"""The table. The first row that fits decides, but a known message says more than any code."""

DEFAULTS: dict[Source, Row] = {source: Row(
    source=source, code="", kind=Kind.REJECTED, todo=Todo.DEAD_LETTER,
    means="Shopify does not take it; the code is kept with the item.",
) for source in Source} | {Source.HTTP: Row(
    source=Source.HTTP, code="", kind=Kind.AUTH, todo=Todo.STOP, means="That is not an answer of the Admin API.",
    way_out="Check SHOPIFY_SHOP_URL.",
)}
"""What holds for a code that has no row."""


def row_of(source: Source, code: str | None, *, root: str = "", message: str = "") -> Row:
    """The line for one error; the source's default where there is none. `root` is the mutation, `message` its words."""
    said = (row for row in _SAID if row.concerns(source, root) and message.startswith(row.says))
    return next(said, None) or _by_code(source, code or "", root)


_SAID = tuple(row for row in ROWS if row.says)


@lru_cache(1024)
def _by_code(source: Source, code: str, root: str) -> Row:
    # Remembered, because one refusal of a batch of stock can hold 250 errors of the same code.
    fitting = (row for row in ROWS if not row.says and row.concerns(source, root) and fnmatchcase(code, row.code))
    return next(fitting, DEFAULTS[source])


def decisive(rows: Iterable[Row]) -> Row:
    """The line that decides for an answer with several errors: the weightiest kind, of equals the first.

    A request with one hopeless error cannot succeed by waiting for the others. Raises `ValueError` without rows.
    """
    weights = list(Kind)
    return max(rows, key=lambda row: weights.index(row.kind))


@dataclass(frozen=True, slots=True)
class Fault:
    """What one error means and what to do. `sentence` is for the operator: what happened and the way out. `certain`:
    nothing was executed. `pause`: how long a paused shop rests before its first probe."""

    kind: Kind
    todo: Todo
    codes: Sequence[str]
    sentence: str
    certain: bool = True
    pause: timedelta | None = None

    @property
    def passes(self) -> bool:
        """Whether the same work may succeed a little later without anybody doing anything."""
        return self.kind in (Kind.TRANSIENT, Kind.THROTTLED)
