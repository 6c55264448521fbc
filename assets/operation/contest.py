"""Is a package better than the champion? A paired test on the test examples that both were asked.

The difference is resampled over threads, whole, for answers of one thread are alike: the paired bootstrap (Koehn, 2004,
"Statistical significance tests for machine translation evaluation") with clusters. A p-value is the share of resamples
in which the claim does not hold, counted with one that never does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from assets.metrics import Statistic, macro_f1, ratio
from assets.operation.marks import ANSWER
from assets.operation.params import PromotionParams

PRIMARY = "nll_per_token"
LABELS = "macro_f1"
IN_NATS = ("nll", "question_gain")
"""Columns of marks that are sums over an answer's tokens."""


@dataclass(frozen=True)
class Figure:
    """One metric of both, on the same examples; a null says that there was too little to compare."""

    metric: str
    value: float | None = None
    champion: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_better: float | None = None
    """p-value of 'it is better'."""
    p_worse: float | None = None
    """p-value of 'it is worse, by more than the tolerance'."""
    n: int = 0
    threads: int = 0


def compare(marks: pa.Table, champion: pa.Table, params: PromotionParams) -> list[Figure]:
    """Compare a package with the champion in the primary metric, and in each guarded one that either was measured in.

    Args:
        marks: The package's, in the form of `marks.MARKS`.
        champion: The champion's.
        params: What is guarded, and how it is tested.
    """
    new, old = (m.to_pandas().set_index(["task", "example_id", "truth"]).sort_index() for m in (marks, champion))
    return [_figure(metric, new, old, params) for metric in _metrics(new, old, params)]


@dataclass(frozen=True)
class _Metric:
    name: str
    task: str
    column: str
    of: Statistic
    sign: int = 1
    """1 where more is better, -1 where less is."""


def _metrics(new: pd.DataFrame, old: pd.DataFrame, params: PromotionParams) -> Iterator[_Metric]:
    yield _Metric(PRIMARY, ANSWER, "nll", ratio, sign=-1)
    for name in params.guarded:
        if name != LABELS:
            yield _Metric(name, ANSWER, name, ratio)
    tasks = sorted({*new.index.unique("task"), *old.index.unique("task")} - {ANSWER})
    if LABELS in params.guarded:
        yield from (_Metric(f"{LABELS} of {task}", task, "said", macro_f1) for task in tasks)


def _figure(metric: _Metric, new: pd.DataFrame, old: pd.DataFrame, params: PromotionParams) -> Figure:
    """Return the metric of both on what is common; where a side lacks it altogether, the other's alone."""
    mine, theirs = (f[(f.index.get_level_values("task") == metric.task) & f[metric.column].notna()] for f in (new, old))
    both = mine.index.intersection(theirs.index)
    threads = mine.loc[both, "thread_id"].to_numpy() if len(both) else np.array([])
    n, clusters = len(both), len(set(threads))
    if clusters < params.min_threads or n < (params.min_examples if metric.name == PRIMARY else 2):
        alone = [_value(metric, _parts(metric, f, f)) if len(f) else None for f in (mine, theirs)]
        return Figure(metric.name, alone[0], alone[1], n=n, threads=clusters)
    sides = [_parts(metric, f.loc[both], theirs.loc[both]) for f in (mine, theirs)]
    sums = [pd.DataFrame(parts).groupby(threads, sort=True).sum().to_numpy(float) for parts in sides]
    drawn = np.random.default_rng(params.seed).multinomial(clusters, np.full(clusters, 1 / clusters), params.resamples)
    value, champion = (_value(metric, s) for s in sums)
    resampled = [metric.of(drawn @ s) for s in sums]
    gained = metric.sign * (resampled[0] - resampled[1])
    lost = params.tolerance * abs(champion)
    low, high = np.quantile(metric.sign * gained, (params.alpha / 2, 1 - params.alpha / 2)).round(6).tolist()
    chances = {"p_better": _p(gained <= 0), "p_worse": _p(gained >= -lost)}
    difference = round(value - champion, 6)
    return Figure(metric.name, value, champion, difference, low, high, **chances, n=n, threads=clusters)


def _parts(metric: _Metric, frame: pd.DataFrame, champion: pd.DataFrame) -> NDArray[Any]:
    """Return what is summed of each example: of labels the cells of who was taken for whom, else value and weight.

    Likelihoods of both are spread over the champion's tokens, so that another tokenizer's do not count as a gain.
    """
    if metric.column != "said":
        weight = champion["tokens"].to_numpy(float) if metric.column in IN_NATS else np.ones(len(frame))
        return np.column_stack([frame[metric.column].to_numpy(float), weight])
    truth, labels = frame.index.get_level_values("truth"), sorted(set(champion.index.get_level_values("truth")))
    place = {label: at for at, label in enumerate(labels)}
    cells = np.zeros((len(frame), len(labels), len(labels) + 1))
    said = [place.get(label, len(labels)) for label in frame["said"]]
    cells[np.arange(len(frame)), [place[label] for label in truth], said] = 1
    return cells.reshape(len(frame), -1)


def _value(metric: _Metric, parts: NDArray[Any]) -> float:
    return round(float(metric.of(parts.sum(0)[None])[0]), 6)


def _p(against: NDArray[np.bool_]) -> float:
    """Return a p-value that is never 0: the claim is counted as failing once more than it did.

    >>> _p(np.array([True, False, False]))
    0.5
    """
    return round(float((1 + against.sum()) / (1 + len(against))), 6)
