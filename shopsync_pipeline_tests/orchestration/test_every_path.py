"""A plan that broke a bound, and any plan in monitoring mode, is sent by no path: each is tried on the dev store."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from shopsync_pipeline.api.app import create_app
from shopsync_pipeline.api.jobs import DagsterApi
from shopsync_pipeline.cli import main
from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.db.plans import ItemState, PlanState
from shopsync_pipeline.engine.approve import approve
from shopsync_pipeline.engine.review import recent_plans
from shopsync_pipeline.settings import Settings
from shopsync_pipeline_tests.conftest import TOKEN, DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.engine.steps import push
from shopsync_pipeline_tests.orchestration.conftest import ControlRoom

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def written(store: DevStore) -> int:
    return sum(count for root, count in store.control("stats")["mutations"].items()
               if root != "metafieldDefinitionCreate")


def raised(store: DevStore) -> int:
    return sum(node["variants"]["nodes"][0]["price"] == "99.00" for node in store.products())


class Paths:
    """Every way by which a person or a program can have a plan sent. Each tells whether it succeeded."""

    def __init__(self, room: ControlRoom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._room = room
        self._patch = monkeypatch
        self._capsys = capsys

    def full_sync(self) -> bool:
        return self._room.run("full_sync").success

    def incremental_sync(self) -> bool:
        return self._room.run("incremental_sync").success

    def sync_products(self) -> bool:
        return self._room.run("sync_products", {"products": [f"L{number}" for number in range(1, 6)]}).success

    def applied_mutations(self) -> bool:
        apply = self._room.defs().resolve_implicit_global_asset_job_def().get_subset(
            asset_selection={dg.AssetKey(["shopify", "applied_mutations"])})
        return apply.execute_in_process(instance=self._room.instance, raise_on_error=False).success

    def rest(self) -> bool:
        """POST /jobs, with the run that it launches carried out here instead of in a daemon."""
        outcome: list[bool] = []

        def launch(_: DagsterApi, job: str, *, config: dict[str, Any] | None = None, tags: object = None) -> str:
            outcome.append(self._room.run(job, config or None).success)
            return "the run"

        self._patch.setattr(DagsterApi, "launch", launch)
        client = TestClient(create_app(lambda: self._room.settings), base_url="http://127.0.0.1")
        assert client.post("/api/v1/jobs", json={"job": "full_sync"}).status_code == 202
        return outcome[0]

    def cli(self) -> bool:
        """`shopsync plan apply` of the newest plan."""
        plan = recent_plans(self._room.context)[0]
        for name, value in environment(self._room.settings).items():
            self._patch.setenv(name, value)
        self._patch.setattr(sys, "argv", ["shopsync", "plan", "apply", plan.plan_id])
        try:
            main()
        except SystemExit as end:
            self._capsys.readouterr()
            return not end.code
        return True

    def engine(self) -> bool:
        try:
            push(self._room.context, recent_plans(self._room.context)[0])
        except PlanRefusedError:
            return False
        return True


PATHS = [name for name in vars(Paths) if not name.startswith("_")]
MAKE_A_PLAN = {"full_sync", "incremental_sync", "sync_products", "rest"}
"""Paths whose run makes a plan of its own before it would send it."""


def environment(settings: Settings) -> dict[str, str]:
    return {
        "SHOPIFY_SHOP_URL": settings.shopify_shop_url, "SHOPIFY_ACCESS_TOKEN": TOKEN,
        "SHOPSYNC_DATABASE_URL": settings.database_url.get_secret_value(),
        "SHOPSYNC_EXPORT_PATH": str(settings.export_path), "SYNC_MONITORING": str(settings.monitoring).lower(),
        "SYNC_MAX_UPDATED_SHARE": str(settings.max_updated_share),
    }


@pytest.fixture
def paths(room: ControlRoom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Paths:
    return Paths(room, monkeypatch, capsys)


def too_much(room: ControlRoom, shelf: Shelf) -> None:
    """The lamps are in the store, and a plan that changes a quarter of them was refused."""
    assert room.run("full_sync").success
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")
    assert not room.run("full_sync").success
    assert recent_plans(room.context)[0].state is PlanState.REFUSED


@SQLITE
@pytest.mark.parametrize("path", PATHS)
def test_a_plan_beyond_a_bound_is_sent_by_no_path(path: str, paths: Paths, room: ControlRoom, shelf: Shelf,
                                                  dev_store: DevStore) -> None:
    too_much(room, shelf)
    before = written(dev_store)

    assert getattr(paths, path)() is False

    assert written(dev_store) == before
    assert raised(dev_store) == 0


@SQLITE
@pytest.mark.parametrize("path", [name for name in PATHS if name not in MAKE_A_PLAN])
def test_once_approved_it_is_sent_by_each(path: str, paths: Paths, room: ControlRoom, shelf: Shelf,
                                          dev_store: DevStore) -> None:
    too_much(room, shelf)
    approve(room.context, recent_plans(room.context)[0].plan_id, by="Ada", reason="new price list")

    assert getattr(paths, path)() is True

    assert raised(dev_store) == 5


@SQLITE
@pytest.mark.parametrize("path", sorted(MAKE_A_PLAN))
def test_an_approval_does_not_reach_the_next_runs_plan(path: str, paths: Paths, room: ControlRoom, shelf: Shelf,
                                                       dev_store: DevStore) -> None:
    too_much(room, shelf)
    approve(room.context, recent_plans(room.context)[0].plan_id, by="Ada", reason="new price list")

    assert getattr(paths, path)() is False

    assert raised(dev_store) == 0


@SQLITE
def test_an_approval_of_another_content_counts_for_nothing(room: ControlRoom, shelf: Shelf, paths: Paths,
                                                           dev_store: DevStore) -> None:
    too_much(room, shelf)
    plan = recent_plans(room.context)[0]
    with pytest.raises(PlanRefusedError, match=f"has the hash {plan.hash}, not {'0' * 64}"):
        approve(room.context, plan.plan_id, by="Ada", reason="new price list", expected_hash="0" * 64)
    approve(room.context, plan.plan_id, by="Ada", reason="new price list", expected_hash=plan.hash)
    with room.context.database.write() as connection:
        connection.exec_driver_sql("UPDATE plan SET hash = 'another'")

    assert [paths.applied_mutations(), paths.cli(), paths.engine()] == [False] * 3
    assert raised(dev_store) == 0


@SQLITE
@pytest.mark.parametrize("path", PATHS)
def test_monitoring_sends_by_no_path(path: str, paths: Paths, room: ControlRoom, shelf: Shelf, dev_store: DevStore,
                                     make_settings: Callable[..., Settings]) -> None:
    room.run("full_sync")
    before = written(dev_store)
    room.settings = make_settings(SYNC_MONITORING=True)
    room.__post_init__()
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")
    room.run("full_sync")

    succeeded = getattr(paths, path)()

    # A run that plans records what it would have done, and succeeds; what only sends is refused.
    assert succeeded is (path in MAKE_A_PLAN)
    assert written(dev_store) == before
    assert raised(dev_store) == 0


def test_a_monitored_run_succeeds_beyond_all_bounds_and_records_what_it_would_have_done(
    room: ControlRoom, shelf: Shelf, dev_store: DevStore, make_settings: Callable[..., Settings],
) -> None:
    room.run("full_sync")
    for number in range(1, 6):
        shelf.change(f"L{number}", price="99.00")
    room.settings = make_settings(SYNC_MONITORING=True, SYNC_MAX_UPDATED_SHARE=0.1)
    room.__post_init__()

    result = room.run("full_sync")

    assert result.success
    diff = room.metadata(result, "sync", "diff")
    assert diff["monitoring"] is True
    assert "5 of 20 linked products (25%)" in diff["needs_approval"]
    assert "**Monitoring: this is what would have been done; nothing of it is sent.**" in diff["report"]
    applied = room.metadata(result, "shopify", "applied_mutations")
    assert (applied["monitoring"], applied["would_send"], applied["confirmed"], applied["mutations"]) == (
        True, 5, 0, 0)
    assert "nothing was sent" in applied["sent"]
    (check,) = [check for check in result.get_asset_check_evaluations()
                if check.check_name == "changes_are_within_bounds"]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    plan = recent_plans(room.context)[0]
    assert (plan.state, plan.summary["monitoring"]) == (PlanState.REFUSED, True)
    run = room.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags["shopsync/progress"] == "monitoring: 5 not sent"


@SQLITE
def test_monitoring_changes_nothing_at_all_in_a_new_shop(room: ControlRoom, dev_store: DevStore,
                                                         make_settings: Callable[..., Settings]) -> None:
    room.settings = make_settings(SYNC_MONITORING=True)
    room.__post_init__()

    assert room.run("full_sync").success

    assert dev_store.control("stats")["mutations"] == {}
    assert dev_store.products() == []


@SQLITE
def test_a_failed_canary_fails_the_run_and_the_rest_goes_once_a_person_says_so(
    room: ControlRoom, shelf: Shelf, dev_store: DevStore, make_settings: Callable[..., Settings], paths: Paths,
) -> None:
    for number in range(1, 20):
        shelf.change(f"L{number}", image="no address")
    room.settings = make_settings(SYNC_CANARY_SHARE=0.2)
    room.__post_init__()

    result = room.run("full_sync")

    assert not result.success
    plan = recent_plans(room.context)[0]
    assert plan.state is PlanState.HALTED
    assert len(dev_store.products()) <= 1
    assert [paths.applied_mutations(), paths.cli(), paths.engine()] == [False] * 3
    assert main_says(paths, ["plan", "continue", plan.plan_id, "--by", "Ada", "--reason", "known bad pictures"]) == 0
    assert paths.cli() is True
    assert len(dev_store.products()) == 1
    done = recent_plans(room.context)[0]
    assert (done.state, done.continued_by) == (PlanState.APPLIED, "Ada")
    assert ItemState.HELD.value not in {state for _, _, state in _tally(room)}


def main_says(paths: Paths, arguments: list[str]) -> int:
    paths._patch.setattr(sys, "argv", ["shopsync", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(bool(end.code))
    return 0


def _tally(room: ControlRoom) -> dict[tuple[str, str, str], int]:
    from shopsync_pipeline.db.plans import Plans

    with room.context.database.read() as connection:
        return Plans(connection, room.context.shop_id).tally(recent_plans(room.context)[0].plan_id)
