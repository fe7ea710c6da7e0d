"""`shopsync shop` and `shopsync doctor` at a shop that refuses us, as an operator uses them."""

from __future__ import annotations

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.shopify.errors import ShopUnavailable
from shopsync_pipeline_tests.cli.conftest import Operator
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.steps import read_store

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_from_the_first_refusal_to_the_end_of_the_pause(operator: Operator, synced: Context,
                                                        dev_store: DevStore) -> None:
    assert operator.told("shop", "health") == f"{synced.shop_id} is served.\n"
    assert "there is nothing to resume" in operator.refused("shop", "resume", "--reason", "x")
    dev_store.control("settings", {"refuse_status": 423})
    with pytest.raises(ShopUnavailable, match="locked"):
        read_store(synced)

    told = operator.run("shop", "health")
    assert told.returncode == 1
    assert "is paused since" in told.stdout
    assert "locked by Shopify. Its owner must contact Shopify support. The next probe goes at" in told.stdout
    doctor = operator.run("doctor")
    assert doctor.returncode == 1
    assert f"BAD shop: {synced.shop_id} is paused since" in doctor.stdout

    dev_store.control("settings", {"refuse_status": None})
    assert operator.told("shop", "resume", "--by", "Ada", "--reason", "support unlocked it").endswith(
        "The next request is the probe.\n")
    read_store(synced)
    assert operator.told("shop", "health") == f"{synced.shop_id} is served.\n"
    assert "ok  shop: " in operator.told("doctor")


def test_an_app_without_its_secret_is_told(operator: Operator) -> None:
    told = operator.refused("shop", "health", SHOPIFY_ACCESS_TOKEN="", SHOPIFY_CLIENT_ID="app")
    assert "SHOPIFY_CLIENT_SECRET is not set." in told
