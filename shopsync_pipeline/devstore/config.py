"""What one dev store is: its shop, its key, its plan and where it keeps its state.

Plans carry the platform's points bucket: capacity in points and points restored a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# A served store lags like the platform, whose search was seen behind by about this; one made in a test does not.
SERVED_INDEX_LAG_MS: Final = 2_000
SUPPORTED_VERSIONS: Final = ("2026-07", "2026-10")
API_SCOPES: Final = (
    "read_products",
    "write_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "write_locations",
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
    """One dev store. `latency_ms` is added to every API answer; `speed` multiplies the restore rate of the bucket.

    `index_lag_ms` is how far search runs behind, `operation_delay_ms` how long an asynchronous product operation takes,
    `media_delay_ms` how long a new file is processed. Id and secret are the app's, for the client-credentials grant.
    """

    state_path: Path
    shop: str = "demo-store.myshopify.com"
    access_token: str = "devstore-token"
    plan: str = "standard"
    latency_ms: int = 0
    speed: float = 1.0
    currency: str = "USD"
    locations: tuple[LocationSetup, ...] = field(default=(LocationSetup("Main warehouse"),))
    base_url: str = "http://127.0.0.1"
    index_lag_ms: int = 0
    operation_delay_ms: int = 0
    media_delay_ms: int = 0
    client_id: str = "devstore-client"
    client_secret: str = "devstore-secret"

    def __post_init__(self) -> None:
        """Refuses a setting that cannot work, with a sentence."""
        if self.plan not in PLANS:
            raise DevStoreError(f"plan {self.plan!r} is not known: choose one of {', '.join(PLANS)}")
        if self.speed <= 0:
            raise DevStoreError(f"speed is {self.speed}: it multiplies the restore rate, so it must be above 0")
        for name in ("latency_ms", "index_lag_ms", "operation_delay_ms", "media_delay_ms"):
            if getattr(self, name) < 0:
                raise DevStoreError(f"{name} is {getattr(self, name)}: it must be 0 or more")
        if not self.locations:
            raise DevStoreError("a shop needs at least one location: name one")
