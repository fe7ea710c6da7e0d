"""A plan that changes too much waits for a named person, and is then sent as it was read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.db.plans import ItemState, PlanState, SavedPlan
from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.review import plan_to_send
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, push, sync


@pytest.fixture
def bounded(make_settings: Callable[..., Settings], tmp_path: Path) -> tuple[Context, Shelf]:
    """Twenty lamps in the store; a tenth of them may change without approval."""
    shelf = Shelf(tmp_path / "export", products=20)
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE=0.1))
    sync(context)
    return context, shelf


def too_much(context: Context, shelf: Shelf, count: int = 3) -> SavedPlan:
    for number in range(1, count + 1):
        shelf.change(f"L{number}", price="99.00")
    return planned(context)


def test_as_much_as_the_bound_is_not_too_much(bounded: tuple[Context, Shelf]) -> None:
    assert too_much(*bounded, count=2).refusals == ()


def test_a_plan_beyond_its_bound_is_refused_with_the_figures(bounded: tuple[Context, Shelf],
                                                             dev_store: DevStore) -> None:
    context, shelf = bounded
    before = dev_store.control("stats")["mutations"]

    plan = too_much(context, shelf)

    assert plan.state is PlanState.REFUSED
    (reason,) = plan.refusals
    assert "3 of 20 linked products (15%) would be updated; the bound is 10% (SYNC_MAX_UPDATED_SHARE)" in reason
    for attempt in (lambda: push(context, plan), lambda: plan_to_send(context, "another run")):
        with pytest.raises(PlanRefusedError, match=f"shopsync plan approve {plan.plan_id}"):
            attempt()
    assert dev_store.control("stats")["mutations"] == before


def test_an_approved_plan_is_sent(bounded: tuple[Context, Shelf], dev_store: DevStore) -> None:
    context, shelf = bounded
    plan = too_much(context, shelf)

    approved = approve(context, plan.plan_id, by=" Ada ", reason="new price list")

    assert (approved.state, approved.approved_by, approved.approval_reason) == (PlanState.READY, "Ada",
                                                                               "new price list")
    assert approved.approved_at is not None
    assert plan_to_send(context, "another run").plan_id == plan.plan_id
    assert push(context, approved).items(ItemState.CONFIRMED) == 3
    prices = [node["variants"]["nodes"][0]["price"] for node in dev_store.products()]
    assert prices.count("99.00") == 3


def test_an_approval_holds_for_that_plan_only(bounded: tuple[Context, Shelf]) -> None:
    context, shelf = bounded
    approve(context, too_much(context, shelf).plan_id, by="Ada", reason="new price list")
    shelf.change("L4", price="1.00")

    with pytest.raises(PlanRefusedError, match="4 of 20"):
        push(context, planned(context))


@pytest.mark.parametrize(("by", "reason"), [("", "because"), ("  ", "because"), ("Ada", ""), ("Ada", " \n")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_approves_without_name_and_reason(bounded: tuple[Context, Shelf], by: str, reason: str) -> None:
    context, shelf = bounded
    with pytest.raises(PlanRefusedError, match="An approval needs a name and a reason"):
        approve(context, too_much(context, shelf).plan_id, by=by, reason=reason)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_needs_no_approval_gets_none(bounded: tuple[Context, Shelf]) -> None:
    context, shelf = bounded
    refused = too_much(context, shelf)
    diff(context)
    with pytest.raises(PlanRefusedError, match="is superseded, so there is nothing to approve"):
        approve(context, refused.plan_id, by="Ada", reason="late")
    with pytest.raises(PlanRefusedError, match="This shop has no plan nonsense"):
        approve(context, "nonsense", by="Ada", reason="why not")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_small_shop_is_not_judged_by_shares(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "export", products=19)
    context = Context.open(make_settings(SYNC_MAX_UPDATED_SHARE=0.0))
    sync(context)
    assert too_much(context, shelf, count=19).refusals == ()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_too_many_conflicts_need_approval_too(make_settings: Callable[..., Settings], tmp_path: Path,
                                              dev_store: DevStore) -> None:
    Shelf(tmp_path / "export", products=20)
    context = Context.open(make_settings(SYNC_MAX_CONFLICT_SHARE=0.1))
    sync(context)
    for number in range(1, 4):
        dev_store.control("merchant", {"action": "edit_variant", "sku": f"L{number}", "fields": {"price": "1.00"}})

    (reason,) = planned(context).refusals

    assert "3 of 20 linked products (15%) have conflicts; the bound is 10% (SYNC_MAX_CONFLICT_SHARE)" in reason
