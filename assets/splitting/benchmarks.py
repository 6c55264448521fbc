"""The texts of benchmark files: what a model will be measured on by others than us."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets.errors import RefineryError

FEWEST_WORDS = 3
"""A text of fewer words (a label, a role) is no question, and would match half the desk."""


def read_texts(file: Path) -> list[str]:
    """Return every distinct text of a file: of JSONL and Parquet all strings of a row, of plain text the paragraphs.

    Raises:
        RefineryError: The file is missing, of another kind, or a row of it cannot be read.
    """
    readers = {".jsonl": _jsonl, ".ndjson": _jsonl, ".parquet": _parquet, ".txt": _plain, ".md": _plain}
    if file.suffix not in readers:
        raise RefineryError(str(file), "a benchmark file is JSONL, Parquet or plain text", "convert it")
    try:
        texts = dict.fromkeys(text.strip() for text in readers[file.suffix](file))
    except OSError:
        raise RefineryError(str(file), "the benchmark file cannot be opened", "correct its path") from None
    except UnicodeDecodeError:
        raise RefineryError(str(file), "not UTF-8", "convert it") from None
    found = [text for text in texts if len(text.split()) >= FEWEST_WORDS or not text.isascii()]
    if not found:
        raise RefineryError(str(file), f"holds no text of {FEWEST_WORDS} words", "name the file with the questions")
    return found


def _jsonl(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8-sig") as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip():
                continue
            try:
                yield from _strings(json.loads(line))
            except json.JSONDecodeError:
                raise RefineryError(f"{file}, line {number}", "not JSON", "correct the line") from None


def _parquet(file: Path) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches():
                yield from _strings(batch.to_pylist())
    except pa.ArrowInvalid:
        raise RefineryError(str(file), "not Parquet, or cut short", "write it again") from None


def _plain(file: Path) -> Iterator[str]:
    """Yield the paragraphs; a file without an empty line has one a line."""
    text = file.read_text(encoding="utf-8-sig").strip()
    yield from re.split(r"\n\s*\n", text) if re.search(r"\n\s*\n", text) else text.splitlines()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)
