"""What one dev store is: its shop, its key, its plan and where it keeps its state.

Plans carry the platform's points bucket: capacity in points and points restored a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SUPPORTED_VERSIONS: Final = ("2026-07", "2026-10")
API_SCOPES: Final = (
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_publications",
    "write_publications",
    "read_files",
    "write_files",
)


class DevStoreError(Exception):
    """Something an operator must change before the dev store can run; the text is the whole message."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One subscription plan: bucket capacity (points) and restore rate (points a second)."""

    maximum: int
    restore_rate: int


PLANS: Final[dict[str, Plan]] = {
    "standard": Plan(2_000, 100),
    "advanced": Plan(4_000, 200),
    "plus": Plan(20_000, 1_000),
    "enterprise": Plan(40_000, 2_000),
}


@dataclass(frozen=True, slots=True)
class LocationSetup:
    """A stock location the shop starts with."""

    name: str


@dataclass(frozen=True, slots=True)
class DevStoreConfig:
    """One dev store. `latency_ms` is added to every API answer; `speed` multiplies the restore rate of the bucket."""

    state_path: Path
    shop: str = "demo-store.myshopify.com"
    access_token: str = "devstore-token"
    plan: str = "standard"
    latency_ms: int = 0
    speed: float = 1.0
    currency: str = "USD"
    locations: tuple[LocationSetup, ...] = field(default=(LocationSetup("Main warehouse"),))
    base_url: str = "http://127.0.0.1"

    def __post_init__(self) -> None:
        """Refuses a setting that cannot work, with a sentence."""
        if self.plan not in PLANS:
            raise DevStoreError(f"plan {self.plan!r} is not known: choose one of {', '.join(PLANS)}")
        if self.speed <= 0:
            raise DevStoreError(f"speed is {self.speed}: it multiplies the restore rate, so it must be above 0")
        if self.latency_ms < 0:
            raise DevStoreError(f"latency is {self.latency_ms} ms: it must be 0 or more")
        if not self.locations:
            raise DevStoreError("a shop needs at least one location: name one")
