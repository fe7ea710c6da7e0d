"""Puts the definitions together. Callers and tests build variants by overriding resources, never by patching."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
import stamina.instrumentation

from shopsync_pipeline.orchestration.assets.apply import applied_mutations
from shopsync_pipeline.orchestration.assets.catalog import export, local_catalog
from shopsync_pipeline.orchestration.assets.reconcile import diff
from shopsync_pipeline.orchestration.assets.snapshot import snapshot
from shopsync_pipeline.orchestration.checks import default_checks
from shopsync_pipeline.orchestration.jobs import default_jobs
from shopsync_pipeline.orchestration.resources import Shopsync
from shopsync_pipeline.orchestration.schedules import default_schedules
from shopsync_pipeline.orchestration.sensors import default_sensors
from shopsync_pipeline.orchestration.undo import undo_run

# Retries are told by Python's logging, as everything else of ours; by default stamina would print them itself.
stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.LoggingOnRetryHook])


def build_defs(resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions of the code location. `resource_overrides` replaces resources by name (`shopsync`).

    The in-process executor serves every job: a run has a process of its own already, and a step costs seconds under the
    multiprocess one.
    """
    return dg.Definitions(
        assets=[export, local_catalog, snapshot, diff, applied_mutations],
        asset_checks=default_checks,
        jobs=[*default_jobs, undo_run],
        schedules=default_schedules,
        sensors=default_sensors,
        resources={"shopsync": Shopsync(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )
