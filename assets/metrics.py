"""Metrics that evaluation and operation both go by: of labels, everything from one table of who was taken for whom.

- `accuracy`: share of examples given their true label.
- `macro_precision`, `macro_recall`, `macro_f1`: means over the labels, so that a rare one counts as much as a
  frequent one (Sokolova and Lapalme, 2009); a label that neither is nor was said is left out.
- `precision`, `recall`, `f1`: of one label, where enough examples bear it.
- `weighted_kappa`: agreement beyond chance on an ordered scale, a miss by two steps costing four times one by one
  (Cohen, 1968); for priorities.

- `kappa`: agreement beyond chance of two that judge the same, on words without an order (Cohen, 1960).

What an approach says counts as a label if it is one, but for case and punctuation; anything else is none of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]
"""A metric of parts summed over answers: (resamples, parts) to (resamples,)."""


@dataclass(frozen=True)
class Metric:
    """A metric as a function of parts that are summed over answers, so that a resample is a weighted sum."""

    name: str
    parts: tuple[str, ...]
    of: Statistic
    better: str = "higher"


def ratio(sums: Floats) -> Floats:
    """Return the first part a unit of the second."""
    with np.errstate(invalid="ignore"):
        return sums[:, 0] / sums[:, 1]


def token_f1(answer: str, reference: str) -> float:
    """Return the F1 of two bags of words, as SQuAD measures it (Rajpurkar et al., 2016).

    >>> token_f1("Yes, dogs are allowed.", "Dogs are not allowed")
    0.75
    """
    said, wanted = (Counter(re.findall(r"\w+", text.casefold())) for text in (answer, reference))
    common = (said & wanted).total()
    return 2 * common / (said.total() + wanted.total()) if common else float(not said and not wanted)


def label_of(said: str, labels: Sequence[str]) -> int:
    """Return the place of the label that was said; of none of them their number.

    >>> label_of("Billing.", ["access", "billing"]), label_of("I can help!", ["access", "billing"])
    (1, 2)
    """
    plain = [_plain(label) for label in labels]
    return plain.index(_plain(said)) if _plain(said) in plain else len(plain)


def cells(frame: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """Return a row an example and a column a cell of the confusion table: true label by what was said, or none."""
    wide = len(labels) + 1
    place = [
        label_of(true, labels) * wide + label_of(said, labels)
        for true, said in zip(frame["reference"], frame["answer"], strict=True)
    ]
    table = np.zeros((len(frame), len(labels) * wide))
    table[np.arange(len(frame)), place] = 1
    return pd.DataFrame(table, index=frame.index, columns=[f"cell_{i}" for i in range(table.shape[1])])


def accuracy(sums: Floats) -> Floats:
    """Return the share of the diagonal; `sums` has shape (resamples, cells), here and below."""
    right, _, all_ = _counts(sums)
    return right.sum(1) / all_.sum(1)


def macro_precision(sums: Floats) -> Floats:
    """Return the mean over labels of right / said."""
    right, said, true = _counts(sums)
    return _mean(right, said, there=said + true > 0)


def macro_recall(sums: Floats) -> Floats:
    """Return the mean over labels of right / true."""
    right, said, true = _counts(sums)
    return _mean(right, true, there=said + true > 0)


def macro_f1(sums: Floats) -> Floats:
    """Return the mean over labels of 2 right / (said + true)."""
    right, said, true = _counts(sums)
    return _mean(2 * right, said + true, there=said + true > 0)


def weighted_kappa(sums: Floats) -> Floats:
    """Return 1 - observed / expected squared steps; what is no label is as far off as can be."""
    table = _table(sums)
    n = table.shape[1]
    steps = (np.arange(n)[:, None] - np.arange(n)[None, :]) ** 2.0
    cost = np.hstack([steps, np.full((n, 1), (n - 1) ** 2.0)])
    total = table.sum((1, 2))
    chance = table.sum(2)[:, :, None] * table.sum(1)[:, None, :] / total[:, None, None]
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(1 - (table * cost).sum((1, 2)) / (chance * cost).sum((1, 2)))


def kappa(sums: Floats) -> Floats:
    """Return agreement beyond chance (Cohen, 1960); 0 where chance alone would agree always."""
    right, said, true = _counts(sums)
    total = true.sum(1)
    chance = (said * true).sum(1) / total**2
    with np.errstate(invalid="ignore"):
        return np.nan_to_num((right.sum(1) / total - chance) / (1 - chance))


def of_one(at: int) -> tuple[Metric, ...]:
    """Return precision, recall and F1 of the label at this place; 0 where it neither is nor was said."""

    def share(over: Callable[[Floats, Floats], Floats], times: int = 1) -> Callable[[Floats], Floats]:
        def of(sums: Floats) -> Floats:
            right, said, true = (each[:, at] for each in _counts(sums))
            of_all = over(said, true)
            return np.divide(times * right, of_all, out=np.zeros_like(right), where=of_all > 0)

        return of

    return (
        Metric("precision", (), share(lambda said, _: said)),
        Metric("recall", (), share(lambda _, true: true)),
        Metric("f1", (), share(lambda said, true: said + true, times=2)),
    )


def _table(sums: Floats) -> Floats:
    labels = round((np.sqrt(1 + 4 * sums.shape[1]) - 1) / 2)  # labels x (labels + 1) cells
    return sums.reshape(len(sums), labels, labels + 1)


def _counts(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Return for every label how often it was told rightly, how often it was said, and how often it was true."""
    table = _table(sums)
    return np.diagonal(table, axis1=1, axis2=2), table[:, :, :-1].sum(1), table.sum(2)


def _mean(part: Floats, of: Floats, *, there: NDArray[np.bool_]) -> Floats:
    shares = np.divide(part, of, out=np.zeros_like(part), where=of > 0)
    return shares.sum(1) / np.maximum(1, there.sum(1))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))
