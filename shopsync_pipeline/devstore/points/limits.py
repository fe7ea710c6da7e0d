"""The wall of 50,000 variants: off Plus, a shop that holds more may make only 1,000 new ones a day.

The day is a UTC day of the shop's time. Figures and shape: rate-limit documentation and reports of the refusal.
"""

from __future__ import annotations

from typing import Any, Final

from shopsync_pipeline.devstore.context import Context
from shopsync_pipeline.devstore.errors import PlatformError
from shopsync_pipeline.devstore.registry import guard

_UNLIMITED_PLANS: Final = ("plus", "enterprise")


@guard
def refuse_daily_variants(context: Context, root: str, arguments: dict[str, Any]) -> None:
    """Raises VARIANT_THROTTLE_EXCEEDED for a mutation that would go past the day's share; it writes nothing."""
    settings = context.store.settings
    if settings.plan in _UNLIMITED_PLANS:
        return
    made = _new_variants(root, arguments)
    total = len(context.store.variants) + made
    if not made or total <= settings.variant_wall:
        return
    # Of what was made today only what lies past the wall counts against the share.
    if min(context.store.made_today() + made, total - settings.variant_wall) > settings.daily_variants:
        raise PlatformError(
            "Daily variant creation limit reached. Please try again later.",
            "VARIANT_THROTTLE_EXCEEDED",
            locations=context.locations(),
        )


def _new_variants(root: str, arguments: dict[str, Any]) -> int:
    """How many variants the input would make: rows without an id, or the one of a product without rows."""
    given = arguments.get("input") or {}
    match root:
        case "productCreate":
            return 1
        case "productVariantsBulkCreate":
            return len(arguments["variants"])
        case "productSet":
            rows = given.get("variants")
            if rows is not None:
                return sum(1 for row in rows if not row.get("id"))
            return 0 if arguments.get("identifier") or given.get("id") else 1
    return 0
