"""The scan reads whatever an artefact is made of, and never tells what it found."""

import gzip
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.anonymization.leaks import Search, Watchlist
from dagster_project.artefacts import texts_of
from dagster_project.proof import upper_bound
from dagster_project.scan import Found, scan

CANARY = "zz.canary@example.com"
ID = "ab" * 16
SEARCH = Search(Watchlist([("email", CANARY)]), {"t": frozenset({"zelda"})})


def found(folder: Path) -> Found:
    return scan(folder, SEARCH)[0]


def where(folder: Path) -> set[str]:
    return {place.where for place in found(folder).hits}


def _deleted(file: Path) -> None:
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE kept (word TEXT)")
        database.executemany("INSERT INTO kept VALUES (?)", [(CANARY,), ("another",)])
        database.commit()
        database.execute("DELETE FROM kept WHERE word <> 'another'")


def _in_the_log(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE events (body TEXT)")
    database.execute("INSERT INTO events VALUES (?)", (json.dumps({"entry": {"text": CANARY}}),))
    database.commit()
    file.with_suffix(".copy").write_bytes(file.read_bytes())  # what is not in the log is not in the file yet
    _OPEN.append(database)


_OPEN: list[sqlite3.Connection] = []


def _tarred(file: Path) -> None:
    with tarfile.open(file, "w:gz") as archive:
        part = tarfile.TarInfo("a.txt")
        part.size = len(CANARY)
        archive.addfile(part, io.BytesIO(CANARY.encode()))


def _zipped(file: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.txt", CANARY)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())


def _gguf(file: Path) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(file, "llama")
    writer.add_string("made.by", CANARY)
    writer.add_tensor("blk.0", np.zeros(8, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _safetensors(file: Path) -> None:
    header = json.dumps({"__metadata__": {"made_by": CANARY}}).encode()
    file.write_bytes(len(header).to_bytes(8, "little") + header)


WRITERS: dict[str, Callable[[Path], object]] = {
    "value.parquet": lambda f: pq.write_table(pa.table({"a": [CANARY]}), f, write_statistics=False),
    "nested.parquet": lambda f: pq.write_table(pa.table({"a": [[{"b": {"c": [CANARY]}}]]}), f),
    "map.parquet": lambda f: pq.write_table(
        pa.table({"a": pa.array([[("k", CANARY)]], pa.map_("string", "string"))}), f
    ),
    "dictionary.parquet": lambda f: pq.write_table(pa.table({"a": pa.array([CANARY]).dictionary_encode()}), f),
    "bytes.parquet": lambda f: pq.write_table(pa.table({"a": [CANARY.encode()]}), f),
    "metadata.parquet": lambda f: pq.write_table(pa.table({"a": [1]}).replace_schema_metadata({"who": CANARY}), f),
    "column.parquet": lambda f: pq.write_table(pa.table({CANARY: [1]}), f),
    "deleted.db": _deleted,
    "log.db": _in_the_log,
    "escaped.json": lambda f: f.write_text(json.dumps({"a": [CANARY]}).replace("@", "\\u0040")),
    "key.json": lambda f: f.write_text(json.dumps({CANARY: 1})),
    "within.json": lambda f: f.write_text(json.dumps({"a": json.dumps({"b": CANARY})})),
    "lines.jsonl": lambda f: f.write_text(f'{{"a": 1}}\nno json\n{{"a": "{CANARY}"}}\n'),
    "broken.jsonl": lambda f: f.write_text(f'{{"a": "{CANARY}'),
    "page.html": lambda f: f.write_text(CANARY.replace("@", "&#64;")),
    "table.csv": lambda f: f.write_text(f"a,b\n1,{CANARY.upper()}\n"),
    "notes.md": lambda f: f.write_text("word " * 9_000 + CANARY),
    "utf16.txt": lambda f: f.write_text(CANARY, encoding="utf-16"),
    "log.gz": lambda f: f.write_bytes(gzip.compress(CANARY.encode())),
    "two.tar.gz": _tarred,
    "deep.zip": _zipped,
    "weights.safetensors": _safetensors,
    "weights.gguf": _gguf,
    "weights.bin": lambda f: f.write_bytes(bytes(range(8)) * 900_000 + CANARY.encode() + b"\0"),
    CANARY: lambda f: f.write_text("nothing"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_planted_address_is_found_in_every_kind_of_file_and_never_told(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    result = found(tmp_path)
    assert sum(result.hits.values()) >= 1
    assert not result.unreadable
    assert CANARY not in str(result)


def test_a_hit_is_told_by_table_column_and_row(tmp_path: Path) -> None:
    rows = {
        "record_id": ["0" * 32, ID],
        "thread_id": ["u", "t"],
        "subject": ["Zelda", "Zelda"],
        "priority": ["Zelda"] * 2,
    }
    pq.write_table(pa.table(rows), tmp_path / "a.parquet")
    ((place, hits),) = found(tmp_path).hits.items()
    assert (place.file, place.where, place.type, hits) == ("a.parquet", "subject", "single_name", 1)
    assert found(tmp_path).rows == {place: [ID]}


def test_column_statistics_are_read(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [CANARY]}), tmp_path / "a.parquet")
    assert where(tmp_path) == {"a", "a (statistics)"}


def test_a_file_that_cannot_be_read_is_said_and_nothing_is_proved(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "c.txt").write_text("fine")
    result = found(tmp_path)
    assert set(result.unreadable) == {"a.parquet", "b.zip"}
    assert not result.proved_clean
    assert result.files == 3


def test_links_are_not_followed_and_what_is_left_out_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in/restricted").mkdir(parents=True)
    (tmp_path / "in/restricted/a.txt").write_text(CANARY)
    (tmp_path / "secret.txt").write_text(CANARY)
    (tmp_path / "in/link.txt").symlink_to(tmp_path / "secret.txt")
    result, _ = scan(tmp_path / "in", SEARCH, leave_out=[tmp_path / "in/restricted"])
    assert (result.files, result.proved_clean) == (0, True)


def test_the_sample_for_detectors_is_distinct_and_the_same_in_any_order(tmp_path: Path) -> None:
    lines = [f"this is the text number {i % 40} of many" for i in range(80)]
    drawn = []
    for n, order in enumerate((lines, lines[::-1])):
        (tmp_path / str(n)).mkdir()
        pq.write_table(pa.table({"question": order}), tmp_path / str(n) / "a.parquet")
        drawn.append(scan(tmp_path / str(n), SEARCH, sample=10)[1])
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 10


def test_detectors_are_given_words_and_all_else_is_searched_and_counted(tmp_path: Path) -> None:
    said, article = "Where can I see the last bill?", "Bills are listed under Plan, newest first."
    keyed = "9f86d081" * 4
    rows = {
        "record_id": [ID, ID[::-1]],
        "kind": ["ticket", "article"],
        "question": [said, article],
        "definition": ["Acme Corp of Paris says so to you"] * 2,
    }
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    message = {"messages": [{"role": "user", "content": article}], "params": '{"learning rate of the first": 1}'}
    (tmp_path / "train.jsonl").write_text(json.dumps(message))
    (tmp_path / "manifest.json").write_text(json.dumps({"fingerprint": "sha256 of all that was read " + ID}))
    (tmp_path / "report.html").write_text(
        f"<style>a of the body in all pages {{}}</style><p>{said}</p><td>{keyed} {keyed} is the first of all rows</td>"
    )
    with sqlite3.connect(tmp_path / "runs.db") as database:
        database.execute("CREATE TABLE events (body TEXT)")
        database.execute("INSERT INTO events VALUES ('Executing steps in process as Maria Lopez')")
    (tmp_path / "a.log").write_text("Loaded the location of Maria Lopez in two seconds")
    result, drawn = scan(tmp_path, SEARCH, sample=10)
    assert sorted(drawn) == [(article, True), (said, False)]
    assert result.of_words == 4
    assert result.not_of_words > 20


def test_the_bound_is_clopper_pearsons() -> None:
    assert upper_bound(0, 2994) > 0.001 > upper_bound(0, 2995)
    assert upper_bound(1, 4740) > 0.001 > upper_bound(1, 4743)


def refinery(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dagster_project.cli", *arguments]
    env = {
        "PATH": "/usr/bin:/bin",
        "REFINERY_HOME": str(home),
        "REFINERY_KEY": "k",
        "REFINERY_CONFIG": "tests/data/refinery.yaml",
    }
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_says_yes_no_or_that_it_was_asked_wrongly(tmp_path: Path) -> None:
    known = tmp_path / "known.csv"
    known.write_text(f"type,value\nemail,{CANARY}\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.txt").write_text("nothing here")
    asked = ("scan", str(tmp_path / "out"), "--known", str(known), "--no-detect")
    clean = refinery(*asked, home=tmp_path / "home")
    assert clean.returncode == 0, clean.stdout + clean.stderr
    (tmp_path / "out/a.txt").write_text(CANARY)
    dirty = refinery(*asked, home=tmp_path / "home")
    assert dirty.returncode == 1
    assert "a.txt" in dirty.stdout
    assert CANARY not in dirty.stdout + dirty.stderr
    wrong = refinery("scan", str(tmp_path / "nowhere"), home=tmp_path / "home")
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stdout + wrong.stderr


def test_vectors_are_read_past_and_what_stands_beside_them_is_not() -> None:
    vectors = pa.array([[0.5, 1.5], [2.0]], pa.list_(pa.float16()))
    table = pa.table({"id": ["a", "b"], "vector": vectors, "numbers": pa.array([[1], [4_111_111_111_111_111]])})
    assert {text.text for text in texts_of(table)} == {"a", "b", "4111111111111111"}
