"""A small dataset whose every measure can be worked out by hand."""

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


def as_tables(rows: list[dict]) -> tuple[pa.Table, pa.Table]:
    """Return the rows as training_examples and balanced_pairs."""

    def part(table: tables.Table) -> pa.Table:
        return table.of({k: v for k, v in r.items() if k in table.schema.names} for r in rows)

    return part(tables.TRAINING_EXAMPLES), part(tables.BALANCED_PAIRS)


@pytest.fixture
def rows() -> list[dict]:
    return [row(number) for number in range(100)]


@pytest.fixture
def dataset() -> Callable[[list[dict]], tuple[pa.Table, pa.Table]]:
    return as_tables
