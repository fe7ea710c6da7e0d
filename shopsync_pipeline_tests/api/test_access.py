"""Who is let in: the token where there is one, this machine only where there is none; and no secret gets out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.api.app import create_app
from shopsync_pipeline.api.server import serve as serve_api
from shopsync_pipeline.core.errors import SettingsError
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import TOKEN

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = "hush-5f1c"
ROUTES = [
    ("GET", "/plans"), ("GET", "/plans/x"), ("GET", "/plans/x/changes"), ("POST", "/plans/x/approval"),
    ("POST", "/plans/x/continuation"), ("GET", "/plans/x/report.json"), ("GET", "/plans/x/report.md"),
    ("GET", "/plans/x/report.csv"),
    ("GET", "/conflicts"), ("POST", "/conflicts/resolution"), ("POST", "/jobs"), ("GET", "/jobs/x"),
    ("DELETE", "/jobs/x"), ("GET", "/imports"), ("GET", "/imports/x/changes"), ("GET", "/imports/x/quarantine"),
    ("POST", "/imports/x/approval"), ("POST", "/imports/x/rollback"),
    ("POST", "/undo"), ("GET", "/undo/held"), ("GET", "/undo/x"), ("POST", "/undo/x/launch"),
    ("GET", "/products/x/blame"), ("POST", "/conflicts/x/flip"), ("GET", "/rules"), ("DELETE", "/rules/x"),
    ("GET", "/rules/explanation"), ("GET", "/overrides"), ("DELETE", "/overrides"),
    ("GET", "/dead-letters"), ("GET", "/dead-letters/groups"), ("POST", "/dead-letters/retry"),
    ("POST", "/dead-letters/discard"), ("GET", "/dead-letters/x"), ("POST", "/dead-letters/x/retry"),
    ("POST", "/dead-letters/x/edit"), ("POST", "/dead-letters/x/discard"),
    ("POST", "/shop/resumption"),
]
NAMED = {"plans": "{plan_id}", "jobs": "{run_id}", "imports": "{import_id}", "undo": "{plan_id}", "products": "{key}",
         "conflicts": "{conflict_id}", "rules": "{rule_id}", "dead-letters": "{letter_id}"}
Make = Callable[..., Settings]
Serve = Callable[[Settings], TestClient]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("presented", [None, "", "Bearer wrong", f"Bearer {SECRET}x", f"Basic {SECRET}", SECRET])
def test_without_the_token_nothing_is_answered(serve: Serve, make_settings: Make, method: str, path: str,
                                               presented: str | None) -> None:
    client = serve(make_settings(SHOPSYNC_API_TOKEN=SECRET))
    headers = {} if presented is None else {"Authorization": presented}

    answer = client.request(method, f"/api/v1{path}", headers=headers, json={} if method == "POST" else None)

    assert answer.status_code == 401
    assert answer.json() == {"error": "Present the token of SHOPSYNC_API_TOKEN as `Authorization: Bearer …`."}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_list_of_guarded_routes_is_complete(make_settings: Make) -> None:
    described = create_app(make_settings).openapi()["paths"]
    guarded = {(method.upper(), path) for path, methods in described.items() for method in methods
               if methods[method].get("security")}
    wanted = {(method, "/api/v1" + path.replace("/x", f"/{NAMED.get(path.split('/')[1])}")) for method, path in ROUTES}
    assert guarded == wanted
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} - guarded == {
        ("GET", "/api/v1/health")}


def test_with_the_token_everything_is(serve: Serve, make_settings: Make) -> None:
    client = serve(make_settings(SHOPSYNC_API_TOKEN=SECRET))
    assert client.get("/api/v1/plans", headers={"Authorization": f"Bearer {SECRET}"}).json() == []


def test_health_needs_no_token(serve: Serve, make_settings: Make) -> None:
    assert serve(make_settings(SHOPSYNC_API_TOKEN=SECRET)).get("/api/v1/health").status_code == 200


@pytest.mark.parametrize(("host", "status"), [
    ("127.0.0.1", 200), ("localhost", 200), ("[::1]", 200), ("rebound.example", 403), ("10.0.0.8", 403)])
def test_without_a_token_only_this_machines_names_are_answered(make_settings: Make, host: str, status: int) -> None:
    settings = make_settings()
    client = TestClient(create_app(lambda: settings), base_url=f"http://{host}:47400")
    assert client.get("/api/v1/plans").status_code == status


def test_a_form_of_another_page_cannot_launch_anything(serve: Serve, make_settings: Make) -> None:
    """What a browser sends across sites without asking first: text, not JSON."""
    answer = serve(make_settings()).post("/api/v1/jobs", content=b'{"job": "full_sync"}',
                                         headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "shop.example", "::"])
def test_without_a_token_only_loopback_is_listened_on(make_settings: Make, host: str) -> None:
    with pytest.raises(SettingsError, match="Set SHOPSYNC_API_TOKEN, or listen on 127"):
        serve_api(make_settings(), host=host, port=0)


@pytest.mark.parametrize("given", [
    {}, {"SHOPSYNC_DATABASE_URL": f"postgresql://me:{SECRET}@127.0.0.1:1/shop"},
    {"SHOPSYNC_DAGSTER_URL": f"http://me:{SECRET}@127.0.0.1:1"}, {"SHOPSYNC_DATABASE_URL": f"mysql://me:{SECRET}@db/x"},
    {"SHOPSYNC_API_TOKEN": SECRET}, {"SHOPIFY_ACCESS_TOKEN": SECRET},
])
def test_no_answer_holds_a_secret(serve: Serve, make_settings: Make, given: dict[str, str]) -> None:
    client = serve(make_settings(**{"SHOPSYNC_DAGSTER_URL": "http://127.0.0.1:1", **given}))
    for authorised in ({}, {"Authorization": f"Bearer {given.get('SHOPSYNC_API_TOKEN', '')}"}):
        for method, path in [*ROUTES, ("GET", "/health"), ("GET", "/../openapi.json"), ("POST", "/jobs")]:
            body = {"job": "full_sync", "by": "Ada", "reason": "x", "conflicts": ["x"], "take": "etilize"}
            answer = client.request(method, f"/api/v1{path}", headers=authorised,
                                    json=body if method == "POST" else None)
            told = answer.text + str(answer.headers)
            assert SECRET not in told
            assert TOKEN not in told
