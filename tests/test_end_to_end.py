"""The whole line on the tiny desk, through the command a person types, as Dagster runs in a real instance."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterRunStatus as Status

from assets.ledger import balance
from assets.tables import TABLES
from dagster_project.jobs import line_of
from dagster_project.resources.lake import Lake
from tests import killed, models

ROOT = Path(__file__).resolve().parents[1]


ONE_OF_EVERY_KIND = (
    ("normalized_records", "computed"),
    ("unique_pairs", "half"),
    ("split_assignments", "unnamed"),
    ("dataset_release", "named"),
)


class Refinery:
    """A desk in a folder of its own, and the command line pointed at it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.desk = folder / "desk"
        shutil.copytree(ROOT / "tests/data", self.desk)
        text = (self.desk / "refinery.yaml").read_text().replace("tests/data/", f"{self.desk}/")
        text = text.replace("every: day, start: 2026-01-01", "every: week, start: 2025-12-28")  # fewer to write
        assert "every: week" in text
        # A model of two layers: what the real one learns and answers is seen elsewhere, and each run asks it anew.
        text += f"\nbase_model: {models.tiny(folder / 'model')}\n"
        self.config = self.desk / "refinery.yaml"
        self.config.write_text(text)

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self._started(["-m", "dagster_project.cli", *arguments], **environment)

    def run_killed(self, kills: Sequence[tuple[str, str]]) -> None:
        """Run, and again whenever the process was killed, until every kill has struck and a run has ended well."""
        (left := self.desk / "kills.json").write_text(json.dumps(kills))
        for _ in range(len(kills) + 1):
            done = self._started(["-m", "tests.killed", str(left), "run"])
            if done.returncode != -signal.SIGKILL:
                break
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(left.read_text()) == []

    def _started(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "REFINERY_HOME": str(self.home), "REFINERY_KEY": "one key", **environment}
        env.pop("DAGSTER_HOME", None)
        command = [sys.executable, *command, "--config", str(self.config)]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=900, check=False)

    @property
    def lake(self) -> Lake:
        return Lake(self.home)

    @property
    def instance(self) -> dg.DagsterInstance:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAGSTER_HOME", str(self.home / "dagster"))
            return dg.DagsterInstance.from_config(str(self.home / "dagster"))


@pytest.fixture(scope="module")
def refinery(tmp_path_factory: pytest.TempPathFactory) -> Refinery:
    """A refinery whose line was made by runs that were killed, and one that ended well."""
    made = Refinery(tmp_path_factory.mktemp("end-to-end"))
    made.run_killed(ONE_OF_EVERY_KIND)
    return made


def test_what_was_killed_is_over(refinery: Refinery) -> None:
    assert {run.status for run in refinery.instance.get_runs()} == {Status.FAILURE, Status.SUCCESS}


def test_every_asset_is_materialised_in_the_instance(refinery: Refinery) -> None:
    events = {name: refinery.instance.get_latest_materialization_event(dg.AssetKey(name)) for name in TABLES}
    assert [name for name, event in events.items() if event is None] == []


def test_every_ledger_balances(refinery: Refinery) -> None:
    for name in TABLES:
        table, sums = refinery.lake.read(name), balance(refinery.lake.read_ledger(name))
        assert sums.rows_out == len(table), name
        assert sums.rows_in == sums.kept + sums.dropped + sums.merged + sums.quarantined, name


def test_what_one_step_puts_out_the_next_takes_in(refinery: Refinery) -> None:
    rows = {name: len(refinery.lake.read(name)) for name in TABLES}
    taken = {name: balance(refinery.lake.read_ledger(name)).rows_in for name in TABLES}
    collected = sum(rows[n] for n in ("tickets", "chats", "calls", "articles", "external_documents"))
    assert taken["normalized_records"] == collected
    line = ["normalized_records", "anonymized_records", "standardized_records", "qa_pairs"]
    line += ["scored_pairs", "validated_pairs", "relevant_pairs", "unique_pairs", "split_pairs"]
    for parent, child in pairwise(line):
        assert taken[child] == rows[parent], child
    assert taken["training_examples"] == rows["balanced_pairs"]


def test_the_report_tells_the_whole_story(refinery: Refinery) -> None:
    done = refinery("report")
    assert done.returncode == 0, done.stderr
    parts = ("tickets", "the dataset may be trained on", "LoRA adapter", "Recommendation", "Released", "web UI")
    for told in parts:
        assert told in done.stdout, told


def test_a_second_run_computes_nothing(refinery: Refinery) -> None:
    runs = len(refinery.instance.get_runs())
    done = refinery("run")
    assert done.returncode == 0
    assert "nothing was stale" in done.stdout
    assert len(refinery.instance.get_runs()) == runs


def test_no_raw_text_leaves_the_restricted_zone(refinery: Refinery) -> None:
    """Every known identity of the desk is searched for in every byte outside, parquet pages unpacked."""
    known = {v for row in _raw(refinery) for v in row if len(v) > 5}
    assert len(known) > 10
    outside = [f for f in refinery.home.rglob("*") if f.is_file() and "restricted" not in f.parts]
    texts = [_text(f) for f in outside]
    assert [v for v in known if any(v in text for text in texts)] == []


def _raw(refinery: Refinery) -> list[list[str]]:
    people = (
        refinery.lake.read("tickets").column("known").to_pylist()
        + refinery.lake.read("chats").column("known").to_pylist()
    )
    return [[entry["value"] for entry in known or ()] for known in people]


def _text(file: Path) -> str:
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        return json.dumps(pq.read_table(file).to_pylist(), default=str, ensure_ascii=False)
    return file.read_bytes().decode("utf-8", errors="replace")


@pytest.mark.soak
def test_killed_at_every_moment_of_every_asset_the_line_ends_where_it_would_have_ended(tmp_path: Path) -> None:
    whole, killed_on_its_way = Refinery(tmp_path / "whole"), Refinery(tmp_path / "killed")
    assert whole("run").returncode == 0
    killed_on_its_way.run_killed([(asset, moment) for asset in TABLES for moment in killed.MOMENTS])
    assert hashes(killed_on_its_way) == hashes(whole)
    for holds in (test_every_asset_is_materialised_in_the_instance, test_every_ledger_balances):
        holds(killed_on_its_way)
    test_what_was_killed_is_over(killed_on_its_way)


def hashes(refinery: Refinery) -> dict[str, dict[str, tuple[str, str]]]:
    """What the tables hold that measure no time, and their ledgers."""
    lines = {name: refinery.lake.manifests(name) for name in TABLES if line_of(name) != "tuning_line"}
    return {name: {k: (m.table_sha256, m.ledger_sha256) for k, m in parts.items()} for name, parts in lines.items()}


def test_a_dataset_that_falls_below_the_bar_is_neither_released_nor_trained_on(refinery: Refinery) -> None:
    later = ("dataset_release", "lora_adapter", "model_package")
    before = {name: refinery.lake.manifests(name) for name in later}
    done = refinery("run", REFINERY_QUALITY__MIN_EXAMPLES="1000000")
    assert done.returncode == 1
    assert "quality_verdict" in done.stdout
    assert refinery.lake.read("quality_verdict").column("passed").to_pylist() == [False]
    assert {name: refinery.lake.manifests(name) for name in later} == before


def test_a_changed_ticket_remakes_its_own_week_and_what_follows(refinery: Refinery) -> None:
    before = {k: m.table_sha256 for k, m in refinery.lake.manifests("validated_pairs").items()}
    runs = {k: m.run_id for k, m in refinery.lake.manifests("tickets").items()}
    tickets = refinery.desk / "tickets.csv"
    lines = tickets.read_text(encoding="utf-8")
    tickets.write_text(lines.replace("the", "a", 1), encoding="utf-8")
    try:
        done = refinery("run", "--to", "2026-01-31")
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        tickets.write_text(lines, encoding="utf-8")
    again = {k for k, m in refinery.lake.manifests("tickets").items() if m.run_id != runs[k]}
    assert len(again) == 1
    changed = {k for k, m in refinery.lake.manifests("validated_pairs").items() if m.table_sha256 != before[k]}
    assert changed <= again


def test_a_source_that_is_missing_is_named(tmp_path: Path) -> None:
    refinery = Refinery(tmp_path)
    (refinery.desk / "tickets.csv").unlink()
    done = refinery("run")
    assert done.returncode == 2
    assert "tickets.csv" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
