"""What the control plane may change while the store runs: delays, lag, walls. One table of names, bounds and units.

A new shop starts with the configuration's values; a reset of the shop leaves them as they are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from shopsync_pipeline.devstore.config import DevStoreConfig
from shopsync_pipeline.devstore.errors import OrderError

# Off Plus, a shop that holds this many variants may make only so many more a day.
VARIANT_WALL: Final = 50_000
DAILY_VARIANTS: Final = 1_000
_STATUSES: Final = (401, 402, 403, 404, 423, 429, 430, 500, 502, 503, 504)


@dataclass(slots=True)
class Settings:
    """Delays are in milliseconds of the shop's time; `refuse_status` answers every API request with that HTTP status.

    Files whose source contains `broken_media` cannot be fetched and end up FAILED.

    The bulk rates hold for each operation and mean "as fast as it goes" at 0; `webhook_speed` divides the waits between
    the tries of a delivery, and the two webhook limits are milliseconds on the wire.
    """

    index_lag_ms: float = 0
    operation_delay_ms: float = 0
    media_delay_ms: float = 0
    variant_wall: int = VARIANT_WALL
    daily_variants: int = DAILY_VARIANTS
    refuse_status: int | None = None
    broken_media: str | None = None
    plan: str = "standard"
    bulk_lines_per_second: float = 0
    bulk_query_objects_per_second: float = 0
    bulk_start_ms: float = 0
    webhook_speed: float = 1
    webhook_timeout_ms: float = 5_000
    webhook_connect_ms: float = 1_000

    @classmethod
    def of(cls, config: DevStoreConfig) -> Settings:
        """The settings a store of this configuration starts with."""
        return cls(config.index_lag_ms, config.operation_delay_ms, config.media_delay_ms, plan=config.plan)

    def change(self, given: dict[str, Any]) -> None:
        """Takes new values by name, all or none; raises OrderError."""
        for name, value in given.items():
            if name == "refuse_status":
                if value is not None and value not in _STATUSES:
                    known = ", ".join(map(str, _STATUSES))
                    raise OrderError(f"refuse_status {value!r} is not null or one of {known}")
            elif name == "broken_media":
                if value is not None and (not isinstance(value, str) or not value):
                    raise OrderError(f"broken_media {value!r} must be null or a part of a file's source")
            elif name == "webhook_speed" and value == 0:
                raise OrderError("webhook_speed divides waiting times, so it must be above 0")
            elif name not in self.__slots__:
                raise OrderError(f"{name} is not a setting: there are {', '.join(self.__slots__)}")
            elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
                raise OrderError(f"{name} {value!r} must be a number from 0 up")
        for name, value in given.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, Any]:
        """All values by name."""
        return asdict(self)
