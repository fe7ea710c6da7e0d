"""Dagster's own storage: PostgreSQL where SHOPSYNC_DAGSTER_POSTGRES_URL names one, else SQLite.

Dagster's configuration file has no conditionals; this class is one, so that one `dagster.yaml` serves a laptop and
production. Every process of an instance must see the same variable.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log.base import EventLogStorage
from dagster._core.storage.runs.base import RunStorage
from dagster._core.storage.schedules.base import ScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from shopsync_pipeline.core.errors import DatabaseError, SettingsError
from shopsync_pipeline.db.database import normalised_url
from shopsync_pipeline.settings import load


class EnvironmentStorage(DagsterStorage, ConfigurableClass):
    """Run, event and schedule storage that is PostgreSQL or SQLite underneath."""

    def __init__(self, storage: DagsterStorage, inst_data: ConfigurableClassData | None = None) -> None:
        """`storage` does the work; `inst_data` is how Dagster carries this choice into other processes."""
        self._storage = storage
        self._inst_data = inst_data
        super().__init__()  # type: ignore[no-untyped-call]  # Dagster leaves it unannotated

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """The configuration that Dagster made this from."""
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        """`local_dir`: where the SQLite files go, relative to the working directory."""
        return {"local_dir": dg.Field(dg.StringSource, default_value=".shopsync/dagster", is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Makes the storage that the environment asks for."""
        url = load().dagster_postgres_url.get_secret_value()
        if url:
            return cls(DagsterPostgresStorage(_postgres(url), should_autocreate_tables=True), inst_data)
        directory = Path(config_value["local_dir"]).absolute()
        directory.mkdir(parents=True, exist_ok=True)
        return cls(DagsterSqliteStorage(str(directory)), inst_data)

    def register_instance(self, instance: Any) -> None:
        """Passes the instance on to the storage underneath."""
        super().register_instance(instance)
        self._storage.register_instance(instance)

    @property
    def event_log_storage(self) -> EventLogStorage:
        """The event log."""
        return self._storage.event_log_storage

    @property
    def run_storage(self) -> RunStorage:
        """The runs."""
        return self._storage.run_storage

    @property
    def schedule_storage(self) -> ScheduleStorage:
        """Schedules, sensors and their ticks."""
        return self._storage.schedule_storage


def _postgres(text: str) -> str:
    """The operator's address with the driver spelled out. Raises `SettingsError` for another kind of database."""
    try:
        url = normalised_url(text)
    except DatabaseError:
        url = None
    if url is None or url.get_backend_name() != "postgresql":
        raise SettingsError(
            "SHOPSYNC_DAGSTER_POSTGRES_URL: its value cannot be used. Write postgresql://user:password@host:5432/name, "
            "or leave it empty for SQLite under .shopsync/dagster."
        )
    return url.render_as_string(hide_password=False)
