import pytest

from dagster_project import runs
from dagster_project.settings import Settings


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    with runs.open_instance(Settings(home=tmp_path)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("storage", "file"), [("run_storage", "history/runs.db"), ("schedule_storage", "schedules/schedules.db")]
)
def test_who_finds_runs_or_ticks_locked_waits_as_long_as_for_the_event_log(instance, tmp_path, storage, file):
    with instance.event_log_storage.index_connection() as log, getattr(instance, storage).connect() as mine:
        patience = log.exec_driver_sql("pragma busy_timeout").scalar()
        assert mine.exec_driver_sql("pragma busy_timeout").scalar() == patience == 30_000
        assert mine.exec_driver_sql("pragma database_list").all()[0][2] == str(tmp_path / "dagster" / file)
