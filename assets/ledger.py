"""The accounting of promise 1: every input row of a step has exactly one outcome.

Rows in = kept + dropped + merged + quarantined; rows out = kept + derived. A kept row may carry
on under a new id (`into`): a record that becomes a pair is kept into its first pair, and the
pairs after it are derived from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

LEDGER_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("partition", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("into", pa.string()),
        pa.field("parents", pa.list_(pa.string())),
        pa.field("position", pa.string()),
    ]
)
INPUT_OUTCOMES = ("kept", "dropped", "merged", "quarantined")
OUTCOMES = (*INPUT_OUTCOMES, "derived")
_REASON = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Published(NamedTuple):
    """What a step hands over: its table, and the outcome of every row that went in."""

    table: pa.Table
    ledger: pa.Table


class Unaccounted(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """A step lost, invented or twice decided a row; a fault of ours, never of the data."""


class Balance(NamedTuple):
    """The sums of one ledger, in rows."""

    rows_in: int
    kept: int
    dropped: int
    merged: int
    quarantined: int
    derived: int

    @property
    def rows_out(self) -> int:
        """Rows the step's table must hold."""
        return self.kept + self.derived


class Ledger:
    """Collects outcomes while a step runs; an input nobody mentions is kept.

    >>> ledger = Ledger(["a", "b"])
    >>> ledger.drop("b", "too_short")
    >>> published = ledger.close(pa.table({"pair_id": ["a"]}), key="pair_id")
    >>> balance(published.ledger)
    Balance(rows_in=2, kept=1, dropped=1, merged=0, quarantined=0, derived=0)
    """

    def __init__(self, ids: Iterable[str], partitions: Iterable[str] | None = None) -> None:
        ids = list(ids)
        parts: list[str | None] = list(partitions) if partitions is not None else [None] * len(ids)
        self._partition = dict(zip(ids, parts, strict=True))
        if len(self._partition) != len(ids):
            raise Unaccounted(f"{len(ids) - len(self._partition)} input id(s) occur twice")
        self._decided: dict[str, dict[str, object]] = {}
        self._derived: dict[str, list[str]] = {}

    @classmethod
    def of(cls, *tables: pa.Table, key: str) -> Ledger:
        """Open the ledger of a step that reads these tables (their ids must differ)."""
        ids = [i for t in tables for i in t.column(key).to_pylist()]
        if all("partition" in t.column_names for t in tables):
            return cls(ids, [p for t in tables for p in t.column("partition").to_pylist()])
        return cls(ids)

    def keep(self, row: str, *, into: str | None = None) -> None:
        """Keep an input row, under the new id `into` where the step renames it."""
        self._decide(row, outcome="kept", into=into)

    def drop(self, row: str, reason: str, *, position: str | None = None) -> None:
        """Leave an input row out, for a reason in snake_case (a word of ours, never its text).

        `position` says where the reason lies, if that is outside the row: a file, another table.
        """
        self._decide(row, outcome="dropped", reason=reason, position=position)

    def merge(self, row: str, into: str, reason: str | None = None) -> None:
        """Let another row stand for this one."""
        self._decide(row, outcome="merged", into=into, reason=reason)

    def quarantine(self, row: str, error: str, *, position: str | None = None) -> None:
        """Set aside a row that could not be processed; `position` says where it was read."""
        self._decide(row, outcome="quarantined", reason=error, position=position)

    def derive(self, row: str, parents: Iterable[str]) -> None:
        """Account for an output row that was made from others."""
        if row in self._derived:
            raise Unaccounted("an output row was derived twice")
        self._derived[row] = list(parents)

    def decided(self, row: str) -> bool:
        """Whether the row has an outcome already."""
        return row in self._decided

    def _decide(self, row: str, **facts: str | None) -> None:
        if row not in self._partition:
            raise Unaccounted(f"an outcome ({facts['outcome']}) for a row that never came in")
        if row in self._decided:
            raise Unaccounted("a row was given two outcomes")
        reason = facts.get("reason")
        if reason is not None and not _REASON.fullmatch(reason):
            raise Unaccounted("a reason must be a snake_case word, so that it cannot quote a row")
        self._decided[row] = dict(facts)

    def close(self, table: pa.Table, *, key: str) -> Published:
        """Balance the outcomes against the table that came out, and hand both over.

        Raises:
            Unaccounted: A row in without an outcome, or a row out that nobody kept or derived.
        """
        out = table.column(key).to_pylist()
        outs = set(out)
        if len(outs) != len(out):
            raise Unaccounted(f"{len(out) - len(outs)} output id(s) occur twice")
        by_id: dict[str, str | None] = (
            dict(zip(out, table.column("partition").to_pylist(), strict=True))
            if "partition" in table.column_names
            else dict.fromkeys(out)
        )
        rows = list(self._rows(by_id))
        made = [*(r.get("into") or r["id"] for r in rows if r["outcome"] == "kept"), *self._derived]
        expected = set(made)
        if len(expected) != len(made):
            raise Unaccounted(
                f"{len(made) - len(expected)} output row(s) are kept or derived twice; merge one into one"
            )
        if expected != outs:
            raise Unaccounted(f"{len(expected - outs)} row(s) vanished, {len(outs - expected)} came from nowhere")
        return Published(table, pa.Table.from_pylist(rows, schema=LEDGER_SCHEMA))

    def _rows(self, out: dict[str, str | None]) -> Iterator[dict[str, object]]:
        for row, partition in self._partition.items():
            yield {"id": row, "partition": partition, **self._decided.get(row, {"outcome": "kept"})}
        for row, parents in self._derived.items():
            yield {
                "id": row,
                "partition": out.get(row),
                "outcome": "derived",
                "parents": parents,
            }


def summary(table: pa.Table, *, key: str, parents: Iterable[str]) -> Published:
    """Account for a table that sums whole tables up: each of its rows derives from them all.

    >>> balance(summary(pa.table({"measure": ["size"]}), key="measure", parents=["training_examples"]).ledger).derived
    1
    """
    ledger, parents = Ledger([]), list(parents)
    for row in table.column(key).to_pylist():
        ledger.derive(row, parents)
    return ledger.close(table, key=key)


Outcomes = Mapping[str, Mapping[str, int]]
"""Rows by outcome and reason; a row without a reason counts under the outcome's own name."""


def tally(ledger: pa.Table) -> dict[str, dict[str, int]]:
    """Count a ledger's rows by outcome and reason, both in order of their names.

    >>> ledger = Ledger(["a", "b"])
    >>> ledger.drop("b", "spam")
    >>> tally(ledger.close(pa.table({"id": ["a"]}), key="id").ledger)
    {'dropped': {'spam': 1}, 'kept': {'kept': 1}}
    """
    found: dict[str, dict[str, int]] = {}
    counted = ledger.group_by(["outcome", "reason"]).aggregate([([], "count_all")])
    for outcome, reason, rows in sorted(
        (r["outcome"], r["reason"] or r["outcome"], r["count_all"]) for r in counted.to_pylist()
    ):
        found.setdefault(outcome, {})[reason] = rows
    return found


def balance(ledger: pa.Table) -> Balance:
    """Sum a ledger up."""
    counts = {row["values"]: row["counts"] for row in pc.value_counts(ledger.column("outcome")).to_pylist()}
    sums = {outcome: counts.get(outcome, 0) for outcome in INPUT_OUTCOMES}
    return Balance(rows_in=sum(sums.values()), derived=counts.get("derived", 0), **sums)


def reasons(ledger: pa.Table) -> dict[str, int]:
    """Count the rows that left, by reason, most frequent first.

    >>> ledger = Ledger(["a"])
    >>> ledger.drop("a", "spam")
    >>> reasons(ledger.close(pa.table({"id": pa.array([], pa.string())}), key="id").ledger)
    {'spam': 1}
    """
    left = ledger.filter(pc.is_in(ledger.column("outcome"), pa.array(["dropped", "merged", "quarantined"])))
    words = pc.coalesce(left.column("reason"), left.column("outcome"))
    counted = ((r["values"], r["counts"]) for r in pc.value_counts(words).to_pylist())
    return dict(sorted(counted, key=lambda item: (-item[1], item[0])))
