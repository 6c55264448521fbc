"""What the report is told of where the rows went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

import pyarrow as pa


class Account(Protocol):
    """One stage: rows_in = kept + dropped + merged + quarantined, the last three by reason."""

    @property
    def stage(self) -> str: ...  # noqa: D102
    @property
    def rows_in(self) -> int: ...  # noqa: D102
    @property
    def kept(self) -> int: ...  # noqa: D102
    @property
    def dropped(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def merged(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def quarantined(self) -> Mapping[str, int]: ...  # noqa: D102


def stands_for(ledger: pa.Table) -> list[int]:
    """Return of each row that was kept how many it stands for: itself, and those merged into it.

    >>> from assets.ledger import Ledger
    >>> ledger = Ledger(["a", "b", "c"])
    >>> ledger.merge("b", "a")
    >>> stands_for(ledger.close(pa.table({"id": ["a", "c"]}), key="id").ledger)
    [2, 1]
    """
    outcomes = ledger.select(["id", "outcome", "into"]).to_pylist()
    merged = Counter(row["into"] for row in outcomes if row["outcome"] == "merged")
    return [1 + merged[row["into"] or row["id"]] for row in outcomes if row["outcome"] == "kept"]
