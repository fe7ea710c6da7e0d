"""Calls that many products share: every item in one call, no call over a limit, few calls half empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.batches import Batch, Limits, batches, blamed
from shopsync_pipeline.core.fields import Operation, Path
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline_tests.core.samples import LAW

PATHS = {Operation.INVENTORY_SET: "variants[A].stock[{}]", Operation.METAFIELDS_SET: "metafields[custom.m{}]",
         Operation.METAFIELDS_DELETE: "metafields[custom.m{}]", Operation.PRODUCT_UPDATE: "metafields[custom.m{}]"}


def item(operation: Operation, rows: int, key: str = "p", text: str = "x") -> PlanItem:
    value = 1 if operation is Operation.INVENTORY_SET else {"type": "json", "value": text}
    after = None if operation is Operation.METAFIELDS_DELETE else value
    return make_item(key, f"gid://shopify/Product/{key}", operation, [
        Change(Path(PATHS[operation].format(row)), None, after, Reason.NEW) for row in range(rows)])  # type: ignore[arg-type]


def items(operation: Operation, *rows: int) -> list[PlanItem]:
    return [item(operation, count, str(number)) for number, count in enumerate(rows)]


def sizes(made: Sequence[Batch]) -> list[list[int]]:
    return [[len(one.changes) for one in batch] for batch in made]


@pytest.mark.parametrize(("operation", "rows", "calls"), [
    (Operation.INVENTORY_SET, [1] * 251, [[1] * 250, [1]]),
    (Operation.METAFIELDS_SET, [1] * 26, [[1] * 25, [1]]),
    (Operation.METAFIELDS_SET, [10, 10, 15, 15], [[15, 10], [15, 10]]),
    (Operation.METAFIELDS_SET, [13, 13, 12], [[13, 12], [13]]),
    (Operation.METAFIELDS_DELETE, [1] * 251, [[1] * 250, [1]]),
    (Operation.PRODUCT_UPDATE, [1, 2], [[1], [2]]),
], ids=["stock", "metafields", "largest first", "never torn apart", "deleted", "alone"])
def test_rows_of_many_products_share_calls(operation: Operation, rows: list[int], calls: list[list[int]]) -> None:
    assert sizes(list(batches(items(operation, *rows)))) == calls


def test_what_goes_alone_does_not_wait_for_what_shares_calls() -> None:
    stock, update, more = (item(Operation.INVENTORY_SET, 1), item(Operation.PRODUCT_UPDATE, 1),
                           item(Operation.INVENTORY_SET, 1, "q"))
    assert list(batches([stock, update, more])) == [(update,), (stock, more)]


def test_an_operators_smaller_batches_are_kept_to() -> None:
    assert sizes(list(batches(items(Operation.INVENTORY_SET, *[1] * 5), Limits(stock_rows=2)))) == [[1, 1], [1, 1], [1]]


def test_long_values_go_in_calls_that_shopify_takes() -> None:
    long = [item(Operation.METAFIELDS_SET, 1, str(number), "x" * 400) for number in range(3)]
    assert sizes(list(batches(long, Limits(call_bytes=900)))) == [[1, 1], [1]]


def test_items_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield item(Operation.INVENTORY_SET, 1, str(taken))

    made = batches(endless(), Limits(window=600))  # type: ignore[arg-type]
    first = [next(made) for _ in range(2)]
    assert (taken, sizes(first)) == (600, [[1] * 250] * 2)
    assert len(next(made)) == 250
    assert taken == 1100  # the hundred that were left of the first window are in the second


@LAW
@given(st.lists(st.tuples(st.sampled_from(list(PATHS)), st.integers(1, 25)), max_size=40), st.integers(2, 12))
def test_every_item_is_in_one_call_and_no_call_is_too_large(wanted: list[tuple[Operation, int]], window: int) -> None:
    given_items = [item(operation, rows, str(number)) for number, (operation, rows) in enumerate(wanted)]
    limits = Limits(window=window)
    made = list(batches(given_items, limits))
    assert Counter(one.item_id for batch in made for one in batch) == Counter(one.item_id for one in given_items)
    for batch in made:
        assert len({one.operation for one in batch}) == 1
        assert len(batch) == 1 or sum(len(one.changes) for one in batch) <= limits.rows(batch[0].operation)


@pytest.mark.parametrize(("fields", "at_fault"), [
    (["metafields.0"], [0]), (["metafields.2.value"], [1]), (["input.quantities.4.quantity", "metafields.0"], [0, 2]),
    ([""], []), (["metafields.99"], []), ([], []),
])
def test_a_refusal_that_names_rows_names_items(fields: list[str], at_fault: list[int]) -> None:
    batch = tuple(items(Operation.METAFIELDS_SET, 2, 2, 1))
    assert blamed(batch, fields) == tuple(batch[index] for index in at_fault)
