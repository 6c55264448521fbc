"""Answers that are given to anything: notes, put-offs and thanks that no lexicon foresaw.

What answers a question is given to questions like it. Short answers that say nearly the same, given to questions that
have no more in common than any two of the desk, answer none of them, in whatever words they are put. (One such answer
that went astray among questions of another matter is not meant: the others' questions have their matter in common.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.validation.lexical import blocks, weighed
from assets.validation.matching import chosen_rows
from assets.validation.wording import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHANGING = re.compile(r"\[[A-Z][A-Z_]*\d*\]|\d+")
_ALIKE = 0.5
_ROUNDING = 1e-6


def put_offs(
    ids: Sequence[str],
    questions: Sequence[str],
    answers: Sequence[str],
    *,
    longest: int,
    fewest: int,
    spread: float,
    reference: int,
) -> NDArray[np.bool_]:
    """Tell of each pair whether its answer is given to questions that have nothing in common.

    Args:
        ids: The pairs' ids.
        questions: Their questions, without courtesies.
        answers: Their answers, without courtesies.
        longest: Words of a longer answer say something of themselves.
        fewest: Like answers it takes to tell.
        spread: Their questions' mean cosine, at the most, as a multiple of that of any two questions.
        reference: Like answers are sought among so many, at the most.

    >>> asks = ["My router blinks", "A refund for shoes", "Parking at night", "The boiler leaks", "My bill is wrong"]
    >>> told = ["Sorted on the phone today."] * 4 + ["Your bill counts two meters, the second one is gone now."]
    >>> put_offs("abcde", asks, told, longest=25, fewest=3, spread=2, reference=100).tolist()
    [True, True, True, True, False]
    """
    hit = np.zeros(len(ids), dtype=bool)
    short = np.asarray([row for row, answer in enumerate(answers) if len(words(answer)) <= longest], dtype=np.int64)
    if len(short) <= fewest:
        return hit
    (told,) = weighed([_CHANGING.sub(" ", answers[row]) for row in short], stop=False)
    (asked,) = weighed([questions[row] for row in short], most=0.2)
    among = np.asarray(chosen_rows([ids[row] for row in short], reference), dtype=np.int64)
    alike_answers, usual = told[among].T, _in_common(asked[among])
    for block in blocks(len(short)):
        here = np.arange(len(short))[block]
        near = (told[here] @ alike_answers).toarray() >= _ALIKE
        near[here[:, None] == among[None, :]] = False
        for row, like in zip(here, near, strict=True):
            if like.sum() >= fewest:
                hit[short[row]] = _in_common(asked[[row, *among[like]]]) <= min(spread * usual + _ROUNDING, _ALIKE)
    return hit


def _in_common(vectors: Any) -> float:
    """Return the mean cosine of any two texts, from the sum of their unit vectors; 1 where words are wanting."""
    said = vectors[vectors.getnnz(axis=1) > 0]
    n = said.shape[0]
    if 2 * n < vectors.shape[0] or n < 2:
        return 1.0
    return float((np.square(said.sum(axis=0)).sum() - n) / (n * (n - 1)))
