"""The OpenAPI document keeps its word: whatever it allows to be sent, the answer is one that it declares."""

from __future__ import annotations

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks

from shopsync_pipeline.api.app import create_app
from shopsync_pipeline.engine.context import Context

load_all_checks()
KEPT = CHECKS.get_by_names(["status_code_conformance", "content_type_conformance", "response_schema_conformance"])
OPERATIONS = 39


def test_every_answer_is_a_declared_one(synced: Context) -> None:
    """Dagster is down, so 503 is the one answer above 499 that may come."""
    document = schemathesis.openapi.from_asgi("/api/openapi.json", create_app(lambda: synced.settings))
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) == OPERATIONS
    for operation in operations:
        calls = 0

        @given(case=operation.as_strategy())
        @settings(max_examples=12, derandomize=True, deadline=None, database=None,
                  suppress_health_check=list(HealthCheck))
        def keeps_its_word(case: Case) -> None:
            nonlocal calls
            calls += 1
            answer = case.call(base_url="http://127.0.0.1")
            assert answer.status_code < 500 or answer.status_code == 503, answer.text
            case.validate_response(answer, checks=KEPT)

        keeps_its_word()
        assert calls > 0, operation.label


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_document_is_served_and_names_every_problem(client: TestClient) -> None:
    described = client.get("/api/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            problem = operation["responses"]["503"]["content"]["application/json"]["schema"]["$ref"]
            assert problem == "#/components/schemas/Problem"
