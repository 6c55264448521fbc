"""What must be computed again, and what not: looked at after the small line has run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_project import metadata
from dagster_project.resources import staleness
from dagster_project.resources.staleness import fingerprint, stale
from tests.line import DAYS, PARENTS, Line, a_line, succeeded


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with a_line(tmp_path) as made:
        assert succeeded(made.run(*DAYS))
        yield made


def found(line: Line) -> dict[str, list[str]]:
    """What is stale of the days that were made; all later ones never were."""
    late = stale(line.lake, line.settings, line.desk, PARENTS, list(PARENTS))
    days = {asset: [d for d in days if d in DAYS] for asset, days in late.items()}
    return {asset: days for asset, days in days.items() if days}


def everything() -> dict[str, list[str]]:
    return {asset: list(DAYS) for asset in PARENTS}


def test_everything_is_stale_before_the_first_run(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        assert found(line) == everything()


def test_what_follows_from_what_changed_is_stale_and_nothing_else(line: Line) -> None:
    """One line, several changes one after the other, for a run costs seconds."""
    assert found(line) == {}, "nothing is stale after a run"

    line.write(f"{DAYS[2]}-1", resolution="Another answer.")
    assert found(line) == {a: [DAYS[2]] for a in PARENTS}, "a changed source row marks its own partition"

    line.run(DAYS[2], assets=["tickets"])
    assert found(line) == {"normalized_records": [DAYS[2]]}, "a changed parent marks the same partition of its children"

    line.run(DAYS[2], assets=["normalized_records"])
    assert found(line) == {}

    line.write(f"{DAYS[0]}-1", created_at=f"{DAYS[1]}T00:00:00Z")
    assert found(line) == {a: list(DAYS[:2]) for a in PARENTS}, "a row that moved marks where it was and where it is"

    line.write(f"{DAYS[0]}-1", created_at=f"{DAYS[0]}T01:00:00Z")
    assert found(line) == {}, "as it was when it was collected"

    line.configure(normalization={"signature_lines": 3})
    assert found(line) == {"normalized_records": list(DAYS)}, "a changed section marks its room and what follows"

    line.configure(collection={"max_file_mb": 5})
    assert found(line) == everything(), "and what follows includes later rooms"

    line.configure(splitting={"seed": "another"}, workers=1)
    assert found(line) == {}, "another room's section marks nothing here"


def test_a_run_that_leaves_a_table_as_it_was_marks_nothing_that_follows(line: Line) -> None:
    assert succeeded(line.run(DAYS[1], assets=["tickets"]))
    assert found(line) == {}


def test_changed_code_marks_its_room_and_what_follows(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = {"normalization"}
    hashed = staleness.code_hash
    monkeypatch.setattr(staleness, "code_hash", lambda room: "other" if room in changed else hashed(room))
    assert found(line) == {"normalized_records": list(DAYS)}
    changed.add("collection")
    assert found(line) == everything()


def test_a_manifest_made_with_knobs_turned_by_hand_is_stale(line: Line) -> None:
    day = DAYS[0]
    inputs = staleness.inputs_of({"tickets": line.lake.manifests("tickets")}, ["tickets"], day)
    plain = fingerprint("normalized_records", inputs, line.settings)
    assert line.lake.manifests("normalized_records")[day].fingerprint == plain
    assert fingerprint("normalized_records", inputs, line.settings, knobs='{"approach": "lora"}') != plain


def test_a_changed_domain_file_changes_the_fingerprint_of_its_room_alone(tmp_path: Path) -> None:
    with a_line(tmp_path) as line:
        wording = tmp_path / "wording.yaml"
        wording.write_text("a: [b]")
        line.configure(augmentation={"wording": str(wording)})
        rooms = ("augmentation", "normalization", "splitting")
        before = {room: line.settings.section_hash(room) for room in rooms}
        wording.write_text("a: [c]")
        after = {room: line.settings.section_hash(room) for room in rooms}
        assert [room for room in rooms if before[room] != after[room]] == ["augmentation"]


def test_a_whole_table_is_stale_if_any_partition_it_reads_is(line: Line) -> None:
    parents = {**PARENTS, "unique_pairs": ["normalized_records"]}
    late = stale(line.lake, line.settings, line.desk, parents, list(parents))
    assert late["unique_pairs"] == ["all"]


def test_the_hash_of_a_rooms_code_covers_its_modules_and_its_promises_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in ("assets/pairing/pair.py", "checks/pairing.py", "assets/splitting/split.py", "checks/splitting.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x = 1\n")
    monkeypatch.setattr(metadata, "ROOT", tmp_path)
    code_hash = metadata.code_hash.__wrapped__
    hashes = {code_hash("pairing")}
    (tmp_path / "assets/splitting/split.py").write_text("x = 2\n")
    (tmp_path / "checks/splitting.py").write_text("x = 2\n")
    assert {code_hash("pairing")} == hashes
    for file in ("assets/pairing/pair.py", "checks/pairing.py"):
        (tmp_path / file).write_text("x = 2\n")
        hashes.add(code_hash("pairing"))
    assert len(hashes) == 3


def test_the_hash_of_a_rooms_code_covers_what_it_imports_from_beside_the_rooms_and_nothing_else_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {
        "assets/pairing/pair.py": "def of():\n    from assets.embedding import embed\n\n    return embed\n",
        "assets/embedding.py": "from assets import errors, reader\n",
        "assets/reader.py": "x = 1\n",
        "assets/errors.py": "x = 1\n",
        "assets/drawing.py": "x = 1\n",
    }
    for file, text in said.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    monkeypatch.setattr(metadata, "ROOT", tmp_path)
    code_hash = metadata.code_hash.__wrapped__
    before, decides = code_hash("pairing"), []
    for file, text in said.items():
        (tmp_path / file).write_text(f"{text}\n# another\n")
        decides += [file] if code_hash("pairing") != before else []
        (tmp_path / file).write_text(text)
    assert decides == ["assets/pairing/pair.py", "assets/embedding.py", "assets/reader.py"]
