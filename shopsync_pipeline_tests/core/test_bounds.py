"""The bounds: each is kept up to its figure, broken beyond it, named with its setting, shown with the worst cases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shopsync_pipeline.core.bounds import Bounds, Figures, judge
from shopsync_pipeline.core.fields import Operation, Path, Value
from shopsync_pipeline.core.plan import Change, PlanItem, Reason
from shopsync_pipeline.core.planning import make_item


def item(key: str, path: str, before: Value | None, after: Value | None,
         operation: Operation = Operation.PRODUCT_UPDATE, reason: Reason = Reason.CATALOG_CHANGED) -> PlanItem:
    return make_item(key, f"id of {key}", operation, [Change(Path(path), before, after, reason)])


def updated(key: str) -> PlanItem:
    return item(key, "title", "old", "new")


def archived(key: str) -> PlanItem:
    return item(key, "status", "DRAFT", "ARCHIVED")


def unpublished(key: str) -> PlanItem:
    return item(key, "status", "ACTIVE", "DRAFT")


def deleted(key: str) -> PlanItem:
    return item(key, "title", "old", None, Operation.PRODUCT_DELETE)


def emptied(key: str) -> PlanItem:
    return item(key, "variants[S].stock[default]", 5, 0, Operation.INVENTORY_SET)


def priced(key: str, before: str, after: str, reason: Reason = Reason.CATALOG_CHANGED) -> PlanItem:
    return item(key, "variants[S].price", before, after, Operation.VARIANTS_UPDATE, reason)


ALL = Bounds(max_updated_share=1, max_archived_share=1, max_deleted_share=1, max_unpublished_share=1,
             max_zero_stock_share=1)


def judged(items: list[PlanItem], bounds: Bounds, *, linked: int = 100, catalog: int = 100,
           conflicted: int = 0) -> list[str]:
    return judge(bounds, Figures.of(items), linked=linked, catalog=catalog,
                 conflicted=[f"c{number}" for number in range(conflicted)])


@pytest.mark.parametrize(("make", "bounds", "words", "setting"), [
    (updated, Bounds(max_updated_share=0.1), "would be updated", "SYNC_MAX_UPDATED_SHARE"),
    (archived, Bounds(max_archived_share=0.1), "would be archived", "SYNC_MAX_ARCHIVED_SHARE"),
    (deleted, Bounds(max_deleted_share=0.1), "would be deleted", "SYNC_MAX_DELETED_SHARE"),
    (unpublished, Bounds(max_unpublished_share=0.1), "would be taken out of sale", "SYNC_MAX_UNPUBLISHED_SHARE"),
    (emptied, Bounds(max_zero_stock_share=0.1), "would have their stock set to zero", "SYNC_MAX_ZERO_STOCK_SHARE"),
])
def test_a_share_is_kept_up_to_its_bound_and_broken_beyond(make: Callable[[str], PlanItem], bounds: Bounds, words: str,
                                                           setting: str) -> None:
    assert judged([make(f"p{number:02}") for number in range(10)], bounds) == []
    (reason,) = judged([make(f"p{number:02}") for number in range(11)], bounds)
    assert reason == (f"11 of 100 linked products (11%) {words}; the bound is 10% ({setting}), for example p00, p01, "
                      "p02, p03, p04. Look at the plan, then approve it or raise the bound.")


def test_conflicts_are_a_share_too() -> None:
    assert judged([], Bounds(max_conflict_share=0.1), conflicted=10) == []
    (reason,) = judged([], Bounds(max_conflict_share=0.1), conflicted=11)
    assert reason.startswith("11 of 100 linked products (11%) have conflicts; the bound is 10%")
    assert "SYNC_MAX_CONFLICT_SHARE" in reason


def test_a_product_counts_once_however_many_items_it_has() -> None:
    items = [updated("p"), emptied("p"), priced("p", "1.00", "1.10")]
    assert judged(items, Bounds(max_updated_share=0.01)) == []


def test_a_shop_with_few_products_is_not_judged_by_shares() -> None:
    items = [make(f"p{number}") for number in range(19) for make in (updated, deleted, emptied)]
    assert judged(items, Bounds(), linked=19) == []
    assert len(judged(items, Bounds(), linked=20)) == 3
    assert judged(items, Bounds(smallest=50), linked=49) == []


def test_creations_break_no_share() -> None:
    items = [make_item(f"p{number}", None, Operation.PRODUCT_CREATE,
                       [Change(Path("title"), None, "new", Reason.NEW)]) for number in range(1000)]
    assert judged(items, Bounds(max_updated_share=0)) == []


def test_an_empty_catalog_is_no_catalog() -> None:
    (reason,) = judged([], Bounds(), catalog=0)
    assert reason.startswith("The catalog is empty but 100 products of the shop are linked to it.")
    assert judged([], Bounds(), catalog=0, linked=0) == []


@pytest.mark.parametrize(("before", "after", "broken"), [
    ("10.00", "15.00", False), ("10.00", "15.01", True), ("10.00", "5.00", False), ("10.00", "4.99", True),
    ("10.00", "0.00", True), ("0.00", "10.00", False), ("10.00", "10.00", False),
])
def test_one_price_may_move_only_so_far(before: str, after: str, broken: bool) -> None:
    bounds = Bounds(max_price_rise=0.5, max_price_drop=0.5)
    assert bool(judged([priced("p", before, after)], bounds, linked=1)) is broken


def test_a_slipped_decimal_point_breaks_the_default_either_way() -> None:
    assert judged([priced("p", "12.50", "125.00")], Bounds()) != []
    assert judged([priced("p", "12.50", "1.25")], Bounds()) != []


def test_the_worst_prices_are_shown_first() -> None:
    items = [priced(f"p{number}", "100.00", f"{10 - number}.00") for number in range(8)]
    (reason,) = judged(items, Bounds(), linked=10)
    assert reason.startswith(
        "Prices of 8 products would fall by more than 80% (SYNC_MAX_PRICE_DROP): p7 variants[S].price 100.00 → 3.00 "
        "(-97%), p6 variants[S].price 100.00 → 4.00 (-96%), ")
    assert reason.count("→") == 5


def test_a_price_that_a_person_decided_on_is_not_judged() -> None:
    assert judged([priced("p", "1.00", "99.00", Reason.REVIEWED)], Bounds()) == []


@pytest.mark.parametrize("path", ["variants[S].compare_at_price", "variants[S].cost", "variants[a].price].sku"])
def test_other_amounts_are_no_prices(path: str) -> None:
    assert judged([item("p", path, "1.00", "99.00", Operation.VARIANTS_UPDATE)], Bounds()) == []


def test_the_median_price_move_is_judged_once_there_are_enough() -> None:
    bounds = Bounds(max_updated_share=1, max_median_price_move=0.2)
    moved = [priced(f"p{number}", "10.00", "13.00") for number in range(20)]
    (reason,) = judged(moved, bounds)
    assert reason.startswith("The median of 20 price moves is 30%; the bound is 20% (SYNC_MAX_MEDIAN_PRICE_MOVE).")
    assert judged(moved[:19], bounds) == []
    few_and_many = moved[:10] + [priced(f"q{number}", "10.00", "9.00") for number in range(11)]
    assert judged(few_and_many, bounds) == []


@pytest.mark.parametrize(("before", "after", "emptied"), [
    (5, 0, True), (5, -1, True), (5, 1, False), (0, 0, False), (-2, 0, False), (None, 0, False), (5, None, False),
])
def test_stock_goes_to_zero_only_from_above_it(before: int | None, after: int | None, emptied: bool) -> None:
    figures = Figures.of([item("p", "variants[S].stock[default]", before, after, Operation.INVENTORY_SET)])
    assert list(figures.emptied) == ["p"] * emptied


def test_creations_that_take_too_many_days_need_approval() -> None:
    figures = Figures(creation_days=8, new_variants=8000)
    (reason,) = judge(Bounds(), figures, linked=0, catalog=9000)
    assert reason.startswith("8000 variants would be created, which takes 8 days at the shop's daily limit; the bound "
                             "is 7 days (SYNC_MAX_CREATION_DAYS).")
    figures.creation_days = 7
    assert judge(Bounds(), figures, linked=0, catalog=9000) == []


def test_an_archived_product_on_sale_is_archived_and_taken_out_of_sale() -> None:
    figures = Figures.of([item("p", "status", "ACTIVE", "ARCHIVED"), item("q", "status", "ARCHIVED", "ACTIVE")])
    assert (list(figures.archived), list(figures.unpublished)) == (["p"], ["p"])


def test_a_product_that_leaves_a_channel_counts_as_taken_out_of_sale_once() -> None:
    figures = Figures.of([
        item("p", "publications[A]", True, None, Operation.UNPUBLISH),
        item("p", "publications[B]", True, None, Operation.UNPUBLISH),
        unpublished("p"), unpublished("q"), item("r", "status", "DRAFT", "ACTIVE"),
        item("s", "publications[A]", None, True, Operation.PUBLISH),
    ])
    assert list(figures.unpublished) == ["p", "q"]


def test_what_follows_on_a_creation_breaks_no_share_either() -> None:
    published = make_item("p", None, Operation.PUBLISH, [
        Change(Path("publications[A]"), None, True, Reason.NEW)])
    assert not Figures.of([published]).updated
