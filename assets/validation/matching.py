"""Does this answer belong to this question? Learnt from the desk's own pairs, against mismatched ones.

Fourteen likenesses of a question and an answer go into a logistic regression: the cosine of their embeddings, the
telling stems they share, and twelve that ask the desk, by words and by meaning: is the answer like the answers that
questions like this one were given, and is the question like the questions that answers like this one were given to? The
mismatched pairs it learns from are made of the same desk, each question with an answer of another record, half of them
of its own category where there is one. A pair's relevance is the share of held-out mismatched pairs that fit less well,
so a limit of 0.9 lets one in ten of them pass, and nothing but the desk decides what that takes.

The reference is a fixed number of pairs, chosen by the hash of their ids: the work grows linearly with the desk.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from assets.validation.lexical import blocks, rowwise, weighed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Rows = NDArray[np.int64]

_NEIGHBOURS = 8
_TRIES = 4


class Said(NamedTuple):
    """What the desk's pairs say, each list in the order of the pairs; texts without their courtesies."""

    ids: Sequence[str]
    records: Sequence[str]
    categories: Sequence[str]
    questions: Sequence[str]
    answers: Sequence[str]
    question_vectors: Floats
    answer_vectors: Floats


def relevances(said: Said, *, reference: int, least: int) -> Floats | None:
    """Return of each pair the share of mismatched pairs that fit less well, 0 to 1; None where too few can be made.

    Args:
        said: The pairs.
        reference: Pairs that are learnt from and looked into, at the most.
        least: Mismatched pairs it takes to tell what is usual.
    """
    wrong = mismatched(said, reference)
    if len(wrong) < max(least, 4):
        return None
    desk = _Desk(said, reference)
    true = np.stack([desk.rows, desk.rows], axis=1)
    good, bad = desk.likeness(true), desk.likeness(wrong)
    held = held_out_half(wrong)
    learnt, held_out = bad[~held], bad[held]
    weigh = _fitted(good, learnt)
    scale = np.sort(weigh(held_out))
    every = np.arange(len(said.ids))
    fits = weigh(desk.likeness(np.stack([every, every], axis=1)))
    return (np.searchsorted(scale, fits, side="left") / len(scale)).astype(np.float32)


def mismatched(said: Said, reference: int) -> Rows:
    """Return (question, answer) row numbers that do not belong together, two a reference pair where there are any.

    The first takes its answer from anywhere, the second from the question's own category; never from the same record,
    and never the same words. Which one is decided by hash.
    """
    chosen = chosen_rows(said.ids, reference)
    everywhere, within = list(range(len(said.ids))), defaultdict(list)
    for row, category in enumerate(said.categories):
        within[category].append(row)
    found = []
    for row in chosen:
        for name, among in (("any", everywhere), (said.categories[row], within[said.categories[row]])):
            for attempt in range(_TRIES):
                other = among[_roll(said.ids[row], name, attempt) % len(among)]
                if said.records[other] != said.records[row] and said.answers[other] != said.answers[row]:
                    found.append((row, other))
                    break
    return np.asarray(found, dtype=np.int64).reshape(-1, 2)


def held_out_half(wrong: Rows) -> NDArray[np.bool_]:
    """Tell which mismatched pairs are held out: those of every second question, so that both halves have both kinds.

    >>> held_out_half(np.array([(7, 1), (7, 2), (3, 5), (9, 2), (9, 4)])).tolist()
    [True, True, False, False, False]
    """
    return np.unique(wrong[:, 0], return_inverse=True)[1] % 2 == 1


def chosen_rows(ids: Sequence[str], most: int) -> list[int]:
    """Return the rows of at most `most` ids, those with the lowest hashes, in that order."""
    return sorted(range(len(ids)), key=lambda row: _roll(ids[row], "reference", 0))[:most]


class _Desk:
    """The reference pairs, and how like them a question and an answer are."""

    def __init__(self, said: Said, reference: int) -> None:
        self.said = said
        self.rows = np.asarray(chosen_rows(said.ids, reference), dtype=np.int64)
        self._questions, self._answers = weighed(said.questions, said.answers, most=0.2)
        self._asked, self._answered = self._questions[self.rows].T, self._answers[self.rows].T
        names = {record: n for n, record in enumerate(dict.fromkeys(said.records))}
        self._records = np.asarray([names[record] for record in said.records])

    def likeness(self, pairs: Rows) -> Floats:
        """Return the likenesses of each (question row, answer row), shape (n, 14); neither's own record is asked."""
        return np.concatenate(
            [self._likeness(pairs[block]) for block in blocks(len(pairs))] or [np.zeros((0, 14), np.float32)]
        )

    def _likeness(self, pairs: Rows) -> Floats:
        q, a = pairs[:, 0], pairs[:, 1]
        said, there = self.said, self._records[self.rows][None, :]
        own = (there == self._records[q][:, None]) | (there == self._records[a][:, None])
        direct = (
            np.einsum("ij,ij->i", said.question_vectors[q], said.answer_vectors[a]),
            rowwise(self._questions[q], self._answers[a]),
        )
        by_words = (self._questions[q] @ self._asked).toarray(), (self._answers[a] @ self._answered).toarray()
        by_meaning = (
            said.question_vectors[q] @ said.question_vectors[self.rows].T,
            said.answer_vectors[a] @ said.answer_vectors[self.rows].T,
        )
        desk = (found for asked, answered in (by_words, by_meaning) for found in _in_company(asked, answered, own))
        return np.stack([*direct, *desk], axis=1).astype(np.float32)


def _in_company(asked: Floats, answered: Floats, own: NDArray[np.bool_]) -> list[Floats]:
    """Return six likenesses (n,) of pairs to the reference, from those of their questions and of their answers (n, m).

    How like the answer is to what the nearest questions were answered, at the most and in the mean; how like the
    question is to what the nearest answers were given to; and how like both are to both, at the most and in all.
    """
    asked, answered = (np.where(own, 0, np.maximum(side, 0)) for side in (asked, answered))
    k = min(_NEIGHBOURS, asked.shape[1])
    found = []
    for near, other in ((asked, answered), (answered, asked)):
        nearest = np.take_along_axis(other, np.argpartition(-near, k - 1, axis=1)[:, :k], axis=1)
        found += [nearest.max(1), nearest.mean(1)]
    both = asked * answered
    lengths = np.sqrt((asked**2).sum(1) * (answered**2).sum(1)) + 1e-9
    return [*found, both.max(1), both.sum(1) / lengths]


def _fitted(good: Floats, bad: Floats) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # Strongly shrunk: a small desk has few pairs to fourteen likenesses, and its wrong ones are among the good.
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, class_weight="balanced", max_iter=500))
    model.fit(np.concatenate([good, bad]), np.repeat([1, 0], [len(good), len(bad)]))
    return model.decision_function


def _roll(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()[:8])
