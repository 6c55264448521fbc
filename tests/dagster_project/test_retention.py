"""Raw text goes when its time is over; what was made from it stays, and nothing is made again from nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from assets.errors import RefineryError
from assets.ledger import Published, summary
from assets.tables import TABLES
from dagster_project.definitions import defs
from dagster_project.resources.staleness import fingerprint, stale
from dagster_project.retention import SECONDS_A_DAY, purge, tighten
from tests.line import DAYS, PARENTS, Line, a_line, succeeded

LATER = 91 * SECONDS_A_DAY


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with a_line(tmp_path) as made:
        assert succeeded(made.run(*DAYS[:2]))
        yield made


def found(line: Line) -> dict[str, list[str]]:
    late = stale(line.lake, line.settings, line.desk, PARENTS, list(PARENTS))
    return {a: kept for a, days in late.items() if (kept := [d for d in days if d in DAYS[:2]])}


def raw(line: Line) -> list[Path]:
    return [f for f in (line.home / "restricted").rglob("*") if f.is_file()]


def test_a_purge_takes_what_is_old_and_leaves_what_is_not(line: Line) -> None:
    line.lake.reject("tickets", "a run", pa.table({"a": ["text"]}))
    before = len(raw(line))
    assert before == 5
    assert purge(line.lake, line.settings) == (0, 0), "nothing is old yet"
    assert len(raw(line)) == before

    done = purge(line.lake, line.settings, now=time.time() + LATER)
    assert done == (4, 5)
    assert raw(line) == []
    assert len(line.lake.read_ledger("tickets")) == 4, "ledgers hold no text and stay"
    assert {m.rows for m in line.lake.manifests("tickets").values()} == {2}, "what was there is still said"
    with pytest.raises(RefineryError, match="purged"):
        line.lake.read("tickets")
    assert purge(line.lake, line.settings, now=time.time() + LATER) == (0, 0)


def test_a_purged_partition_is_not_stale_until_its_source_changes(line: Line) -> None:
    purge(line.lake, line.settings, now=time.time() + LATER)
    assert found(line) == {}, "what was made from it stays"

    line.configure(normalization={"signature_lines": 3}, collection={"max_file_mb": 5})
    assert found(line) == {}, "other settings cannot be applied to text that is gone"

    line.write(f"{DAYS[0]}-1", resolution="Another answer.")
    assert found(line) == {a: [DAYS[0]] for a in PARENTS}, "a changed row brings its own day back"
    assert succeeded(line.run(DAYS[0]))
    assert len(line.lake.read("tickets", [DAYS[0]])) == 2
    assert found(line) == {}


def test_a_purged_partition_whose_rows_the_source_lost_is_not_made_empty(line: Line) -> None:
    purge(line.lake, line.settings, now=time.time() + LATER)
    for id in [i for i in line.rows if i.startswith(DAYS[0])]:
        del line.rows[id]
    line.write(f"{DAYS[2]}-1")
    assert found(line) == {}
    assert line.lake.manifests("tickets")[DAYS[0]].rows == 2


def test_a_purged_table_of_customers_is_read_again_for_the_sources_hold_those_of_today(line: Line) -> None:
    made = line.desk.collect("customers", [])
    printed = fingerprint("customers", {}, line.settings, source=line.desk.fingerprint("customers", "all"))
    one = TABLES["customers"].of([{"customer_id": "a", "source_id": "7"}])
    published = Published(one, summary(one, key="customer_id", parents=["desk"]).ledger)
    line.lake.publish("customers", {None: published}, fingerprints={None: printed}, run_id="r")
    asked = {"customers": []}
    assert len(made.table) == 0
    assert stale(line.lake, line.settings, line.desk, asked, ["customers"]) == {}
    purge(line.lake, line.settings, now=time.time() + LATER)
    with pytest.raises(RefineryError, match="purged"):
        line.lake.read("customers")
    assert stale(line.lake, line.settings, line.desk, asked, ["customers"]) == {"customers": ["all"]}


def test_nothing_is_purged_where_everything_is_kept(line: Line) -> None:
    line.configure(privacy={"retention_days": None})
    assert purge(line.lake, line.settings, now=time.time() + LATER) == (0, 0)
    assert len(raw(line)) == 4


def test_what_stands_open_in_the_restricted_zone_is_closed(tmp_path: Path) -> None:
    (tmp_path / "restricted/index").mkdir(parents=True)
    (tmp_path / "restricted/index/ids.db").write_text("")
    (tmp_path / "restricted/index/ids.db").chmod(0o644)
    tighten(tmp_path / "restricted")
    modes = [p.stat().st_mode & 0o777 for p in (tmp_path / "restricted", *sorted((tmp_path / "restricted").rglob("*")))]
    assert modes == [0o700, 0o700, 0o600]


def test_the_purge_is_a_job_that_runs_every_day(line: Line) -> None:
    assert defs.resolve_schedule_def("daily_purge").job_name == "purge_restricted"
    line.configure(privacy={"retention_days": 0})
    job = defs.resolve_job_def("purge_restricted")
    resources = {"lake": line.lake, "settings": line.settings}
    graph = job.graph.execute_in_process(resources=resources)
    assert graph.success
    assert raw(line) == []
    assert isinstance(graph, dg.ExecuteInProcessResult)
