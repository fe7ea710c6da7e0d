"""Who gave a field its value: the last thing that is known to have left it, or what must have been in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shopsync_pipeline.core.blame import Event, Who, explain, in_order
from shopsync_pipeline.core.fields import Path

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TITLE = Path("title")


def event(who: Who, minute: int, before: str | None, after: str | None, since: int | None = None) -> Event:
    return Event(path=TITLE, who=who, at=NOON + timedelta(minutes=minute), before=before, after=after,
                 not_before=None if since is None else NOON + timedelta(minutes=since))


WRITE = event(Who.SHOPSYNC, 1, "a", "b")
EDIT = event(Who.STORE, 5, "b", "c", since=3)


@pytest.mark.parametrize(("value", "events", "by"), [
    ("b", [WRITE], WRITE), ("c", [WRITE, EDIT], EDIT),
    ("c", [WRITE, EDIT, event(Who.REVIEW, 6, "c", "c")], event(Who.REVIEW, 6, "c", "c")),
    ("b", [WRITE, EDIT, event(Who.UNDO, 7, "c", "b")], event(Who.UNDO, 7, "c", "b")),
    (None, [WRITE, event(Who.STORE, 5, "b", None, since=3)], event(Who.STORE, 5, "b", None, since=3)),
])
def test_the_last_event_that_left_the_value_explains_it(value: str | None, events: list[Event], by: Event) -> None:
    assert explain(TITLE, value, events, agreed=True, read_at=NOON) == by


def test_a_value_that_nothing_left_was_given_after_the_last_thing_that_is_known() -> None:
    read = NOON + timedelta(hours=1)
    found = explain(TITLE, "x", [WRITE, EDIT], agreed=True, read_at=read)
    assert found == Event(path=TITLE, who=Who.STORE, at=read, not_before=EDIT.at, before="c", after="x")


@pytest.mark.parametrize(("agreed", "who"), [(True, Who.FIRST_CONTACT), (False, Who.STORE_ALONE)])
def test_a_value_that_nobody_was_seen_to_give(agreed: bool, who: Who) -> None:
    assert explain(TITLE, "a", [], agreed=agreed, read_at=NOON).who is who


def test_a_decision_alone_explains_what_it_left() -> None:
    decision = event(Who.REVIEW, 2, "a", "a")
    assert explain(TITLE, "a", [decision], agreed=True, read_at=NOON) == decision
    assert explain(TITLE, "b", [decision], agreed=True, read_at=NOON).who is Who.FIRST_CONTACT


def test_events_are_told_oldest_first() -> None:
    assert in_order([EDIT, WRITE]) == [WRITE, EDIT]


def test_our_own_write_that_a_read_met_before_its_answer_is_no_edit() -> None:
    met = event(Who.STORE, 2, "a", "b", since=0)
    assert in_order([WRITE, met]) == [WRITE]
    other = replace(met, not_before=NOON + timedelta(minutes=1, seconds=1))
    assert in_order([WRITE, other]) == [WRITE, other]
