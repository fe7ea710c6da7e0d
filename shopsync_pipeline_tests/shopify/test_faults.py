"""Each error of the remote side, and what the table says about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.shopify import errors
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
from shopsync_pipeline.shopify.faults import Kind, Todo, fault_of, fault_of_bulk, fault_of_line


def refused(root: str, *codes: str | None, message: str = "no") -> UserErrors:
    return UserErrors(root, [UserError("", code, message) for code in codes])


CASES: list[tuple[ShopifyError, Kind, Todo, tuple[str, ...]]] = [
    (Unreachable("x"), Kind.TRANSIENT, Todo.RETRY, ()),
    (ServerFault("x"), Kind.TRANSIENT, Todo.RETRY, ()),
    (ServerFault("x", codes=("HTTP_502",)), Kind.TRANSIENT, Todo.RETRY, ("HTTP_502",)),
    (ServerFault("x", codes=("INTERNAL_SERVER_ERROR",)), Kind.TRANSIENT, Todo.RETRY, ("INTERNAL_SERVER_ERROR",)),
    (AnswerLost("x"), Kind.TRANSIENT, Todo.SETTLE, ()),
    (AnswerLost("x", codes=("JOB_ERROR",), answered=True), Kind.TRANSIENT, Todo.SETTLE, ("JOB_ERROR",)),
    (Throttled("x"), Kind.THROTTLED, Todo.WAIT, ()),
    (Unauthorized("x"), Kind.AUTH, Todo.STOP, ("HTTP_401",)),
    (Forbidden("x"), Kind.AUTH, Todo.STOP, ()),
    (ShopUnavailable("x", status=402), Kind.WALL, Todo.PAUSE_SHOP, ("HTTP_402",)),
    (ShopUnavailable("x", status=404), Kind.AUTH, Todo.STOP, ("HTTP_404",)),
    (ShopPaused("x", until=datetime(2026, 1, 1, tzinfo=UTC)), Kind.WALL, Todo.STOP, ()),
    (FilterIgnored("x"), Kind.BUG, Todo.STOP, ()),
    (ReadIncomplete("x"), Kind.TRANSIENT, Todo.RETRY, ()),
    (NotSendable("x"), Kind.REJECTED, Todo.DEAD_LETTER, ()),
    (GraphQLFault("x", codes=("HTTP_413",)), Kind.BUG, Todo.DEAD_LETTER, ("HTTP_413",)),
    (GraphQLFault("x", codes=("undefinedField", "BAD_REQUEST")), Kind.BUG, Todo.DEAD_LETTER,
     ("undefinedField", "BAD_REQUEST")),
    (GraphQLFault("x", codes=("VARIANT_THROTTLE_EXCEEDED",)), Kind.WALL, Todo.HOLD_LANE,
     ("VARIANT_THROTTLE_EXCEEDED",)),
    (GraphQLFault("x", codes=("NEXT_YEARS",)), Kind.REJECTED, Todo.DEAD_LETTER, ("NEXT_YEARS",)),
    (GraphQLFault("x"), Kind.REJECTED, Todo.DEAD_LETTER, ()),
    (refused("inventorySetQuantities", "CHANGE_FROM_QUANTITY_STALE"), Kind.CONFLICT, Todo.SET_ASIDE,
     ("CHANGE_FROM_QUANTITY_STALE",)),
    (refused("inventorySetQuantities", "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"), Kind.TRANSIENT, Todo.NEW_KEY,
     ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED",)),
    (refused("productSet", "GENERIC_ERROR", "INVALID_INPUT"), Kind.REJECTED, Todo.DEAD_LETTER,
     ("GENERIC_ERROR", "INVALID_INPUT")),
    (refused("productVariantsBulkCreate", "SUBSCRIPTION_VIOLATION", "INVALID"), Kind.WALL, Todo.HOLD_LANE,
     ("SUBSCRIPTION_VIOLATION", "INVALID")),
    (refused("productUpdate", None), Kind.REJECTED, Todo.DEAD_LETTER, ()),
    (refused("productDelete", None, message="Another operation already in progress."), Kind.TRANSIENT, Todo.RETRY, ()),
    (ShopifyError("a definition of another type"), Kind.REJECTED, Todo.STOP, ()),
]


@pytest.mark.parametrize(("error", "kind", "todo", "codes"), CASES, ids=lambda value: repr(value)[:60])
def test_what_an_error_means(error: ShopifyError, kind: Kind, todo: Todo, codes: tuple[str, ...]) -> None:
    fault = fault_of(error)
    assert (fault.kind, fault.todo, fault.codes) == (kind, todo, codes)
    assert fault.sentence.startswith(str(error))


def test_no_kind_of_error_is_left_out() -> None:
    kinds = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ShopifyError)}
    assert kinds == {type(error) for error, *_ in CASES}


def test_a_held_lane_is_told_when_it_may_go_on() -> None:
    fault = fault_of(GraphQLFault("Daily variant creation limit reached.", codes=("VARIANT_THROTTLE_EXCEEDED",)))
    assert fault.sentence == (
        "Daily variant creation limit reached. It may go on when Shopify's day is over, 24 hours after the limit was "
        "met, or at once where Shopify lifts the limit for the shop (then set SYNC_DAILY_VARIANTS=0).")


def test_a_pause_says_how_long_and_an_uncertain_end_says_so() -> None:
    assert fault_of(ShopUnavailable("x", status=430)).pause == timedelta(hours=6)
    assert not fault_of(AnswerLost("x")).certain
    assert not fault_of(refused("productSet", "JOB_ERROR")).certain
    assert fault_of(refused("productSet", "INVALID_INPUT")).certain
    assert "may have been executed in part" in str(refused("productSet", "JOB_ERROR"))
    assert "Nothing was changed" in str(refused("productSet", "INVALID_INPUT"))


def test_the_end_of_a_bulk_operation() -> None:
    assert (fault_of_bulk("TIMEOUT", "It ended.").todo, fault_of_bulk("TIMEOUT", "It ended.").codes) == (
        Todo.SETTLE, ("TIMEOUT",))
    assert fault_of_bulk("ACCESS_DENIED", "x").kind is Kind.AUTH
    assert fault_of_bulk("NEXT_YEARS", "x").kind is Kind.REJECTED


def test_a_line_of_a_bulk_result() -> None:
    good = {"data": {"productUpdate": {"product": {"id": "1"}, "userErrors": []}}, "__lineNumber": 0}
    assert fault_of_line("productUpdate", good) is None
    bad = {"data": {"productSet": {"product": None, "userErrors": [
        {"field": ["input"], "message": "taken", "code": "HANDLE_NOT_UNIQUE"}]}}, "__lineNumber": 1}
    found = fault_of_line("productSet", bad)
    assert found is not None
    assert (found.kind, found.codes) == (Kind.REJECTED, ("HANDLE_NOT_UNIQUE",))
    assert "taken [HANDLE_NOT_UNIQUE]" in found.sentence
    broken = fault_of_line("productSet", {"errors": [
        {"message": "wrong", "extensions": {"code": "INVALID_VARIABLE"}}, {"message": "bare"}], "__lineNumber": 2})
    assert broken is not None
    assert (broken.kind, broken.codes, broken.sentence) == (
        Kind.BUG, ("INVALID_VARIABLE",), "Shopify refused productSet: wrong; bare.")
    nothing = fault_of_line("productSet", {"data": {"productSet": None}, "__lineNumber": 3})
    assert nothing is not None
    assert nothing.kind is Kind.REJECTED
    assert fault_of_line("productSet", {"errors": "words", "__lineNumber": 4}) is not None
