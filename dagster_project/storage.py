"""Dagster's runs and ticks in SQLite, as patient with a locked database as its event log is.

Dagster waits half a minute for the event log, and pysqlite's five seconds for runs and ticks. On a busy machine that
is too short: a run that found `runs.db` locked when it had done all and was to say so counts as failed, and there is
nothing that a retry could make.
"""

from pathlib import Path
from typing import Any, Self

from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

PATIENCE = f"?timeout={SQLITE_BUSY_TIMEOUT_SECONDS}"


class PatientRunStorage(SqliteRunStorage):
    """Runs, in `history/runs.db` below `base_dir`: where Dagster itself keeps them below DAGSTER_HOME."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(conn_string + PATIENCE, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        """Open the storage that `dagster.yaml` names."""
        return cls.from_local(str(Path(config_value["base_dir"]) / "history"), inst_data)


class PatientScheduleStorage(SqliteScheduleStorage):
    """Ticks of schedules and sensors, in `schedules/schedules.db` below `base_dir`, as Dagster itself keeps them."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(conn_string + PATIENCE, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Open the storage that `dagster.yaml` names."""
        return cls.from_local(str(Path(config_value["base_dir"]) / "schedules"), inst_data)
