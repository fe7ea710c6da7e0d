"""When a shop is left alone and when it is asked again; as laws over any sequence of events, and as examples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shopsync_pipeline.core.breaker import Breaker, Phase, Tolerance

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
STRICT = Tolerance(faults=3, window=timedelta(seconds=60), rest=timedelta(seconds=5), longest=timedelta(seconds=20),
                   lease=timedelta(seconds=30))


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def opened(seconds: float = 0) -> Breaker:
    """Three faults at once."""
    breaker = Breaker()
    for _ in range(3):
        breaker = breaker.failed(at(seconds), "HTTP 503.", STRICT)
    return breaker


def test_it_opens_after_faults_in_a_row_and_not_before() -> None:
    breaker = Breaker().failed(at(0), "HTTP 503.", STRICT).failed(at(1), "HTTP 503.", STRICT)
    assert breaker.phase is Phase.CLOSED
    breaker = breaker.failed(at(2), "HTTP 502.", STRICT)
    assert (breaker.phase, breaker.since, breaker.probe_at, breaker.why) == (Phase.OPEN, at(2), at(7), "HTTP 502.")


def test_an_answer_in_between_forgets_them() -> None:
    breaker = Breaker().failed(at(0), "x", STRICT).failed(at(1), "x", STRICT).answered().failed(at(2), "x", STRICT)
    assert breaker.phase is Phase.CLOSED


def test_faults_that_lie_far_apart_are_not_in_a_row() -> None:
    breaker = Breaker().failed(at(0), "x", STRICT).failed(at(1), "x", STRICT).failed(at(61), "x", STRICT)
    assert breaker.phase is Phase.CLOSED
    assert breaker.failed(at(61), "x", STRICT).phase is Phase.OPEN, "those of the last minute count"


def test_one_probe_goes_when_the_rest_is_over() -> None:
    breaker = opened()
    assert breaker.claimed(at(4.9), "a", STRICT) is breaker
    breaker = breaker.claimed(at(5), "a", STRICT)
    assert (breaker.phase, breaker.prober) == (Phase.HALF_OPEN, "a")
    assert breaker.claimed(at(6), "b", STRICT).prober == "a"
    assert breaker.probe_answered("b") is breaker, "only the probe's own answer counts"
    assert breaker.probe_answered("a") == Breaker()


def test_a_probe_whose_process_died_is_replaced() -> None:
    breaker = opened().claimed(at(5), "a", STRICT).claimed(at(35), "b", STRICT)
    assert breaker.prober == "b"
    assert breaker.probe_failed(at(36), "a", STRICT) is breaker, "the dead one's news come too late"


def test_each_probe_in_vain_doubles_the_rest_up_to_a_bound() -> None:
    breaker, rests, now = opened(), [], 0.0
    for number in range(4):
        assert breaker.probe_at is not None
        now = (breaker.probe_at - NOON).total_seconds()
        breaker = breaker.claimed(at(now), str(number), STRICT).probe_failed(at(now), str(number), STRICT)
        rests.append(breaker.rest.total_seconds())
    assert rests == [10, 20, 20, 20]
    assert breaker.since == at(0)


def test_a_probe_that_was_called_off_leaves_its_turn_to_the_next() -> None:
    breaker = opened().claimed(at(5), "a", STRICT).probe_given_up(at(6), "a")
    assert breaker.claimed(at(6), "b", STRICT).prober == "b"


def test_a_pause_rests_as_long_each_time_and_keeps_its_beginning() -> None:
    paused = Breaker().refused(NOON, "HTTP 402.", HOUR)
    assert (paused.phase, paused.paused, paused.probe_at) == (Phase.OPEN, True, NOON + HOUR)
    later = NOON + HOUR
    again = paused.claimed(later, "a").refused(later, "HTTP 423.", HOUR)
    assert (again.since, again.probe_at, again.why) == (NOON, NOON + 2 * HOUR, "HTTP 423.")
    unreachable = paused.claimed(later, "a").probe_failed(later, "a")
    assert (unreachable.paused, unreachable.rest, unreachable.probe_at) == (True, HOUR, NOON + 2 * HOUR)
    assert paused.claimed(later, "a").probe_answered("a") == Breaker()


def test_a_pause_takes_over_from_an_open_breaker() -> None:
    paused = opened().refused(at(3), "HTTP 402.", HOUR)
    assert (paused.paused, paused.since) == (True, at(3))


def test_a_person_lets_the_next_request_go_as_a_probe() -> None:
    resumed = Breaker().refused(NOON, "HTTP 430.", 6 * HOUR).resumed(at(60))
    assert resumed.probe_due(at(60))
    assert resumed.claimed(at(60), "a").probe_answered("a") == Breaker()
    assert Breaker().resumed(NOON) == Breaker()


def test_people_are_told_since_when_why_and_what_follows() -> None:
    paused = Breaker().refused(NOON, "Shop x answered HTTP 402. The shop is frozen for unpaid bills.", HOUR)
    assert paused.sentence("x.myshopify.com", at(5)) == (
        "x.myshopify.com is paused since 2026-11-27 12:00:00 UTC: Shop x answered HTTP 402. The shop is frozen for "
        "unpaid bills. The next probe goes at 2026-11-27 13:00:00 UTC, or at once after `shopsync shop resume --reason "
        '"…"`.')
    assert opened().sentence("x", at(1)).startswith("x is left alone after faults in a row since 2026-11-27 12:00:00")
    assert opened().sentence("x", at(5)).endswith("The next request is the probe.")
    assert opened().claimed(at(5), "a", STRICT).sentence("x", at(6)).endswith("A probe is under way.")
    assert Breaker().sentence("x", NOON) == "x is served."


def test_how_long_to_wait() -> None:
    assert Breaker().wait(NOON) == timedelta(0)
    assert opened().wait(at(2)) == timedelta(seconds=3)
    assert opened().wait(at(9)) == timedelta(0)


class AnySequence(RuleBasedStateMachine):
    """Requests of many processes in any order, and a clock that only goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = NOON
        self.probes = 0
        self.alive: dict[str, datetime] = {}

    @rule(seconds=st.floats(0, 50))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_request_fails(self) -> None:
        self.breaker = self.breaker.failed(self.now, "HTTP 503.", STRICT)

    @rule()
    def a_request_is_answered(self) -> None:
        before = self.breaker
        self.breaker = self.breaker.answered()
        assert self.breaker.phase is before.phase, "what was under way before ends no rest"

    @rule(hours=st.integers(1, 6))
    def the_shop_refuses(self, hours: int) -> None:
        self.breaker = self.breaker.refused(self.now, "HTTP 402.", hours * HOUR)
        assert self.breaker.paused
        self.alive.clear()

    @rule()
    def somebody_wants_to_probe(self) -> None:
        self.probes += 1
        name = str(self.probes)
        before = self.breaker
        self.breaker = self.breaker.claimed(self.now, name, STRICT)
        if self.breaker.prober == name:
            assert before.probe_at is not None
            assert self.now >= before.probe_at, "no probe before its time"
            assert not any(self.now < lease for lease in self.alive.values()), "one probe at a time"
            self.alive = {name: self.now + STRICT.lease}

    @rule(ends=st.sampled_from(["answered", "failed", "given up"]), own=st.booleans())
    def a_probe_ends(self, ends: str, own: bool) -> None:
        name = next(iter(self.alive), "nobody") if own else "nobody"
        before = self.breaker
        if ends == "answered":
            self.breaker = before.probe_answered(name)
        elif ends == "failed":
            self.breaker = before.probe_failed(self.now, name, STRICT)
        else:
            self.breaker = before.probe_given_up(self.now, name)
        assert self.breaker is before or name in self.alive
        if self.breaker.phase is Phase.CLOSED and before.phase is not Phase.CLOSED:
            assert ends == "answered", "only an answered probe ends a rest"
        self.alive.pop(name, None)

    @rule()
    def a_person_resumes(self) -> None:
        before = self.breaker
        self.breaker = before.resumed(self.now)
        assert self.breaker.phase is Phase.CLOSED or self.breaker.probe_due(self.now)
        self.alive.clear()

    @invariant()
    def it_makes_sense(self) -> None:
        breaker = self.breaker
        if breaker.phase is Phase.CLOSED:
            assert (breaker.probe_at, breaker.prober, breaker.paused) == (None, None, False)
            assert len(breaker.faults) < STRICT.faults
        else:
            assert breaker.probe_at is not None
            assert breaker.since is not None
            assert (breaker.prober is not None) == (breaker.phase is Phase.HALF_OPEN)
            assert breaker.paused or breaker.rest <= STRICT.longest
            assert breaker.why


TestAnySequence = AnySequence.TestCase


@pytest.mark.parametrize("phase", [opened(), Breaker().refused(NOON, "x", HOUR)], ids=["open", "paused"])
def test_late_faults_of_other_requests_change_nothing(phase: Breaker) -> None:
    assert phase.failed(at(1), "late", STRICT) is phase
