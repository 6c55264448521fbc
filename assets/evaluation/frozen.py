"""The frozen test set: the same examples for every approach and every night, while they exist."""

from __future__ import annotations

from collections import Counter
from typing import Any

from assets import released, tables
from assets.errors import RefineryError
from assets.evaluation.params import PredictionParams
from assets.training import ANSWER, TASKS

LABELLED = tuple(task for task in TASKS if task != ANSWER)
Row = dict[str, Any]


def scored(release: released.Release, params: PredictionParams, *, fold: int | None = None) -> list[Row]:
    """Return the examples scored by likelihood: those whose ids hash lowest, spread over the sources.

    They are of the test part, or of what people wrote of one fold of the training part.

    Raises:
        RefineryError: There is none.
    """
    if fold is None:
        there = release.examples("test")
    else:
        there = [r for r in release.examples("train") if r["fold"] == fold and r["origin"] == "human"]
    rows = released.subset(there, params.max_test, by=("source",), seed=params.seed)
    if not rows:
        raise RefineryError(f"release {release.release}", "holds no test example", "release a dataset that does")
    return rows


def crossed(rows: list[Row], most: int, params: PredictionParams) -> dict[str, Row]:
    """Return by example one that asks another example's question and wants this one's answer.

    They go round by lot, so that every question is asked once; one whose neighbour has the same answer is left out.
    """
    drawn = released.subset(rows, most, by=("source",), seed=params.seed)
    drawn.sort(key=lambda r: released.lot(params.seed, "crossed", r["example_id"]))
    pairs = zip(drawn, [*drawn[1:], *drawn[:1]], strict=True)
    return {
        row["example_id"]: _asking(other, row) for row, other in pairs if _said(other["output"]) != _said(row["output"])
    }


def _asking(question: Row, row: Row) -> Row:
    messages = [*question["messages"][:-1], row["messages"][-1]]
    return {**row, **{name: question[name] for name in ("input", "instruction", "category")}, "messages": messages}


def spoken(rows: list[Row], most: int, params: PredictionParams) -> list[Row]:
    """Return those of the scored examples that are answered in words as well."""
    return released.subset(rows, most, by=("source",), seed=params.seed)


def labelled(release: released.Release, task: str, params: PredictionParams) -> list[Row]:
    """Return the test examples of a classification task that every approach is asked."""
    rows = release.examples("test", task=task)
    return released.subset(rows, params.max_labelled, by=("source",), seed=params.seed)


def identity(row: Row, approach: str) -> Row:
    """Return what a prediction takes over from its example."""
    names = ("task", "example_id", "pair_id", "thread_id", "source", "category", "kind")
    told = {"approach": approach, "reference": row["output"], **{name: row[name] for name in names}}
    return {"prediction_id": tables.content_hash(approach, row["example_id"]), **told}


def with_occurrences(predictions: list[Row], release: released.Release) -> list[Row]:
    """Say of each prediction how many released pairs share its true answer, but for case and white space."""
    found = {task: _occurrences(release, task) for task in {p["task"] for p in predictions}}
    return [{**p, "answer_occurs": found[p["task"]][_said(p["reference"])]} for p in predictions]


def _occurrences(release: released.Release, task: str) -> Counter[str]:
    pairs = {r["pair_id"]: r["output"] for split in tables.SPLITS for r in release.examples(split, task=task)}
    return Counter(_said(answer) for answer in pairs.values())


def _said(answer: str) -> str:
    return " ".join(answer.casefold().split())
