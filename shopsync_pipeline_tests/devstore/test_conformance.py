"""Recorded answers of a real store, asked again here: whatever differs has its reason in one table, and is counted.

The recordings lie outside the project; without them these tests are skipped.
"""

from __future__ import annotations

import pytest

from shopsync_pipeline_tests.devstore.conformance.accepted import ACCEPTED, NOT_CARRIED
from shopsync_pipeline_tests.devstore.conformance.costs import (
    Agreement,
    agreement,
    official_schema,
    priced_documents,
)
from shopsync_pipeline_tests.devstore.conformance.recordings import recordings_folder
from shopsync_pipeline_tests.devstore.conformance.report import figures, written
from shopsync_pipeline_tests.devstore.conformance.run import Outcome, run

pytestmark = pytest.mark.skipif(
    not recordings_folder().is_dir(),
    reason=f"no recorded answers at {recordings_folder()}: set SHOPSYNC_SHARED_DIR to the folder that holds them",
)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return run(recordings_folder())


@pytest.fixture(scope="module")
def documents() -> Agreement:
    return agreement(priced_documents(recordings_folder() / "costs.jsonl.gz", official_schema()))


def test_nothing_differs_without_an_accepted_reason(outcome: Outcome) -> None:
    assert outcome.different == []


def test_no_accepted_reason_is_left_over(outcome: Outcome) -> None:
    assert [row for row in ACCEPTED if row not in outcome.used] == []
    assert set(NOT_CARRIED) - outcome.taken == set()


def test_points_agree_with_the_recorded_ones(outcome: Outcome, documents: Agreement) -> None:
    asked = agreement(outcome.points)
    assert asked.exact >= 0.95 * asked.compared
    assert documents.exact >= 0.95 * documents.compared


def test_the_doc_tells_these_figures(outcome: Outcome, documents: Agreement) -> None:
    figured = figures(outcome, agreement(outcome.points), documents)
    assert written() == figured, "run python -m shopsync_pipeline_tests.devstore.conformance --write-docs"
