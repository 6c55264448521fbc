"""The nightly refresh: every row of every source is compared with the lake, whenever it was written."""

import dagster as dg

from assets.errors import RefineryError
from dagster_project.jobs import record_line
from dagster_project.runs import Plan
from dagster_project.sensors import AUTOMATION, ask, could_not_look, plan_of


@dg.schedule(
    job=record_line,
    cron_schedule=AUTOMATION.nightly,
    execution_timezone=AUTOMATION.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING if AUTOMATION.running else dg.DefaultScheduleStatus.STOPPED,
)
def nightly_refresh(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Makes anew each contiguous stretch of days that late, old, changed or deleted rows have left stale.

    The dataset and, at its own time, the tuning follow by their sensors.
    """
    plan: Plan = plan_of(context)
    if not plan.settings.sources:
        return dg.SkipReason("the settings name no source")
    try:
        requests = plan.requests("record_line")
    except RefineryError as fault:
        return could_not_look(context, fault)
    asked, reasons = ask(context, plan, requests, because=context.scheduled_execution_time.date().isoformat())
    return asked or dg.SkipReason("; ".join(reasons) or "the lake holds what the desk holds")


SCHEDULES = [nightly_refresh]
