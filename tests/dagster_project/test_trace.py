"""From any id back to its source row, and from any source row to its fate; no raw text, no pandas, no Dagster."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from assets.errors import RefineryError
from assets.ledger import Ledger
from assets.tables import CLEAN_CUSTOMERS, CUSTOMERS, QA_PAIRS, keyed_id
from dagster_project.resources.lake import SEGMENTS, Lake
from dagster_project.trace import Trace, as_json, grids, trace
from tests.dagster_project.story import ARTICLE, FIRST, KEY, R1, R2, R3, R4, RAW, SECOND, publish, tell

SOURCES = ("desk", "articles")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("story") / "home"
    tell(Lake(home))
    return home


def follow(home: Path | str, id: str) -> Trace:
    return trace(Lake(home), id, sources=SOURCES, key=lambda: KEY)


def stages(found: Trace) -> list[tuple[str, str, str]]:
    return [(step.asset, step.id, step.outcome) for step in found.steps]


RECORD_STAGES = ["tickets", "normalized_records", "anonymized_records", "standardized_records"]


def test_an_example_is_followed_back_to_its_source_row(home: Path) -> None:
    found = follow(home, "e1")
    assert [(row.record_id, row.kind, row.source, row.source_id) for row in found.sources] == [
        (R1, "ticket", "desk", "4711")
    ]
    assert found.ancestors == [R1, "p1"]
    assert stages(found) == [
        *((stage, R1, "kept") for stage in RECORD_STAGES),
        ("qa_pairs", R1, "kept"),
        *((stage, "p1", "kept") for stage in ("validated_pairs", "unique_pairs", "split_pairs")),
        ("rule_variants", "p1", "kept"),
        ("balanced_pairs", "p1", "kept"),
        ("training_examples", "p1", "kept"),
        ("predictions", "z1", "derived"),
    ]
    assert found.steps[-2].into == "e1"


@pytest.mark.parametrize(("id", "above"), [("z1", [R1, "p1", "e1"]), ("v2", [R1, "p1"]), ("e2", [R1, "p1", "v1"])])
def test_a_prediction_and_a_variant_are_too(home: Path, id: str, above: list[str]) -> None:
    found = follow(home, id)
    assert found.ancestors == above
    assert [row.record_id for row in found.sources] == [R1]


def test_a_record_is_followed_to_all_that_was_made_of_it(home: Path) -> None:
    found = follow(home, R1)
    assert found.descendants == ["p1", "v1", "e2", "v2", "e1", "z1", "p2"]
    assert found.fate == [
        "e2 stands in training_examples",
        "v2 was quarantined by training_examples: too_many_tokens",
        "z1 stands in predictions",
        "p2 was dropped by validated_pairs: irrelevant_answer",
    ]


@pytest.mark.parametrize(
    ("id", "fate"),
    [
        (R2, f"{R2} was dropped by tickets: spam"),
        (R3, f"{R3} was quarantined by tickets: no_date"),
        (R4, "p4 was merged by unique_pairs into p1: exact_duplicate"),
        (ARTICLE, f"{ARTICLE} was dropped by qa_pairs: no_answer"),
    ],
)
def test_what_left_says_where_and_why(home: Path, id: str, fate: str) -> None:
    assert follow(home, id).fate == [fate]


def test_a_quarantined_row_says_where_it_was_read(home: Path) -> None:
    assert follow(home, R3).steps[0].position == "desk: tickets.csv row 3"


def test_the_survivor_of_a_merge_says_for_whom_it_stands(home: Path) -> None:
    assert follow(home, "p1").stands_for == ["p4"]
    assert follow(home, "p2").stands_for == []


def test_content_is_shown_where_it_came_to_be_and_where_it_changed(home: Path) -> None:
    told = {(step.asset, step.id): (step.before, step.after) for step in follow(home, "v1").steps}
    assert told["qa_pairs", R1] == ({}, {"question": "Why does it hum?", "answer": "Let it."})
    assert told["unique_pairs", "p1"] == ({}, {})
    assert told["rule_variants", "p1"] == ({"question": "Why does it hum?"}, {"question": "Why the hum?"})


def test_each_step_names_its_run_and_the_hashes_of_its_manifest(home: Path) -> None:
    lake = Lake(home)
    for step in follow(home, "e1").steps:
        manifest = lake.manifest(step.asset, None if step.partition == "all" else step.partition)
        assert manifest
        assert (step.run_id, step.table_sha256, step.ledger_sha256, step.fingerprint) == (
            "run-1",
            manifest.table_sha256,
            manifest.ledger_sha256,
            "f",
        )


@pytest.mark.parametrize("id", [R1, R4, "e1", "z1", "p4"])
def test_no_raw_text_is_told(home: Path, id: str) -> None:
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    console.print(*grids(follow(home, id)))
    told = console.export_text() + as_json(follow(home, id))
    assert "EMAIL_1" in told
    assert RAW not in told
    assert json.loads(as_json(follow(home, id)))["id"] == id


def test_a_reader_shut_out_of_the_restricted_zone_learns_all_but_the_own_id(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = Lake.row

    def shut(lake: Lake, asset: str, *rest: object) -> object:
        if asset == "tickets":
            raise PermissionError(13, "Permission denied")
        return row(lake, asset, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Lake, "row", shut)
    found = follow(home, "e1")
    assert [(r.record_id, r.source_id) for r in found.sources] == [(R1, None)]
    assert len(found.steps) == 12


# the source's own id


@pytest.mark.parametrize(("own", "record"), [("4711", R1), ("4712", R2), ("4713", R3), ("desk:4714", R4)])
def test_a_sources_own_id_leads_to_its_record_kept_or_not(home: Path, own: str, record: str) -> None:
    assert follow(home, own).id == record
    assert follow(home, own).sources[0].source == "desk"


def test_a_customer_is_found_by_the_sources_own_id_and_a_merged_one_by_its_person(tmp_path: Path) -> None:
    ids = [keyed_id(KEY, "people", "customer", own) for own in "78"]
    rows = CUSTOMERS.of(
        {"customer_id": i, "source": "people", "source_id": own} for i, own in zip(ids, "78", strict=True)
    )
    ledger = Ledger(ids)
    ledger.merge(ids[1], ids[0], "fuzzy_duplicate")
    clean = ledger.close(CLEAN_CUSTOMERS.of([{"customer_id": ids[0]}]), key="customer_id")
    lake = Lake(tmp_path)
    for name, made in (("customers", Ledger(ids).close(rows, key="customer_id")), ("clean_customers", clean)):
        lake.publish(name, {None: made}, fingerprints={None: "f"}, run_id="r")
    found = trace(lake, "people:8", sources=("people",), key=lambda: KEY)
    assert [(row.source, row.source_id) for row in found.sources] == [("people", "8")]
    assert found.fate == [f"{ids[1]} was merged by clean_customers into {ids[0]}: fuzzy_duplicate"]


def test_an_id_that_two_sources_have_must_be_told_apart(home: Path) -> None:
    with pytest.raises(RefineryError, match=r"2 sources .*desk:4714 or articles:4714"):
        follow(home, "4714")
    assert follow(home, "articles:4714").id == ARTICLE


@pytest.mark.parametrize("id", ["4799", "desk:", "", "size of it", "training_examples", "desk:desk:4711"])
def test_an_unknown_id_is_said_to_be_unknown(home: Path, id: str) -> None:
    with pytest.raises(RefineryError, match="no ledger and no source has this id"):
        follow(home, id)


def test_a_measure_has_no_source_row(home: Path) -> None:
    assert follow(home, "size").sources == []


# the index is a cache


def same(one: Trace, other: Trace) -> bool:
    return asdict(one) == asdict(other)


@pytest.mark.parametrize("lost", ["", "tickets", "qa_pairs", "training_examples"])
def test_without_its_index_a_lake_is_traced_all_the_same(home: Path, tmp_path: Path, lost: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    shutil.rmtree(copy / "index" / lost)
    assert all(same(follow(home, id), follow(copy, id)) for id in (R1, R4, "v2", "e2", "z1"))
    with pytest.raises(RefineryError):
        follow(copy, "4799")


def test_what_was_published_again_is_what_counts(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy)
    ledger = Ledger(["p1", "p2", "p4"], [FIRST, FIRST, SECOND])
    for pair in ("p1", "p2", "p4"):
        ledger.drop(pair, "off_topic")
    publish(Lake(copy), "validated_pairs", [], ledger, run_id="run-2")
    dropped = [step for step in follow(copy, "p1").steps if step.asset == "validated_pairs"]
    assert [(step.outcome, step.reason, step.run_id) for step in dropped] == [("dropped", "off_topic", "run-2")]


@pytest.mark.parametrize("kind", ["a folder", "memory"])
def test_many_nights_leave_few_files_and_every_id_is_found(tmp_path: Path, kind: str) -> None:
    lake = Lake(tmp_path if kind == "a folder" else f"memory://{uuid.uuid4().hex}")
    for night in range(3 * SEGMENTS):
        ledger = Ledger([f"n{night}", f"m{night}"])
        part = ledger.close(QA_PAIRS.of([{"pair_id": f"n{night}"}, {"pair_id": f"m{night}"}]), key="pair_id")
        lake.publish("qa_pairs", {f"day {night}": part}, fingerprints={f"day {night}": ""}, run_id=str(night))
    assert len(lake.names("index/qa_pairs")) <= SEGMENTS
    for night in range(3 * SEGMENTS):
        assert [step.run_id for step in trace(lake, f"m{night}").steps] == [str(night)]


def test_the_index_holds_no_id_that_can_be_read(home: Path) -> None:
    content = b"".join(file.read_bytes() for file in (home / "index").rglob("*.idx"))
    assert len(content) > 500
    assert [own for own in ("4711", R1, R4) if own.encode() in content] == []


# the command

ALONE = """
import sys
from dagster_project.cli import app
try:
    app(sys.argv[1:])
finally:
    print("IMPORTED", sorted({"dagster", "pandas", "great_expectations"} & set(sys.modules)), file=sys.stderr)
"""


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    config = home.parent / "refinery.yaml"
    config.write_text(
        yaml.safe_dump({"home": "${HERE}", "sources": [{"name": n, "gives": "tickets"} for n in SOURCES]})
    )
    env = {**os.environ, "HERE": str(home), "REFINERY_KEY": KEY.decode()}
    env.pop("REFINERY_HOME", None)
    run = [sys.executable, "-c", ALONE, *arguments, "--config", str(config)]
    return subprocess.run(run, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_traces_without_dagster_and_pandas(home: Path) -> None:
    done = command(home, "trace", "4711", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(as_json(follow(home, "4711")))
    assert "IMPORTED []" in done.stderr


def test_the_command_says_a_mistake_in_one_line(home: Path) -> None:
    for id, said in (("4799", "no ledger"), ("4714", "2 sources")):
        done = command(home, "trace", id)
        assert done.returncode == 2
        assert said in done.stdout
        assert len(done.stdout.splitlines()) == 1


def test_a_person_reads_where_it_came_from_what_became_of_it_and_why(home: Path) -> None:
    done = command(home, "trace", "desk:4714")
    assert done.returncode == 0, done.stderr
    assert "ticket of desk (its own id 4714)" in done.stdout
    assert "p4 was merged by unique_pairs into p1: exact_duplicate" in done.stdout
    assert keyed_id(KEY, "desk", "4714") in done.stdout


def test_the_report_says_stage_by_stage_where_the_rows_went(home: Path) -> None:
    done = command(home, "report")
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line}
    assert lines["tickets"] == ["4", "2", "1", "(spam", "1)", "0", "1", "(no_date", "1)", "0", "2"]
    assert "quality_report" not in lines
    assert "IMPORTED []" in done.stderr
    assert command(home, "report", "--run", "run-9").returncode == 2
