"""Launching and following runs through Dagster's own GraphQL endpoint, which is what holds the workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from shopsync_pipeline.core.errors import SettingsError, ShopsyncError

LOCATION = "shopsync"
REPOSITORY = "__repository__"

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on UnauthorizedError { message }
  }
}
"""
_RUN = """
query Run($id: ID!) {
  runOrError(runId: $id) {
    __typename
    ... on Run { status startTime endTime tags { key value } }
    ... on RunNotFoundError { message }
  }
}
"""
_FAILURES = """
query Failures($id: ID!) {
  logsForRun(runId: $id, limit: 5000) {
    ... on EventConnection {
      events {
        __typename
        ... on ExecutionStepFailureEvent { stepKey error { message className causes: errorChain { error { message } } }
          failureMetadata { description } }
        ... on RunFailureEvent { message }
        ... on AssetCheckEvaluationEvent { evaluation { checkName success description severity } }
      }
    }
  }
}
"""
_LOCATIONS = """
query { workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
  __typename ... on PythonError { message } } } } } }
"""
_TERMINATE = """
mutation Stop($id: String!) { terminateRun(runId: $id) { __typename ... on PythonError { message }
  ... on TerminateRunFailure { message } ... on RunNotFoundError { message } } }
"""

ENDED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})


class DagsterUnreachableError(ShopsyncError):
    """Dagster's webserver does not answer, or answers with an error of its own."""


class LaunchRefusedError(ShopsyncError):
    """Dagster did not accept a run: unknown job, or config that does not fit."""


@dataclass(frozen=True, slots=True)
class RunState:
    """A run as Dagster reports it: status, its tags, and seconds it has been running (0 before it starts)."""

    status: str
    tags: Mapping[str, str]
    seconds: float

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.status in ENDED


class DagsterApi:
    """Dagster's webserver at `url` (`http://127.0.0.1:47300`). Use as a context manager."""

    def __init__(self, url: str, *, timeout_seconds: float = 60.0) -> None:
        """Opens nothing yet."""
        try:
            self._http = httpx.Client(base_url=url.rstrip("/"), timeout=timeout_seconds, trust_env=False)
        except httpx.InvalidURL:
            raise SettingsError("SHOPSYNC_DAGSTER_URL is no address; write it like http://127.0.0.1:47300.") from None
        base = self._http.base_url
        self._url = str(base.copy_with(userinfo=b"")).rstrip("/")

    def __enter__(self) -> DagsterApi:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def launch(self, job: str, *, config: Mapping[str, Any] | None = None,
               tags: Mapping[str, str] | None = None) -> str:
        """Launches a job and returns the run's id. Raises `LaunchRefusedError` with Dagster's reasons."""
        params = {
            "selector": {"repositoryLocationName": LOCATION, "repositoryName": REPOSITORY, "jobName": job},
            "runConfigData": dict(config or {}),
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
            "mode": "default",
        }
        answer = self._ask(_LAUNCH, {"params": params})["launchRun"]
        if answer["__typename"] == "LaunchRunSuccess":
            return str(answer["run"]["runId"])
        reasons = [error["message"] for error in answer.get("errors", [])] or [answer.get("message", "no reason given")]
        raise LaunchRefusedError(f"Dagster did not accept a run of {job}: {' '.join(reasons)}")

    def run(self, run_id: str) -> RunState:
        """A run's state. Raises `LaunchRefusedError` for an id that Dagster does not know."""
        answer = self._ask(_RUN, {"id": run_id})["runOrError"]
        if answer["__typename"] != "Run":
            raise LaunchRefusedError(f"Dagster knows no run {run_id}.")
        started, ended = answer["startTime"], answer["endTime"]
        return RunState(answer["status"], {tag["key"]: tag["value"] for tag in answer["tags"]},
                        round(max(0.0, (ended or time.time()) - started), 2) if started else 0.0)

    def why_failed(self, run_id: str) -> list[str]:
        """What went wrong in a run, as sentences: failed steps and failed blocking checks."""
        events = self._ask(_FAILURES, {"id": run_id})["logsForRun"].get("events", [])
        reasons = []
        for event in events:
            if event["__typename"] == "ExecutionStepFailureEvent":
                described = (event.get("failureMetadata") or {}).get("description")
                reasons.append(described or event["error"]["message"].strip())
            evaluation = event.get("evaluation")
            if evaluation and not evaluation["success"] and evaluation["severity"] == "ERROR":
                reasons.append(f"{evaluation['checkName']}: {evaluation['description']}")
        return list(dict.fromkeys(reasons))

    def location_error(self) -> str | None:
        """Why the code location cannot be used yet; `None` once it is loaded."""
        workspace = self._ask(_LOCATIONS, {})["workspaceOrError"]
        for entry in workspace.get("locationEntries", []):
            found = entry["locationOrLoadError"] or {}
            if entry["name"] == LOCATION and found.get("__typename") == "RepositoryLocation":
                return None
            if entry["name"] == LOCATION and found.get("__typename") == "PythonError":
                return str(found["message"])
        return "the code location is still loading"

    def terminate(self, run_id: str) -> None:
        """Asks a run to stop. Raises `LaunchRefusedError` where it cannot."""
        answer = self._ask(_TERMINATE, {"id": run_id})["terminateRun"]
        if answer["__typename"] != "TerminateRunSuccess":
            raise LaunchRefusedError(f"Run {run_id} was not stopped: {answer.get('message', answer['__typename'])}")

    def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        try:
            response = self._http.post("/graphql", json={"query": query, "variables": dict(variables)})
            body = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DagsterUnreachableError(
                f"Dagster's webserver at {self._url} does not answer ({type(error).__name__}). Start it with "
                "`make dev`, or set SHOPSYNC_DAGSTER_URL."
            ) from None
        if not isinstance(body, dict) or not (body.get("errors") or body.get("data")):
            raise DagsterUnreachableError(
                f"What answers at {self._url} is not Dagster's webserver; check SHOPSYNC_DAGSTER_URL."
            )
        if body.get("errors"):
            raise DagsterUnreachableError(f"Dagster refused the question: {_first_message(body['errors'])}")
        data: dict[str, Any] = body["data"]
        return data


def _first_message(errors: object) -> str:
    """The first message of GraphQL errors, or of whatever else an answer calls `errors`."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    return str(first.get("message", "no reason given")) if isinstance(first, dict) else str(first)
