"""Business refusals: entries of a payload's `userErrors`.

Indexes in a field path are text, as the platform writes them.
"""

from __future__ import annotations

from typing import Any

UserError = dict[str, Any]


def user_error(field: list[str] | None, message: str, code: str | None = None) -> UserError:
    """One refusal; payloads whose errors have no code simply do not show it."""
    return {"__typename": "UserError", "field": field, "message": message, "code": code, "elementIndex": None}
