"""How the record line is cut: UTC days, weeks or months of a record's creation.

The cut is read from the settings when this module is imported, for Dagster wants it when an asset
is declared: one process works with one cut.
"""

import dagster as dg

from dagster_project.settings import load

_KINDS = {
    "day": dg.DailyPartitionsDefinition,
    "week": dg.WeeklyPartitionsDefinition,
    "month": dg.MonthlyPartitionsDefinition,
}


def _records() -> dg.TimeWindowPartitionsDefinition:
    cut = load().partitions
    return _KINDS[cut.every](start_date=cut.start.isoformat(), end_offset=1)  # so that today exists


RECORDS = _records()
