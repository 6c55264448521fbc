"""Promise 2 of the design, kept where a table is published: no personal data gets past anonymized_records.

A row in which a known identity or a proved number is left is set aside as long as a row more or less harms
nobody, so that it cannot keep all others back; from the split on it stops the step.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from assets.ledger import Published
from assets.tables import Table
from dagster_project.artefacts import texts_of
from dagster_project.resources.files import make_private
from dagster_project.resources.identities import search_of
from dagster_project.resources.lake import Lake
from dagster_project.scan import count_in_files
from dagster_project.settings import Settings

REASON = "personal_data_left"
ROWS_MAY_GO = frozenset(
    ("anonymization", "standardization", "pairing", "validation", "deduplication", "augmentation", "customers")
)
"""Rooms whose rows can be set aside one by one: nothing has been divided, counted or trained yet."""


def personal_data(
    table: Table, rows: pa.Table, lake: Lake, settings: Settings, partitions: Iterable[str] | None = None
) -> list[int]:
    """Count by row what must not be there; files that a row stands for count with it.

    Args:
        table: The table.
        rows: Its rows.
        lake: Where the people are known.
        settings: The refinery's settings.
        partitions: The run's partitions of the record line, whose people are searched for; None for everybody.
    """
    search = search_of(lake, settings, partitions if table.partitioned else None)
    found: Counter[int] = Counter()
    for text in texts_of(rows):
        found[text.row] += len(search.types(text.text, text.thread, template=text.template))
    if "folder" in rows.column_names:
        for i, file in enumerate(_files(rows, settings.home)):
            found[i] += count_in_files(file, search)
    return [found[i] for i in range(len(rows))]


def set_aside(published: Published, key: str, leaks: list[int]) -> Published:
    """Take the rows with leaks out of a table, and say so in its ledger; a row derived from others only goes.

    >>> from assets.ledger import Ledger, balance
    >>> table = pa.table({"record_id": ["a", "b"]})
    >>> kept = set_aside(Ledger(["a", "b"]).close(table, key="record_id"), "record_id", [0, 2])
    >>> balance(kept.ledger)
    Balance(rows_in=2, kept=1, dropped=0, merged=0, quarantined=1, derived=0)
    """
    if not any(leaks):
        return published
    clean = pc.equal(pa.array(leaks), 0)
    gone = set(published.table.filter(pc.invert(clean)).column(key).to_pylist())
    lines = [_without(line, gone) for line in published.ledger.to_pylist()]
    ledger = pa.Table.from_pylist([line for line in lines if line], schema=published.ledger.schema)
    return Published(published.table.filter(clean), ledger)


def _without(line: dict[str, Any], gone: set[str]) -> Mapping[str, Any] | None:
    if line["outcome"] not in ("kept", "derived") or (line["into"] or line["id"]) not in gone:
        return line
    if line["outcome"] == "derived":
        return None
    return line | {"outcome": "quarantined", "reason": REASON, "into": None}


def withdraw(rows: pa.Table, settings: Settings) -> None:
    """Move the files of a table that was refused out of everyone's sight, into the restricted zone."""
    if "folder" not in rows.column_names:
        return
    for folder in dict.fromkeys(rows.column("folder").to_pylist()):
        place = settings.home / folder
        target = settings.home / "restricted" / "rejected" / Path(folder).parent.name / Path(folder).name
        if place.is_dir():
            make_private(target.parent, settings.home)
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(place, target)
            for path in (target, *target.rglob("*")):
                path.chmod(0o700 if path.is_dir() else 0o600)


def _files(rows: pa.Table, home: Path) -> Iterator[Path]:
    """Yield by row the file, or the folder, it stands for."""
    for row in rows.to_pylist():
        yield home / row["folder"] / row["file"] if row.get("file") else home / row["folder"]
