"""The health of the shop over REST, and letting it go on after a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.db.health import ShopHealth
from shopsync_pipeline.db.rows import now
from shopsync_pipeline.engine.context import Context

V1 = "/api/v1"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WORD = {"by": "Ada", "reason": "the bill is paid"}


def pause(context: Context) -> None:
    ShopHealth(context.database, context.shop_id).change(
        lambda state: state.refused(now(), "The shop is frozen for unpaid bills.", timedelta(hours=1)))


def test_a_shop_that_is_served_says_so(client: TestClient, synced: Context) -> None:
    told = client.get(f"{V1}/health").json()
    assert (told["shop_serves"], told["shop_says"]) == (True, f"{synced.shop_id} is served.")


def test_a_pause_is_told_and_ended_by_a_persons_word(client: TestClient, synced: Context) -> None:
    pause(synced)
    told = client.get(f"{V1}/health").json()
    assert not told["shop_serves"]
    assert "is paused since" in told["shop_says"]
    assert "frozen for unpaid bills. The next probe goes at" in told["shop_says"]

    answer = client.post(f"{V1}/shop/resumption", json=WORD)

    assert answer.status_code == 200
    resumed = answer.json()
    assert (resumed["shop_id"], resumed["serves"], resumed["paused"]) == (synced.shop_id, False, True)
    assert resumed["says"].endswith("The next request is the probe.")


def test_what_is_served_cannot_be_resumed(client: TestClient) -> None:
    answer = client.post(f"{V1}/shop/resumption", json=WORD)
    assert answer.status_code == 400
    assert "there is nothing to resume" in answer.json()["error"]


def test_who_and_why_must_be_said(client: TestClient, synced: Context) -> None:
    pause(synced)
    assert client.post(f"{V1}/shop/resumption", json={"by": "Ada"}).status_code == 422


def test_a_question_to_a_paused_shop_is_told_as_unavailable(client: TestClient, synced: Context) -> None:
    pause(synced)
    answer = client.post(f"{V1}/undo", json={"plan": "none"})
    assert answer.status_code in (400, 409), "nothing to undo is found before the shop is asked"
    products = client.post(f"{V1}/undo", json={"products": ["L1"]})
    assert products.status_code == 503
    assert "is paused since" in products.json()["error"]
