"""A small dataset whose every measure can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from assets import tables

SUBJECTS = ("parcel", "invoice", "password", "refund", "router")


def row(number: int) -> dict:
    """One example and its pair in one mapping; every fifth is held out."""
    subject = SUBJECTS[number % 5]
    question, answer = f"Where is {subject} number {number}?", f"Your {subject} {number} is on its way to you."
    return {
        "pair_id": f"p{number:03}",
        "record_id": f"r{number:03}",
        "example_id": f"e{number:03}",
        "thread_id": f"t{number:03}",
        "group_id": f"g{number:03}",
        "cluster_id": f"c{number:03}",
        "source": "desk",
        "kind": "ticket",
        "created_at": datetime(2024, 1 + number % 4, 1 + number % 7, tzinfo=UTC),
        "category": subject,
        "item_type": "qa",
        "question": question,
        "answer": answer,
        "language": "en",
        "licence": "CC-BY-4.0",
        "origin": "human",
        "truth_evidence": "reviewed" if number % 2 else "none",
        "relevance": 0.9,
        "question_quality": 0.8,
        "answer_quality": 0.7,
        "split": "test" if number < 10 else "validation" if number < 20 else "train",
        "fold": None,
        "weight": 1.0,
        "task": "answer",
        "instruction": "Answer.",
        "input": question,
        "output": answer,
        "messages": [
            {"role": "system", "content": "Answer."},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ],
        "tokens": 50,
        "answer_tokens": 20,
    }


def record(row: dict) -> dict:
    """The record of the source that an example was made from."""
    carried = ("record_id", "kind", "source", "category", "language", "created_at")
    return {"channel": "mail", **{name: row[name] for name in carried}}


Tables = tuple[pa.Table, pa.Table, pa.Table]


def as_tables(rows: list[dict], records: list[dict] | None = None) -> Tables:
    """Return the rows as training_examples and balanced_pairs, and what the source holds."""

    def part(table: tables.Table) -> pa.Table:
        return table.of({k: v for k, v in r.items() if k in table.schema.names} for r in rows)

    source = [record(r) for r in rows] if records is None else records
    return part(tables.TRAINING_EXAMPLES), part(tables.BALANCED_PAIRS), tables.STANDARDIZED_RECORDS.of(source)


@pytest.fixture
def rows() -> list[dict]:
    return [row(number) for number in range(100)]


@pytest.fixture(scope="session")
def pristine() -> list[dict]:
    """Rows that a property test may copy, never change."""
    return [row(number) for number in range(100)]


@pytest.fixture(scope="session")
def dataset(pristine) -> Callable[..., Tables]:
    """Make the tables of rows; what a test worsens in them it does not worsen in the source, unless it says so."""
    source = [record(r) for r in pristine]
    return lambda rows, of=None: as_tables(rows, source if of is None else [record(r) for r in of])
