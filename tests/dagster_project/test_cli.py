"""What a person types: results, exit codes, and one clear line for a mistake."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dagster_project.cli import app

ROWS = {
    "normalization": {"id": "1", "text": "<p>It works.</p>\n\nOn Mon, Jan 5, 2026 at 9:00 AM Ann wrote:\n> Does it?"},
    "anonymization": {"id": "1", "text": "Write to ann.lee@example.com, says Ann Lee.", "known": ["Ann Lee"]},
    "deduplication": {"id": "1", "text": "How do I reset the hive sensor after a winter without power?"},
    "validation": {"id": "1", "question": "How do I reset the hive sensor?", "answer": "Closed."},
}


def _apply(room: str, folder: Path, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    given, out = folder / "in.jsonl", folder / "out.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = CliRunner().invoke(app, ["apply", room, str(given), str(out)])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_normalization_takes_mark_up_and_quoted_replies_away(tmp_path: Path) -> None:
    row = _apply("normalization", tmp_path, [ROWS["normalization"]])[0]
    assert row["text"] == "It works."
    assert {span["type"] for span in row["spans"]} >= {"markup", "quoted_reply"}


def test_anonymization_masks_what_is_known_and_says_where(tmp_path: Path) -> None:
    row = _apply("anonymization", tmp_path, [ROWS["anonymization"]])[0]
    text = str(ROWS["anonymization"]["text"])
    assert "ann" not in str(row["text"]).lower()
    assert {text[s["start"] : s["end"]] for s in row["spans"]} == {"ann.lee@example.com", "Ann Lee"}


def test_deduplication_names_the_row_that_stands_for_another(tmp_path: Path) -> None:
    first = ROWS["deduplication"]
    rows = _apply("deduplication", tmp_path, [first, {**first, "id": "2"}])
    assert [row["kept"] for row in rows].count(True) == 1
    merged = next(row for row in rows if not row["kept"])
    assert merged["into"] in ("1", "2")
    assert merged["reason"] == "exact_duplicate"


def test_validation_says_why_a_pair_is_not_kept(tmp_path: Path) -> None:
    row = _apply("validation", tmp_path, [ROWS["validation"]])[0]
    assert row["keep"] is False
    assert row["reasons"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["apply", "cooking", "in.jsonl", "out.jsonl"], "cooking"),
        (["apply", "normalization", "nowhere.jsonl", "out.jsonl"], "nowhere.jsonl"),
        (["run", "--config", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "--select", "no_such_asset"], "no_such_asset"),
        (["sample", "--out", "nowhere", "--until", "tomorrow"], "--until"),
    ],
)
def test_a_mistake_is_said_in_one_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("REFINERY_CONFIG", "tests/data/refinery.yaml")  # --config sets it for its own process
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert said in done.output
    assert len(done.output.strip().splitlines()) == 1
