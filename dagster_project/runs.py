"""Deciding which assets and partitions a run must make, and making them, on this process's Dagster instance."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dagster as dg
import psutil
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from assets.tables import TABLES
from dagster_project.jobs import line_of
from dagster_project.metadata import STORED_CHECK
from dagster_project.resources.lake import WHOLE, Lake
from dagster_project.resources.staleness import SOURCES, Desk, stale
from dagster_project.settings import Settings

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
_LATEST = 50
"""Events of a run that are asked who wrote them."""


@dataclass(frozen=True)
class Request:
    """One run: a job, the assets it makes, and for the record line a contiguous range of partitions."""

    job: str
    assets: tuple[str, ...]
    partitions: tuple[str, ...] = ()

    @property
    def tags(self) -> dict[str, str]:
        """The tags that tell Dagster the partition, or the range of them."""
        if len(self.partitions) == 1:
            return {PARTITION: self.partitions[0]}
        return {RANGE_START: self.partitions[0], RANGE_END: self.partitions[-1]} if self.partitions else {}


class Plan:
    """What is stale, line by line; asked anew before each line, for a run may leave its output as it was."""

    def __init__(self, graph: BaseAssetGraph, settings: Settings, lake: Lake, desk: Desk) -> None:
        self.settings, self.lake, self.desk = settings, lake, desk
        self.order = [key.path[-1] for key in graph.toposorted_asset_keys]
        self.parents = {
            key.path[-1]: [p.path[-1] for p in graph.get(key).parent_keys] for key in graph.toposorted_asset_keys
        }
        self.checks = [key for key in graph.asset_check_keys if key.name != STORED_CHECK]
        """The checks that run within the steps."""

    def line(self, job: str) -> list[str]:
        """Return the assets of a line, parents first."""
        return [a for a in self.order if line_of(a) == job]

    def stale(self, assets: Sequence[str], keys: Sequence[str] | None = None) -> dict[str, list[str]]:
        """Return by asset the partitions that must be made again, of all or of these."""
        return stale(self.lake, self.settings, self.desk, self.parents, assets, keys)

    def keys(self, start: str | None = None, end: str | None = None) -> list[str]:
        """Return the partitions of the record line in order, all or from one to another."""
        return [k for k in self.desk.calendar.keys() if (start or k) <= k <= (end or k)]  # noqa: SIM118

    def requests(self, job: str, *, only: Sequence[str] = (), keys: Sequence[str] | None = None) -> list[Request]:
        """Return the runs a line needs.

        Args:
            job: The line.
            only: Make these assets whether stale or not, and no others.
            keys: Partitions of the record line to look at, in order; by default all.
        """
        assets = self.line(job)
        keys = self.keys() if keys is None else keys
        if only:
            chosen = tuple(a for a in assets if a in only)
            partitions = tuple(keys) if chosen and TABLES[chosen[0]].partitioned else ()
            return [Request(job, chosen, partitions)] if chosen else []
        found = self.stale(assets, keys)
        whole = tuple(a for a in assets if a in found and not TABLES[a].partitioned)
        runs = [Request(job, whole)] if whole else []
        by_key = {k: {a for a in found if k in found[a]} for k in keys}
        return runs + [
            Request(job, tuple(a for a in assets if any(a in by_key[k] for k in stretch)), tuple(stretch))
            for stretch in self._stretches(by_key)
        ]

    def difference(self, request: Request) -> str:
        """Hash what a request would mend: the source rows it is about, and what is published in their place.

        A run that mends anything changes it, so it stays the same while runs fail, or publish what was there before,
        as where an endpoint stays down.
        """
        digest = hashlib.sha256()
        for asset in request.assets:
            published = self.lake.manifests(asset, request.partitions or None)
            for key in request.partitions or (WHOLE,):
                source = self.desk.fingerprint(asset, key) if asset in SOURCES else ""
                there = published.get(key)
                said = f"{there.table_sha256} {there.fingerprint}" if there else "nothing"
                digest.update(f"{asset}\0{key}\0{source}\0{said}\0".encode())
        return digest.hexdigest()[:16]

    def _stretches(self, by_key: Mapping[str, set[str]]) -> Iterator[list[str]]:
        """Yield the longest runs of neighbours that have something to do."""
        stretch: list[str] = []
        for key in self.keys():
            if by_key.get(key):
                stretch.append(key)
            elif stretch:
                yield stretch
                stretch = []
        if stretch:
            yield stretch


def launch(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    request: Request,
    watch: Callable[[dg.EventLogEntry], None],
    tags: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Run a request in this process, recorded in the instance; tell whether it succeeded."""
    from dagster._core.utils import make_new_run_id

    run_id = make_new_run_id()
    instance.add_event_listener(run_id, watch)
    result = definitions.resolve_job_def(request.job).execute_in_process(
        instance=instance,
        run_id=run_id,
        asset_selection=[dg.AssetKey(a) for a in request.assets],
        tags={**request.tags, **tags},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    return result.success


def end_the_orphaned(instance: dg.DagsterInstance, lake: Lake) -> int:
    """Report as failed the runs whose process is gone, and return how many.

    A run that went with the machine, or was killed, says so to nobody: it would stay "started", and hold the one place
    there is, until the daemon's limit. What it published and could not tell of any more is told here.
    """
    started = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    orphaned = [run for run in started if not _is_worked_on(instance, run.run_id)]
    for run in orphaned:
        for event in _untold(instance, lake, run.run_id):
            instance.report_runless_asset_event(event)
        instance.report_run_failed(run, "Its process is gone: it was killed, or the machine went down.")
    return len(orphaned)


def _untold(instance: dg.DagsterInstance, lake: Lake, run_id: str) -> Iterator[dg.AssetMaterialization]:
    """Yield what a run published and the instance has not heard of."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    told = {(e.dagster_event.asset_key, e.dagster_event.partition) for e in events if e.dagster_event}
    for asset, table in TABLES.items():
        for name, manifest in lake.manifests(asset).items():
            key, partition = dg.AssetKey(asset), name if table.partitioned else None
            if manifest.run_id == run_id and (key, partition) not in told:
                said: dict[str, Any] = {
                    "dagster/row_count": manifest.rows,
                    "sha256": manifest.table_sha256,
                    "path": manifest.table,
                }
                yield dg.AssetMaterialization(
                    key,
                    description="Published by a run that was killed before it could tell.",
                    metadata=said,
                    partition=partition,
                    tags={} if table.partitioned else {DATA_VERSION_TAG: manifest.table_sha256},
                )


def _is_worked_on(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Tell whether a process that spoke lately in a run is alive; where nobody says who spoke, it may be."""
    latest = instance.event_log_storage.get_logs_for_run(run_id, limit=_LATEST, ascending=False)
    spoke = [(e.dagster_event.pid, e.timestamp) for e in latest if e.dagster_event and e.dagster_event.pid]
    return not spoke or any(_lived(pid, at) for pid, at in spoke)


def _lived(pid: int, at: float) -> bool:
    """Tell whether a process is alive and was at a time: a later one may bear its number."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).create_time() <= at
    return False


def dagster_home(settings: Settings) -> Path:
    """Return where Dagster's storage rests; a new one is told not to call home or keep what steps print."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str((settings.home / "dagster").absolute())))
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "dagster.yaml").exists():
        shutil.copy(Path(__file__).with_name("dagster.yaml"), home / "dagster.yaml")
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the refinery's Dagster instance."""
    return dg.DagsterInstance.from_config(str(dagster_home(settings)))
