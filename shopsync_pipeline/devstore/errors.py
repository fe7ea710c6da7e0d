"""Top-level GraphQL errors in the platform's shape: a message, a code, and where in the document.

Business refusals are never raised: they travel as `userErrors` in a payload (see `user_errors.py`).
"""

from __future__ import annotations

from typing import Any


class PlatformError(Exception):
    """One entry of the top-level `errors` list; raised by a resolver, it nulls the nearest nullable field."""

    def __init__(
        self,
        message: str,
        code: str | None = None,
        *,
        path: list[str | int] | None = None,
        locations: list[dict[str, int]] | None = None,
        extensions: dict[str, Any] | None = None,
    ) -> None:
        """`code` becomes `extensions.code`; `extensions` are added beside it."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = path
        self.locations = locations
        self.extensions = extensions or {}

    def as_json(self) -> dict[str, Any]:
        """The error as the answer carries it."""
        shown: dict[str, Any] = {"message": self.message}
        if self.locations:
            shown["locations"] = self.locations
        if self.path is not None:
            shown["path"] = self.path
        extensions = {**({"code": self.code} if self.code else {}), **self.extensions}
        if extensions:
            shown["extensions"] = extensions
        return shown


class OrderError(ValueError):
    """An order on the control plane that makes no sense; the text says why and what would."""


class RequestRefusedError(Exception):
    """The whole request is refused before anything runs: the answer has `errors` and no `data`."""

    def __init__(self, errors: list[PlatformError]) -> None:
        """`errors` are all the reasons."""
        super().__init__(errors[0].message)
        self.errors = errors
