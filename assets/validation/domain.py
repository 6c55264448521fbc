"""Is this pair about what the desk is about? Its articles and its categories say what that is.

Every article, and the mean of every category's questions and of its answers, is an anchor. How near a question and its
answer come to their nearest anchors, on average, is the pair's domain. What is usual depends on the desk, so the limit
is Tukey's fence (Exploratory Data Analysis, 1977): so many interquartile ranges below the lower quartile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def domains(
    question_vectors: Floats,
    answer_vectors: Floats,
    categories: Sequence[str],
    documents: Sequence[bool],
    *,
    least: int,
) -> Floats:
    """Return how near each pair comes to the desk's anchors: the mean of its sides' cosines to their nearest one.

    Args:
        question_vectors: Unit embeddings of the questions.
        answer_vectors: Unit embeddings of the answers.
        categories: What each pair is filed under.
        documents: Whether a pair is of an article: it is an anchor.
        least: Pairs a category needs to be an anchor.
    """
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for row, (category, document) in enumerate(zip(categories, documents, strict=True)):
        if not document:
            groups[category].append(row)
    articles = np.flatnonzero(documents)
    anchors = [question_vectors[articles], answer_vectors[articles]]
    for rows in groups.values():
        if len(rows) >= least:
            anchors += [_mean(question_vectors[rows]), _mean(answer_vectors[rows])]
    there = np.concatenate(anchors)
    if not len(there):
        return np.ones(len(categories), dtype=np.float32)
    nearest = ((vectors @ there.T).max(axis=1) for vectors in (question_vectors, answer_vectors))
    return np.asarray(sum(nearest) / 2, dtype=np.float32)


def fence(values: Floats, ranges: float) -> float:
    """Return the value that lies `ranges` interquartile ranges below the lower quartile.

    >>> fence(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 1.5)
    -1.0
    """
    low, high = np.quantile(values, [0.25, 0.75])
    return float(low - ranges * (high - low))


def _mean(vectors: Floats) -> Floats:
    mean = vectors.mean(axis=0, keepdims=True)
    return mean / max(float(np.linalg.norm(mean)), 1e-9)
