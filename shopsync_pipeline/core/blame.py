"""Blame: from everything that is known to have happened to one field, who gave it the value that it shows.

Pure: events in, the same events in order out, and the one that explains the value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shopsync_pipeline.core.fields import Path, Value


class Who(StrEnum):
    """Who gave a field its value."""

    SHOPSYNC = "shopsync"
    UNDO = "shopsync, taking something back"
    STORE = "somebody in the store"
    REVIEW = "a person in review"
    FIRST_CONTACT = "both sides, before the first sync"
    STORE_ALONE = "the store alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a field. `None` before or after stands for absent, `at` is when it was over.

    An edit in the store happened between `not_before` and `at`, the two reads of which the second showed it. A write of
    ours names its run, plan, item, reason, and where the catalog had the value from; a decision names who made it.
    """

    path: Path
    who: Who
    at: datetime | None
    before: Value | None = None
    after: Value | None = None
    sent: Value | None = None
    not_before: datetime | None = None
    run_id: str | None = None
    plan_id: str | None = None
    item_id: str | None = None
    reason: str | None = None
    decided_by: str | None = None
    approved_by: str | None = None
    import_id: str | None = None
    rule: str | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """One field: the value that the store shows, the event that explains it, and all events, oldest first.

    `held_by`: the undo plan because of which the catalog's value is not sent, where there is one.
    """

    product_key: str
    path: Path
    value: Value | None
    by: Event
    history: tuple[Event, ...] = ()
    held_by: str | None = None


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events oldest first, without edits that were our own writes met by a read before their answer was."""
    listed = sorted(events, key=_instant)
    ours = [event for event in listed if event.who in (Who.SHOPSYNC, Who.UNDO)]
    return [event for event in listed if not (event.who is Who.STORE and any(_is_the_same(event, one) for one in ours))]


def _instant(event: Event) -> float:
    return event.at.timestamp() if event.at is not None else 0.0


def _is_the_same(edit: Event, write: Event) -> bool:
    seen = (edit.path, edit.before, edit.after) == (write.path, write.before, write.after)
    return seen and edit.not_before is not None and edit.at is not None and write.at is not None and (
        edit.not_before <= write.at <= edit.at)


def explain(path: Path, value: Value | None, events: Sequence[Event], *, agreed: bool,
            read_at: datetime | None) -> Event:
    """The event that gave a field its value; `events` are in order.

    Where none did, the value was there before the first sync (`agreed`: the catalog has a say on the field), or it was
    given after the last thing that is known and until the read at `read_at`.
    """
    writes = [event for event in events if event.who is not Who.REVIEW]
    if not writes:
        kept = next((event for event in reversed(events) if event.after == value), None)
        return kept or Event(path=path, who=Who.FIRST_CONTACT if agreed else Who.STORE_ALONE, at=None, after=value)
    last = next((event for event in reversed(events) if event.after == value), None)
    if last is not None and writes[-1].after == value:
        return last
    return Event(path=path, who=Who.STORE, at=read_at, not_before=writes[-1].at, before=writes[-1].after, after=value)
