"""The lights on: the real web server and daemon over a desk in SQLite and one in PostgreSQL.

One long story rather than many tests, for a server, a daemon and their runs cost seconds each.
"""

import csv
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from dagster_project.resources.lake import Lake
from tests import models

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = (
    *("ticket", "customer", "opened", "updated", "category", "priority"),
    *("status", "channel", "subject", "description", "resolution"),
)
ANSWER = "Open the lid once a week."
LONGEST_WAIT = 1200.0


class Desk:
    """A help desk's table of tickets in some database."""

    def __init__(self, connection: Any, mark: str) -> None:
        self._connection, self._mark = connection, mark

    def do(self, statement: str, *values: str) -> None:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(statement.replace("?", self._mark), values)
        self._connection.commit()

    def insert(self, rows: list[dict[str, str]]) -> None:
        marks = ", ".join("?" * len(COLUMNS))
        for row in rows:
            self.do(f"insert into tickets values ({marks})", *(row[c] for c in COLUMNS))


class House:
    """Both desks, a refinery over them, and its web server and daemon."""

    def __init__(self, folder: Path, postgres: str) -> None:
        self.folder, self.home = folder, folder / "home"
        self.file = folder / "desk.sqlite"
        self.desks = {
            "sqlite": Desk(sqlite3.connect(self.file), "?"),
            "postgres": Desk(psycopg.connect(postgres.replace("+psycopg", "")), "%s"),
        }
        columns = ", ".join(f"{c} text" for c in COLUMNS)
        with (ROOT / "tests/data/tickets.csv").open(encoding="utf-8", newline="") as file:
            tickets = [{c: row[c] for c in COLUMNS} for row in csv.DictReader(file)]
        for n, desk in enumerate(self.desks.values()):
            desk.do(f"create table tickets ({columns})")
            desk.insert(tickets[n::2])
        self.template = tickets[0]
        self.settings = folder / "refinery.yaml"
        self.settings.write_text(yaml.safe_dump(self._settings(postgres)))

    def _settings(self, postgres: str) -> dict[str, Any]:
        """The tiny desk's settings, its tickets in two databases, its time in months, its sensors quick."""
        said = yaml.safe_load((ROOT / "tests/data/refinery.yaml").read_text(encoding="utf-8"))
        tickets, *others = said["sources"]
        for gone in ("kind", "path"):
            del tickets[gone]
        urls = {"sqlite": f"sqlite:///{self.file}", "postgres": postgres}
        desks = [{**tickets, "name": f"desk_{n}", "kind": "sql", "url": u, "table": "tickets"} for n, u in urls.items()]
        quick = {"every_seconds": 10, "backoff_seconds": 1}
        return {
            **said,
            "home": str(self.home),
            "base_model": str(models.tiny(self.folder / "model")),  # who runs what, and when, is what is seen here
            "partitions": {"every": "month", "start": "2026-01-01"},
            "sources": [*desks, *others],
            "automation": quick,
        }

    def open(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        env = {**os.environ, "REFINERY_CONFIG": str(self.settings), "REFINERY_HOME": str(self.home)}
        env.pop("DAGSTER_HOME", None)
        self.log = (self.folder / "ui.log").open("w")
        command = [sys.executable, "-m", "dagster_project.cli", "ui", "--port", str(port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=self.log, stderr=self.log, start_new_session=True
        )
        self.until(self._answers, "the web server answers")

    def close(self) -> None:
        self.process.terminate()  # as a service manager does; web server and daemon go with it
        try:
            self.process.wait(60)
            assert not self._answers(), "the web server outlived its command"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.log.close()

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(urllib.request.urlopen(f"{self.url}/server_info", timeout=5).status == 200)
        return False

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LONGEST_WAIT
        while not holds():
            assert self.process.poll() is None, "web server or daemon ended: " + self.said()
            assert time.monotonic() < end, f"waited in vain until {what}: {self.said()}"
            time.sleep(1)
            if self._answers():
                assert not (failed := self.failed()), f"until {what}: {failed} {self.said()}"

    def said(self) -> str:
        return (self.folder / "ui.log").read_text()[-3000:]

    def ask(self, query: str) -> Any:
        """Ask the web server as its pages do."""
        request = urllib.request.Request(
            f"{self.url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
        )
        return json.load(urllib.request.urlopen(request, timeout=60))["data"]

    def runs(self) -> list[tuple[str, str]]:
        found = self.ask("{runsOrError {... on Runs {results {pipelineName status}}}}")["runsOrError"]["results"]
        return sorted((run["pipelineName"], run["status"]) for run in found)

    def failed(self) -> list[str]:
        """The runs that failed, each with what its events say of it."""
        events = "eventConnection {events {... on MessageEvent {message} ... on ErrorEvent {error {message}}}}"
        of = "runsOrError(filter: {statuses: [FAILURE]})"
        found = self.ask(f"{{{of} {{... on Runs {{results {{pipelineName {events}}}}}}}}}")["runsOrError"]["results"]
        return [f"{r['pipelineName']}: {[e for e in r['eventConnection']['events'] if 'error' in e]}" for r in found]

    def ticks(self, sensor: str) -> list[str]:
        """Why the latest ticks of a sensor asked for nothing; empty where they did."""
        place = 'repositoryName: "__repository__", repositoryLocationName: "support_refinery"'
        state = "... on Sensor {sensorState {ticks(limit: 50) {skipReason}}}"
        found = self.ask(f'{{sensorOrError(sensorSelector: {{{place}, sensorName: "{sensor}"}}) {{{state}}}}}')
        return [tick["skipReason"] or "" for tick in found["sensorOrError"]["sensorState"]["ticks"]]

    def collected(self) -> set[tuple[str, str]]:
        """Source and number of every ticket in the lake."""
        rows = Lake(self.home).read("tickets").select(["source", "source_id"]).to_pylist()
        return {(row["source"], row["source_id"]) for row in rows}

    def cleaned(self) -> dict[str, str]:
        """By record the hash of its cleaned turns."""
        rows = Lake(self.home).read("standardized_records").select(["record_id", "turns"]).to_pylist()
        return {row["record_id"]: str(row["turns"]) for row in rows}


@pytest.fixture
def house(tmp_path: Path, postgresql: str) -> Iterator[House]:
    made = House(tmp_path, postgresql)
    made.open()
    yield made
    made.close()


def test_the_lake_follows_both_desks(house: House) -> None:
    def all_done(*expected: str) -> Callable[[], bool]:
        return lambda: house.runs() == sorted((job, "SUCCESS") for job in expected)

    first = ("record_line", "dataset_line", "tuning_line")
    house.until(all_done(*first), "the first refresh has gone through all three lines")
    tickets, cleaned = house.collected(), house.cleaned()
    assert {source for source, _ in tickets} == {"desk_sqlite", "desk_postgres"}

    for name, desk in house.desks.items():
        mine = sorted(number for source, number in tickets if source == f"desk_{name}")
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        desk.insert([{**house.template, "ticket": "NEW-1", "updated": now}])
        desk.do(
            "update tickets set resolution = 'Open the lid once a week.', updated = ? where ticket = ?", now, mine[0]
        )
        desk.do("delete from tickets where ticket = ?", mine[1])
        tickets = tickets - {(f"desk_{name}", mine[1])} | {(f"desk_{name}", "NEW-1")}
    house.until(lambda: house.collected() == tickets, "inserted and deleted tickets show in the lake")
    house.until(lambda: all(status == "SUCCESS" for _, status in house.runs()), "every run has ended well")
    assert sum(ANSWER in turns for turns in house.cleaned().values()) == 2
    assert house.cleaned().keys() != cleaned.keys()

    house.file.rename(house.file.with_suffix(".away"))
    before = len([t for t in house.ticks("new_tickets") if t.startswith("could not look")])
    house.until(
        lambda: sum(t.startswith("could not look") for t in house.ticks("new_tickets")) >= before + 2,
        "two ticks have failed",
    )
    assert house.collected() == tickets
    house.file.with_suffix(".away").rename(house.file)
    house.desks["sqlite"].insert([{**house.template, "ticket": "LATE-1"}])
    house.until(lambda: ("desk_sqlite", "LATE-1") in house.collected(), "the desk that was away is caught up with")
    house.until(lambda: all(status == "SUCCESS" for _, status in house.runs()), "every run has ended well")
    assert [run for run in house.runs() if run[0] != "record_line"] == [
        ("dataset_line", "SUCCESS"),
        ("tuning_line", "SUCCESS"),
    ]

    query = "{repositoriesOrError {... on RepositoryConnection {nodes {schedules {name} sensors {name}}}}}"
    shown = house.ask(query)["repositoriesOrError"]["nodes"][0]
    assert {"nightly_refresh", "daily_purge"} <= {s["name"] for s in shown["schedules"]}
    assert {"new_tickets", "dataset_refresh", "tuning_refresh"} <= {s["name"] for s in shown["sensors"]}
