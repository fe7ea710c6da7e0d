"""What documents really cost: never reckoned too low for what was seen lately, and not too high for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.learned import MOST, NOTHING, TRUSTED_AFTER, WINDOW, CostMemory, Learned, observed
from shopsync_pipeline_tests.core.samples import LAW


def after(*ratios: float, estimate: float = 100.0, known: Learned = NOTHING) -> Learned:
    for ratio in ratios:
        known = observed(known, estimate, estimate * ratio)
    return known


@LAW
@given(st.lists(st.tuples(st.floats(5, 1000), st.floats(0.2, 5)), min_size=1, max_size=3 * WINDOW),
       st.integers(1, WINDOW))
def test_no_estimate_is_below_what_was_asked_lately(answers: list[tuple[float, float]], back: int) -> None:
    memory = CostMemory()
    for estimate, ratio in answers:
        memory.observe("d", estimate, estimate * ratio, None)
    for estimate, ratio in answers[-back:]:
        assert memory.expected("d", estimate) >= min(estimate * ratio, 1000) - 0.5 - 1e-6


def test_one_outlier_is_forgotten_after_two_generations() -> None:
    known = after(*[1.0] * 50, 3.0)
    assert known.factor == 3
    known = after(*[1.0] * WINDOW, known=known)
    assert known.factor == 3
    known = after(*[1.0] * WINDOW, known=known)
    assert known.factor == 1


def test_estimates_are_lowered_only_after_many_answers() -> None:
    assert after(*[0.5] * (TRUSTED_AFTER - 1)).factor == 1
    assert after(*[0.5] * TRUSTED_AFTER).factor == 0.5
    assert after(1.5).factor == 1.5, "raised at once"


@pytest.mark.parametrize(("estimate", "asked", "factor"), [
    (10.4, 10, 1.0), (10.5, 11, 1.0), (10, 11, 1.1), (10, 1_000, MOST), (10, 0, 0.0), (0, 10, 0.0)])
def test_whole_points_are_no_deviation_and_nonsense_teaches_nothing(estimate: float, asked: float,
                                                                    factor: float) -> None:
    assert observed(NOTHING, estimate, asked).highest == pytest.approx(factor)


def test_plans_reckon_with_what_is_usually_charged_not_with_the_dearest() -> None:
    known = NOTHING
    for number in range(200):
        known = observed(known, 100, 200 if number == 150 else 100, 80)
    assert known.factor == 2
    assert known.usual == pytest.approx(0.8, abs=0.01)


def test_a_memory_tells_what_changed_once_and_keeps_to_the_platforms_limit() -> None:
    memory = CostMemory({"a": Learned(2.0, 2.0, 30, 130, 2.0)})
    assert memory.expected("a", 10) == 20
    assert memory.expected("a", 700) == 1000
    assert memory.expected("a", 1200) == 1200
    assert memory.expected("b", 10) == 10
    assert memory.take_changed() == {}
    memory.observe("b", 10, 20, None)
    memory.observe("a", 10, None, None)
    assert set(memory.take_changed()) == {"b"}
    assert memory.take_changed() == {}
