"""Rows in and out of plain files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.errors import RefineryError
from dagster_project.rows import apply_room, read_rows, write_rows
from dagster_project.settings import Settings

ROWS = [{"id": "1", "text": 'Grüße, "quoted"\nand a line'}, {"id": "2", "text": ""}]


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "parquet"])
def test_rows_are_read_as_they_were_written(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"rows.{suffix}"
    assert write_rows(file, ROWS) == 2
    assert list(read_rows(file)) == ROWS
    assert [f.name for f in tmp_path.iterdir()] == [file.name]


def test_csv_is_read_with_line_breaks_in_cells_and_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes('\ufeffid,text\n1,"a\nb"\n'.encode())
    assert list(read_rows(file)) == [{"id": "1", "text": "a\nb"}]


def test_no_rows_are_written_as_an_empty_file(tmp_path: Path) -> None:
    assert write_rows(tmp_path / "none.jsonl", []) == 0
    assert list(read_rows(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("rows.jsonl", b'{"id": 1}\n\n{"id": secret}\n', "rows.jsonl, line 3: not JSON"),
        ("rows.jsonl", b'{"id": 1}\n["secret"]\n', "rows.jsonl, line 2: not a JSON object"),
        ("rows.jsonl", b'{"id": "secret caf\xe9"}\n', "rows.jsonl: not UTF-8"),
        ("rows.csv", b"id,text\n1,secret,more\n", "rows.csv, line 2: not as many cells"),
        ("rows.csv", b"id,text\nsecret\n", "rows.csv, line 2: not as many cells"),
        ("rows.parquet", b"secret", "rows.parquet: not Parquet"),
        ("rows.xlsx", b"secret", "rows.xlsx: cannot read .xlsx"),
        ("rows", b"secret", "rows: cannot read a file without a suffix"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line_and_not_quoted(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RefineryError) as caught:
        list(read_rows(tmp_path / name))
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefineryError, match="no such file"):
        list(read_rows(tmp_path / "nowhere.jsonl"))


def test_a_file_can_be_rewritten_from_its_own_rows(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    write_rows(file, ROWS)
    write_rows(file, ({**row, "more": True} for row in read_rows(file)))
    assert list(read_rows(file)) == [{**row, "more": True} for row in ROWS]


def test_a_broken_line_in_the_middle_leaves_what_was_there(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": 1}\n{"id": \n')
    out.write_text("yesterday's\n")
    with pytest.raises(RefineryError, match="line 2"):
        write_rows(out, read_rows(source))
    assert out.read_text() == "yesterday's\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_room_is_applied_with_its_section_of_the_settings(tmp_path: Path) -> None:
    rows = [{"id": 1, "text": "Help!\n\nSent from my iPhone"}]
    (done,) = apply_room("normalization", rows, Settings())
    assert (done["id"], done["text"]) == (1, "Help!")


def test_a_room_that_cannot_be_applied_is_answered_with_those_that_can() -> None:
    with pytest.raises(RefineryError, match="normalization, anonymization, deduplication, validation"):
        apply_room("tuning", [], Settings())


def test_a_parquet_file_cut_short_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"id": range(1000)}), file)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(RefineryError, match="cut short"):
        list(read_rows(file))
