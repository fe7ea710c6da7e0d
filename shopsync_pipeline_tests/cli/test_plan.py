"""`shopsync plan …` and `shopsync compare`, as an operator uses them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shopsync_pipeline.engine.context import Context
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.cli.conftest import Operator
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import planned

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def plan(synced: Context, shelf: Shelf) -> str:
    """A plan that changes a quarter of the lamps and meets a wall; it needs approval."""
    for number in range(1, 6):
        shelf.change(f"L{number}", price="12.50")
    shelf.change("L6", title="x" * 256)
    return planned(synced).plan_id


def test_a_list_shows_what_needs_a_persons_word(operator: Operator, plan: str) -> None:
    listed = operator.told("plan", "list")
    assert listed.startswith(plan)
    assert "1 items held" in listed
    assert "wall ahead: title, 1 products not sent" in listed
    assert "needs approval: 5 of 20 linked products (25%)" in listed
    assert "monitoring" not in listed


def test_the_report_is_written_in_each_form(operator: Operator, plan: str, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"plan.{kind}" for kind in ("markdown", "json", "csv")}
    told = operator.told("plan", "show", plan, *[part for kind, file in files.items()
                                                 for part in (f"--{kind}", str(file))])
    assert told.splitlines() == [f"The report of plan {plan} is in {files['markdown']}.",
                                 f"The report of plan {plan} is in {files['json']}.",
                                 f"6 changes of plan {plan} are in {files['csv']}."]
    assert files["markdown"].read_text().startswith(f"# Plan {plan}\n")
    assert json.loads(files["json"].read_text())["summary"]["products"]["update"] == 6
    with files["csv"].open(newline="") as opened:
        assert [row["field"] for row in csv.DictReader(opened)] == [
            *[f"variants[L{number}].price" for number in range(1, 6)], "title"]


def test_an_approval_may_name_the_content_that_was_looked_at(operator: Operator, plan: str,
                                                             dev_store: DevStore) -> None:
    assert "may not be sent: 5 of 20" in operator.refused("plan", "apply", plan)
    assert "so it is not the plan that was looked at" in operator.refused(
        "plan", "approve", plan, "--reason", "x", "--hash", "0" * 64)
    out = operator.told("plan", "approve", plan, "--by", "Ada", "--reason", "new list")
    assert f"shopsync plan apply {plan}" in out
    sent = operator.told("plan", "apply", plan)
    assert sent.startswith(f"Plan {plan}: 1 held, 5 confirmed; 5 mutations, ")
    assert [node["variants"]["nodes"][0]["price"] for node in dev_store.products()].count("12.50") == 5
    assert "0 mutations" not in operator.told("plan", "apply", plan), "what was sent is not sent again"
    assert dev_store.control("stats")["mutations"]["productVariantsBulkUpdate"] == 5


def test_monitoring_is_shown_and_sends_nothing(operator: Operator, synced: Context, shelf: Shelf,
                                               make_settings: Callable[..., Settings]) -> None:
    shelf.change("L1", price="12.50")
    monitored = planned(Context.open(make_settings(SYNC_MONITORING=True))).plan_id
    assert "monitoring: nothing of it is sent" in operator.told("plan", "list")
    told = operator.refused("plan", "apply", monitored, SYNC_MONITORING="true")
    assert "is only monitored (SYNC_MONITORING=true), so nothing is sent to it" in told


@pytest.mark.parametrize(("arguments", "told"), [
    (("continue", "nope", "--reason", "x"), "This shop has no plan nope"),
    (("apply", "nope"), "This shop has no plan nope"),
    (("show", "nope", "--markdown", "x.md"), "This shop has no plan nope"),
])
def test_what_cannot_be_done_is_one_sentence(operator: Operator, arguments: tuple[str, ...], told: str) -> None:
    assert told in operator.refused("plan", *arguments)


def test_only_a_halted_plan_is_continued(operator: Operator, plan: str) -> None:
    assert f"Plan {plan} is refused, so there is nothing to continue" in operator.refused(
        "plan", "continue", plan, "--by", "Ada", "--reason", "x")


def test_values_are_no_markup(operator: Operator, synced: Context, shelf: Shelf) -> None:
    shelf.change("L1", title="[bold]Lamp[/bold]")
    plan = planned(synced).plan_id
    assert "[bold]Lamp[/bold]" in operator.told("plan", "show", plan, COLUMNS="300")


def test_the_old_systems_file_is_compared(operator: Operator, synced: Context, shelf: Shelf, tmp_path: Path) -> None:
    old = tmp_path / "old" / "old.csv"
    old.parent.mkdir()
    old.write_bytes(shelf.file.read_bytes().replace(b"12.00", b"12.99"))
    report, differences = tmp_path / "report.md", tmp_path / "differences.csv"

    out = operator.told("compare", str(old), "--report", str(report), "--differences", str(differences))

    assert "over 20 products that both have; 0 only ours, 0 only theirs." in out
    assert "    variants[].price: 19 same, 1 different, 0 only in ours, 0 only in theirs" in out
    assert "| handle:lamp-2 | variants[L2].price | 12.00 | 12.99 | different |" in report.read_text()
    assert len(differences.read_text().splitlines()) == 2
    assert "nowhere.csv does not exist" in operator.refused("compare", "nowhere.csv")
