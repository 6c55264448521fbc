from datetime import UTC, date, datetime, timedelta, timezone

import dagster as dg
import pytest

from assets.collection.calendar import Calendar
from assets.errors import RefineryError

DEFINITIONS = {
    "day": dg.DailyPartitionsDefinition,
    "week": dg.WeeklyPartitionsDefinition,
    "month": dg.MonthlyPartitionsDefinition,
}


@pytest.mark.parametrize("every", DEFINITIONS)
@pytest.mark.parametrize("start", [date(2025, 11, 1), date(2025, 11, 2), date(2025, 11, 19)])
def test_the_slices_are_those_of_dagster_with_today_in_the_last(every, start):
    now = datetime(2026, 2, 10, 15, 30, tzinfo=UTC)
    theirs = DEFINITIONS[every](start_date=start.isoformat(), end_offset=1).get_partition_keys(current_time=now)
    assert Calendar(every, start, now.date()).keys() == list(theirs)


@pytest.mark.parametrize("every", DEFINITIONS)
def test_every_day_of_the_calendar_falls_into_a_slice_that_exists(every):
    calendar = Calendar(every, date(2025, 11, 19), date(2026, 2, 10))
    keys = set(calendar.keys())
    days = [date(2025, 11, 19) + timedelta(days=n) for n in range(90)]
    assert {calendar.slot(datetime(d.year, d.month, d.day, tzinfo=UTC))[0] for d in days} <= keys


def test_a_row_that_cannot_be_dated_is_accounted_for_in_the_first_slice():
    calendar = Calendar("day", date(2026, 1, 1), date(2026, 1, 5))
    assert calendar.slot(None) == ("2026-01-01", "no_date")
    assert calendar.slot(datetime(2025, 12, 31, 23, tzinfo=UTC)) == ("2026-01-01", "before_start")
    assert calendar.slot(datetime(2026, 1, 6, tzinfo=UTC)) == ("2026-01-01", "in_future")
    assert calendar.slot(datetime(2026, 1, 5, 23, 59, tzinfo=UTC)) == ("2026-01-05", None)


def test_the_day_is_the_utc_day():
    calendar = Calendar("day", date(2026, 1, 1), date(2026, 1, 5))
    late_in_new_york = datetime(2026, 1, 2, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert calendar.slot(late_in_new_york) == ("2026-01-03", None)


def test_a_start_after_today_is_refused():
    with pytest.raises(RefineryError, match=r"partitions\.start"):
        Calendar("month", date(2026, 2, 1), date(2026, 1, 31))
