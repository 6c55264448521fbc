"""A record line of two tables, small enough to break on purpose; all else is the real thing.

A CSV desk is collected by the real reader into `tickets`; `normalized_records` passes them on as they
are, so that what a test plants in the desk reaches every promise. Both keep the same suite, through
the real adapter, IO manager, lake and Dagster instance.
"""

import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
import yaml

from assets import tables
from assets.ledger import Ledger
from checks import Promise
from checks.expectations import audited, stored_check
from dagster_project import jobs, runs
from dagster_project.failures import plainly, redact
from dagster_project.metadata import KNOBS, card
from dagster_project.resources.engine import Engine
from dagster_project.resources.lake import Lake
from dagster_project.resources.parquet import ParquetIOManager
from dagster_project.resources.staleness import Desk
from dagster_project.settings import load

CANARY = "zz.canary@example.com"
DAYS = ("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04")
PARENTS: dict[str, list[str]] = {"tickets": [], "normalized_records": ["tickets"]}

PROMISES: tuple[Promise, ...] = (
    ("id_is_unique", "ExpectColumnValuesToBeUnique", {"column": "record_id"}, "No record twice.", "critical"),
    ("no_address", "ExpectColumnValuesToNotMatchRegex", {"column": "turns_text", "regex": r"@"}, "None.", "critical"),
    ("short", "ExpectColumnValueLengthsToBeBetween", {"column": "subject", "max_value": 9}, "Short.", "warning"),
)


def _record_line(promises: Sequence[Promise]) -> list[Any]:
    @dg.asset(**card(tables.TICKETS, "none", promises))
    @plainly
    def tickets(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """Tickets as the desk holds them."""
        yield from audited(context, context.resources.desk.collect("tickets", context.partition_keys), promises)

    @dg.asset(**card(tables.NORMALIZED_RECORDS, "none", promises))
    @plainly
    def normalized_records(context: dg.AssetExecutionContext, tickets: pa.Table) -> Iterator[Any]:
        """The same tickets, but that a subject may say how the step is to fail."""
        subjects = tickets.column("subject").to_pylist()
        if "explode" in subjects:
            raise ValueError(f"cannot read {tickets.column('turns').to_pylist()}")
        if "forget" in subjects:
            tickets = tickets.filter(pa.array([s != "forget" for s in subjects]))
        half = {KNOBS: "1 prompt left unasked"} if "unasked" in subjects else {}
        done = Ledger.of(tickets, key="record_id").close(tickets, key="record_id")
        yield from audited(context, done, promises, **half)

    return [tickets, normalized_records]


class Line:
    """A desk, a lake and a Dagster instance below one folder."""

    def __init__(self, folder: Path, promises: Sequence[Promise] = PROMISES) -> None:
        self.folder, self.home, self.csv = folder, folder / "home", folder / "tickets.csv"
        self.rows: dict[str, dict[str, str]] = {}
        for day in DAYS:
            for n in (1, 2):
                self.write(f"{day}-{n}", created_at=f"{day}T0{n}:00:00Z")
        self.configure()
        self.definitions = dg.Definitions(
            assets=_record_line(promises),
            asset_checks=[stored_check(t, promises) for t in (tables.TICKETS, tables.NORMALIZED_RECORDS)],
            jobs=[dg.define_asset_job("record_line", selection=dg.AssetSelection.groups(*jobs.RECORD_ROOMS))],
            resources={
                "settings": dg.ResourceDefinition(lambda _: self.settings),
                "lake": dg.ResourceDefinition(lambda _: self.lake),
                "desk": dg.ResourceDefinition(lambda _: self.desk),
                "engine": Engine(1),
                "io_manager": dg.IOManagerDefinition(
                    lambda c: ParquetIOManager(c.resources.lake, c.resources.settings, c.resources.desk),
                    required_resource_keys={"lake", "settings", "desk"},
                ),
            },
            executor=dg.in_process_executor,
        )
        redact()

    def configure(self, **sections: Any) -> None:
        """Write the settings anew."""
        fields = {c: c for c in ("id", "created_at", "subject", "description", "resolution")}
        desk = {"name": "desk", "gives": "tickets", "kind": "csv", "path": str(self.csv), "fields": fields}
        partitions = {"every": "day", "start": DAYS[0]}
        said = {"home": str(self.home), "partitions": partitions, "sources": [desk], **sections}
        file = self.folder / f"settings-{len(list(self.folder.glob('settings-*')))}.yaml"
        file.write_text(yaml.safe_dump(said))
        self.settings_file, self.settings = file, load(file)

    def write(self, id: str, **fields: str) -> None:
        """Put a ticket into the desk, or change it."""
        ticket = {"id": id, "created_at": "", "subject": "short", "description": "It hums.", "resolution": "Let it."}
        self.rows[id] = {**self.rows.get(id, ticket), **fields}
        with self.csv.open("w", newline="") as file:
            out = csv.DictWriter(file, list(ticket))
            out.writeheader()
            out.writerows(self.rows.values())

    @property
    def lake(self) -> Lake:
        return Lake(self.home)

    @property
    def desk(self) -> Desk:
        return Desk(self.settings)

    @property
    def instance(self) -> dg.DagsterInstance:
        return runs.open_instance(self.settings)

    def run(
        self, *days: str, assets: Sequence[str] = tuple(PARENTS), tags: Mapping[str, str] | None = None
    ) -> list[dg.DagsterEvent]:
        """Make these days (a stretch), and return what Dagster stored of it."""
        seen: list[dg.DagsterEvent] = []
        request = runs.Request("record_line", tuple(assets), days)
        with self.instance as instance:
            runs.launch(
                self.definitions,
                instance,
                request,
                lambda entry: seen.append(entry.dagster_event) if entry.dagster_event else None,
                tags or {},
            )
        return seen

    def everything_dagster_kept(self) -> bytes:
        """Return every byte below DAGSTER_HOME, the write-ahead logs of its databases folded in."""
        home = runs.dagster_home(self.settings)
        for file in home.rglob("*.db"):
            with sqlite3.connect(file) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return b"".join(f.read_bytes() for f in home.rglob("*") if f.is_file())


@contextmanager
def a_line(folder: Path, promises: Sequence[Promise] = PROMISES) -> Iterator[Line]:
    """Hand over a line of its own, and give the environment back afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFINERY_HOME", str(folder / "home"))
        patch.setenv("DAGSTER_HOME", str(folder / "dagster"))
        patch.setenv("DAGSTER_REDACT_USER_CODE_ERRORS", "1")
        yield Line(folder, promises)


def evaluations(events: Sequence[dg.DagsterEvent], check: str, asset: str) -> dict[str | None, bool]:
    """Return by partition how a check went; under None the run's summary, or the only partition's result."""
    found = [
        e.asset_check_evaluation_data for e in events if e.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    ]
    return {f.partition: f.passed for f in found if (f.check_name, f.asset_key.path[-1]) == (check, asset)}


def succeeded(events: Sequence[dg.DagsterEvent]) -> bool:
    """Whether the run went well."""
    return any(e.event_type == dg.DagsterEventType.RUN_SUCCESS for e in events)
