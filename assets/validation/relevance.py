"""Relevance: is the answer about what was asked?

The cosine of two sentence embeddings says little by itself; against the cosines of questions and answers that do not
belong together it becomes a share with a meaning. That distribution is measured beforehand
(`benchmarks/relevance_calibration.py`) and is part of the settings, so that a pair's relevance does not depend on the
pairs beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.embedding import embed
from assets.precision import Precision

if TYPE_CHECKING:
    from numpy.typing import NDArray


def similarity(
    questions: Sequence[str], answers: Sequence[str], *, model: str, tokens: int, precision: Precision = "float32"
) -> NDArray[np.float32]:
    """Return the cosine of each question and its answer."""
    return np.einsum("ij,ij->i", *vectors(questions, answers, model=model, tokens=tokens, precision=precision))


def vectors(
    questions: Sequence[str], answers: Sequence[str], *, model: str, tokens: int, precision: Precision = "float32"
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the unit embeddings of questions and answers, every distinct text embedded once."""
    texts = sorted({*questions, *answers})
    if not texts:
        return np.zeros((0, 1), dtype=np.float32), np.zeros((0, 1), dtype=np.float32)
    found = embed(texts, model=model, tokens=tokens, precision=precision)
    at = {text: i for i, text in enumerate(texts)}
    return found[[at[q] for q in questions]], found[[at[a] for a in answers]]


def relevance(cosines: NDArray[np.float32], mismatched: Sequence[float]) -> NDArray[np.float64]:
    """Return the share of mismatched pairs that are less alike, from evenly spaced quantiles of theirs.

    >>> relevance(np.array([0.0, 0.25, 0.9]), [0.0, 0.5, 0.8]).tolist()
    [0.0, 0.25, 1.0]
    """
    return np.interp(cosines, mismatched, np.linspace(0, 1, len(mismatched)))


def asked(question: str, history: Iterable[Any] | None) -> str:
    """Return what a question is about: a short one in a conversation leans on what the customer said before.

    >>> asked("And at night?", [{"role": "user", "content": "Is parking free?"}])
    'Is parking free? And at night?'
    """
    before = [m["content"] for m in history or () if m["role"] == "user"]
    return f"{before[-1]} {question}" if before and len(question.split()) < _SHORT else question


_SHORT = 8
