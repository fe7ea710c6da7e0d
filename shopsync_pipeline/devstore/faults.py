"""Faults to order: the next N requests are throttled, answered with an HTTP error, or cut off without an answer.

A fault is used up by the request it hits; faults of one kind are served in the order they were asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

KINDS: Final = ("drop_before_write", "drop_after_write", "http_status", "throttle")
STATUSES: Final = (401, 402, 403, 404, 423, 429, 430, 500, 502, 503, 504)


@dataclass(slots=True)
class Fault:
    """One order. `status` and `retry_after` (seconds) belong to http_status; `root` narrows it to one mutation."""

    kind: str
    remaining: int = 1
    status: int = 503
    retry_after: float | None = None
    root: str | None = None


@dataclass(slots=True)
class Refusal:
    """A userError for every mutation that touches a sku. `remaining` None is for always; `root` narrows it."""

    sku: str
    message: str = "The product could not be changed."
    code: str | None = None
    field: list[str] | None = None
    root: str | None = None
    remaining: int | None = None


@dataclass(slots=True)
class Faults:
    """The orders still open."""

    open: list[Fault] = field(default_factory=list)

    def take(self, kind: str, roots: list[str] | None = None) -> Fault | None:
        """Uses up one fault of this kind, if one is open for these root fields."""
        for fault in self.open:
            if fault.kind == kind and (fault.root is None or fault.root in (roots or [])):
                fault.remaining -= 1
                if fault.remaining <= 0:
                    self.open.remove(fault)
                return fault
        return None
