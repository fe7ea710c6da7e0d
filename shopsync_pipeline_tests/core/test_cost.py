"""Points: documented prices as a table, and laws that hold for any change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.cost import Estimate, connection, estimate, estimate_plan, read_back
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item
from shopsync_pipeline_tests.core.samples import LAW, documents


def changes(*paths: str, after: Value | None = "new") -> list[Change]:
    return [Change(Path(path), "old", after, Reason.CATALOG_CHANGED) for path in paths]


def stock(rows: int) -> list[Change]:
    return changes(*(f"variants[{number}].stock[default]" for number in range(rows)), after=1)


def item(operation: Operation, made: list[Change], key: str = "p") -> PlanItem:
    return make_item(key, "1", operation, made)


@pytest.mark.parametrize(("size", "child", "points"), [
    (1, 1, 3), (2, 1, 3), (3, 1, 4), (5, 1, 5), (10, 1, 6), (20, 1, 7), (50, 1, 9), (100, 1, 11), (250, 1, 13),
    (250, 2, 24), (0, 1, 3), (1000, 1, 13),
])
def test_a_connection_costs_by_the_logarithm_of_its_size(size: int, child: float, points: float) -> None:
    assert connection(size, child) == points


PICTURES: Value = [{"source": "x", "alt": ""}, {"source": "y", "alt": ""}]


@pytest.mark.parametrize(("operation", "made", "points", "told"), [
    (Operation.INVENTORY_SET, stock(250), 10, 0), (Operation.INVENTORY_SET, stock(1), 0.04, 0),
    (Operation.PRODUCT_UPDATE, changes("title", "vendor"), 10, 0),
    (Operation.METAFIELDS_SET, changes("metafields[a.b]"), 4 + 0.4, 0),
    (Operation.METAFIELDS_SET, changes(*(f"metafields[a.{n}]" for n in range(25))), 4 + 10, 0),
    (Operation.METAFIELDS_DELETE, changes("metafields[a.b]", after=None), 0.04, 0),
    (Operation.PRODUCT_DELETE, changes("title", after=None), 10, 0),
    (Operation.PRODUCT_UPDATE, changes("category", "seo.title"), 10, 2),
    (Operation.PUBLISH, changes("publications[a]"), 10, 0),
    (Operation.PRODUCT_UPDATE, changes("collections[a]", "collections[b]"), 10, 9),
    (Operation.UNPUBLISH, changes("publications[a]", "publications[b]", after=None), 10, 0),
    (Operation.PRODUCT_UPDATE, changes("metafields[a.b]"), 10 + 0.4, 1),
    (Operation.PRODUCT_UPDATE, changes("metafields[a.b]", "metafields[a.c]", "metafields[a.d]"), 10 + 1.2, 3),
    (Operation.PRODUCT_UPDATE, changes(*(f"metafields[a.{n}]" for n in range(10))), 10 + 4, 6),
    (Operation.VARIANTS_UPDATE, changes("variants[A].price"), 10 + 0.2, 0),
    (Operation.VARIANTS_UPDATE, changes("variants[A].price", "variants[A].cost"), 10 + 0.2 + 1, 0),
    (Operation.MEDIA_SET, changes("images", after=PICTURES), 10 + 3.8, 3),
    (Operation.MEDIA_SET, [*changes("images", after=PICTURES), *changes("title", "seo.title")], 10 + 3.8, 4),
    (Operation.PRODUCT_CREATE, changes("title"), 10 + 0.4, 2 + 2 + 3),
    (Operation.PRODUCT_CREATE, changes("title", "variants[A].price", "variants[A].stock[default]", "metafields[a.b]"),
     10 + 0.2 + 0.8, 2 + 2 + 5 + 3),
])
def test_what_an_operation_costs_and_what_its_answer_adds(operation: Operation, made: list[Change], points: float,
                                                          told: float) -> None:
    assert estimate(operation, made) == pytest.approx(points)
    assert estimate(operation, made, told=True) == pytest.approx(points + told)


def test_few_answers_tell_all_and_many_are_read_back() -> None:
    created = [item(Operation.PRODUCT_CREATE, changes("title", "variants[A].price", "metafields[a.b]"), f"p{number}")
               for number in range(3)]
    plain = item(Operation.PRODUCT_UPDATE, changes("title"), "q")
    assert read_back([created[0], plain]) == frozenset()
    assert read_back([*created, plain]) == {one.item_id for one in created}
    assert read_back([plain]) == read_back([]) == frozenset()


def test_each_variant_and_each_picture_has_its_price() -> None:
    one = estimate(Operation.VARIANTS_UPDATE, changes("variants[A].price"))
    same = estimate(Operation.VARIANTS_UPDATE, changes("variants[A].price", "variants[A].barcode"))
    two = estimate(Operation.VARIANTS_UPDATE, changes("variants[A].price", "variants[B].price"))
    assert (same, two) == (one, pytest.approx(one + 0.2))
    picture: Value = {"source": "x", "alt": ""}
    few = estimate(Operation.MEDIA_SET, changes("images", after=[picture]))
    more = estimate(Operation.MEDIA_SET, changes("images", after=[picture, picture]))
    assert more == pytest.approx(few + 1.9)


def writable(operation: Operation, document: dict[Path, Value]) -> list[Change]:
    """Changes to a document that an operation could carry."""
    carried = {
        Operation.INVENTORY_SET: lambda path: "].stock[" in path,
        Operation.VARIANTS_UPDATE: lambda path: path.startswith("variants[") and "].stock[" not in path,
        Operation.VARIANTS_CREATE: lambda path: path.startswith("variants["),
        Operation.MEDIA_SET: lambda path: path == "images",
        Operation.METAFIELDS_DELETE: lambda path: path.startswith("metafields["),
        Operation.PRODUCT_UPDATE: lambda path: not path.startswith("variants[") and path not in ("images", "options"),
    }.get(operation, lambda path: True)
    return [Change(path, None, value, Reason.NEW) for path, value in document.items() if carried(path)]


@LAW
@given(st.sampled_from(Operation), documents(), st.data())
def test_an_estimate_is_never_negative_and_never_falls_when_more_is_written(
        operation: Operation, document: dict[Path, Value], data: st.DataObject) -> None:
    all_of_it = writable(operation, document)
    kept = data.draw(st.lists(st.booleans(), min_size=len(all_of_it), max_size=len(all_of_it)))
    part = [change for change, stays in zip(all_of_it, kept, strict=True) if stays]
    assert 0 <= estimate(operation, part) <= estimate(operation, all_of_it)
    clearing = [replace(change, before=change.after, after=None) for change in all_of_it]
    assert 0 <= estimate(operation, clearing) <= estimate(operation, all_of_it)


@LAW
@given(st.integers(0, 600), st.integers(0, 600))
def test_more_rows_of_stock_never_cost_less(rows: int, more: int) -> None:
    assert 0 <= estimate(Operation.INVENTORY_SET, stock(rows)) <= estimate(Operation.INVENTORY_SET, stock(rows + more))


@pytest.mark.parametrize(("items", "bucket", "told"), [
    ([], 0, Estimate(0, 0, 0)),
    ([item(Operation.PRODUCT_UPDATE, changes("title"))], 0, Estimate(10, 1, 0.1)),
    ([item(Operation.PRODUCT_UPDATE, changes("title"))], 2000, Estimate(10, 1, 0)),
    ([item(Operation.PRODUCT_UPDATE, changes("title"))] * 300, 2000, Estimate(3000, 300, 10)),
    ([item(Operation.INVENTORY_SET, stock(1), str(number)) for number in range(250)], 0, Estimate(10, 1, 0.1)),
    ([item(Operation.INVENTORY_SET, stock(1), str(number)) for number in range(251)], 0, Estimate(20, 2, 0.2)),
    ([item(Operation.METAFIELDS_SET, changes("metafields[a.b]"), str(number)) for number in range(26)], 0,
     Estimate(26 * 4 + 20, 2, 1.24)),
    ([item(Operation.METAFIELDS_DELETE, changes("metafields[a.b]", after=None), str(number)) for number in range(251)],
     0, Estimate(20, 2, 0.2)),
    ([item(Operation.PRODUCT_UPDATE, changes("title", "seo.title"))], 0, Estimate(11, 1, 0.11)),
    ([item(Operation.PRODUCT_UPDATE, changes("title", "seo.title"), str(number)) for number in range(300)], 0,
     Estimate(3004, 302, 30.04)),
], ids=["nothing", "one", "within the bucket", "beyond the bucket", "a full batch of stock", "one row more",
        "metafields of many products", "metafields to delete", "answers that tell all", "answers that are read back"])
def test_a_plan_costs_its_items_its_shared_calls_and_its_reads(items: list[PlanItem], bucket: float,
                                                          told: Estimate) -> None:
    assert estimate_plan(items, restore_rate=100, bucket=bucket) == told


@LAW
@given(st.lists(st.sampled_from([item(Operation.PRODUCT_UPDATE, changes("title")),
                                 item(Operation.INVENTORY_SET, stock(200))]), max_size=6),
       st.integers(0, 40), st.integers(1, 1000))
def test_a_longer_plan_never_takes_less(items: list[PlanItem], bucket: int, rate: int) -> None:
    whole = estimate_plan(items, restore_rate=rate, bucket=bucket)
    part = estimate_plan(items[1:], restore_rate=rate, bucket=bucket)
    assert 0 <= part.points <= whole.points
    assert 0 <= part.requests <= whole.requests
    assert 0 <= part.seconds <= whole.seconds
