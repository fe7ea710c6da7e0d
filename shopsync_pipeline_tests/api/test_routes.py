"""Every route: what it answers, and which sentence comes with which status."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned, sync

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
V1 = "/api/v1"


def refused_plan(context: Context, shelf: Shelf) -> str:
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")
    return planned(context).plan_id


def test_health(client: TestClient, synced: Context) -> None:
    answer = client.get(f"{V1}/health")
    assert answer.status_code == 200
    assert answer.json()["shop"] == synced.shop_id
    assert answer.json()["database"] in {"sqlite", "postgresql"}


def test_plans_newest_first(client: TestClient, synced: Context, shelf: Shelf) -> None:
    newest = refused_plan(synced, shelf)

    plans = client.get(f"{V1}/plans").json()

    assert plans[0]["plan_id"] == newest
    assert [plan["state"] for plan in plans] == ["refused", "applied"]
    assert plans[0]["summary"]["products"]["update"] == 5
    assert "5 of 20 linked products (25%)" in plans[0]["refusals"][0]
    assert client.get(f"{V1}/plans", params={"most": 1}).json() == plans[:1]
    assert client.get(f"{V1}/plans/{newest}").json() == plans[0]


def test_changes_of_a_plan_page_by_page(client: TestClient, synced: Context, shelf: Shelf) -> None:
    plan = refused_plan(synced, shelf)

    rows = client.get(f"{V1}/plans/{plan}/changes").json()

    assert [(row["product"], row["field"], row["before"], row["after"]) for row in rows] == [
        (f"handle:lamp-{n}", f"variants[L{n}].price", f"{10 + n}.00", "99.00") for n in range(1, 6)]
    paged = [client.get(f"{V1}/plans/{plan}/changes", params={"skip": skip, "most": 2}).json() for skip in (0, 2, 4)]
    assert [row for page in paged for row in page] == rows


def test_an_approval_over_the_api(client: TestClient, synced: Context, shelf: Shelf) -> None:
    plan = refused_plan(synced, shelf)

    answer = client.post(f"{V1}/plans/{plan}/approval", json={"by": "Ada", "reason": "new price list"})

    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["approved_by"]) == ("ready", "Ada")
    again = client.post(f"{V1}/plans/{plan}/approval", json={"by": "Ada", "reason": "new price list"})
    assert again.status_code == 409
    assert "there is nothing to approve" in again.json()["error"]


def test_conflicts_are_listed_and_decided(client: TestClient, synced: Context, dev_store: DevStore) -> None:
    dev_store.control("merchant", {"action": "edit_variant", "sku": "L1", "fields": {"price": "1.00"}})
    dev_store.control("merchant", {"action": "edit_product", "sku": "L2", "fields": {"title": "Staff pick"}})
    planned(synced)

    (conflict,) = client.get(f"{V1}/conflicts").json()

    assert (conflict["product"], conflict["field"], conflict["agreed"], conflict["catalog"], conflict["store"]) == (
        "handle:lamp-1", "variants[L1].price", "11.00", "11.00", "1.00")
    assert len(client.get(f"{V1}/conflicts", params={"kept": True}).json()) == 2
    choice = {"conflicts": [conflict["conflict_id"]], "take": "etilize", "by": "Ada"}
    assert client.post(f"{V1}/conflicts/resolution", json=choice).json() == {"decided": 1}
    assert client.get(f"{V1}/conflicts").json() == []


@SQLITE
def test_conflicts_are_decided_by_what_they_are_about_for_good_and_taken_back(
        client: TestClient, synced: Context, dev_store: DevStore) -> None:
    for sku in ("L1", "L2"):
        dev_store.control("merchant", {"action": "edit_variant", "sku": sku, "fields": {"price": "1.00"}})
    planned(synced)
    assert client.get(f"{V1}/conflicts", params={"group": "content"}).json() == []
    first, _ = client.get(f"{V1}/conflicts", params={"group": "pricing", "vendor": "Acme"}).json()
    assert (first["suggestion"], first["suggestion_why"]) == ("etilize", "The catalog owns this field.")

    choice = {"about": {"field": "variants[].price"}, "take": "shopify", "by": "Ada", "always": True}
    assert client.post(f"{V1}/conflicts/resolution", json=choice).json() == {"decided": 2}

    (rule,) = client.get(f"{V1}/rules").json()
    assert rule["rule"]["strategy"] == "shopify_priority"
    explained = client.get(f"{V1}/rules/explanation", params={"product": "L3", "field": "price"}).json()
    assert (explained["rule"], explained["drift"]) == (rule["rule"]["name"], "accept")
    sync(synced)
    sync(synced)
    decided = client.get(f"{V1}/conflicts", params={"decided": True}).json()
    assert {(one["decided_by"], one["decided_for"]) for one in decided} == {("Ada", "shopify")}
    flipped = client.post(f"{V1}/conflicts/{decided[0]['conflict_id']}/flip", json={"take": "etilize", "by": "Bo"})
    assert flipped.json() == {"decided": 1}
    assert sync(synced).mutations == 1
    assert sync(synced).mutations == 0
    assert client.post(f"{V1}/conflicts/{decided[0]['conflict_id']}/flip",
                       json={"take": "shopify", "by": "Bo"}).status_code == 200
    (override,) = client.get(f"{V1}/overrides", params={"product": decided[0]["product"]}).json()
    assert (override["value"], override["source"]) == ("1.00", "decided again by Bo")
    gone = client.delete(f"{V1}/overrides", params={"product": override["product"], "field": override["field"]})
    assert (gone.status_code, client.get(f"{V1}/overrides").json()) == (200, [])
    assert client.delete(f"{V1}/rules/{rule['rule_id']}").json()["removed"] is True
    assert client.get(f"{V1}/rules").json() == []


@SQLITE
@pytest.mark.parametrize(("method", "path", "body", "status", "told"), [
    ("POST", "/conflicts/resolution", {"take": "etilize", "by": "Ada"}, 422, "name conflicts by id or say what"),
    ("POST", "/conflicts/resolution", {"conflicts": ["x"], "about": {}, "take": "etilize", "by": "Ada"}, 422,
     "not both"),
    ("POST", "/conflicts/resolution", {"about": {}, "take": "etilize", "by": "Ada"}, 400, "Say which conflicts"),
    ("POST", "/conflicts/nope/flip", {"take": "etilize", "by": "Ada"}, 400, "There is no conflict nope"),
    ("GET", "/conflicts?group=prices", None, 400, "is no group of fields"),
    ("DELETE", "/rules/nope", None, 400, "There is no stored rule nope"),
    ("GET", "/rules/explanation?product=nope&field=title", None, 400, "The catalog has no product nope"),
    ("GET", "/rules/explanation?product=L1&field=colour", None, 400, "is no field"),
    ("DELETE", "/overrides?product=L1&field=title", None, 400, "L1 has no override of title"),
    ("GET", "/plans/nope", None, 409, "This shop has no plan nope"),
    ("GET", "/plans/nope/changes", None, 409, "This shop has no plan nope"),
    ("POST", "/plans/nope/approval", {"by": "Ada", "reason": "x"}, 409, "This shop has no plan nope"),
    ("POST", "/plans/nope/approval", {"by": " ", "reason": "x"}, 409, "An approval needs a name and a reason"),
    ("POST", "/conflicts/resolution", {"conflicts": ["nope"], "take": "etilize", "by": "Ada"}, 400,
     "There is no open conflict nope"),
    ("POST", "/conflicts/resolution", {"conflicts": ["nope"], "take": "both", "by": "Ada"}, 422, "body.take: "),
    ("POST", "/jobs", {"job": "full_sync"}, 503, "does not answer"),
    ("POST", "/jobs", {"job": "sync_products"}, 422, "name products for sync_products, and only for it"),
    ("POST", "/jobs", {"job": "full_sync", "products": ["L1"]}, 422, "name products for sync_products"),
    ("POST", "/jobs", {"job": "format_disk"}, 422, "body.job: "),
    ("GET", "/jobs/some-run", None, 503, "does not answer"),
    ("DELETE", "/jobs/some-run", None, 503, "does not answer"),
    ("GET", "/plans?most=0", None, 422, "query.most: "),
    ("GET", "/plans?most=-1", None, 422, "query.most: "),
    ("GET", "/conflicts?most=many", None, 422, "query.most: "),
    ("GET", "/plans/nope/changes?skip=-1", None, 422, "query.skip: "),
    ("GET", "/plans/no%00pe", None, 422, "path.plan_id: "),
    ("GET", "/nowhere", None, 404, "Not Found"),
    ("PUT", "/plans", {}, 405, "Method Not Allowed"),
])
def test_what_cannot_be_done_is_a_sentence(client: TestClient, method: str, path: str, body: object, status: int,
                                           told: str) -> None:
    answer = client.request(method, f"{V1}{path}", json=body)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert told in answer.json()["error"]


@SQLITE
def test_a_launch_without_dagster_says_how_to_start_it(client: TestClient) -> None:
    told = client.post(f"{V1}/jobs", json={"job": "full_sync"}).json()["error"]
    assert "Dagster's webserver at http://127.0.0.1:1 does not answer" in told
    assert "SHOPSYNC_DAGSTER_URL" in told


@SQLITE
@pytest.mark.parametrize("url", ["http://[no-address", "http://127.0.0.1:1/?", "ftp://127.0.0.1", "nonsense"])
def test_an_address_of_dagster_that_is_none_is_told(serve: Callable[[Settings], TestClient], url: str,
                                                    make_settings: Callable[..., Settings]) -> None:
    answer = serve(make_settings(SHOPSYNC_DAGSTER_URL=url)).get(f"{V1}/jobs/some-run")
    assert answer.status_code == 503
    assert "SHOPSYNC_DAGSTER_URL" in answer.json()["error"]


@SQLITE
def test_something_else_at_dagsters_address_is_told(serve: Callable[[Settings], TestClient], dev_store: DevStore,
                                                    make_settings: Callable[..., Settings]) -> None:
    answer = serve(make_settings(SHOPSYNC_DAGSTER_URL=dev_store.url)).get(f"{V1}/jobs/some-run")
    assert answer.status_code == 503
    assert "SHOPSYNC_DAGSTER_URL" in answer.json()["error"]


@SQLITE
def test_a_database_without_tables_is_told(serve: Callable[[Settings], TestClient], tmp_path: Path,
                                           make_settings: Callable[..., Settings]) -> None:
    broken = serve(make_settings(SHOPSYNC_DATABASE_URL=f"sqlite:///{tmp_path}/fresh.db"))
    for path in ("/health", "/plans", "/conflicts"):
        answer = broken.get(f"{V1}{path}")
        assert answer.status_code == 503
        assert "shopsync db upgrade" in answer.json()["error"]


@SQLITE
def test_a_missing_shop_is_told(serve: Callable[[Settings], TestClient],
                                make_settings: Callable[..., Settings]) -> None:
    answer = serve(make_settings(SHOPIFY_SHOP_URL="")).get(f"{V1}/plans")
    assert answer.status_code == 503
    assert "SHOPIFY_SHOP_URL is not set" in answer.json()["error"]
