"""Schedules. Stopped until an operator turns them on: a first run against a real shop is a person's decision."""

from __future__ import annotations

import dagster as dg

from shopsync_pipeline.orchestration.jobs import full_sync

nightly_full_sync = dg.ScheduleDefinition(
    name="nightly_full_sync", job=full_sync, cron_schedule="30 2 * * *", execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="A complete read and compare every night repairs whatever incremental runs missed.",
)

default_schedules = [nightly_full_sync]
