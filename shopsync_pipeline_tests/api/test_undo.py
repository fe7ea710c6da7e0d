"""The routes of undo and blame: what each answers, and which sentence comes with which status."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync
from shopsync_pipeline_tests.engine.undoing import edit, shown

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
V1 = "/api/v1"


@pytest.fixture
def changed(synced: Context, shelf: Shelf) -> str:
    """Two of twenty lamps were changed by the plan whose id this is."""
    shelf.change("L1", title="Lamp One", price="49.00")
    shelf.change("L2", title="Lamp Two")
    return sync(synced).plan.plan_id


def test_an_undo_is_planned_shown_and_not_sent(client: TestClient, changed: str, dev_store: DevStore) -> None:
    edit(dev_store, "lamp-2", title="By hand")

    answer = client.post(f"{V1}/undo", json={"plan": changed})

    assert answer.status_code == 201
    made = answer.json()
    assert (made["plan"]["state"], made["plan"]["refusals"]) == ("ready", [])
    assert made["plan"]["summary"]["undo"]["clashes"][0]["now"] == "By hand"
    assert "handle:lamp-2 title is left alone: edited in the store since" in made["told"][0]
    assert client.get(f"{V1}/undo/{made['plan']['plan_id']}").json() == made
    rows = client.get(f"{V1}/plans/{made['plan']['plan_id']}/changes").json()
    assert {(row["product"], row["field"], row["before"], row["after"], row["why"]) for row in rows} == {
        ("handle:lamp-1", "title", "Lamp One", "Lamp 1", "undone"),
        ("handle:lamp-1", "variants[L1].price", "49.00", "11.00", "undone")}
    assert shown(dev_store)["lamp-1"]["title"] == "Lamp One"


@SQLITE
def test_a_launch_is_refused_without_approval_and_for_other_plans(client: TestClient, changed: str,
                                                                  synced: Context) -> None:
    first = client.get(f"{V1}/plans").json()[-1]["plan_id"]
    plan = client.post(f"{V1}/undo", json={"plan": first}).json()["plan"]
    assert plan["state"] == "refused"
    refused = client.post(f"{V1}/undo/{plan['plan_id']}/launch", json={})
    assert (refused.status_code, "may not be sent" in refused.json()["error"]) == (409, True)
    other = client.post(f"{V1}/undo/{changed}/launch", json={})
    assert (other.status_code, "is no undo" in other.json()["error"]) == (409, True)
    client.post(f"{V1}/plans/{plan['plan_id']}/approval", json={"by": "Ada", "reason": "wrong shop"})
    down = client.post(f"{V1}/undo/{plan['plan_id']}/launch", json={"requested_by": "Ada"})
    assert (down.status_code, "does not answer" in down.json()["error"]) == (503, True)


@SQLITE
def test_blame_over_the_api(client: TestClient, changed: str, dev_store: DevStore) -> None:
    (price,) = client.get(f"{V1}/products/handle:lamp-1/blame", params={"field": "price"}).json()
    assert (price["field"], price["value"], price["history"]) == ("variants[L1].price", "49.00", [])
    assert (price["by"]["who"], price["by"]["plan_id"], price["by"]["reason"]) == (
        "shopsync", changed, "changed in the catalog")
    (told,) = client.get(f"{V1}/products/L1/blame", params={"field": "price", "history": True}).json()
    assert [(event["before"], event["after"]) for event in told["history"]] == [(None, "11.00"), ("11.00", "49.00")]
    gid = next(node["id"] for node in dev_store.products() if node["handle"] == "lamp-1")
    assert client.get(f"{V1}/products/{gid}/blame", params={"field": "price"}).json() == [price]
    assert client.get(f"{V1}/undo/held").json() == []


@SQLITE
@pytest.mark.parametrize(("method", "path", "body", "status", "told"), [
    ("POST", "/undo", {}, 422, "name a run, a plan, a span of time, or products"),
    ("POST", "/undo", {"run": "r", "plan": "p"}, 422, "not several of them"),
    ("POST", "/undo", {"since": "2026-01-01T00:00:00"}, 422, "body.since: "),
    ("POST", "/undo", {"run": "nope"}, 400, "There is nothing to undo"),
    ("POST", "/undo", {"products": ["nope"]}, 400, "No product is called nope"),
    ("GET", "/undo/nope", None, 409, "This shop has no plan nope"),
    ("POST", "/undo/nope/launch", {}, 409, "This shop has no plan nope"),
    ("GET", "/products/nope/blame", None, 400, "No product is called nope"),
    ("GET", "/products/L1/blame?field=colour", None, 400, "has no field colour"),
])
def test_what_cannot_be_done_is_a_sentence(client: TestClient, method: str, path: str, body: object, status: int,
                                           told: str) -> None:
    answer = client.request(method, f"{V1}{path}", json=body)
    assert (answer.status_code, told in answer.json()["error"]) == (status, True), answer.json()
