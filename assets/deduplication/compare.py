"""What two pairs have in common, and what keeps them apart; decided on their signatures."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assets.deduplication.signed import Ragged
from assets.signature import (
    BOUNDARY,
    NAME,
    NUMBER,
    OPENING,
    PLACEHOLDER,
    TELLING,
    WORD,
    Codes,
    identities,
    kinds,
    said,
    word_identity,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_NEGATIONS = frozenset(map(word_identity, ("not", "no", "never", "without", "none", "nothing")))
_SIGNS = frozenset(map(word_identity, "%$€£¥+#&"))
_IDLE = 0.1
_TYPO = 2
"""A word that no more than this many pairs use may be a slip of the pen, and names nobody."""


def names_differ(a: Codes, b: Codes) -> bool:
    """Whether one of two texts names somebody or something (by a capital letter) that the other does not.

    A capital inside a sentence is a name. At the start of a sentence it may be one: there a word must have been
    replaced, for a greeting that was only added names nobody.
    """
    words_a, words_b = set(said(a).tolist()), set(said(b).tolist())
    if _of(a, NAME) - words_b or _of(b, NAME) - words_a:
        return True
    return bool(_of(a, NAME, OPENING) - words_b and _of(b, NAME, OPENING) - words_a)


def _of(codes: Codes, *of: int) -> set[int]:
    return set(identities(codes[np.isin(kinds(codes), of)]).tolist())


class Vocabulary(NamedTuple):
    """What is known of words from all pairs together.

    Args:
        names: Words written with a capital inside sentences more often than not, wherever they stand.
        common: Words too frequent for a difference in them to say much.
        rare: Words that may be slips of the pen.
    """

    names: frozenset[int]
    common: frozenset[int]
    rare: frozenset[int]


def vocabulary(words: Ragged) -> Vocabulary:
    """Learn which words are names from how all texts write them: people who write in lower case name things too."""
    rows, codes = words.rows, words.values
    distinct = np.unique(np.column_stack([rows, codes]), axis=0)[:, 1]
    seen, at = np.unique(identities(distinct), return_inverse=True)
    n, kind = np.bincount(at), kinds(distinct)
    capital = np.bincount(at, kind == NAME, minlength=len(seen))
    lower = np.bincount(at, kind == WORD, minlength=len(seen))
    spelled = np.bincount(at, ~np.isin(kind, (BOUNDARY, PLACEHOLDER, NUMBER)), minlength=len(seen)) > 0
    texts = max(len(words), 1)
    return Vocabulary(
        names=frozenset(seen[spelled & (capital > _TYPO) & (capital >= lower)].tolist()),
        common=frozenset(seen[n > max(0.03 * texts, 20)].tolist()),
        rare=frozenset(seen[n <= _TYPO].tolist()),
    )


class Comparison:
    """Compares one side (question or answer) of pairs that say things in different frames.

    Args:
        words: The words of that side of all pairs.
        idle: Words that no answer hangs on (`Overlap.idle`).
    """

    def __init__(self, words: Ragged, idle: frozenset[int] = frozenset()) -> None:
        self.words, self.vocabulary, self._idle = words, vocabulary(words), idle
        self._contexts = lru_cache(maxsize=50_000)(self._read)

    def numbers_conflict(self, i: int, j: int) -> bool:
        """Whether each of two texts says a number that the other does not; numbers that only one adds do not count."""
        a, b = self._contexts(i).numbers, self._contexts(j).numbers
        return bool(a - b and b - a)

    def differ(self, i: int, j: int, *, closely: bool = False) -> bool:
        """Whether in the same place the texts have another number, another name, or only one of them a "not".

        A place is the word on each side, the two words before, or the two after. `closely`, as questions are compared,
        also minds a number where the other has a name ("the Beck 7", "the Beck Pro"), a number or name that the other
        says elsewhere, and any other word between the same two that answers hang on; answers say much in any order.
        """
        a, b, known = self._contexts(i), self._contexts(j), self.vocabulary.names
        for place in a.words.keys() & b.words.keys():
            here, there = a.words[place], b.words[place]
            if here & there:
                continue
            numbers, names = (here & a.numbers, there & b.numbers), (here & known, there & known)
            if any(all(of) and (closely or of[0] - b.said or of[1] - a.said) for of in (numbers, names)):
                return True
            if closely and ((numbers[0] and names[1]) or (names[0] and numbers[1])):
                return True
            if closely and (self._plain(here) or here & a.telling) and (self._plain(there) or there & b.telling):
                return True
        return bool((a.negated - a.plain) & b.plain or (b.negated - b.plain) & a.plain)

    def _plain(self, words: set[int]) -> bool:
        return bool(words - self.vocabulary.common - self.vocabulary.rare - self._idle)

    def _read(self, i: int) -> _Contexts:
        codes = self.words[i]
        codes = codes[kinds(codes) != PLACEHOLDER]
        kind, word = kinds(codes).tolist(), identities(codes).tolist()
        places: defaultdict[tuple[str, int, int], set[int]] = defaultdict(set)
        negated, plain = set(), set()
        end = [k == BOUNDARY for k in kind]
        last = len(word)
        for at, this in enumerate(word):
            if end[at]:
                continue
            before = at > 0 and not end[at - 1]
            after = at + 1 < last and not end[at + 1]
            if before and after:
                places["around", word[at - 1], word[at + 1]].add(this)
            if before:
                places["after", word[at - 2] if at > 1 else 0, word[at - 1]].add(this)
            if after:
                places["before", word[at + 1], word[at + 2] if at + 2 < last else 0].add(this)
            if before and after and this in _NEGATIONS:
                if at > 1 and not end[at - 2]:
                    negated.add((word[at - 2], word[at - 1], word[at + 1]))
                if at + 2 < last and not end[at + 2]:
                    negated.add((word[at - 1], word[at + 1], word[at + 2]))
            if before and after:
                plain.add((word[at - 1], this, word[at + 1]))
        numbers = {w for w, k in zip(word, kind, strict=True) if k == NUMBER}
        telling = {w for w, k in zip(word, kind, strict=True) if k == TELLING}
        return _Contexts(dict(places), set(word), numbers, telling, negated, plain)


def measures(codes: Codes) -> dict[int, set[int]]:
    """Return the numbers of a text by what they count: the word that follows, or the sign they stand with.

    >>> from assets.signature import coded
    >>> found = measures(coded("It costs $5 and takes 30 days, at most 40 days.", frozenset()))
    >>> sorted(len(numbers) for numbers in found.values())
    [1, 2]
    """
    kind, word = kinds(codes).tolist(), identities(codes).tolist()
    found: defaultdict[int, set[int]] = defaultdict(set)
    for at, this in enumerate(word):
        if kind[at] != NUMBER or this in _SIGNS:
            continue
        if at and word[at - 1] in _SIGNS:
            found[word[at - 1]].add(this)
        elif at + 1 < len(word) and kind[at + 1] not in (BOUNDARY, PLACEHOLDER):
            found[word[at + 1]].add(this)
    return dict(found)


class _Contexts(NamedTuple):
    """The words of one text by the place they stand in; what stands around its negations; its runs of three words."""

    words: dict[tuple[str, int, int], set[int]]
    said: set[int]
    numbers: set[int]
    telling: set[int]
    negated: set[tuple[int, int, int]]
    plain: set[tuple[int, int, int]]


class Runs:
    """The runs of words in many texts, none of which spans two sentences, a placeholder or a name.

    Names are left out because they tell which shop is meant, not whether its parking or its opening hours.

    Args:
        words: The codes of all texts in order: their words, or the stems of their views.
    """

    def __init__(self, words: Ragged) -> None:
        self.texts, self._rows, self._words = len(words), words.rows, identities(words.values)
        names = np.isin(self._words, np.fromiter(vocabulary(words).names, np.int64))
        self._plain = ~names & ~np.isin(kinds(words.values), (BOUNDARY, PLACEHOLDER))

    def of(self, size: int) -> tuple[Codes, NDArray[np.int64]]:
        """Return the runs of `size` words, and the row of each."""
        last = max(len(self._words) - size + 1, 0)
        run, rows, whole = self._words[:last], self._rows[:last], self._plain[:last]
        for k in range(1, size):
            run = _mixed(run, self._words[k : last + k])
            whole = whole & self._plain[k : last + k] & (self._rows[k : last + k] == rows)
        return run[whole], rows[whole]


class Overlap:
    """How much two texts share of what they say, each word and pair of words weighing as much as it is rare.

    Sparck Jones (1972): a word that a share p of all texts has weighs ln(1 + 1/p) nats. What one text alone has may be
    a slip of the pen and weighs nothing. With `about`, a word weighs the less the more things it is said about: "I
    spent an entire evening on this" is rare and yet says nothing, as its answers show, which have nothing in common;
    of a question that was told in another frame and at another length, the words that its answer hangs on are left.

    `idle` are the words whose texts have hardly more in common than any.

    Args:
        runs: The words of all texts.
        about: What each text is about: the unit embeddings of the answers, zeros where there is none.
    """

    def __init__(self, runs: Runs, about: NDArray[np.float32] | None = None) -> None:
        from scipy.sparse import csr_array

        said, rows = (np.concatenate(part) for part in zip(runs.of(1), runs.of(2), strict=True))
        each = np.unique(np.column_stack([rows, said]), axis=0)
        known, run, n = np.unique(each[:, 1], return_inverse=True, return_counts=True)
        shape = (runs.texts, len(n))
        self._has = csr_array((np.ones(len(each), dtype=np.float32), (each[:, 0], run)), shape=shape)
        weight = np.log1p(runs.texts / np.maximum(n, 1)) * (n > 1)
        focus = np.ones(len(n)) if about is None else _focus(self._has, about)
        weight *= focus
        self.idle = frozenset(known[focus < _IDLE].tolist())
        self._weighs = csr_array((weight[run].astype(np.float32), (each[:, 0], run)), shape=shape)
        self._total = np.asarray(self._weighs.sum(axis=1)).ravel()

    def of(self, pairs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return for each of the pairs (k, 2) the weight they share, in nats, and its share of all they weigh."""
        shared = [np.zeros(0)]
        for start in range(0, len(pairs), 65_536):
            i, j = pairs[start : start + 65_536].T
            shared.append(np.asarray(self._weighs[i].multiply(self._has[j]).sum(axis=1)).ravel())
        both = np.concatenate(shared)
        union = self._total[pairs[:, 0]] + self._total[pairs[:, 1]] - both
        return both, both / np.maximum(union, 1e-9)


def _focus(has: csr_array, about: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how much the texts that have a run are about one thing: 0 as any texts, 1 all about the same.

    It is the mean cosine between two of them, above that between any two texts; one imagined pair about the same thing
    is counted with them, so that of a run which two texts have, little is believed.
    """
    own = (about * about).sum(axis=1)
    usual = _between(about.sum(axis=0)[None], np.array([own.sum()]), 0.0)[0]
    found = [np.zeros(0)]
    columns = has.T.tocsr()
    for start in range(0, columns.shape[0], 65_536):
        some = columns[start : start + 65_536]
        found.append(_between(some @ about, some @ own, 1.0))
    return np.clip((np.concatenate(found) - usual) / max(1 - usual, 1e-6), 0, 1)


def _between(sums: NDArray[np.float32], members: NDArray[np.float32], imagined: float) -> NDArray[np.float64]:
    """Return the mean cosine between two unit vectors of each sum, with `imagined` pairs of cosine 1 among them."""
    pairs = members * (members - 1) / 2
    alike = ((sums * sums).sum(axis=1) - members) / 2
    return np.asarray((alike + imagined) / np.maximum(pairs + imagined, 1e-6), dtype=np.float64)


def _mixed(a: Codes, b: Codes) -> Codes:
    return ((a.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ b.astype(np.uint64)).view(np.int64)
