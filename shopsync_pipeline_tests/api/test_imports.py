"""The routes of imports: what each answers, and which sentence comes with which status."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.core.errors import DeliveryRefusedError
from shopsync_pipeline.db.shops import Written, writing_to
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.engine.ingest import ingest
from shopsync_pipeline_tests.engine.shelf import Shelf

V1 = "/api/v1"
ADA = {"by": "Ada", "reason": "wrong prices"}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def second(synced: Context, shelf: Shelf) -> str:
    """The second import: another price and title, and a price that is none."""
    shelf.change("L1", price="99.00", title="Lamp One")
    shelf.change("L2", price="twelve")
    return ingest(synced).import_id


def test_imports_newest_first(client: TestClient, second: str) -> None:
    newest, first = client.get(f"{V1}/imports").json()
    assert (newest["import_id"], newest["kind"], newest["state"], newest["products"]) == (
        second, "delivery", "current", 20)
    assert newest["changes"] == {"appeared": 0, "changed": 2, "vanished": 0, "unchanged": 18,
                                 "groups": {"content": 1, "pricing": 2, "lifecycle": 1}}
    assert [(file["name"], file["encoding"]) for file in newest["files"]] == [("shop.csv", "utf-8")]
    assert first["state"] == "superseded"
    assert client.get(f"{V1}/imports", params={"most": 1}).json() == [newest]


def test_changes_page_by_page(client: TestClient, second: str) -> None:
    rows = client.get(f"{V1}/imports/{second}/changes").json()
    assert [(row["product"], row["kind"], row["groups"]) for row in rows] == [
        ("handle:lamp-1", "changed", ["content", "pricing"]), ("handle:lamp-2", "changed", ["pricing", "lifecycle"])]
    assert rows[1]["fields"] == [
        {"field": "status", "group": "lifecycle", "before": "ACTIVE", "after": "DRAFT"},
        {"field": "variants[L2].price", "group": "pricing", "before": "12.00", "after": None}]
    paged = [client.get(f"{V1}/imports/{second}/changes", params={"skip": skip, "most": 1}).json() for skip in (0, 1)]
    assert [row for page in paged for row in page] == rows
    asked = {"kind": "changed", "group": "content"}
    assert client.get(f"{V1}/imports/{second}/changes", params=asked).json() == rows[:1]


def test_the_quarantine(client: TestClient, second: str) -> None:
    (row,) = client.get(f"{V1}/imports/{second}/quarantine").json()
    assert (row["kind"], row["file"], row["line"], row["column"], row["value"]) == (
        "value", "shop.csv", 3, "Variant Price", "twelve")
    assert client.get(f"{V1}/imports/{second}/quarantine", params={"kind": "row"}).json() == []


def test_a_rollback_over_the_api(client: TestClient, second: str) -> None:
    first = client.get(f"{V1}/imports").json()[1]["import_id"]

    answer = client.post(f"{V1}/imports/{first}/rollback", json=ADA)

    assert answer.status_code == 200
    made = answer.json()
    assert (made["kind"], made["state"], made["restores"], made["changes"]["changed"]) == (
        "rollback", "current", first, 2)
    newest, undone, _ = client.get(f"{V1}/imports").json()
    assert newest == made
    assert (undone["import_id"], undone["state"], undone["rolled_back_by"]) == (second, "rolled_back", "Ada")
    approved = client.post(f"{V1}/imports/{second}/approval", json={"by": "Bob", "reason": "they are right"})
    assert (approved.status_code, approved.json()["state"], approved.json()["approved_by"]) == (200, "approved", "Bob")


def test_an_approval_over_the_api(client: TestClient, synced: Context, shelf: Shelf) -> None:
    for number in range(1, 9):
        shelf.remove(f"L{number}")
    with pytest.raises(DeliveryRefusedError):
        ingest(synced)
    refused = client.get(f"{V1}/imports").json()[0]
    assert "has 12 products that can be sold" in refused["refusals"][0]
    answer = client.post(f"{V1}/imports/{refused['import_id']}/approval", json=ADA)
    assert (answer.status_code, answer.json()["state"]) == (200, "approved")


def test_a_catalog_that_is_being_changed_is_told(client: TestClient, synced: Context, second: str) -> None:
    with writing_to(synced.database, synced.shop_id, "an import", Written.CATALOG):
        answer = client.post(f"{V1}/imports/{second}/rollback", json=ADA)
    assert answer.status_code == 409
    assert "is being changed by an import" in answer.json()["error"]


@SQLITE
@pytest.mark.parametrize(("method", "path", "body", "status", "told"), [
    ("GET", "/imports/nope/changes", None, 400, "This shop has no import nope"),
    ("GET", "/imports/nope/quarantine", None, 400, "This shop has no import nope"),
    ("POST", "/imports/nope/approval", ADA, 400, "This shop has no import nope"),
    ("POST", "/imports/nope/rollback", ADA, 400, "This shop has no import nope"),
    ("POST", "/imports/nope/rollback", {"by": " ", "reason": "x"}, 400, "A rollback needs a name and a reason"),
    ("POST", "/imports/nope/rollback", {"by": "Ada"}, 422, "body.reason: "),
    ("GET", "/imports/nope/changes?kind=moved", None, 422, "query.kind: "),
    ("GET", "/imports/nope/quarantine?kind=bad", None, 422, "query.kind: "),
    ("GET", "/imports?most=0", None, 422, "query.most: "),
])
def test_what_cannot_be_done_is_a_sentence(client: TestClient, method: str, path: str, body: object, status: int,
                                           told: str) -> None:
    answer = client.request(method, f"{V1}{path}", json=body)
    assert answer.status_code == status
    assert told in answer.json()["error"]
