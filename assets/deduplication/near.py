"""Near-duplicate texts among many: MinHash and banding find candidates, the texts themselves decide.

Broder, "On the resemblance and containment of documents" (1997); Leskovec et al., "Mining of
Massive Datasets", chapter 3. 128 permutations in 16 bands of 8 rows find a pair of similarity s
with probability 1 - (1 - s^8)^16: 0.95 at s = 0.8, 0.99 at 0.85.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
import pyarrow as pa

from assets.deduplication.words import jaccard, shingles

PERMUTATIONS = 128
LEADERS = 32
"""Members of a bucket that all the others are compared with: work stays linear however many copies there are."""

Link = tuple[int, int]


def near_pairs(
    texts: Sequence[str],
    *,
    threshold: float,
    size: int = 3,
    bands: int = 16,
    within: Sequence[int] | None = None,
) -> list[Link]:
    """Return links (i < j) between normalised texts alike by at least `threshold`.

    Alike is the Jaccard similarity of their shingles of `size` words, computed on the texts
    themselves: a collision of hashes never links. Only texts of equal `within` are compared.
    Equal texts are linked to their first, so each set of them stays connected.

    >>> near_pairs(["where is my order", "hello", "where is my order"], threshold=0.8)
    [(0, 2)]
    """
    within = within if within is not None else [0] * len(texts)
    first: dict[tuple[int, str], int] = {}
    links = [(first[key], i) for i, key in enumerate(zip(within, texts, strict=True)) if first.setdefault(key, i) != i]
    distinct = np.fromiter(first.values(), dtype=np.int64)
    if len(distinct) < 2:
        return links
    signatures = _minhash([texts[i] for i in distinct], size)
    sets = _Shingled(texts, size)
    for a, b in sorted(set(_candidates(signatures, np.asarray(within, dtype=np.uint32)[distinct], bands))):
        i, j = int(distinct[a]), int(distinct[b])
        if jaccard(sets[i], sets[j]) >= threshold:
            links.append((i, j))
    return links


def components(n: int, links: Iterable[Link]) -> list[int]:
    """Return for each of n things the number of the connected component it lies in.

    >>> components(4, [(0, 2), (2, 3)])
    [0, 1, 0, 0]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.asarray(list(links), dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), dtype=np.int8), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return list(map(int, connected_components(graph, directed=False)[1]))


class _Shingled(dict[int, frozenset[tuple[str, ...]]]):
    """The shingles of the texts that are compared, each made once."""

    def __init__(self, texts: Sequence[str], size: int) -> None:
        super().__init__()
        self._texts, self._size = texts, size

    def __missing__(self, i: int) -> frozenset[tuple[str, ...]]:
        self[i] = made = shingles(self._texts[i], self._size)
        return made


def _minhash(texts: Sequence[str], size: int) -> np.ndarray:
    """Return one row of hashes a text; daft's kernel is six times as fast as datasketch."""
    os.environ.setdefault("DAFT_ANALYTICS_ENABLED", "0")  # importing daft would call home
    from daft import Series

    column = Series.from_arrow(pa.array(texts, pa.large_string()))
    hashes = column.minhash(PERMUTATIONS, size, 1, "xxhash").to_arrow()
    return np.asarray(hashes.flatten()).reshape(-1, PERMUTATIONS)


def _candidates(signatures: np.ndarray, within: np.ndarray, bands: int) -> Iterator[Link]:
    """Yield the pairs that agree on a whole band (and on `within`)."""
    for band in np.split(signatures, bands, axis=1):
        keys = np.ascontiguousarray(np.column_stack([within, band]).astype(np.uint32))
        _, bucket = np.unique(keys.view(np.dtype((np.void, keys.shape[1] * 4))).ravel(), return_inverse=True)
        order = np.argsort(bucket, kind="stable")
        starts = np.flatnonzero(np.diff(bucket[order])) + 1
        for members in np.split(order, starts):
            if len(members) > 1:
                yield from _pairs(members.tolist())


def _pairs(members: list[int]) -> Iterator[Link]:
    leaders = members[:LEADERS]
    yield from combinations(leaders, 2)
    yield from ((a, b) for b in members[LEADERS:] for a in leaders)
