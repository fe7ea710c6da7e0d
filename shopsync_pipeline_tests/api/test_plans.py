"""Plans over REST: the report in each form, approval of one content, and letting a halted plan go on."""

from __future__ import annotations

import csv
import io

import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.db.plans import Plans
from shopsync_pipeline.engine.context import Context
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned

V1 = "/api/v1"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def plan(synced: Context, shelf: Shelf) -> str:
    """A plan that changes a quarter of the lamps."""
    for number in range(1, 6):
        shelf.change(f"L{number}", price="12.50")
    return planned(synced).plan_id


def test_the_report_in_each_form(client: TestClient, plan: str) -> None:
    told = client.get(f"{V1}/plans/{plan}/report.json").json()
    assert told["summary"]["lanes"]["price"]["items"] == 5
    assert told["refusals"][0].startswith("5 of 20 linked products (25%)")

    read = client.get(f"{V1}/plans/{plan}/report.md")
    assert read.headers["content-type"].startswith("text/markdown")
    assert read.text.startswith(f"# Plan {plan}\n")

    rows = client.get(f"{V1}/plans/{plan}/report.csv")
    assert rows.headers["content-type"].startswith("text/csv")
    assert [row["after"] for row in csv.DictReader(io.StringIO(rows.text))] == ["12.50"] * 5


@pytest.mark.parametrize("form", ["json", "md", "csv"])
def test_a_plan_that_is_not_there_is_told(client: TestClient, form: str) -> None:
    answer = client.get(f"{V1}/plans/nope/report.{form}")
    assert answer.status_code == 409
    assert "This shop has no plan nope" in answer.json()["error"]


def test_an_approval_is_for_one_content(client: TestClient, plan: str) -> None:
    known = client.get(f"{V1}/plans/{plan}").json()["hash"]
    given = {"by": "Ada", "reason": "new price list"}
    refused = client.post(f"{V1}/plans/{plan}/approval", json={**given, "hash": "0" * 64})
    assert refused.status_code == 409
    assert "so it is not the plan that was looked at" in refused.json()["error"]
    assert client.post(f"{V1}/plans/{plan}/approval", json={**given, "hash": "short"}).status_code == 422
    assert client.post(f"{V1}/plans/{plan}/approval", json={**given, "hash": known}).json()["state"] == "ready"


def test_a_halted_plan_is_continued_by_a_named_person(client: TestClient, synced: Context, plan: str) -> None:
    given = {"by": "Ada", "reason": "looked at"}
    assert client.post(f"{V1}/plans/{plan}/continuation", json=given).status_code == 409
    with synced.database.write() as connection:
        assert Plans(connection, synced.shop_id).halt(plan, "too many failed") == 5
    rows = client.get(f"{V1}/plans/{plan}/changes").json()
    assert {(row["state"], row["note"]) for row in rows} == {("held", "too many failed")}
    assert client.post(f"{V1}/plans/{plan}/continuation", json={"by": "", "reason": "x"}).status_code == 422

    answer = client.post(f"{V1}/plans/{plan}/continuation", json=given).json()

    assert (answer["state"], answer["continued_by"], answer["continue_reason"]) == ("applying", "Ada", "looked at")
    assert {row["state"] for row in client.get(f"{V1}/plans/{plan}/changes").json()} == {"planned"}
