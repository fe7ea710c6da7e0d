"""One event of the shop's log, and how it comes out of a committed change: a product or collection made or deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

_SUBJECTS: Final = {"Product": "PRODUCT", "Collection": "COLLECTION"}


@dataclass(frozen=True, slots=True)
class ShopEvent:
    """`action` is create or destroy, `at` UTC text of second precision, `actor` who did it, `title` the subject's."""

    id: int
    at: str
    subject_type: str
    subject_id: int
    action: str
    actor: str
    title: str


def event_of(
    kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> tuple[str, int, str, str] | None:
    """Subject type, number, action and title of the event a change makes; None for a change that makes none."""
    subject = _SUBJECTS.get(kind)
    body = before if after is None else after
    if subject is None or body is None or (before is not None and after is not None):
        return None
    return subject, int(body["id"]), "destroy" if after is None else "create", str(body["title"])
