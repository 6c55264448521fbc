"""The bridge to Great Expectations: what a broken promise stops, what is recorded, and what is never quoted."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets import tables
from assets.ledger import Ledger, Published
from checks.expectations import Finding, findings_on, frame
from tests.line import CANARY, DAYS, PROMISES, Line, a_line, evaluations, succeeded

ACCOUNTED = "every_input_row_is_accounted_for"
STORED = "stored_table_keeps_its_promises"


def rows(**subjects: str) -> pa.Table:
    return tables.TICKETS.of(
        {"record_id": i, "partition": DAYS[n % 2], "subject": s, "turns": [{"speaker": "customer", "text": s}]}
        for n, (i, s) in enumerate(subjects.items())
    )


def kept(table: pa.Table) -> Published:
    return Ledger.of(table, key="record_id").close(table, key="record_id")


def find(published: Published, name: str, *, promises: tuple = PROMISES, **given: object) -> Finding:
    return next(f for f in findings_on(tables.TICKETS, published, promises, **given) if f.name == name)  # type: ignore[arg-type]


# findings


def test_good_rows_keep_every_promise_and_each_is_reported_in_order() -> None:
    found = findings_on(tables.TICKETS, kept(rows(a="fine", b="too")), PROMISES)
    assert [(f.name, f.kept) for f in found] == [(ACCOUNTED, True), *((p[0], True) for p in PROMISES)]


def test_failing_rows_are_named_by_partition_and_id_and_never_quoted() -> None:
    found = find(kept(rows(a="fine", b=CANARY, c="fine", d=CANARY)), "no_address")
    assert not found.kept
    assert found.failing == [(DAYS[1], "b"), (DAYS[1], "d")]
    assert found.numbers["unexpected_count"] == 2
    assert CANARY not in str(found)


def test_two_rows_of_one_id_are_both_named_in_their_own_partitions_and_not_accounted_for() -> None:
    once = rows(a="fine", b="too")
    twice = once.set_column(0, "record_id", pa.array(["a", "a"]))
    published = Published(twice, kept(once.slice(0, 1)).ledger)
    assert find(published, "id_is_unique").failing == [(DAYS[0], "a"), (DAYS[1], "a")]
    assert not find(published, ACCOUNTED).kept


@pytest.mark.parametrize("promise", ["no_such_column", "no_such_type"])
def test_a_promise_that_cannot_be_checked_is_broken(promise: str) -> None:
    column = "nowhere" if promise == "no_such_column" else "subject"
    kwargs = {"column": column, "min_value": 1}
    found = find(
        kept(rows(a=CANARY)), promise, promises=((promise, "ExpectColumnMeanToBeBetween", kwargs, "", "critical"),)
    )
    assert not found.kept
    assert CANARY not in str(found)


@pytest.mark.parametrize(
    ("kind", "kwargs"),
    [
        ("ExpectColumnDistinctValuesToBeInSet", {"value_set": ["fine"]}),
        ("ExpectColumnDistinctValuesToEqualSet", {"value_set": ["fine"]}),
        ("ExpectColumnMostCommonValueToBeInSet", {"value_set": ["fine"]}),
        ("ExpectColumnValuesToBeInSet", {"value_set": ["fine"]}),
        ("ExpectColumnValuesToMatchRegex", {"regex": "fine"}),
        ("ExpectColumnValueLengthsToBeBetween", {"max_value": 1}),
        ("ExpectColumnMaxToBeBetween", {"max_value": 1}),
    ],
)
def test_no_expectation_lets_a_value_through(
    kind: str,
    kwargs: dict[str, object],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    promise = ("it", kind, {"column": "subject", **kwargs}, "", "critical")
    found = find(kept(rows(a=CANARY)), "it", promises=(promise,))
    assert not found.kept
    assert CANARY not in str(found) + "".join(capfd.readouterr()) + caplog.text


# accounting


def test_a_row_the_ledger_does_not_know_is_not_accounted_for() -> None:
    found = find(Published(rows(a="x", b="y"), kept(rows(a="x")).ledger), ACCOUNTED)
    assert (found.kept, found.failing) == (False, [(DAYS[1], DAYS[1])])


def test_a_row_the_ledger_kept_and_the_table_lacks_is_not_accounted_for() -> None:
    found = find(Published(rows(a="x"), kept(rows(a="x", b="y")).ledger), ACCOUNTED)
    assert (found.kept, found.failing) == (False, [(DAYS[1], DAYS[1])])


def test_a_row_in_another_partition_than_the_ledger_says_is_not_accounted_for() -> None:
    moved = rows(a="x").set_column(1, "partition", pa.array([DAYS[3]]))
    assert not find(Published(moved, kept(rows(a="x")).ledger), ACCOUNTED).kept


def test_a_row_that_came_in_and_that_the_ledger_never_saw_is_not_accounted_for() -> None:
    given = {DAYS[0]: 1, DAYS[1]: 2}
    found = find(kept(rows(a="x", b="y")), ACCOUNTED, rows_in=given)
    assert (found.kept, found.failing) == (False, [(DAYS[1], DAYS[1])])
    assert find(kept(rows(a="x", b="y")), ACCOUNTED, rows_in={DAYS[0]: 1, DAYS[1]: 1}).kept


def test_dropped_merged_renamed_and_derived_rows_are_accounted_for() -> None:
    table = tables.UNIQUE_PAIRS.of({"pair_id": i} for i in ("p1", "p2", "c"))
    ledger = Ledger(["a", "b", "c", "d"])
    ledger.keep("a", into="p1")
    ledger.derive("p2", ["a"])
    ledger.drop("b", "spam")
    ledger.merge("d", "c")
    found = findings_on(tables.UNIQUE_PAIRS, ledger.close(table, key="pair_id"), ())
    assert [(f.name, f.kept) for f in found] == [(ACCOUNTED, True)]


def test_an_empty_table_is_accounted_for() -> None:
    assert find(kept(rows()), ACCOUNTED).kept


# the scalar view


def test_lists_become_counts_and_texts_and_a_missing_list_counts_nothing() -> None:
    view = frame(
        tables.TICKETS.of(
            [
                {"record_id": "a", "turns": [{"text": "one"}, {"text": None}, {"text": "two"}]},
                {"record_id": "b", "turns": None, "known": [{"type": "email", "value": "x"}]},
            ]
        )
    )
    assert view["turns_count"].tolist() == [3, 0]
    assert view["turns_text"].tolist() == ["one\ntwo", ""]
    assert view["known_text"].tolist() == ["", "x"]
    assert "turns" not in view


# audit before publish


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line published once, whose desk then got an address in one ticket; its second run broke a promise."""
    with a_line(tmp_path_factory.mktemp("line")) as line:
        assert succeeded(line.run(*DAYS[:2]))
        line.before = {f: f.read_bytes() for f in line.home.rglob("*") if f.is_file()}  # type: ignore[attr-defined]
        line.write(f"{DAYS[1]}-1", description=f"Write to {CANARY}", subject=CANARY)
        line.second = line.run(*DAYS[:2])  # type: ignore[attr-defined]
        yield line


def test_a_broken_critical_promise_fails_the_step_and_what_follows_does_not_run(broken: Line) -> None:
    assert not succeeded(broken.second)  # type: ignore[attr-defined]
    failed = [e for e in broken.second if e.event_type == dg.DagsterEventType.STEP_FAILURE]  # type: ignore[attr-defined]
    assert [e.step_key for e in failed] == ["tickets"]
    assert "tickets breaks no_address" in failed[0].step_failure_data.user_failure_data.description
    started = {e.step_key for e in broken.second if e.event_type == dg.DagsterEventType.STEP_START}  # type: ignore[attr-defined]
    assert started == {"tickets"}


def test_a_broken_critical_promise_leaves_yesterdays_tables_and_manifests_byte_for_byte(broken: Line) -> None:
    before = broken.before  # type: ignore[attr-defined]
    assert {f: f.read_bytes() for f in before} == before
    new = {f for f in broken.home.rglob("*") if f.is_file()} - set(before)
    assert {f.relative_to(broken.home).parts[:2] for f in new} == {("restricted", "rejected")}


def test_the_rejected_candidate_rests_in_the_restricted_zone_with_the_row_that_broke_it(broken: Line) -> None:
    (candidate,) = (broken.home / "restricted/rejected/tickets").iterdir()
    assert candidate.stat().st_mode & 0o777 == 0o600
    assert sum(CANARY in str(row) for row in pq.read_table(candidate).to_pylist()) == 1


def test_the_failed_check_is_recorded_for_the_partition_that_broke_it_and_for_the_run(broken: Line) -> None:
    second = broken.second  # type: ignore[attr-defined]
    assert evaluations(second, "no_address", "tickets") == {DAYS[0]: True, DAYS[1]: False, None: False}
    assert evaluations(second, "short", "tickets") == {DAYS[0]: True, DAYS[1]: False, None: False}
    assert evaluations(second, "id_is_unique", "tickets") == {DAYS[0]: True, DAYS[1]: True, None: True}
    key = dg.AssetCheckKey(dg.AssetKey("tickets"), "no_address")
    with broken.instance as instance:
        (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1, partition_filter=None)
    assert record.event is not None
    assert not record.event.asset_check_evaluation.passed


def test_no_text_of_a_failing_row_is_in_anything_dagster_kept(broken: Line) -> None:
    kept_by_dagster = broken.everything_dagster_kept()
    assert b"no_address" in kept_by_dagster, "the search reaches what is stored"
    assert CANARY.encode() not in kept_by_dagster


def test_a_broken_warning_is_recorded_and_the_table_published(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        line.write(f"{DAYS[0]}-1", subject="a subject that is too long")
        events = line.run(DAYS[0])
        assert succeeded(events)
        assert evaluations(events, "short", "normalized_records") == {DAYS[0]: False}
        assert line.lake.manifests("normalized_records")[DAYS[0]].rows == 2


def test_a_step_that_forgets_a_row_before_its_ledger_is_opened_is_stopped(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        line.write(f"{DAYS[1]}-1", subject="forget")
        events = line.run(*DAYS[:2])
        assert not succeeded(events)
        found = evaluations(events, ACCOUNTED, "normalized_records")
        assert found == {DAYS[0]: True, DAYS[1]: False, None: False}
        assert line.lake.manifests("normalized_records") == {}


def test_a_promise_about_the_whole_table_clears_no_partition_when_it_is_broken(tmp_path: Path) -> None:
    mean = ("mean", "ExpectColumnMeanToBeBetween", {"column": "turns_count", "min_value": 9}, "", "warning")
    with a_line(tmp_path, (mean,)) as line:
        assert evaluations(line.run(*DAYS[:2]), "mean", "tickets") == dict.fromkeys([*DAYS[:2], None], False)


def test_an_unforeseen_error_that_quotes_a_row_leaves_no_trace_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with a_line(tmp_path, PROMISES[:1]) as line:
        line.write(f"{DAYS[0]}-1", subject="explode", description=f"Write to {CANARY}")
        assert not succeeded(line.run(DAYS[0]))
        assert CANARY.encode() not in line.everything_dagster_kept()
    printed = "".join(capfd.readouterr())
    assert CANARY not in printed
    assert "ValueError at" in printed, "where it arose is said"
    assert "line.py" in printed


# the check that reads the stored table again


def stored(line: Line, **run: object) -> list[tuple[str | None, bool, object]]:
    """Run the stored check of the tickets alone, as 'Execute checks' in the UI does."""
    key = dg.AssetCheckKey(dg.AssetKey("tickets"), STORED)
    job = line.definitions.resolve_implicit_global_asset_job_def()
    with line.instance as instance:
        result = job.get_subset(asset_selection=set(), asset_check_selection={key}).execute_in_process(
            instance=instance,
            raise_on_error=False,
            **run,  # type: ignore[arg-type]
        )
    return [(e.partition, e.passed, e.metadata["broken"].value) for e in result.get_asset_check_evaluations()]


def test_the_stored_check_sees_what_was_tampered_with_after_it_was_published(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        line.run(*DAYS[:2], assets=["tickets"])
        assert stored(line, partition_key=DAYS[0]) == [(DAYS[0], True, [])]

        file = line.home / line.lake.manifests("tickets")[DAYS[0]].table
        table = pq.read_table(file)
        leaked = pa.array(
            [[{"speaker": "customer", "text": CANARY, "at": None}]] * 2, tables.TICKETS.schema.field("turns").type
        )
        pq.write_table(table.set_column(table.schema.get_field_index("turns"), "turns", leaked), file)

        assert stored(line, partition_key=DAYS[0]) == [(DAYS[0], False, ["no_address"])]
        assert stored(line, partition_key=DAYS[1]) == [(DAYS[1], True, [])]
        a_range = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[1]}
        assert stored(line, tags=a_range) == [(None, False, ["no_address"])]
        only_the_second = {k: DAYS[1] for k in a_range}
        assert stored(line, tags=only_the_second) == [(None, True, [])]
        assert CANARY.encode() not in line.everything_dagster_kept()


def test_the_stored_check_sees_a_row_that_was_taken_out(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        line.run(DAYS[0], assets=["tickets"])
        file = line.home / line.lake.manifests("tickets")[DAYS[0]].table
        pq.write_table(pq.read_table(file).slice(0, 1), file)
        assert stored(line, partition_key=DAYS[0]) == [(DAYS[0], False, [ACCOUNTED])]
