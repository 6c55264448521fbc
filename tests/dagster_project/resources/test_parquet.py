"""Runs of the small line, range and single, and what rests in the lake after each."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets import tables
from assets.ledger import Ledger, Published, balance
from dagster_project.resources.parquet import _parts
from tests.line import DAYS, Line, a_line, evaluations, succeeded


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line whose first three days were made in one run."""
    with a_line(tmp_path_factory.mktemp("line")) as made:
        made.first = made.run(*DAYS[:3])  # type: ignore[attr-defined] # what the tests below look at
        assert succeeded(made.first)
        yield made


def test_a_range_run_publishes_every_partition_of_every_table(line: Line) -> None:
    for asset in ("tickets", "normalized_records"):
        assert list(line.lake.manifests(asset)) == list(DAYS[:3])
        assert {m.rows for m in line.lake.manifests(asset).values()} == {2}
        for day in DAYS[:3]:
            assert set(line.lake.read(asset, [day]).column("partition").to_pylist()) == {day}


def test_the_next_step_is_given_the_partitions_of_the_run_and_no_others(line: Line) -> None:
    assert balance(line.lake.read_ledger("normalized_records")).rows_in == 6
    line.run(DAYS[0])
    assert balance(line.lake.read_ledger("normalized_records", [DAYS[0]])).rows_in == 2


def test_a_run_of_one_partition_leaves_the_others_as_they_were(line: Line) -> None:
    before = line.lake.manifests("normalized_records")
    assert succeeded(line.run(DAYS[1]))
    after = line.lake.manifests("normalized_records")
    assert {k: m for k, m in after.items() if k != DAYS[1]} == {k: m for k, m in before.items() if k != DAYS[1]}
    assert after[DAYS[1]].run_id != before[DAYS[1]].run_id


def test_a_partition_made_alone_is_the_same_file_as_one_made_in_a_range(line: Line) -> None:
    in_range = line.lake.manifests("normalized_records")[DAYS[2]]
    line.run(DAYS[2])
    alone = line.lake.manifests("normalized_records")[DAYS[2]]
    assert (alone.table_sha256, alone.ledger_sha256) == (in_range.table_sha256, in_range.ledger_sha256)
    assert alone.fingerprint == in_range.fingerprint


def test_each_partitions_materialisation_says_its_own_rows_and_hash(line: Line) -> None:
    found = [
        e.step_materialization_data.materialization
        for e in line.first  # type: ignore[attr-defined]
        if e.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION and e.step_key == "tickets"
    ]
    said = {m.partition: (m.metadata["dagster/row_count"].value, m.metadata["sha256"].value) for m in found}
    assert said == {k: (2, m.table_sha256) for k, m in line.lake.manifests("tickets").items()}


def test_every_check_is_recorded_for_every_partition_and_once_for_the_run(line: Line) -> None:
    for check in ("every_input_row_is_accounted_for", "id_is_unique", "no_address", "short"):
        expected = dict.fromkeys([*DAYS[:3], None], True)
        assert evaluations(line.first, check, "tickets") == expected  # type: ignore[attr-defined]


def test_an_empty_partition_is_published_as_a_table_of_no_rows(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        for n in (1, 2):
            del line.rows[f"{DAYS[1]}-{n}"]
        line.write(f"{DAYS[0]}-1")
        assert succeeded(line.run(*DAYS[:3]))
        assert [m.rows for m in line.lake.manifests("normalized_records").values()] == [2, 0, 2]


def published(*partitions: str) -> Published:
    rows = [{"record_id": f"{n}", "partition": p} for n, p in enumerate(partitions)]
    return Ledger.of(tables.TICKETS.of(rows), key="record_id").close(tables.TICKETS.of(rows), key="record_id")


def test_table_and_ledger_are_cut_by_partition_and_each_of_the_run_gets_its_part() -> None:
    parts = _parts("tickets", published("b", "a", "b"), ["a", "b", "c"])
    cut = {k: part.table.column("record_id").to_pylist() for k, part in parts.items()}
    assert cut == {"a": ["1"], "b": ["0", "2"], "c": []}
    assert {k: part.ledger.column("id").to_pylist() for k, part in parts.items()} == cut


def test_a_row_of_a_partition_that_is_not_in_the_run_is_refused_and_not_lost() -> None:
    with pytest.raises(dg.DagsterInvariantViolationError, match="not in this run"):
        _parts("tickets", published("a", "b"), ["a"])


def test_an_outcome_of_a_partition_that_is_not_in_the_run_is_refused_and_not_lost() -> None:
    ledger = Ledger(["x", "y"], ["a", "elsewhere"])
    ledger.drop("y", "spam")
    part = ledger.close(tables.TICKETS.of([{"record_id": "x", "partition": "a"}]), key="record_id")
    with pytest.raises(dg.DagsterInvariantViolationError, match="not in this run"):
        _parts("tickets", part, ["a"])


def test_an_input_whose_file_is_gone_is_said_in_our_own_words(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        line.run(DAYS[0], assets=["tickets"])
        (line.home / line.lake.manifests("tickets")[DAYS[0]].table).unlink()
        events = line.run(DAYS[0], assets=["normalized_records"])
    (failed,) = [e for e in events if e.event_type == dg.DagsterEventType.STEP_FAILURE]
    said = failed.step_failure_data.user_failure_data
    assert said is not None
    assert said.description.startswith("tickets")
    assert "materialise the asset again" in said.description
