"""The slices of the record line: which there are, and which one a moment falls into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Literal

from assets.errors import RefineryError


@dataclass(frozen=True)
class Calendar:
    """UTC days, weeks (from Sunday) or months from `start` to the one that holds `today`.

    Keys are the first day of a slice, as Dagster's daily, weekly and monthly partitions with
    `end_offset=1` write them. As there, a week or month that `start` cuts is not a slice.

    Args:
        every: Length of a slice.
        start: First day of the record line.
        today: The UTC day on which the reading happens; handed in, never looked up.

    >>> calendar = Calendar("month", start=date(2026, 1, 1), today=date(2026, 3, 9))
    >>> calendar.keys()
    ['2026-01-01', '2026-02-01', '2026-03-01']
    >>> calendar.slot(datetime(2026, 2, 14, tzinfo=UTC))
    ('2026-02-01', None)
    >>> calendar.slot(datetime(2026, 3, 10, tzinfo=UTC))
    ('2026-01-01', 'in_future')
    """

    every: Literal["day", "week", "month"]
    start: date
    today: date

    def __post_init__(self) -> None:
        if self.first > self.today:
            raise RefineryError(
                "partitions.start",
                f"no {self.every} has begun between {self.start} and {self.today}",
                "choose an earlier start",
            )

    @cached_property
    def first(self) -> date:
        """First day of the first slice: the first one that begins on or after `start`."""
        begin = self._begin(self.start)
        return begin if begin == self.start else self._next(begin)

    def keys(self) -> list[str]:
        """Return the key of every slice, in order."""
        keys, day = [], self.first
        while day <= self.today:
            keys.append(day.isoformat())
            day = self._next(day)
        return keys

    def slot(self, created_at: datetime | None) -> tuple[str, str | None]:
        """Return the slice that accounts for a row, and what is wrong with its date, if anything.

        A row without a date, or with one outside the calendar, is accounted for in the first slice.
        """
        if created_at is None:
            return self.first.isoformat(), "no_date"
        day = created_at.astimezone(UTC).date()
        if day < self.first:
            return self.first.isoformat(), "before_start"
        if day > self.today:
            return self.first.isoformat(), "in_future"
        return self._begin(day).isoformat(), None

    def _begin(self, day: date) -> date:
        if self.every == "week":
            return day - timedelta(days=day.isoweekday() % 7)
        return day.replace(day=1) if self.every == "month" else day

    def _next(self, begin: date) -> date:
        if self.every == "month":
            return (begin + timedelta(days=32)).replace(day=1)
        return begin + timedelta(days=7 if self.every == "week" else 1)
