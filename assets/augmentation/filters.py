"""What a made question must be like, however it was made (filter_quality_augmentations)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from assets.augmentation.params import FilterParams
from assets.augmentation.rules import NEGATION, NUMBER, fixed_points
from assets.embedding import embed
from assets.signature import BANDS, ROWS, bands, coded, grams, jaccard, said, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZE = 3
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_TWICE = re.compile(r"\b(?!(?:had|that|very|so|really|bye|no|ha|is|\d+)\b)(\w+) \1\b", re.IGNORECASE)
_MARKS = re.compile(r"[!?]{3,}|,{2,}|\.{4,}| [,;!?](?: |$)")
_ARTICLE = re.compile(r"\ba (?=[aeio]\w)|\ban (?=[bcdfgjklmnpqrstvwxyz]\w*\b)(?![a-z]\b)", re.IGNORECASE)
_HALVES = re.compile(r"\b(a (?:one|uni|use|user|euro)|an (?:hour|honest|[fhlmnrsx]\d|[A-Z]{2,}))", re.IGNORECASE)


class Draft(NamedTuple):
    """A question made from a parent's, by a rule or a pivot language."""

    parent: str
    """Id of the parent."""
    by: str
    question: str
    said_by: str
    """The parent's question."""


class Asked:
    """Every question that is asked already, in any split; near-copies are found by MinHash and told by 3-grams."""

    def __init__(self, questions: Mapping[str, str]) -> None:
        self._exact: set[str] = set()
        self._texts: dict[str, str] = {}
        self._at: defaultdict[int, list[str]] = defaultdict(list)
        self._grams: dict[str, NDArray[np.int64]] = {}
        self.add(questions)

    def add(self, questions: Mapping[str, str]) -> None:
        """Remember questions by their pairs' ids."""
        ids = list(questions)
        for pair_id, keys in zip(ids, _keys([questions[i] for i in ids]), strict=True):
            self._exact.add(plainly_said(questions[pair_id]))
            self._texts[pair_id] = questions[pair_id]
            for key in keys:
                self._at[key].append(pair_id)

    def exactly(self, question: str) -> bool:
        """Whether a question is asked already, case, marks and white space aside."""
        return plainly_said(question) in self._exact

    def near(self, questions: Sequence[str], parents: Sequence[str | None], max_alike: float) -> list[bool]:
        """Tell of each question whether another pair than its parent asks nearly the same."""
        found = []
        for question, parent, keys in zip(questions, parents, _keys(questions), strict=True):
            own = _grams(question)
            others = {i for key in keys for i in self._at.get(key, ())} - {parent}
            found.append(any(jaccard(own, self._grams_of(i)) >= max_alike for i in sorted(others)))
        return found

    def _grams_of(self, pair_id: str) -> NDArray[np.int64]:
        if pair_id not in self._grams:
            self._grams[pair_id] = _grams(self._texts[pair_id])
        return self._grams[pair_id]


def rejections(drafts: Sequence[Draft], asked: Asked, params: FilterParams, *, exact: bool = True) -> list[str | None]:
    """Return why each draft is no variant worth teaching, or None where it is one.

    Args:
        drafts: What was made.
        asked: What is asked already.
        params: How far a draft may go.
        exact: Whether numbers, negations, placeholders and names must stay in the parent's own form; a round trip
            through another language may write "cannot" for "can't".
    """
    found = [_rejection(draft, asked, params, exact=exact) for draft in drafts]
    left = [i for i, reason in enumerate(found) if reason is None]
    near = asked.near([drafts[i].question for i in left], [drafts[i].parent for i in left], params.max_alike)
    changed = [_changed(drafts[i].said_by, drafts[i].question) for i in left]
    cosines = alike([before for before, _ in changed], [after for _, after in changed], params)
    for i, copy, cosine in zip(left, near, cosines.tolist(), strict=True):
        found[i] = "asked_already" if copy else "too_far" if cosine < params.min_cosine else None
    return found


def _rejection(draft: Draft, asked: Asked, params: FilterParams, *, exact: bool) -> str | None:
    parent, question = draft.said_by, draft.question
    if asked.exactly(question):
        return "asked_already"
    kept = fixed_points(question) == fixed_points(parent) if exact else same_points(parent, question)
    if not kept:
        return "meaning_changed"
    words = SequenceMatcher(None, parent.split(), question.split(), autojunk=False).ratio()
    if words < params.min_similarity:
        return "too_far"
    if words > params.max_similarity:
        return "too_alike"
    return None if faults(question) <= faults(parent) and repetition(question) <= repetition(parent) else "not_fluent"


def _changed(parent: str, question: str) -> tuple[str, str]:
    """Return the sentences that differ: in a long message the others would drown them, and cost time to embed."""
    own, other = SENTENCE.split(parent), SENTENCE.split(question)
    before, after = [s for s in own if s not in other], [s for s in other if s not in own]
    return " ".join(before) or parent, " ".join(after) or question


def alike(a: Sequence[str], b: Sequence[str], params: FilterParams) -> NDArray[np.float32]:
    """Return the cosine of the embeddings of each text and its fellow; every distinct text is embedded once."""
    texts = sorted({*a, *b})
    if not texts:
        return np.zeros(0, dtype=np.float32)
    vectors = embed(texts, model=params.embedding_model, tokens=params.embedding_tokens)
    at = {text: i for i, text in enumerate(texts)}
    rows = (vectors[[at[t] for t in side]] for side in (a, b))
    return np.einsum("ij,ij->i", *rows)


def same_points(parent: str, text: str) -> bool:
    """Whether two texts hold the same numbers, placeholders and names, and as many negations.

    >>> same_points("Why can't I pay 20 with Apple Pay?", "Why is it not possible to pay 20 with Apple Pay?")
    True
    >>> same_points("Can I pay 20?", "Can I not pay 20?"), same_points("Can I pay 20?", "Can I pay 30?")
    (False, False)
    """
    own, other = (_points(t) for t in (parent, text))
    return own == other and len(NEGATION.findall(parent)) == len(NEGATION.findall(text))


def _points(text: str) -> set[str]:
    return {point for point in fixed_points(text) if not NEGATION.fullmatch(point)}


def numbers(text: str) -> set[str]:
    """Return the numbers of a text; a date or a price is one."""
    return set(NUMBER.findall(text))


def faults(text: str) -> int:
    """Count signs of broken writing that need no model to see; a variant may have no more of them than its parent.

    A word twice; marks piled up or set apart; "a" before a vowel and "an" before a consonant; a sentence that opens in
    lower case; a last sentence without its mark.

    >>> faults("Is there a issue?"), faults("Is there an issue?"), faults("is it is it open")
    (1, 0, 2)
    """
    sentences = [s for s in SENTENCE.split(text.strip()) if s]
    articles = len(_ARTICLE.findall(_HALVES.sub(" ", text)))
    opens_low = sum(s[0].islower() for s in sentences)
    ends_open = bool(sentences) and sentences[-1][-1] not in ".!?…)\"'”’]"
    return len(_TWICE.findall(text)) + len(_MARKS.findall(text)) + articles + opens_low + ends_open


def repetition(text: str) -> float:
    """Return the share of a text's word 3-grams that stand in it before: small models go round in circles.

    >>> repetition("to be or not to be or not to be or not"), repetition("how do I reset it?")
    (0.6, 0.0)
    """
    words = re.findall(r"\w+", text.casefold())
    runs = [tuple(words[i : i + _SIZE]) for i in range(len(words) - _SIZE + 1)]
    return round(1 - len(set(runs)) / len(runs), 4) if runs else 0.0


def plainly_said(question: str) -> str:
    """Return what a question says, free of case, punctuation and white space."""
    return " ".join(re.findall(r"\w+", question.casefold()))


def _keys(texts: Sequence[str]) -> Iterable[list[int]]:
    found: list[list[int]] = bands(words_of(texts), size=_SIZE, bands=BANDS, rows=ROWS).tolist()
    return found


def _grams(text: str) -> NDArray[np.int64]:
    return grams(said(coded(text, frozenset())), _SIZE)
