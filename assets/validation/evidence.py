"""What speaks for an answer's truth: does a current article say the same?

An answer agrees with an article that covers enough of what it says, weighed by how telling the words are, that has
every number it names of the same matter, and none of whose matching sentences says the opposite (one of the two
negated). That is a test of entailment by words (Glickman, Dagan and Koppel 2005): it misses free paraphrase, and
confirms no wrong number. How much is enough is learnt from the desk, from its answers and the articles of other
matters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from assets.validation.lexical import blocks, stems, weighed
from assets.validation.wording import UNTELLING, sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LIST_MARK = re.compile(r"(?:^|(?<=[.:;!?])\s)\s*\d{1,3}[.)]\s+", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*\d*\]")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NOT = re.compile(r"\b(?:no|not|never|none|nothing|without|cannot|neither|nor)\b|n['’]t\b", re.IGNORECASE)
_SILENT = frozenset(stem for word in UNTELLING for stem in stems(word))
_CANDIDATES = 5
_SAME_SENTENCE = 0.5
_FEWEST_WORDS = 5


def agreeing(
    answers: Sequence[str],
    articles: Sequence[str],
    matters: Sequence[str],
    article_matters: Sequence[str],
    *,
    mistaken: float,
    least: int,
    least_covered: float,
) -> NDArray[np.bool_]:
    """Tell of each answer whether one of the articles says the same.

    Args:
        answers: Answers, without courtesies.
        articles: The current articles' sections, each with its title.
        matters: What each answer is filed under; empty where it is not.
        article_matters: The same of the articles.
        mistaken: Share of answers that may agree with an article of another matter: how much of an answer an article
            must hold is learnt from that.
        least: Answers it takes to learn.
        least_covered: Share of an answer's telling words that an article must hold in any case.

    >>> articles = ["Moving a visit. Visits can be moved in the app up to 24 hours before."]
    >>> said = [f"Your visits can be moved in our app, up to {n} hours before." for n in (24, 48)]
    >>> agreeing(said, articles, ["", ""], [""], mistaken=0.02, least=100, least_covered=0.5).tolist()
    [True, False]
    """
    if not answers or not articles:
        return np.zeros(len(answers), dtype=bool)
    ours, theirs = np.array(matters)[:, None], np.array(article_matters)[None, :]
    apart = (ours != theirs) & (ours != "") & (theirs != "")
    held, mistakes = _held(answers, articles, None), _held(answers, articles, apart)[apart.any(axis=1)]
    usual = np.quantile(mistakes, 1 - mistaken, method="higher") if len(mistakes) >= least else 0.0
    return (held >= least_covered) & (held > usual)


def _held(answers: Sequence[str], articles: Sequence[str], among: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Return the greatest share of each answer's telling words that an article holds which does not contradict it."""
    told, there = weighed(answers, articles)
    present, telling = (there > 0).astype(np.float32), told.getnnz(axis=1)
    numbers = [numbers_of(article) for article in articles]
    held = np.zeros(len(answers))
    for block in blocks(len(answers)):
        rows = np.arange(len(answers))[block]
        total = np.asarray(told[rows].sum(axis=1)).ravel()
        covered = (told[rows] @ present.T).toarray() / np.maximum(total, 1e-9)[:, None]
        if among is not None:
            covered[~among[rows]] = 0
        nearest = np.argsort(-covered, axis=1, kind="stable")[:, :_CANDIDATES]
        for place, row in enumerate(rows):
            if telling[row] < _FEWEST_WORDS:
                continue
            for article in nearest[place]:
                said = _numbers_about(answers[row], articles[article])
                if said <= numbers[article] and not opposed(answers[row], articles[article]):
                    held[row] = covered[place, article]
                    break
    return held


def numbers_of(text: str) -> set[str]:
    r"""Return the numbers a text names; the numbering of a list is none.

    >>> sorted(numbers_of("1. Wait 30 seconds\n2. Pay $4.90 (see [PHONE_1])"))
    ['30', '4.90']
    """
    return set(_NUMBER.findall(_PLACEHOLDER.sub(" ", _LIST_MARK.sub(" ", text))))


def _numbers_about(answer: str, article: str) -> set[str]:
    """Return the numbers of an answer's sentences that speak of what the article does: opening hours are no claim."""
    there = set(stems(article)) - _SILENT
    return set().union(*(numbers_of(sentence) for sentence in sentences(answer) if there & set(stems(sentence))))


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
