"""Proof: what answers show of a bucket is never more than it holds, in whatever order requests were executed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shopsync_pipeline.core.proof import Proof
from shopsync_pipeline_tests.core.samples import LAW


def test_one_request_after_the_other_proves_what_the_bucket_holds() -> None:
    proof = Proof()
    assert proof.add(990, 10, sent=0, answered=1, others=0) == 1000
    assert proof.add(970, 20, sent=2, answered=3, others=0) - 30 == 970


def test_requests_side_by_side_prove_what_the_last_of_them_left() -> None:
    """Three at once, executed in any order: all are charged where 970 are left."""
    proof = Proof()
    proof.add(970, 10, sent=0, answered=1.0, others=0)
    proof.add(990, 10, sent=0, answered=1.1, others=0)
    assert proof.add(980, 10, sent=0, answered=1.2, others=0) - proof.charged == 970


def test_an_answer_before_the_last_was_sent_does_not_count_any_more() -> None:
    proof = Proof()
    proof.add(10, 10, sent=0, answered=1, others=0)
    assert proof.add(400, 10, sent=2, answered=3, others=0) - proof.charged == 400


def test_what_others_were_charged_meanwhile_is_not_known_to_be_in_it() -> None:
    proof = Proof()
    proven = proof.add(900, 10, sent=0, answered=1, others=50)
    assert proven - proof.charged - 80 == 870, "30 more are told since: they may have been charged after 900 was shown"


_request = st.tuples(st.floats(0, 5), st.floats(0, 1), st.floats(0, 1), st.integers(1, 50), st.booleans())
"""When it is sent, how long after that it is executed and then answered, what it is charged, and whether by a stranger,
whose charge is known as soon as it is answered."""


@LAW
@given(st.lists(_request, min_size=1, max_size=30), st.sampled_from([0.0, 20.0]))
def test_what_is_proven_less_what_may_have_been_charged_since_is_in_the_bucket(
        requests: list[tuple[float, float, float, int, bool]], rate: float) -> None:
    events = []
    for number, (sent, out, back, _, _) in enumerate(requests):
        events += [(sent, 0, number), (sent + out, 1, number), (sent + out + back, 2, number)]
    level, now, proof, others, unseen = 1000.0, 0.0, Proof(), 0.0, 0.0
    flying: dict[int, int] = {}
    known: dict[int, float] = {}
    shown: dict[int, float] = {}
    for at, kind, number in sorted(events):
        level, now = min(1000.0, level + (at - now) * rate), at
        sent, _, _, cost, strange = requests[number]
        if kind == 0:
            known[number] = others
            if not strange:
                flying[number] = cost
        elif kind == 1:
            level -= cost
            shown[number] = level
            unseen += cost * strange
        elif strange:
            others, unseen = others + cost, unseen - cost
        else:
            del flying[number]
            proven = proof.add(shown[number], cost, sent=sent, answered=at, others=known[number])
            assert proven - proof.charged - others - unseen - sum(flying.values()) <= level + 1e-6
