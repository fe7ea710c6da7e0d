"""How much goes by bulk operation, and when that ends sooner. Pure."""

from __future__ import annotations

from enum import StrEnum


class Bulk(StrEnum):
    """Whether a push uses bulk operations: where they end sooner, not at all, or for all that can go that way."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"
