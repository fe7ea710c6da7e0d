"""Sensors. `new_delivery` starts an incremental run when another export or feed lies ready; stopped by default."""

import dagster as dg

from shopsync_pipeline.core.errors import ShopsyncError
from shopsync_pipeline.engine.fetch import fingerprint
from shopsync_pipeline.orchestration.jobs import incremental_sync
from shopsync_pipeline.orchestration.resources import Shopsync


@dg.sensor(job=incremental_sync, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.STOPPED)
def new_delivery(context: dg.SensorEvaluationContext,
                 shopsync: dg.ResourceParam[Shopsync]) -> dg.RunRequest | dg.SkipReason:
    """Launches when the export's files changed and then stayed the same for one tick, so that none is half-written."""
    try:
        found = fingerprint(shopsync.settings())
    except ShopsyncError as error:
        return dg.SkipReason(str(error))
    seen, launched, count = [*(context.cursor or "").split(), "-", "-", "0"][:3]
    if found == launched:
        return dg.SkipReason("the delivery is the one that was launched last")
    if found != seen:
        context.update_cursor(f"{found} {launched} {count}")
        return dg.SkipReason("the delivery has changed; it is taken once it stays as it is")
    # Counted, because the same files may come back later, and Dagster launches one run a key.
    context.update_cursor(f"{found} {found} {int(count) + 1}")
    return dg.RunRequest(run_key=f"{int(count) + 1} {found}", tags={"shopsync/delivery": found})


default_sensors = [new_delivery]
