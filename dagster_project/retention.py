"""Raw text rests for so many days and no longer: the purge, as a function, a job and a daily schedule."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from assets.tables import TABLES
from dagster_project.resources.lake import Lake
from dagster_project.settings import Settings

SECONDS_A_DAY = 86_400


class Purged(NamedTuple):
    """How much a purge removed."""

    partitions: int
    files: int


def purge(lake: Lake, settings: Settings, *, now: float | None = None) -> Purged:
    """Remove what has rested in the restricted zone longer than the settings allow, and close what stands open there.

    Args:
        lake: The lake.
        settings: The refinery's settings; `privacy.retention_days` null keeps everything.
        now: The moment to count from (seconds since 1970), by default the present one.
    """
    tighten(settings.home / "restricted")
    days = settings.privacy.retention_days
    if days is None:
        return Purged(0, 0)
    before = (time.time() if now is None else now) - days * SECONDS_A_DAY
    done = [purge_asset(lake, asset, before) for asset in TABLES]
    return Purged(sum(p.partitions for p in done), sum(p.files for p in done))


def purge_asset(lake: Lake, asset: str, before: float) -> Purged:
    """Remove one asset's raw text that was published before a moment (seconds since 1970).

    A partition's manifest goes on naming what was there, so that nothing that was made from it is stale; only then its
    file goes. Rejected candidates and superseded files go by the time they were written.
    """
    partitions = 0
    for partition, found in (lake.manifests(asset) if TABLES[asset].restricted else {}).items():
        if found.published_at >= before or found.purged_at is not None or not found.rows:
            continue
        with lake.lock(asset, partition):
            if lake.manifest(asset, partition) == found:
                lake.put_manifest(asset, partition, replace(found, purged_at=time.time()))
                partitions += 1
    manifests = lake.manifests(asset).values()
    spent = {m.table for m in manifests if m.purged_at is not None}
    named = {m.table for m in manifests} - spent
    files = 0
    for folder in (f"restricted/{asset}", f"restricted/rejected/{asset}"):
        for path in {f"{folder}/{name}" for name in lake.names(folder)} - named:
            with contextlib.suppress(FileNotFoundError):
                if path in spent or lake.written_at(path) < before:
                    lake.remove(path)
                    files += 1
    return Purged(partitions, files)


def tighten(zone: Path) -> None:
    """Take everybody's rights but the owner's from a folder and all that is in it."""
    for path in (zone, *zone.rglob("*")) if zone.is_dir() else ():
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


@dg.op(required_resource_keys={"lake", "settings"}, out=dg.Out(dg.Nothing))
def remove_what_rested_too_long(context: dg.OpExecutionContext) -> None:
    """Purge the restricted zone."""
    done = purge(context.resources.lake, context.resources.settings)
    context.log.info(f"{done.partitions} partitions and {done.files} files were purged from the restricted zone")


@dg.job(description="Remove raw text whose retention is over.")
def purge_restricted() -> None:
    """Purge the restricted zone."""
    remove_what_rested_too_long()


daily_purge = dg.ScheduleDefinition(
    name="daily_purge",
    job=purge_restricted,
    cron_schedule="0 4 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every day at 04:00: raw text older than `privacy.retention_days` goes.",
)
