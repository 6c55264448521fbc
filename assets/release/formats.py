"""The forms a split is exported in, each with the writing that specifies it.

What a form has no place for (weights, categories, licences, ids) stands in the Parquet files alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

Example = Mapping[str, Any]
_SHAREGPT = {"user": "human", "assistant": "gpt"}


class Format(NamedTuple):
    """A form: its name, its folder below the release, the ending of its files, and what writes one."""

    name: str
    folder: str
    suffix: str
    write: Callable[[pa.Table, Path], None]

    def path(self, split: str) -> str:
        """Return where a split rests, below the release's folder."""
        return f"{self.folder}/{split}.{self.suffix}"


def _write_parquet(examples: pa.Table, path: Path) -> None:
    """Write all columns; with the card beside it the folder loads as a Hugging Face data set.

    Specified by the Hub's documentation on data files and their configuration in the card:
    huggingface.co/docs/hub/datasets-manual-configuration.
    """
    pq.write_table(examples, path, compression="zstd")


def openai_chat(example: Example) -> dict[str, Any]:
    """Return an example in the chat form of OpenAI's fine-tuning: one object with its messages a line.

    Specified by OpenAI's guide "Supervised fine-tuning", section "Formatting your data":
    platform.openai.com/docs/guides/supervised-fine-tuning.
    """
    return {"messages": example["messages"]}


def alpaca(example: Example) -> dict[str, str]:
    """Return an example in Alpaca's form; earlier turns stand in `input`, as a transcript.

    Specified by the section "Data Release" of github.com/tatsu-lab/stanford_alpaca: a JSON list of objects with
    `instruction`, `input`, `output`.

    >>> alpaca({"instruction": "Answer.", "input": "Where?", "output": "Here.", "task": "answer"})
    {'instruction': 'Answer.', 'input': 'Where?', 'output': 'Here.'}
    """
    return {name: example[name] for name in ("instruction", "input", "output")}


def sharegpt(example: Example) -> dict[str, Any]:
    """Return an example in ShareGPT's form, in which human and gpt take turns and the system's words stand apart.

    Specified by data/README.md of github.com/hiyouga/LLaMA-Factory, section "Sharegpt Format"; the same list with an
    `id` is what lm-sys/FastChat trains on.

    >>> said = [{"role": "system", "content": "S"}, {"role": "user", "content": "Q"}]
    >>> sharegpt({"example_id": "e", "messages": said})
    {'id': 'e', 'conversations': [{'from': 'human', 'value': 'Q'}], 'system': 'S'}
    """
    system, *turns = example["messages"]
    said = [{"from": _SHAREGPT[turn["role"]], "value": turn["content"]} for turn in turns]
    return {"id": example["example_id"], "conversations": said, "system": system["content"]}


def _rows(examples: pa.Table, row: Callable[[Example], dict[str, Any]]) -> Iterator[str]:
    for batch in examples.to_batches(max_chunksize=1024):
        for example in batch.to_pylist():
            yield json.dumps(row(example), ensure_ascii=False)


def _lines(row: Callable[[Example], dict[str, Any]]) -> Callable[[pa.Table, Path], None]:
    """Return a writer of JSON Lines: an object a line."""

    def write(examples: pa.Table, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in _rows(examples, row))

    return write


def _list(row: Callable[[Example], dict[str, Any]]) -> Callable[[pa.Table, Path], None]:
    """Return a writer of a JSON list, an object a line."""

    def write(examples: pa.Table, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            before = "[\n"
            for line in _rows(examples, row):
                file.write(before + line)
                before = ",\n"
            file.write("\n]\n" if before == ",\n" else "[]\n")

    return write


FORMATS = (
    Format("parquet", "data", "parquet", _write_parquet),
    Format("openai_chat", "openai", "jsonl", _lines(openai_chat)),
    Format("alpaca", "alpaca", "json", _list(alpaca)),
    Format("sharegpt", "sharegpt", "json", _list(sharegpt)),
)
