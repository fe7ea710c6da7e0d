"""What Dagster tries again and what it does not: real runs in this process, at a store that fails as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import dagster as dg
import pytest

from shopsync_pipeline.core.errors import PlanRefusedError, ShopsyncError
from shopsync_pipeline.engine.health import health_of, resume
from shopsync_pipeline.orchestration import retries
from shopsync_pipeline.orchestration.build import build_defs
from shopsync_pipeline.orchestration.resources import Shopsync
from shopsync_pipeline.orchestration.retries import PAUSES, failing_in_sentences
from shopsync_pipeline.settings import Settings
from shopsync_pipeline.shopify.client import Patience
from shopsync_pipeline.shopify.errors import (
    AnswerLost,
    Forbidden,
    GraphQLFault,
    ServerFault,
    ShopUnavailable,
    Throttled,
    Unauthorized,
    Unreachable,
    UserError,
    UserErrors,
)
from shopsync_pipeline_tests.conftest import DevStore
from shopsync_pipeline_tests.engine.shelf import Shelf
from shopsync_pipeline_tests.orchestration.conftest import ControlRoom

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SNAPSHOT = "shopify__snapshot"


class Impatient(ControlRoom):
    """A control room whose client tries once and whose steps are repeated at once."""

    def defs(self) -> dg.Definitions:
        return build_defs(resource_overrides={"shopsync": Shopsync(lambda: self.settings, pauses=(0.0, 0.01))})

    def materialize(self, *keys: tuple[str, str]) -> dg.ExecuteInProcessResult:
        """Materializes these assets and no others."""
        job = self.defs().resolve_implicit_global_asset_job_def().get_subset(
            asset_selection={dg.AssetKey(list(key)) for key in keys})
        return job.execute_in_process(instance=self.instance, raise_on_error=False)


@pytest.fixture
def room(make_settings: Callable[..., Settings], shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Iterator[Impatient]:
    monkeypatch.setattr("shopsync_pipeline.shopify.client.Patience", lambda: Patience(attempts=1))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Impatient(make_settings(), instance)


def events(result: dg.ExecuteInProcessResult, step: str, kind: str) -> list[dg.DagsterEvent]:
    return [event for event in result.all_events if event.step_key == step and event.event_type_value == kind]


def failure(result: dg.ExecuteInProcessResult, step: str) -> str:
    (event,) = events(result, step, "STEP_FAILURE")
    assert event.step_failure_data.user_failure_data is not None
    return str(event.step_failure_data.user_failure_data.description)


@SQLITE
def test_what_passes_by_itself_is_tried_again_and_the_run_succeeds(room: Impatient, dev_store: DevStore) -> None:
    dev_store.control("fault", {"kind": "http_status", "status": 503, "count": 2})
    result = room.run("full_sync")
    assert result.success
    assert len(events(result, SNAPSHOT, "STEP_UP_FOR_RETRY")) == 2
    assert len(dev_store.products()) == 20


@SQLITE
def test_a_lane_that_met_a_fault_is_tried_again_alone(room: Impatient, dev_store: DevStore) -> None:
    every = {("etilize", "export"), ("etilize", "local_catalog"), ("shopify", "snapshot"), ("sync", "diff")}
    assert room.materialize(*every).success
    dev_store.control("fault", {"kind": "http_status", "status": 503})
    result = room.materialize(("shopify", "applied_mutations"))
    assert result.success
    retried = [event.step_key for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"]
    assert len(retried) == 1
    assert str(retried[0]).endswith("push_creation")
    assert len(dev_store.products()) == 20


@SQLITE
def test_it_ends_after_the_last_repetition_with_the_sentence(room: Impatient, dev_store: DevStore) -> None:
    dev_store.control("settings", {"refuse_status": 503})
    result = room.run("full_sync")
    assert not result.success
    assert len(events(result, SNAPSHOT, "STEP_UP_FOR_RETRY")) == len(PAUSES) == 2
    told = failure(result, SNAPSHOT)
    assert "answered HTTP 503" in told
    assert told.endswith("The step was tried 3 times.")


@SQLITE
@pytest.mark.parametrize(("status", "told"), [(401, "access token was refused"), (402, "frozen"), (404, "no shop"),
                                              (423, "locked"), (430, "security reasons")])
def test_what_no_repetition_helps_is_not_tried_again(room: Impatient, dev_store: DevStore, status: int,
                                                     told: str) -> None:
    dev_store.control("settings", {"refuse_status": status})
    before = dev_store.control("stats")["requests"]
    result = room.run("full_sync")
    assert not result.success
    assert events(result, SNAPSHOT, "STEP_UP_FOR_RETRY") == []
    assert told in failure(result, SNAPSHOT)
    assert dev_store.control("stats")["requests"] == before + 1


@SQLITE
def test_a_paused_shop_fails_runs_with_the_sentence_and_a_check_and_plans_are_still_made(
        room: Impatient, dev_store: DevStore) -> None:
    assert room.run("full_sync").success
    dev_store.control("settings", {"refuse_status": 402})
    room.run("full_sync")
    before = dev_store.control("stats")["requests"]
    paused = room.run("full_sync")
    assert not paused.success
    assert "is paused since" in failure(paused, SNAPSHOT)
    assert events(paused, SNAPSHOT, "STEP_UP_FOR_RETRY") == []
    result = room.materialize(("etilize", "export"), ("etilize", "local_catalog"), ("sync", "diff"))
    assert dev_store.control("stats")["requests"] == before
    assert result.asset_materializations_for_node("sync__diff")
    (check,) = [found for found in result.get_asset_check_evaluations() if found.check_name == "the_shop_is_served"]
    assert not check.passed
    assert "is paused since" in str(check.description)

    dev_store.control("settings", {"refuse_status": None})
    resume(room.context, by="Ada", reason="the bill is paid")
    assert room.run("full_sync").success
    assert health_of(room.context).serves


PERMANENT = [
    Unauthorized("no token"), Forbidden("no scope"), ShopUnavailable("locked", status=423),
    GraphQLFault("wrong", codes=("undefinedField",)), GraphQLFault("wall", codes=("VARIANT_THROTTLE_EXCEEDED",)),
    UserErrors("productSet", [UserError("", "INVALID_INPUT", "no")]), PlanRefusedError("a bound is broken"),
    UserErrors("inventorySetQuantities", [UserError("", "CHANGE_FROM_QUANTITY_STALE", "moved")]),
]
PASSING = [Unreachable("no connection"), ServerFault("HTTP 502"), Throttled("no points"), AnswerLost("lost")]


def tried(error: ShopsyncError) -> tuple[int, str]:
    """How often a step that always ends so is tried, and what people read at its end."""
    count = 0

    @dg.op
    def fails() -> None:
        nonlocal count
        count += 1
        with failing_in_sentences((0.0, 0.0, 0.0)):
            raise error

    @dg.job
    def failing() -> None:
        fails()

    with dg.DagsterInstance.ephemeral() as instance:
        result = failing.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    return count, failure(result, "fails")


@pytest.mark.parametrize("error", PERMANENT, ids=lambda error: type(error).__name__)
def test_a_permanent_error_is_never_tried_again(error: ShopsyncError) -> None:
    assert tried(error) == (1, str(error))


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_a_passing_one_is_as_often_as_there_are_pauses(error: ShopsyncError) -> None:
    assert tried(error) == (4, f"{error} The step was tried 4 times.")


def test_the_pauses_grow_and_have_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class Request(dg.RetryRequested):
        def __init__(self, max_retries: int, seconds_to_wait: float) -> None:
            waits.append(seconds_to_wait)
            super().__init__(max_retries, 0)

    monkeypatch.setattr(retries.dg, "RetryRequested", Request)
    monkeypatch.setattr(retries.random, "uniform", lambda low, high: high)

    @dg.op
    def fails() -> None:
        with failing_in_sentences():
            raise Unreachable("no connection")

    @dg.job
    def failing() -> None:
        fails()

    with dg.DagsterInstance.ephemeral() as instance:
        failing.execute_in_process(instance=instance, raise_on_error=False)
    assert waits == [30 * 1.25, 120 * 1.25]
