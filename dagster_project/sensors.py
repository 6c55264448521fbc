"""The sensors: new tickets are collected within minutes; dataset and tuning follow when it is their time.

Each asks the same question as `refinery run`, what is stale, so nothing is made twice and nothing is
lost: a run key carries the difference it is about and the number of the attempt, and a difference
stays until a run has mended it; those that failed or changed nothing are counted.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import dagster as dg
from dagster import DagsterRunStatus as Status
from dagster._utils.schedules import get_latest_completed_cron_tick

from assets.errors import RefineryError
from assets.released import added
from assets.training import APPROACHES
from dagster_project.automation import AT_ONCE, Attempt, decide
from dagster_project.jobs import dataset_line, record_line, tuning_line
from dagster_project.resources.lake import Lake
from dagster_project.resources.staleness import Desk
from dagster_project.runs import PARTITION, RANGE_END, RANGE_START, Plan, Request
from dagster_project.settings import load

Tick = dg.SensorEvaluationContext | dg.ScheduleEvaluationContext
UNFINISHED = [Status.QUEUED, Status.NOT_STARTED, Status.MANAGED, Status.STARTING, Status.STARTED, Status.CANCELING]
DIFFERENCE = "refinery/difference"

AUTOMATION = load().automation  # Dagster wants interval and switch when a sensor is declared
SWITCH = dg.DefaultSensorStatus.RUNNING if AUTOMATION.running else dg.DefaultSensorStatus.STOPPED


@dg.sensor(job=record_line, minimum_interval_seconds=AUTOMATION.every_seconds, default_status=SWITCH)
def new_tickets(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Collects and checks what is new, changed or gone at the desk, minutes after it happened.

    Compares every id and date of the sources with what the manifests say was collected. It keeps no mark of
    how far it got, so it misses neither a row committed late nor what happened while the desk was out of reach.
    """
    plan = plan_of(context)
    if not plan.settings.sources:
        return dg.SkipReason("the settings name no source")
    try:
        requests = plan.requests("record_line", keys=_free(context.instance, plan.keys()))
        asked, reasons = ask(context, plan, requests)
    except RefineryError as fault:
        return could_not_look(context, fault)
    return _result(asked, reasons or ["the lake holds what the desk holds"])


@dg.sensor(job=dataset_line, minimum_interval_seconds=60, default_status=SWITCH)
def dataset_refresh(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Brings new pairs into the dataset, after the night's refresh or at once, and never beside a record run."""
    plan = plan_of(context)
    if busy(context.instance, "record_line", "dataset_line"):
        return dg.SkipReason("a run of the record line or the dataset line is queued or under way")
    if not plan.lake.manifests("validated_pairs"):
        return dg.SkipReason("no pairs yet")
    try:
        requests = plan.requests("dataset_line")
        if not requests:
            return dg.SkipReason("nothing is stale")
        if plan.settings.automation.dataset != AT_ONCE and not _night_is_over(context.instance, plan):
            return dg.SkipReason("waits for the night's refresh")
        return _result(*ask(context, plan, requests))
    except RefineryError as fault:
        return could_not_look(context, fault)


@dg.sensor(job=tuning_line, minimum_interval_seconds=60, default_status=SWITCH)
def tuning_refresh(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """Trains and evaluates on a changed release when its time has come or enough is new in it."""
    plan = plan_of(context)
    if busy(context.instance, "record_line", "dataset_line", "tuning_line"):
        return dg.SkipReason("another run is queued or under way")
    if plan.lake.manifest("dataset_release") is None:
        return dg.SkipReason("no release yet")
    requests = plan.requests("tuning_line")
    if not requests:
        return dg.SkipReason("nothing is stale")
    if plan.lake.manifest("recommendation") is not None and not _tuning_is_due(context.instance, plan):
        return dg.SkipReason("waits for its time, or for enough new examples")
    return _result(*ask(context, plan, requests))


def plan_of(context: Tick) -> Plan:
    """Look at settings, lake and sources as they are now."""
    settings = load()
    definitions = context.repository_def
    if definitions is None:
        raise dg.DagsterInvariantViolationError("a sensor is evaluated within its code location")
    return Plan(definitions.asset_graph, settings, Lake(settings.lake_root), Desk(settings))


def ask(
    context: Tick,
    plan: Plan,
    requests: Sequence[Request],
    because: str = "",
) -> tuple[list[dg.RunRequest], list[str]]:
    """Turn requests into Dagster's, each at most once per difference and attempt; say which wait, and why.

    Args:
        context: The tick.
        plan: What it saw.
        requests: What is to be mended.
        because: Asks anew, whatever was tried before: the night it is asked for.
    """
    asked, reasons = [], []
    for request in requests:
        difference = plan.difference(request)
        decision = decide(_attempts(context.instance, difference), time.time(), plan.settings.automation)
        span = f"{request.partitions[0]} to {request.partitions[-1]}" if request.partitions else request.job
        if decision.wait and not (because and decision.given_up):
            reasons.append(f"{span}: {decision.wait}")
            if decision.given_up:
                context.log.error(f"{request.job}, {span}: {decision.wait}")
            continue
        asked.append(
            dg.RunRequest(
                run_key=":".join(filter(None, [span, difference, str(decision.attempt), because])),
                asset_selection=[dg.AssetKey(a) for a in request.assets],
                asset_check_keys=[c for c in plan.checks if c.asset_key.path[-1] in request.assets],
                tags={**request.tags, DIFFERENCE: difference},
            )
        )
    return asked, reasons


def busy(instance: dg.DagsterInstance, *jobs: str) -> bool:
    """Whether a run of any of these jobs is queued or under way."""
    return any(instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED), limit=1) for job in jobs)


def _free(instance: dg.DagsterInstance, keys: Sequence[str]) -> list[str]:
    """Leave out the partitions that a record run is about to make or making."""
    taken: list[tuple[str, str]] = []
    for run in instance.get_runs(dg.RunsFilter(job_name="record_line", statuses=UNFINISHED)):
        if PARTITION in run.tags:
            taken.append((run.tags[PARTITION], run.tags[PARTITION]))
        elif RANGE_START in run.tags:
            taken.append((run.tags[RANGE_START], run.tags[RANGE_END]))
    return [k for k in keys if not any(first <= k <= last for first, last in taken)]


def _attempts(instance: dg.DagsterInstance, difference: str) -> list[Attempt]:
    records = instance.get_run_records(dg.RunsFilter(tags={DIFFERENCE: difference}))
    return [Attempt(None if r.dagster_run.status in UNFINISHED else r.end_time or 0.0) for r in records]


def _result(asked: list[dg.RunRequest], reasons: list[str]) -> dg.SensorResult:
    return dg.SensorResult(run_requests=asked, skip_reason=None if asked else dg.SkipReason("; ".join(reasons)))


def could_not_look(context: Tick, fault: RefineryError) -> dg.SkipReason:
    """Say why; the next look sees all that this one did not."""
    context.log.error(str(fault))
    return dg.SkipReason(f"could not look: {fault}")


def _last_run(instance: dg.DagsterInstance, job: str) -> float:
    records = instance.get_run_records(dg.RunsFilter(job_name=job), limit=1)
    return records[0].create_timestamp.timestamp() if records else 0.0


def _last_time(cron: str, timezone: str) -> float:
    return get_latest_completed_cron_tick(cron, datetime.now(UTC), timezone).timestamp()


def _night_is_over(instance: dg.DagsterInstance, plan: Plan) -> bool:
    """Whether a night has passed since the dataset was last made, and the record line has had its runs of it."""
    params = plan.settings.automation
    night = _last_time(params.nightly, params.timezone)
    if plan.lake.manifest("dataset_release") is None:
        return True
    if _last_run(instance, "dataset_line") >= night:
        return False
    return _last_run(instance, "record_line") >= night or not plan.requests("record_line")


def _tuning_is_due(instance: dg.DagsterInstance, plan: Plan) -> bool:
    params = plan.settings.automation
    if params.tuning == AT_ONCE:
        return True
    if params.tuning and _last_run(instance, "tuning_line") < _last_time(params.tuning, params.timezone):
        return True
    return params.tuning_new_examples is not None and _new_examples(plan) >= params.tuning_new_examples


def _new_examples(plan: Plan) -> int:
    """Count what the release has that was not trained on yet."""
    now = plan.lake.read("dataset_release")["folder"][0].as_py()
    trained = [release for asset in APPROACHES for release in plan.lake.read(asset)["release"].to_pylist()]
    folder = plan.settings.home / now
    return added(folder, folder.with_name(trained[0] if trained else "none"))


SENSORS = [new_tickets, dataset_refresh, tuning_refresh]
