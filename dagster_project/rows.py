"""Rows in and out of plain files, for `refinery apply`: JSONL, CSV or Parquet, without Dagster."""

import csv
import importlib
import json
import tempfile
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
    readers = {".parquet": _parquet, ".csv": _csv, ".jsonl": _jsonl, ".ndjson": _jsonl}
    if file.suffix not in readers:
        raise RefineryError(
            str(file), f"cannot read {file.suffix or 'a file without a suffix'}", "give JSONL, CSV or Parquet"
        )
    try:
        yield from readers[file.suffix](file)
    except UnicodeDecodeError:
        raise RefineryError(str(file), "not UTF-8", "convert it") from None


def _parquet(file: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except pa.ArrowInvalid:
        raise RefineryError(str(file), "not Parquet, or cut short", "write it again") from None
    yield from table.to_pylist()


def _csv(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as handle:
        reader = csv.DictReader(handle)
        for row in reader:
            if None in row or None in row.values():
                where = f"{file}, line {reader.line_num}"
                raise RefineryError(where, "not as many cells as the header has", "correct the line")
            yield row


def _jsonl(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8-sig") as handle:
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
    """Write rows as JSONL, or as Parquet where the name says so; return how many.

    The file appears when the last row is in it, so it may be the one the rows are being read from.
    """
    with tempfile.TemporaryDirectory(dir=file.absolute().parent, prefix=".apply-") as folder:
        unfinished = Path(folder) / file.name
        count = _write_parquet(unfinished, rows) if file.suffix == ".parquet" else _write_jsonl(unfinished, rows)
        unfinished.replace(file)
    return count


def _write_parquet(file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([dict(r) for r in rows])
    pq.write_table(table, file, compression="zstd")
    return len(table)


def _write_jsonl(file: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8") as handle:
        for count, row in enumerate(rows, 1):  # noqa: B007 - how many there were is the answer
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")
    return count
