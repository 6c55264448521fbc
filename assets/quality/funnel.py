"""Where the rows went, one line a stage, as the report draws it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from assets.ledger import balance
from assets.tables import TABLES

SUMMARIES = frozenset({"quality", "release", "tuning", "evaluation", "operation"})
"""Rooms whose tables tell of the dataset as a whole: no row gets lost there."""


class Account(Protocol):
    """What is drawn of a stage: rows_in = kept + dropped + merged + quarantined, the last three by reason."""

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


@dataclass(frozen=True)
class Stage:
    """The account of one stage, summed from its ledger."""

    stage: str
    rows_in: int
    kept: int
    dropped: Mapping[str, int]
    merged: Mapping[str, int]
    quarantined: Mapping[str, int]

    @classmethod
    def of(cls, stage: str, ledger: pa.Table) -> Stage:
        """Sum a ledger up.

        >>> from assets.ledger import LEDGER_SCHEMA
        >>> Stage.of("unique_pairs", LEDGER_SCHEMA.empty_table()).rows_in
        0
        """
        sums, outcomes = balance(ledger), ledger.select(["outcome", "reason"]).to_pydict()
        counted = Counter(zip(outcomes["outcome"], outcomes["reason"], strict=True))

        def by_reason(outcome: str) -> dict[str, int]:
            found = {reason or outcome: n for (what, reason), n in counted.items() if what == outcome}
            return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

        return cls(stage, sums.rows_in, sums.kept, by_reason("dropped"), by_reason("merged"), by_reason("quarantined"))


def stages(ledger_of: Callable[[str], pa.Table]) -> list[Stage]:
    """Return the accounts of all stages of the flow that are published, in its order."""
    return [Stage.of(name, ledger_of(name)) for name, table in TABLES.items() if table.room not in SUMMARIES]


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
