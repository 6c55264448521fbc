"""A release as its readers see it: opened whole, unchanged and approved, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, StrictBool, ValidationError

from assets import tables
from assets.errors import RefineryError
from assets.folder import prove

_REFUSED = "release the dataset again"


class Verdict(BaseModel):
    """The gate's word on the dataset."""

    model_config = ConfigDict(frozen=True)
    verdict_id: str
    passed: StrictBool


class ReleasedFile(BaseModel):
    """One file of a release."""

    model_config = ConfigDict(frozen=True)
    sha256: str


class _Stated(BaseModel):
    """What `release.json` states."""

    model_config = ConfigDict(frozen=True)
    release: str
    dataset_sha256: str
    verdict: Verdict
    files: Mapping[str, ReleasedFile]


class Release(_Stated):
    """An opened release: its files are those that were released, and its verdict passed."""

    folder: Path

    def examples(self, split: str, *, task: str = "answer") -> list[dict[str, Any]]:
        """Return the split's examples of one task, ordered by id."""
        table = pq.read_table(self.folder / "data" / f"{split}.parquet", filters=[("task", "=", task)])
        rows: list[dict[str, Any]] = tables.TRAINING_EXAMPLES.conform(table).sort_by("example_id").to_pylist()
        return rows


def open_release(folder: Path) -> Release:
    """Open a release folder, or refuse.

    Raises:
        RefineryError: No readable `release.json`, a verdict that did not pass, or a file that is missing,
            changed or not listed. What cannot be proved is not trained on (promise 3).
    """
    where = f"release {folder.name}"
    try:
        stated = _Stated.model_validate_json((folder / "release.json").read_bytes())
    except FileNotFoundError:
        raise RefineryError(where, "has no release.json", _REFUSED) from None
    except ValidationError:
        raise RefineryError(where, "release.json is not what the release room writes", _REFUSED) from None
    release = Release(folder=folder, **dict(stated))
    if not release.verdict.passed:
        raise RefineryError(where, "its quality verdict did not pass", "see quality_verdict for the reasons")
    for split in tables.SPLITS:
        if f"data/{split}.parquet" not in release.files:
            raise RefineryError(where, f"release.json does not list data/{split}.parquet", _REFUSED)
    for name, stated_file in release.files.items():
        prove(folder / name, stated_file.sha256, where=f"{where}, {name}", do=_REFUSED)
    return release


def added(now: Path, before: Path) -> int:
    """Count the training examples of one release folder that another, older one does not hold.

    An older release that was cleared away leaves all of them new.
    """
    ids = [
        set(pq.read_table(f, columns=["example_id"])[0].to_pylist()) for f in map(_train, (now, before)) if f.exists()
    ]
    return len(ids[0].difference(*ids[1:])) if ids else 0


def _train(folder: Path) -> Path:
    return folder / "data" / "train.parquet"


def subset(rows: list[dict[str, Any]], n: int | None, *, by: tuple[str, ...], seed: int) -> list[dict[str, Any]]:
    """Return at most `n` rows, spread evenly over the values of `by`, the same ones whenever they exist.

    Each stratum gives the rows whose ids hash lowest; strata too small for an even share leave the
    rest to the others.

    >>> rows = [{"example_id": str(i), "source": "big" if i > 1 else "small"} for i in range(9)]
    >>> [r["source"] for r in subset(rows, 5, by=("source",), seed=0)].count("big")
    3
    """
    strata: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda r: lot(seed, r["example_id"])):
        strata.setdefault(tuple(row[c] for c in by), []).append(row)
    chosen: list[dict[str, Any]] = []
    waiting = sorted(strata.values(), key=len)
    left = len(rows) if n is None else n
    for i, stratum in enumerate(waiting):
        share = -(-left // (len(waiting) - i)) if i == len(waiting) - 1 else left // (len(waiting) - i)
        chosen += stratum[:share]
        left -= len(stratum[:share])
    return sorted(chosen, key=lambda r: lot(seed, r["example_id"]))


def lot(seed: int, *identity: object) -> bytes:
    """Draw a lot: chance decided by identity and one seed, never by a generator."""
    return hashlib.sha256("\x1f".join(map(str, (seed, *identity))).encode()).digest()
