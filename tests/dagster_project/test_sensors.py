"""What schedule and sensors ask for, tick by tick, over the small line and a real instance."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project import schedules, sensors
from dagster_project.runs import PARTITION, RANGE_END, RANGE_START
from dagster_project.sensors import DIFFERENCE
from tests.line import PARENTS, Line, a_line, succeeded


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A desk whose record line begins three days ago, two tickets on its first day."""
    with a_line(tmp_path) as made:
        start = datetime.now(UTC).date() - timedelta(days=3)
        quick = {"backoff_seconds": 0, "attempts": 2}
        made.configure(automation=quick, partitions={"every": "day", "start": start})
        monkeypatch.setenv("REFINERY_CONFIG", str(made.settings_file))
        for number in (1, 2):
            made.write(f"first-{number}", created_at=f"{start}T0{number}:00:00Z")
        yield made


class Ticks:
    """A sensor's or the schedule's ticks, one after the other, as the daemon has them."""

    def __init__(self, line: Line) -> None:
        self.keys: set[str | None] = set()
        self.repository = line.definitions.get_repository_def()

    def sensor(self, instance: dg.DagsterInstance) -> tuple[list[dg.RunRequest], str]:
        context = dg.build_sensor_context(instance, repository_def=self.repository)
        result: Any = sensors.new_tickets(context)
        if isinstance(result, dg.SkipReason):
            return [], str(result.skip_message)
        asked = [r for r in result.run_requests if r.run_key not in self.keys]
        self.keys |= {r.run_key for r in asked}
        return asked, result.skip_reason.skip_message if result.skip_reason else ""

    def night(self, instance: dg.DagsterInstance, when: datetime) -> list[dg.RunRequest]:
        context = dg.build_schedule_context(instance, scheduled_execution_time=when, repository_def=self.repository)
        result: Any = schedules.nightly_refresh(context)
        return result if isinstance(result, list) else []


def test_a_sensor_asks_once_for_what_is_new_and_again_only_when_a_run_failed(line: Line) -> None:
    ticks, days = Ticks(line), list(line.desk.calendar.keys())
    with line.instance as instance:
        asked, _ = ticks.sensor(instance)
        assert [(r.tags[RANGE_START], r.tags[RANGE_END]) for r in asked] == [(days[0], days[-1])]
        assert succeeded(line.run(*days))
        assert ticks.sensor(instance) == ([], "the lake holds what the desk holds")

        line.write("broken", created_at=f"{days[0]}T08:00:00Z", subject="explode")
        asked, _ = ticks.sensor(instance)
        assert [r.tags[PARTITION] for r in asked] == [days[0]]
        assert [k.path[-1] for k in asked[0].asset_selection] == list(PARENTS)
        assert ticks.sensor(instance)[0] == [], "the same difference is asked for once"

        assert not succeeded(line.run(days[0]))
        for attempt in (1, 2):
            asked, _ = ticks.sensor(instance)
            assert len(asked) == 1, f"attempt {attempt} for what is left"
            tags = {DIFFERENCE: asked[0].tags[DIFFERENCE]}
            assert not succeeded(line.run(days[0], assets=["normalized_records"], tags=tags))
        asked, why = ticks.sensor(instance)
        assert asked == []
        assert "given up after 2 runs in vain" in why
        assert len(ticks.night(instance, datetime(2026, 11, 2, 2, tzinfo=UTC))) == 1, "the night tries once more"

        line.write("broken", subject="mended")
        asked, _ = ticks.sensor(instance)
        assert len(asked) == 1, "another difference starts anew"


def test_runs_that_end_well_and_leave_things_as_they_were_are_attempts_too(line: Line) -> None:
    ticks, days = Ticks(line), list(line.desk.calendar.keys())
    with line.instance as instance:
        line.write("first-1", subject="unasked")
        assert succeeded(line.run(*days))
        for attempt in (1, 2):
            asked, why = ticks.sensor(instance)
            assert [[k.path[-1] for k in r.asset_selection] for r in asked] == [["normalized_records"]], (attempt, why)
            tags = {DIFFERENCE: asked[0].tags[DIFFERENCE]}
            assert succeeded(line.run(days[0], assets=["normalized_records"], tags=tags))
        asked, why = ticks.sensor(instance)
        assert asked == []
        assert "given up after 2 runs in vain" in why
        line.write("first-1", subject="short")
        assert len(ticks.sensor(instance)[0]) == 1, "another difference starts anew"


def test_a_desk_that_cannot_be_read_is_caught_up_with(line: Line) -> None:
    ticks, days = Ticks(line), list(line.desk.calendar.keys())
    with line.instance as instance:
        assert succeeded(line.run(*days))
        ticks.sensor(instance)
        line.csv.rename(line.csv.with_suffix(".away"))
        for _ in range(2):
            asked, why = ticks.sensor(instance)
            assert asked == []
            assert why.startswith("could not look: sources.desk")
        line.csv.with_suffix(".away").rename(line.csv)
        line.write("late", created_at=f"{days[0]}T23:00:00Z")
        assert len(ticks.sensor(instance)[0]) == 1


def test_the_night_asks_for_each_stale_stretch(line: Line) -> None:
    ticks, days = Ticks(line), list(line.desk.calendar.keys())
    night = datetime(2026, 11, 2, 2, tzinfo=UTC)
    with line.instance as instance:
        assert succeeded(line.run(*days))
        assert ticks.night(instance, night) == []
        del line.rows["first-1"]
        line.write("third", created_at=f"{days[2]}T00:00:00Z")
        asked = ticks.night(instance, night)
        assert [r.tags[PARTITION] for r in asked] == [days[0], days[2]]
        again = ticks.night(instance, night + timedelta(days=1))
        assert {r.run_key for r in asked}.isdisjoint(r.run_key for r in again), "each night anew"
