"""How one approach did on each test example, in numbers: what a package keeps of its predictions, without a text."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from assets.metrics import token_f1
from assets.tables import content_hash

ANSWER, ZERO_SHOT, FEW_SHOT = "answer", "zero_shot", "few_shot"
MARKS = pa.schema(
    [
        ("example_id", pa.string()),  # the test example
        ("thread_id", pa.string()),  # its thread
        ("task", pa.string()),
        ("truth", pa.string()),  # hash of the true answer or label: the same question with another answer is another
        ("nll", pa.float64()),  # nats, summed over the true answer's tokens
        ("question_gain", pa.float64()),  # nats by which its own question makes it likelier; null where not crossed
        ("tokens", pa.int64()),  # of the true answer
        ("chrf", pa.float64()),  # of the written answer; null where none was
        ("token_f1", pa.float64()),
        ("said", pa.string()),  # hash of the label said, for a task of labels
    ]
)
"""The columns of a package's `predictions.parquet`."""


def measured_as(approach: str, task: str) -> str:
    """Return whose predictions say how an approach does a task.

    Shots are answers; a label is asked for without them. Few-shot prompts are then what zero-shot prompts are.

    >>> measured_as("few_shot", "triage_priority"), measured_as("few_shot", "answer")
    ('zero_shot', 'few_shot')
    """
    return ZERO_SHOT if approach == FEW_SHOT and task != ANSWER else approach


def marks(predictions: pa.Table, approach: str) -> pa.Table:
    """Mark what an approach predicted, or for labels what it is measured as.

    Args:
        predictions: A table in the form of `tables.PREDICTIONS`.
        approach: Whose predictions.

    Returns:
        A table in the form of `MARKS`, by task and example.
    """
    from sacrebleu.metrics.chrf import CHRF

    chrf = CHRF()
    rows = [r for r in predictions.to_pylist() if r["approach"] == measured_as(approach, r["task"])]
    found: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda r: (r["task"], r["example_id"])):
        mark = {name: row[name] for name in ("example_id", "thread_id", "task", "nll")}
        mark |= {"truth": content_hash(_plain(row["reference"])), "tokens": row["answer_tokens"]}
        if row["nll_crossed"] is not None:
            mark["question_gain"] = round(row["nll_crossed"] - row["nll"], 6)
        if row["answer"] is not None and row["task"] == ANSWER:
            mark["chrf"] = round(chrf.sentence_score(row["answer"], [row["reference"]]).score, 6)
            mark["token_f1"] = round(token_f1(row["answer"], row["reference"]), 6)
        elif row["answer"] is not None:
            mark["said"] = content_hash(_plain(row["answer"]))
        found.append(mark)
    return pa.Table.from_pylist(found, schema=MARKS)


def _plain(text: str) -> str:
    """Return what tells one text or label from another: its words, without case and punctuation."""
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
