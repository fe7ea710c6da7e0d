"""The routes of dead letters: what they answer, and which sentence comes with which status."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import sync

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HERE = "/api/v1/dead-letters"
BY = {"by": "Ada", "reason": "said so"}


@pytest.fixture
def letters(client: TestClient, synced: Context, shelf: Shelf, dev_store: DevStore) -> list[dict[str, Any]]:
    """Two letters with one root cause, as the API lists them, the last refused first."""
    for number in (1, 2):
        dev_store.control("refusals", {"sku": f"L{number}", "message": f'Title "{number}" is taken', "code": "TAKEN",
                                       "field": ["title"], "root": "productUpdate", "count": 1})
        shelf.change(f"L{number}", title=f"Bad {number}", tags="bright, new")
    sync(synced)
    found: list[dict[str, Any]] = client.get(HERE).json()
    return found


def test_letters_are_listed_with_what_was_sent_and_refused(client: TestClient, letters: list[dict[str, Any]]) -> None:
    (letter,) = client.get(HERE, params={"product": "L1"}).json()
    assert letter in letters
    assert len(letters) == 2
    assert (letter["state"], letter["product"], letter["operation"], letter["cause"], letter["named"],
            letter["times"], letter["run_id"]) == (
        "open", "handle:lamp-1", "product_update", "rejected", True, 1, "test")
    assert [(change["field"], change["after"], change["refused"]) for change in letter["changes"]] == [
        ("title", "Bad 1", True), ("tags", ["bright", "new"], False)]
    assert "is taken" in letter["why"]
    assert client.get(HERE, params={"skip": 1, "most": 1}).json() == letters[1:]
    assert client.get(HERE, params={"state": "all", "operation": "publish"}).json() == []
    assert client.get(f"{HERE}/{letter['letter_id']}").json() == {"letter": letter, "history": []}

    (group,) = client.get(f"{HERE}/groups").json()
    assert (group["count"], group["products"], group["operation"]) == (
        2, ["handle:lamp-1", "handle:lamp-2"], "product_update")
    assert group["root_cause"].endswith('title: Title "…" is taken')
    assert group["example"] == letters[0]
    assert client.get(HERE, params={"group": group["group"]}).json() == letters


def test_a_letter_is_sent_again_and_its_history_says_who_and_why(client: TestClient, letters: list[dict[str, Any]],
                                                                 synced: Context) -> None:
    one, other = (f"{HERE}/{letter['letter_id']}" for letter in letters)
    assert client.post(f"{one}/retry", json=BY).json() == {"letters": 1}
    assert client.post(f"{HERE}/retry", json={"by": "Bo", "about": {"group": letters[0]["group"]}}).json() == {
        "letters": 1}
    sync(synced)
    for url, by in ((one, "Ada"), (other, "Bo")):
        shown = client.get(url).json()
        assert shown["letter"]["state"] == "resolved"
        assert [(step["state"], step["by"]) for step in shown["history"]] == [
            ("retrying", by), ("resolved", "shopsync")]
    assert client.get(HERE).json() == []


def test_a_letter_gets_another_value(client: TestClient, letters: list[dict[str, Any]], synced: Context,
                                     dev_store: DevStore) -> None:
    letter = letters[0]["letter_id"]
    answer = client.post(f"{HERE}/{letter}/edit", json={"field": "title", "value": " Good ", **BY})
    assert answer.json() == {"letter_id": letter, "field": "title", "value": "Good"}
    (override,) = client.get("/api/v1/overrides").json()
    assert (override["value"], override["source"]) == ("Good", f"dead letter {letter}, edited by Ada: said so")
    sync(synced)
    assert "Good" in {node["title"] for node in dev_store.products()}


def test_letters_are_discarded(client: TestClient, letters: list[dict[str, Any]], synced: Context,
                               dev_store: DevStore) -> None:
    assert client.post(f"{HERE}/{letters[0]['letter_id']}/discard", json=BY).json() == {"letters": 1}
    assert client.post(f"{HERE}/discard", json={**BY, "everything": True}).json() == {"letters": 1}
    sync(synced)
    assert {node["title"] for node in dev_store.products()}.isdisjoint({"Bad 1", "Bad 2"})
    assert len(client.get(HERE, params={"state": "discarded"}).json()) == 2


@pytest.mark.parametrize(("method", "path", "body", "status", "told"), [
    ("GET", "/nope", None, 400, "There is no dead letter nope"),
    ("GET", "?state=dead", None, 400, '"dead" is no state of a dead letter'),
    ("GET", "/groups?operation=sing", None, 400, '"sing" is no operation'),
    ("GET", "?most=0", None, 422, "query.most: "),
    ("POST", "/nope/retry", BY, 400, "There is no dead letter nope"),
    ("POST", "/nope/retry", {"by": " "}, 400, "A decision needs the name of who made it"),
    ("POST", "/nope/retry", {}, 422, "body.by: "),
    ("POST", "/nope/edit", {"field": "title", "value": "x", **BY}, 400, "There is no dead letter nope"),
    ("POST", "/nope/edit", {"field": "title", **BY}, 422, "body.value: "),
    ("POST", "/nope/discard", BY, 400, "There is no dead letter nope"),
    ("POST", "/nope/discard", {"by": "Ada"}, 422, "body.reason: "),
    ("POST", "/nope/discard", {"by": "Ada", "reason": " "}, 400, "Discarding needs a reason"),
    ("POST", "/retry", BY, 400, "Say which dead letters"),
    ("POST", "/retry", {**BY, "everything": True, "about": {"product": "L1"}}, 400, "Say which dead letters"),
    ("POST", "/discard", BY, 400, "Say which dead letters"),
    ("POST", "/discard", {**BY, "about": {"state": "resolved", "cause": "lost"}}, 400, "Resolved dead letters are"),
])
def test_what_cannot_be_done_is_a_sentence(client: TestClient, method: str, path: str, body: object, status: int,
                                           told: str) -> None:
    answer = client.request(method, f"{HERE}{path}", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]
