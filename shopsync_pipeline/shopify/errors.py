"""What can go wrong between us and Shopify, one type for each way out; every message is sentences for the operator.

Never carries the access token, a request's headers or its body; the ids that Shopify gives to a request may be shown.
"""
# ruff: noqa: N818 - these names say what happened (the answer was lost), and callers read better for it.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.faults import Source, row_of


class ShopifyError(ShopsyncError):
    """Base of all errors of the remote side."""


class Unreachable(ShopifyError):
    """No connection to the shop could be made, or a question got no answer in time, after all retries.

    Nothing was changed: for a write whose answer was lost there is `AnswerLost`.
    """


class Unauthorized(ShopifyError):
    """HTTP 401 although the token was renewed, where it can be: it is wrong or was revoked, or the app's own id and
    secret were refused."""


class Forbidden(ShopifyError):
    """HTTP 403 or code ACCESS_DENIED: the token is good but lacks a scope. `required` is Shopify's wording of what it
    needs, where told."""

    def __init__(self, message: str, *, required: str | None = None) -> None:
        super().__init__(message)
        self.required = required


class ShopUnavailable(ShopifyError):
    """The shop as a whole does not serve us (frozen, locked, moved, wrong name, …); `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class ShopPaused(ShopifyError):
    """Nothing was sent: the shop is paused, or failed so often that it is left alone for a while (`core.breaker`).

    The message says since when, why, and when the next probe goes. `until` is that instant.
    """

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class Throttled(ShopifyError):
    """Shopify kept refusing for lack of points until our patience ended. The request was never executed."""

    def __init__(self, message: str, *, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class ServerFault(ShopifyError):
    """Shopify failed (HTTP 5xx, an answer that is not JSON, INTERNAL_SERVER_ERROR) while reading, after all retries.

    `codes` are those of the answer, the HTTP status as `HTTP_503`; `wait_seconds` is its Retry-After, where it has one.
    """

    def __init__(self, message: str, *, codes: tuple[str, ...] = (), wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.codes = codes
        self.wait_seconds = wait_seconds


class AnswerLost(ShopifyError):
    """A write was sent and no usable answer came back: it may or may not have been executed.

    The way out is to read the product by id or by its custom id, never to send the write again blindly. `codes` are
    those of the last answer, where it had some. `answered`: Shopify did answer, but by a code that leaves the outcome
    open. `wait_seconds` is its Retry-After.
    """

    def __init__(self, message: str, *, codes: tuple[str, ...] = (), answered: bool = False,
                 wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.codes = codes
        self.answered = answered
        self.wait_seconds = wait_seconds


class FilterIgnored(ShopifyError):
    """A search answered with warnings: Shopify ignored (a part of) the filter, so its rows are not those asked for."""


class NotSendable(ShopifyError):
    """A plan item cannot be put into a request: an id that it needs is unknown, or Shopify has no way to do it.

    `paths` are the changes at fault, where that can be told; without them the rest of the item could be sent.
    """

    def __init__(self, message: str, *, paths: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.paths = tuple(paths)


class GraphQLFault(ShopifyError):
    """Top-level GraphQL errors: the document, its variables or its size were refused before anything was executed.

    `codes` are the `extensions.code` values in the order of the answer.
    """

    def __init__(self, message: str, *, codes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.codes = codes


@dataclass(frozen=True, slots=True)
class UserError:
    """One business error of a mutation. `field` is the input's path with dots (`variants.0.price`), empty where the
    error is about the whole; `code` is `None` where the payload type has no codes (productUpdate, productDelete)."""

    field: str
    code: str | None
    message: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> UserError:
        """Reads one row of `userErrors`; path indices arrive as text (recorded answers)."""
        return cls(".".join(str(part) for part in row.get("field") or ()), row.get("code"), str(row.get("message", "")))


class UserErrors(ShopifyError):
    """The mutation was understood and refused: its payload holds `userErrors`, at least one.

    All mutations that shopsync sends are all-or-nothing, so nothing was changed; `certain` is false for the few codes
    by which Shopify says that it failed half-way. `root` is the mutation's name.
    """

    def __init__(self, root: str, errors: Sequence[UserError]) -> None:
        self.root = root
        self.errors = tuple(errors)
        shown = "; ".join(
            f"{error.field or 'the whole request'}: {error.message}" + (f" [{error.code}]" if error.code else "")
            for error in self.errors[:5]
        )
        more = f"; and {len(self.errors) - 5} more" if len(self.errors) > 5 else ""
        self.certain = all(row_of(Source.USER_ERROR, error.code, root=root, message=error.message).certain
                           for error in self.errors)
        end = "Nothing was changed by it." if self.certain else "It may have been executed in part."
        super().__init__(f"Shopify refused {root}: {shown}{more}. {end}")

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that were given, in order, without the errors that have none."""
        return tuple(error.code for error in self.errors if error.code)


_GONE_CODES = frozenset({"PRODUCT_DOES_NOT_EXIST", "NOT_FOUND"})


def already_gone(error: UserErrors) -> bool:
    """Whether a refusal only says that the product no longer exists, so that deleting it again is as good as done.

    productDelete has no codes; its sentence for a missing product is `Product does not exist` (recorded answer).
    """
    return all(row.code in _GONE_CODES or row.message == "Product does not exist" for row in error.errors)
