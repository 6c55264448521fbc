"""Training pairs that say what the model is going to be asked: found by n-grams, and by what is nearly the same.

Two texts are copies where the n-grams of words they share make up `max_overlap` of those of the shorter
one, or where their word 3-grams are alike by `max_similarity` (Jaccard 1912), both computed on the texts
themselves. Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: n-grams of 8 to 13
words, those that occur in more than 10 training documents set aside as phrases. Grattafiori et al., "The
Llama 3 Herd of Models" (2024), section 5.1.4: n = 8, and a share of an example's n-grams instead of a
single collision.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from assets.splitting.params import DecontaminationParams

_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]"  # scripts without white space: one sign, one word
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+"
)
_SIZE = 3
Gram = tuple[str, ...]


class HeldOut(NamedTuple):
    """A text nothing like it may be trained on; `answer` where it is a question of the test."""

    source: str
    text: str
    answer: str | None = None


def copies(
    trained: Sequence[tuple[str, str]], held_out: Sequence[HeldOut], params: DecontaminationParams
) -> list[frozenset[str]]:
    """Return for each (question, answer) the sources it is a copy of.

    Questions are compared with every held-out text, and answers of `specific_words` or more with the
    benchmarks'. Against the test a shorter question is a copy only where the answers agree too, for half
    the world asks whether there is parking.

    >>> question = "my parcel was marked as delivered on monday but it is not here and nobody has seen it"
    >>> held = [HeldOut("test", "hello, " + question, "we will look for it")]
    >>> copies([(question, "see the shed"), ("where is the key", "in the shed")], held, DecontaminationParams())
    [frozenset({'test'}), frozenset()]
    """
    index = _Index([h.text for h in held_out], params)
    answers = [words(h.answer) if h.answer is not None else None for h in held_out]
    benchmarked = any(answer is None for answer in answers)
    asked = [words(question) for question, _ in trained]
    found: list[set[str]] = [set() for _ in trained]
    for i, item in index.matches(asked):
        answer = answers[item]
        if answer is None or len(asked[i]) >= params.specific_words or _alike(words(trained[i][1]), answer, params):
            found[i].add(held_out[item].source)
    if benchmarked:
        told = [w if len(w := words(answer)) >= params.specific_words else [] for _, answer in trained]
        for i, item in index.matches(told):
            if answers[item] is None:
                found[i].add(held_out[item].source)
    return [frozenset(sources) for sources in found]


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, free of punctuation.

    >>> words("Where's my order, [PERSON_1]?")
    ['where', 's', 'my', 'order', 'person_1']
    """
    return _WORD.findall(text.casefold())


class _Index:
    """Held-out texts by their n-grams, and by the rarest of their 3-grams."""

    def __init__(self, texts: Sequence[str], params: DecontaminationParams) -> None:
        self._params = params
        said = [words(text) for text in texts]
        self._shingles = [_shingles(w) for w in said]
        self._sizes = [0] * len(said)
        self._by_gram: defaultdict[Gram, list[int]] = defaultdict(list)
        for item, w in enumerate(said):
            grams = _grams(w, params.n)
            self._sizes[item] = len(grams)
            for gram in grams:
                self._by_gram[gram].append(item)
        self._frequency = Counter(s for shingles in self._shingles for s in shingles)
        self._by_shingle: defaultdict[Gram, list[int]] = defaultdict(list)
        for item, shingles in enumerate(self._shingles):
            for shingle in self._rarest(shingles, self._reach(len(shingles))):
                self._by_shingle[shingle].append(item)

    def matches(self, texts: Sequence[list[str]]) -> Iterator[tuple[int, int]]:
        """Yield (text, held-out text) of all that are copies."""
        shared = [[g for g in _grams(text, self._params.n) if g in self._by_gram] for text in texts]
        spread = Counter(gram for grams in shared for gram in grams)
        for i, text in enumerate(texts):
            found = set(self._overlapping(shared[i], max(len(text) - self._params.n + 1, 0), spread))
            found.update(self._near(_shingles(text)))
            yield from ((i, item) for item in sorted(found))

    def _overlapping(self, grams: Iterable[Gram], of: int, spread: Mapping[Gram, int]) -> Iterator[int]:
        both = Counter(item for g in grams if spread[g] <= self._params.common for item in self._by_gram[g])
        for item, n in both.items():
            if n >= self._params.max_overlap * min(of, self._sizes[item]):
                yield item

    def _near(self, shingles: frozenset[Gram]) -> Iterator[int]:
        """Yield what is alike by `max_similarity`: no other text can share one of the rarest shingles.

        Prefix filtering (Chaudhuri et al. 2006): in one order of all shingles, sets alike by t share one
        of the first n - ceil(t n) + 1. Those that no held-out text has come first, and cost nothing.
        """
        known = [s for s in shingles if s in self._frequency]
        reach = self._reach(len(shingles)) - (len(shingles) - len(known))
        seen = {item for s in self._rarest(known, reach) for item in self._by_shingle.get(s, ())}
        for item in seen:
            both = len(shingles & self._shingles[item])
            if both >= self._params.max_similarity * (len(shingles) + len(self._shingles[item]) - both):
                yield item

    def _reach(self, n: int) -> int:
        return n - math.ceil(self._params.max_similarity * n - 1e-9) + 1 if n else 0

    def _rarest(self, shingles: Iterable[Gram], n: int) -> list[Gram]:
        return sorted(shingles, key=lambda s: (self._frequency[s], s))[: max(n, 0)]


def _alike(a: list[str], b: list[str], params: DecontaminationParams) -> bool:
    """Whether two texts are copies, as the index would say."""
    grams_a, grams_b = _grams(a, params.n), _grams(b, params.n)
    if grams_a and grams_b and len(grams_a & grams_b) >= params.max_overlap * min(len(grams_a), len(grams_b)):
        return True
    shingles_a, shingles_b = _shingles(a), _shingles(b)
    both = len(shingles_a & shingles_b)
    return both >= params.max_similarity * (len(shingles_a) + len(shingles_b) - both)


def _grams(said: list[str], n: int) -> set[Gram]:
    """Return the n-grams of words; a shorter text has none."""
    return set(zip(*(said[i:] for i in range(n)), strict=False))


def _shingles(said: list[str]) -> frozenset[Gram]:
    """Return the 3-grams of words; a shorter text is one as a whole, an empty one has none."""
    return frozenset(zip(*(said[i:] for i in range(_SIZE)), strict=False)) or frozenset([tuple(said)] if said else [])
