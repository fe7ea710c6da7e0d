"""A shop that refuses us as a whole: what still works, what is refused with which sentence, and how it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from shopsync_pipeline.core.breaker import Breaker
from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.core.plan import Lane
from shopsync_pipeline.db.health import ShopHealth
from shopsync_pipeline.db.plans import ItemState
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.apply import push_lane
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.diff import diff
from shopsync_pipeline.engine.doctor import examine
from shopsync_pipeline.engine.health import health_of, resume
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.errors import ShopPaused, ShopUnavailable
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, push, read_store, sync


def requests(store: DevStore) -> int:
    found: int = store.control("stats")["requests"]
    return found


@pytest.fixture
def frozen(context: Context, shelf: Shelf, dev_store: DevStore) -> Context:
    """The shelf is in the store, a price has changed, and Shopify freezes the shop."""
    sync(context)
    shelf.change("L1", price="55.00")
    dev_store.control("settings", {"refuse_status": 402})
    with pytest.raises(ShopUnavailable, match="frozen for unpaid bills"):
        read_store(context)
    return context


def test_a_frozen_shop_is_paused_for_every_process(frozen: Context, dev_store: DevStore) -> None:
    before = requests(dev_store)
    for _ in range(3):
        with pytest.raises(ShopPaused, match=r"is paused since .* HTTP 402.* The next probe goes at .*Nothing was"):
            read_store(frozen)
    assert requests(dev_store) == before
    found = health_of(frozen)
    assert (found.serves, found.paused) == (False, True)
    assert found.since is not None
    assert found.probe_at is not None
    assert found.probe_at - found.since == timedelta(hours=1)


def test_meanwhile_everything_works_that_needs_no_shop(frozen: Context, dev_store: DevStore) -> None:
    before = requests(dev_store)
    ingest(frozen)
    plan = diff(frozen)
    assert plan.summary["products"]["update"] == 1
    for lane in Lane:
        if lane is Lane.PRICE:
            with pytest.raises(ShopPaused, match="is paused since"):
                asyncio.run(push_lane(frozen, plan.plan_id, lane, run_id="test"))
        else:
            asyncio.run(push_lane(frozen, plan.plan_id, lane, run_id="test"))
    assert requests(dev_store) == before

    dev_store.control("settings", {"refuse_status": None})
    resume(frozen, by="Ada", reason="the bill is paid")
    report = push(frozen, plan)
    assert report.items(ItemState.CONFIRMED) == 1, "the plan waited"
    assert health_of(frozen).serves


def test_resuming_too_early_pauses_again_after_one_request(frozen: Context, dev_store: DevStore) -> None:
    since = health_of(frozen).since
    before = requests(dev_store)
    assert "The next request is the probe." in resume(frozen, by="Ada", reason="I hope so").says
    with pytest.raises(ShopUnavailable):
        read_store(frozen)
    with pytest.raises(ShopPaused):
        read_store(frozen)
    assert requests(dev_store) == before + 1
    assert health_of(frozen).since == since


def test_there_must_be_something_to_resume(context: Context) -> None:
    with pytest.raises(ShopsyncError, match="there is nothing to resume"):
        resume(context, by="Ada", reason="x")
    assert health_of(context).says == f"{context.shop_id} is served."


@pytest.mark.parametrize(("status", "hours"), [(423, 1), (430, 6)])
def test_a_pause_in_the_middle_of_a_push_leaves_the_rest_planned(context: Context, shelf: Shelf, dev_store: DevStore,
                                                                 status: int, hours: int) -> None:
    plan = planned(context)
    # A seed by which the fourth request is refused: the shop is opened, some products are made, and then it is locked.
    dev_store.control("mixture", {"seed": 23, "http_status": {str(status): 20}})
    with pytest.raises((ShopUnavailable, ShopPaused), match=f"HTTP {status}"):
        push(context, plan)
    found = health_of(context)
    assert found.paused
    assert found.probe_at is not None
    assert found.probe_at - now() > timedelta(hours=hours - 0.1)
    made = len(dev_store.products())
    assert 0 < made < 5
    dev_store.control("mixture", {})
    resume(context, by="Ada", reason="settled")
    report = push(context, plan)
    assert report.items(ItemState.CONFIRMED) == 5
    assert len(dev_store.products()) == 5
    assert dev_store.control("stats")["mutations"]["productSet"] == 5


def test_the_doctor_tells_and_asks_a_paused_shop_nothing(frozen: Context, dev_store: DevStore) -> None:
    before = requests(dev_store)
    found = {finding.name: finding for finding in asyncio.run(examine(frozen.settings))}
    assert not found["shop"].well
    assert "is paused since" in found["shop"].says
    assert found["database"].well
    assert requests(dev_store) == before


def test_a_shop_left_alone_is_asked_again_by_itself(context: Context, shelf: Shelf, dev_store: DevStore) -> None:
    resting = timedelta(seconds=0.2)
    ShopHealth(context.database, context.shop_id).change(lambda _: Breaker().refused(now(), "HTTP 540.", resting))
    with pytest.raises(ShopPaused):
        read_store(context)
    ShopHealth(context.database, context.shop_id).change(lambda state: state.resumed(now()))
    sync(context)
    assert health_of(context).serves


def test_an_apps_id_and_secret_do_as_well_as_a_token(make_settings: Callable[..., Settings], shelf: Shelf,
                                                     dev_store: DevStore) -> None:
    dev_store.control("apps", {"action": "install", "client_id": "own-app", "client_secret": "hush-secret",
                               "name": "own"})
    settings = make_settings(SHOPIFY_ACCESS_TOKEN="", SHOPIFY_CLIENT_ID="own-app", SHOPIFY_CLIENT_SECRET="hush-secret")
    sync(Context.open(settings))
    assert len(dev_store.products()) == 5
    found = {finding.name: finding for finding in asyncio.run(examine(settings))}
    assert found["shop"].well
    wrong = make_settings(SHOPIFY_ACCESS_TOKEN="", SHOPIFY_CLIENT_ID="own-app", SHOPIFY_CLIENT_SECRET="hush-wrong")
    told = {finding.name: finding for finding in asyncio.run(examine(wrong))}["shop"]
    assert not told.well
    assert "Check SHOPIFY_CLIENT_ID and SHOPIFY_CLIENT_SECRET" in told.says
    assert "hush" not in told.says
