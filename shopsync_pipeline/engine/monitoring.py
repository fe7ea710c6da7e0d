"""Monitoring: everything is read, planned and recorded, and nothing is sent."""

from __future__ import annotations

from shopsync_pipeline.core.errors import PlanRefusedError
from shopsync_pipeline.engine.context import Context

NOTHING_SENT = "monitoring mode (SYNC_MONITORING): this is what would have been done, and nothing was sent"


def require_sending(context: Context) -> None:
    """Raises `PlanRefusedError` in monitoring mode, where no path sends a plan."""
    if context.settings.monitoring:
        raise PlanRefusedError(
            f"{context.shop_id} is only monitored (SYNC_MONITORING=true), so nothing is sent to it. Set "
            "SYNC_MONITORING=false to send plans."
        )
