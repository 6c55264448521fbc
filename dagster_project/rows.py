"""Rows in and out of plain files, for `refinery apply`: JSONL, CSV or Parquet, without Dagster."""

import csv
import importlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from assets.errors import RefineryError
from dagster_project.settings import Settings

ROOMS = {
    "normalization": "normalize",
    "anonymization": "anonymize",
    "deduplication": "deduplicate",
    "validation": "validate",
}
"""Rooms that can be applied, and the module of each that says how."""


def apply_room(room: str, rows: Iterable[Mapping[str, Any]], settings: Settings) -> Iterator[dict[str, Any]]:
    """Run a room's pure function over rows, with its section of the settings."""
    if room not in ROOMS:
        raise RefineryError("refinery apply", f"no room {room!r} can be applied", f"choose one of {', '.join(ROOMS)}")
    module = importlib.import_module(f"assets.{room}.{ROOMS[room]}")
    result: Iterator[dict[str, Any]] = module.apply(rows, getattr(settings, room))
    return result


def read_rows(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file; a row that cannot be read is an error that names its line."""
    if not file.exists():
        raise RefineryError(str(file), "no such file", "correct the path")
    if file.suffix == ".parquet":
        import pyarrow.parquet as pq

        yield from pq.read_table(file).to_pylist()
    elif file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as handle:
            yield from csv.DictReader(handle)
    elif file.suffix in (".jsonl", ".ndjson"):
        yield from _jsonl(file)
    else:
        raise RefineryError(
            str(file), f"cannot read {file.suffix or 'a file without a suffix'}", "give JSONL, CSV or Parquet"
        )


def _jsonl(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                raise RefineryError(f"{file}, line {number}", "not JSON", "correct the line") from None
            if not isinstance(row, dict):
                raise RefineryError(f"{file}, line {number}", "not a JSON object", "one object a line")
            yield row


def write_rows(file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows as JSONL, or as Parquet where the name says so; return how many."""
    if file.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_pylist([dict(r) for r in rows])
        pq.write_table(table, file, compression="zstd")
        return len(table)
    count = 0
    with file.open("w", encoding="utf-8") as handle:
        for row in rows:
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count
