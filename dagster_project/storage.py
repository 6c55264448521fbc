"""Dagster's runs and ticks in SQLite, as patient with a locked database as its event log is.

Dagster waits half a minute for the event log, and pysqlite's five seconds for runs and ticks. On a busy machine that
is too short: a run that found `runs.db` locked when it had done all and was to say so counts as failed, and there is
nothing that a retry could make.
"""

from pathlib import Path
from typing import Any

from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

PATIENCE = f"?timeout={SQLITE_BUSY_TIMEOUT_SECONDS}"


class _Patient:
    """A storage of Dagster's own, in its own place below DAGSTER_HOME, that waits longer."""

    _folder: str

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(conn_string + PATIENCE, inst_data)  # type: ignore[call-arg] # what it is mixed into takes both

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Any:
        """Open the storage that `dagster.yaml` names; its `base_dir` is DAGSTER_HOME."""
        place = Path(config_value["base_dir"]) / cls._folder
        return cls.from_local(str(place), inst_data)  # type: ignore[attr-defined] # as above


class PatientRunStorage(_Patient, SqliteRunStorage):
    """Runs: `history/runs.db`."""

    _folder = "history"


class PatientScheduleStorage(_Patient, SqliteScheduleStorage):
    """Ticks of schedules and sensors: `schedules/schedules.db`."""

    _folder = "schedules"
