"""No personal data gets past anonymized_records: what is set aside, what stops a step, and what it costs others."""

from pathlib import Path

import pyarrow as pa
import pytest

from assets import tables
from assets.evaluation.predict import predictions, withheld
from assets.ledger import Ledger, Published, balance, reasons
from checks import privacy
from checks.expectations import findings_on
from dagster_project.resources.lake import Lake
from dagster_project.retention import purge_asset
from dagster_project.settings import Settings, load

DAY, NEXT = "2026-01-01", "2026-01-02"
MAIL = "zz.canary@example.com"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load().model_copy(update={"home": tmp_path / "home"})


@pytest.fixture
def lake(settings: Settings) -> Lake:
    """One customer a day: Zelda Quell on the first, Orla Binch on the second."""
    made = Lake(settings.home)
    people = {DAY: ("t1", "Zelda Quell", MAIL), NEXT: ("t2", "Orla Binch", "orla@example.com")}
    for day, (thread, name, mail) in people.items():
        known = [{"type": "name", "value": name}, {"type": "email", "value": mail}]
        table = tables.TICKETS.of([{"record_id": day, "partition": day, "thread_id": thread, "known": known}])
        part = Ledger.of(table, key="record_id").close(table, key="record_id")
        made.publish("tickets", {day: part}, fingerprints={day: "x"}, run_id="r")
    return made


def records(*texts: str, thread: str = "t1") -> pa.Table:
    return tables.ANONYMIZED_RECORDS.of(
        {"record_id": f"{n}", "partition": DAY, "thread_id": thread, "turns": [{"speaker": "customer", "text": text}]}
        for n, text in enumerate(texts)
    )


def leaks(table: pa.Table, lake: Lake, settings: Settings, *days: str) -> list[int]:
    return privacy.personal_data(tables.ANONYMIZED_RECORDS, table, lake, settings, days)


def test_known_people_proved_numbers_and_own_names_are_counted_by_row(lake: Lake, settings: Settings) -> None:
    found = leaks(
        records(
            "fine", f"to {MAIL.upper()}", "card 5555 5555 5555 4444", "thanks Zelda", "a zelda game", "ZELDA QUELL"
        ),
        lake,
        settings,
        DAY,
    )
    assert found == [0, 1, 1, 1, 0, 3]


def test_a_single_name_means_nothing_in_another_thread(lake: Lake, settings: Settings) -> None:
    assert leaks(records("thanks Zelda", thread="t2"), lake, settings, DAY) == [0]


def test_a_record_table_is_held_against_the_people_of_its_own_partitions(lake: Lake, settings: Settings) -> None:
    assert leaks(records("ask Orla Binch"), lake, settings, DAY) == [0]
    assert leaks(records("ask Orla Binch"), lake, settings, DAY, NEXT) == [1]


def test_a_whole_table_is_held_against_everybody(lake: Lake, settings: Settings) -> None:
    pairs = tables.UNIQUE_PAIRS.of([{"pair_id": "p", "question": "Is Orla Binch there?", "answer": "No."}])
    assert privacy.personal_data(tables.UNIQUE_PAIRS, pairs, lake, settings) == [1]


def test_what_a_model_answers_is_held_against_everybody(lake: Lake, settings: Settings) -> None:
    said = ("Yes.", "Ask Orla Binch.", f"Write to {MAIL}.", "Zelda is glad to help.")
    rows = tables.PREDICTIONS.of(
        {"prediction_id": f"{n}", "approach": "lora", "thread_id": "t1", "reference": "Yes.", "answer": answer}
        for n, answer in enumerate(said)
    )
    found = privacy.personal_data(tables.PREDICTIONS, rows, lake, settings)
    assert found == [0, 1, 1, 1]
    kept = withheld(predictions(rows), found)
    assert kept.table.column("answer").to_pylist() == ["Yes.", None, None, None]
    assert privacy.personal_data(tables.PREDICTIONS, kept.table, lake, settings) == [0] * 4
    assert balance(kept.ledger).rows_out == 4


def test_a_row_set_aside_is_accounted_for_and_takes_no_other_along() -> None:
    table = tables.QA_PAIRS.of({"pair_id": i, "partition": DAY} for i in ("p1", "p2", "p3"))
    ledger = Ledger(["a", "b", "c"], [DAY] * 3)
    ledger.keep("a", into="p1")
    ledger.derive("p2", ["a"])
    ledger.keep("b", into="p3")
    ledger.drop("c", "spam")
    kept = privacy.set_aside(ledger.close(table, key="pair_id"), "pair_id", [0, 1, 2])
    assert kept.table.column("pair_id").to_pylist() == ["p1"]
    assert reasons(kept.ledger) == {"spam": 1, "personal_data_left": 1}
    sums = balance(kept.ledger)
    assert (sums.rows_in, sums.rows_out) == (3, 1)
    assert all(f.kept for f in findings_on(tables.QA_PAIRS, kept, (), {DAY: 3}))


def test_the_promise_is_broken_by_a_row_with_a_hit_and_names_it() -> None:
    table = records("fine", MAIL)
    published = Published(table, Ledger.of(table, key="record_id").close(table, key="record_id").ledger)
    found = next(
        f for f in findings_on(tables.ANONYMIZED_RECORDS, published, (), leaks=[0, 1]) if f.name == "no_personal_data"
    )
    assert (found.kept, found.severity, found.failing) == (False, "critical", [(DAY, "1")])
    assert MAIL not in str(found)


def test_files_that_a_row_stands_for_are_read_and_withdrawn_when_refused(lake: Lake, settings: Settings) -> None:
    folder = settings.home / "artifacts/dataset_release/v1"
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("fine")
    (folder / "train.jsonl").write_text(f'{{"messages": "{MAIL}"}}')
    rows = tables.DATASET_RELEASE.of(
        {"file": name, "folder": "artifacts/dataset_release/v1"} for name in ("README.md", "train.jsonl")
    )
    assert privacy.personal_data(tables.DATASET_RELEASE, rows, lake, settings) == [0, 1]
    privacy.withdraw(rows, settings)
    assert not folder.exists()
    moved = settings.home / "restricted/rejected/dataset_release/v1"
    assert (moved / "train.jsonl").stat().st_mode & 0o777 == 0o600
    assert moved.stat().st_mode & 0o777 == 0o700


def test_people_of_purged_partitions_are_searched_for_no_more(lake: Lake, settings: Settings) -> None:
    assert purge_asset(lake, "tickets", before=1e12).partitions == 2
    assert leaks(records(f"to {MAIL}"), lake, settings, DAY) == [0]
