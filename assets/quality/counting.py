"""What a measure is: a function of how often every example counts, all resamples of the bootstrap at once.

A measure is written once and gives value and interval alike: the value from one row of ones, the
interval from rows of multiplicities. NaN says: could not be measured. What an example does not
state (a code of -1) is counted where it hurts most, so that leaving something out never pays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import entr

from assets.quality.frame import Bools, Codes, Floats

Compute = Callable[[Floats], Floats]
"""From multiplicities (resamples x examples) to one value a resample."""


class Measure(NamedTuple):
    """How to compute a measure, the rows it stands on, and how much each example pulls it down (0: not at all)."""

    compute: Compute
    n: int
    loss: Floats
    culprits: tuple[str, ...] | None = None
    """Ids of what pulls it down, where those are no examples."""


def mean(values: pd.Series | Bools | Floats, *, where: pd.Series | Bools | bool = True, best: float = 1.0) -> Measure:
    """Measure the mean over the rows `where` holds; none of them: not measured.

    `best` is the value a row cannot improve on: what it lacks of it is its loss.

    >>> mean(np.array([1.0, 0.0, 0.5]), where=np.array([True, True, False])).compute(np.ones((1, 3)))
    array([0.5])
    """
    asked = np.broadcast_to(np.asarray(where, bool), (len(values),)).astype(float)
    given = np.nan_to_num(np.asarray(values, float))
    return Measure(ratio(given * asked, asked), int(asked.sum()), np.abs(best - given) * asked)


def ratio(above: Floats, below: Floats) -> Compute:
    """Return the ratio of two sums."""
    return lambda times: divided(times @ above, times @ below)


def divided(above: Floats, below: Floats) -> Floats:
    """Return the quotient, NaN where nothing can be divided by."""
    return np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below != 0)


def shares(codes: Codes, weight: Floats, times: Floats, classes: int) -> tuple[Floats, Floats]:
    """Return the share of each class (resamples x classes), and of what states none (resamples)."""
    stated = codes >= 0
    rows = np.flatnonzero(stated)
    chosen = sparse.csr_matrix((weight[rows], (codes[rows], rows)), shape=(classes, len(codes)))
    sums, lost = np.asarray(chosen @ times.T).T, times @ (weight * ~stated)
    total = sums.sum(axis=1) + lost
    return divided(sums, np.broadcast_to(total[:, None], sums.shape)), divided(lost, total)


def evenness(codes: Codes, weight: Floats, classes: int) -> Compute:
    """Entropy over its maximum (Pielou); of one class 0, for nothing is known of any other.

    What states no class counts to the commonest one.
    """

    def compute(times: Floats) -> Floats:
        if not classes:
            return np.full(len(times), np.nan)
        found, lost = shares(codes, weight, times, classes)
        found[np.arange(len(found)), np.argmax(np.nan_to_num(found), axis=1)] += lost
        return entr(found).sum(axis=1) / np.log(max(2, classes))

    return compute


def largest(codes: Codes, weight: Floats) -> Compute:
    """Share of the commonest class, with what states none."""

    def compute(times: Floats) -> Floats:
        found, lost = shares(codes, weight, times, int(codes.max(initial=0)) + 1)
        return found.max(axis=1) + lost

    return compute


def distance(codes: Codes, weight: Floats, population: Floats) -> Compute:
    """Total variation distance between the shares of the classes and those of a population.

    An example outside the population (-1) is left out.
    """
    inside = weight * (codes >= 0)
    return lambda times: np.abs(shares(codes, inside, times, len(population))[0] - population).sum(axis=1) / 2


def over_represented(codes: Codes, weight: Floats, expected: Floats) -> Floats:
    """Return for each example which part of its class's share is more than expected, 0 to 1."""
    found, _ = shares(codes, weight * (codes >= 0), np.ones((1, len(codes))), len(expected))
    excess = np.nan_to_num(divided(np.maximum(found[0] - expected, 0), found[0]))
    return np.where((codes >= 0) & (weight > 0), excess[codes], 0.0) if len(expected) else np.zeros(len(codes))


def coded(column: pd.Series) -> Codes:
    """Return the sorted rank of each value, -1 where there is none."""
    return pd.factorize(column, sort=True)[0].astype(np.int64)
