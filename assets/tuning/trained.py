"""The row of a trained approach."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assets import tables
from assets.ledger import Published, summary
from assets.training import TrainingResult


def trained(table: tables.Table, results: Iterable[TrainingResult], *, folder: str) -> Published:
    """Return the rows of what was trained: one, or none where the approach was not chosen.

    Args:
        table: The approach's table.
        results: How it went.
        folder: Where the files rest, below REFINERY_HOME.
    """
    return summary(table.of(_row(r, folder) for r in results), key=table.key, parents=["dataset_release"])


def _row(result: TrainingResult, folder: str) -> dict[str, Any]:
    row = result.model_dump(exclude={"params", "template_sha256", "fold", "canaries"})
    return row | {"folder": folder, "params": result.params.model_dump_json()}
