"""A release is whole, bound to its verdict, and the same for the same input."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from assets import tables
from assets.errors import RefineryError
from assets.ledger import balance
from assets.release.params import ReleaseParams
from assets.release.release import release

SHA = "d" * 64
PARAMS = ReleaseParams(attributions={"forum": "Contributors of the | Forum"})


def example(number: int, **fields: object) -> dict:
    answer = f'Straße {number}: {{“ja”}}\u2028\n"ok"'
    return {
        "example_id": f"e{number:02}",
        "pair_id": f"p{number}",
        "thread_id": f"t{number}",
        "source": "forum" if number % 2 else "desk",
        "kind": "ticket",
        "category": "billing",
        "origin": "human",
        "licence": "CC-BY-SA-4.0" if number % 2 else None,
        "task": "answer",
        "instruction": "Answer.",
        "input": f"Question {number}?",
        "output": answer,
        "messages": [
            {"role": "system", "content": "Answer."},
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": answer},
        ],
        "tokens": 40,
        "answer_tokens": 10,
        "split": ("train", "train", "validation", "test")[number % 4],
        "weight": 1.0,
        **fields,
    }


def examples(count: int = 12, **fields: object) -> pa.Table:
    return tables.TRAINING_EXAMPLES.of(example(number, **fields) for number in range(count))


def verdict(**fields: object) -> pa.Table:
    row = {"verdict_id": "v1", "passed": True, "composite": 0.87, "reasons": [], "dataset_sha256": SHA, **fields}
    return tables.QUALITY_VERDICT.of([row])


def released(home: Path, table: pa.Table | None = None, params: ReleaseParams = PARAMS, **fields: object):
    table = examples() if table is None else table
    return release(table, verdict(**fields), params, home=home, dataset_sha256=SHA)


def folder(home: Path, published) -> Path:
    return home / published.table["folder"][0].as_py()


def test_every_file_is_listed_with_its_hash_rows_and_bytes(tmp_path):
    published = released(tmp_path)
    at = folder(tmp_path, published)
    facts = json.loads((at / "release.json").read_text())
    assert set(facts) == {"release", "dataset_sha256", "verdict", "files"}
    assert facts["verdict"] == {"verdict_id": "v1", "passed": True}
    assert facts["dataset_sha256"] == SHA
    assert at == tmp_path / "artifacts/dataset_release" / facts["release"]
    written = {path.relative_to(at).as_posix() for path in at.rglob("*") if path.is_file()}
    assert written == {*facts["files"], "release.json"}
    for row in published.table.to_pylist():
        content = (at / row["file"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert facts["files"][row["file"]] == {k: row[k] for k in ("sha256", "rows", "bytes")}
        assert row["bytes"] == len(content)
    assert balance(published.ledger).derived == 13


def test_the_parquet_files_hold_every_example_in_its_split(tmp_path):
    at = folder(tmp_path, released(tmp_path))
    parts = [pq.read_table(at / f"data/{split}.parquet") for split in tables.SPLITS]
    assert [set(part["split"].to_pylist()) for part in parts] == [{"train"}, {"validation"}, {"test"}]
    assert pa.concat_tables(parts).sort_by("example_id").equals(examples())
    assert pq.ParquetFile(at / "data/train.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def wanted(split: str) -> list[dict]:
    return [row for row in talks().to_pylist() if row["split"] == split]


def talks() -> pa.Table:
    """Examples, some of which are a talk of several turns."""
    turns = [
        {"role": "system", "content": "Answer."},
        {"role": "user", "content": "It hums."},
        {"role": "assistant", "content": "Since when?"},
        {"role": "user", "content": 'Since "Monday"\n– ünd \u2028 you?'},
        {"role": "assistant", "content": "Let it."},
    ]
    rows = examples().to_pylist()
    return tables.TRAINING_EXAMPLES.of(
        [*rows, *({**row, "example_id": f"t{row['example_id']}", "messages": turns} for row in rows)]
    )


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return folder(home, released(home, talks()))


@pytest.mark.parametrize("split", tables.SPLITS)
def test_what_went_into_the_chat_form_comes_out_equal(at, split):
    content = (at / f"openai/{split}.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in content.split("\n")[:-1]]
    assert lines == [{"messages": row["messages"]} for row in wanted(split)]
    assert "Straße" in content, "letters stay letters"


@pytest.mark.parametrize("split", tables.SPLITS)
def test_what_went_into_the_alpaca_form_comes_out_equal(at, split):
    said = json.loads((at / f"alpaca/{split}.json").read_text(encoding="utf-8"))
    assert said == [{name: row[name] for name in ("instruction", "input", "output")} for row in wanted(split)]


@pytest.mark.parametrize("split", tables.SPLITS)
def test_what_went_into_the_sharegpt_form_comes_out_equal(at, split):
    said = json.loads((at / f"sharegpt/{split}.json").read_text(encoding="utf-8"))
    roles = {"human": "user", "gpt": "assistant"}
    back = [
        [
            {"role": "system", "content": one["system"]},
            *({"role": roles[turn["from"]], "content": turn["value"]} for turn in one["conversations"]),
        ]
        for one in said
    ]
    assert back == [row["messages"] for row in wanted(split)]
    assert [one["id"] for one in said] == [row["example_id"] for row in wanted(split)]
    for one in said:
        assert [turn["from"] for turn in one["conversations"]][:2] == ["human", "gpt"], "they take turns from the first"


LOAD = """
    import json, sys
    from datasets import load_dataset
    folder = sys.argv[1]
    whole = load_dataset(folder)
    files = [f"{folder}/{name}" for name in ("openai/train.jsonl", "alpaca/train.json", "sharegpt/train.json")]
    rows = {file: load_dataset("json", data_files={"train": file})["train"].num_rows for file in files}
    print(json.dumps({"splits": whole.num_rows, "columns": whole["test"].column_names, "rows": rows,
                      "messages": list(whole["train"]["messages"])}))
"""


def test_the_folder_loads_as_a_hugging_face_data_set_without_a_network(at, tmp_path):
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    command = [sys.executable, "-c", textwrap.dedent(LOAD), str(at)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["splits"] == {split: len(wanted(split)) for split in tables.SPLITS}
    assert loaded["columns"] == talks().column_names
    assert loaded["messages"] == [row["messages"] for row in wanted("train")]
    assert set(loaded["rows"].values()) == {len(wanted("train"))}


def test_the_same_examples_in_another_order_give_the_same_bytes(tmp_path):
    one, two = released(tmp_path / "one"), released(tmp_path / "two", examples().take(list(range(11, -1, -1))))
    assert one.table.equals(two.table)


def test_another_text_another_verdict_or_another_title_is_another_version(tmp_path):
    versions = {
        published.table["release"][0].as_py()
        for published in (
            released(tmp_path),
            released(tmp_path, examples(11)),
            released(tmp_path, verdict_id="v2"),
            released(tmp_path, params=ReleaseParams(title="Desk")),
        )
    }
    assert len(versions) == 4
    assert {path.name for path in (tmp_path / "artifacts/dataset_release").iterdir()} == versions


def test_a_release_that_is_there_is_left_alone_and_a_damaged_one_is_made_whole(tmp_path):
    at = folder(tmp_path, released(tmp_path))
    before = (at / "release.json").stat().st_ino
    released(tmp_path)
    assert (at / "release.json").stat().st_ino == before
    (at / "openai/test.jsonl").write_text("{}\n")
    published = released(tmp_path)
    assert hashlib.sha256((at / "openai/test.jsonl").read_bytes()).hexdigest() in published.table["sha256"].to_pylist()
    assert list(at.parent.iterdir()) == [at]


def test_a_split_without_examples_still_has_its_files(tmp_path):
    published = released(tmp_path, examples(2))
    rows = {row["file"]: row["rows"] for row in published.table.to_pylist()}
    assert (rows["data/train.parquet"], rows["data/test.parquet"], rows["openai/test.jsonl"]) == (2, 0, 0)
    assert json.loads((folder(tmp_path, published) / "alpaca/test.json").read_text()) == []
    assert pq.read_table(folder(tmp_path, published) / "data/test.parquet").schema.equals(examples().schema)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"passed": False, "reasons": ["size 3 is below 1,000"]}, "size 3 is below 1,000"),
        ({"passed": None}, "no reason given"),
        ({"dataset_sha256": "e" * 64}, "other examples"),
    ],
)
def test_nothing_is_written_without_a_passed_verdict_about_these_examples(tmp_path, fields, what):
    with pytest.raises(RefineryError, match=what):
        released(tmp_path, **fields)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [0, 2])
def test_one_verdict_is_asked_for(tmp_path, count):
    rows = [verdict().to_pylist()[0] | {"verdict_id": f"v{i}"} for i in range(count)]
    with pytest.raises(RefineryError, match=f"holds {count} verdicts"):
        release(examples(), tables.QUALITY_VERDICT.of(rows), PARAMS, home=tmp_path, dataset_sha256=SHA)


@pytest.mark.parametrize(
    ("denied", "named"), [("cc-by-sa-4.0", r"6 of forum \(CC-BY-SA-4.0\)"), ("unknown", r"6 of desk \(unknown\)")]
)
def test_a_denied_licence_stops_the_release_and_is_named(tmp_path, denied, named):
    with pytest.raises(RefineryError, match=named):
        released(tmp_path, params=ReleaseParams(deny_licences=(denied,)))
    assert not list(tmp_path.iterdir())


def test_the_card_has_valid_front_matter_counts_and_attribution_and_no_row(tmp_path):
    text = (folder(tmp_path, released(tmp_path)) / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    facts = yaml.safe_load(front)
    assert facts["license"] == ["cc-by-sa-4.0", "other"]
    assert facts["size_categories"] == ["n<1K"]
    assert [file["split"] for file in facts["configs"][0]["data_files"]] == list(tables.SPLITS)
    assert "| train | answer | 6 |" in body
    assert "| forum | ticket | CC-BY-SA-4.0 | 6 | Contributors of the \\| Forum |" in body
    assert "| desk | ticket | unknown | 6 |  |" in body
    assert "Straße" not in text
    assert "Question 1" not in text


def test_the_card_is_valid_for_the_hub(tmp_path):
    from huggingface_hub import DatasetCard

    card = DatasetCard((folder(tmp_path, released(tmp_path)) / "README.md").read_text(encoding="utf-8"))
    assert card.data.pretty_name == "Support dataset"
    assert card.data.language == ["en"]


def test_a_table_with_columns_of_the_restricted_zone_is_not_released(tmp_path):
    raw = examples().append_column("known", pa.array([[{"type": "email", "value": "zz@example.com"}]] * 12))
    with pytest.raises(RefineryError, match="known") as refused:
        released(tmp_path, raw)
    assert "zz@example.com" not in str(refused.value)
    assert not (tmp_path / "artifacts/dataset_release").exists() or not list((tmp_path / "artifacts").glob("*/*/data"))
