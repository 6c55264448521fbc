"""What speaks for an answer's truth: does a current article say the same?

An answer agrees with an article that covers most of what it says, weighed by how telling the words are, that has every
number it names, and none of whose matching sentences says the opposite (one of the two negated). That is a test of
entailment by words (Glickman, Dagan and Koppel 2005): it misses free paraphrase, and confirms no wrong number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assets.validation.lexical import blocks, stems, weighed
from assets.validation.wording import sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIST_MARK = re.compile(r"^\s*\d{1,3}[.)]\s+", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*\d*\]")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NOT = re.compile(r"\b(?:no|not|never|none|nothing|without|cannot|neither|nor)\b|n['’]t\b", re.IGNORECASE)
_CANDIDATES = 5
_SAME_SENTENCE = 0.5
_FEWEST_WORDS = 5


def agreeing(answers: Sequence[str], articles: Sequence[str], *, least_covered: float) -> NDArray[np.bool_]:
    """Tell of each answer whether one of the articles says the same.

    Args:
        answers: Answers, without courtesies.
        articles: The current articles' sections, each with its title.
        least_covered: Share of an answer's telling words that the article must hold.

    >>> articles = ["Moving a visit. Visits can be moved in the app up to 24 hours before."]
    >>> said = [f"Your visits can be moved in our app, up to {n} hours before." for n in (24, 48)]
    >>> agreeing(said, articles, least_covered=0.5).tolist()
    [True, False]
    """
    agreed = np.zeros(len(answers), dtype=bool)
    if not answers or not articles:
        return agreed
    told, there = weighed(answers, articles)
    present, telling = (there > 0).astype(np.float32), told.getnnz(axis=1)
    numbers = [numbers_of(article) for article in articles]
    for block in blocks(len(answers)):
        rows = np.arange(len(answers))[block]
        total = np.asarray(told[rows].sum(axis=1)).ravel()
        covered = (told[rows] @ present.T).toarray() / np.maximum(total, 1e-9)[:, None]
        nearest = np.argsort(-covered, axis=1, kind="stable")[:, :_CANDIDATES]
        for place, row in enumerate(rows):
            said = numbers_of(answers[row])
            agreed[row] = any(
                covered[place, article] >= least_covered
                and telling[row] >= _FEWEST_WORDS
                and said <= numbers[article]
                and not opposed(answers[row], articles[article])
                for article in nearest[place]
            )
    return agreed


def numbers_of(text: str) -> set[str]:
    r"""Return the numbers a text names; the numbering of a list is none.

    >>> sorted(numbers_of("1. Wait 30 seconds\n2. Pay $4.90 (see [PHONE_1])"))
    ['30', '4.90']
    """
    return set(_NUMBER.findall(_PLACEHOLDER.sub(" ", _LIST_MARK.sub(" ", text))))


def opposed(answer: str, article: str) -> bool:
    """Whether a sentence of one is, but for a negation, one of the other.

    >>> opposed("Pets are allowed in the flat.", "Pets are not allowed in the flat.")
    True
    """
    theirs = [(_words(s), bool(_NOT.search(s))) for s in sentences(article)]
    for sentence in sentences(answer):
        said, negated = _words(sentence), bool(_NOT.search(sentence))
        alike = [(len(said & words) / len(said | words), denied) for words, denied in theirs if said | words]
        if alike and (best := max(alike))[0] >= _SAME_SENTENCE and best[1] != negated:
            return True
    return False


def _words(sentence: str) -> set[str]:
    return {stem for stem in stems(_NOT.sub(" ", sentence))}
