"""The one exception hierarchy. A message names the thing, the value and the way out, and is safe to print.

Every error that a person can cause derives from `ShopsyncError`; the CLI and Dagster show its text as it is.
"""

from __future__ import annotations


class ShopsyncError(Exception):
    """Base of all errors raised on purpose; `str(error)` is one or more full sentences for the operator."""


def in_words(error: BaseException) -> str:
    """An error as it is put on record: our own text, or the kind of one that nobody foresaw (a terminated run too)."""
    return str(error) if isinstance(error, ShopsyncError) else f"ended by {type(error).__name__}"


class SettingsError(ShopsyncError):
    """A setting is missing or has a value that cannot be used."""


class CatalogError(ShopsyncError):
    """An export or feed cannot be read; names the file and, where there is one, the line and column."""


class DeliveryRefusedError(CatalogError):
    """A delivery broke a guard and nobody approved it, so the catalog stayed as it was."""


class DatabaseError(ShopsyncError):
    """The database cannot be reached, or its schema is not the one that this version needs."""


class PlanRefusedError(ShopsyncError):
    """A plan broke a safety bound, is stale or is not approved, so nothing was sent."""


class ShopBusyError(ShopsyncError):
    """Another process is writing to the same shop at the moment."""
