"""Which rows are about the same person: blocking, comparison, and the weight of the evidence.

The weights are those of Fellegi and Sunter, "A Theory for Record Linkage" (JASA 64, 1969): a field in which two rows
agree on a level speaks for a match with log2(m / u) bits, m being how often rows of one person stand on that level
and u how often rows of two people do. m is stated, for a table that has few duplicates cannot teach it; u is
measured, and for equal values it is the value's own frequency (Winkler, "Frequency-Based Matching in the
Fellegi-Sunter Model", 1989), so that a rare surname says more than a common one. A missing value says nothing.
The fields are taken for independent, which address and telephone of one household are not: so rows must also agree
in something that is the person's own.
"""

from __future__ import annotations

import hashlib
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from rapidfuzz.distance import OSA, Indel
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from assets.customers.params import MatchingParams

Fields = Mapping[str, str]
"""What a row says of its person, by field; a field without a value is left out."""
_SAMPLE = 5_000
"""Pairs of rows of different people that u is measured on."""
_STRANGERS = 100
"""Rows of other people, all different, that every table is thought to have besides: a small one proves little."""
_UNSEEN = 0.1
"""How often what was never seen is thought to have been: it is rare, not impossible."""
_PREFIX = 4
"""Letters of a word that two rows must share to be compared for it."""


def plain(text: str) -> str:
    """Return a text as it is compared: no case, accents, punctuation or order of words, no word twice.

    >>> plain("Müller, Ann-Marie"), plain("ann marie MULLER")
    ('ann marie muller', 'ann marie muller')
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    words = "".join(c if c.isalnum() else " " for c in bare).split()
    return " ".join(sorted(set(words)))


def alike(one: str, other: str) -> float:
    """Return how alike two plain texts are, 0 to 1: by their letters, or by edits and swaps of neighbours.

    >>> alike("19080419", "19080149"), round(alike("pridham street", "pridhamstreet"), 2)
    (0.875, 1.0)
    """
    letters, others = one.replace(" ", ""), other.replace(" ", "")
    if one == other or letters == others:
        return 1.0
    return max(Indel.normalized_similarity(one, other), OSA.normalized_similarity(letters, others))


def clusters(rows: Sequence[Fields], params: MatchingParams) -> list[int]:
    """Return for every row the number of its person: the position of the first row that is about the same one.

    Args:
        rows: Rows of `plain` texts.
        params: The knobs of matching.

    >>> ann = {"name": "ann lee", "email": "ann example org", "phone": "132", "birth_date": "1980 01 01"}
    >>> bob, eve = {"name": "bob ray", "phone": "187"}, {"name": "eve orr", "phone": "132"}
    >>> clusters([ann, bob, {**ann, "email": "ann exmaple org"}, eve], MatchingParams())
    [0, 1, 0, 3]
    """
    weights = Weights(rows, params)
    same = [(i, j) for i, j in candidates(rows, params) if weights.of(i, j) >= weights.wanted and weights.own(i, j)]
    ends = np.array(same, int).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(rows), len(rows)))
    _, label = connected_components(graph, directed=False)
    first: dict[int, int] = {}
    return [first.setdefault(int(found), n) for n, found in enumerate(label)]


def candidates(rows: Sequence[Fields], params: MatchingParams) -> list[tuple[int, int]]:
    """Return the pairs worth a comparison: rows that share a value, a word's beginning, or two such of two fields.

    A key that more than `max_block` rows share is no key; so the work grows with the rows, not with their square.
    """
    blocks: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for n, row in enumerate(rows):
        for key in sorted(_keys(row)):
            blocks[key].append(n)
    found = {
        pair for members in blocks.values() if len(members) <= params.max_block for pair in combinations(members, 2)
    }
    return sorted(found)


def _keys(row: Fields) -> set[tuple[str, ...]]:
    whole = {(field, value) for field, value in row.items()}
    parts = {(field, word[:_PREFIX]) for field, value in row.items() for word in value.split()}
    single = sorted(whole | parts)
    joined = {(*one, *other) for one, other in combinations(sorted(parts), 2) if one[0] != other[0]}
    return {*single, *joined}


class Weights:
    """The evidence for a match, in bits, measured on one table."""

    def __init__(self, rows: Sequence[Fields], params: MatchingParams) -> None:
        self._rows, self._params = rows, params
        fields = sorted({field for row in rows for field in row})
        self._often = {field: Counter(row[field] for row in rows if field in row) for field in fields}
        self._known = {field: sum(often.values()) for field, often in self._often.items()}
        self._chance = {field: self._by_chance(field) for field in fields}
        prior = min(0.5, 2 * params.expected / (len(rows) + _STRANGERS))
        self.wanted = _odds(params.certainty) - _odds(prior)
        """Bits that must speak for a match, the odds of a pair drawn at random taken into account."""

    def of(self, i: int, j: int) -> float:
        """Return the bits that speak for two rows being about one person; negative: against it."""
        one, other = self._rows[i], self._rows[j]
        return math.fsum(self._bits(field, one[field], other[field]) for field in one.keys() & other.keys())

    def own(self, i: int, j: int) -> bool:
        """Tell whether two rows are alike in something that is a person's own, if both state any such thing."""
        one, other = self._rows[i], self._rows[j]
        both = [field for field in self._params.own if field in one and field in other]
        return not both or any(self._level(one[f], other[f]) < len(self._params.levels) - 1 for f in both)

    def _bits(self, field: str, one: str, other: str) -> float:
        level = self._level(one, other)
        m = self._params.levels[level].m
        if level == 0:
            others = max(self._often[field][one], self._often[field][other]) - 1
            return math.log2(m * (self._known[field] - 1 + _STRANGERS) / (others + _UNSEEN))
        return math.log2(m / self._chance[field][level])

    def _level(self, one: str, other: str) -> int:
        found = alike(one, other)
        return next(n for n, level in enumerate(self._params.levels) if found >= level.at_least)

    def _by_chance(self, field: str) -> list[float]:
        """Return how often the values of two rows drawn at random stand on each level."""
        values = [row[field] for row in self._rows if field in row]
        seen = [_UNSEEN] * (len(self._params.levels) - 1) + [float(_STRANGERS)]
        for one, other in _drawn(values, _SAMPLE):
            seen[self._level(one, other)] += 1
        return [n / sum(seen) for n in seen]


def _drawn(values: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Draw pairs of rows by hash; all there are, where they are few."""
    size = len(values)
    if size * (size - 1) // 2 <= most:
        return list(combinations(values, 2))
    numbers = (int.from_bytes(hashlib.blake2b(f"{n}".encode(), digest_size=16).digest()) for n in range(most))
    drawn = ((number % size, number // size % size) for number in numbers)
    return [(values[i], values[j]) for i, j in drawn if i != j]


def _odds(share: float) -> float:
    return math.log2(share / (1 - share))
